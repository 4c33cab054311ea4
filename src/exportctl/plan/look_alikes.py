"""
Find live flows that already export what a new flow would export, so that nothing is sent twice. Pure.

What a flow exports is its destination type, its datasets and its location. Its name and its marker do not count:

    the same                              marker of the flow    result
    type, datasets, location              another project's     refuse: move the flow here, or change the export
    type, datasets, location              none                  refuse: adopt the flow, or change the export
    type, datasets, title                 none                  refuse: adopt the flow, or choose another title
    any                                   this project's        nothing: the rules judge two exports of one config

A value of the flow also counts as the same if it is the one last applied by its marker, so that a hand edit does not
hide the flow. Locations are compared without the spellings of slashes and case, because the service may change these
(assumed). Where a bucket is unique only within an account or a server, the account counts too. What the service hides
counts as the same; only two existing accounts of which nothing can be compared count as different.

An address of this project whose flow has the marker of another project, with the trace of this address, was moved: its
creation is refused, whatever the flow exports now.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from heapq import merge
from itertools import product
from typing import Any

from exportctl.errors import Finding, Level
from exportctl.frozen import dataclass
from exportctl.model.next_steps import MoveOffer, NextStep
from exportctl.model.plan import Address, Marker, Refusal, SensitiveValue, Step, digest
from exportctl.model.project import Export, Project
from exportctl.plan.desired import DesiredAccount, DesiredExport
from exportctl.plan.grouping import group_by_keys
from exportctl.plan.ownership import LiveFlow, Ownership, export_addresses
from exportctl.resources import wire
from exportctl.resources.destinations.type import Scope
from exportctl.resources.kinds import AUTH, DATASETS, FLOW, LOCATION


@dataclass(frozen=True)
class LookAlikes:
    """The flows of no or another owner, with an index of what must be equal in a flow that exports the same."""

    ownership: Ownership

    def similar_flows(self, export: DesiredExport, ids: Sequence[str]) -> Iterator[LiveFlow]:
        """Yield by id the flows, at least those, of the type that have the datasets, and the location or the title."""
        where = export.target_fields[LOCATION]
        datasets = (tuple(ids), digest(sorted(ids)))
        places = (_plain_location(where), digest(where), export.declared.title)
        groups = (self._by_traits.get((export.type.name, *pair), ()) for pair in product(datasets, places))
        return merge(*groups, key=lambda h: h.flow.id)

    @cached_property
    def _by_traits(self) -> Mapping[object, tuple[LiveFlow, ...]]:
        return group_by_keys((h for h in self.ownership.unowned_flows if h.type and h.source), _trait_keys)


def _trait_keys(live_flow: LiveFlow) -> Iterator[object]:
    """Yield type, datasets and location of a flow, now and last applied; also its name where that counts too."""
    target, marker = live_flow.target, live_flow.marker
    datasets = {tuple(live_flow.dataset_ids), *_applied_digests(live_flow.flow.marker, DATASETS)}
    places: set[object] = {live_flow.flow.name} if target is None or marker is None else set()
    if target is not None:
        places |= {_plain_location(live_flow.target_fields[LOCATION]), *_applied_digests(target.marker, LOCATION)}
    assert live_flow.type is not None
    return ((live_flow.type.name, *pair) for pair in product(datasets, places))


def look_alike_refusal(
    export: DesiredExport,
    account: DesiredAccount | None,
    base: str | Step,
    ids: Sequence[str],
    others: LookAlikes,
) -> Refusal | None:
    """
    Refuse to create an export that a live flow of another owner exports already.

    `account` is the account of this project that the export uses, None if others made the account; `ids` are the ids of
    its datasets.
    """
    ownership = others.ownership
    same_datasets = (h for h in others.similar_flows(export, ids) if _has_same_datasets(export, ids, h))
    for live_flow in same_datasets:
        is_same = _has_same_location(export, account, base, live_flow, ownership)
        if live_flow.marker is None and (is_same or live_flow.flow.name == export.declared.title):
            return _unmanaged_refusal(export, live_flow, is_same)
        if live_flow.marker is not None and is_same:
            return _owned_refusal(export, live_flow.marker, live_flow, ownership)
    return None


def renamed_project_refusal(
    export: DesiredExport, ids: Sequence[str], projects: frozenset[str], ownership: Ownership
) -> Refusal | None:
    """
    Refuse to create an export if a flow of `projects` has its key, type and datasets in another location.

    `projects` own look-alikes of other exports of the same plan, so this project may be one of them under a new name.
    """
    flows = (h for project in projects for h in ownership.flows_of(project, export.address))
    for live_flow in sorted(flows, key=lambda h: h.flow.id):
        marker = live_flow.marker
        if marker is not None and _has_same_datasets(export, ids, live_flow):
            return _owned_refusal(export, marker, live_flow, ownership, "exports the same datasets under the same key")
    return None


def moved_refusal(declared: Export, live_flow: LiveFlow) -> Refusal:
    """Refuse to create an export again that moved to another project."""
    marker = live_flow.marker
    assert marker is not None
    text = f"{declared.address} was moved to project {marker.project} ({marker.address}): the flow {live_flow.flow.id}"
    offer = MoveOffer(marker.project, marker.name, live_flow.flow.id, declared.key)
    allow = f"remove {declared.address} from this config, or move the flow back: {entry_phrase(offer)}"
    return Refusal("moved", text, f"{allow}; for another export, choose another key", (offer,))


def moved_finding(address: Address, live_flow: LiveFlow, *, is_declared: bool) -> Finding:
    """Report an export that another project took over."""
    marker = live_flow.marker
    assert marker is not None
    text = f"{address}: moved to project {marker.project} ({marker.address}), with the flow {live_flow.flow.id}"
    if is_declared:
        return Finding(
            "moved", text, None, "remove it from this config, or move it back with `move_from`", Level.WARNING
        )
    return Finding("moved", f"{text}; its entry in `removed` has no effect", None, "remove the entry", Level.NOTE)


def moved_flow(declared: Export, ownership: Ownership) -> LiveFlow | None:
    """
    Return the flow that an export without a flow of this project had before another project took it over.

    An export that adopts another flow is another export under the same key.
    """
    addresses = export_addresses(declared)
    if declared.adopt and ownership.flow_by_id(declared.adopt):
        return None
    if any(a in ownership.own_flows for a in addresses):
        return None
    return next((h for a in addresses if (h := ownership.flow_moved_from(a))), None)


def entry_phrase(*offers: MoveOffer) -> str:
    """Return the edit of the YAML that accepts offers."""
    entries = (
        f"{{project: {o.project}, export: {o.export}, flow: {o.flow}, "
        f"{f'to: {o.to}, ' if o.to != o.export else ''}reason: …}}"
        for o in offers
    )
    return f"`move_from: [{', '.join(entries)}]`"


def next_steps(refusals: Sequence[Refusal], project: Project) -> tuple[NextStep, ...]:
    """Return the whole block of YAML that moves the flows of all refused exports here, None of them on its own."""
    offers = sorted({offer for r in refusals for offer in r.moves}, key=lambda o: (o.to, o.project, o.flow))
    if not offers:
        return ()
    owners = " and ".join(sorted({offer.project for offer in offers}))
    where = f"under `environments: {project.environment}:`" if project.environment else "at the top of the config"
    indent = "    " if project.environment else ""
    lines = [f"{indent}  - {_paste_entry(offer, project.name)}" for offer in offers]
    flows = "this flow" if len(offers) == 1 else f"these {len(offers)} flows"
    first = f"to move {flows} from project {owners} to {project.name}, add this"
    if project.move_from:
        return (NextStep(f"{first} to the list `move_from`, then plan again", "\n".join(lines)),)
    return (NextStep(f"{first} {where}, then plan again", "\n".join((f"{indent}move_from:", *lines))),)


def _paste_entry(offer: MoveOffer, project: str) -> str:
    """Return one entry as YAML in one line; the id comes from the service, so it is quoted."""
    pairs = [("project", offer.project), ("export", offer.export), (FLOW.name, json.dumps(offer.flow))]
    pairs += [("to", offer.to)] if offer.to != offer.export else []
    pairs.append(("reason", f"moved to {project}"))
    return f"{{{', '.join(f'{key}: {value}' for key, value in pairs)}}}"


# -- what a flow exports ----------------------------------------------------------------------------------------------


def _has_same_datasets(export: DesiredExport, ids: Sequence[str], live_flow: LiveFlow) -> bool:
    is_readable = live_flow.type is export.type and live_flow.source is not None
    is_same = live_flow.dataset_ids == [*ids] or _was_applied(live_flow.flow.marker, DATASETS, sorted(ids))
    return is_readable and is_same


def _was_applied(marker: Marker | None, field: str, value: Any) -> bool:
    """Check whether the marker says that this value was applied last."""
    return digest(value) in _applied_digests(marker, field)


def _applied_digests(marker: Marker | None, field: str) -> tuple[str, ...]:
    return marker.applied.get(field, ()) if marker is not None and not marker.damaged else ()


def _has_same_location(
    export: DesiredExport, account: DesiredAccount | None, base: str | Step, live_flow: LiveFlow, ownership: Ownership
) -> bool:
    if live_flow.target is None:  # hidden from this credential
        return live_flow.flow.name == export.declared.title
    wanted, live = export.target_fields[LOCATION], live_flow.target_fields[LOCATION]
    is_same = _plain_location(wanted) == _plain_location(live)
    if not is_same and not _was_applied(live_flow.target.marker, LOCATION, wanted):
        return False
    return export.type.identity.scope is not Scope.ACCOUNT or _may_be_same_storage(
        export, account, base, live_flow.base_id, ownership
    )


def _plain_location(location: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Return a location without the spellings that the service may change: slashes, and case."""
    plain = {k: "/".join(p for p in str(v).casefold().split("/") if p) for k, v in location.items() if v is not None}
    return frozenset((k, v) for k, v in plain.items() if v)


def _may_be_same_storage(
    export: DesiredExport, account: DesiredAccount | None, base: str | Step, other: str | None, ownership: Ownership
) -> bool:
    """Compare the fields of two accounts that name the storage, as far as both are known."""
    if other is None or base == other:
        return True
    mine = account.auth if account else _live_auth(str(base), ownership)
    theirs = _live_auth(other, ownership)
    rule, defaults = export.type.identity, {key.name: key.default for key in export.type.account_keys}
    names = [name for name in (*rule.account, rule.login, rule.other_login) if name]
    pairs = [(_known_text(mine, n, defaults), _known_text(theirs, n, defaults)) for n in names]
    known = [(a, b) for a, b in pairs if a and b]
    return all(a == b for a, b in known) and (account is not None or bool(known))


def _live_auth(base: str, ownership: Ownership) -> Mapping[str, Any]:
    live = ownership.base_connections.get(base)
    found: Mapping[str, Any] = wire.read_fields(live.kind, live.raw)[AUTH] if live else {}
    return found


def _known_text(auth: Mapping[str, Any], name: str, defaults: Mapping[str, str | None]) -> str | None:
    value = auth.get(name, defaults.get(name))
    value = value.value if isinstance(value, SensitiveValue) else value
    return value.rstrip("/").casefold() if type(value) is str else None


# -- words ------------------------------------------------------------------------------------------------------------


def _unmanaged_refusal(export: DesiredExport, live_flow: LiveFlow, is_same: bool) -> Refusal:
    same = "exports the same datasets to the same location" if is_same else "has the same title, type and datasets"
    text = f"the unmanaged flow {live_flow.quoted_name} {same}"
    has_same_title = live_flow.flow.name == export.declared.title
    change = " and ".join(
        [*(["another location"] if is_same else []), *(["another `title`"] if has_same_title else [])]
    )
    allow = f"write `adopt: {live_flow.flow.id}` in {export.address} to adopt it, or {change} to create a second"
    return Refusal("look-alike", text, allow)


def _owned_refusal(
    export: DesiredExport,
    marker: Marker,
    live_flow: LiveFlow,
    ownership: Ownership,
    same: str = "exports the same datasets to the same location",
) -> Refusal:
    text = f"the flow {live_flow.quoted_name} of project {marker.project} ({marker.address}) {same}"
    offers = tuple(_offers(export, marker, ownership)) or (
        MoveOffer(marker.project, marker.name, live_flow.flow.id, export.address.name),
    )
    move = f"move the flow to this project: {entry_phrase(*offers)}"
    allow = f"change the datasets or the location of {export.address}, or {move}"
    return Refusal("exported-by-other-project", text, allow, offers)


def _offers(export: DesiredExport, owner: Marker, ownership: Ownership) -> Iterator[MoveOffer]:
    """Yield every flow at the address of the owner: one that is being replaced moves together with the new one."""
    for live_flow in ownership.flows_of(owner.project, owner.address):
        yield MoveOffer(owner.project, owner.name, live_flow.flow.id, export.address.name)
