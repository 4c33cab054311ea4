"""
Find likely renames: a new address that looks like an undeclared one of ours. Pure.

The plan only reports them: no step depends on them, and an address under `removed` does not count. Two exports look the
same if type and datasets are the same, the flow can stay (the account is the same, or looks the same), and one more
trait is the same. Best first:

    the same location              4    its files stay there
    the same title                 2    people know it from the UI
    the same schedule and folder   1    often a default

Two accounts look the same if type, way to authenticate and every comparable field are the same. Secrets cannot be
compared. If no field can, an export on the account must write to the same location.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from exportctl.errors import Finding, Level
from exportctl.frozen import dataclass
from exportctl.model.digests import is_known_other
from exportctl.model.plan import DESTINATIONS, EXPORTS, Address, LiveObject, PlanItem, Step, UnknownValue, Verb, digest
from exportctl.model.project import Destination, Export
from exportctl.plan.create import look_up_export_datasets
from exportctl.plan.delete import removed_entry
from exportctl.plan.desired import DesiredAccount, DesiredExport, DesiredState
from exportctl.plan.flow_state import PlanInputs
from exportctl.plan.grouping import group_by_key
from exportctl.plan.ownership import LiveFlow, Ownership
from exportctl.resources import wire
from exportctl.resources.kinds import AUTH, BASE_CONNECTION, EVERY, FOLDER, LOCATION, TITLE

Bases = Mapping[Address, str | Step | None]  # by export: id of its base connection, or the step that makes it
_CREATED = (Verb.CREATE, Verb.COMPLETE)


@dataclass(frozen=True)
class RenameCandidate:
    """An undeclared address (`before`), the common traits (`same`), and the `account` that was renamed too."""

    before: Address
    same: tuple[str, ...]
    weight: int = 0
    same_every: bool = True
    account: tuple[Address, Address] | None = None  # its address now, and before


RenameCandidates = Mapping[Address, Sequence[RenameCandidate]]  # new address -> candidates, best first


def add_rename_findings(
    items: Sequence[PlanItem], desired: DesiredState, bases: Bases, inputs: PlanInputs
) -> list[PlanItem]:
    """Add a finding to each new item that looks like a renamed one."""
    accounts = _account_candidates(items, desired, inputs.ownership)
    findings = {a: _account_finding(desired.accounts[a], candidates) for a, candidates in accounts.items()}
    findings |= dict(_export_findings(_export_candidates(items, desired, bases, accounts, inputs), desired))
    return [replace(i, findings=(*i.findings, findings[i.address])) if i.address in findings else i for i in items]


def undeclared_addresses(root: str, desired: DesiredState, ownership: Ownership) -> Iterator[Address]:
    """Yield our addresses, in order, that are neither declared nor named by a `renamed_from`."""
    project = desired.project
    declared: Mapping[str, Export | Destination] = project.exports if root == EXPORTS else project.destinations
    known = {name for one in declared.values() for name in (one.key, one.renamed_from)}
    every = sorted(ownership.own_flows if root == EXPORTS else ownership.own_accounts)
    return (address for address in every if address.root == root and address.name not in known)


def _renamable_addresses(root: str, desired: DesiredState, ownership: Ownership) -> list[Address]:
    undeclared = undeclared_addresses(root, desired, ownership)
    return [address for address in undeclared if not removed_entry(desired.project, address)]


def can_keep_flow(export: DesiredExport, base: str | Step | None, live_flow: LiveFlow) -> bool:
    """Check whether patches alone can turn the live flow into the declared export."""
    return live_flow.type is export.type and live_flow.base_id in (None, base)


def renamed_from_phrase(before: Mapping[Address, Address], desired: DesiredState) -> str:
    """Return what to write under one KEY, so that it or its parts keep the flows of their old addresses."""
    parts = {address.name.partition("/")[2]: old.name for address, old in before.items()}
    key = next(iter(before)).name.partition("/")[0]
    if "" in parts:
        return f"`renamed_from: {parts['']}`"
    wholes = {old.removesuffix(f"/{part}") for part, old in parts.items() if old.endswith(f"/{part}")}
    same = all(old.endswith(f"/{part}") for part, old in parts.items()) and len(wholes) == 1
    declared = desired.parts.get(key, ())
    if same and not any(Address(EXPORTS, f"{min(wholes)}/{part}") in desired.exports for part in declared):
        return f"`renamed_from: {min(wholes)}` under {EXPORTS}.{key} (for all its parts)"
    return f"`renamed_from: {{{', '.join(f'{part}: {old}' for part, old in parts.items())}}}` under {EXPORTS}.{key}"


# -- accounts ---------------------------------------------------------------------------------------------------------


def _account_candidates(items: Sequence[PlanItem], desired: DesiredState, ownership: Ownership) -> RenameCandidates:
    undeclared = _renamable_addresses(DESTINATIONS, desired, ownership)
    users = group_by_key(desired.exports.values(), lambda e: e.account.own)
    made = [desired.accounts[i.address] for i in items if i.address in desired.accounts and i.verb is Verb.CREATE]
    found = {
        m.address: [
            candidate
            for a in undeclared
            if (candidate := _account_candidate(m, a, users.get(m.address, ()), ownership))
        ]
        for m in made
    }
    return {address: candidates for address, candidates in found.items() if candidates}


def _account_candidate(
    account: DesiredAccount, before: Address, users: Sequence[DesiredExport], ownership: Ownership
) -> RenameCandidate | None:
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
    live: Mapping[str, Any] = wire.read_fields(BASE_CONNECTION.name, base.raw)[AUTH]
    applied = base.marker.applied.get(AUTH, ()) if base.marker and not base.marker.damaged else ()
    is_known = applied and UnknownValue.UNSET not in account.auth.values()
    is_other = is_known_other(base.marker, AUTH, account.auth)
    hidden = digest(account.auth) in applied and not is_other if is_known else None
    equal: dict[str, bool] = {}
    for name in sorted({*account.auth, *live}):
        mine, theirs = account.auth.get(name), live.get(name)
        known = hidden if theirs is UnknownValue.HIDDEN else None if mine is UnknownValue.UNSET else mine == theirs
        equal |= {name: known} if known is not None else {}
    return tuple(equal) if all(equal.values()) else None


def _has_same_location(base: LiveObject, users: Sequence[DesiredExport], ownership: Ownership) -> bool:
    """Check whether one of the exports `users` writes to the location of a flow on the live account."""
    live = [h.target_fields.get(LOCATION) for h in ownership.flows_on(base.id)]
    return any(e.target_fields[LOCATION] in live for e in users)


def _account_finding(account: DesiredAccount, candidates: Sequence[RenameCandidate]) -> Finding:
    hint = f"if you renamed it, write `renamed_from: {candidates[0].before.name}`"
    hint += "; otherwise apply replaces each export on it, with a full re-export"
    if account.secrets:
        hint += "; if the secrets changed too, write a new `secret_version`"
    return _rename_finding(account, _candidates_phrase(account.address, candidates), hint)


def _rename_finding(of: DesiredAccount | DesiredExport, text: str, hint: str) -> Finding:
    at = of.declared.positions.get("renamed_from", of.declared.at)
    return Finding("likely-rename", text, at, hint, Level.WARNING)


# -- exports ----------------------------------------------------------------------------------------------------------


def _export_candidates(
    items: Sequence[PlanItem], desired: DesiredState, bases: Bases, accounts: RenameCandidates, inputs: PlanInputs
) -> dict[Address, list[RenameCandidate]]:
    ownership = inputs.ownership
    every = [ownership.own_flows[address] for address in _renamable_addresses(EXPORTS, desired, ownership)]
    flows = [group[0] for group in every if len(group) == 1]  # of duplicates it is unknown which one stays
    by_datasets = group_by_key((h for h in flows if h.source), lambda h: tuple(h.dataset_ids))
    found = {}
    for item in items:
        if item.address in desired.exports and item.verb in _CREATED:
            export, base = desired.exports[item.address], bases[item.address]
            ids = tuple(i for i, _ in look_up_export_datasets(export, None, inputs).datasets)
            same = by_datasets.get(ids, ())
            candidates = [one for h in same if (one := _export_candidate(export, h, base, accounts, ownership))]
            found[item.address] = sorted(candidates, key=lambda one: (-one.weight, one.before))
    return {address: candidates for address, candidates in found.items() if candidates}


def _export_candidate(
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
    assert live_flow.marker is not None  # it is at one of our addresses
    names, weight = ("datasets", *(name for name, _ in same)), sum(weight for _, weight in same)
    return RenameCandidate(live_flow.marker.address, names, weight, same_every, renamed)


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


def _export_findings(
    found: Mapping[Address, Sequence[RenameCandidate]], desired: DesiredState
) -> Iterator[tuple[Address, Finding]]:
    """Yield one finding per KEY, on its first part: one rename of a split export renames all its parts."""
    by_key: dict[str, list[Address]] = defaultdict(list)
    for address in sorted(found):
        by_key[desired.exports[address].declared.declared_key].append(address)
    for key, (first, *more) in by_key.items():
        text = _candidates_phrase(first, found[first])
        if more:
            others = "1 more part" if len(more) == 1 else f"{len(more)} more parts"
            text += f"; also {others} of {EXPORTS}.{key}"
        export = desired.exports[first]
        best = {address: found[address][0] for address in (first, *more)}
        yield first, _rename_finding(export, text, _hint(export.declared, best, desired))


def _hint(export: Export, best: Mapping[Address, RenameCandidate], desired: DesiredState) -> str:
    words = renamed_from_phrase({address: candidate.before for address, candidate in best.items()}, desired)
    accounts = sorted({candidate.account for candidate in best.values() if candidate.account})
    words += "".join(f", and `renamed_from: {before.name}` under {now}" for now, before in accounts)
    stays = "its flow stays" if len(best) == 1 else "their flows stay"
    re_export = "nothing is sent again"
    if not all(candidate.same_every for candidate in best.values()):
        re_export = "only the new schedule may cause a full re-export"
    lost = f"{EXPORTS}.{export.renamed_from} has no flow; " if export.renamed_from else ""
    return f"{lost}if you renamed it, write {words}: {stays} and {re_export}"


def _candidates_phrase(address: Address, candidates: Sequence[RenameCandidate]) -> str:
    if len(candidates) == 1:
        same = _common_traits_phrase(candidates[0])
        return f"{address} looks like {candidates[0].before}, which the config no longer declares: {same}"
    each = ", then ".join(f"{candidate.before} ({_common_traits_phrase(candidate)})" for candidate in candidates)
    return f"{address} looks like addresses that the config no longer declares: {each}"


def _common_traits_phrase(candidate: RenameCandidate) -> str:
    *more, last = [f"the same {name}" for name in candidate.same]
    return f"{', '.join(more)} and {last}" if more else last
