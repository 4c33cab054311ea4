"""One check of `doctor`: its name, its result, and what to do."""

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
    """One check: `name` is stable (`token`, `permission-view-destinations`), `fix` is one line that says what to do."""

    name: str
    status: CheckStatus
    message: str
    fix: str | None = None
