"""
Build a Plan from desired state, live objects, options and a moment. `plan`, `drift` and `apply` build the same plan.

Pure: it reads nothing, prints nothing and sends no request. Equal inputs give an equal plan: it sorts the items once.

    accounts that an export needs ─┐
    declared exports ──────────────┼─▶ items ─▶ moves, orphans ─▶ safety checks ─▶ rule settings ─▶ Plan
    ours, no longer declared ──────┘
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from exportctl.errors import Finding, Level
from exportctl.model.plan import (
    CHANGE_VERBS,
    DESTINATIONS,
    EXPORTS,
    Address,
    Inventory,
    LiveObject,
    OtherFlow,
    Plan,
    PlanHeader,
    PlanItem,
    Step,
    Verb,
)
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Policy, Project
from exportctl.model.schedule import ONCE, default_end
from exportctl.plan import dataset_moves, orphans, rename_hints, safety_checks, spec_check
from exportctl.plan.accounts import AccountPlan, live_accounts, plan_account
from exportctl.plan.create import PlanInputs
from exportctl.plan.delete import removed_entry, undeclared_accounts, undeclared_exports
from exportctl.plan.desired import AccountUse, DesiredExport, DesiredState
from exportctl.plan.exports import plan_export
from exportctl.plan.flow_state import PlanSettings, ending_soon_findings
from exportctl.plan.ownership import FLOW_LIMIT, LiveFlow, Ownership, build_ownership, reclaim_adopted_flows
from exportctl.plan.renew import plan_renewal
from exportctl.resources import wire
from exportctl.resources.destinations.type import Scope
from exportctl.resources.kinds import EVERY, FLOW, LOCATION, TARGET_CONNECTION
from exportctl.rules.external_findings import PLAN_RULES_BY_ID
from exportctl.rules.rule import apply_settings


@dataclass(frozen=True)
class BaseLookup:
    """The account of an export: its id, the step that creates it, or None with a finding."""

    value: str | Step | None
    finding: Finding | None = None


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
    ownership = reclaim_adopted_flows(build_ownership(live, project.name), _adopted_addresses(desired))
    settings = PlanSettings(project.name, options, as_of, project.accept)
    inputs = PlanInputs(ownership, live.datasets or (), settings)
    chosen = {a: e for a, e in desired.exports.items() if options.is_targeted(a)}
    if options.renew_only:
        items = [_renewal_item(export, inputs, project.policy) for export in chosen.values()]
    else:
        items = _planned_items(desired, chosen, live, inputs)
    items = [_apply_rule_settings(item, project) for item in items]
    if options.renew_only:
        items = [_lower_errors_to_warnings(item) for item in items]
    return Plan(
        header=header,
        as_of=as_of,
        items=tuple(sorted(items, key=_sort_key)),
        findings=apply_settings(_plan_findings(desired, ownership, items, chosen), project, PLAN_RULES_BY_ID),
        other_flows=_other_flows(ownership),
        unset=tuple(sorted(unset)),
        options=options.to_json_values(),
        targeted_out=len(desired.exports) - len(chosen),
    )


def _planned_items(
    desired: DesiredState, chosen: Mapping[Address, DesiredExport], live: Inventory, inputs: PlanInputs
) -> list[PlanItem]:
    """Plan all items, and add what only the whole plan shows."""
    ownership, options, as_of = inputs.ownership, inputs.settings.options, inputs.settings.as_of
    accounts = _account_plans(desired, chosen.values(), ownership, options, as_of)
    adopted_ids = frozenset(e.declared.adopt for e in chosen.values() if e.declared.adopt)
    bases = {a: _look_up_base(e.account, e, accounts, ownership) for a, e in sorted(chosen.items())}
    exports = [
        _export_item(chosen[a], base, inputs, live, adopted_ids, desired.project.policy) for a, base in bases.items()
    ]
    items = [*(a.item for a in accounts.values()), *exports]
    items += _removal_items(desired, accounts, items, inputs)
    items = orphans.add_orphan_deletions(
        _add_plan_wide_findings(_merge_items(items), desired, bases, inputs), ownership, as_of
    )
    return _add_safety_checks(desired, ownership, _add_spec_findings(desired, live, items), options)


def _adopted_addresses(desired: DesiredState) -> dict[str, frozenset[Address]]:
    """Return the addresses of each flow under `adopt`, by its id; also the address before a rename."""
    exports = [(address, e.declared) for address, e in desired.exports.items() if e.declared.adopt]
    return {
        str(e.adopt): frozenset({address, *([Address(EXPORTS, e.renamed_from)] if e.renamed_from else [])})
        for address, e in exports
    }


def _sort_key(item: PlanItem) -> tuple[int, str, str, str]:
    return (item.address.root != DESTINATIONS, item.address.name, item.verb.value, item.id or "")


# -- accounts ---------------------------------------------------------------------------------------------------------


def _account_plans(
    desired: DesiredState, exports: Iterable[DesiredExport], ownership: Ownership, options: PlanOptions, as_of: int
) -> dict[Address, AccountPlan]:
    """Plan our accounts that exports need, and declared accounts that exist already."""
    needed = {e.account.own for e in exports if e.account.own}
    planned = {}
    for address, account in sorted(desired.accounts.items()):
        exists = live_accounts(account, ownership)
        if address in needed or (exists and options.is_targeted(address)):
            accept = desired.project.accept
            planned[address] = plan_account(account, ownership, as_of, accept=accept, resend=options.rotate == address)
    return planned


def _look_up_base(
    use: AccountUse, export: DesiredExport, accounts: Mapping[Address, AccountPlan], ownership: Ownership
) -> BaseLookup:
    if use.own is not None:
        return BaseLookup(accounts[use.own].base)
    if use.id is not None:
        if use.id in ownership.base_connections:
            return BaseLookup(use.id)
        return BaseLookup(
            None, _missing_account_finding(export, f"no base connection in this sandbox has the id {use.id}", ())
        )
    named = [
        b
        for b in ownership.base_connections.values()
        if b.name == use.existing and wire.destination_type(b.raw) is export.type
    ]
    if len(named) == 1:
        return BaseLookup(named[0].id)
    if named:
        ids = ", ".join(sorted(b.id for b in named))
        return BaseLookup(
            None, _missing_account_finding(export, f'{len(named)} accounts have the title "{use.existing}": {ids}', ids)
        )
    others = sorted(b.name for b in ownership.base_connections.values() if wire.destination_type(b.raw) is export.type)
    text = f'no {export.type.label} account in this sandbox has the title "{use.existing}"'
    return BaseLookup(None, _missing_account_finding(export, text, ", ".join(f'"{n}"' for n in others)))


def _missing_account_finding(export: DesiredExport, text: str, candidates: object) -> Finding:
    hint = "create the account in the UI, or write `auth` into the destination"
    if candidates:
        hint = f"choose one of {candidates} with `account: {{id: …}}`"
    at = export.declared.positions.get("destination", export.declared.at)
    return Finding("account-not-found", f"{export.address}: {text}", at, hint)


# -- exports ----------------------------------------------------------------------------------------------------------


def _export_item(
    export: DesiredExport,
    base: BaseLookup,
    inputs: PlanInputs,
    live: Inventory,
    adopted_ids: frozenset[str],
    policy: Policy,
) -> PlanItem:
    item = plan_export(export, base.value, inputs)
    if base.finding:
        item = replace(item, findings=(*item.findings, base.finding))
    if item.verb in CHANGE_VERBS:
        item = replace(item, findings=(*item.findings, *spec_check.check_export(export, live.specs)))
    soon = ending_soon_findings(export.declared, item, inputs.settings.as_of, policy.end_warning)
    return replace(
        item,
        findings=(*item.findings, *soon, *_shared_location_findings(export, base.value, inputs.ownership, adopted_ids)),
    )


def _renewal_item(export: DesiredExport, inputs: PlanInputs, policy: Policy) -> PlanItem:
    item = plan_renewal(export, inputs)
    soon = ending_soon_findings(export.declared, item, inputs.settings.as_of, policy.end_warning)
    return replace(item, findings=(*item.findings, *soon))


def _shared_location_findings(
    export: DesiredExport, base: str | Step | None, ownership: Ownership, adopted_ids: frozenset[str]
) -> tuple[Finding, ...]:
    """Report flows of other owners that write to our location, except those that this plan adopts."""
    found = []
    for live_flow in ownership.flows:
        if live_flow.flow.id in adopted_ids:
            continue
        if (live_flow.marker and live_flow.marker.project == ownership.project) or live_flow.target is None:
            continue
        if wire.destination_type(live_flow.target.raw) is not export.type:
            continue
        location = wire.read_fields(TARGET_CONNECTION.name, live_flow.target.raw)[LOCATION]
        same_storage = export.type.identity.scope is Scope.WORLD or live_flow.base_id == base
        if same_storage and location == dict(export.target_fields[LOCATION]):
            text = f"{export.address}: the flow {live_flow.quoted_name} of another owner writes to the same location"
            hint = "give one of the two another path"
            found.append(Finding("location-shared-with-others", text, export.declared.at, hint, Level.WARNING))
    return tuple(found)


# -- what is no longer declared ---------------------------------------------------------------------------------------


def _removal_items(
    desired: DesiredState, accounts: Mapping[Address, AccountPlan], items: Sequence[PlanItem], inputs: PlanInputs
) -> list[PlanItem]:
    options = inputs.settings.options
    if options.targets:
        return []  # --target deletes nothing: it names only declared addresses
    renamed = {Address(EXPORTS, e.declared.renamed_from) for e in desired.exports.values() if e.declared.renamed_from}
    moved = frozenset(a for a in renamed if _is_moved_by_rename(a, desired, inputs.ownership))
    exports = undeclared_exports(desired, moved, inputs)
    stale: dict[Address, tuple[LiveObject, ...]] = {a: p.stale for a, p in accounts.items()}
    bases = undeclared_accounts(_add_renamed_accounts(desired, inputs.ownership), stale, (*items, *exports), inputs)
    return [*exports, *bases]


def _is_moved_by_rename(before: Address, desired: DesiredState, ownership: Ownership) -> bool:
    """Check that a rename takes the flow: only while the new address has no flow yet."""
    heirs = [a for a, e in desired.exports.items() if e.declared.renamed_from == before.name]
    return any(a not in ownership.own_flows for a in heirs)


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
        if first is None:
            merged[item.address] = item
            continue
        verb = item.verb if first.verb is Verb.UNCHANGED else first.verb
        merged[item.address] = replace(
            first,
            verb=verb,
            fields=(*first.fields, *item.fields),
            steps=(*first.steps, *item.steps),
            consequences=(*first.consequences, *item.consequences),
            refusals=(*first.refusals, *item.refusals),
            findings=(*first.findings, *item.findings),
        )
    return list(merged.values())


def _add_plan_wide_findings(
    items: list[PlanItem], desired: DesiredState, bases: Mapping[Address, BaseLookup], inputs: PlanInputs
) -> list[PlanItem]:
    """Add what only the whole plan shows: likely renames, and datasets that move from one flow to another."""
    found = {address: base.value for address, base in bases.items()}
    return dataset_moves.add_dataset_moves(
        rename_hints.add_rename_findings(items, desired, found, inputs), desired, found, inputs
    )


def _add_spec_findings(desired: DesiredState, live: Inventory, items: list[PlanItem]) -> list[PlanItem]:
    """Check accounts that are created, changed or replaced against the live connection spec."""
    checked = []
    for item in items:
        account = desired.accounts.get(item.address)
        if account is not None and item.verb in CHANGE_VERBS:
            item = replace(item, findings=(*item.findings, *spec_check.check_account(account, live.specs)))
        checked.append(item)
    return checked


def _add_safety_checks(
    desired: DesiredState, ownership: Ownership, items: list[PlanItem], options: PlanOptions
) -> list[PlanItem]:
    consented = frozenset(i.address for i in items if removed_entry(desired.project, i.address))
    live = frozenset(a for a in ownership.own_flows if a.root == EXPORTS)
    allowed = max(desired.project.policy.max_deletes, options.allow_deletes)
    return list(safety_checks.add_deletion_refusals(items, consented, live, allowed))


def _apply_rule_settings(item: PlanItem, project: Project) -> PlanItem:
    """Apply the levels that the config sets for findings, and remove the findings that it allows."""
    return replace(item, findings=apply_settings(item.findings, project, PLAN_RULES_BY_ID, str(item.address)))


def _lower_errors_to_warnings(item: PlanItem) -> PlanItem:
    """Lower errors to warnings: a raised level in the config must not prevent a renewal."""
    found = (replace(f, level=Level.WARNING) if f.level is Level.ERROR else f for f in item.findings)
    return replace(item, findings=tuple(found))


def _plan_findings(
    desired: DesiredState, ownership: Ownership, items: Sequence[PlanItem], chosen: Mapping[Address, DesiredExport]
) -> tuple[Finding, ...]:
    found = [
        Finding("reference-unset", f"{u.variable} is not set", u.at, f"run `export {u.variable}=…` before the plan")
        for u in desired.project.unset
    ]
    total = len(ownership.flows) + sum(
        i.verb in (Verb.CREATE, Verb.COMPLETE) and i.address.root == EXPORTS for i in items
    )
    if total > FLOW_LIMIT:
        text = f"the sandbox would have {total} destinations, but Adobe's limit is {FLOW_LIMIT}"
        hint = "put datasets with the same schedule into one export"
        found.append(Finding("destination-limit", text, None, hint, Level.WARNING))
    return tuple(found)


def _other_flows(ownership: Ownership) -> tuple[OtherFlow, ...]:
    """Return every flow that is not ours, with its end."""
    others = [h for h in ownership.flows if not (h.marker and h.marker.project == ownership.project)]
    return tuple(sorted((_other_flow(h) for h in others), key=lambda u: (u.name, u.id)))


def _other_flow(live_flow: LiveFlow) -> OtherFlow:
    read = wire.read_fields(FLOW.name, live_flow.flow.raw)
    kind = wire.destination_type(live_flow.flow.raw)
    assumed = read["end"] is None and kind is not None and read[EVERY] != ONCE
    marker = live_flow.flow.marker or live_flow.marker
    return OtherFlow(
        id=live_flow.flow.id,
        name=live_flow.flow.name,
        type=kind.name if kind else None,
        owner=marker.project if marker else None,
        enabled=read["enabled"],
        ends=default_end(live_flow.flow.created_at) if assumed else read["end"],
        assumed_end=assumed,
    )
