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

from exportctl import schedules, wire
from exportctl.config.nodes import Map, Scalar, Seq
from exportctl.config.resolved_schedules import HOURS, Timing
from exportctl.declared import End, Export, Format
from exportctl.importing import document, shared, unread
from exportctl.kinds import ANCHOR, CONTENT, PLACE
from exportctl.patching.edits import Edit, Listed, Put
from exportctl.patching.sight import Sight
from exportctl.patching.wishes import Wish
from exportctl.planning.expand import target_properties
from exportctl.planning.ownership import Holding
from exportctl.schedules import DAY, HOUR, ONCE

Proposal = tuple[Edit, ...]
_MINUTE = 60
_REPLACED = "replaced"  # no field of a flow: a plan names what cannot be patched into place so
_CADENCES = frozenset({ONCE, "1 day", *(schedules.spelled("hour", hours) for hours in HOURS)})


class Inexpressible(Exception):
    """The config has no words for what is live; the text follows the name of the field."""


def proposals(wish: Wish, export: Export, holding: Holding, sight: Sight) -> Iterator[Proposal]:
    """
    Edits on paths of the config without environments.

    Raises:
        Inexpressible: no edit can say it.
    """
    known: Mapping[str, Callable[[Export, Holding, Sight], Iterator[Proposal]]] = {
        "title": _title,
        "description": _description,
        "folder": _folder,
        "enabled": _enabled,
        "end": _end,
        "schedule": _schedule,
        "format": _format,
        "datasets": _datasets,
    }
    if wish.name == _REPLACED:
        raise Inexpressible("no edit of a value does: the YAML asks for another flow")
    if wish.name not in known:
        raise Inexpressible("is nothing that an edit accepts")
    yield from known[wish.name](export, holding, sight)


def _key(export: Export, name: str, value: object) -> Proposal:
    return (Put(("exports", export.of, name), value),)


def _live(holding: Holding) -> Mapping[str, Any]:
    return wire.read(ANCHOR.name, holding.flow.raw)


def _title(export: Export, holding: Holding, sight: Sight) -> Iterator[Proposal]:
    """The flows of an export that is split share a title, with the dataset's name behind it."""
    title = holding.flow.name
    if export.key != export.of:
        shared_by_all = sight.node("exports", export.of, "title")
        whole = str(shared_by_all.value) if isinstance(shared_by_all, Scalar) else export.of
        tail = export.title.removeprefix(whole)
        if not title.endswith(tail):
            raise Inexpressible("is made of the dataset's name: the export is split by dataset")
        title = title.removesuffix(tail)
    yield _key(export, "title", title)


def _description(export: Export, holding: Holding, sight: Sight) -> Iterator[Proposal]:
    yield _key(export, "description", holding.flow.text)


def _folder(export: Export, holding: Holding, sight: Sight) -> Iterator[Proposal]:
    if unread.two_folders(holding.flow):
        raise Inexpressible("is said twice by the flow, and which one counts is not published")
    yield _key(export, "folder", _live(holding)["folder"])


def _enabled(export: Export, holding: Holding, sight: Sight) -> Iterator[Proposal]:
    if unread.in_between(holding.flow):
        raise Inexpressible(f"is neither on nor off: the flow is in state {holding.flow.raw.get('state')}")
    yield _key(export, "enabled", _live(holding)["enabled"])


# -- ends -------------------------------------------------------------------------------------------------------------


def _end(export: Export, holding: Holding, sight: Sight) -> Iterator[Proposal]:
    """A rolling end of several exports stays one: only a date is edited where it is written."""
    if unread.odd_end(holding.flow):
        raise Inexpressible("is no moment that can be read")
    live = _live(holding)["end"]
    said = "none" if live is None else shared.last_day(live)
    name, timing = sight.node("exports", export.of, "schedule"), sight.node("defaults", "schedule")
    named = next((str(n.value) for n in (name, timing) if isinstance(n, Scalar)), "")
    for path in (("exports", export.of, "end"), ("schedules", named, "end"), ("defaults", "end")):
        if isinstance(sight.node(*path), Scalar):
            yield (Put(path, said),)
            break
    yield _key(export, "end", said)


# -- schedules --------------------------------------------------------------------------------------------------------


def _schedule(export: Export, holding: Holding, sight: Sight) -> Iterator[Proposal]:
    live = _live(holding)
    rhythm, start = live["cadence"], live["start"]
    if rhythm not in _CADENCES:
        raise Inexpressible(f"is every {rhythm}, which no export can be" if rhythm else "cannot be read")
    if start is None:
        raise Inexpressible("has no start that can be read")
    if unread.odd_mode(holding.flow):
        mode = wire.members(holding.flow.raw.get("scheduleParams")).get("exportMode")
        raise Inexpressible(f"has exportMode {mode}, which no export of that rhythm has")
    said: dict[str, object] = {"every": rhythm}
    at = schedules.phase(start, rhythm)
    if export.schedule.at % schedules.modulus(rhythm) != at:
        said["at"] = schedules.time_of_day(at)
    for path in _written(export, sight, "schedule"):
        held = sight.node(*path)
        assert isinstance(held, Map)
        every = held.entries.get("every")
        same = every is not None and isinstance(every.node, Scalar) and every.node.value == rhythm
        yield tuple(Put((*path, key), value) for key, value in said.items() if key != "every" or not same)
    for name, timing in sorted(sight.around.schedules.items()):
        if _fits(timing, rhythm, at, export):
            yield _key(export, "schedule", name)
    whole = {"every": rhythm, **({"at": schedules.time_of_day(at)} if at else {}), **_begun(export, sight)}
    yield _key(export, "schedule", whole)
    yield _key(export, "schedule", {**whole, "end": _ending(export.end)})


def _written(export: Export, sight: Sight, what: str) -> Iterator[tuple[str, ...]]:
    """Where the schedule or format of an export is written as a map: in place, or under its name."""
    owners = [("exports", export.of), ("defaults",)]
    if what == "format":
        owners.insert(1, ("destinations", export.destination))
    for owner in owners:
        held = sight.node(*owner, what)
        if isinstance(held, Map):
            yield (*owner, what)
        elif isinstance(held, Scalar) and isinstance(sight.node(f"{what}s", str(held.value)), Map):
            yield (f"{what}s", str(held.value))
        if held is not None:
            return


def _begun(export: Export, sight: Sight) -> Mapping[str, str]:
    """The start that is written: it is not compared, and counts again once the flow is made anew."""
    found = next((sight.node(*path, "start") for path in _written(export, sight, "schedule")), None)
    return {"start": str(found.value)} if isinstance(found, Scalar) else {}


def _fits(timing: Timing, rhythm: str, at: int, export: Export) -> bool:
    one = timing.schedule
    same = schedules.cadence(one) == rhythm and schedules.phase(one.at, rhythm) == at
    return same and one.start == export.schedule.start


def _ending(end: End) -> object:
    """An end that came with a schedule, for one that is written in its place."""
    if end.rolling is None:
        return shared.last_day(end.moment) if end.moment is not None else "none"
    return {"rolling": _duration(end.rolling), "renew_before": _duration(end.renew_before or 0)}


def _duration(seconds: int) -> str:
    unit, size = next((u, s) for u, s in (("days", DAY), ("hours", HOUR), ("minutes", _MINUTE)) if seconds % s == 0)
    return f"{seconds // size} {unit}"


# -- formats ----------------------------------------------------------------------------------------------------------


def _format(export: Export, holding: Holding, sight: Sight) -> Iterator[Proposal]:
    assert holding.place is not None
    shown = wire.read(PLACE.name, holding.place.raw)["format"]
    kind = wire.destination_type(holding.place.raw)
    listed = kind is not None and wire.MANIFEST in target_properties(sight.specs.get(kind.connection_spec, {}))
    manifest = (True if listed else "force") if shown["manifest"] else False
    live = Format(shown["type"], shown["compression"], manifest)
    if live.type not in ("parquet", "json") or live.compression not in ("gzip", "none"):
        raise Inexpressible(f"{_form_words(live)}, which no export can have")
    was = {"type": export.format.type, "compression": export.format.compression, "manifest": export.format.manifest}
    now = {"type": live.type, "compression": live.compression, "manifest": live.manifest}
    for path in _written(export, sight, "format"):
        yield tuple(Put((*path, key), value) for key, value in now.items() if value != was[key])
    for name, one in sorted(sight.around.formats.items()):
        if one == live:
            yield _key(export, "format", name)
    yield _key(export, "format", shared.format_words(live))


def _form_words(live: Format) -> str:
    if not live.type:
        return f"has no type of file, and compression {live.compression or 'none'}"
    return f"is {live.type} {f'with compression {live.compression}' if live.compression else 'without a compression'}"


# -- datasets ---------------------------------------------------------------------------------------------------------


def _datasets(export: Export, holding: Holding, sight: Sight) -> Iterator[Proposal]:
    """Items that name only what is gone go; a group of which a part is gone gives way to what is left of it."""
    assert holding.content is not None
    if export.key != export.of:
        raise Inexpressible("is one for each part: the export is split by dataset")
    if unread.odd_datasets(holding.content):
        raise Inexpressible("names one twice, or one without its id")
    read = wire.read(CONTENT.name, holding.content.raw)
    live: dict[str, str] = {i: read["names"].get(i, "") for i in read["datasets"]}
    held = sight.node("exports", export.of, "datasets")
    if not isinstance(held, Seq) or not live:
        raise Inexpressible("is empty, which no export can be")
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
            instead[number] = [document.dataset(i, live[i], pairs, sight.words) for i in rest]
        else:
            gone.add(number)
    more = [document.dataset(i, live[i], pairs, sight.words) for i in sorted(live.keys() - covered)]
    path = ("exports", export.of, "datasets")
    if len(gone) < len(held.items):
        yield (Listed(path, frozenset(gone), instead, more),)
    yield (Put(path, [document.dataset(i, live[i], pairs, sight.words) for i in live]),)


def _ids(item: Any, sight: Sight, live: Mapping[str, str]) -> set[str]:
    """What one item of a list means: by the listing, and by the names that the flow stores."""
    found: set[str] = set()
    for one in sight.aliases.expanded((item,)):
        stored = {i for i, name in live.items() if name == one.name}
        found |= {one.id} if one.id else stored or set(sight.words.ids.get(one.name or "", ())) or {f"?{one.name}"}
    return found
