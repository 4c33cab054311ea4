"""One line of `doctor`: what was looked at, how it went, what to do about it. A leaf."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Check:
    """`name` is stable (`token`, `permission-view-destinations`), `message` is for people, `remedy` is one line."""

    name: str
    status: CheckStatus
    message: str
    fix: str | None = None
