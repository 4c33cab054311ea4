"""
Find out who owns each live object of a sandbox: our flows, our accounts, our orphans, and everything else. Pure.

An object is ours if it has the marker of our project. A source or target connection is also ours if exactly one flow
uses it and that flow is ours. The flow leads: its ids name its connections. A flow that lost its marker is still ours
if its target and its source have the marker and no other flow uses them. The target alone is not enough, because
another flow may use it now, unless the config names the flow by its id. All destination flows count as users of a
connection, whoever created them.

No command works with objects of a later exportctl: this version may misunderstand their markers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from exportctl.frozen import dataclass
from exportctl.model.plan import EXPORTS, Address, Fields, Inventory, LiveObject, Marker
from exportctl.model.project import Export
from exportctl.patterns import compile_on_use
from exportctl.plan.grouping import group_by_key, group_by_keys
from exportctl.plan.titles import TakenNames, folded_name
from exportctl.resources import flow_states, kinds, wire
from exportctl.resources.destinations.type import DestinationType
from exportctl.resources.kinds import BASE_CONNECTION, FLOW, SOURCE_CONNECTION, TARGET_CONNECTION
from exportctl.resources.marker import refuse_newer_markers
from exportctl.resources.marker import trace as marker_trace
from exportctl.resources.unknown_schedule import unknown_end

FLOW_LIMIT = 100  # destinations per sandbox, hard limit [GR]

_NOT_SHARED: frozenset[str] = frozenset()
_NUMBERED = compile_on_use(r"\A(.*) \d+\Z", re.DOTALL)  # a title and the number that made it unique


@dataclass(frozen=True)
class LiveFlow:
    """
    One live flow with its connections.

    `source` and `target` are None if there is not exactly one, or if it is hidden. `marker_lost` means that only its
    connections still have the marker. `shared_ids` are the ids of connections that other flows use too,
    `other_flow_names` the names of those flows.
    """

    flow: LiveObject
    source: LiveObject | None
    target: LiveObject | None
    base_id: str | None
    marker: Marker | None
    marker_lost: bool
    shared_ids: frozenset[str]
    other_flow_names: tuple[str, ...]

    @property
    def generation(self) -> int:
        """The generation in the marker: each replacement adds one. 0 without a marker."""
        return self.marker.generation if self.marker else 0

    @property
    def is_being_replaced(self) -> bool:
        """The marker says that apply replaces this flow by a new one."""
        return self.marker is not None and self.marker.being_replaced

    @cached_property
    def fields(self) -> Fields:
        """The managed fields of the flow."""
        return wire.read_fields(FLOW.name, self.flow.raw)

    @cached_property
    def target_fields(self) -> Fields:
        """The managed fields of the target, empty if it is hidden."""
        return wire.read_fields(TARGET_CONNECTION.name, self.target.raw) if self.target else {}

    @cached_property
    def dataset_ids(self) -> list[str]:
        """The sorted ids in the source, empty if it is hidden; an odd source may repeat an id."""
        return list(wire.read_fields(SOURCE_CONNECTION.name, self.source.raw)[kinds.DATASETS]) if self.source else []

    @cached_property
    def dataset_names(self) -> dict[str, str]:
        """The names that the source stores, by id; "" where it stores none."""
        names = wire.read_fields(SOURCE_CONNECTION.name, self.source.raw)["names"] if self.source else {}
        return {i: names.get(i, "") for i in self.dataset_ids}

    @property
    def type(self) -> DestinationType | None:
        """The destination type of the flow, None if exportctl does not know it."""
        return wire.destination_type(self.flow.raw)

    @property
    def unknown_end(self) -> str | None:
        """The end in the words of the service if exportctl cannot read it: no code may read it as none."""
        return unknown_end(self.flow.raw)

    @property
    def is_disabled(self) -> bool:
        """The flow is switched off: no other state says so."""
        return self.fields[kinds.ENABLED] is False

    @property
    def state(self) -> str:
        """The state as the service shows it."""
        return flow_states.state_word(self.flow.raw)

    @property
    def quoted_name(self) -> str:
        """`<id> "<name>"`, as messages name a flow."""
        return f'{self.flow.id} "{self.flow.name}"'

    def protecting_marker(self, declared: bool) -> Marker | None:
        """Return the marker; if it is lost or damaged, the `protect` of the YAML replaces its flag."""
        unsure = self.marker is not None and (self.marker_lost or self.marker.damaged)
        return replace(self.marker, protected=True) if unsure and declared and self.marker else self.marker

    @property
    def target_marker(self) -> Marker | None:
        """The marker of a target that no other flow uses."""
        return self.target.marker if self.target and self.can_change(self.target) else None

    @property
    def claim(self) -> Marker | None:
        """The marker of the target, or of the source of a hidden target, if no other flow uses that connection."""
        child = self.target or self.source
        return child.marker if child and self.can_change(child) else None

    def has_unfinished_adoption(self, adopted: str) -> bool:
        """Check whether an adoption of this flow wrote the marker of the flow, but not yet that of its target."""
        is_marked = self.marker is not None and not self.marker_lost
        return self.flow.id == adopted and is_marked and self.can_change(self.target) and self.target_marker is None

    def is_owned_by(self, project: str) -> bool:
        return self.marker is not None and self.marker.project == project

    def can_change(self, child: LiveObject | None) -> bool:
        """Check that a write to this connection changes no other flow."""
        return child is not None and child.id not in self.shared_ids


@dataclass(frozen=True)
class Ownership:
    """The live objects of a sandbox by owner, with an index for each question that a plan asks for every export."""

    flows: tuple[LiveFlow, ...]  # every flow, sorted by id as every sequence here
    own_flows: Mapping[Address, tuple[LiveFlow, ...]]
    orphans: Mapping[Address, tuple[LiveObject, ...]]  # connections of ours that no flow uses
    own_accounts: Mapping[Address, tuple[LiveObject, ...]]  # base connections of ours
    base_connections: Mapping[str, LiveObject]  # every base connection by id
    base_users: Mapping[str, tuple[str, ...]]  # base id -> ids of target connections that name it
    project: str
    names: Mapping[str, Mapping[str, str]]  # kind -> id -> folded name of every live object

    def names_taken(self, kind: str, without: Collection[str] = (), also: Container[str] = ()) -> TakenNames:
        """Return the folded names of the live objects of a kind, except some by id, and others `also`."""
        return TakenNames(self._ids_by_name.get(kind, {}), without, also)

    def unmarked_accounts(self, titles: Iterable[str]) -> list[LiveObject]:
        """Return the accounts without a marker that have one of these titles, with or without a number after it."""
        found = (base for title in titles for base in self._unmarked_by_title.get(title, ()))
        return list({base.id: base for base in found}.values())

    def accounts_of_type(self, of: DestinationType) -> tuple[LiveObject, ...]:
        """Return every base connection of a destination type, of any owner."""
        return self._accounts_by_type.get(of.name, ())

    def accounts_titled(self, of: DestinationType, title: str) -> tuple[LiveObject, ...]:
        """Return the base connections of a destination type that have this title."""
        return self._accounts_by_title.get((of.name, title), ())

    def flow_by_id(self, flow: str) -> LiveFlow | None:
        """Return the flow with this id, None if there is none."""
        return next(iter(self._flows_by_id.get(flow, ())), None)

    def flows_on(self, base: str) -> tuple[LiveFlow, ...]:
        """Return every destination flow on a base connection, of any owner, also flows of audiences."""
        return self.flows_by_account.get(base, ())

    def flows_named(self, name: str) -> tuple[LiveFlow, ...]:
        """Return every flow with this name; case and blanks around it do not count."""
        return self._flows_by_name.get(folded_name(name), ())

    def flows_of(self, project: str, address: Address) -> tuple[LiveFlow, ...]:
        """Return every flow with the marker of this project and address."""
        return self._flows_by_marker.get((project, address), ())

    def flows_with_dataset(self, dataset: str) -> tuple[LiveFlow, ...]:
        """Return every flow that exports this dataset."""
        return self._flows_by_dataset.get(dataset, ())

    def flows_claimed_for(self, address: Address) -> tuple[LiveFlow, ...]:
        """Return every flow with a `claim` of this address of the project."""
        return self._flows_by_claim.get(address, ())

    def flow_moved_from(self, address: Address) -> LiveFlow | None:
        """Return the flow of another project that came from this address of ours, None if there is none."""
        return next(iter(self._flows_by_trace.get(marker_trace(self.project, address.name), ())), None)

    def flows_of_others(self, location: Fields) -> tuple[LiveFlow, ...]:
        """Return the flows of no or another owner, at least those that write to this location."""
        return self._others_by_location.get(location_key(location), ())

    @cached_property
    def _ids_by_name(self) -> Mapping[str, Mapping[str, Collection[str]]]:
        return {kind: group_by_key(names, names.__getitem__) for kind, names in self.names.items()}

    @cached_property
    def _unmarked_by_title(self) -> Mapping[str, tuple[LiveObject, ...]]:
        unmarked = (base for base in self.base_connections.values() if base.marker is None)
        return group_by_keys(unmarked, lambda base: {base.name, *_NUMBERED.findall(base.name)})

    @cached_property
    def _accounts_by_type(self) -> Mapping[str, tuple[LiveObject, ...]]:
        known = {base.id: wire.destination_type(base.raw) for base in self.base_connections.values()}
        ordered = sorted(self.base_connections.values(), key=lambda base: base.id)
        return group_by_keys(ordered, lambda base: (of.name,) if (of := known[base.id]) else ())

    @cached_property
    def _accounts_by_title(self) -> Mapping[tuple[str, str], tuple[LiveObject, ...]]:
        pairs = [(name, base) for name, found in self._accounts_by_type.items() for base in found]
        found = group_by_key(pairs, lambda pair: (pair[0], pair[1].name))
        return {key: tuple(base for _, base in same) for key, same in found.items()}

    @cached_property
    def _flows_by_id(self) -> Mapping[str, tuple[LiveFlow, ...]]:
        return group_by_key(self.flows, lambda h: h.flow.id)

    @cached_property
    def flows_by_account(self) -> Mapping[str | None, tuple[LiveFlow, ...]]:
        """Every flow by the id of its base connection."""
        return group_by_key(self.flows, lambda h: h.base_id)

    @cached_property
    def _flows_by_name(self) -> Mapping[str, tuple[LiveFlow, ...]]:
        return group_by_key(self.flows, lambda h: folded_name(h.flow.name))

    @cached_property
    def _flows_by_marker(self) -> Mapping[tuple[str, Address], tuple[LiveFlow, ...]]:
        return group_by_keys(self.flows, lambda h: ((h.marker.project, h.marker.address),) if h.marker else ())

    @cached_property
    def _flows_by_dataset(self) -> Mapping[str, tuple[LiveFlow, ...]]:
        return group_by_keys(self.flows, lambda h: set(h.dataset_ids))

    @cached_property
    def _flows_by_claim(self) -> Mapping[Address, tuple[LiveFlow, ...]]:
        claims = ((h, h.claim) for h in self.flows)
        ours = {h.flow.id: c.address for h, c in claims if c and c.project == self.project}
        return group_by_keys(self.flows, lambda h: (ours[h.flow.id],) if h.flow.id in ours else ())

    @cached_property
    def _flows_by_trace(self) -> Mapping[str, tuple[LiveFlow, ...]]:
        moved = (h for h in self.flows if h.marker and h.marker.project != self.project)
        return group_by_keys(moved, lambda h: (h.marker.moved_from,) if h.marker and h.marker.moved_from else ())

    @cached_property
    def unowned_flows(self) -> tuple[LiveFlow, ...]:
        """Every flow of no or another owner."""
        return tuple(h for h in self.flows if not h.is_owned_by(self.project))

    @cached_property
    def _others_by_location(self) -> Mapping[Collection[object], tuple[LiveFlow, ...]]:
        seen = (h for h in self.unowned_flows if h.target)
        return group_by_key(seen, lambda h: location_key(h.target_fields[kinds.LOCATION]))


def location_key(location: Fields) -> Collection[object]:
    """Return what is equal for equal locations, and can be the key of an index."""
    return frozenset((name, value if isinstance(value, str) else None) for name, value in location.items())


def build_ownership(live: Inventory, project: str) -> Ownership:
    """
    Find the owner of every object of a sandbox.

    Raises:
        NewerMarker: a later exportctl wrote an object of this project.
    """
    refuse_newer_markers((o for kind in kinds.KINDS for o in live.objects_of_kind(kind)), project)
    sources_by_id = {o.id: o for o in live.objects_of_kind(SOURCE_CONNECTION.name)}
    targets_by_id = {o.id: o for o in live.objects_of_kind(TARGET_CONNECTION.name)}
    users: dict[str, list[LiveObject]] = defaultdict(list)
    for flow in live.objects_of_kind(FLOW.name):
        for child in (*wire.ids(flow.raw, kinds.SOURCE_IDS), *wire.ids(flow.raw, kinds.TARGET_IDS)):
            users[child].append(flow)
    live_flows = tuple(
        _live_flow(flow, sources_by_id, targets_by_id, users, project)
        for flow in sorted(live.objects_of_kind(FLOW.name), key=lambda o: o.id)
    )
    ours: dict[Address, list[LiveFlow]] = defaultdict(list)
    for live_flow in live_flows:
        if live_flow.marker and live_flow.is_owned_by(project):
            ours[live_flow.marker.address].append(live_flow)
    children = (*sources_by_id.values(), *targets_by_id.values())
    bases = live.objects_of_kind(BASE_CONNECTION.name)
    base_users: dict[str, list[str]] = defaultdict(list)
    for target in targets_by_id.values():
        for base in wire.ids(target.raw, kinds.BASE_ID):
            base_users[base].append(target.id)
    return Ownership(
        flows=live_flows,
        own_flows={a: tuple(h) for a, h in ours.items()},
        orphans=_group_by_address((o for o in children if o.id not in users), project, SOURCE_CONNECTION.letter),
        own_accounts=_group_by_address(bases, project, BASE_CONNECTION.letter),
        base_connections={o.id: o for o in bases},
        base_users={base: tuple(sorted(targets)) for base, targets in base_users.items()},
        project=project,
        names={kind: {o.id: folded_name(o.name) for o in live.objects_of_kind(kind)} for kind in kinds.KINDS},
    )


def export_addresses(declared: Export) -> tuple[Address, ...]:
    """Return the address of an export, and the one before a rename."""
    return tuple(Address(EXPORTS, name) for name in (declared.key, declared.renamed_from) if name)


def came_from(live_flow: LiveFlow, project: str) -> str | None:
    """Return the address of `project` that a flow of another owner came from, as far as its source still says so."""
    claim = live_flow.source.marker if live_flow.source else None
    if live_flow.marker is None or claim is None or claim.project != project:
        return None
    is_traced = live_flow.marker.moved_from == marker_trace(project, claim.name)
    return str(claim.address) if is_traced and not live_flow.is_owned_by(project) else None


def choose_flows(declared: Export, ownership: Ownership) -> tuple[tuple[LiveFlow, ...], tuple[LiveFlow, ...]]:
    """
    Return the current flow of an export, and older flows that apply deletes.

    Of several generations the newest is current, of duplicates the one that `keep` names. Without `keep`, all
    duplicates are current.
    """
    flows = next((h for a in export_addresses(declared) if (h := ownership.own_flows.get(a))), ())
    newest = max((h.generation for h in flows), default=0)
    current = tuple(h for h in flows if h.generation == newest)
    older = tuple(h for h in flows if h.generation < newest)
    if len(current) < 2 and all(h.is_being_replaced for h in older):
        return current, older
    kept = tuple(h for h in flows if h.flow.id == declared.keep)
    return (kept, tuple(h for h in flows if h not in kept)) if kept else (flows, ())


def _live_flow(
    flow: LiveObject,
    sources_by_id: Mapping[str, LiveObject],
    targets_by_id: Mapping[str, LiveObject],
    users: Mapping[str, list[LiveObject]],
    project: str,
) -> LiveFlow:
    sources, targets = wire.ids(flow.raw, kinds.SOURCE_IDS), wire.ids(flow.raw, kinds.TARGET_IDS)
    source = sources_by_id.get(sources[0]) if len(sources) == 1 else None
    target = targets_by_id.get(targets[0]) if len(targets) == 1 else None
    shared = frozenset(child for child in (*sources, *targets) if len(users[child]) > 1) or _NOT_SHARED
    others = sorted({f.name or f.id for child in shared for f in users[child] if f.id != flow.id})
    base = _base_connection_id(flow, target)
    kept = None if flow.marker or shared else _recovered_marker(source, target, project)
    return LiveFlow(flow, source, target, base, flow.marker or kept, kept is not None, shared, tuple(others))


def _recovered_marker(source: LiveObject | None, target: LiveObject | None, project: str) -> Marker | None:
    """Return our marker of the connections of a flow with an edited description."""
    claims = [o.marker for o in (source, target) if o and o.marker and o.marker.project == project]
    return claims[1] if len(claims) == 2 and claims[0].address == claims[1].address else None


def _base_connection_id(flow: LiveObject, target: LiveObject | None) -> str | None:
    if target is not None:
        return next(iter(wire.ids(target.raw, kinds.BASE_ID)), None)
    inherited = wire.members(flow.raw.get("inheritedAttributes")).get("targetConnections")
    targets = inherited if isinstance(inherited, list) else []
    bases = [wire.members(wire.members(t).get("baseConnection")).get("id") for t in targets]
    return str(bases[0]) if len(bases) == 1 and bases[0] else None


def _group_by_address(
    objects: Iterable[LiveObject], project: str, letter: str
) -> dict[Address, tuple[LiveObject, ...]]:
    found: dict[Address, list[LiveObject]] = defaultdict(list)
    for live in sorted(objects, key=lambda o: (o.created_at, o.id)):
        if live.marker and live.marker.project == project and live.marker.kind == letter:
            found[live.marker.address].append(live)
    return {a: tuple(o) for a, o in found.items()}
