"""
What the flow of an export tells by itself: that somebody stopped it, when it ends, whether that end is due. Pure.

All else of an export needs its connections, its account and its datasets. It may wait for consent, name what nobody
finds, or hang on what this credential cannot see: a stop is told and an end renewed all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from exportctl.errors import Finding, Level
from exportctl.model import schedule
from exportctl.model.plan import Cause, FieldChange, Marker, PlanItem, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import AcceptEntry
from exportctl.plan import end_dates, field_diff, steps
from exportctl.plan.desired import DesiredExport
from exportctl.plan.field_diff import ComparisonInputs, field_changes
from exportctl.plan.last_editor import actor
from exportctl.plan.ownership import LiveFlow
from exportctl.resources import wire
from exportctl.resources.kinds import END, EVERY, FLOW, TARGET_CONNECTION, Kind

CAUSES_WITH_ACTOR = frozenset({Cause.DRIFT, Cause.CONFLICT, Cause.UNKNOWN_ORIGIN, Cause.PAUSED, Cause.ACCEPTED})


@dataclass(frozen=True)
class PlanSettings:
    """The plan-wide input of one comparison."""

    project: str
    options: PlanOptions
    as_of: int
    accept: tuple[AcceptEntry, ...]


def comparison_inputs(export: DesiredExport, live_flow: LiveFlow, settings: PlanSettings) -> ComparisonInputs:
    return ComparisonInputs(
        live_flow.flow.marker,
        settings.as_of,
        resume=settings.options.can_resume(export.address),
        end=export.declared.end,
        renew=settings.options.can_renew(export.address),
        ours_since=live_flow.flow.created_at if live_flow.marker else None,
    )


def wanted_end(export: DesiredExport, settings: PlanSettings) -> dict[str, int | None]:
    """The end that a flow made now would get, in seconds, None for none; nothing to compare for what runs once."""
    end = schedule.first_end(export.declared.end, settings.as_of)
    return {} if end is None and export.flow_fields[EVERY] == schedule.ONCE else {END: end}


def annotate_change(
    change: FieldChange, export: DesiredExport, live_flow: LiveFlow, settings: PlanSettings
) -> FieldChange:
    """The same with who, where in the YAML, and whether somebody accepted it."""
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


def paused_changes(export: DesiredExport, live_flow: LiveFlow, settings: PlanSettings) -> tuple[FieldChange, ...]:
    """What somebody switched off, or ended earlier, by hand; accepted stops too."""
    return tuple(c for c in _flow_changes(export, live_flow, settings) if is_pause(c))


def _flow_changes(export: DesiredExport, live_flow: LiveFlow, settings: PlanSettings) -> tuple[FieldChange, ...]:
    wanted = {"enabled": export.flow_fields["enabled"], **wanted_end(export, settings)}
    live = wire.read_fields(FLOW.name, live_flow.flow.raw)
    found = field_changes(FLOW, wanted, live, comparison_inputs(export, live_flow, settings))
    return tuple(annotate_change(change, export, live_flow, settings) for change in found)


def is_pause(change: FieldChange) -> bool:
    """Is it one that is held, or an accepted difference that is one?"""
    if change.cause is not Cause.ACCEPTED:
        return change.cause is Cause.PAUSED
    if change.field == END:
        return change.before is not None and change.after is not None and change.before < change.after
    return change.field == "enabled" and change.before is False


def live_end(live_flow: LiveFlow) -> int | None:
    """When a flow ends as it is, in seconds since 1970 UTC; None after its only run."""
    return end_dates.effective_end(wire.read_fields(FLOW.name, live_flow.flow.raw), live_flow.flow)


def unchanged_item(item: PlanItem, export: DesiredExport, live_flow: LiveFlow, settings: PlanSettings) -> PlanItem:
    """The item of a flow that is left as it is, with the stop and the end that it has: nothing is put back on it."""
    paused = paused_changes(export, live_flow, replace(settings, options=replace(settings.options, resume=())))
    return replace(
        item,
        verb=Verb.PAUSED if any(c.cause is Cause.PAUSED for c in paused) else item.verb,
        fields=(*paused, *item.fields),
        findings=(*item.findings, *flow_expired_findings(export, live_flow, settings, paused)),
        ends=live_end(live_flow),
    )


def flow_expired_findings(
    export: DesiredExport, live_flow: LiveFlow, settings: PlanSettings, changes: tuple[FieldChange, ...]
) -> tuple[Finding, ...]:
    """That the flow has ended, unless it ran once: a one-time export is finished, not over."""
    end = live_end(live_flow) if export.flow_fields[EVERY] != schedule.ONCE else None
    return end_dates.expired_findings(export.declared, end, settings.as_of, changes)


# -- renew ------------------------------------------------------------------------------------------------------------


def renewal_item(export: DesiredExport, live_flow: LiveFlow, settings: PlanSettings) -> PlanItem:
    """One PATCH that moves the end on if that is due, and nothing else. Stops and ends that are over are told."""
    changes = _flow_changes(export, live_flow, settings)
    found = tuple(c for c in changes if c.cause in (Cause.RENEWAL, Cause.EXPIRED, Cause.PAUSED))
    due = next((c for c in found if c.cause is Cause.RENEWAL), None)
    paused = any(c.cause is Cause.PAUSED for c in found)
    item = PlanItem(
        export.address,
        Verb.RENEW if due else Verb.PAUSED if paused else Verb.UNCHANGED,
        live_flow.flow.id,
        fields=found,
        findings=flow_expired_findings(export, live_flow, settings, changes),
        ends=due.after if due else live_end(live_flow),
        at=export.declared.at,
    )
    if due is None:
        why = _unknown_end_reason(export, live_flow, settings)
        return add_not_renewed_finding(item, export, f"flow {live_flow.flow.id} {why}") if why else item
    live_type = wire.destination_type(live_flow.flow.raw) or export.type
    return replace(
        item,
        steps=(
            steps.update_step(
                FLOW,
                export.address,
                live_flow.flow,
                type_name=live_type.name,
                fields={END: due.after},
                marker=_marker_with_end(live_flow.flow.marker, due.after),
            ),
        ),
    )


def _unknown_end_reason(export: DesiredExport, live_flow: LiveFlow, settings: PlanSettings) -> str | None:
    """Why there is no end to be moved on, though the flow needs one."""
    if not wire.members(live_flow.flow.raw.get("scheduleParams")):
        return "has no scheduleParams"
    end = live_end(live_flow)
    given = wire.read_fields(FLOW.name, live_flow.flow.raw)[END]
    if given is None and end is not None and schedule.is_renewal_due(export.declared.end, end, settings.as_of):
        return (
            f"shows no end; six months after its creation, {schedule.format_moment(end)}, are "
            "assumed: apply writes the first"
        )
    return None


def _marker_with_end(marker: Marker | None, end: int) -> Marker | None:
    """The marker with the new end. One that is lost or damaged is left to `apply`: only it knows what else to say."""
    if marker is None or marker.damaged:
        return None
    return replace(marker, applied={**marker.applied, END: (str(end),)})


def add_not_renewed_finding(item: PlanItem, export: DesiredExport, why: str) -> PlanItem:
    """The same, with the finding that `renew` does not look after a rolling end."""
    if export.declared.end.rolling is None:
        return item
    text = f"{export.address}: its end is not looked after: {why}"
    hint = "see what `exportctl plan` says of it"
    finding = Finding("not-renewed", text, export.declared.at, hint, Level.WARNING)
    return replace(item, findings=(*item.findings, finding))
