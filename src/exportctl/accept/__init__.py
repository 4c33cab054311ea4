"""Live values -> the smallest edits of the YAML that accept them. Start at `accept`."""
