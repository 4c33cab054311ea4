"""Checks for errors in a config: one row per rule. Start at `engine`."""
