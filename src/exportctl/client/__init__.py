"""Talk to the Flow Service over HTTP: `client` sends requests, `inventory` and `runs` read a sandbox with it."""
