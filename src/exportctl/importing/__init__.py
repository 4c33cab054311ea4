"""Live flows that exportctl does not manage -> the smallest YAML that adopts them. Start at `importer`. Pure."""
