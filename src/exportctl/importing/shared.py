"""
Schedules and formats of new exports, said as briefly as the config allows. Pure.

    the config gives the same anyway   nothing is said
    the config has it under a name     the name
    two or more exports need it        a new name, like `daily-0200`, `every-3-hours`, `json-none`
    one export needs it                in place
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from exportctl import schedules
from exportctl.config.resolved_schedules import NONE, Timing
from exportctl.declared import End, Format, Schedule
from exportctl.importing.expressible import Found
from exportctl.importing.places import Layout
from exportctl.importing.surroundings import Surroundings, free
from exportctl.schedules import DAY, ONCE

T = TypeVar("T")
BUILT_IN = Format("parquet", "gzip")  # of an export that says nothing, in a config without a default
_GZIP = "gzip"


@dataclass(frozen=True)
class Shared:
    """`said` by flow id: a name or a map, nothing where it need not be said; `added` the new names."""

    said: Mapping[str, object]
    added: Mapping[str, Mapping[str, object]]


def timings(flows: Sequence[Found], around: Surroundings) -> Shared:
    default = around.defaults.schedule
    said: dict[str, object] = {}
    needed: dict[str, Schedule] = {}
    for flow in flows:
        if default and _times(default.value, flow):
            continue
        fitting = [(_takes_back(one, flow), name) for name, one in around.schedules.items() if _times(one, flow)]
        if fitting:
            _, name = min(fitting)
            said[flow.id] = name
        else:
            needed[flow.id] = flow.schedule
    new = _named(needed, _schedule, _schedule_title, around.taken["schedules"])
    return Shared({**said, **new.said}, new.added)


def forms(flows: Sequence[Found], around: Surroundings, spots: Layout) -> Shared:
    default = around.defaults.format.value if around.defaults.format else BUILT_IN
    said: dict[str, object] = {}
    needed: dict[str, Format] = {}
    for flow in flows:
        if flow.format == (spots.spots[flow.id].format or default):
            continue
        name = next((name for name, one in sorted(around.formats.items()) if one == flow.format), None)
        if name:
            said[flow.id] = name
        else:
            needed[flow.id] = flow.format
    new = _named(needed, format_words, _format_title, (*around.taken["formats"], *around.formats))
    return Shared({**said, **new.said}, new.added)


def ending(flow: Found, timing: object, around: Surroundings) -> str | None:
    """
    The `end` an export must say; `timing` is what it says of its schedule.

        the flow      schedule, else defaults, give it   it says
        has no end    an end                             `none`
        has no end    none                               nothing
        has an end    that very moment                   nothing
        has an end    anything else                      its end
    """
    brought = _end_of(timing, around)
    if brought is None and flow.schedule.unit != ONCE and around.defaults.end:
        brought = around.defaults.end.value
    if flow.end is None:
        return NONE if brought and brought.given else None
    return None if brought and brought.moment == flow.end else last_day(flow.end)


def _end_of(timing: object, around: Surroundings) -> End | None:
    """The end that comes with a schedule; one written in place brings none."""
    default = around.defaults.schedule.value if around.defaults.schedule else None
    chosen = around.schedules.get(timing) if isinstance(timing, str) else None if timing else default
    return chosen.end.value if chosen and chosen.end else None


def last_day(moment: int) -> str:
    """An end: a day belongs to it whole, so midnight is the end of the day before."""
    return _day(moment - DAY) if moment % DAY == 0 else _instant(moment)


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def _instant(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")


def _times(timing: Timing, flow: Found) -> bool:
    """The same grid and start; the end that comes with it can be said otherwise."""
    one, other = timing.schedule, flow.schedule
    rhythm = schedules.cadence(one)
    same = rhythm == schedules.cadence(other) and one.start == other.start
    return same and schedules.phase(one.at, rhythm) == schedules.phase(other.at, rhythm)


def _takes_back(timing: Timing, flow: Found) -> bool:
    """Would the export have to take back the end of this schedule? Then one without comes before it."""
    return flow.end is None and timing.end is not None and timing.end.value.given


def _named(
    needed: Mapping[str, T], shown: Callable[[T], Mapping[str, object]], title: Callable[[T], str], taken: Iterable[str]
) -> Shared:
    names: dict[T, str] = {}
    for value, count in sorted(Counter(needed.values()).items(), key=lambda pair: title(pair[0])):
        if count > 1:
            names[value] = free([title(value)], (*taken, *names.values()))
    said = {flow: names.get(value) or shown(value) for flow, value in needed.items()}
    return Shared(said, {name: shown(value) for value, name in names.items()})


def _schedule(one: Schedule) -> Mapping[str, object]:
    shown = {"every": schedules.cadence(one)}
    if one.at:
        shown["at"] = schedules.time_of_day(one.at)
    if one.start is not None:
        shown["start"] = _day(one.start) if one.start % DAY == 0 else _instant(one.start)
    return shown


def _schedule_title(one: Schedule) -> str:
    """`daily-0200`, `daily-080017`, `every-3-hours`, `every-6-hours-0130`, `once`; with its start where it has one."""
    words = {ONCE: "once", "day": "daily"}.get(one.unit, f"every {schedules.cadence(one)}")
    time = schedules.time_of_day(one.at).replace(":", "") if one.at or one.unit == "day" else ""
    return f"{words} {time} {'from ' + _day(one.start) if one.start is not None else ''}"


def format_words(one: Format) -> Mapping[str, object]:
    """A format as it is written in place."""
    shown: dict[str, object] = {"type": one.type}
    if one.compression != _GZIP:
        shown["compression"] = one.compression
    if one.manifest:
        shown["manifest"] = one.manifest
    return shown


def _format_title(one: Format) -> str:
    return f"{one.type} {one.compression if one.compression != _GZIP else ''} {'manifest' if one.manifest else ''}"
