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

from exportctl.config.resolve.schedules import NO_END, ScheduleWithEnd
from exportctl.importing.convert import ImportableFlow
from exportctl.importing.destinations import DestinationLayout
from exportctl.importing.existing_config import ExistingConfig, free_key
from exportctl.model import schedule
from exportctl.model.project import End, Format, Schedule
from exportctl.model.schedule import DAY, ONCE

T = TypeVar("T")
BUILT_IN_FORMAT = Format("parquet", "gzip")  # of an export that says nothing, in a config without a default
_GZIP = "gzip"


@dataclass(frozen=True)
class SharedSettings:
    """`said` by flow id: a name or a map, nothing where it need not be said; `added` the new names."""

    by_flow: Mapping[str, object]
    added: Mapping[str, Mapping[str, object]]


def schedule_settings(flows: Sequence[ImportableFlow], around: ExistingConfig) -> SharedSettings:
    default = around.defaults.schedule
    said: dict[str, object] = {}
    needed: dict[str, Schedule] = {}
    for flow in flows:
        if default and _is_same_schedule(default.value, flow):
            continue
        fitting = [
            (_has_end_to_cancel(one, flow), name)
            for name, one in around.schedules.items()
            if _is_same_schedule(one, flow)
        ]
        if fitting:
            _, name = min(fitting)
            said[flow.id] = name
        else:
            needed[flow.id] = flow.schedule
    new = _share_settings(needed, _inline_schedule, _schedule_title, around.taken_names["schedules"])
    return SharedSettings({**said, **new.by_flow}, new.added)


def format_settings(
    flows: Sequence[ImportableFlow], around: ExistingConfig, spots: DestinationLayout
) -> SharedSettings:
    default = around.defaults.format.value if around.defaults.format else BUILT_IN_FORMAT
    said: dict[str, object] = {}
    needed: dict[str, Format] = {}
    for flow in flows:
        if flow.format == (spots.by_flow[flow.id].format or default):
            continue
        name = next((name for name, one in sorted(around.formats.items()) if one == flow.format), None)
        if name:
            said[flow.id] = name
        else:
            needed[flow.id] = flow.format
    new = _share_settings(needed, inline_format, _format_title, (*around.taken_names["formats"], *around.formats))
    return SharedSettings({**said, **new.by_flow}, new.added)


def end_value(flow: ImportableFlow, timing: object, around: ExistingConfig) -> str | None:
    """
    The `end` an export must say; `timing` is what it says of its schedule.

        the flow      schedule, else defaults, give it   it says
        has no end    an end                             `none`
        has no end    none                               nothing
        has an end    that very moment                   nothing
        has an end    anything else                      its end
    """
    brought = _schedule_end(timing, around)
    if brought is None and flow.schedule.unit != ONCE and around.defaults.end:
        brought = around.defaults.end.value
    if flow.end is None:
        return NO_END if brought and brought.is_given else None
    return None if brought and brought.moment == flow.end else last_day(flow.end)


def _schedule_end(timing: object, around: ExistingConfig) -> End | None:
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


def _is_same_schedule(timing: ScheduleWithEnd, flow: ImportableFlow) -> bool:
    """The same grid and start; the end that comes with it can be said otherwise."""
    one, other = timing.schedule, flow.schedule
    every = schedule.canonical_every(one)
    same = every == schedule.canonical_every(other) and one.start == other.start
    return same and schedule.grid_offset(one.at, every) == schedule.grid_offset(other.at, every)


def _has_end_to_cancel(timing: ScheduleWithEnd, flow: ImportableFlow) -> bool:
    """Would the export have to take back the end of this schedule? Then one without comes before it."""
    return flow.end is None and timing.end is not None and timing.end.value.is_given


def _share_settings(
    needed: Mapping[str, T], shown: Callable[[T], Mapping[str, object]], title: Callable[[T], str], taken: Iterable[str]
) -> SharedSettings:
    names: dict[T, str] = {}
    for value, count in sorted(Counter(needed.values()).items(), key=lambda pair: title(pair[0])):
        if count > 1:
            names[value] = free_key([title(value)], (*taken, *names.values()))
    said = {flow: names.get(value) or shown(value) for flow, value in needed.items()}
    return SharedSettings(said, {name: shown(value) for value, name in names.items()})


def _inline_schedule(one: Schedule) -> Mapping[str, object]:
    shown = {"every": schedule.canonical_every(one)}
    if one.at:
        shown["at"] = schedule.time_of_day(one.at)
    if one.start is not None:
        shown["start"] = _day(one.start) if one.start % DAY == 0 else _instant(one.start)
    return shown


def _schedule_title(one: Schedule) -> str:
    """`daily-0200`, `daily-080017`, `every-3-hours`, `every-6-hours-0130`, `once`; with its start where it has one."""
    words = {ONCE: "once", "day": "daily"}.get(one.unit, f"every {schedule.canonical_every(one)}")
    time = schedule.time_of_day(one.at).replace(":", "") if one.at or one.unit == "day" else ""
    return f"{words} {time} {'from ' + _day(one.start) if one.start is not None else ''}"


def inline_format(one: Format) -> Mapping[str, object]:
    """A format as it is written in place."""
    shown: dict[str, object] = {"type": one.type}
    if one.compression != _GZIP:
        shown["compression"] = one.compression
    if one.manifest:
        shown["manifest"] = one.manifest
    return shown


def _format_title(one: Format) -> str:
    return f"{one.type} {one.compression if one.compression != _GZIP else ''} {'manifest' if one.manifest else ''}"
