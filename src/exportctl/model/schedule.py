"""
Compute when exports run: grid points, first start, next runs, rolling ends. Pure arithmetic on whole seconds UTC.

`every` is "once", "N days" or "N hours"; whole days are always in days. Its grid are all moments that equal `at` modulo
gcd(interval, 24 h). For 9 hours that is every third hour, because a start of 00:00 means 09:00, 18:00, 03:00 … [D].
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
MIN_START_DELAY = 1800  # half an hour: a new flow does not run at once (dataset-exports.md 11)
DEFAULT_LIFE_MONTHS = 6  # a flow without endTime ends six months after its creation [XD-new]
ONCE = "once"
MAX_INTERVAL = 10_000  # hours or days; a longer interval is no schedule


def canonical_every(schedule: Schedule) -> str:
    """Return the canonical text of `schedule.every`: `once`, `1 day`, `6 hours`."""
    return format_every(schedule.unit, schedule.interval)


def format_every(unit: str, interval: int) -> str:
    """Return the canonical text of an interval; 24 hours are 1 day, whichever unit the service shows."""
    if unit == ONCE or interval == 0:
        return ONCE
    whole, number = split_interval(interval * (HOUR if unit == "hour" else DAY))
    return format_count(number, whole)


def split_interval(seconds: int) -> tuple[str, int]:
    """Return the unit and the number of an interval of whole hours: whole days are in days."""
    return ("hour", seconds // HOUR) if seconds % DAY else ("day", seconds // DAY)


def interval_seconds(every: str) -> int:
    """Return the interval in seconds; 0 for once, ValueError for a text of another form."""
    if every == ONCE:
        return 0
    found = re.fullmatch(r"(\d+) (hour|day)s?", every)
    if not found:
        raise ValueError(f"not an interval: {every}")
    return int(found[1]) * (HOUR if found[2] == "hour" else DAY)


def grid_seconds(every: str) -> int:
    """Return gcd(interval, 24 h) in seconds; a day for once."""
    return gcd(interval_seconds(every), DAY) or DAY


def grid_offset(start: int, every: str) -> int:
    """Return the seconds after midnight UTC, modulo the grid, at which runs start."""
    return start % grid_seconds(every)


def first_start(every: str, at: int, not_before: int | None, now: int) -> int:
    """Return the next grid point at least MIN_START_DELAY after `now` and not before `not_before`."""
    earliest = max(now + MIN_START_DELAY, not_before or 0)
    step = grid_seconds(every)
    return earliest + (at % step - earliest) % step


def first_starts(every: str, at: int, not_before: int | None, made: int) -> set[int]:
    """Return the starts that a schedule can have that was set at a moment, by a plan of up to an hour before."""
    return {first_start(every, at, not_before, planned) for planned in (made - HOUR, made)}


def next_runs(every: str, start: int, end: int | None, now: int, count: int = 3) -> tuple[int, ...]:
    """Return the next `count` run times after `now` and before `end`: start + n * interval (flow-service.md 7.3)."""
    return tuple(point for point, _ in zip(run_times(every, start, end, now), range(count), strict=False))


def run_times(every: str, start: int, end: int | None, after: int) -> Iterator[int]:
    """Yield every run time strictly later than `after` and before `end`."""
    step = interval_seconds(every)
    point = start if step == 0 or start > after else start + ((after - start) // step + 1) * step
    while point > after and (end is None or point < end):
        yield point
        if step == 0:
            return
        point += step


def last_run_time(every: str, start: int, end: int | None, at: int) -> int | None:
    """Return the last run time at or before `at` and before `end`, None if there was no run yet."""
    latest = at if end is None else min(at, end - 1)
    if start > latest:
        return None
    step = interval_seconds(every)
    return latest - (latest - start) % step if step else start


def midnight(moment: int) -> int:
    """Return the start of the day UTC."""
    return moment - moment % DAY


def first_end(end: End, now: int) -> int | None:
    """Return the end of a flow that is created now: the moment, or `rolling` after today's midnight UTC, or None."""
    return midnight(now) + end.rolling if end.rolling is not None else end.moment


def is_renewal_due(end: End, live: int, now: int) -> bool:
    """Check whether fewer than `renew_before` seconds remain before a rolling end."""
    return end.rolling is not None and live - now < (end.renew_before or 0)


def renewed_ends(end: End, since: int, now: int) -> tuple[int, ...]:
    """
    Return the rolling ends that a flow of the age `since` had up to `now`, each renewed as soon as it was due.

    A later renewal, for example once per night, writes a later end and never an earlier one.
    """
    assert end.rolling is not None
    ahead = end.renew_before or 0
    ends = [midnight(since) + end.rolling]
    while ends[-1] - ahead < now and (after := midnight(ends[-1] - ahead) + end.rolling) > ends[-1]:
        ends.append(after)
    return tuple(ends)


def default_end(created: int) -> int:
    """Return createdAt plus six calendar months, the end that the service sets [XD-new] (to the second: assumed)."""
    made = datetime.fromtimestamp(created, UTC)
    month = made.month - 1 + DEFAULT_LIFE_MONTHS
    year, month = made.year + month // 12, month % 12 + 1
    day = min(made.day, monthrange(year, month)[1])
    return int(made.replace(year=year, month=month, day=day).timestamp())


def is_default_end(end: int, created: int) -> bool:
    """Check whether the service itself set this end; we do not know whether it is exact to the second."""
    return abs(end - default_end(created)) < DAY


def format_moment(moment: int) -> str:
    """Format a moment: `2026-11-22 02:00 UTC`, with seconds only where they are not zero."""
    at = datetime.fromtimestamp(moment, UTC)
    return f"{at.date().isoformat()} {time_of_day(moment % DAY)} UTC"


def time_of_day(seconds: int) -> str:
    """Format seconds after midnight as the YAML has them: `02:00`, `08:00:17`."""
    hours, rest = divmod(seconds, HOUR)
    clock = f"{hours:02}:{rest // 60:02}"
    return f"{clock}:{rest % 60:02}" if rest % 60 else clock


def schedule_phrase(every: str, at: int) -> str:
    """Format a schedule: `every 6 hours from 02:00 UTC`, `every 1 day at 08:00:17 UTC`, `once, at 02:00 UTC`."""
    clock = f"{time_of_day(at)} UTC"
    if every == ONCE:
        return f"once, at {clock}"
    return f"every {every} {'at' if every == '1 day' else 'from'} {clock}"


def format_age(seconds: int) -> str:
    """Format a duration, rounded down to one unit: `3 days`, `5 hours`."""
    for unit, size in (("day", DAY), ("hour", HOUR), ("minute", 60)):
        if abs(seconds) >= size:
            return format_count(abs(seconds) // size, unit)
    return format_count(abs(seconds), "second")


def format_count(number: int, unit: str) -> str:
    """Format a number with its unit: `1 day`, `30 days`."""
    return f"{number} {unit}" + ("" if number == 1 else "s")
