"""Whether all runs of an export together are a backup."""
