"""The range of moments: whole seconds since 1970 UTC."""

from __future__ import annotations

MAX_TIMESTAMP = 250_000_000_000  # in the year 9892: no moment is later
