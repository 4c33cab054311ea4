"""What a user asks `apply`, `renew` or `rotate` to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from exportctl.cli.overrides import NO_OVERRIDES, Overrides
from exportctl.frozen import dataclass
from exportctl.model.hold import Hold
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
    parallelism: int = 16
    audit: Path | None = None
    is_renewal: bool = False
    overrides: Overrides = NO_OVERRIDES
    overridden: tuple[Hold, ...] = ()  # what `overrides` allows now

    @property
    def command(self) -> str:
        """The command that asks for it."""
        return "renew" if self.is_renewal else "rotate" if self.flags.rotate else "apply"


@dataclass(frozen=True)
class RotateRequest:
    """What to rotate and how."""

    destination: str
    is_dry: bool
    auto_approve: bool
    audit: Path | None
    overrides: Overrides

    def apply_request(self, asked: PlanOptions, overridden: tuple[Hold, ...]) -> ApplyRequest:
        """Return the apply that carries it out."""
        return ApplyRequest(
            asked,
            auto_approve=self.auto_approve,
            audit=self.audit,
            overrides=self.overrides,
            overridden=overridden,
        )
