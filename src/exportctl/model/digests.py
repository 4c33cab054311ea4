"""Digests of large values, and longer ones than the four digits that a marker has of most fields."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from exportctl.model.plan import Marker, canonical_json

MARKER_DIGITS = 4  # hex digits that a marker has room for
LONG_DIGITS = 16  # of a value that the service does not return: nothing but the digest shows that it changed


def full_digest(value: Any) -> str:
    """Return the SHA-256 of a value in 64 hex digits. It is salted before a document shows it (planfile/binding.py)."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def digest_parts(parts: Iterable[str]) -> str:
    """Return the SHA-256 of a text in 64 hex digits; the whole text is never in memory."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part.encode())
    return found.hexdigest()


def canonical_parts(value: Any, depth: int) -> Iterator[str]:
    """Yield the canonical JSON of a value in parts: each item of the maps and lists down to `depth` is one."""
    if depth and isinstance(value, dict) and value:
        before = "{"
        for name in sorted(value):
            yield f"{before}{canonical_json(name)}:"
            yield from canonical_parts(value[name], depth - 1)
            before = ","
        yield "}"
    elif depth and isinstance(value, list | tuple) and value:
        for position, item in enumerate(value):
            yield ("," if position else "[") + canonical_json(item)
        yield "]"
    else:
        yield canonical_json(value)


def long_digest(value: Any) -> str:
    """Return the first 16 hex digits of the full digest; the first four are those of every marker."""
    return full_digest(value)[:LONG_DIGITS]


def is_known_other(marker: Marker | None, name: str, value: Any) -> bool:
    """Say whether the long digest in the marker proves that another value of this field was applied last."""
    known = None if marker is None or marker.damaged else marker.long_digests.get(name)
    return known is not None and known != long_digest(value)
