"""Asks the service the open questions, in a sandbox of the user: see docs/probe.md."""
