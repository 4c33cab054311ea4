"""
One live flow -> what its YAML will say, or the reason why it is left out. Pure.

Nothing is approximated: a value that the config has no words for leaves the whole flow out. What a flow has beside the
managed fields (unknown keys of its objects) is only named (`unmodelled`); every later patch keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from exportctl import schedules, wire
from exportctl.config.resolved_schedules import HOURS
from exportctl.declared import Format, Schedule
from exportctl.destination_types import PROFILE_STORE_SPEC, TYPES, DestinationType
from exportctl.importing import unread
from exportctl.importing.report import LeftOut, Reason
from exportctl.importing.unmodelled import unmodelled
from exportctl.importing.yaml_text import writable
from exportctl.kinds import ANCHOR, CONTENT, PLACE, SOURCES, TARGETS
from exportctl.model import LiveObject
from exportctl.planning.expand import Specs, target_properties
from exportctl.planning.ownership import Estate, Holding
from exportctl.schedules import ONCE

_AUDIENCE_FLOWS = frozenset(kind.audience_flow_spec for kind in TYPES.values())
_CADENCES = frozenset({ONCE, "1 day", *(schedules.spelled("hour", hours) for hours in HOURS)})
_ENCRYPTION = ("encryptionSpecs", "encryption")  # on a base connection or, in the published spec, on a target
Why = tuple[Reason, str]


@dataclass(frozen=True)
class Terms:
    """
    What flows are held against. `repository` and `project` as the config says; `adopted` maps flow ids to the address
    whose `adopt` names them.
    """

    estate: Estate
    specs: Specs
    project: str
    adopted: Mapping[str, str]
    as_of: int


@dataclass(frozen=True)
class Found:
    """
    One flow, in words of the config. `place` by YAML name, without empty values; `datasets` pairs of id and the name
    stored with it, "" where none is; `end` in seconds, None where the service shows none; `created` in seconds. `kept`
    names what it has that no config describes.
    """

    id: str
    title: str
    description: str
    type: DestinationType
    base: LiveObject
    place: Mapping[str, str]
    format: Format
    datasets: tuple[tuple[str, str], ...]
    schedule: Schedule
    end: int | None
    folder: str
    enabled: bool
    created: int
    kept: tuple[str, ...]

    @property
    def path(self) -> str:
        return self.place.get(self.type.path_key, "")


def found(holding: Holding, terms: Terms) -> Found | LeftOut:
    """The flow as the config would say it, or the first reason why it cannot."""
    why = next(_reasons(holding, terms), None)
    if why is not None:
        return LeftOut(holding.flow.id, holding.flow.name, *why)
    assert holding.content is not None and holding.place is not None and holding.base is not None
    kind = wire.destination_type(holding.flow.raw)
    assert kind is not None
    place = wire.read(PLACE.name, holding.place.raw)
    content = wire.read(CONTENT.name, holding.content.raw)
    anchor = wire.read(ANCHOR.name, holding.flow.raw)
    return Found(
        id=holding.flow.id,
        title=holding.flow.name,
        description=holding.flow.text,
        type=kind,
        base=terms.estate.bases[holding.base],
        place=place["place"],
        format=_format(place["format"], kind, terms.specs),
        datasets=tuple((i, content["names"].get(i, "")) for i in content["datasets"]),
        schedule=_schedule(anchor["cadence"], anchor["start"], terms.as_of),
        end=anchor["end"],
        folder=anchor["folder"],
        enabled=anchor["enabled"],
        created=holding.flow.created,
        kept=unmodelled(holding),
    )


def _format(shown: Mapping[str, object], kind: DestinationType, specs: Specs) -> Format:
    """A manifest is forced where the live spec does not list it: the flow has it all the same."""
    listed = wire.MANIFEST in target_properties(specs.get(kind.connection_spec, {}))
    manifest = (True if listed else "force") if shown["manifest"] else False
    return Format(str(shown["type"]), str(shown["compression"]), manifest)


def _schedule(rhythm: str, start: int | None, as_of: int) -> Schedule:
    """
    `start` is kept only while it says more than the grid: it lies beyond the next point. A one-time export that has
    begun has no phase any more.
    """
    if rhythm == ONCE and (start is None or start <= as_of):
        return Schedule(ONCE, 0, 0)
    assert start is not None
    at = schedules.phase(start, rhythm)
    later = start if start > schedules.first_start(rhythm, at, None, as_of) else None
    if rhythm == ONCE:
        return Schedule(ONCE, 0, at, later)
    number, unit = rhythm.split()
    return Schedule(unit.rstrip("s"), int(number), at, later)


# -- reasons, in this order; each may rely on what the ones before it have seen ----------------------------------------


def _reasons(holding: Holding, terms: Terms) -> Iterator[Why]:
    yield from _claims(holding, terms)
    yield from _connections(holding)
    yield from _accounts(holding, terms)
    yield from _contents(holding)
    yield from _places(holding)
    yield from _texts(holding, terms)
    yield from _schedules(holding, terms)


def _claims(holding: Holding, terms: Terms) -> Iterator[Why]:
    owner = holding.flow.marker or holding.marker
    if owner and owner.project != terms.project:
        yield Reason.OTHER_PROJECT, f"belongs to project {owner.project} ({owner.address})"
    if owner:
        yield Reason.DECLARED, f"is {owner.address} of this project already"
    if holding.flow.id in terms.adopted:
        yield Reason.DECLARED, f"is adopted by {terms.adopted[holding.flow.id]} already"
    if wire.destination_type(holding.flow.raw) is None:
        if _for_audiences(holding.flow.raw):
            yield Reason.AUDIENCE, "exports audiences, no datasets"
        yield Reason.FOREIGN_CARD, "has a destination type that exportctl does not know"
    left = holding.place.marker if holding.place else None  # a source keeps its marker when a flow is released
    if left is not None:
        claim = f"{left.address} of project {left.project}"
        yield Reason.MARKED, f"has no marker, but its target connection carries that of {claim}"


def _for_audiences(flow: Mapping[str, Any]) -> bool:
    """By its own template, or, on a card that nobody here knows, because it reads the profile store [D]."""
    sources = wire.members(flow.get("inheritedAttributes")).get("sourceConnections")
    read = [wire.members(one) for one in sources] if isinstance(sources, list) else []
    specs = {str(wire.members(one.get("connectionSpec")).get("id")) for one in read}
    return str(wire.members(flow.get("flowSpec")).get("id")) in _AUDIENCE_FLOWS or PROFILE_STORE_SPEC in specs


def _connections(holding: Holding) -> Iterator[Why]:
    for label, name in (("source", SOURCES), ("target", TARGETS)):
        count = len(wire.ids(holding.flow.raw, name))
        if count != 1:
            yield Reason.SEVERAL, f"has {count} {label} connections, where an export has one"
    for kind, child in ((CONTENT, holding.content), (PLACE, holding.place)):
        if child is None:
            yield Reason.HIDDEN, f"has a {kind.label} that this credential cannot see, or one of another kind"
    if holding.shared:
        others = ", ".join(f'"{name}"' for name in holding.others)
        yield Reason.SHARED, f"shares its connections with other flows: {others}"


def _accounts(holding: Holding, terms: Terms) -> Iterator[Why]:
    assert holding.place is not None
    kind = wire.destination_type(holding.flow.raw)
    base = terms.estate.bases.get(holding.base or "")
    if base is None:
        yield Reason.HIDDEN, "has an account that this credential cannot see"
        return
    if wire.destination_type(holding.place.raw) is not kind or wire.destination_type(base.raw) is not kind:
        yield Reason.NOT_EXPRESSIBLE, "has a target connection or account of another destination type"
    if any(live.raw.get(key) for live in (base, holding.place) for key in _ENCRYPTION):
        yield Reason.ENCRYPTED, "encrypts its files: that is fixed when an account is made, and cannot be taken over"


def _contents(holding: Holding) -> Iterator[Why]:
    assert holding.content is not None
    entries = wire.members(holding.content.raw.get("params")).get("datasets")
    ids = wire.read(CONTENT.name, holding.content.raw)["datasets"]
    if not isinstance(entries, list) or not ids:
        yield Reason.NOT_EXPRESSIBLE, "has a source connection without datasets"
    elif unread.odd_datasets(holding.content) or not all(one and writable(one) for one in ids):
        yield Reason.NOT_EXPRESSIBLE, "has a source connection that names a dataset twice, or one without its id"


def _places(holding: Holding) -> Iterator[Why]:
    assert holding.place is not None
    kind = wire.destination_type(holding.place.raw)
    params = wire.members(holding.place.raw.get("params"))
    if not params or kind is None:
        yield Reason.NOT_EXPRESSIBLE, "has a target connection without params"
        return
    shown = {field.name: params.get(field.wire) for field in kind.place}
    for field in kind.place:
        value = shown[field.name]
        if not (isinstance(value, str) and writable(value)) and value is not None:
            yield Reason.NOT_EXPRESSIBLE, f"has a {field.name} that is no text"
        if field.required and not value and field.name != kind.path_key:
            yield Reason.NOT_EXPRESSIBLE, f"has no {field.name}"
    form = wire.read(PLACE.name, holding.place.raw)["format"]
    if form["type"] not in ("parquet", "json"):
        yield Reason.NOT_EXPRESSIBLE, f'writes files of type "{form["type"]}", where exports have parquet and json'
    if form["compression"] not in ("gzip", "none"):
        yield Reason.NOT_EXPRESSIBLE, f'has the compression "{form["compression"]}", where exports have gzip and none'
    if params.get(wire.MANIFEST) not in (None, True, False):
        yield Reason.NOT_EXPRESSIBLE, f"has a {wire.MANIFEST} that is neither true nor false"


def _texts(holding: Holding, terms: Terms) -> Iterator[Why]:
    flow = holding.flow
    folder = wire.read(ANCHOR.name, flow.raw)["folder"]
    if not flow.name:
        yield Reason.NOT_EXPRESSIBLE, "has no name"
    if unread.two_folders(flow):
        yield Reason.NOT_EXPRESSIBLE, "has two folder templates, and which one counts is not published"
    if not all(writable(text) for text in (flow.name, flow.text, folder)):
        yield Reason.NOT_EXPRESSIBLE, "has half a character in its name, description or folder"
    elif unread.loses_its_end(flow):
        yield Reason.NOT_EXPRESSIBLE, "has a description that ends in a carriage return"


def _schedules(holding: Holding, terms: Terms) -> Iterator[Why]:
    shown = wire.members(holding.flow.raw.get("scheduleParams"))
    read = wire.read(ANCHOR.name, holding.flow.raw)
    rhythm, start = read["cadence"], read["start"]
    if unread.in_between(holding.flow):
        yield Reason.NOT_EXPRESSIBLE, f"is in state {holding.flow.raw.get('state')}, neither enabled nor disabled"
    if rhythm not in _CADENCES:
        yield Reason.NOT_EXPRESSIBLE, _rhythm_words(rhythm, shown)
    if unread.odd_mode(holding.flow):
        yield Reason.NOT_EXPRESSIBLE, f"has exportMode {shown['exportMode']} with {_interval(shown)}"
    if unread.odd_end(holding.flow):
        yield Reason.NOT_EXPRESSIBLE, "has an endTime that is no moment"
    if rhythm == ONCE and (start is None or start <= terms.as_of):
        return
    if start is None:
        yield Reason.NOT_EXPRESSIBLE, "has no startTime that can be read"


def _rhythm_words(rhythm: str | None, shown: Mapping[str, object]) -> str:
    return f"runs every {rhythm}, which no export can" if rhythm else f"has {_interval(shown)}, which is no schedule"


def _interval(shown: Mapping[str, object]) -> str:
    return f"interval {shown.get('interval')} and timeUnit {shown.get('timeUnit')}"
