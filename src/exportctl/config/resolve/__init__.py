"""Parsed YAML to a resolved Project."""
