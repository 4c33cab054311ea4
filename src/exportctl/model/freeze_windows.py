"""
When a freeze lasts: from a moment to another one, or some hours of some days of each week. Pure.

All in UTC, so no day has another length. A window contains its first second and not its last one. Windows of one freeze
that touch are one: a freeze of Saturday and Sunday ends on Monday.
"""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.model.freeze import WEEKDAYS, Freeze
from exportctl.model.schedule import DAY, format_moment, midnight, time_of_day

_THURSDAY = WEEKDAYS.index("thu")  # 1970-01-01


def freeze_end(freeze: Freeze, moment: int) -> int | None:
    """Return when the freeze that lasts at a moment ends; None: it does not last then, or it never ends."""
    end = moment
    while not is_endless(freeze) and (later := max(_window_ends(freeze, end), default=end)) > end:
        end = later
    return end if end > moment else None


def is_endless(freeze: Freeze) -> bool:
    """Check whether each window of the week reaches the next one."""
    return len(freeze.weekdays) == len(WEEKDAYS) and freeze.closes - freeze.opens >= DAY


def _window_ends(freeze: Freeze, moment: int) -> Iterator[int]:
    """Yield the end of each window that contains a moment."""
    if not freeze.weekdays:
        if freeze.start <= moment < freeze.end:
            yield freeze.end
        return
    for day in (midnight(moment) - DAY, midnight(moment)):
        is_frozen = (day // DAY + _THURSDAY) % len(WEEKDAYS) in freeze.weekdays
        if is_frozen and day + freeze.opens <= moment < day + freeze.closes:
            yield day + freeze.closes


def freeze_words(freeze: Freeze) -> str:
    """Format `year-end: 2026-12-20 00:00 UTC until 2027-01-04 00:00 UTC`, or `fair: sat, sun, 00:00 until 00:00`."""
    if not freeze.weekdays:
        return f"{freeze.name}: {format_moment(freeze.start)} until {format_moment(freeze.end)}"
    days = ", ".join(WEEKDAYS[day] for day in freeze.weekdays)
    return f"{freeze.name}: {days}, {time_of_day(freeze.opens)} until {time_of_day(freeze.closes % DAY)}"
