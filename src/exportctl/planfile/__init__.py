"""Plans as files: what was reviewed, and whether it is still what would be applied."""
