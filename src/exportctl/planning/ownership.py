"""
Who owns what in a sandbox: live objects sorted into holdings of ours, orphans of ours, and everybody else's.

Ours is what carries our project's marker, and a source or target used by exactly one flow if that flow carries it. The
flow is the anchor: children are found by the ids on it. A flow whose marker was lost but whose unshared target and
source both carry it is still ours (the target alone proves little: another flow may have been pointed at it, unless the
config names the flow by its id). Users of a connection are counted over all destination flows, whoever made them.

What a later exportctl wrote is surveyed by no command: its digests and flags may mean something that is not known here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from exportctl import wire
from exportctl.errors import Finding, NewerMarker
from exportctl.kinds import ACCOUNT, ANCHOR, BASE, CONTENT, KINDS, PLACE, SOURCES, TARGETS
from exportctl.model import MARKER_VERSION, Address, Live, LiveObject, Marker

FLOW_LIMIT = 100  # destinations per sandbox, hard limit [GR]


@dataclass(frozen=True)
class Holding:
    """
    One live flow and what hangs on it. `content` and `place` are None when there is not exactly one, or it is hidden;
    `shared` holds the ids of children that other flows use too, `others` the names of those flows.
    """

    flow: LiveObject
    content: LiveObject | None
    place: LiveObject | None
    base: str | None
    marker: Marker | None
    marker_lost: bool
    shared: frozenset[str]
    others: tuple[str, ...]

    def guarded(self, declared: bool) -> Marker | None:
        """The marker; while the `protect` flag on it is lost or damaged, what the YAML declares stands in for it."""
        unsure = self.marker is not None and (self.marker_lost or self.marker.damaged)
        return replace(self.marker, protected=True) if unsure and declared and self.marker else self.marker

    def owns(self, child: LiveObject | None) -> bool:
        """May this child be marked, patched or deleted together with the flow?"""
        return child is not None and child.id not in self.shared


@dataclass(frozen=True)
class Estate:
    """The sandbox sorted by owner; every sequence is ordered by id."""

    holdings: tuple[Holding, ...]  # every flow
    ours: Mapping[Address, tuple[Holding, ...]]
    orphans: Mapping[Address, tuple[LiveObject, ...]]  # children of ours that no flow uses
    accounts: Mapping[Address, tuple[LiveObject, ...]]  # base connections of ours
    bases: Mapping[str, LiveObject]  # every base connection by id
    base_users: Mapping[str, tuple[str, ...]]  # base id -> ids of target connections that name it
    project: str

    def by_id(self, flow: str) -> Holding | None:
        return next((h for h in self.holdings if h.flow.id == flow), None)

    def flows_on(self, base: str) -> tuple[Holding, ...]:
        """Every destination flow that uses a base connection, ours or not, audiences too."""
        return tuple(h for h in self.holdings if h.base == base)


def survey(live: Live, project: str) -> Estate:
    """
    Sort one sandbox's objects by who owns them.

    Raises:
        NewerMarker: a later exportctl wrote an object of this project.
    """
    refuse_newer_markers((o for kind in KINDS for o in live.of(kind)), project)
    contents = {o.id: o for o in live.of(CONTENT.name)}
    places = {o.id: o for o in live.of(PLACE.name)}
    users: dict[str, list[LiveObject]] = defaultdict(list)
    for flow in live.of(ANCHOR.name):
        for child in (*wire.ids(flow.raw, SOURCES), *wire.ids(flow.raw, TARGETS)):
            users[child].append(flow)
    holdings = tuple(
        _holding(flow, contents, places, users, project) for flow in sorted(live.of(ANCHOR.name), key=lambda o: o.id)
    )
    ours: dict[Address, list[Holding]] = defaultdict(list)
    for holding in holdings:
        if holding.marker and holding.marker.project == project:
            ours[holding.marker.address].append(holding)
    return Estate(
        holdings=holdings,
        ours={a: tuple(h) for a, h in ours.items()},
        orphans=_orphans(live, users, project),
        accounts=_marked(live.of(ACCOUNT.name), project, ACCOUNT.letter),
        bases={o.id: o for o in live.of(ACCOUNT.name)},
        base_users=_base_users(live),
        project=project,
    )


def refuse_newer_markers(objects: Iterable[LiveObject], project: str | None = None) -> None:
    """
    Stop before anything is planned or written over the work of a later exportctl; None means that of any project.

    Raises:
        NewerMarker: names all such objects at once, with address, id and version of the marker.
    """
    newer = [
        o for o in objects if o.marker and o.marker.version > MARKER_VERSION and project in (None, o.marker.project)
    ]
    if newer:
        raise NewerMarker([_newer(o) for o in sorted(newer, key=lambda o: (str(o.marker and o.marker.address), o.id))])


def _newer(live: LiveObject) -> Finding:
    assert live.marker is not None
    which = f"{live.marker.address}: the {KINDS[live.kind].label} {live.id}"
    text = f"{which} was written by a newer exportctl: upgrade (its marker is exportctl/{live.marker.version})"
    hint = f"this exportctl reads markers up to exportctl/{MARKER_VERSION}; nothing was written"
    return Finding("newer-marker", text, None, hint)


def reclaimed(estate: Estate, adopted: Mapping[str, frozenset[Address]]) -> Estate:
    """
    With the flows that lost their marker, but of which the config and their own target still say the same: `adopted`
    are the addresses by the id of the flow that the config says each adopts. The source of an adopted flow was never
    marked, so without this its stop would be forgotten with its marker.
    """
    found: dict[str, Holding] = {}
    for holding in estate.holdings:
        claim = holding.place.marker if holding.place and holding.owns(holding.place) and not holding.marker else None
        at = claim.address if claim and claim.project == estate.project else None
        if at is not None and at in adopted.get(holding.flow.id, ()) and at not in estate.ours:
            found[holding.flow.id] = replace(holding, marker=claim, marker_lost=True)
    ours = {h.marker.address: (h,) for h in found.values() if h.marker}
    holdings = tuple(found.get(h.flow.id, h) for h in estate.holdings)
    return replace(estate, holdings=holdings, ours={**estate.ours, **ours}) if found else estate


def _holding(
    flow: LiveObject,
    contents: Mapping[str, LiveObject],
    places: Mapping[str, LiveObject],
    users: Mapping[str, list[LiveObject]],
    project: str,
) -> Holding:
    sources, targets = wire.ids(flow.raw, SOURCES), wire.ids(flow.raw, TARGETS)
    content = contents.get(sources[0]) if len(sources) == 1 else None
    place = places.get(targets[0]) if len(targets) == 1 else None
    shared = frozenset(child for child in (*sources, *targets) if len(users[child]) > 1)
    others = sorted({f.name or f.id for child in shared for f in users[child] if f.id != flow.id})
    kept = None if flow.marker else _kept(content, place, shared, project)
    return Holding(
        flow, content, place, _base_of(flow, place), flow.marker or kept, kept is not None, shared, tuple(others)
    )


def _kept(content: LiveObject | None, place: LiveObject | None, shared: frozenset[str], project: str) -> Marker | None:
    """Somebody wiped the flow's description in the UI; its own connections still say whose it is."""
    if content is None or place is None or shared:
        return None
    ours = place.marker is not None and place.marker.project == project
    return place.marker if ours and content.marker and _claim(content.marker) == _claim(place.marker) else None


def _claim(marker: Marker | None) -> tuple[str, Address] | None:
    return (marker.project, marker.address) if marker else None


def _base_of(flow: LiveObject, place: LiveObject | None) -> str | None:
    if place is not None:
        return next(iter(wire.ids(place.raw, BASE)), None)
    inherited = wire.members(flow.raw.get("inheritedAttributes")).get("targetConnections")
    targets = inherited if isinstance(inherited, list) else []
    bases = [wire.members(wire.members(t).get("baseConnection")).get("id") for t in targets]
    return str(bases[0]) if len(bases) == 1 and bases[0] else None


def _marked(objects: tuple[LiveObject, ...], project: str, letter: str) -> dict[Address, tuple[LiveObject, ...]]:
    found: dict[Address, list[LiveObject]] = defaultdict(list)
    for live in sorted(objects, key=lambda o: (o.created, o.id)):
        if live.marker and live.marker.project == project and live.marker.kind == letter:
            found[live.marker.address].append(live)
    return {a: tuple(o) for a, o in found.items()}


def _orphans(live: Live, users: Mapping[str, list[LiveObject]], project: str) -> dict[Address, tuple[LiveObject, ...]]:
    unused = tuple(o for kind in (CONTENT, PLACE) for o in live.of(kind.name) if o.id not in users)
    return _marked(unused, project, CONTENT.letter)


def _base_users(live: Live) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for target in live.of(PLACE.name):
        for base in wire.ids(target.raw, BASE):
            found[base].append(target.id)
    return {base: tuple(sorted(targets)) for base, targets in found.items()}
