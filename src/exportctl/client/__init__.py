"""The Flow Service over HTTP, and a sandbox read from it. `client` and `live` are the ways in."""
