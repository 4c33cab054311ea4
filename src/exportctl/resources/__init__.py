"""The service's objects: kinds, wire form, ownership marker, runs."""
