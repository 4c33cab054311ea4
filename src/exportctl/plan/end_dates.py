"""
What a plan says of ends: that one comes soon, that a flow has ended, what moving on an end that is over may send. Pure.

Goes in: a declared export, the end of its flow, the moment of the plan. Comes out: findings and consequences.

    end of the live flow          rolling, nobody moved it   a moment
    later than the warning        -                          -
    within the warning            `ending`                   `ending`
    fewer than renew_before left  renewal                    as above
    over                          lapsed, `expired`          `expired`

What a flow does once an end that is over is moved on is written down nowhere (dataset-exports.md 5.2, and question 10
of its end). In 2025 Adobe could revive lapsed flows within 30 days without loss; of other ends nothing such is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exportctl.errors import Finding, Level
from exportctl.model import schedule
from exportctl.model.plan import EXPORTS, Address, Cause, Consequence, FieldChange, LiveObject, PlanItem
from exportctl.model.project import Export
from exportctl.model.schedule import ONCE, format_age, format_moment
from exportctl.resources.kinds import END, EVERY

RETIRE_HINT = "to retire it, take the export out and name it under `removed`"


def effective_end(live: Mapping[str, Any], flow: LiveObject) -> int | None:
    """When a flow ends, by the fields read of it; without an end of its own, the one the service gives it."""
    if live["end"] is not None:
        return int(live["end"])
    return schedule.default_end(flow.created_at) if live[EVERY] != ONCE else None


def expired_findings(
    export: Export, end: int | None, as_of: int, changes: Sequence[FieldChange]
) -> tuple[Finding, ...]:
    """That a flow has ended, how to revive it and how to retire it; `end` is the live one."""
    if end is None or end > as_of:
        return ()
    address = Address(EXPORTS, export.key)
    text = f"{address}: the flow {ended_phrase(end, as_of)}, and exports nothing any more"
    return (
        Finding("expired", text, export.at, f"{_revival_hint(export, address, changes)}; {RETIRE_HINT}", Level.WARNING),
    )


def _revival_hint(export: Export, address: Address, changes: Sequence[FieldChange]) -> str:
    if _is_ended_early(changes):
        return f"somebody ended it by hand: `--put-back {address}` revives it"
    if export.end.rolling is not None:
        return "to revive it, apply: the plan says what that may send, and `renew` leaves it to you"
    return "to revive it, give it a later `end` and apply: the plan says what that may send"


def _is_ended_early(changes: Sequence[FieldChange]) -> bool:
    """Did somebody move the end earlier? That of a flow that is only switched off goes on being renewed."""
    return any(c.field == END and c.cause is Cause.PAUSED for c in changes)


def undeclared_end_findings(
    export: Export, live: Mapping[str, Any], flow: LiveObject, as_of: int, changes: Sequence[FieldChange]
) -> tuple[Finding, ...]:
    """
    That the YAML gives a flow no end which has one all the same, by the fields read of it. The six months that the
    service gives a flow by itself are none, and a stop is told as one.
    """
    end = live[END]
    if export.end.is_given or end is None or end <= as_of or ONCE in (live[EVERY], export.schedule.unit):
        return ()
    if any(c.field == END for c in changes):
        return ()
    if schedule.is_default_end(end, flow.created_at):
        return ()
    text = f"{EXPORTS}.{export.key}: the YAML gives it no end, the flow has one: {format_moment(end)}, and it stays"
    at = export.positions.get(END, export.at)
    return (Finding("end-stays", text, at, "write that end, or a later one", Level.WARNING),)


def ended_phrase(end: int, as_of: int) -> str:
    """`ended 2026-11-22 02:00 UTC, 12 days ago`."""
    return f"ended {format_moment(end)}, {format_age(as_of - end)} ago"


def ending_soon_findings(export: Export, item: PlanItem, as_of: int, warning: int) -> tuple[Finding, ...]:
    """That an export ends within `warning` seconds although this plan is carried out."""
    if item.ends is None or not as_of < item.ends <= as_of + warning or export.schedule.unit == ONCE:
        return ()
    text = f"{item.address} ends {format_moment(item.ends)}, in {format_age(item.ends - as_of)}"
    return (
        Finding("ending", text, export.positions.get(END, export.at), _keep_running_hint(export, item), Level.WARNING),
    )


def _keep_running_hint(export: Export, item: PlanItem) -> str:
    if _is_ended_early(item.fields):
        return f"it was stopped by hand: `--put-back {item.address}`, or declare the end"
    if export.end.rolling is None:
        return "a later `end`, applied before then, keeps it going"
    return (
        f"`exportctl renew` moves it on once less than {format_age(export.end.renew_before or 0)} is "
        "left: run it every night"
    )


def revival_consequences(end: int | None, changes: Sequence[FieldChange], as_of: int) -> tuple[Consequence, ...]:
    """What follows from moving on an end that is over; `changes` are those that are written, `end` is the live one."""
    moved = next((c.after for c in changes if c.field == END), None)
    if end is None or end > as_of or moved is None or moved <= as_of:
        return ()
    text = (
        f"revives the flow, which {ended_phrase(end, as_of)}: what its next run sends is not documented "
        "(what was added since,"
        " or every dataset in full), and runs missed meanwhile are not known to be caught up"
    )
    return (Consequence("revival", text, "cost"),)
