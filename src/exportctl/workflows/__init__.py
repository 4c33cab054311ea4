"""One file per verb: read files and the service, plan, apply, and return values for output."""
