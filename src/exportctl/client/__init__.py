"""Talk to the Flow Service over HTTP: `client` sends requests, `inventory` reads a sandbox with it."""
