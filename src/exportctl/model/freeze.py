"""A window in which an apply changes nothing, as the config declares it. freeze_windows.py says when it lasts."""

from __future__ import annotations

from dataclasses import field

from exportctl.errors import SourcePosition
from exportctl.frozen import dataclass

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Freeze:
    """
    One freeze, dated (`start` and `end`, seconds since 1970 UTC) or weekly (`weekdays`, places in `WEEKDAYS`).

    `opens` and `closes` are seconds after the midnight UTC of each of the weekdays; `closes` may be on the next day.
    """

    name: str
    reason: str
    start: int = 0
    end: int = 0
    weekdays: tuple[int, ...] = ()
    opens: int = 0
    closes: int = 86400
    at: SourcePosition | None = field(default=None, compare=False)
