"""
Leftovers: connections of ours that nothing uses, why they are there, and what becomes of them. Pure.

    connection of ours            why it is one                                     what becomes of it
    source, target without flow   its flow uses another one: a change, a run cut    the next apply deletes it
                                  off
                                  no flow: a run cut off, or the flow deleted,      the next apply deletes it, or
                                  within 24 hours                                   completes the creation
                                  no flow that can be seen, for longer              reported, as its flow may be hidden:
                                                                                    `removed` has it deleted
    base connection, unused       another one took its place                        the next apply deletes it
                                  nothing declares it                               `removed` has it deleted

Whose a connection is, its marker says; what is unmarked, of another project, or used by any flow is no leftover. This
module decides nothing: it reads what the items of a plan do, and says it for `plan` and `doctor`.
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
    """One connection, the address its marker names, and the item that deletes it, if one does."""

    address: Address
    live: LiveObject
    why: str
    deleted_by: PlanItem | None


def orphan_label(live: LiveObject) -> str:
    """`source connection 1a2b of 2027-01-15 08:00 UTC`."""
    since = f" of {format_moment(live.created_at)}" if live.created_at else ""
    return f"{KINDS[live.kind].label} {live.id}{since}"


def add_orphan_deletions(items: Sequence[PlanItem], ownership: Ownership, as_of: int) -> list[PlanItem]:
    """The items, each with the leftovers that it deletes."""
    found = find_orphans(items, ownership, as_of)
    return [replace(i, consequences=(*i.consequences, *_deletion_consequences(i, found))) for i in items]


def _deletion_consequences(item: PlanItem, found: Sequence[Orphan]) -> Iterator[Consequence]:
    for one in found:
        if one.deleted_by is item and not (item.verb is Verb.DELETE and item.id == one.live.id):
            yield Consequence("leftover", f"deletes {orphan_label(one.live)}: {one.why}")


def find_orphans(items: Sequence[PlanItem], ownership: Ownership, as_of: int) -> tuple[Orphan, ...]:
    """Every connection of ours that nothing uses, by address and kind, the oldest of each first."""
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
        return f"no flow uses it, that of {address} has another"
    if as_of - live.created_at < COMPLETION_WINDOW:
        return "no flow uses it; a run was cut off, or the flow was deleted"
    return "no flow that this credential can see uses it"


def _orphan_base_connections(deleted: Mapping[str, PlanItem], ownership: Ownership) -> Iterator[Orphan]:
    """Base connections that this plan deletes, and that nothing uses by now."""
    for address, bases in ownership.own_accounts.items():
        for live in bases:
            item = deleted.get(live.id)
            if item is not None and not ownership.base_users.get(live.id) and not ownership.flows_on(live.id):
                is_deletion = item.verb is Verb.DELETE
                why = (
                    "nothing uses it, and nothing declares it"
                    if is_deletion
                    else "nothing uses it, another took its place"
                )
                yield Orphan(address, live, why, item)


def orphan_fix(one: Orphan, items: Sequence[PlanItem]) -> str:
    """What to do about it, in one line; `items` are those of the plan it was found with."""
    item = one.deleted_by or next((i for i in items if i.address == one.address), None)
    if item is None:
        return "something goes on from this address: the plan after the next apply tells"
    errors = [f.message for f in item.findings if f.level is Level.ERROR]
    if errors:
        return f"mend first: {errors[0]}"
    if item.refusals:
        return f"stays until this is allowed: {item.refusals[0].allow}"
    if one.deleted_by is None and item.verb is Verb.UNCHANGED:
        entry = f"`removed: [{{export: {one.address.name}, do: delete, reason: …}}]`"
        return f"if its flow is gone: {entry}, then `exportctl apply` deletes it"
    does = "deletes it" if one.deleted_by else "takes it up"
    blocked = any(i.refusals or any(f.level is Level.ERROR for f in i.findings) for i in items)
    return f"`exportctl apply` {does}" + (", once nothing in the plan is refused" if blocked else "")
