"""A consequence of a change. A value of its own: the table of kinds needs no plan."""

from __future__ import annotations

from exportctl.frozen import dataclass


@dataclass(frozen=True)
class Consequence:
    """A consequence of a change: `level` is "info", "warning" or "cost" (may send data again)."""

    rule: str
    text: str
    level: str = "info"
    readers: tuple[str, ...] = ()  # who must change too, as the export declares them
