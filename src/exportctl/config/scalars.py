"""
Small languages inside values: durations, times of day, moments, references, slugs.

Text in, seconds or parts out; a `BadValue` says what is wrong and how it is written. All times are UTC, because the
service's schedules are. Pure: no clock is read here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 604800
_UNITS = {
    **dict.fromkeys(("m", "min", "minute", "minutes"), MINUTE),
    **dict.fromkeys(("h", "hour", "hours"), HOUR),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("w", "week", "weeks"), WEEK),
}
NAME = r"[a-z0-9][a-z0-9-]{0,47}"  # keys of exports, destinations, datasets, formats, schedules, environments
VERSION = r"\d{1,6}\.\d{1,6}(\.\d{1,6})?"
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"


class BadValue(ValueError):
    """What a value should have been; `rule` is the stable id, `hint` the way to write it."""

    def __init__(self, rule: str, message: str, hint: str | None = None):
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.hint = hint


def parse_duration(text: str) -> int:
    """`180 days`, `30d`, `6 hours`, `2 weeks` -> seconds. Raises BadValue."""
    found = re.fullmatch(r"(\d{1,5})\s*([A-Za-z]+)", text.strip())
    seconds = _UNITS.get(found.group(2).lower()) if found else None
    if found is None or seconds is None:
        hint = "write a whole number and minutes, hours, days or weeks: `180 days`, `30d`, `6 hours`"
        if re.search(r"month|year", text.lower()):
            hint = "months and years differ in length: write days, for example `180 days`"
        raise BadValue("bad-duration", f'"{text}" is no duration', hint)
    return int(found.group(1)) * seconds


def parse_time_of_day(text: str) -> int:
    """`HH:MM` or `HH:MM:SS`, a time of day in UTC -> seconds after midnight. Raises BadValue."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", text.strip())
    if not found:
        hint = 'write hours, minutes and, if need be, seconds, 00:00 to 23:59:59, in UTC: `at: "02:00"`'
        if re.search(r"[A-Za-z+]", text):
            hint += "; the service knows no time zones"
        raise BadValue("bad-clock", f'"{text}" is no time of day', hint)
    return int(found.group(1)) * HOUR + int(found.group(2)) * MINUTE + int(found.group(3) or 0)


def parse_moment(text: str, *, inclusive: bool = False) -> int:
    """
    `2026-12-01` or RFC 3339 with an offset -> seconds since 1970 UTC.

    A date is its midnight UTC; with `inclusive` the day belongs to it, so it is the next midnight. Raises BadValue: a
    date-time without an offset too, since nobody could tell which zone was meant.
    """
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
        hint = f"say which: `{written}Z` for UTC, or with an offset like `{written}+01:00`"
        raise BadValue("naive-moment", f'"{text}" has no time zone', hint)
    return _seconds(at)


def _seconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)


def _bad_moment(text: str) -> BadValue:
    hint = "write a date like `2026-12-01`, or a moment like `2026-12-01T06:00:00Z`"
    return BadValue("bad-moment", f'"{text}" is no date or moment', hint)


def slug(text: str) -> str:
    """A name as it may stand in an address: lower case, digits, single hyphens; empty if nothing is left of it."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")


@dataclass(frozen=True)
class Reference:
    """
    One `${…}`: `kind` env, file, environment, sandbox or project, `name` the variable or the path, `default` what
    follows `:-`.
    """

    kind: str
    name: str
    text: str
    default: str | None = None


def parse_references(text: str) -> tuple[str | Reference, ...]:
    """
    The literal texts and references of a value, in order; `$${` is a literal `${`.

    Raises BadValue for GitHub's `${{ … }}`, an unclosed or nested one, and kinds that do not exist.
    """
    parts: list[str | Reference] = []
    literal, rest = "", text
    while "${" in rest:
        before, _, after = rest.partition("${")
        if before.endswith("$"):
            literal, rest = literal + before[:-1] + "${", after
            continue
        if literal + before:
            parts.append(literal + before)
        body, closed, rest = after.partition("}")
        parts.append(_reference(body, closed, after))
        literal = ""
    if literal + rest:
        parts.append(literal + rest)
    return tuple(parts)


def escape_references(text: str) -> str:
    """A literal as it is written where references are read."""
    return text.replace("${", "$${")


def _reference(body: str, closed: str, after: str) -> Reference:
    if body.startswith("{"):
        hint = 'pass it as an environment variable (`env:` of the step) and write "${env:NAME}"'
        raise BadValue("github-expression", "${{ … }} is GitHub's syntax and works only in its workflow files", hint)
    if not closed:
        raise BadValue("bad-reference", f"this reference is not closed: ${{{_shorten(after)}", "end it with }")
    if "${" in body:
        raise BadValue("bad-reference", "references cannot stand inside each other", "use one variable")
    whole = f"${{{body}}}"
    if body in ("environment", "sandbox", "project"):
        return Reference(body, body, whole)
    env = re.fullmatch(rf"env:({_VARIABLE})(?::-(.*))?", body, re.DOTALL)
    if env:
        return Reference("env", env.group(1), whole, env.group(2))
    if body.startswith("file:") and body[5:].strip():
        return Reference("file", body[5:].strip(), whole)
    raise BadValue("bad-reference", f"unknown reference {_shorten(whole)}", _reference_hint(body))


def _shorten(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line if len(line) <= 40 else line[:40] + "…"


def _reference_hint(body: str) -> str:
    if re.fullmatch(_VARIABLE, body):
        return f'an environment variable is written "${{env:{body}}}"; a literal ${{ is written $${{'
    kinds = "${env:NAME}, ${env:NAME:-default}, ${file:PATH}, ${environment}, ${sandbox} and ${project}"
    return f"there are {kinds}; $${{ is literal"
