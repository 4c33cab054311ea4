"""
The schedules and formats of new exports, as short as the config allows. Pure.

    the setting                            what the export gets
    the defaults give it                   no key
    the config has it under a name         the name
    two or more exports need it            a new name, like `daily-0200`, `every-3-hours`, `json-none`
    one export needs it                    a map in place
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from exportctl.config.resolve.schedules import NO_END, ScheduleWithEnd
from exportctl.frozen import dataclass
from exportctl.importing.convert import ImportableFlow
from exportctl.importing.destinations import DestinationLayout
from exportctl.importing.existing_config import ExistingConfig, FreeKeys, run_grid
from exportctl.model import schedule
from exportctl.model.project import Format, Schedule
from exportctl.model.schedule import DAY, ONCE

T = TypeVar("T")
BUILT_IN_FORMAT = Format("parquet", "gzip")  # the format of an export without a setting or a default
_GZIP = "gzip"


@dataclass(frozen=True)
class SharedSettings:
    """The setting of each flow by id (a name or a map; no entry if it needs none), and the new names."""

    by_flow: Mapping[str, object]
    added: Mapping[str, Mapping[str, object]]


def schedule_settings(flows: Sequence[ImportableFlow], existing: ExistingConfig) -> SharedSettings:
    default = existing.defaults.schedule
    needed = {f.id: f.schedule for f in flows if not (default and _is_same_schedule(default.value, f))}
    named = {}
    for flow in flows:
        if fitting := existing.schedule_names.get(run_grid(flow.schedule), ()):
            named[flow.id] = min(fitting, key=lambda name: (_has_end_to_cancel(existing.schedules[name], flow), name))
    return _share_settings(needed, named, _inline_schedule, _schedule_title, existing.taken_names["schedules"])


def format_settings(
    flows: Sequence[ImportableFlow], existing: ExistingConfig, layout: DestinationLayout
) -> SharedSettings:
    default = existing.defaults.format.value if existing.defaults.format else BUILT_IN_FORMAT
    needed = {f.id: f.format for f in flows if f.format != (layout.by_flow[f.id].format or default)}
    known = {one: name for name, one in sorted(existing.formats.items(), reverse=True)}
    named = {f.id: known[f.format] for f in flows if f.format in known}
    return _share_settings(
        needed, named, inline_format, _format_title, (*existing.taken_names["formats"], *existing.formats)
    )


def end_value(flow: ImportableFlow, schedule_value: object, existing: ExistingConfig) -> str | None:
    """
    Return the `end` that an export needs; `schedule_value` is its `schedule` key.

        the flow      schedule, else defaults, have   the export's `end`
        no end        an end                          `none`
        no end        no end                          no key
        an end        the same moment                 no key
        an end        another end or none             its end
    """
    chosen = existing.defaults.schedule.value if existing.defaults.schedule else None
    if schedule_value:  # a schedule in place has no end
        chosen = existing.schedules.get(schedule_value) if isinstance(schedule_value, str) else None
    brought = chosen.end.value if chosen and chosen.end else None
    if brought is None and flow.schedule.unit != ONCE and existing.defaults.end:
        brought = existing.defaults.end.value
    if flow.end is None:
        return NO_END if brought and brought.is_given else None
    return None if brought and brought.moment == flow.end else last_day(flow.end)


def last_day(moment: int) -> str:
    """Write an end: a date includes the whole day, so midnight is the end of the day before."""
    return moment_text(moment - DAY if moment % DAY == 0 else moment)


def moment_text(moment: int) -> str:
    """Write midnight as a date, any other moment with its time."""
    at = datetime.fromtimestamp(moment, UTC)
    return at.isoformat().replace("+00:00", "Z") if moment % DAY else at.date().isoformat()


def _is_same_schedule(named_schedule: ScheduleWithEnd, flow: ImportableFlow) -> bool:
    """Return whether grid and start are equal; the export can override the end."""
    return run_grid(named_schedule.schedule) == run_grid(flow.schedule)


def _has_end_to_cancel(named_schedule: ScheduleWithEnd, flow: ImportableFlow) -> bool:
    """Return whether the export would need `end: none` with this schedule; a schedule without an end is better."""
    return flow.end is None and named_schedule.end is not None and named_schedule.end.value.is_given


def _share_settings(
    needed: Mapping[str, T],
    named: Mapping[str, str],
    shown: Callable[[T], Mapping[str, object]],
    title: Callable[[T], str],
    taken: Iterable[str],
) -> SharedSettings:
    """Give each flow the name of its setting, a new name that it shares, or the setting in place."""
    names: dict[T, str] = {}
    free = FreeKeys(taken)
    missing = Counter(value for flow, value in needed.items() if flow not in named)
    for value, count in sorted(missing.items(), key=lambda pair: title(pair[0])):
        if count > 1:
            names[value] = free.take_key([title(value)])
    settings = {flow: named.get(flow) or names.get(value) or shown(value) for flow, value in needed.items()}
    return SharedSettings(settings, {name: shown(value) for value, name in names.items()})


def _inline_schedule(one: Schedule) -> Mapping[str, object]:
    shown = {"every": schedule.canonical_every(one)}
    if one.at:
        shown["at"] = schedule.time_of_day(one.at)
    if one.start is not None:
        shown["start"] = moment_text(one.start)
    return shown


def _schedule_title(one: Schedule) -> str:
    """Name a schedule: `daily-0200`, `daily-080017`, `every-3-hours`, `every-6-hours-0130`, `once`; with its start."""
    every = schedule.canonical_every(one)
    words = {ONCE: "once", "1 day": "daily"}.get(every, f"every {every}")
    time = schedule.time_of_day(one.at).replace(":", "") if one.at or one.unit == "day" else ""
    start = f"from {moment_text(schedule.midnight(one.start))}" if one.start is not None else ""
    return f"{words} {time} {start}"


def inline_format(one: Format) -> Mapping[str, object]:
    """Write a format as a map in place."""
    shown: dict[str, object] = {"type": one.type}
    if one.compression != _GZIP:
        shown["compression"] = one.compression
    if one.manifest:
        shown["manifest"] = one.manifest
    return shown


def _format_title(one: Format) -> str:
    return f"{one.type} {one.compression if one.compression != _GZIP else ''} {'manifest' if one.manifest else ''}"
