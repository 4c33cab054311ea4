"""
Items of exports and accounts that change their owner, or that another project owns now. Pure.

    flow of a declared export                            item
    moves here                                           move (plan/moves.py); its account waits for its flows
    moved to another project                             blocked: nothing is created, changed or deleted
    none, and a renamed project may own a similar one    creation, refused
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from exportctl.errors import Finding
from exportctl.model.plan import Address, PlanItem, Verb
from exportctl.plan import look_alikes
from exportctl.plan.accounts import AccountPlan
from exportctl.plan.create import look_up_export_datasets
from exportctl.plan.desired import DesiredExport, DesiredState
from exportctl.plan.flow_state import PlanInputs
from exportctl.plan.grouping import group_by_key
from exportctl.plan.moves import Moves, move_account_item
from exportctl.plan.ownership import LiveFlow


def moved_flows(exports: Mapping[Address, DesiredExport], moves: Moves) -> dict[Address, LiveFlow]:
    """Return the flows that other projects took over from these exports; an error about an entry comes first."""
    checked = {a: e for a, e in exports.items() if a not in moves.errors}
    return {a: h for a, e in checked.items() if (h := look_alikes.moved_flow(e.declared, moves.ownership))}


def moved_item(export: DesiredExport, live_flow: LiveFlow) -> PlanItem:
    """Make the item of an export that another project took over: nothing is created, changed or deleted."""
    note = look_alikes.moved_finding(export.address, live_flow, is_declared=True)
    return PlanItem(
        export.address,
        Verb.BLOCKED,
        refusals=(look_alikes.moved_refusal(export.declared, live_flow),),
        findings=(replace(note, at=export.declared.at),),
        at=export.declared.at,
    )


def account_items(
    desired: DesiredState, accounts: Mapping[Address, AccountPlan], moves: Moves, exports: Sequence[PlanItem]
) -> Iterator[PlanItem]:
    """Yield the item of each account; one that moves waits for the flows on it."""
    declared = [i for i in exports if i.address in desired.exports] if moves.accounts else []
    users = group_by_key(declared, lambda i: desired.exports[i.address].account.own)
    for address, planned in accounts.items():
        if address not in moves.accounts:
            yield planned.item
            continue
        yield move_account_item(desired.accounts[address], planned.item, moves, users.get(address, ()))


def add_renamed_project_refusals(
    items: Sequence[PlanItem], exports: Mapping[Address, DesiredExport], moves: Moves, inputs: PlanInputs
) -> list[PlanItem]:
    """Refuse the other creations too that a renamed project would repeat: it may be one whose flows move or block."""
    offered = {offer.project for item in items for r in item.refusals for offer in r.moves}
    owners = frozenset({*offered, *moves.owners.values()})
    found = []
    for item in items:
        if owners and item.verb in (Verb.CREATE, Verb.COMPLETE) and not any(r.moves for r in item.refusals):
            export = exports[item.address]
            ids = [i for i, _ in look_up_export_datasets(export, None, inputs).datasets]
            refusal = look_alikes.renamed_project_refusal(export, ids, owners, inputs.ownership)
            item = item.add(refusals=[refusal] if refusal else [])
        found.append(item)
    return found


def misplaced_errors(moves: Moves, chosen: Collection[Address]) -> list[Finding]:
    """Return the errors of `move_from` for exports that the config does not declare."""
    return [f for address, found in sorted(moves.errors.items()) if address not in chosen for f in found]
