"""What a plan offers to do next: flows that can move here, and the YAML to paste. Frozen values."""

from __future__ import annotations

from exportctl.frozen import dataclass


@dataclass(frozen=True)
class MoveOffer:
    """A flow of another project that exports what `to` declares: what an entry of `move_from` would say."""

    project: str
    export: str  # KEY or KEY/PART there
    flow: str
    to: str  # KEY or KEY/PART here


@dataclass(frozen=True)
class NextStep:
    """What to do about a whole plan: a sentence, and the YAML to paste."""

    text: str
    yaml: str
