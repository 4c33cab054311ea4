"""What keeps an apply from writing at one moment, whatever the plan says: a freeze, or a run nearby."""

from __future__ import annotations

from dataclasses import field

from exportctl.errors import SourcePosition
from exportctl.frozen import dataclass

FREEZE, NEAR_RUN = "freeze", "near-run"  # the safety checks that make holds


@dataclass(frozen=True)
class Hold:
    """
    One reason why an apply writes nothing now. It is no part of a plan's approval, because it passes.

    `subject` is the name of a freeze, or the address with a run nearby. `until` is in seconds since 1970 UTC.
    """

    safety_check: str
    subject: str
    until: int | None  # None: it is not known when
    text: str
    allow: str  # the one option that allows exactly this
    at: SourcePosition | None = field(default=None, compare=False)  # where the YAML sets the freeze; display only
