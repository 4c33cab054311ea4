"""Edits of the YAML that accept what is live, and touch nothing else."""
