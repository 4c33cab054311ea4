"""
Plan what is ours and no longer declared: delete it, release it, clean it up, or only report it. Pure.

    no longer declared       `removed` says   result
    export with a flow       delete           deletion, allowed
                             release          markers removed, the flow still runs; also the markers of
                                              connections that a flow of no or another owner uses
                             nothing          deletion; the safety check decides
    flow without its marker  delete, nothing  deletion, refused: the owner is not certain
    connections, no flow     delete           deleted
                             nothing, young   deleted: a creation was interrupted and then withdrawn
                             nothing, old     reported only: the flow may be hidden from this credential
    account, unused          delete           deletion, allowed
                             release          marker removed
                             nothing          deletion; the safety check decides
    account, in use          all but release  reported only, with its users

An orphan is a connection with our marker that no flow uses. `plan` and `doctor` say why it exists and what happens:

    orphan                         reason                                        what happens
    source or target connection    its flow uses another one, after a change     the next apply deletes it
                                   or an interrupted run
                                   no flow for less than 24 hours, after an      the next apply deletes it, or
                                   interrupted run or a deletion                 completes the creation
                                   no visible flow for longer                    reported, the flow may be hidden;
                                                                                 `removed` deletes it
    base connection                another one replaced it                       the next apply deletes it
                                   the config does not declare it                `removed` deletes it
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from exportctl.errors import Finding, Level
from exportctl.frozen import dataclass
from exportctl.model.plan import (
    EXPORTS,
    Action,
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
from exportctl.model.schedule import format_moment
from exportctl.model.verdict import ORPHAN_DELETED
from exportctl.plan import safety_checks, steps
from exportctl.plan.create import COMPLETION_WINDOW, deletion_steps
from exportctl.plan.desired import DesiredState
from exportctl.plan.flow_state import PlanInputs
from exportctl.plan.grouping import group_by_key
from exportctl.plan.look_alikes import moved_finding
from exportctl.plan.loss import account_loss, flow_loss
from exportctl.plan.ownership import LiveFlow, Ownership, build_ownership
from exportctl.resources.kinds import KINDS

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
    names = {address.name} if key in project.declared_keys else {address.name, key}
    found = [place for name in names if (place := project.removed_places.get((address.root, name))) is not None]
    return project.removed[min(found)] if found else None


def undeclared_exports(wanted: DesiredState, excluded: frozenset[Address], inputs: PlanInputs) -> list[PlanItem]:
    """Plan every export of ours that the config no longer declares, except `excluded`."""
    ownership = inputs.ownership
    claimed = _claimed_connections(ownership)
    released = {a for a in claimed if _is_released(wanted.project, a)}
    undeclared = sorted(
        a
        for a in {*ownership.own_flows, *ownership.orphans, *released}
        if a not in wanted.exports and a not in excluded
    )
    made = [_export_item(a, claimed.get(a, ()), wanted, inputs) for a in undeclared if a.root == EXPORTS]
    return [*made, *_moved_items(wanted, {i.address for i in made}, ownership)]


def _moved_items(wanted: DesiredState, planned: Collection[Address], ownership: Ownership) -> Iterator[PlanItem]:
    """Yield a note for each `removed` entry of an export that another project took over."""
    for entry in wanted.project.removed:
        address = Address(entry.root, entry.name)
        live_flow = ownership.flow_moved_from(address) if entry.root == EXPORTS else None
        if live_flow and address not in planned and address not in wanted.exports:
            note = moved_finding(address, live_flow, is_declared=False)
            yield PlanItem(address, Verb.UNCHANGED, findings=(note,), at=entry.at)


def _export_item(address: Address, claimed: Sequence[LiveObject], wanted: DesiredState, inputs: PlanInputs) -> PlanItem:
    live_flows = inputs.ownership.own_flows.get(address, ())
    orphans = inputs.ownership.orphans.get(address, ())
    entry = removed_entry(wanted.project, address)
    if entry and entry.do == "release":
        return _release_item(address, live_flows, (*orphans, *claimed), entry)
    if not live_flows:
        return _orphan_item(address, orphans, entry, inputs)
    flow, at = live_flows[0].flow.id, entry.at if entry else None
    made = [s for h in live_flows for s in deletion_steps(address, h, needs=[])]
    made += [steps.delete_step(address, o, needs=[s.key for s in made]) for o in orphans]
    titles = tuple(FieldChange("title", "title", h.flow.name, None, Cause.PENDING) for h in live_flows)
    return PlanItem(
        address,
        Verb.DELETE,
        id=flow,
        fields=titles,
        steps=tuple(made),
        consequences=(_EXPORT_ENDS,),
        refusals=tuple(
            r
            for h in live_flows
            for r in (*_lost_marker_refusals(h), *safety_checks.protect_refusals(h.marker, Verb.DELETE, ()))
        ),
        at=at,
        lost=flow_loss(live_flows[0], inputs.listing, entry),
    )


def _is_released(project: Project, address: Address) -> bool:
    entry = removed_entry(project, address)
    return entry is not None and entry.do == "release"


def _release_item(
    address: Address, live_flows: Sequence[LiveFlow], others: Sequence[LiveObject], entry: RemovedEntry
) -> PlanItem:
    """Plan a release: `others` are connections that have the address although no flow of theirs has it."""
    made = [s for h in live_flows for s in _release_steps(address, h)]
    known = {s.id for s in made}
    made += [steps.release_step(address, one) for one in others if one.id not in known]
    first = live_flows[0].flow.id if live_flows else None
    return PlanItem(address, Verb.RELEASE, id=first, steps=tuple(made), consequences=(_RELEASED,), at=entry.at)


def _claimed_connections(ownership: Ownership) -> dict[Address, list[LiveObject]]:
    """
    Return connections with our marker, in use by a flow that has no marker of that address, by address.

    A source counts only where the target is hidden: it keeps its marker after a release.
    """
    found: dict[Address, list[LiveObject]] = {}
    for live_flow in ownership.flows:
        child, claim = live_flow.target or live_flow.source, live_flow.claim
        if child is None or claim is None or claim.project != ownership.project or claim.address.root != EXPORTS:
            continue
        own = live_flow.marker if not live_flow.marker_lost else None
        if own and ownership.flow_moved_from(claim.address) is live_flow:
            continue  # the other project writes the marker of the target last
        if own is None or (own.project, own.address) != (claim.project, claim.address):
            found.setdefault(claim.address, []).append(child)
    return found


def _lost_marker_refusals(live_flow: LiveFlow) -> tuple[Refusal, ...]:
    """Refuse to delete a flow without its marker: its connections have ours, but another flow may use them now."""
    if not live_flow.marker_lost:
        return ()
    flow = f"the flow {live_flow.quoted_name}"
    text = f"{flow} lost its marker; the markers of its connections are not enough to delete it"
    allow = "declare the export and apply once to write the marker, or `do: release`, or delete the flow in the UI"
    return (Refusal("marker-lost", text, allow),)


def _release_steps(address: Address, live_flow: LiveFlow) -> list[Step]:
    flow, target = live_flow.flow, live_flow.target
    made = [steps.release_step(address, flow)] if flow.marker else []
    if target and live_flow.target_marker:
        made.append(steps.release_step(address, target))
    return made


def _orphan_item(
    address: Address, orphans: Sequence[LiveObject], entry: RemovedEntry | None, inputs: PlanInputs
) -> PlanItem:
    every = bool(entry and entry.do == "delete")
    cleared = [o for o in orphans if every or inputs.as_of - o.created_at < COMPLETION_WINDOW]
    made = tuple(steps.delete_step(address, o) for o in cleared)
    return PlanItem(address, Verb.CLEAN if made else Verb.UNCHANGED, steps=made)


def undeclared_accounts(
    wanted: DesiredState, stale: Mapping[Address, Sequence[LiveObject]], items: Iterable[PlanItem], inputs: PlanInputs
) -> list[PlanItem]:
    """
    Plan base connections of ours that are not declared, and those that a replacement made useless (`stale`).

    An account is deleted after every flow and target on it. Objects that this plan deletes do not count as users.
    """
    deleting_steps = {s.id: s.key for i in items for s in i.steps if s.action is Action.DELETE and s.id}
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
    at = entry.at if entry else None
    if entry and entry.do == "release":
        release = steps.release_step(address, base)
        return PlanItem(address, Verb.RELEASE, id=base.id, steps=(release,), at=at)
    if staying:
        names = sorted(f'"{h.flow.name}"' for h in ownership.flows_on(base.id))
        listed = ", ".join(names) or f"{len(staying)} target connection{'s' if len(staying) > 1 else ''}"
        text = f"{address}: the base connection {base.id} stays, because it is used by {listed}"
        consent = f"`removed: [{{destination: {address.name}, do: release, reason: …}}]`"
        hint = f"delete what uses it or move it to another account, or release the account: {consent}"
        hint = "apply deletes it as soon as nothing uses it" if replaced else hint
        in_use = Finding("account-in-use", text, at, hint, Level.NOTE if replaced else Level.WARNING)
        return PlanItem(address, Verb.UNCHANGED, id=base.id, findings=(in_use,), at=at)
    step = steps.delete_step(address, base, needs=[deleting_steps[u] for u in users])
    if replaced:
        return PlanItem(address, Verb.CLEAN, id=base.id, steps=(step,))
    title = FieldChange("title", "title", base.name, None, Cause.PENDING)
    lost = account_loss(base, entry)
    return PlanItem(address, Verb.DELETE, id=base.id, fields=(title,), steps=(step,), at=at, lost=lost)


def duplicate_deletions(live: Inventory, created: Collection[str], project: str) -> Iterator[Step]:
    """
    Delete the younger of the flows that two runs created for one address at the same time.

    A run deletes only its own flows: `created` are the ids that this run created.
    """
    for address, live_flows in sorted(build_ownership(live, project).own_flows.items()):
        newest = max(h.generation for h in live_flows)
        rivals = [h for h in live_flows if h.generation == newest]
        for live_flow in sorted(rivals, key=lambda h: (h.flow.created_at_ms, h.flow.id))[1:]:
            if live_flow.flow.id in created:
                yield from deletion_steps(address, live_flow, needs=[])


# -- orphans ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Orphan:
    """One orphan, the address in its marker, and the item that deletes it (None if no item does)."""

    address: Address
    live: LiveObject
    why: str
    deleted_by: PlanItem | None


def orphan_label(live: LiveObject) -> str:
    """Name an orphan: `source connection 1a2b of 2027-01-15 08:00 UTC`."""
    since = f" of {format_moment(live.created_at)}" if live.created_at else ""
    return f"{KINDS[live.kind].label} {live.id}{since}"


def add_orphans(items: Sequence[PlanItem], ownership: Ownership, as_of: int) -> list[PlanItem]:
    """Say at each address which orphans a step deletes, and which ones stay. No config can silence either."""
    found = find_orphans(items, ownership, as_of)
    staying = _staying_orphan_findings(items, found)
    deleted = group_by_key(found, lambda one: id(one.deleted_by))

    def consequences(item: PlanItem) -> Iterator[Consequence]:
        for one in deleted.get(id(item), ()):
            if not (item.verb is Verb.DELETE and item.id == one.live.id):
                yield Consequence(ORPHAN_DELETED, f"deletes {orphan_label(one.live)}: {one.why}")

    return [
        item.add(
            consequences=consequences(item),
            findings=[staying[item.address]] if item.address in staying else (),
        )
        for item in items
    ]


def staying_orphan_findings(items: Sequence[PlanItem], ownership: Ownership, as_of: int) -> dict[Address, Finding]:
    """Report the orphans that no step deletes or uses, by address; an address may have no item."""
    return _staying_orphan_findings(items, find_orphans(items, ownership, as_of))


def _staying_orphan_findings(items: Sequence[PlanItem], orphans: Iterable[Orphan]) -> dict[Address, Finding]:
    used = {value for item in items for step in item.steps for value in step.refs.values()}
    found: dict[Address, list[Orphan]] = {}
    for one in orphans:
        if one.deleted_by is None and one.live.id not in used:
            found.setdefault(one.address, []).append(one)
    fixes = OrphanFixes(items) if found else None
    return {address: _staying_orphan_finding(left, fixes) for address, left in found.items() if fixes}


def _staying_orphan_finding(left: Sequence[Orphan], fixes: OrphanFixes) -> Finding:
    labels = ", ".join(orphan_label(one.live) for one in left)
    why, fix = left[0].why, fixes.phrase(left[0])  # those of one address have both in common
    return Finding("orphans", f"{left[0].address}: {why}: {labels}", None, fix, Level.WARNING)


def find_orphans(items: Sequence[PlanItem], ownership: Ownership, as_of: int) -> tuple[Orphan, ...]:
    """Return every orphan, by address and kind, the oldest first."""
    deleted = {s.id: i for i in items for s in i.steps if s.action is Action.DELETE and s.id}
    found = [
        Orphan(address, live, _orphan_reason(address, live, ownership, as_of), deleted.get(live.id))
        for address, objects in ownership.orphans.items()
        for live in objects
    ]
    found += _orphan_base_connections(deleted, ownership)
    order = list(KINDS)
    return tuple(sorted(found, key=lambda one: (one.address, order.index(one.live.kind))))


def _orphan_reason(address: Address, live: LiveObject, ownership: Ownership, as_of: int) -> str:
    if address in ownership.own_flows:
        return f"no flow uses it; the flow of {address} uses another one"
    if as_of - live.created_at < COMPLETION_WINDOW:
        return "no flow uses it, because a run was interrupted or the flow was deleted"
    return "no flow that this credential can see uses it"


def _orphan_base_connections(deleted: Mapping[str, PlanItem], ownership: Ownership) -> Iterator[Orphan]:
    """Yield unused base connections that this plan deletes."""
    for address, bases in ownership.own_accounts.items():
        for live in bases:
            item = deleted.get(live.id)
            if item is not None and not ownership.base_users.get(live.id) and not ownership.flows_on(live.id):
                why = "the config does not declare it" if item.verb is Verb.DELETE else "another one replaced it"
                yield Orphan(address, live, f"no flow uses it, and {why}", item)


class OrphanFixes:
    """What to do about the orphans of one plan; `items` are those of the plan."""

    def __init__(self, items: Sequence[PlanItem]):
        self._items = {item.address: item for item in reversed(items)}
        self._is_blocked = any(map(_is_blocked, items))

    def phrase(self, one: Orphan) -> str:
        """Say what to do about an orphan, in one line."""
        item = one.deleted_by or self._items.get(one.address)
        if item is None:
            return "run `exportctl apply`, then make a new plan: another export uses this address now"
        errors = [f.message for f in item.findings if f.level is Level.ERROR]
        if errors:
            return f"fix this first: {errors[0]}"
        if item.refusals:
            return f"allow the change first: {item.refusals[0].allow}"
        if one.deleted_by is None and item.verb is Verb.UNCHANGED:
            entry = f"`removed: [{{export: {one.address.name}, do: delete, reason: …}}]`"
            return f"if its flow was deleted, write {entry}; then `exportctl apply` deletes it"
        does = "deletes it" if one.deleted_by else "uses it"
        return f"`exportctl apply` {does}" + (", when nothing in the plan is refused any more" * self._is_blocked)


def _is_blocked(item: PlanItem) -> bool:
    return bool(item.refusals) or any(f.level is Level.ERROR for f in item.findings)


def orphan_fix(one: Orphan, items: Sequence[PlanItem]) -> str:
    """Say what to do about one orphan, in one line; `items` are those of its plan."""
    return OrphanFixes(items).phrase(one)
