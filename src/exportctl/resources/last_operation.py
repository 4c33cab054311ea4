"""
`lastOperation` of a flow -> what became of the last write that the service accepted. Pure.

The service answers a write before it has finished it (flow-service.md 2.6). The words of `status.value` are not
published: `completed` is the only one in samples [D]. A word that we do not know is neither a failure nor unfinished.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exportctl.frozen import dataclass
from exportctl.resources import wire

_FAILED = ("fail", "error", "abort")  # assumed
_UNFINISHED = ("progress", "pending", "started", "queued", "initiated", "running")  # assumed
_MAX_ERRORS = 3


@dataclass(frozen=True)
class LastOperation:
    """The outcome of the last accepted write; `errors` are texts of the service."""

    is_failed: bool = False
    is_unfinished: bool = False
    errors: tuple[str, ...] = ()


def parse_last_operation(raw: Mapping[str, Any]) -> LastOperation:
    """Read `lastOperation` of a live object; without one, nothing is known to be wrong."""
    status = wire.members(wire.members(raw.get("lastOperation")).get("status"))
    word = str(status.get("value") or "").lower()
    listed = status.get("errors")
    errors = tuple(_error_text(one) for one in listed[:_MAX_ERRORS]) if isinstance(listed, list) else ()
    is_failed = bool(errors) or any(part in word for part in _FAILED)
    return LastOperation(is_failed, not is_failed and any(part in word for part in _UNFINISHED), errors)


def _error_text(error: object) -> str:
    found = wire.members(error)
    parts = [str(found[key]) for key in ("code", "message") if isinstance(found.get(key), str | int)]
    return ": ".join(parts) or "an error without a text"
