"""
Find values that the service stores in another spelling than this run sent, and write both into the marker. Pure.

The marker then holds two digests of the field: later plans take neither value for drift. A value that the object had
before this run is `former`: it can be a read that shows the object too late, so the caller decides how long to wait.

    enabled, secret_version   never: on or off, and never shown
    schedule.start            never: the marker holds what the YAML says, and the service shows the first run
    end                       less than a day from what was sent: a pause by hand is earlier than that
    all other fields          any value

A value that another client wrote after this run is an edit and no spelling: the service records another editor, or its
last PATCH without our marker. An action of this run hides the PATCH before it. So of a flow that this run enabled or
disabled, only a text that differs in case, blanks, slashes at its ends or signs outside ASCII counts as a spelling.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from exportctl.frozen import dataclass
from exportctl.model.digests import MARKER_DIGITS
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import (
    WRITE_CAUSES,
    Action,
    Address,
    Cause,
    FieldChange,
    LiveObject,
    Plan,
    PlanItem,
    Step,
    Verb,
    digest,
)
from exportctl.model.schedule import DAY, format_moment
from exportctl.resources.kinds import FLOW, KINDS, Treat
from exportctl.resources.wire import object_digests

_TREATS = {rule.name: rule.treat for kind in KINDS.values() for rule in kind.fields}
_SENT = WRITE_CAUSES | {Cause.RENEWAL}
_OF_AN_END = frozenset({Cause.DRIFT, Cause.PAUSED, Cause.ALREADY_MATCHES})


@dataclass(frozen=True)
class WrittenFields:
    """
    The fields that a run wrote with success, and (address, path, digest) of their values before it.

    `acted` are the ids of the flows that it enabled or disabled.
    """

    fields: frozenset[tuple[Address, str]]
    former: frozenset[tuple[Address, str, str]]
    acted: frozenset[str]

    def differ(self, plan: Plan) -> bool:
        """Say whether a field that was written still differs."""
        return any((i.address, c.field) in self.fields for i in plan.items for c in i.fields if c.cause in WRITE_CAUSES)


def written_fields(plan: Plan, outcomes: Sequence[Outcome]) -> WrittenFields:
    """Return what a run of this plan wrote with success."""
    done = {o.step.address for o in outcomes if o.status is OutcomeStatus.DONE}
    wrote: set[tuple[Address, str]] = set()
    items = [item for item in plan.items if item.address in done]
    for item in items:
        if item.verb in (Verb.CREATE, Verb.COMPLETE, Verb.REPLACE):
            wrote |= {(item.address, name) for name in _TREATS}
        wrote |= {(item.address, c.field) for c in item.fields if c.cause in _SENT}
    changes = [(i, c) for i in items for c in i.fields if c.cause in _SENT]
    former = {(i.address, c.path, digest(c.before)) for i, c in changes}
    sent = ((i, c, s.fields[c.path]) for i, c in changes for s in i.steps if c.path in s.fields)
    former |= {(i.address, c.path, digest(value)) for i, c, value in sent if value != c.after}  # a temporary title
    acted = {o.id for o in outcomes if o.status is OutcomeStatus.DONE and o.step.action is Action.ACT and o.id}
    return WrittenFields(frozenset(wrote), frozenset(former), frozenset(acted))


def spelled_changes(
    item: PlanItem, wrote: WrittenFields, live: Mapping[str, LiveObject], client: str, *, is_last_reading: bool
) -> list[FieldChange]:
    """
    Return the changes of an item that are spellings of the service; none if it has other changes too.

    `client` is the id that the service records for what this run writes.
    """
    ours = [
        c
        for c in item.fields
        if (item.address, c.field) in wrote.fields
        and c.field in _TREATS  # a creation also has changes that are no field of an object
        and _is_spelling(c, _sent_end(item, live, c.field))
        and not _is_of_another(c, client)
        and (not _can_hide_edit(item, c, wrote) or _is_alike(c.before, c.after))
        and (is_last_reading or (item.address, c.path, digest(c.before)) not in wrote.former)
    ]
    return ours if all(c in ours for c in item.fields if c.cause in WRITE_CAUSES) else []


def _is_spelling(change: FieldChange, sent_end: int | None) -> bool:
    match _TREATS[change.field]:
        case Treat.BY_ACTION | Treat.WRITE_ONLY | Treat.STARTING:
            return False
        case Treat.ENDING:
            before = change.before if isinstance(change.before, int) else None
            is_near = sent_end is not None and before is not None and 0 < abs(before - sent_end) < DAY
            return change.cause in _OF_AN_END and is_near
    return change.cause in (Cause.DRIFT, Cause.ALREADY_MATCHES)


def _is_of_another(change: FieldChange, client: str) -> bool:
    """Say whether the service records that another client wrote the value: its id, or a PATCH without our marker."""
    who = change.actor
    if who is None:
        return False
    return who.client != client if who.client else who.at is not None


def _can_hide_edit(item: PlanItem, change: FieldChange, wrote: WrittenFields) -> bool:
    """Say whether an action of this run may have hidden that another client wrote the value before it."""
    is_of_flow = change.field in FLOW.managed_fields and _TREATS[change.field] is not Treat.REPOINT
    return item.id in wrote.acted and is_of_flow


def _is_alike(stored: object, sent: object) -> bool:
    """Say whether two texts differ only in what a service may change when it stores a text."""
    if not isinstance(stored, str) or not isinstance(sent, str):
        return stored == sent
    plain = [
        "".join(c for c in text.casefold() if c.isascii() and not c.isspace()).strip("/") for text in (stored, sent)
    ]
    return plain[0] == plain[1]


def _sent_end(item: PlanItem, live: Mapping[str, LiveObject], field: str) -> int | None:
    """Return the end in the marker of the flow: exportctl wrote both together."""
    flow = live.get(item.id or "")
    known = flow.marker.applied.get(field) if flow and flow.marker and not flow.marker.damaged else None
    return int(known[0]) if known and _TREATS[field] is Treat.ENDING else None


def spelling_text(item: PlanItem, change: FieldChange, live: Mapping[str, LiveObject]) -> str:
    """Return the sentence that says once how the service spells a value."""
    end = _sent_end(item, live, change.field)
    if end is not None:
        return f"{item.address} {change.path}: sent {format_moment(end)}, stored as {format_moment(change.before)}"
    sent = "" if change.cause is Cause.ALREADY_MATCHES else f"sent {change.after}, "
    return f"{item.address} {change.path}: {sent}stored as {change.before}"


def spelling_steps(item: PlanItem, changes: Sequence[FieldChange], live: Mapping[str, LiveObject]) -> Iterator[Step]:
    """
    Make steps that write only a marker: per field the sent and the stored value.

    A plan step without a marker leaves the one on the object as it is: it says what was sent already. A field that a
    plan takes for a pause has no step. A field that already matches has its one value in the marker of the step.
    """
    planned = {s.id: s for s in item.steps if s.action is Action.UPDATE and s.id}
    for found in (live[i] for i in sorted({*planned, item.id or ""}) if i in live):
        step = planned.get(found.id)
        marker = step.marker if step and step.marker else found.marker
        before = found.marker
        if marker is None or before is None or marker.damaged or before.damaged:
            continue
        of_kind = [c for c in changes if c.field in KINDS[found.kind].managed_fields and before.applied.get(c.field)]
        if of_kind:
            differing = [c for c in of_kind if c.cause is not Cause.ALREADY_MATCHES]
            pairs = {c.field: (before.applied[c.field][0], _stored_digest(c, found)) for c in differing}
            yield Step(
                key=f"{item.address}/{found.kind}/spelling",
                action=Action.UPDATE,
                kind=found.kind,
                address=item.address,
                id=found.id,
                marker=marker.with_digests(pairs),
                seen=object_digests(found),
            )


def _stored_digest(change: FieldChange, live: LiveObject) -> str:
    """Return what the marker holds of the stored value; a change may be a part of its field."""
    match _TREATS[change.field]:
        case Treat.ENDING:
            return str(change.before)
        case Treat.REPOINT:
            return digest(sorted(identity for identity, _ in change.before))  # shown with names
    return digest(change.before) if change.path == change.field else object_digests(live)[change.field][:MARKER_DIGITS]
