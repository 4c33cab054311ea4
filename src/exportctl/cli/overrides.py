"""What a person allows at the moment of an apply: freezes by name, and changes near a run by address. Values only."""

from __future__ import annotations

from exportctl.frozen import dataclass
from exportctl.model.hold import FREEZE, Hold
from exportctl.model.plan import Address
from exportctl.model.plan_options import is_glob_match


@dataclass(frozen=True)
class Overrides:
    """The holds that a person allows, by name: no part of a plan's options, because they belong to the moment."""

    freezes: tuple[str, ...] = ()
    near_runs: tuple[str, ...] = ()

    def allows(self, hold: Hold) -> bool:
        if hold.safety_check == FREEZE:
            return hold.subject in self.freezes
        root, _, name = hold.subject.partition(".")
        return is_glob_match(self.near_runs, Address(root, name))


NO_OVERRIDES = Overrides()
