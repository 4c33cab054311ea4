"""What became of each step of an apply."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from exportctl.model.plan import Step


class OutcomeStatus(StrEnum):
    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"  # something it needs failed
    DEFERRED = "deferred"
    NOT_ATTEMPTED = "not attempted"


@dataclass(frozen=True)
class Outcome:
    """The result of one step, with `message` and `hint` if it is not done."""

    step: Step
    status: OutcomeStatus
    id: str | None = None
    message: str | None = None
    hint: str | None = None
    rule: str | None = None
