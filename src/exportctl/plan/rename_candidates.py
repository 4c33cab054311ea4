"""
Find the undeclared addresses of ours that look like a new one. Pure.

An address under `removed` does not count. Two exports look the same if type and datasets are the same, the flow can
stay (the account is the same, or looks the same), and one more trait is the same. Best first:

    the same location              4    its files stay there
    the same title                 2    people know it from the UI
    the same schedule and folder   1    often a default

Two accounts look the same if type, way to authenticate and every comparable field are the same. Secrets cannot be
compared. If no field can, an export on the account must write to the same location.

A pair of two addresses is compared only if an index of what must be equal brings them together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from heapq import merge
from itertools import islice

from exportctl.frozen import dataclass
from exportctl.model.digests import is_known_other
from exportctl.model.plan import (
    DESTINATIONS,
    EXPORTS,
    Address,
    Fields,
    LiveObject,
    PlanItem,
    Step,
    UnknownValue,
    Verb,
    digest,
)
from exportctl.model.project import Destination, Export
from exportctl.plan.create import look_up_export_datasets
from exportctl.plan.delete import removed_entry
from exportctl.plan.desired import DesiredAccount, DesiredExport, DesiredState
from exportctl.plan.flow_state import PlanInputs
from exportctl.plan.grouping import group_by_key, group_by_keys
from exportctl.plan.ownership import LiveFlow, Ownership, location_key
from exportctl.resources import wire
from exportctl.resources.destinations.type import DestinationType
from exportctl.resources.kinds import AUTH, BASE_CONNECTION, EVERY, FOLDER, LOCATION, TITLE

MOST_NAMED = 5  # of many that look the same, a person cannot choose either
Bases = Mapping[Address, str | Step | None]  # by export: id of its base connection, or the step that makes it
_CREATED = (Verb.CREATE, Verb.COMPLETE)
_SETS_OF_TRAITS = ((0, 1, 2), (0, 1), (0, 2), (0,), (1, 2), (1,), (2,))  # of `_traits`, by weight


@dataclass(frozen=True)
class RenameCandidate:
    """An undeclared address (`before`), the common traits (`same`), and the `account` that was renamed too."""

    before: Address
    same: tuple[str, ...]
    weight: int = 0
    same_every: bool = True
    account: tuple[Address, Address] | None = None  # its address now, and before


RenameCandidates = Mapping[Address, Sequence[RenameCandidate]]  # new address -> candidates, best first


def undeclared_addresses(root: str, desired: DesiredState, ownership: Ownership) -> Iterator[Address]:
    """Yield our addresses, in order, that are neither declared nor named by a `renamed_from`."""
    project = desired.project
    declared: Mapping[str, Export | Destination] = project.exports if root == EXPORTS else project.destinations
    known = {name for one in declared.values() for name in (one.key, one.renamed_from)}
    every = sorted(ownership.own_flows if root == EXPORTS else ownership.own_accounts)
    return (address for address in every if address.root == root and address.name not in known)


def renamable_addresses(root: str, desired: DesiredState, ownership: Ownership) -> list[Address]:
    """Return the undeclared addresses that the config does not remove."""
    undeclared = undeclared_addresses(root, desired, ownership)
    return [address for address in undeclared if not removed_entry(desired.project, address)]


def can_keep_flow(export: DesiredExport, base: str | Step | None, live_flow: LiveFlow) -> bool:
    """Check whether patches alone can turn the live flow into the declared export."""
    return live_flow.type is export.type and live_flow.base_id in (None, base)


# -- accounts ---------------------------------------------------------------------------------------------------------


def account_candidates(items: Sequence[PlanItem], desired: DesiredState, ownership: Ownership) -> RenameCandidates:
    """Return the undeclared accounts that each account to create looks like."""
    live = _LiveAccounts(renamable_addresses(DESTINATIONS, desired, ownership), ownership)
    users = group_by_key(desired.exports.values(), lambda e: e.account.own)
    made = [desired.accounts[i.address] for i in items if i.address in desired.accounts and i.verb is Verb.CREATE]
    found = {}
    for account in made:
        mine = users.get(account.address, ())
        pairs = (account_candidate(account, a, mine, ownership) for a in live.similar_addresses(account, mine))
        found[account.address] = [candidate for candidate in pairs if candidate]
    return {address: candidates for address, candidates in found.items() if candidates}


def account_candidate(
    account: DesiredAccount, before: Address, users: Sequence[DesiredExport], ownership: Ownership
) -> RenameCandidate | None:
    """Compare an account to create, which the exports `users` use, with a live one."""
    for base in ownership.own_accounts[before]:
        method = wire.auth_method(base.raw)
        if wire.destination_type(base.raw) is not account.type or (method.name if method else None) != account.method:
            continue
        same = _equal_auth_fields(account, base)
        if same:
            return RenameCandidate(before, ("type", *same))
        if same is not None and not account.type.methods:
            return RenameCandidate(before, ("type",))
        if same is not None and _has_same_location(base, users, ownership):
            return RenameCandidate(before, ("type", "location of an export on it"))
    return None


def _equal_auth_fields(account: DesiredAccount, base: LiveObject) -> tuple[str, ...] | None:
    """
    Return the names of the fields that are equal for certain, None if one differs.

    For values that the service hides, the digest in the marker decides. Unset variables are unknown.
    """
    live: Fields = wire.read_fields(BASE_CONNECTION.name, base.raw)[AUTH]
    applied = _applied_digests(base)
    is_known = applied and UnknownValue.UNSET not in account.auth.values()
    is_other = is_known_other(base.marker, AUTH, account.auth)
    hidden = digest(account.auth) in applied and not is_other if is_known else None
    equal: dict[str, bool] = {}
    for name in sorted({*account.auth, *live}):
        mine, theirs = account.auth.get(name), live.get(name)
        known = hidden if theirs is UnknownValue.HIDDEN else None if mine is UnknownValue.UNSET else mine == theirs
        equal |= {name: known} if known is not None else {}
    return tuple(equal) if all(equal.values()) else None


def _applied_digests(base: LiveObject) -> tuple[str, ...]:
    return base.marker.applied.get(AUTH, ()) if base.marker and not base.marker.damaged else ()


def _has_same_location(base: LiveObject, users: Sequence[DesiredExport], ownership: Ownership) -> bool:
    """Check whether one of the exports `users` writes to the location of a flow on the live account."""
    live = [h.target_fields.get(LOCATION) for h in ownership.flows_on(base.id)]
    return any(e.target_fields[LOCATION] in live for e in users)


@dataclass(frozen=True)
class _Form:
    """What few accounts differ in: type, way to authenticate, and the names of the fields, also of hidden ones."""

    type: str | None
    method: str | None
    names: frozenset[str]
    hidden: frozenset[str]


@dataclass(frozen=True)
class _LiveAccount:
    address: Address
    base: LiveObject
    form: _Form
    auth: Fields
    applied: tuple[str, ...]


_Key = tuple[frozenset[tuple[str, object]], str | None, Collection[object] | None]


class _LiveAccounts:
    """Live accounts by what must be equal in an account that looks the same."""

    def __init__(self, addresses: Iterable[Address], ownership: Ownership) -> None:
        self._ownership = ownership
        found = [_live_account(address, base) for address in addresses for base in ownership.own_accounts[address]]
        self._by_form = group_by_key(found, lambda one: one.form)
        self._indexes: dict[object, Mapping[_Key, tuple[_LiveAccount, ...]]] = {}

    def similar_addresses(self, account: DesiredAccount, users: Sequence[DesiredExport]) -> list[Address]:
        """Return the addresses of all accounts that may look the same, in order."""
        unset = {n for n, v in account.auth.items() if v is UnknownValue.UNSET}
        found = set()
        for form, accounts in self._by_form.items():
            if (form.type, form.method) != (account.type.name, account.method):
                continue
            names = frozenset({*account.auth, *form.names} - form.hidden - unset)
            is_proven = bool(form.hidden) and not unset  # the digest in the marker decides about what is hidden
            has_location = not names and bool(account.type.methods)
            asked = (form, names, is_proven, has_location)
            if asked not in self._indexes:
                keys = partial(self._live_keys, names=names, is_proven=is_proven, has_location=has_location)
                self._indexes[asked] = group_by_keys(accounts, keys)
            digests = {digest(account.auth), None} if is_proven else {None}
            locations = {location_key(e.target_fields[LOCATION]) for e in users} if has_location else {None}
            for key in _keys(account.auth, names, digests, locations):
                found |= {one.address for one in self._indexes[asked].get(key, ())}
        return sorted(found)

    def _live_keys(
        self, one: _LiveAccount, names: frozenset[str], is_proven: bool, has_location: bool
    ) -> Iterator[_Key]:
        flows = self._ownership.flows_on(one.base.id) if has_location else ()
        live = (h.target_fields.get(LOCATION) for h in flows)
        locations = {location_key(where) for where in live if where is not None} if has_location else {None}
        return _keys(one.auth, names, set(one.applied) or {None} if is_proven else {None}, locations)


def _live_account(address: Address, base: LiveObject) -> _LiveAccount:
    auth: Fields = wire.read_fields(BASE_CONNECTION.name, base.raw)[AUTH]
    of, method = wire.destination_type(base.raw), wire.auth_method(base.raw)
    hidden = frozenset(n for n, v in auth.items() if v is UnknownValue.HIDDEN)
    form = _Form(of.name if of else None, method.name if method else None, frozenset(auth), hidden)
    return _LiveAccount(address, base, form, auth, _applied_digests(base))


def _keys(
    auth: Fields, names: Iterable[str], digests: Iterable[str | None], locations: Iterable[Collection[object] | None]
) -> Iterator[_Key]:
    """Yield what must be equal: the values of `names`, a digest of all, and a location where no digest is known."""
    values = frozenset((name, auth.get(name)) for name in names)
    for one in digests:
        for where in locations if one is None else (None,):
            yield values, one, where


# -- exports ----------------------------------------------------------------------------------------------------------


def export_candidates(
    items: Sequence[PlanItem], desired: DesiredState, bases: Bases, accounts: RenameCandidates, inputs: PlanInputs
) -> dict[Address, list[RenameCandidate]]:
    """Return the undeclared exports that each new one looks like: the best ones, and one more than are named."""
    ownership = inputs.ownership
    every = [ownership.own_flows[address] for address in renamable_addresses(EXPORTS, desired, ownership)]
    flows = [group[0] for group in every if len(group) == 1]  # of duplicates it is unknown which one stays
    by_traits = group_by_keys((h for h in flows if h.source), _live_trait_keys)
    found = {}
    for item in items:
        if item.address in desired.exports and item.verb in _CREATED:
            export, base = desired.exports[item.address], bases[item.address]
            ids = tuple(i for i, _ in look_up_export_datasets(export, None, inputs).datasets)
            found[item.address] = _best_candidates(export, ids, base, by_traits, accounts, ownership)
    return {address: candidates for address, candidates in found.items() if candidates}


def _best_candidates(
    export: DesiredExport,
    ids: tuple[str, ...],
    base: str | Step | None,
    by_traits: Mapping[object, Sequence[LiveFlow]],
    accounts: RenameCandidates,
    ownership: Ownership,
) -> list[RenameCandidate]:
    similar = _similar_flows(export, ids, _possible_bases(base, accounts, ownership), by_traits)
    compared = (export_candidate(export, h, base, accounts, ownership) for h in similar)
    best = islice((candidate for candidate in compared if candidate), MOST_NAMED + 1)
    return sorted(best, key=lambda one: (-one.weight, one.before))


def _possible_bases(base: str | Step | None, accounts: RenameCandidates, ownership: Ownership) -> set[str | None]:
    """Return the ids of the accounts on which a flow can stay; None for one that is hidden."""
    if not isinstance(base, Step):
        return {None, base}
    renamed = (one.before for one in accounts.get(base.address, ()))
    return {None, *(live.id for before in renamed for live in ownership.own_accounts[before])}


def _similar_flows(
    export: DesiredExport,
    ids: tuple[str, ...],
    bases: Collection[str | None],
    by_traits: Mapping[object, Sequence[LiveFlow]],
) -> Iterator[LiveFlow]:
    """Yield the flows that have all traits in common with an export, then those with fewer, each in order."""
    traits = _traits(export.target_fields, export.declared.title, export.flow_fields[EVERY], export.declared.folder)
    seen: set[str] = set()
    for chosen in _SETS_OF_TRAITS:
        keys = (_trait_key(ids, export.type, base, traits, chosen) for base in bases)
        for live_flow in merge(*(by_traits.get(key, ()) for key in keys), key=_address):
            if live_flow.flow.id not in seen:
                seen.add(live_flow.flow.id)
                yield live_flow


def _live_trait_keys(live_flow: LiveFlow) -> Iterator[object]:
    fields, ids = live_flow.fields, tuple(live_flow.dataset_ids)
    traits = _traits(live_flow.target_fields, live_flow.flow.name, fields[EVERY], fields[FOLDER])
    for chosen in _SETS_OF_TRAITS:
        yield _trait_key(ids, live_flow.type, live_flow.base_id, traits, chosen)


def _traits(target: Fields, *others: object) -> tuple[object, ...]:
    """Return the location, title, and schedule with folder, in a form that can be a key."""
    title, every, folder = others
    where = target.get(LOCATION)
    return where if where is None else location_key(where), title, (every, folder)


def _trait_key(
    ids: tuple[str, ...],
    of: DestinationType | None,
    base: str | None,
    traits: Sequence[object],
    chosen: Sequence[int],
) -> object:
    return ids, of.name if of else None, base, chosen, tuple(traits[i] for i in chosen)


def _address(live_flow: LiveFlow) -> Address:
    assert live_flow.marker is not None  # it is at one of our addresses
    return live_flow.marker.address


def export_candidate(
    export: DesiredExport,
    live_flow: LiveFlow,
    base: str | Step | None,
    accounts: RenameCandidates,
    ownership: Ownership,
) -> RenameCandidate | None:
    """Compare the traits of an export and of a flow with the same datasets."""
    renamed = None
    if not can_keep_flow(export, base, live_flow):
        renamed = _renamed_account(export, base, live_flow, accounts, ownership)
        if renamed is None:
            return None
    same_every = live_flow.fields[EVERY] == export.flow_fields[EVERY]
    traits = (
        (LOCATION, 4, live_flow.target_fields.get(LOCATION) == export.target_fields[LOCATION]),
        (TITLE, 2, live_flow.flow.name == export.declared.title),
        ("schedule and folder", 1, same_every and live_flow.fields[FOLDER] == export.declared.folder),
    )
    same = [(name, weight) for name, weight, equal in traits if equal]
    if not same:
        return None
    names, weight = ("datasets", *(name for name, _ in same)), sum(weight for _, weight in same)
    return RenameCandidate(_address(live_flow), names, weight, same_every, renamed)


def _renamed_account(
    export: DesiredExport,
    base: str | Step | None,
    live_flow: LiveFlow,
    accounts: RenameCandidates,
    ownership: Ownership,
) -> tuple[Address, Address] | None:
    """Return the account to rename too, so that the flow can stay: it looks like the account to create."""
    if not isinstance(base, Step) or live_flow.type is not export.type:
        return None
    before = (candidate.before for candidate in accounts.get(base.address, ()))
    return next(
        ((base.address, a) for a in before if any(b.id == live_flow.base_id for b in ownership.own_accounts[a])), None
    )
