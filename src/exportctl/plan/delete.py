"""
Plan what is ours and no longer declared: delete it, release it, clean it up, or only report it. Pure.

    no longer declared       `removed` says   result
    export with a flow       delete           deletion, allowed
                             release          markers removed, the flow still runs
                             nothing          deletion; the safety check decides
    flow without its marker  delete, nothing  deletion, refused: the owner is not certain
    connections, no flow     delete           deleted
                             nothing, young   deleted: a creation was interrupted and then withdrawn
                             nothing, old     reported only: the flow may be hidden from this credential
    account, unused          delete           deletion, allowed
                             release          marker removed
                             nothing          deletion; the safety check decides
    account, in use          all but release  reported only, with its users
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from exportctl.errors import Finding, Level
from exportctl.model.plan import (
    EXPORTS,
    Address,
    Cause,
    Consequence,
    FieldChange,
    Inventory,
    LiveObject,
    PlanItem,
    Refusal,
    Step,
    Verb,
)
from exportctl.model.project import Project, RemovedEntry
from exportctl.plan import safety_checks, steps
from exportctl.plan.create import COMPLETION_WINDOW, PlanInputs, child_kind, deletion_steps
from exportctl.plan.desired import DesiredState
from exportctl.plan.orphans import orphan_label
from exportctl.plan.ownership import LiveFlow, Ownership, build_ownership
from exportctl.resources.kinds import BASE_CONNECTION, FLOW, TARGET_CONNECTION, Kind

_RELEASED = Consequence("released", "removes the ownership marker; the flow still runs, but exportctl ignores it")
_EXPORT_ENDS = Consequence(
    "export-ends",
    "ends the export; delivered files stay; to create it again later causes a full re-export",
    "warning",
)


def removed_entry(project: Project, address: Address) -> RemovedEntry | None:
    """
    Return the `removed` entry for an address: KEY/PART, or KEY for all its parts.

    While KEY is declared, an entry for KEY dates from before the split and allows no deletion of a part.
    """
    key = address.name.partition("/")[0]
    declared = any(e.declared_key == key for e in project.exports.values())
    names = (address.name,) if declared else (address.name, key)
    return next((r for r in project.removed if r.root == address.root and r.name in names), None)


def undeclared_exports(wanted: DesiredState, excluded: frozenset[Address], inputs: PlanInputs) -> list[PlanItem]:
    """Plan every export of ours that the config no longer declares, except `excluded`."""
    ownership = inputs.ownership
    undeclared = sorted(
        a for a in {*ownership.own_flows, *ownership.orphans} if a not in wanted.exports and a not in excluded
    )
    return [_export_item(address, wanted, inputs) for address in undeclared if address.root == EXPORTS]


def _export_item(address: Address, wanted: DesiredState, inputs: PlanInputs) -> PlanItem:
    live_flows = inputs.ownership.own_flows.get(address, ())
    orphans = inputs.ownership.orphans.get(address, ())
    entry = removed_entry(wanted.project, address)
    if not live_flows:
        return _orphan_item(address, orphans, entry, inputs)
    if entry and entry.do == "release":
        return PlanItem(
            address,
            Verb.RELEASE,
            id=live_flows[0].flow.id,
            steps=tuple(s for h in live_flows for s in _release_steps(address, h)),
            consequences=(_RELEASED,),
            at=entry.at,
        )
    made = [s for h in live_flows for s in deletion_steps(address, h, needs=[])]
    made += [steps.delete_step(child_kind(o), address, o, needs=[s.key for s in made]) for o in orphans]
    titles = tuple(FieldChange("title", "title", h.flow.name, None, Cause.PENDING) for h in live_flows)
    return PlanItem(
        address,
        Verb.DELETE,
        id=live_flows[0].flow.id,
        fields=titles,
        steps=tuple(made),
        consequences=(_EXPORT_ENDS,),
        refusals=tuple(
            r
            for h in live_flows
            for r in (*_lost_marker_refusals(h), *safety_checks.protect_refusals(h.marker, Verb.DELETE, ()))
        ),
        at=entry.at if entry else None,
    )


def _lost_marker_refusals(live_flow: LiveFlow) -> tuple[Refusal, ...]:
    """Refuse to delete a flow without its marker: its connections have ours, but another flow may use them now."""
    if not live_flow.marker_lost:
        return ()
    text = (
        f"the flow {live_flow.quoted_name} lost its marker; the markers of its connections are not enough to delete it"
    )
    allow = "declare the export and apply once to write the marker, or `do: release`, or delete the flow in the UI"
    return (Refusal("marker-lost", text, allow),)


def _release_steps(address: Address, live_flow: LiveFlow) -> list[Step]:
    pairs: list[tuple[Kind, LiveObject]] = [(FLOW, live_flow.flow)]
    if live_flow.target is not None and live_flow.can_change(live_flow.target):
        pairs.append((TARGET_CONNECTION, live_flow.target))
    return [
        steps.update_step(kind, address, live, type_name="", fields={}, marker=None, unmark=True, what="release")
        for kind, live in pairs
        if live.marker is not None
    ]


def _orphan_item(
    address: Address, orphans: Sequence[LiveObject], entry: RemovedEntry | None, inputs: PlanInputs
) -> PlanItem:
    every = bool(entry and entry.do == "delete")
    cleared = [o for o in orphans if every or inputs.settings.as_of - o.created_at < COMPLETION_WINDOW]
    made = tuple(steps.delete_step(child_kind(o), address, o) for o in cleared)
    kept = [orphan_label(o) for o in orphans if o not in cleared]
    findings: tuple[Finding, ...] = ()
    if kept:
        text = f"{address}: its connections have no flow that this credential can see: {', '.join(kept)}"
        hint = f"if the flow was deleted, write `removed: [{{export: {address.name}, do: delete, reason: …}}]`"
        findings = (Finding("orphans", text, None, hint, Level.WARNING),)
    return PlanItem(address, Verb.CLEAN if made else Verb.UNCHANGED, steps=made, findings=findings)


def undeclared_accounts(
    wanted: DesiredState, stale: Mapping[Address, Sequence[LiveObject]], items: Iterable[PlanItem], inputs: PlanInputs
) -> list[PlanItem]:
    """
    Plan base connections of ours that are not declared, and those that a replacement made useless (`stale`).

    An account is deleted after every flow and target on it. Objects that this plan deletes do not count as users.
    """
    deleting_steps = {s.id: s.key for i in items for s in i.steps if s.action == "delete" and s.id}
    made = []
    for address, bases in sorted(inputs.ownership.own_accounts.items()):
        if address in wanted.accounts:
            bases = tuple(b for b in bases if b in stale.get(address, ()))
        entry = removed_entry(wanted.project, address)
        made += [
            _account_item(address, base, entry, deleting_steps, inputs, replaced=address in wanted.accounts)
            for base in bases
        ]
    return made


def _account_item(
    address: Address,
    base: LiveObject,
    entry: RemovedEntry | None,
    deleting_steps: Mapping[str, str],
    inputs: PlanInputs,
    *,
    replaced: bool,
) -> PlanItem:
    ownership = inputs.ownership
    users = [*ownership.base_users.get(base.id, ()), *(h.flow.id for h in ownership.flows_on(base.id))]
    staying = sorted({u for u in users if u not in deleting_steps})
    if entry and entry.do == "release":
        step = steps.update_step(
            BASE_CONNECTION, address, base, type_name="", fields={}, marker=None, unmark=True, what="release"
        )
        return PlanItem(address, Verb.RELEASE, id=base.id, steps=(step,), at=entry.at)
    if staying:
        return _account_in_use_item(address, base, ownership, len(staying), entry, replaced)
    step = steps.delete_step(BASE_CONNECTION, address, base, needs=[deleting_steps[u] for u in users])
    if replaced:
        return PlanItem(address, Verb.CLEAN, id=base.id, steps=(step,))
    return PlanItem(
        address,
        Verb.DELETE,
        id=base.id,
        fields=(FieldChange("title", "title", base.name, None, Cause.PENDING),),
        steps=(step,),
        at=entry.at if entry else None,
    )


def _account_in_use_item(
    address: Address, base: LiveObject, ownership: Ownership, users: int, entry: RemovedEntry | None, replaced: bool
) -> PlanItem:
    names = ", ".join(sorted(f'"{h.flow.name}"' for h in ownership.flows_on(base.id))) or f"{users} target connections"
    text = f"{address}: the base connection {base.id} stays, because {names} use it"
    level = Level.NOTE if replaced else Level.WARNING
    at = entry.at if entry else None
    return PlanItem(
        address, Verb.UNCHANGED, id=base.id, findings=(Finding("account-in-use", text, at, None, level),), at=at
    )


def duplicate_deletions(live: Inventory, created: Collection[str], project: str) -> Iterator[Step]:
    """
    Delete the younger of the flows that two runs created for one address at the same time.

    A run deletes only its own flows: `created` are the ids that this run created.
    """
    for address, live_flows in sorted(build_ownership(live, project).own_flows.items()):
        newest = max(h.generation for h in live_flows)
        rivals = sorted((h for h in live_flows if h.generation == newest), key=_creation_order)
        for live_flow in rivals[1:]:
            if live_flow.flow.id in created:
                yield from deletion_steps(address, live_flow, needs=[])


def _creation_order(live_flow: LiveFlow) -> tuple[int, str]:
    return live_flow.flow.created_at_ms, live_flow.flow.id
