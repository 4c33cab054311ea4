"""What is wrong with a config beyond its language: a row a rule. `checking` is the way in."""
