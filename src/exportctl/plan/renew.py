"""
Plan what `renew` does: move due rolling ends, and nothing else. Pure.

It needs only the flow of an export. So it also works for an export with a connection, an account or a dataset that
this credential cannot see, or with a change that waits for consent.
"""

from __future__ import annotations

from dataclasses import replace

from exportctl.errors import Finding, Level
from exportctl.model import schedule
from exportctl.model.plan import Cause, FieldChange, Marker, PlanItem, Step, Verb
from exportctl.plan import steps
from exportctl.plan.create import PlanInputs, lost_owner_refusal
from exportctl.plan.desired import DesiredExport
from exportctl.plan.flow_state import PlanSettings, expired_findings, flow_changes, live_end
from exportctl.plan.ownership import LiveFlow, choose_flows
from exportctl.plan.replace import unfinished_replacement_phrase
from exportctl.resources import wire
from exportctl.resources.kinds import END, FLOW

_SHOWN = (Cause.RENEWAL, Cause.EXPIRED, Cause.PAUSED)


def plan_renewal(export: DesiredExport, inputs: PlanInputs) -> PlanItem:
    """Plan the renewal of one export; report why an end is not renewed."""
    current, _ = choose_flows(export.declared, inputs.ownership)
    item = PlanItem(export.address, Verb.UNCHANGED, current[0].flow.id if current else None, at=export.declared.at)
    if len(current) > 1:
        return _add_not_renewed_finding(item, export, "several flows have its address")
    if not current:
        lost = lost_owner_refusal(export, inputs)
        return _add_not_renewed_finding(item, export, lost.text) if lost else item
    if current[0].is_being_replaced:
        return _add_not_renewed_finding(item, export, unfinished_replacement_phrase(current[0]))
    return _renewal_item(export, current[0], inputs.settings)


def _renewal_item(export: DesiredExport, live_flow: LiveFlow, settings: PlanSettings) -> PlanItem:
    """Plan one PATCH that moves the end if it is due; only report pauses and past ends."""
    changes = flow_changes(export, live_flow, settings)
    shown = tuple(c for c in changes if c.cause in _SHOWN)
    due = next((c for c in shown if c.cause is Cause.RENEWAL), None)
    paused = any(c.cause is Cause.PAUSED for c in shown)
    item = PlanItem(
        export.address,
        Verb.RENEW if due else Verb.PAUSED if paused else Verb.UNCHANGED,
        live_flow.flow.id,
        fields=shown,
        findings=expired_findings(export, live_flow, settings.as_of, changes),
        ends=due.after if due else live_end(live_flow),
        at=export.declared.at,
    )
    if due is None:
        why = _unknown_end_reason(export, live_flow, settings)
        return _add_not_renewed_finding(item, export, f"the flow {live_flow.flow.id} {why}") if why else item
    return replace(item, steps=(_renewal_step(export, live_flow, due),))


def _renewal_step(export: DesiredExport, live_flow: LiveFlow, due: FieldChange) -> Step:
    live_type = wire.destination_type(live_flow.flow.raw) or export.type
    return steps.update_step(
        FLOW,
        export.address,
        live_flow.flow,
        type_name=live_type.name,
        fields={END: due.after},
        marker=_marker_with_end(live_flow.flow.marker, due.after),
    )


def _unknown_end_reason(export: DesiredExport, live_flow: LiveFlow, settings: PlanSettings) -> str | None:
    """Return why there is no end to move although the flow needs a renewal."""
    if not wire.members(live_flow.flow.raw.get("scheduleParams")):
        return "has no scheduleParams"
    end = live_end(live_flow)
    given = wire.read_fields(FLOW.name, live_flow.flow.raw)[END]
    if given is None and end is not None and schedule.is_renewal_due(export.declared.end, end, settings.as_of):
        assumed = schedule.format_moment(end)
        return f"shows no end; it probably ends {assumed}, six months after its creation; `exportctl apply` writes one"
    return None


def _marker_with_end(marker: Marker | None, end: int) -> Marker | None:
    """Return the marker with the new end; only `apply` knows what else a lost or damaged marker must say."""
    if marker is None or marker.damaged:
        return None
    return replace(marker, applied={**marker.applied, END: (str(end),)})


def _add_not_renewed_finding(item: PlanItem, export: DesiredExport, why: str) -> PlanItem:
    if export.declared.end.rolling is None:
        return item
    text = f"{export.address}: renew cannot move its end: {why}"
    finding = Finding("not-renewed", text, export.declared.at, "run `exportctl plan` for the details", Level.WARNING)
    return replace(item, findings=(*item.findings, finding))
