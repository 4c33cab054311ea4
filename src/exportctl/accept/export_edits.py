"""
A difference of one export -> edits that may accept it, the smallest first. Pure; nobody knows yet which of them do.

    what differs   edits, in the order in which they are tried
    title …        the key of the export
    end            the date where it is written now; the key of the export
    schedule       keys of the schedule where it is written; another name; a schedule in place
    format         the same with formats
    datasets       items of the list
    place          (`proposed_places`)

A value that the config has no words for is `Inexpressible`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from exportctl.accept.context import EditContext
from exportctl.accept.request import ChangeGroup
from exportctl.config.resolve.schedules import HOURS, ScheduleWithEnd
from exportctl.config.yaml_nodes import ListNode, MapNode, ScalarNode
from exportctl.importing import document, kept_as_is, shared_settings
from exportctl.model import schedule
from exportctl.model.project import End, Export, Format
from exportctl.model.schedule import DAY, HOUR, ONCE
from exportctl.plan.desired import target_properties
from exportctl.plan.ownership import LiveFlow
from exportctl.resources import wire
from exportctl.resources.kinds import EVERY, FLOW, SOURCE_CONNECTION, START, TARGET_CONNECTION, plain_fields
from exportctl.yaml_edit.edit import ChangeList, Edit, SetValue

Proposal = tuple[Edit, ...]
_MINUTE = 60
_REPLACED_FIELD = "replacement"  # no field of a flow: a plan names what cannot be patched into place so
_INTERVALS = frozenset({ONCE, "1 day", *(schedule.format_every("hour", hours) for hours in HOURS)})


class NotExpressible(Exception):
    """The config has no words for what is live; the text follows the name of the field."""


def proposals(wish: ChangeGroup, export: Export, live_flow: LiveFlow, sight: EditContext) -> Iterator[Proposal]:
    """
    Edits on paths of the config without environments.

    Raises:
        Inexpressible: no edit can say it.
    """
    known: Mapping[str, Callable[[Export, LiveFlow, EditContext], Iterator[Proposal]]] = {
        "title": _title,
        "description": _description,
        "folder": _folder,
        "enabled": _enabled_edits,
        "end": _end,
        "schedule": _schedule,
        "format": _format,
        "datasets": _datasets,
    }
    if wish.name == _REPLACED_FIELD:
        raise NotExpressible("no edit of a value does: the YAML asks for another flow")
    if any(rule.name == wish.name for rule in plain_fields()):
        yield _set_export_key(export, wish.name, wish.changes[0].before)
        return
    if wish.name not in known:
        raise NotExpressible("is nothing that an edit accepts")
    yield from known[wish.name](export, live_flow, sight)


def _set_export_key(export: Export, name: str, value: object) -> Proposal:
    return (SetValue(("exports", export.declared_key, name), value),)


def _live_values(live_flow: LiveFlow) -> Mapping[str, Any]:
    return wire.read_fields(FLOW.name, live_flow.flow.raw)


def _title(export: Export, live_flow: LiveFlow, sight: EditContext) -> Iterator[Proposal]:
    """The flows of an export that is split share a title, with the dataset's name behind it."""
    title = live_flow.flow.name
    if export.key != export.declared_key:
        shared_by_all = sight.node("exports", export.declared_key, "title")
        whole = str(shared_by_all.value) if isinstance(shared_by_all, ScalarNode) else export.declared_key
        tail = export.title.removeprefix(whole)
        if not title.endswith(tail):
            raise NotExpressible("is made of the dataset's name: the export is split by dataset")
        title = title.removesuffix(tail)
    yield _set_export_key(export, "title", title)


def _description(export: Export, live_flow: LiveFlow, sight: EditContext) -> Iterator[Proposal]:
    yield _set_export_key(export, "description", live_flow.flow.text)


def _folder(export: Export, live_flow: LiveFlow, sight: EditContext) -> Iterator[Proposal]:
    if kept_as_is.has_two_folders(live_flow.flow):
        raise NotExpressible("is said twice by the flow, and which one counts is not published")
    yield _set_export_key(export, "folder", _live_values(live_flow)["folder"])


def _enabled_edits(export: Export, live_flow: LiveFlow, sight: EditContext) -> Iterator[Proposal]:
    if kept_as_is.has_unstable_state(live_flow.flow):
        raise NotExpressible(f"is neither on nor off: the flow is in state {live_flow.flow.raw.get('state')}")
    yield _set_export_key(export, "enabled", _live_values(live_flow)["enabled"])


# -- ends -------------------------------------------------------------------------------------------------------------


def _end(export: Export, live_flow: LiveFlow, sight: EditContext) -> Iterator[Proposal]:
    """A rolling end of several exports stays one: only a date is edited where it is written."""
    if kept_as_is.has_unreadable_end(live_flow.flow):
        raise NotExpressible("is no moment that can be read")
    live = _live_values(live_flow)["end"]
    said = "none" if live is None else shared_settings.last_day(live)
    name, timing = sight.node("exports", export.declared_key, "schedule"), sight.node("defaults", "schedule")
    named = next((str(n.value) for n in (name, timing) if isinstance(n, ScalarNode)), "")
    for path in (("exports", export.declared_key, "end"), ("schedules", named, "end"), ("defaults", "end")):
        if isinstance(sight.node(*path), ScalarNode):
            yield (SetValue(path, said),)
            break
    yield _set_export_key(export, "end", said)


# -- schedules --------------------------------------------------------------------------------------------------------


def _schedule(export: Export, live_flow: LiveFlow, sight: EditContext) -> Iterator[Proposal]:
    live = _live_values(live_flow)
    rhythm, start = live[EVERY], live[START]
    if rhythm not in _INTERVALS:
        raise NotExpressible(f"is every {rhythm}, which no export can be" if rhythm else "cannot be read")
    if start is None:
        raise NotExpressible("has no start that can be read")
    if kept_as_is.has_unusual_mode(live_flow.flow):
        mode = wire.members(live_flow.flow.raw.get("scheduleParams")).get("exportMode")
        raise NotExpressible(f"has exportMode {mode}, which no export of that rhythm has")
    said: dict[str, object] = {"every": rhythm}
    at = schedule.grid_offset(start, rhythm)
    if export.schedule.at % schedule.grid_seconds(rhythm) != at:
        said["at"] = schedule.time_of_day(at)
    for path in _written_paths(export, sight, "schedule"):
        held = sight.node(*path)
        assert isinstance(held, MapNode)
        every = held.entries.get("every")
        same = every is not None and isinstance(every.node, ScalarNode) and every.node.value == rhythm
        yield tuple(SetValue((*path, key), value) for key, value in said.items() if key != "every" or not same)
    for name, timing in sorted(sight.existing.schedules.items()):
        if _is_same_schedule(timing, rhythm, at, export):
            yield _set_export_key(export, "schedule", name)
    whole = {"every": rhythm, **({"at": schedule.time_of_day(at)} if at else {}), **_written_start(export, sight)}
    yield _set_export_key(export, "schedule", whole)
    yield _set_export_key(export, "schedule", {**whole, "end": _end_value(export.end)})


def _written_paths(export: Export, sight: EditContext, what: str) -> Iterator[tuple[str, ...]]:
    """Where the schedule or format of an export is written as a map: in place, or under its name."""
    owners = [("exports", export.declared_key), ("defaults",)]
    if what == "format":
        owners.insert(1, ("destinations", export.destination))
    for owner in owners:
        held = sight.node(*owner, what)
        if isinstance(held, MapNode):
            yield (*owner, what)
        elif isinstance(held, ScalarNode) and isinstance(sight.node(f"{what}s", str(held.value)), MapNode):
            yield (f"{what}s", str(held.value))
        if held is not None:
            return


def _written_start(export: Export, sight: EditContext) -> Mapping[str, str]:
    """The start that is written: it is not compared, and counts again once the flow is made anew."""
    found = next((sight.node(*path, "start") for path in _written_paths(export, sight, "schedule")), None)
    return {"start": str(found.value)} if isinstance(found, ScalarNode) else {}


def _is_same_schedule(timing: ScheduleWithEnd, every: str, at: int, export: Export) -> bool:
    one = timing.schedule
    same = schedule.canonical_every(one) == every and schedule.grid_offset(one.at, every) == at
    return same and one.start == export.schedule.start


def _end_value(end: End) -> object:
    """An end that came with a schedule, for one that is written in its place."""
    if end.rolling is None:
        return shared_settings.last_day(end.moment) if end.moment is not None else "none"
    return {"rolling": _duration(end.rolling), "renew_before": _duration(end.renew_before or 0)}


def _duration(seconds: int) -> str:
    unit, size = next((u, s) for u, s in (("days", DAY), ("hours", HOUR), ("minutes", _MINUTE)) if seconds % s == 0)
    return f"{seconds // size} {unit}"


# -- formats ----------------------------------------------------------------------------------------------------------


def _format(export: Export, live_flow: LiveFlow, sight: EditContext) -> Iterator[Proposal]:
    assert live_flow.target is not None
    shown = wire.read_fields(TARGET_CONNECTION.name, live_flow.target.raw)["format"]
    kind = wire.destination_type(live_flow.target.raw)
    listed = kind is not None and wire.MANIFEST in target_properties(sight.specs.get(kind.connection_spec, {}))
    manifest = (True if listed else "force") if shown["manifest"] else False
    live = Format(shown["type"], shown["compression"], manifest)
    if live.type not in ("parquet", "json") or live.compression not in ("gzip", "none"):
        raise NotExpressible(f"{_describe_format(live)}, which no export can have")
    was = {"type": export.format.type, "compression": export.format.compression, "manifest": export.format.manifest}
    now = {"type": live.type, "compression": live.compression, "manifest": live.manifest}
    for path in _written_paths(export, sight, "format"):
        yield tuple(SetValue((*path, key), value) for key, value in now.items() if value != was[key])
    for name, one in sorted(sight.existing.formats.items()):
        if one == live:
            yield _set_export_key(export, "format", name)
    yield _set_export_key(export, "format", shared_settings.inline_format(live))


def _describe_format(live: Format) -> str:
    if not live.type:
        return f"has no type of file, and compression {live.compression or 'none'}"
    return f"is {live.type} {f'with compression {live.compression}' if live.compression else 'without a compression'}"


# -- datasets ---------------------------------------------------------------------------------------------------------


def _datasets(export: Export, live_flow: LiveFlow, sight: EditContext) -> Iterator[Proposal]:
    """Items that name only what is gone go; a group of which a part is gone gives way to what is left of it."""
    assert live_flow.source is not None
    if export.key != export.declared_key:
        raise NotExpressible("is one for each part: the export is split by dataset")
    if kept_as_is.has_ambiguous_datasets(live_flow.source):
        raise NotExpressible("names one twice, or one without its id")
    read = wire.read_fields(SOURCE_CONNECTION.name, live_flow.source.raw)
    live: dict[str, str] = {i: read["names"].get(i, "") for i in read["datasets"]}
    held = sight.node("exports", export.declared_key, "datasets")
    if not isinstance(held, ListNode) or not live:
        raise NotExpressible("is empty, which no export can be")
    pairs = tuple(live.items())
    meant = [_ids(item, sight, live) for item in held.items]
    covered = {i for ids in meant if ids <= live.keys() for i in ids}
    gone, instead = set(), {}
    for number, ids in enumerate(meant):
        if ids <= live.keys():
            continue
        rest = sorted((ids & live.keys()) - covered)
        covered |= set(rest)
        if rest:
            instead[number] = [document.dataset_entry(i, live[i], pairs, sight.document) for i in rest]
        else:
            gone.add(number)
    more = [document.dataset_entry(i, live[i], pairs, sight.document) for i in sorted(live.keys() - covered)]
    path = ("exports", export.declared_key, "datasets")
    if len(gone) < len(held.items):
        yield (ChangeList(path, frozenset(gone), instead, more),)
    yield (SetValue(path, [document.dataset_entry(i, live[i], pairs, sight.document) for i in live]),)


def _ids(item: Any, sight: EditContext, live: Mapping[str, str]) -> set[str]:
    """What one item of a list means: by the listing, and by the names that the flow stores."""
    found: set[str] = set()
    for one in sight.aliases.expand_datasets((item,)):
        stored = {i for i, name in live.items() if name == one.name}
        found |= (
            {one.id}
            if one.id
            else stored or set(sight.document.dataset_ids.get(one.name or "", ())) or {f"?{one.name}"}
        )
    return found
