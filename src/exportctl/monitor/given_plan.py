"""A saved plan beside what its sandbox would get now. Values only."""

from __future__ import annotations

from exportctl.frozen import dataclass
from exportctl.model.plan import Plan
from exportctl.planfile.file import SavedPlan
from exportctl.planfile.signature import SignatureState
from exportctl.planfile.staleness import StaleValue


@dataclass(frozen=True)
class GivenPlan:
    """
    A saved plan from a file.

    `now` is the plan with the same options as of the same moment, from what the sandbox holds now; None: the saved plan
    is of another sandbox, environment or project, so nothing can be compared. `moved` are the values that differ.
    """

    saved: SavedPlan
    shown: Plan  # what the file holds
    signature: SignatureState
    now: Plan | None = None
    moved: tuple[StaleValue, ...] = ()
    ended: tuple[str, ...] = ()  # addresses that ended since, and that the plan would make run again

    @property
    def is_foreign(self) -> bool:
        return self.now is None
