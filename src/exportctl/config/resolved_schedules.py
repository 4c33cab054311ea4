"""
Schedules, ends and formats: from nodes to values, named or in place.

The service exports every few hours or once a day in UTC, or once; whatever else people write is answered with what
there is (dataset-exports.md 5.1: 3, 6, 9, 12 hours; 8 is made by the UI and accepted).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from exportctl.config import schema_findings
from exportctl.config.nodes import Map, Node, Scalar
from exportctl.config.sections import Report, Section
from exportctl.config.values import DAY, HOUR, BadValue, clock, duration, moment
from exportctl.declared import End, Format, Schedule
from exportctl.errors import Location

HOURS = (3, 6, 8, 9, 12)
NONE = "none"
_EXIST = "there is 3 hours, 6 hours, 9 hours, 12 hours, 1 day and once"
_STAND_IN_ROLLING = 180 * DAY
_STAND_IN_MOMENT = 253402300799  # the last second of 9999, where the real end waits for a variable
_RENEW_BEFORE = 30 * DAY
T = TypeVar("T")


@dataclass(frozen=True)
class Timing:
    """A schedule and the end it brings along."""

    schedule: Schedule
    end: Chosen[End] | None


@dataclass(frozen=True)
class Chosen(Generic[T]):
    """A value and the place that chose it."""

    value: T
    at: Location


@dataclass(frozen=True)
class Named(Generic[T]):
    """
    What is declared under `schedules` or `formats`.

    `values` by name; `places` holds every declared name, those too whose declaration is wrong and has no value.
    """

    what: str
    values: Mapping[str, Chosen[T]]
    places: Mapping[str, Location]
    make: Callable[[Section], T | None]

    def chosen(self, section: Section | None, key: str) -> Chosen[T] | None:
        """The value of a key that takes a name or a map in place; None if it is absent or wrong (then reported)."""
        node = section.get(key) if section else None
        if section is None or node is None:
            return None
        if isinstance(node, Map):
            inline = section.section(key)
            value = self.make(inline) if inline else None
            return Chosen(value, node.at) if value is not None else None
        if isinstance(node, Scalar) and not node.pending:
            return self._by_name(section, str(node.value), node.at)
        return None

    def _by_name(self, section: Section, name: str, at: Location) -> Chosen[T] | None:
        if name in self.values:
            return Chosen(self.values[name].value, at)
        if name not in self.places:
            if self.what == "schedule" and schema_findings.is_cron(name):
                section.report.findings.append(schema_findings.cron(at))
            elif self.what == "schedule" and _is_cadence(name):
                message = f'{section.owner}: "{name}" is how often, not the name of a schedule'
                section.fail("unknown-reference", message, at, f"write `schedule: {{every: {name}}}`")
            else:
                section.unknown(self.what, name, at, self.places, sorted(self.values))
        return None


def schedules(root: Section) -> Named[Timing]:
    return _named(root, "schedule", timing, {})


def formats(root: Section) -> Named[Format]:
    """Those declared, and `parquet` and `json` (both gzip), which exist without being declared."""
    built_in = {name: Chosen(Format(name, "gzip"), root.at) for name in ("parquet", "json")}
    return _named(root, "format", format_of, built_in)


def _named(
    root: Section, what: str, make: Callable[[Section], T | None], built_in: Mapping[str, Chosen[T]]
) -> Named[T]:
    values = dict(built_in)
    section = root.section(f"{what}s")
    for name, child in section.children(what) if section else ():
        value = make(child)
        values.pop(name, None)
        if value is not None:
            values[name] = Chosen(value, child.at)
    places = {name: entry.key_at for name, entry in section.node.entries.items()} if section else {}
    return Named(what, values, places, make)


def timing(section: Section) -> Timing | None:
    """A schedule map; None when `every` is missing or impossible, which is then reported."""
    hint = f"{_EXIST}: `every: 1 day`"
    written = section.required("every", hint)
    at = section.parsed("at", clock, 0) or 0
    start = section.parsed("start", moment)
    chosen = end(section)
    if written is None:
        return None
    cadence = ("day", 1) if section.pending("every") else _cadence(section, written)
    if cadence is None:
        return None
    unit, interval = cadence
    if unit == "once" and chosen and chosen.value.rolling:
        message = f"{section.owner} runs once: it cannot have a rolling end"
        section.fail("rolling-end-of-once", message, chosen.at, "remove it, or write a date")
        chosen = None
    return Timing(Schedule(unit, interval, at, start), chosen)


def _cadence(section: Section, written: str) -> tuple[str, int] | None:
    text = written.strip().lower()
    place = section.place("every")
    if text == "once":
        return "once", 0
    if schema_findings.is_cron(text):
        section.report.findings.append(schema_findings.cron(place))
        return None
    try:
        seconds = duration(text)
    except BadValue:
        seconds = -1
    if seconds == DAY:
        return "day", 1
    if seconds in [hours * HOUR for hours in HOURS]:
        return "hour", seconds // HOUR
    message = f'{section.owner}: "{written}" is not how often the service can export'
    section.fail("bad-schedule", message, place, _cadence_hint(text, seconds))
    return None


def _is_cadence(text: str) -> bool:
    try:
        return text == "once" or duration(text) > 0
    except BadValue:
        return False


def _cadence_hint(text: str, seconds: int) -> str:
    words = {"daily": "1 day", "nightly": "1 day", "day": "1 day", "full": "once", "one-time": "once"}
    if text in words:
        return f"write `{words[text]}`; {_EXIST}"
    if seconds > DAY or "week" in text or "month" in text:
        return f"{_EXIST}; weekly and monthly exports do not exist for datasets"
    if 0 <= seconds < 3 * HOUR or "hourly" in text:
        return f"{_EXIST}; 3 hours is the shortest"
    return _EXIST


def end(section: Section) -> Chosen[End] | None:
    """The key `end` of an export, a schedule or the defaults: a moment, a rolling end, or `none` on purpose."""
    node: Node | None = section.get("end")
    if isinstance(node, Map):
        inner = section.section("end")
        assert inner is not None
        return Chosen(_rolling(inner), node.at)
    if isinstance(node, Scalar) and node.value == NONE:
        return Chosen(End(none=True), node.at)
    if isinstance(node, Scalar):
        return Chosen(End(moment=section.parsed("end", _last, _STAND_IN_MOMENT)), node.at)
    return None


def _last(text: str) -> int:
    try:
        return moment(text, inclusive=True)
    except BadValue as error:
        wordy = not any(char.isdigit() for char in text)  # `never`, `None`: no slip in a date
        hint = f"{error.hint}, or `{NONE}` for no end" if wordy else error.hint
        raise BadValue(error.rule, error.message, hint) from error


def _rolling(section: Section) -> End:
    section.required("rolling", "for example {rolling: 180 days, renew_before: 30 days}")
    rolling = section.parsed("rolling", duration, _STAND_IN_ROLLING) or 0
    renew_before = section.parsed("renew_before", duration)
    if renew_before is None:
        renew_before = min(_RENEW_BEFORE, rolling // 2)
    if rolling == 0 or renew_before >= rolling:
        message = f"{section.owner}: `renew_before` must be shorter than `rolling`"
        if rolling == 0:
            message = f"{section.owner}: `rolling` must be longer than nothing"
        section.fail("bad-end", message, section.at, "for example {rolling: 180 days, renew_before: 30 days}")
    return End(rolling=rolling, renew_before=renew_before)


def format_of(section: Section) -> Format | None:
    """A format map; None when its type is wrong, which is then reported."""
    kind = section.required("type", "parquet or json")
    node = section.get("manifest")
    manifest = node.value if isinstance(node, Scalar) and isinstance(node.value, bool | str) else False
    return Format(kind, section.text("compression", "gzip"), manifest) if kind else None


def once_or(schedule: Schedule, chosen: Chosen[End] | None, report: Report, owner: str) -> Chosen[End] | None:
    """An export's own end, refused where it rolls and the schedule runs once."""
    if schedule.unit == "once" and chosen and chosen.value.rolling:
        message = f"{owner} runs once: it cannot have a rolling end"
        report.add("rolling-end-of-once", message, chosen.at, "remove it, or write a date")
        return None
    return chosen
