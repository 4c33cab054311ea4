"""
Find orphans: connections of ours that no flow uses, with the reason and what happens to them. Pure.

    orphan                         reason                                        what happens
    source or target connection    its flow uses another one, after a change     the next apply deletes it
                                   or an interrupted run
                                   no flow for less than 24 hours, after an      the next apply deletes it, or
                                   interrupted run or a deletion                 completes the creation
                                   no visible flow for longer                    reported, the flow may be hidden;
                                                                                 `removed` deletes it
    base connection                another one replaced it                       the next apply deletes it
                                   the config does not declare it                `removed` deletes it

The marker says who owns a connection. A connection without our marker, or with a flow, is not an orphan. This module
decides nothing: it reads the items of a plan, and describes orphans for `plan` and `doctor`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from exportctl.errors import Level
from exportctl.model.plan import EXPORTS, Action, Address, Consequence, LiveObject, PlanItem, Verb
from exportctl.model.schedule import format_moment
from exportctl.plan.create import COMPLETION_WINDOW
from exportctl.plan.ownership import Ownership
from exportctl.resources.kinds import KINDS


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


def add_orphan_deletions(items: Sequence[PlanItem], ownership: Ownership, as_of: int) -> list[PlanItem]:
    """Add to each item the orphans that it deletes."""
    found = find_orphans(items, ownership, as_of)
    return [replace(i, consequences=(*i.consequences, *_deletion_consequences(i, found))) for i in items]


def _deletion_consequences(item: PlanItem, found: Sequence[Orphan]) -> Iterator[Consequence]:
    for one in found:
        if one.deleted_by is item and not (item.verb is Verb.DELETE and item.id == one.live.id):
            yield Consequence("orphan-deleted", f"deletes {orphan_label(one.live)}: {one.why}")


def find_orphans(items: Sequence[PlanItem], ownership: Ownership, as_of: int) -> tuple[Orphan, ...]:
    """Return every orphan, by address and kind, the oldest first."""
    deleted = {s.id: i for i in items for s in i.steps if s.action is Action.DELETE and s.id}
    children = [
        Orphan(address, live, _orphan_reason(address, live, ownership, as_of), deleted.get(live.id))
        for address, objects in ownership.orphans.items()
        if address.root == EXPORTS
        for live in objects
    ]
    order = list(KINDS)
    return tuple(
        sorted(
            (*children, *_orphan_base_connections(deleted, ownership)),
            key=lambda one: (one.address, order.index(one.live.kind)),
        )
    )


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


def orphan_fix(one: Orphan, items: Sequence[PlanItem]) -> str:
    """Say what to do about an orphan, in one line; `items` are those of its plan."""
    item = one.deleted_by or next((i for i in items if i.address == one.address), None)
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
    blocked = any(i.refusals or any(f.level is Level.ERROR for f in i.findings) for i in items)
    return f"`exportctl apply` {does}" + (", when nothing in the plan is refused any more" if blocked else "")
