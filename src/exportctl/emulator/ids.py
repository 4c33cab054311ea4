"""
Opaque ids, etags and tokens, drawn from a seeded sequence so that a test run can be repeated.

A draw is a hash of (seed, counter): the counter is all that must be stored to go on after a restart.
"""

from __future__ import annotations

from hashlib import blake2b
from uuid import UUID


def draw_bytes(seed: int, counter: int) -> bytes:
    """Return sixteen bytes that cannot be guessed from the ones before."""
    return blake2b(f"{seed}:{counter}".encode(), digest_size=16).digest()


def uuid(drawn: bytes) -> str:
    """Return an id of an object, a request, a sandbox."""
    return str(UUID(bytes=drawn, version=4))


def etag(drawn: bytes) -> str:
    """Return a version, in the shape of the samples: the quotes are part of the value."""
    text = drawn.hex()
    return f'"{text[:8]}-0000-0200-0000-{text[8:20]}"'


def dataset_id(drawn: bytes) -> str:
    """Return an id of a dataset."""
    return drawn.hex()[:24]


def token(drawn: bytes, more: bytes) -> str:
    """Return a bearer token: long, and without meaning."""
    return f"eyJ{drawn.hex()}.{more.hex()}"
