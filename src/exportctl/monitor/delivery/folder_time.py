"""
Moments in the names of folders: from a pattern of Java's letters to an expression, and from its groups to moments.

Java's `YYYY` is the year of the week. Adobe's own example writes `YYYYMMdd`, and does not say how the service reads it.
In most weeks both are equal. Around New Year one name can mean two days, so a name has moments for each reading:

    calendar   the year of the day
    US         the year of the Saturday of the week, which begins on Sunday
    ISO        the year of the Thursday of the week, which begins on Monday

Source: flow-service.md 10.2; which reading is right is assumed. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

from exportctl.model.schedule import DAY, HOUR

LONGEST_NUMBER = 2  # letters: more of them spell a month as a name
WEEK_YEAR = "week_year"
UNITS: tuple[tuple[str, str, int], ...] = (  # a pattern's letter, the group it fills, what it resolves (seconds)
    ("y", "year", 366 * DAY),
    ("M", "month", 31 * DAY),
    ("d", "day", DAY),
    ("H", "hour", HOUR),
    ("m", "minute", 60),
    ("s", "second", 1),
    ("S", "fraction", 1),
)
GROUPS = {**{letter: group for letter, group, _ in UNITS}, "Y": WEEK_YEAR}


def _saturday_year(day: date) -> int:
    return (day + timedelta(days=(5 - day.weekday()) % 7)).year


def _thursday_year(day: date) -> int:
    return day.isocalendar().year


YEAR_READINGS: tuple[Callable[[date], int], ...] = (lambda day: day.year, _saturday_year, _thursday_year)


def date_expression(pattern: str, seen: set[str]) -> tuple[str, list[int]]:
    """
    Return a date pattern as an expression, and its finest unit if all larger ones are there: not "dd" alone.

    `seen` holds the groups of other macros in the same folder; this pattern adds its own.
    """
    text = ""
    for hit in re.finditer(r"([A-Za-z])\1*|'([^']*)'|[^A-Za-z']+", pattern):
        if hit[1] not in GROUPS or (hit[1] == "M" and len(hit[0]) > LONGEST_NUMBER):
            text += "[^/]+" if hit[1] else re.escape(hit[0] if hit[2] is None else hit[2] or "'")
            continue
        group = GROUPS[hit[1]]
        name = "" if group in seen else f"?P<{group}>"
        seen.add(group)
        width = "+" if len(hit[0]) == 1 else f"{{{len(hit[0])}}}"
        text += f"({name}\\d{width})"
    size = None
    for _, group, resolves in UNITS:
        if group not in seen and not (group == "year" and WEEK_YEAR in seen):
            break
        size = resolves
    return text, [size] if size is not None and size <= DAY else []


def read_moments(groups: Mapping[str, str | None]) -> tuple[tuple[int, ...], ...]:
    """
    Return the moments that the groups of an expression mean, for each reading of the year; empty if they name no day.

    Only a year of the week has several readings; all others have the calendar's alone.
    """
    numbers = {name: int(value) for name, value in groups.items() if value is not None}
    if "day" not in numbers or "month" not in numbers:
        return ()
    year = numbers.get("year", numbers.get(WEEK_YEAR, 0))
    year += 2000 if year < 100 else 0
    if WEEK_YEAR not in numbers or "year" in numbers:
        moments = _moment(numbers, year)
        return (moments,) if moments else ()
    readings = tuple(_week_year_moments(numbers, year, reading) for reading in YEAR_READINGS)
    return readings if any(readings) else ()


def _week_year_moments(numbers: Mapping[str, int], year: int, year_of: Callable[[date], int]) -> tuple[int, ...]:
    """Return the moments of the years around that have this year of the week."""
    moments = [moment for near in (year, year - 1, year + 1) for moment in _moment(numbers, near)]
    return tuple(one for one in moments if year_of(datetime.fromtimestamp(one, UTC).date()) == year)


def _moment(numbers: Mapping[str, int], year: int) -> tuple[int, ...]:
    """Return the moment of a day in a year; empty if there is no such day or time."""
    hour, minute, second = (numbers.get(unit, 0) for unit in ("hour", "minute", "second"))
    try:
        made = datetime(year, numbers["month"], numbers["day"], hour, minute, second, tzinfo=UTC)
    except ValueError:
        return ()
    return (int(made.timestamp()),)
