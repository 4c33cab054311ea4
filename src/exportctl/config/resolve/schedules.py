"""
Resolve schedules, ends and formats, by name or in place. Pure.

The service exports every few hours, once a day, or once, in UTC. Any whole number of hours is accepted, because the
service offers other intervals every year (`resources.service_values`); a rule warns of those that are not listed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from exportctl.config import schema_check
from exportctl.config.scalars import DAY, HOUR, parse_duration, parse_moment, parse_time_of_day
from exportctl.config.schema_check import SINGULAR_NAMES
from exportctl.config.section import Section
from exportctl.config.yaml_nodes import ScalarNode, node_variables
from exportctl.errors import SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.project import End, Format, Schedule
from exportctl.model.references import BadValue
from exportctl.model.schedule import MAX_INTERVAL, split_interval
from exportctl.resources.service_values import INTERVALS, listed_names

NO_END = "none"
_LISTED_INTERVALS = f"the intervals are {listed_names(INTERVALS)}"
_STAND_IN_ROLLING = 180 * DAY
_STAND_IN_MOMENT = 253402300799  # the last second of 9999, in place of an end with an unset variable
_RENEW_BEFORE = 30 * DAY
_LONG_UNITS = ("week", "month", "year")
T = TypeVar("T")


@dataclass(frozen=True)
class ScheduleWithEnd:
    """A schedule and its end."""

    schedule: Schedule
    end: PositionedValue[End] | None


@dataclass(frozen=True)
class PositionedValue(Generic[T]):
    """A value, the position that chose it, and the references to variables and files behind it."""

    value: T
    at: SourcePosition
    variables: tuple[str, ...] = ()


@dataclass(frozen=True)
class NamedValues(Generic[T]):
    """The declarations under `schedules` or `formats`; a name with a mistake has a position, but no value."""

    kind: str
    values: Mapping[str, PositionedValue[T]]
    positions: Mapping[str, SourcePosition]
    parse: Callable[[Section], T | None]

    def resolve_key(self, section: Section, key: str) -> PositionedValue[T] | None:
        """Resolve a key that takes a name or a map in place; None if it is missing, or has a mistake (reported)."""
        node = section.get(key)
        if inline := section.section(key):
            value = self.parse(inline)
            return PositionedValue(value, inline.node.at, section.variables(key)) if value is not None else None
        if isinstance(node, ScalarNode) and not node.is_unset:
            return self._resolve_name(section, str(node.value), node)
        return None

    def _resolve_name(self, section: Section, name: str, node: ScalarNode) -> PositionedValue[T] | None:
        at = node.at
        if name in self.values:
            return PositionedValue(self.values[name].value, at, node.variables + self.values[name].variables)
        if name not in self.positions:
            if self.kind == "schedule" and schema_check.is_cron(name):
                section.report.findings.append(schema_check.cron(at))
            elif self.kind == "schedule" and (name == "once" or _interval_seconds(name) > 0):
                message = f'{section.owner}: "{name}" is an interval, not the name of a schedule'
                section.fail("unknown-reference", message, at, f"write `schedule: {{every: {name}}}`")
            else:
                section.fail_unknown_name(self.kind, name, at, self.positions, sorted(self.values))
        return None


def schedules(root: Section) -> NamedValues[ScheduleWithEnd]:
    return _read_named_values(root, "schedules", resolve_schedule, {})


def formats(root: Section) -> NamedValues[Format]:
    """Resolve the declared formats; `parquet` and `json` (both gzip) are built in."""
    built_in = {name: PositionedValue(Format(name, "gzip"), root.at) for name in ("parquet", "json")}
    return _read_named_values(root, "formats", resolve_format, built_in)


def _read_named_values(
    root: Section, key: str, make: Callable[[Section], T | None], built_in: Mapping[str, PositionedValue[T]]
) -> NamedValues[T]:
    values = dict(built_in)
    for name, child in root.children(key).items():
        value = make(child)
        values.pop(name, None)
        if value is not None:
            values[name] = PositionedValue(value, child.at, node_variables(child.node))
    return NamedValues(SINGULAR_NAMES[key], values, root.declared_names(key), make)


def resolve_schedule(section: Section) -> ScheduleWithEnd | None:
    """Resolve a schedule map; None (with a finding) if `every` is missing or impossible."""
    written = section.required_text("every", f"{_LISTED_INTERVALS}: `every: 1 day`")
    at = section.parse_value("at", parse_time_of_day, 0) or 0
    start = section.parse_value("start", parse_moment)
    chosen = end(section)
    if written is None:
        return None
    every = ("day", 1) if section.is_unset("every") else _parse_interval(section, written)
    if every is None:
        return None
    schedule = Schedule(*every, at, start)
    return ScheduleWithEnd(schedule, refuse_rolling_end_of_once(section, schedule, chosen))


def _parse_interval(section: Section, written: str) -> tuple[str, int] | None:
    text = written.strip().lower()
    position = section.position("every")
    if text == "once":
        return "once", 0
    if schema_check.is_cron(text):
        section.report.findings.append(schema_check.cron(position))
        return None
    seconds = _interval_seconds(text)
    if seconds >= HOUR and seconds % HOUR == 0 and not any(unit in text for unit in _LONG_UNITS):
        interval = split_interval(seconds)
        if interval[1] <= MAX_INTERVAL:
            return interval
    message = f'{section.owner}: the service cannot export every "{written}"'
    section.fail("bad-schedule", message, position, _interval_hint(text, seconds))
    return None


def _interval_seconds(text: str) -> int:
    """Return the seconds of a duration, -1 for any other text."""
    try:
        return parse_duration(text)
    except BadValue:
        return -1


def _interval_hint(text: str, seconds: int) -> str:
    words = {"daily": "1 day", "nightly": "1 day", "day": "1 day", "full": "once", "one-time": "once"}
    words |= {"hourly": "1 hour", "hour": "1 hour"}
    if text in words:
        return f"write `{words[text]}`; {_LISTED_INTERVALS}"
    if any(unit in text for unit in _LONG_UNITS):
        return f"{_LISTED_INTERVALS}; weekly and monthly exports do not exist for datasets"
    if seconds > DAY:
        return f"{_LISTED_INTERVALS}; {MAX_INTERVAL} is the largest number"
    if 0 <= seconds < HOUR:
        return f"{_LISTED_INTERVALS}; 1 hour is the shortest"
    if seconds > 0:
        return f"{_LISTED_INTERVALS}; the service counts whole hours"
    return _LISTED_INTERVALS


def end(section: Section) -> PositionedValue[End] | None:
    """Resolve the key `end` of an export, a schedule or the defaults: a moment, a rolling end, or `none`."""
    if inner := section.section("end"):
        return PositionedValue(_rolling_end(inner), inner.node.at, section.variables("end"))
    node = section.get("end")
    if isinstance(node, ScalarNode) and node.value == NO_END:
        return PositionedValue(End(none=True), node.at)
    if isinstance(node, ScalarNode):
        moment = section.parse_value("end", _parse_end, _STAND_IN_MOMENT)
        return PositionedValue(End(moment=moment), node.at, node.variables)
    return None


def _parse_end(text: str) -> int:
    try:
        return parse_moment(text, inclusive=True)
    except BadValue as error:
        is_word = not any(char.isdigit() for char in text)  # `never`, `None`: not a mistyped date
        hint = f"{error.hint}, or `{NO_END}` for no end" if is_word else error.hint
        raise BadValue(error.rule, error.message, hint) from error


def _rolling_end(section: Section) -> End:
    section.required_text("rolling", "write for example {rolling: 180 days, renew_before: 30 days}")
    rolling = section.parse_value("rolling", parse_duration, _STAND_IN_ROLLING) or 0
    renew_before = section.parse_value("renew_before", parse_duration)
    if renew_before is None:
        renew_before = min(_RENEW_BEFORE, rolling // 2)
    if rolling == 0 or renew_before >= rolling:
        message = f"{section.owner}: `renew_before` must be shorter than `rolling`"
        if rolling == 0:
            message = f"{section.owner}: `rolling` must be longer than 0"
        section.fail("bad-end", message, section.at, "write for example {rolling: 180 days, renew_before: 30 days}")
    return End(rolling=rolling, renew_before=renew_before)


def resolve_format(section: Section) -> Format | None:
    """Resolve a format map; None (with a finding) if its type is missing."""
    kind = section.required_text("type", "write `type: parquet` or `type: json`")
    node = section.get("manifest")
    manifest = node.value if isinstance(node, ScalarNode) and isinstance(node.value, bool | str) else False
    return Format(kind.lower(), section.text("compression", "gzip").lower(), manifest) if kind else None


def refuse_rolling_end_of_once(
    section: Section, schedule: Schedule, chosen: PositionedValue[End] | None
) -> PositionedValue[End] | None:
    """Report a rolling end of a schedule that runs once, or of an export with such a schedule, and drop it."""
    if schedule.unit == "once" and chosen and chosen.value.rolling:
        message = f"{section.owner} runs once, so it cannot have a rolling end"
        section.fail("rolling-end-of-once", message, chosen.at, "remove it, or write a date")
        return None
    return chosen
