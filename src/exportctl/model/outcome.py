"""What became of each step of an apply, and of each check of `doctor`."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from exportctl.frozen import dataclass
from exportctl.model.plan import Step


class OutcomeStatus(StrEnum):
    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"  # something it needs failed
    DEFERRED = "deferred"
    NOT_ATTEMPTED = "not attempted"


@dataclass(frozen=True)
class Outcome:
    """
    The result of one step, with `message` and `hint` if it is not done.

    `may_have_happened`: the step failed, and the service may have changed something all the same.
    """

    step: Step
    status: OutcomeStatus
    id: str | None = None
    message: str | None = None
    hint: str | None = None
    rule: str | None = None
    may_have_happened: bool = False


def final_outcomes(outcomes: Iterable[Outcome], checked: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """Return one outcome per step: the one that the final check found counts, and its own steps come last."""
    return tuple({outcome.step.key: outcome for outcome in (*outcomes, *checked)}.values())


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
