"""YAML text -> a Project for one environment. Start at `load`. Only `files` and `read_references` read files."""
