"""
Build a Plan from desired state, live objects, options and a moment. `plan`, `drift` and `apply` build the same plan.

Pure: it reads nothing, prints nothing and sends no request. Equal inputs give an equal plan: it sorts the items once.

    accounts that an export needs ─┐
    declared exports ──────────────┼─▶ items ─▶ moves, orphans ─▶ safety checks ─▶ rule settings ─▶ Plan
    ours, no longer declared ──────┘
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from exportctl.errors import Finding, Level
from exportctl.model.other_flow import OtherFlow
from exportctl.model.plan import (
    CHANGE_VERBS,
    DESTINATIONS,
    EXPORTS,
    WRITE_CAUSES,
    Address,
    Inventory,
    Plan,
    PlanHeader,
    PlanItem,
    Step,
    Verb,
)
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Policy, Project
from exportctl.model.schedule import ONCE, default_end
from exportctl.plan import (
    dataset_lookup,
    dataset_moves,
    look_alikes,
    name_order,
    owner_changes,
    rename_hints,
    safety_checks,
    spec_check,
)
from exportctl.plan.accounts import AccountPlan, live_accounts, plan_account
from exportctl.plan.base_lookup import BaseLookup, look_up_base
from exportctl.plan.cut_descriptions import refuse_cut_descriptions
from exportctl.plan.dataset_lookup import ListedDatasets
from exportctl.plan.delete import (
    add_orphans,
    removed_entry,
    staying_orphan_findings,
    undeclared_accounts,
    undeclared_exports,
)
from exportctl.plan.desired import DesiredExport, DesiredState, finding
from exportctl.plan.exports import plan_export
from exportctl.plan.field_diff import AcceptEntries
from exportctl.plan.flow_state import PlanInputs, ending_soon_findings, plan_renewal
from exportctl.plan.former_locations import former_location_steps
from exportctl.plan.former_schedules import former_schedule_steps
from exportctl.plan.freshness import add_commit_times
from exportctl.plan.holds import apply_holds
from exportctl.plan.lost_owners import reclaim_adopted_flows
from exportctl.plan.moves import Moves, move_export_item, plan_moves
from exportctl.plan.ownership import (
    FLOW_LIMIT,
    Ownership,
    build_ownership,
    came_from,
    export_addresses,
)
from exportctl.plan.selection import addresses_on_excluded, excluded_addresses, select_exports
from exportctl.plan.titles import folded_name
from exportctl.resources import wire
from exportctl.resources.destinations.type import Scope
from exportctl.resources.kinds import ENABLED, END, EVERY, LOCATION
from exportctl.rules.external_findings import PLAN_RULES_BY_ID
from exportctl.rules.rule import apply_settings

_SENDS_EVERYTHING = frozenset({Verb.CREATE, Verb.COMPLETE, Verb.REPLACE})


def build_plan(
    desired: DesiredState,
    live: Inventory,
    header: PlanHeader,
    options: PlanOptions,
    as_of: int,
    unset: Sequence[str] = (),
) -> Plan:
    """
    Plan one sandbox. `unset` names the variables that were not set.

    A finding of level error on an item (an unknown dataset, a missing account) makes apply refuse the plan.
    """
    project = desired.project
    adopted = {e.adopt: frozenset(export_addresses(e)) for e in project.exports.values() if e.adopt}
    owned_now = reclaim_adopted_flows(build_ownership(live, project.name), adopted)
    chosen = select_exports(desired, owned_now, options)
    excluded = excluded_addresses(desired, owned_now, options)
    made = Moves(owned_now) if options.renew_only else plan_moves(desired, owned_now, chosen)
    ownership, hint = made.ownership, dataset_lookup.listing_hint(header)
    listing = ListedDatasets(live.datasets or (), is_read=live.datasets is not None)
    accepted = AcceptEntries(project.accept)
    inputs = PlanInputs(ownership, listing, options, as_of, accepted, hint, desired.accounts, project.destinations)
    if options.renew_only:
        items = [_renewal_item(export, inputs, project.policy) for export in chosen.values()]
    else:
        items = _planned_items(desired, chosen, live, inputs, made)
        items = add_commit_times(items, live, project.name, options, as_of)
    items = [replace(i, findings=apply_settings(i.findings, project, PLAN_RULES_BY_ID, str(i.address))) for i in items]
    if options.renew_only:  # a level that the config raises must not prevent a renewal
        items = [replace(i, findings=tuple(_lower_level(f) for f in i.findings)) for i in items]
    made_plan = Plan(
        header=header,
        as_of=as_of,
        items=tuple(sorted(_with_service_states(items, ownership), key=_sort_key)),
        findings=apply_settings(
            (*_plan_findings(project, inputs, items), *owner_changes.misplaced_errors(made, chosen)),
            project,
            PLAN_RULES_BY_ID,
        ),
        other_flows=_other_flows(owned_now),
        next_steps=(
            *look_alikes.next_steps([r for i in items for r in i.refusals], project),
            *former_location_steps(items, chosen, project, as_of),
            *former_schedule_steps(items, chosen, project, as_of),
        ),
        unset=tuple(sorted(unset)),
        options=options.to_json_values(),
        targeted_out=len(desired.exports) - len(chosen) - sum(address in desired.exports for address in excluded),
        excluded=tuple(map(str, excluded)),
    )
    return replace(made_plan, holds=apply_holds(made_plan, owned_now, project.policy, as_of))


def _planned_items(
    desired: DesiredState,
    chosen: Mapping[Address, DesiredExport],
    live: Inventory,
    inputs: PlanInputs,
    moves: Moves,
) -> list[PlanItem]:
    """Plan all items, and add what only the whole plan shows."""
    ownership, options, as_of = inputs.ownership, inputs.options, inputs.as_of
    away = owner_changes.moved_flows(chosen, moves)
    here = {a: e for a, e in sorted(chosen.items()) if a not in away}
    accounts = _account_plans(desired, here.values(), inputs)
    adopted_ids = frozenset(e.declared.adopt for e in here.values() if e.declared.adopt)
    lookups = {a: look_up_base(e, accounts, ownership) for a, e in here.items()}
    bases = dict.fromkeys(away) | {address: found.value for address, found in lookups.items()}
    exports = [_export_item(here[a], one, inputs, live, adopted_ids, desired, moves) for a, one in lookups.items()]
    exports = owner_changes.add_renamed_project_refusals(exports, here, moves, inputs)
    exports += [owner_changes.moved_item(chosen[a], live_flow) for a, live_flow in away.items()]
    items = [*owner_changes.account_items(desired, accounts, moves, exports), *exports]
    items = _merge_items([*items, *_removal_items(desired, accounts, items, inputs)])
    items = rename_hints.add_rename_findings(items, desired, bases, inputs)
    items = dataset_moves.add_dataset_moves(items, desired, bases, inputs)
    items = name_order.order_titles(items, ownership)
    items = _add_spec_findings(desired, live, add_orphans(items, _targeted_orphans(ownership, options), as_of))
    items = refuse_cut_descriptions(items, live, desired.project.repository)
    consented = frozenset(i.address for i in items if removed_entry(desired.project, i.address))
    live_exports = frozenset(a for a in ownership.own_flows if a.root == EXPORTS)
    allowed = max(desired.project.policy.max_deletes, options.allow_deletes)
    return list(safety_checks.add_deletion_refusals(items, consented, live_exports, allowed))


def _targeted_orphans(ownership: Ownership, options: PlanOptions) -> Ownership:
    """Leave out the orphans of addresses that --target and --exclude do not select."""
    return replace(ownership, orphans={a: o for a, o in ownership.orphans.items() if options.is_targeted(a)})


def _with_service_states(items: Iterable[PlanItem], ownership: Ownership) -> Iterator[PlanItem]:
    """Add the word of each flow that is neither enabled nor disabled."""
    words = {one.flow.id: one.state for one in ownership.flows if one.fields[ENABLED] is None}
    for item in items:
        word = words.get(item.id or "")
        yield item if word == item.service_state else replace(item, service_state=word)


def _lower_level(found: Finding) -> Finding:
    return replace(found, level=Level.WARNING) if found.level is Level.ERROR else found


def _sort_key(item: PlanItem) -> tuple[int, str, str, str]:
    return (item.address.root != DESTINATIONS, item.address.name, item.verb.value, item.id or "")


# -- accounts ---------------------------------------------------------------------------------------------------------


def _account_plans(
    desired: DesiredState, exports: Iterable[DesiredExport], inputs: PlanInputs
) -> dict[Address, AccountPlan]:
    """Plan our accounts that exports need, and declared accounts that exist already."""
    ownership, options = inputs.ownership, inputs.options
    needed = {e.account.own for e in exports if e.account.own}
    planned: dict[Address, AccountPlan] = {}
    titles: set[str] = set()  # folded, of the accounts that this plan creates
    for address, account in sorted(desired.accounts.items()):
        exists = live_accounts(account, ownership)
        if address in needed or (exists and options.is_targeted(address)):
            resend = options.rotate == address
            made = plan_account(account, ownership, inputs.as_of, accept=inputs.accept, resend=resend, titles=titles)
            titles |= {folded_name(made.base.title)} if isinstance(made.base, Step) else set()
            planned[address] = made
    return planned


# -- exports ----------------------------------------------------------------------------------------------------------


def _export_item(
    export: DesiredExport,
    base: BaseLookup,
    inputs: PlanInputs,
    live: Inventory,
    adopted_ids: frozenset[str],
    desired: DesiredState,
    moves: Moves,
) -> PlanItem:
    if export.address in moves.errors:
        errors = moves.errors[export.address]
        return PlanItem(export.address, Verb.UNCHANGED, findings=errors, at=export.declared.at)
    item = plan_export(export, base.value, inputs)
    item = move_export_item(export, item, moves) if export.address in moves.flows else item
    found = [base.finding] if base.finding else []
    if item.verb in CHANGE_VERBS:
        written = None if item.verb in _SENDS_EVERYTHING else _written_paths(item)
        found += spec_check.check_export(export, live.specs, written)
    found += ending_soon_findings(export.declared, item, inputs.as_of, desired.project.policy.end_warning)
    found += _shared_location_findings(export, base.value, inputs.ownership, adopted_ids)
    return item.add(findings=found)


def _written_paths(item: PlanItem) -> frozenset[str]:
    return frozenset(c.path for c in item.fields if c.cause in WRITE_CAUSES)


def _renewal_item(export: DesiredExport, inputs: PlanInputs, policy: Policy) -> PlanItem:
    item = plan_renewal(export, inputs)
    soon = ending_soon_findings(export.declared, item, inputs.as_of, policy.end_warning)
    return item.add(findings=soon)


def _shared_location_findings(
    export: DesiredExport, base: str | Step | None, ownership: Ownership, adopted_ids: frozenset[str]
) -> list[Finding]:
    """Report flows of other owners that write to our location, except those that this plan adopts."""
    location, is_global = dict(export.target_fields[LOCATION]), export.type.identity.scope is Scope.WORLD
    return [
        finding(
            export,
            "location-shared-with-others",
            f"the flow {h.quoted_name} of another owner writes to the same location",
            "give one of the two another path",
        )
        for h in ownership.flows_of_others(location)
        if h.flow.id not in adopted_ids
        if h.target and wire.destination_type(h.target.raw) is export.type
        if (is_global or h.base_id == base) and h.target_fields[LOCATION] == location
    ]


# -- what is no longer declared ---------------------------------------------------------------------------------------


def _removal_items(
    desired: DesiredState, accounts: Mapping[Address, AccountPlan], items: Sequence[PlanItem], inputs: PlanInputs
) -> list[PlanItem]:
    options = inputs.options
    if options.targets:
        return []  # --target deletes nothing: it names only declared addresses
    # a rename takes the flow only while the new address has none yet
    heirs = [e.declared for a, e in desired.exports.items() if a not in inputs.ownership.own_flows]
    moved = frozenset(Address(EXPORTS, e.renamed_from) for e in heirs if e.renamed_from)
    kept = moved | addresses_on_excluded(inputs.ownership, options)
    exports = [item for item in undeclared_exports(desired, kept, inputs) if options.is_targeted(item.address)]
    stale = {a: p.stale for a, p in accounts.items()}
    bases = undeclared_accounts(_add_renamed_accounts(desired, inputs.ownership), stale, (*items, *exports), inputs)
    return [*exports, *(item for item in bases if options.is_targeted(item.address))]


def _add_renamed_accounts(desired: DesiredState, ownership: Ownership) -> DesiredState:
    """Count accounts at their address before a rename as declared."""
    before = {
        Address(DESTINATIONS, a.declared.renamed_from): a
        for a in desired.accounts.values()
        if a.declared.renamed_from and a.address not in ownership.own_accounts
    }
    return replace(desired, accounts={**before, **desired.accounts})


# -- the whole --------------------------------------------------------------------------------------------------------


def _merge_items(items: Sequence[PlanItem]) -> list[PlanItem]:
    """Merge the items of one address: a replacement and the deletion of what it replaced."""
    merged: dict[Address, PlanItem] = {}
    for item in items:
        first = merged.get(item.address)
        if first is not None:
            parts = ("fields", "steps", "consequences", "refusals", "findings")
            both: dict[str, Any] = {name: (*getattr(first, name), *getattr(item, name)) for name in parts}
            item = replace(first, verb=item.verb if first.verb is Verb.UNCHANGED else first.verb, **both)
        merged[item.address] = item
    return list(merged.values())


def _add_spec_findings(desired: DesiredState, live: Inventory, items: list[PlanItem]) -> list[PlanItem]:
    """Check accounts that are created, changed or replaced against the live connection spec."""
    checked = []
    for item in items:
        account = desired.accounts.get(item.address)
        if account is not None and item.verb in CHANGE_VERBS:
            item = replace(
                item,
                findings=(
                    *item.findings,
                    *spec_check.check_account(account, live.specs, is_new=item.verb in _SENDS_EVERYTHING),
                ),
            )
        checked.append(item)
    return checked


def _plan_findings(project: Project, inputs: PlanInputs, items: Sequence[PlanItem]) -> tuple[Finding, ...]:
    ownership, options = inputs.ownership, inputs.options
    found = [
        Finding("reference-unset", f"{u.variable} is not set", u.at, f"run `export {u.variable}=…` before the plan")
        for u in project.unset
    ]
    created = [i for i in items if i.verb in (Verb.CREATE, Verb.COMPLETE) and i.address.root == EXPORTS]
    total = len(ownership.flows) + len(created)
    if total > FLOW_LIMIT:
        text = f"the sandbox would have {total} destinations, but Adobe's limit is {FLOW_LIMIT}"
        hint = "put datasets with the same schedule into one export"
        found.append(Finding("destination-limit", text, None, hint, Level.WARNING))
    if not options.renew_only:
        staying = staying_orphan_findings(items, _targeted_orphans(ownership, options), inputs.as_of)
        addresses = {item.address for item in items}
        found += [left for address, left in sorted(staying.items()) if address not in addresses]
    return tuple(found)


def _other_flows(ownership: Ownership) -> tuple[OtherFlow, ...]:
    """Return every flow that is not ours, with its end."""
    found = []
    for live_flow in ownership.flows:
        if live_flow.is_owned_by(ownership.project):
            continue
        flow, fields, kind, marker = live_flow.flow, live_flow.fields, live_flow.type, live_flow.marker
        is_hidden = fields[END] is None and live_flow.unknown_end is None
        assumed = is_hidden and kind is not None and fields[EVERY] != ONCE
        other = OtherFlow(
            id=flow.id,
            name=flow.name,
            type=kind.name if kind else None,
            owner=marker.project if marker else None,
            enabled=fields[ENABLED],
            ends=default_end(flow.created_at) if assumed else fields[END],
            assumed_end=assumed,
            state=live_flow.state,
            moved_from=came_from(live_flow, ownership.project),
        )
        found.append(other)
    return tuple(sorted(found, key=lambda u: (u.name, u.id)))
