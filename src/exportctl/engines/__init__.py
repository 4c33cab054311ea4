"""What executes SQL over the files of a backup: DuckDB on this machine, or a Spark cluster."""
