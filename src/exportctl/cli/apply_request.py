"""What a user asks `apply`, `renew` or `rotate` to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from exportctl.model.plan_options import PlanOptions

if TYPE_CHECKING:
    from exportctl.planfile.file import SavedPlan

WEEK = 7 * 86400


@dataclass(frozen=True)
class ApplyRequest:
    """What to apply and how. `saved`, `only_if` or `auto_approve` is the approval; without one apply asks."""

    flags: PlanOptions
    saved: SavedPlan | None = None
    file: str | None = None  # the one that holds `saved`
    note: str | None = None  # what people should know about the file
    only_if: str | None = None
    auto_approve: bool = False
    max_age: int = WEEK
    parallelism: int = 4
    audit: Path | None = None
    is_renewal: bool = False

    @property
    def command(self) -> str:
        """The command that asks for it."""
        return "renew" if self.is_renewal else "rotate" if self.flags.rotate else "apply"
