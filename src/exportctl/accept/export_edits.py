"""
A difference of one export -> edits that may accept it, the smallest first. Pure; `verify_edit` decides which ones do.

    what differs   edits, in the order of the attempts
    title …        the key of the export
    end            the date where it is written now; the key of the export
    schedule       keys of the schedule where it is written; another name; a schedule in place
    format         the same with formats
    datasets       items of the list
    location       see `destination_edits`

`NotExpressible` says that the config cannot express a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from exportctl.accept.changes import ChangeGroup
from exportctl.accept.context import EditContext
from exportctl.config.resolve.schedules import ScheduleWithEnd
from exportctl.config.yaml_nodes import ListNode, MapNode, ScalarNode
from exportctl.importing import document, kept_as_is, shared_settings
from exportctl.importing.convert import live_format
from exportctl.model import schedule
from exportctl.model.project import End, Export, Format
from exportctl.model.schedule import DAY, HOUR
from exportctl.plan.ownership import LiveFlow
from exportctl.resources import wire
from exportctl.resources.flow_states import state_phrase
from exportctl.resources.kinds import DESCRIPTION, ENABLED, END, EVERY, FOLDER, START, TITLE, plain_fields
from exportctl.resources.unknown_schedule import unknown_schedule
from exportctl.yaml_edit.edit import ChangeList, Edit, SetValue

Proposal = tuple[Edit, ...]
_MINUTE = 60
_REPLACED_FIELD = "replacement"  # not a field of a flow: the plan's name for a change that needs a new flow


class NotExpressible(Exception):
    """The config cannot express a live value; the text follows the name of the field."""


def proposals(group: ChangeGroup, export: Export, live_flow: LiveFlow, context: EditContext) -> Iterator[Proposal]:
    """
    Yield edits on paths of the config, without environments.

    Raises:
        NotExpressible: no edit can express the live value.
    """
    known: Mapping[str, Callable[[Export, LiveFlow, EditContext], Iterator[Proposal]]] = {
        END: _end,
        "schedule": partial(_schedule, is_start_moved=any(c.field == START for c in group.changes)),
        "format": _format,
        "datasets": _datasets,
    }
    if group.name == _REPLACED_FIELD:
        raise NotExpressible("no edit of a value does: the YAML needs another flow")
    if any(rule.name == group.name for rule in plain_fields()):
        yield _set_export_key(export, group.name, group.changes[0].before)
    elif group.name in (TITLE, DESCRIPTION, FOLDER, ENABLED):
        yield _set_export_key(export, group.name, _live_value(group.name, export, live_flow, context))
    elif group.name in known:
        yield from known[group.name](export, live_flow, context)
    else:
        raise NotExpressible("is not a field that an edit can accept")


def _set_export_key(export: Export, name: str, value: object) -> Proposal:
    return (SetValue(("exports", export.declared_key, name), value),)


def _live_value(name: str, export: Export, live_flow: LiveFlow, context: EditContext) -> object:
    """Return the live value of a field that is one key of the export."""
    if name == TITLE:
        return _title(export, live_flow, context)
    if name == DESCRIPTION:
        return live_flow.flow.text
    if name == FOLDER and kept_as_is.has_two_folders(live_flow):
        raise NotExpressible("is on the flow twice, and which one counts is not published")
    if name == ENABLED and kept_as_is.has_unstable_state(live_flow):
        raise NotExpressible(f"is unclear: the flow is {state_phrase(live_flow.state)}")
    return live_flow.fields[name]


def _title(export: Export, live_flow: LiveFlow, context: EditContext) -> str:
    """Return the live `title`; the flows of a split export share it, each with its dataset's name after it."""
    title = live_flow.flow.name
    if export.key == export.declared_key:
        return title
    shared_by_all = context.node("exports", export.declared_key, "title")
    whole = str(shared_by_all.value) if isinstance(shared_by_all, ScalarNode) else export.declared_key
    tail = export.title.removeprefix(whole)
    if not title.endswith(tail):
        raise NotExpressible("is made of the dataset's name: the export is split by dataset")
    return title.removesuffix(tail)


# -- ends -------------------------------------------------------------------------------------------------------------


def _end(export: Export, live_flow: LiveFlow, context: EditContext) -> Iterator[Proposal]:
    """Yield edits of the end: only a date is edited where it is written, so a shared rolling end stays."""
    if kept_as_is.has_unreadable_end(live_flow):
        words = live_flow.unknown_end
        raise NotExpressible(f'is "{words}", which exportctl cannot read; an `accept` entry for `end` allows it')
    live = live_flow.fields[END]
    said = "none" if live is None else shared_settings.last_day(live)
    schedules = (context.node(*owner, "schedule") for owner in (("exports", export.declared_key), ("defaults",)))
    named = next((str(node.value) for node in schedules if isinstance(node, ScalarNode)), "")
    for path in (("exports", export.declared_key, "end"), ("schedules", named, "end"), ("defaults", "end")):
        if isinstance(context.node(*path), ScalarNode):
            yield (SetValue(path, said),)
            break
    yield _set_export_key(export, "end", said)


# -- schedules --------------------------------------------------------------------------------------------------------


def _schedule(export: Export, live_flow: LiveFlow, context: EditContext, *, is_start_moved: bool) -> Iterator[Proposal]:
    """Yield edits of the schedule; the start only where it differs: a live start in the past says nothing."""
    interval, start = live_flow.fields[EVERY], live_flow.fields[START]
    if words := unknown_schedule(live_flow.flow.raw):
        raise NotExpressible(f'is "{words}", which exportctl cannot read; an `accept` entry for `schedule` allows it')
    if start is None:
        raise NotExpressible("has no start that exportctl can read")
    if kept_as_is.has_unusual_mode(live_flow):
        mode = wire.members(live_flow.flow.raw.get("scheduleParams")).get("exportMode")
        raise NotExpressible(f"has exportMode {mode}, which does not fit the schedule")
    said: dict[str, object] = {"every": interval}
    at = schedule.grid_offset(start, interval)
    if export.schedule.at % schedule.grid_seconds(interval) != at:
        said["at"] = schedule.time_of_day(at)
    wanted_start = start if is_start_moved else export.schedule.start
    written_start = {"start": shared_settings.moment_text(start)} if is_start_moved else _written_start(export, context)
    if is_start_moved:
        said |= written_start
    for path in _written_paths(export, context, "schedule"):
        node = context.node(*path)
        assert isinstance(node, MapNode)
        every = node.entries.get("every")
        same = every is not None and isinstance(every.node, ScalarNode) and every.node.value == interval
        yield tuple(SetValue((*path, key), value) for key, value in said.items() if key != "every" or not same)
    for name, named_schedule in sorted(context.existing.schedules.items()):
        if _is_same_schedule(named_schedule, interval, at, wanted_start):
            yield _set_export_key(export, "schedule", name)
    whole = {"every": interval, **({"at": schedule.time_of_day(at)} if at else {}), **written_start}
    yield _set_export_key(export, "schedule", whole)
    yield _set_export_key(export, "schedule", {**whole, "end": _end_value(export.end)})


def _written_paths(export: Export, context: EditContext, what: str) -> Iterator[tuple[str, ...]]:
    """Yield where the schedule or format of an export is written as a map: in place, or under its name."""
    owners = [("exports", export.declared_key), ("defaults",)]
    if what == "format":
        owners.insert(1, ("destinations", export.destination))
    for owner in owners:
        node = context.node(*owner, what)
        if isinstance(node, MapNode):
            yield (*owner, what)
        elif isinstance(node, ScalarNode) and isinstance(context.node(f"{what}s", str(node.value)), MapNode):
            yield (f"{what}s", str(node.value))
        if node is not None:
            return


def _written_start(export: Export, context: EditContext) -> Mapping[str, str]:
    """Return the written start."""
    found = next((context.node(*path, "start") for path in _written_paths(export, context, "schedule")), None)
    return {"start": str(found.value)} if isinstance(found, ScalarNode) else {}


def _is_same_schedule(named_schedule: ScheduleWithEnd, every: str, at: int, start: int | None) -> bool:
    one = named_schedule.schedule
    same = schedule.canonical_every(one) == every and schedule.grid_offset(one.at, every) == at
    return same and one.start == start


def _end_value(end: End) -> object:
    """Return the end of a schedule as a value for a schedule in place."""
    if end.rolling is None:
        return shared_settings.last_day(end.moment) if end.moment is not None else "none"
    return {"rolling": _duration(end.rolling), "renew_before": _duration(end.renew_before or 0)}


def _duration(seconds: int) -> str:
    unit, size = next((u, s) for u, s in (("days", DAY), ("hours", HOUR), ("minutes", _MINUTE)) if seconds % s == 0)
    return f"{seconds // size} {unit}"


# -- formats ----------------------------------------------------------------------------------------------------------


def _format(export: Export, live_flow: LiveFlow, context: EditContext) -> Iterator[Proposal]:
    live = live_format(live_flow, context.specs)
    if not live.type or not live.compression:
        raise NotExpressible(f"{_describe_format(live)}, which no export can have")
    differing = {key: value for key, value in asdict(live).items() if value != getattr(export.format, key)}
    for path in _written_paths(export, context, "format"):
        yield tuple(SetValue((*path, key), value) for key, value in differing.items())
    for name, one in sorted(context.existing.formats.items()):
        if one == live:
            yield _set_export_key(export, "format", name)
    yield _set_export_key(export, "format", shared_settings.inline_format(live))


def _describe_format(live: Format) -> str:
    if not live.type:
        return f"has no file type, and compression {live.compression or 'none'}"
    return f"is {live.type} {f'with compression {live.compression}' if live.compression else 'without a compression'}"


# -- datasets ---------------------------------------------------------------------------------------------------------


def _datasets(export: Export, live_flow: LiveFlow, context: EditContext) -> Iterator[Proposal]:
    """Yield edits of the list: remove items without live datasets, replace groups that are only partly live."""
    if export.key != export.declared_key:
        raise NotExpressible("has one for each part: the export is split by dataset")
    if kept_as_is.has_ambiguous_datasets(live_flow):
        raise NotExpressible("names a dataset twice, or one without its id")
    live, path = live_flow.dataset_names, ("exports", export.declared_key, "datasets")
    node = context.node(*path)
    if not isinstance(node, ListNode) or not live:
        raise NotExpressible("is empty, but an export needs a dataset")
    entries = {i: document.dataset_entry(i, name, live.items(), context.document) for i, name in live.items()}
    meant = [_ids(item, context, live) for item in node.items]
    covered = {i for ids in meant if ids <= live.keys() for i in ids}
    gone, instead = set(), {}
    for number, ids in enumerate(meant):
        if ids <= live.keys():
            continue
        rest = sorted((ids & live.keys()) - covered)
        covered |= set(rest)
        if rest:
            instead[number] = [entries[i] for i in rest]
        else:
            gone.add(number)
    if len(gone) < len(node.items):
        yield (ChangeList(path, frozenset(gone), instead, [entries[i] for i in sorted(live.keys() - covered)]),)
    yield (SetValue(path, list(entries.values())),)


def _ids(item: Any, context: EditContext, live: Mapping[str, str]) -> set[str]:
    """Return the ids that one item of a list means, by the sandbox's datasets and by the names that the flow stores."""
    found: set[str] = set()
    for one in context.aliases.expand_datasets((item,)):
        stored = {one.id} if one.id else {i for i, name in live.items() if name == one.name}
        found |= stored or context.document.dataset_ids.get(one.name or "") or {f"?{one.name}"}
    return found
