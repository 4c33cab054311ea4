"""
The planner: desired + live + flags + a moment -> Plan. Pure, and the same plan for `plan`, `drift` and `apply`.

It reads nothing, prints nothing and asks nobody. Equal input gives an equal plan: items are sorted here, once.

    accounts that an export needs ─┐
    declared exports ──────────────┼─▶ items ─▶ targets ─▶ settings ─▶ gates ─▶ Plan
    ours, no longer declared ──────┘
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from exportctl import wire
from exportctl.declared import Policy, Project
from exportctl.errors import Finding, Level
from exportctl.flags import Flags
from exportctl.kinds import ANCHOR, PLACE
from exportctl.model import (
    CHANGES,
    DESTINATIONS,
    EXPORTS,
    Address,
    Header,
    Item,
    Live,
    LiveObject,
    Plan,
    Step,
    Unmanaged,
    Verb,
)
from exportctl.planning import endings, gates, handovers, leftovers, renames, spec_check
from exportctl.planning.accounts import AccountPlan, existing, plan_account
from exportctl.planning.creation import Scene
from exportctl.planning.expand import AccountUse, Desired, DesiredExport
from exportctl.planning.exports import plan_export, plan_renewal
from exportctl.planning.ownership import FLOW_LIMIT, Estate, Holding, reclaimed, survey
from exportctl.planning.removals import consent, undeclared_accounts, undeclared_exports
from exportctl.planning.standing import Terms
from exportctl.rules import planner as rules_planner
from exportctl.rules.settings import settled
from exportctl.schedules import ONCE, default_end


@dataclass(frozen=True)
class Base:
    """What an export's account came to: an id, the step that makes it, or None with the reason."""

    value: str | Step | None
    finding: Finding | None = None


def plan(desired: Desired, live: Live, header: Header, flags: Flags, as_of: int, unset: Sequence[str] = ()) -> Plan:
    """
    Plan one sandbox. `unset` names references that were not set when the values were read.

    Findings of level error (a dataset nobody knows, an account not found) are on the items: apply refuses such a plan.
    """
    project = desired.project
    estate = reclaimed(survey(live, project.name), _adopted(desired))
    terms = Terms(project.name, flags, as_of, project.accept)
    scene = Scene(estate, live.datasets or (), terms)
    chosen = {a: e for a, e in desired.exports.items() if flags.targeted(a)}
    if flags.renew_only:
        items = [_renewal(export, scene, project.policy) for export in chosen.values()]
    else:
        items = _changes(desired, chosen, live, scene)
    items = [_settled(item, project) for item in items]
    if flags.renew_only:
        items = [_warned(item) for item in items]
    return Plan(
        header=header,
        as_of=as_of,
        items=tuple(sorted(items, key=_order)),
        findings=settled(_whole(desired, estate, items, chosen), project, rules_planner.BY_ID),
        unmanaged=_unmanaged(estate),
        unset=tuple(sorted(unset)),
        flags=flags.saved(),
        targeted_out=len(desired.exports) - len(chosen),
    )


def _changes(desired: Desired, chosen: Mapping[Address, DesiredExport], live: Live, scene: Scene) -> list[Item]:
    """All that a plan changes, with what only the plan as a whole shows."""
    estate, flags, as_of = scene.estate, scene.terms.flags, scene.terms.as_of
    accounts = _accounts(desired, chosen.values(), estate, flags, as_of)
    taken = frozenset(e.declared.adopt for e in chosen.values() if e.declared.adopt)
    bases = {a: _base(e.account, e, accounts, estate) for a, e in sorted(chosen.items())}
    exports = [_export(chosen[a], base, scene, live, taken, desired.project.policy) for a, base in bases.items()]
    items = [*(a.item for a in accounts.values()), *exports]
    items += _removals(desired, accounts, items, scene)
    items = leftovers.told(_told(_merged(items), desired, bases, scene), estate, as_of)
    return _gated(desired, estate, _checked(desired, live, items), flags)


def _adopted(desired: Desired) -> dict[str, frozenset[Address]]:
    """The addresses that a flow may have, by its id, as `adopt` says it; that before a rename too."""
    exports = [(address, e.declared) for address, e in desired.exports.items() if e.declared.adopt]
    return {
        str(e.adopt): frozenset({address, *([Address(EXPORTS, e.renamed_from)] if e.renamed_from else [])})
        for address, e in exports
    }


def _order(item: Item) -> tuple[int, str, str, str]:
    return (item.address.root != DESTINATIONS, item.address.name, item.verb.value, item.id or "")


# -- accounts ---------------------------------------------------------------------------------------------------------


def _accounts(
    desired: Desired, exports: Iterable[DesiredExport], estate: Estate, flags: Flags, as_of: int
) -> dict[Address, AccountPlan]:
    """Plans for the accounts of ours that exports need, and for declared ones that exist already."""
    needed = {e.account.own for e in exports if e.account.own}
    planned = {}
    for address, account in sorted(desired.accounts.items()):
        exists = existing(account, estate)
        if address in needed or (exists and flags.targeted(address)):
            accept = desired.project.accept
            planned[address] = plan_account(account, estate, as_of, accept=accept, again=flags.rotate == address)
    return planned


def _base(use: AccountUse, export: DesiredExport, accounts: Mapping[Address, AccountPlan], estate: Estate) -> Base:
    if use.own is not None:
        return Base(accounts[use.own].base)
    if use.id is not None:
        if use.id in estate.bases:
            return Base(use.id)
        return Base(None, _no_account(export, f"the base connection {use.id} is not in this sandbox", ()))
    named = [b for b in estate.bases.values() if b.name == use.existing and wire.destination_type(b.raw) is export.type]
    if len(named) == 1:
        return Base(named[0].id)
    if named:
        ids = ", ".join(sorted(b.id for b in named))
        return Base(None, _no_account(export, f'{len(named)} accounts are called "{use.existing}": {ids}', ids))
    others = sorted(b.name for b in estate.bases.values() if wire.destination_type(b.raw) is export.type)
    text = f'no {export.type.label} account is called "{use.existing}" in this sandbox'
    return Base(None, _no_account(export, text, ", ".join(f'"{n}"' for n in others)))


def _no_account(export: DesiredExport, text: str, candidates: object) -> Finding:
    hint = "create it in the UI, or give the destination `auth`"
    if candidates:
        hint = f"candidates: {candidates}; name one with `account: {{id: …}}`"
    at = export.declared.where.get("destination", export.declared.at)
    return Finding("account-not-found", f"{export.address}: {text}", at, hint)


# -- exports ----------------------------------------------------------------------------------------------------------


def _export(export: DesiredExport, base: Base, scene: Scene, live: Live, taken: frozenset[str], policy: Policy) -> Item:
    item = plan_export(export, base.value, scene)
    if base.finding:
        item = replace(item, findings=(*item.findings, base.finding))
    if item.verb in CHANGES:
        item = replace(item, findings=(*item.findings, *spec_check.check_export(export, live.specs)))
    soon = endings.near(export.declared, item, scene.terms.as_of, policy.end_warning)
    return replace(item, findings=(*item.findings, *soon, *_neighbours(export, base.value, scene.estate, taken)))


def _renewal(export: DesiredExport, scene: Scene, policy: Policy) -> Item:
    item = plan_renewal(export, scene)
    soon = endings.near(export.declared, item, scene.terms.as_of, policy.end_warning)
    return replace(item, findings=(*item.findings, *soon))


def _neighbours(
    export: DesiredExport, base: str | Step | None, estate: Estate, taken: frozenset[str]
) -> tuple[Finding, ...]:
    """Flows of others that write to our place; those with an id in `taken` are adopted, and no others' any more."""
    found = []
    for holding in estate.holdings:
        if holding.flow.id in taken:
            continue
        if (holding.marker and holding.marker.project == estate.project) or holding.place is None:
            continue
        if wire.destination_type(holding.place.raw) is not export.type:
            continue
        place = wire.read(PLACE.name, holding.place.raw)["place"]
        same_storage = "bucket" in place or holding.base == base
        if same_storage and place == dict(export.place["place"]):
            name = f'{holding.flow.id} "{holding.flow.name}"'
            text = f"{export.address}: the flow {name}, not ours, writes to the same place"
            hint = "give one of them another path"
            found.append(Finding("place-shared-with-others", text, export.declared.at, hint, Level.WARNING))
    return tuple(found)


# -- what is no longer declared ---------------------------------------------------------------------------------------


def _removals(
    desired: Desired, accounts: Mapping[Address, AccountPlan], items: Sequence[Item], scene: Scene
) -> list[Item]:
    flags = scene.terms.flags
    if flags.targets:
        return []  # --target never deletes outside, and what it names is declared
    renamed = {Address(EXPORTS, e.declared.renamed_from) for e in desired.exports.values() if e.declared.renamed_from}
    moved = frozenset(a for a in renamed if _taken_over(a, desired, scene.estate))
    exports = undeclared_exports(desired, moved, scene)
    stale: dict[Address, tuple[LiveObject, ...]] = {a: p.stale for a, p in accounts.items()}
    bases = undeclared_accounts(_without_renamed(desired, scene.estate), stale, (*items, *exports), scene)
    return [*exports, *bases]


def _taken_over(before: Address, desired: Desired, estate: Estate) -> bool:
    """A rename takes the holding only while nothing lives at the address it is renamed to."""
    heirs = [a for a, e in desired.exports.items() if e.declared.renamed_from == before.name]
    return any(a not in estate.ours for a in heirs)


def _without_renamed(desired: Desired, estate: Estate) -> Desired:
    """Accounts at their address before a rename count as declared."""
    before = {
        Address(DESTINATIONS, a.declared.renamed_from): a
        for a in desired.accounts.values()
        if a.declared.renamed_from and a.address not in estate.accounts
    }
    return replace(desired, accounts={**before, **desired.accounts})


# -- the whole --------------------------------------------------------------------------------------------------------


def _merged(items: Sequence[Item]) -> list[Item]:
    """One item per address: what is left behind by a replacement goes with what replaced it."""
    merged: dict[Address, Item] = {}
    for item in items:
        first = merged.get(item.address)
        if first is None:
            merged[item.address] = item
            continue
        verb = item.verb if first.verb is Verb.NONE else first.verb
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


def _told(items: list[Item], desired: Desired, bases: Mapping[Address, Base], scene: Scene) -> list[Item]:
    """What only the plan as a whole shows: likely renames, and datasets that go from one flow to another."""
    found = {address: base.value for address, base in bases.items()}
    return handovers.told(renames.told(items, desired, found, scene), desired, found, scene)


def _checked(desired: Desired, live: Live, items: list[Item]) -> list[Item]:
    """Findings of the live spec about accounts that are created, changed or replaced."""
    checked = []
    for item in items:
        account = desired.accounts.get(item.address)
        if account is not None and item.verb in CHANGES:
            item = replace(item, findings=(*item.findings, *spec_check.check_account(account, live.specs)))
        checked.append(item)
    return checked


def _gated(desired: Desired, estate: Estate, items: list[Item], flags: Flags) -> list[Item]:
    consented = frozenset(i.address for i in items if consent(desired.project, i.address))
    live = frozenset(a for a in estate.ours if a.root == EXPORTS)
    allowed = max(desired.project.policy.max_deletes, flags.allow_deletes)
    return list(gates.deletions(items, consented, live, allowed))


def _settled(item: Item, project: Project) -> Item:
    """With the levels that the config sets for findings, without those it allows."""
    return replace(item, findings=settled(item.findings, project, rules_planner.BY_ID, str(item.address)))


def _warned(item: Item) -> Item:
    """`renew` writes rolling ends and nothing else: a level that the config raises keeps no feed from going on."""
    found = (replace(f, level=Level.WARNING) if f.level is Level.ERROR else f for f in item.findings)
    return replace(item, findings=tuple(found))


def _whole(
    desired: Desired, estate: Estate, items: Sequence[Item], chosen: Mapping[Address, DesiredExport]
) -> tuple[Finding, ...]:
    found = [
        Finding("reference-unset", f"{u.variable} is not set", u.at, f"export {u.variable}=… before planning")
        for u in desired.project.unset
    ]
    total = len(estate.holdings) + sum(
        i.verb in (Verb.CREATE, Verb.COMPLETE) and i.address.root == EXPORTS for i in items
    )
    if total > FLOW_LIMIT:
        text = f"the sandbox would hold {total} destinations; Adobe's limit is {FLOW_LIMIT}"
        found.append(
            Finding("destination-limit", text, None, "group datasets with one schedule in one flow", Level.WARNING)
        )
    return tuple(found)


def _unmanaged(estate: Estate) -> tuple[Unmanaged, ...]:
    """Every flow that is not ours, with its end."""
    others = [h for h in estate.holdings if not (h.marker and h.marker.project == estate.project)]
    return tuple(sorted((_stranger(h) for h in others), key=lambda u: (u.name, u.id)))


def _stranger(holding: Holding) -> Unmanaged:
    read = wire.read(ANCHOR.name, holding.flow.raw)
    kind = wire.destination_type(holding.flow.raw)
    assumed = read["end"] is None and kind is not None and read["cadence"] != ONCE
    marker = holding.flow.marker or holding.marker
    return Unmanaged(
        id=holding.flow.id,
        name=holding.flow.name,
        type=kind.name if kind else None,
        owner=marker.project if marker else None,
        enabled=read["enabled"],
        ends=default_end(holding.flow.created) if assumed else read["end"],
        assumed_end=assumed,
    )
