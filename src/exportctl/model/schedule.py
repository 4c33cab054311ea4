"""
When exports run: grid points, first start, next runs, rolling ends. Pure arithmetic on whole seconds UTC.

A cadence is "once", "1 day" or "N hours". The grid of a cadence is all points congruent to its phase modulo
gcd(interval, 24 h): for 9 hours that is every third hour, since a start of 00:00 means 09:00, 18:00, 03:00 … [D].
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime
from math import gcd

from exportctl.model.project import End, Schedule

HOUR = 3600
DAY = 86400
MIN_START_DELAY = (
    1800  # a start lies at least half an hour ahead: a new flow is not effective at once (dataset-exports.md 11)
)
DEFAULT_LIFE_MONTHS = 6  # a flow without endTime ends six months after its creation [XD-new]
ONCE = "once"


def canonical_every(schedule: Schedule) -> str:
    """The canonical word for a schedule's rhythm."""
    return format_every(schedule.unit, schedule.interval)


def format_every(unit: str, interval: int) -> str:
    if unit == ONCE or interval == 0:
        return ONCE
    return f"{interval} {unit}{'s' if interval != 1 else ''}"


def interval_seconds(every: str) -> int:
    """The interval of a cadence in seconds; 0 for once. Raises ValueError for what is no cadence."""
    if every == ONCE:
        return 0
    found = re.fullmatch(r"(\d+) (hour|day)s?", every)
    if not found:
        raise ValueError(f"not a cadence: {every}")
    return int(found[1]) * (HOUR if found[2] == "hour" else DAY)


def grid_seconds(every: str) -> int:
    """gcd(interval, 24 h) in seconds; a day for once."""
    return gcd(interval_seconds(every), DAY) or DAY


def grid_offset(start: int, every: str) -> int:
    """Seconds after the grid's zero at which runs start."""
    return start % grid_seconds(every)


def first_start(every: str, at: int, not_before: int | None, now: int) -> int:
    """The next point of the grid at least LEAD after `now` and not before `not_before`."""
    earliest = max(now + MIN_START_DELAY, not_before or 0)
    step = grid_seconds(every)
    return earliest + (at % step - earliest) % step


def next_runs(every: str, start: int, end: int | None, now: int, count: int = 3) -> tuple[int, ...]:
    """
    The next `count` ticks after `now`, before `end`.

    Source: run n is due at start + n * interval, flow-service.md 7.3.
    """
    return tuple(point for point, _ in zip(run_times(every, start, end, now), range(count), strict=False))


def run_times(every: str, start: int, end: int | None, after: int) -> Iterator[int]:
    """Every tick strictly later than `after` and before `end`."""
    step = interval_seconds(every)
    point = start if step == 0 or start > after else start + ((after - start) // step + 1) * step
    while point > after and (end is None or point < end):
        yield point
        if step == 0:
            return
        point += step


def last_run_time(every: str, start: int, end: int | None, at: int) -> int | None:
    """The last tick at or before `at` and before `end`; None while there was none."""
    latest = at if end is None else min(at, end - 1)
    if start > latest:
        return None
    step = interval_seconds(every)
    return latest - (latest - start) % step if step else start


def midnight(moment: int) -> int:
    return moment - moment % DAY


def first_end(end: End, now: int) -> int | None:
    """The end of a flow made now: the moment, or D from today's midnight UTC; None for a one-time export."""
    return midnight(now) + end.rolling if end.rolling is not None else end.moment


def is_renewal_due(end: End, live: int, now: int) -> bool:
    """Fewer than `renew_before` seconds are left of a rolling end."""
    return end.rolling is not None and live - now < (end.renew_before or 0)


def renewed_ends(end: End, since: int, now: int) -> tuple[int, ...]:
    """
    The rolling ends that a flow made at `since` had up to `now`, each renewed the moment it was due. What renews later,
    once a night, writes a later end and never an earlier one.
    """
    assert end.rolling is not None
    ahead = end.renew_before or 0
    ends = [midnight(since) + end.rolling]
    while ends[-1] - ahead < now and (after := midnight(ends[-1] - ahead) + end.rolling) > ends[-1]:
        ends.append(after)
    return tuple(ends)


def default_end(created: int) -> int:
    """createdAt plus six calendar months, as the service does without an endTime [XD-new]; to the second: assumed."""
    made = datetime.fromtimestamp(created, UTC)
    month = made.month - 1 + DEFAULT_LIFE_MONTHS
    year, month = made.year + month // 12, month % 12 + 1
    day = min(made.day, monthrange(year, month)[1])
    return int(made.replace(year=year, month=month, day=day).timestamp())


def is_default_end(end: int, created: int) -> bool:
    """Is this the end that a flow got because nobody gave it one? Whether it is shown to the second is not known."""
    return abs(end - default_end(created)) < DAY


def format_moment(moment: int) -> str:
    """A moment as plans and messages write it: `2026-11-22 02:00 UTC`, with seconds only where they are not zero."""
    at = datetime.fromtimestamp(moment, UTC)
    return f"{at.date().isoformat()} {time_of_day(moment % DAY)} UTC"


def time_of_day(seconds: int) -> str:
    """Seconds after midnight as a config writes them: `02:00`, `08:00:17`."""
    hours, rest = divmod(seconds, HOUR)
    clock = f"{hours:02}:{rest // 60:02}"
    return f"{clock}:{rest % 60:02}" if rest % 60 else clock


def format_age(seconds: int) -> str:
    """How long ago or ahead, rounded down to one unit: `3 days`, `5 hours`."""
    for unit, size in (("day", DAY), ("hour", HOUR), ("minute", 60)):
        if abs(seconds) >= size:
            return format_count(abs(seconds) // size, unit)
    return format_count(abs(seconds), "second")


def format_count(number: int, unit: str) -> str:
    """`1 day`, `30 days`."""
    return f"{number} {unit}" + ("" if number == 1 else "s")
