"""
The formats of single values: durations, times of day, moments, names. Pure: this module reads no clock.

In: a text. Out: seconds, or a name. Each parser raises `BadValue`, which says what is wrong and shows the right form.
All times are in UTC, because the service's schedules are.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta

from exportctl.model.references import BadValue
from exportctl.model.timestamps import MAX_TIMESTAMP

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 604800
_UNITS = {
    **dict.fromkeys(("m", "min", "minute", "minutes"), MINUTE),
    **dict.fromkeys(("h", "hour", "hours"), HOUR),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("w", "week", "weeks"), WEEK),
}
NAME = r"[a-z0-9][a-z0-9-]{0,47}"  # keys of exports, destinations, datasets, formats, schedules, environments
VERSION = r"\d{1,6}\.\d{1,6}(\.\d{1,6})?"


def parse_duration(text: str) -> int:
    """Return the seconds of `180 days`, `30d`, `6 hours` or `2 weeks`."""
    found = re.fullmatch(r"(\d{1,5})\s*([A-Za-z]+)", text.strip())
    seconds = _UNITS.get(found.group(2).lower()) if found else None
    if found is None or seconds is None:
        hint = "write a whole number and minutes, hours, days or weeks: `180 days`, `30d`, `6 hours`"
        if re.search(r"month|year", text.lower()):
            hint = "months and years differ in length: write days, for example `180 days`"
        if re.match(r"\d{6}", text.strip()):
            hint = "write a number of at most 5 digits; for an export that never ends, `end: none`"
        raise BadValue("bad-duration", f'"{text}" is not a duration', hint)
    return int(found.group(1)) * seconds


def parse_time_of_day(text: str) -> int:
    """Return the seconds after midnight UTC of `HH:MM` or `HH:MM:SS`."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", text.strip())
    if not found:
        hint = 'write hours and minutes (and seconds, if you need them) in UTC, 00:00 to 23:59:59: `at: "02:00"`'
        if re.search(r"[A-Za-z+]", text):
            hint += "; the service knows no time zones"
        raise BadValue("bad-clock", f'"{text}" is not a time of day', hint)
    return int(found.group(1)) * HOUR + int(found.group(2)) * MINUTE + int(found.group(3) or 0)


def parse_moment(text: str, *, inclusive: bool = False) -> int:
    """
    Return the seconds since 1970 UTC of a date like `2026-12-01`, or of an RFC 3339 date-time with an offset.

    A date means its midnight UTC. With `inclusive`, a date includes the whole day, so it means the next midnight. A
    date-time without an offset is a BadValue: its time zone is unknown. So is a moment that exportctl could not read
    from the service again: it would be sent at every apply.
    """
    return _check_range(text, _moment_seconds(text, inclusive=inclusive), inclusive=inclusive)


def _check_range(text: str, moment: int, *, inclusive: bool) -> int:
    """Return a moment that the service's answers can show; raise a BadValue with the first or last one for others."""
    if moment > MAX_TIMESTAMP:
        last = datetime.fromtimestamp(MAX_TIMESTAMP - (DAY if inclusive else 0), UTC).date()
        message = f'"{text}" is later than any moment that exportctl can read from the service again'
        raise BadValue("moment-out-of-range", message, f"write {last} or an earlier date")
    if moment < 0:
        raise BadValue("moment-out-of-range", f'"{text}" is before 1970', "write 1970-01-01 or a later date")
    return moment


def _moment_seconds(text: str, *, inclusive: bool) -> int:
    written = text.strip()
    is_date = bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", written))
    if not is_date and not re.fullmatch(
        r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(\s?([Zz]|[+-]\d{2}:\d{2}))?", written
    ):
        raise _bad_moment(text)
    try:
        at = datetime.fromisoformat(written.replace(" +", "+").replace(" Z", "Z").upper())
    except ValueError as error:
        raise _bad_moment(text) from error
    if is_date:
        return _seconds(at.replace(tzinfo=UTC)) + (DAY if inclusive else 0)
    if at.tzinfo is None:
        hint = f"add the time zone: `{written}Z` for UTC, or an offset like `{written}+01:00`"
        raise BadValue("naive-moment", f'"{text}" has no time zone', hint)
    return _seconds(at)


def _seconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)


def _bad_moment(text: str) -> BadValue:
    hint = "write a date like `2026-12-01`, or a moment like `2026-12-01T06:00:00Z`"
    return BadValue("bad-moment", f'"{text}" is not a date or a moment', hint)


def slug(text: str) -> str:
    """Return a text as a name: lower case, digits, single hyphens. Empty if no character remains."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")
