"""The full digest of a value, for approvals; markers have only four digits of it."""

from __future__ import annotations

import hashlib
from typing import Any

from exportctl.model.plan import canonical_json

MARKER_DIGITS = 4  # hex digits that a marker has room for


def full_digest(value: Any) -> str:
    """Return the SHA-256 of a value in 64 hex digits. It is salted before a document shows it (planfile/binding.py)."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
