"""
The state of one live flow: paused by hand, its end, and what a plan says about both. Pure.

All else of an export needs its connections, its account and its datasets. They may wait for consent, be unknown, or be
hidden from this credential. This module needs only the flow, so a pause is always reported and an end always renewed.

    end of the live flow                 rolling end            a moment
    later than the warning               -                      -
    within the warning                   `ending`               `ending`
    less than renew_before remains       renewal                as above
    past                                 `expired`, revived     `expired`

No page of Adobe says what an expired flow sends after its end moves to the future (dataset-exports.md 5.2, and question
10 at its end). In 2025 Adobe could revive expired flows within 30 days without loss; of other ends we know nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from exportctl.errors import Finding, Level
from exportctl.model import schedule
from exportctl.model.plan import Cause, Consequence, FieldChange, LiveObject, PlanItem, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import AcceptEntry, Export
from exportctl.model.schedule import ONCE, format_age, format_moment
from exportctl.plan import field_diff
from exportctl.plan.desired import DesiredExport
from exportctl.plan.field_diff import ComparisonInputs, field_changes
from exportctl.plan.last_editor import actor
from exportctl.plan.ownership import LiveFlow
from exportctl.resources import wire
from exportctl.resources.kinds import ENABLED, END, EVERY, FLOW, TARGET_CONNECTION, Kind

CAUSES_WITH_ACTOR = frozenset({Cause.DRIFT, Cause.CONFLICT, Cause.UNKNOWN_ORIGIN, Cause.PAUSED, Cause.ACCEPTED})


@dataclass(frozen=True)
class PlanSettings:
    """The inputs of a plan that are the same for every export."""

    project: str
    options: PlanOptions
    as_of: int
    accept: tuple[AcceptEntry, ...]


# -- changes ----------------------------------------------------------------------------------------------------------


def comparison_inputs(export: DesiredExport, live_flow: LiveFlow, settings: PlanSettings) -> ComparisonInputs:
    """Return what the comparison of a flow needs beside the values."""
    return ComparisonInputs(
        live_flow.flow.marker,
        settings.as_of,
        resume=settings.options.can_resume(export.address),
        end=export.declared.end,
        renew=settings.options.can_renew(export.address),
        ours_since=live_flow.flow.created_at if live_flow.marker else None,
    )


def wanted_end(export: DesiredExport, settings: PlanSettings) -> dict[str, int | None]:
    """Return the end of a flow that is created now; a one-time export without an end has nothing to compare."""
    end = schedule.first_end(export.declared.end, settings.as_of)
    return {} if end is None and export.flow_fields[EVERY] == ONCE else {END: end}


def annotate_change(
    change: FieldChange, export: DesiredExport, live_flow: LiveFlow, settings: PlanSettings
) -> FieldChange:
    """Add the last editor and the position in the YAML; mark an accepted difference."""
    kind: Kind = TARGET_CONNECTION if change.field in TARGET_CONNECTION.managed_fields else FLOW
    live = live_flow.target if kind is TARGET_CONNECTION else live_flow.flow
    at = export.positions.get(change.path) or export.positions.get(change.field)
    names = (str(export.address), f"{export.address.root}.{export.declared.declared_key}")
    change = field_diff.apply_accept_entries(change, names, settings.accept, settings.as_of)
    who = (
        actor(kind.field_rule(change.field), kind, live, live_flow.source)
        if change.cause in CAUSES_WITH_ACTOR and live
        else None
    )
    return replace(change, actor=who, at=at)


def flow_changes(export: DesiredExport, live_flow: LiveFlow, settings: PlanSettings) -> tuple[FieldChange, ...]:
    """Compare `enabled` and `end`, the two fields that need only the flow."""
    wanted = {ENABLED: export.flow_fields[ENABLED], **wanted_end(export, settings)}
    live = wire.read_fields(FLOW.name, live_flow.flow.raw)
    found = field_changes(FLOW, wanted, live, comparison_inputs(export, live_flow, settings))
    return tuple(annotate_change(change, export, live_flow, settings) for change in found)


def paused_changes(export: DesiredExport, live_flow: LiveFlow, settings: PlanSettings) -> tuple[FieldChange, ...]:
    """Return what was disabled or ended early by hand, accepted pauses too."""
    return tuple(c for c in flow_changes(export, live_flow, settings) if is_pause(c))


def is_pause(change: FieldChange) -> bool:
    """Check whether the change is a pause, or an accepted difference that is a pause."""
    if change.cause is not Cause.ACCEPTED:
        return change.cause is Cause.PAUSED
    if change.field == END:
        return change.before is not None and change.after is not None and change.before < change.after
    return change.field == ENABLED and change.before is False


def unchanged_item(item: PlanItem, export: DesiredExport, live_flow: LiveFlow, settings: PlanSettings) -> PlanItem:
    """Complete the item of a flow that stays as it is: add its pause and its end. Nothing resumes it."""
    paused = paused_changes(export, live_flow, replace(settings, options=replace(settings.options, resume=())))
    return replace(
        item,
        verb=Verb.PAUSED if item.verb is Verb.UNCHANGED and any(c.cause is Cause.PAUSED for c in paused) else item.verb,
        fields=(*paused, *item.fields),
        findings=(*item.findings, *expired_findings(export, live_flow, settings.as_of, paused)),
        ends=live_end(live_flow),
    )


# -- ends -------------------------------------------------------------------------------------------------------------


def live_end(live_flow: LiveFlow) -> int | None:
    """Return when a flow ends, in seconds since 1970 UTC; None for a one-time export without an end."""
    return effective_end(wire.read_fields(FLOW.name, live_flow.flow.raw), live_flow.flow)


def effective_end(live: Mapping[str, Any], flow: LiveObject) -> int | None:
    """Return the end in the fields of a flow; without one, the end that the service sets itself."""
    if live[END] is not None:
        return int(live[END])
    return schedule.default_end(flow.created_at) if live[EVERY] != ONCE else None


def expired_findings(
    export: DesiredExport, live_flow: LiveFlow, as_of: int, changes: Sequence[FieldChange]
) -> tuple[Finding, ...]:
    """Report a flow with a past end, and how to revive or retire it; a one-time export is finished, not expired."""
    end = live_end(live_flow) if export.flow_fields[EVERY] != ONCE else None
    if end is None or end > as_of:
        return ()
    text = f"{export.address}: the flow {ended_phrase(end, as_of)} and exports nothing now"
    hint = f"{_revival_hint(export, changes)}; to retire it, remove the export and name it under `removed`"
    return (Finding("expired", text, export.declared.at, hint, Level.WARNING),)


def _revival_hint(export: DesiredExport, changes: Sequence[FieldChange]) -> str:
    if _is_ended_early(changes):
        return f"it was ended by hand; to revive it, apply with `--resume {export.address}`"
    first = "" if export.declared.end.rolling is not None else "write a later `end` and "
    return f"to revive it, {first}run `exportctl apply`; `exportctl plan` says what the flow may send then"


def _is_ended_early(changes: Sequence[FieldChange]) -> bool:
    """Check whether the end was moved to an earlier moment by hand; the end of a disabled flow is still renewed."""
    return any(c.field == END and c.cause is Cause.PAUSED for c in changes)


def undeclared_end_findings(
    export: Export, live: Mapping[str, Any], flow: LiveObject, as_of: int, changes: Sequence[FieldChange]
) -> tuple[Finding, ...]:
    """
    Report a flow with an end that the YAML does not declare.

    The six months that the service sets itself do not count, and an earlier end is reported as a pause.
    """
    end = live[END]
    if export.end.is_given or end is None or end <= as_of or ONCE in (live[EVERY], export.schedule.unit):
        return ()
    if any(c.field == END for c in changes) or schedule.is_default_end(end, flow.created_at):
        return ()
    text = f"exports.{export.key}: the flow ends {format_moment(end)}, but the YAML declares no end; the end stays"
    hint = "declare this `end` or a later one"
    return (Finding("undeclared-end", text, export.positions.get(END, export.at), hint, Level.WARNING),)


def ended_phrase(end: int, as_of: int) -> str:
    """Format a past end: `ended 2026-11-22 02:00 UTC, 12 days ago`."""
    return f"ended {format_moment(end)}, {format_age(as_of - end)} ago"


def ending_soon_findings(export: Export, item: PlanItem, as_of: int, warning: int) -> tuple[Finding, ...]:
    """Report an export that ends within `warning` seconds, even after this plan."""
    if item.ends is None or not as_of < item.ends <= as_of + warning or export.schedule.unit == ONCE:
        return ()
    text = f"{item.address} ends {format_moment(item.ends)}, in {format_age(item.ends - as_of)}"
    at = export.positions.get(END, export.at)
    return (Finding("ending", text, at, _keep_running_hint(export, item), Level.WARNING),)


def _keep_running_hint(export: Export, item: PlanItem) -> str:
    if _is_ended_early(item.fields):
        return f"it was ended by hand: apply with `--resume {item.address}`, or declare this `end`"
    if export.end.rolling is None:
        return "write a later `end` and apply it before then"
    left = format_age(export.end.renew_before or 0)
    return f"run `exportctl renew` every night: it moves the end as soon as less than {left} remains"


def revival_consequences(end: int | None, changes: Sequence[FieldChange], as_of: int) -> tuple[Consequence, ...]:
    """Say what follows if the written `changes` move the past `end` of a flow to the future."""
    moved = next((c.after for c in changes if c.field == END), None)
    if end is None or end > as_of or moved is None or moved <= as_of:
        return ()
    text = (
        f"revives the flow, which {ended_phrase(end, as_of)}: Adobe does not document what its next run sends (the "
        "data added since then, or every dataset in full), nor whether missed runs are caught up"
    )
    return (Consequence("expired-flow-runs-again", text, "cost"),)
