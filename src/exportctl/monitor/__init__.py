"""How exports fare and when they run next: values and judgements for `status`, `runs` and `forecast`. Pure."""
