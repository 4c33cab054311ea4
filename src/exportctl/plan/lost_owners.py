"""
Flows that may be ours although their own marker does not say so: reclaim them, or refuse to make a duplicate. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from exportctl.model.plan import EXPORTS, Address, Refusal
from exportctl.model.project import Export
from exportctl.plan.ownership import LiveFlow, Ownership, export_addresses
from exportctl.resources.marker import trace as marker_trace


def reclaim_adopted_flows(ownership: Ownership, adopted: Mapping[str, frozenset[Address]]) -> Ownership:
    """
    Add flows that lost their marker if `adopt` in the config and the marker on their own target name the same address.

    `adopted` maps the id of a flow to its addresses in the config. The source of an adopted flow has no marker, so
    without this rule a pause would be forgotten together with the marker.
    """
    found: dict[str, LiveFlow] = {}
    for live_flow in ownership.flows:
        claim = None if live_flow.marker else live_flow.target_marker
        at = claim.address if claim and claim.project == ownership.project else None
        if at is not None and at in adopted.get(live_flow.flow.id, ()) and at not in ownership.own_flows:
            found[live_flow.flow.id] = replace(live_flow, marker=claim, marker_lost=True)
    ours = {h.marker.address: (h,) for h in found.values() if h.marker}
    live_flows = tuple(found.get(h.flow.id, h) for h in ownership.flows)
    return replace(ownership, flows=live_flows, own_flows={**ownership.own_flows, **ours}) if found else ownership


def lost_owner_refusal(declared: Export, ownership: Ownership) -> Refusal | None:
    """Refuse if a flow may belong to this export although its own marker does not say so."""
    claiming = {h.flow.id: h for a in export_addresses(declared) for h in ownership.flows_claimed_for(a)}
    found = (_flow_owner_refusal(declared, claiming[flow], ownership.project) for flow in sorted(claiming))
    return next((refusal for refusal in found if refusal), None)


def _flow_owner_refusal(declared: Export, live_flow: LiveFlow, project: str) -> Refusal | None:
    """
    Refuse if the target of a flow, used by no other flow, has the marker of this export.

    The marker of the flow was removed or overwritten, or the flow uses our target. The source counts only where the
    target is hidden: a released flow keeps the marker on its source.
    """
    claim = live_flow.claim
    assert claim is not None  # the flow was found by its claim
    if live_flow.marker and live_flow.marker.moved_from == marker_trace(project, claim.name):
        return None  # it moved: the marker of the target is written last
    says = f"but its {'target' if live_flow.target else 'source'} still has the marker of {claim.address}"
    flow = f"the flow {live_flow.quoted_name}"
    if live_flow.flow.marker:
        text = f"{flow} has the marker of another owner, {says}"
        entry = f"`removed: [{{export: {claim.address.name}, do: release, reason: …}}]`"
        allow = (
            f"restore the marker of the flow in its description, or remove the export from the config and write {entry}"
        )
        return Refusal("other-project", text, allow)
    adopt = f"write `adopt: {live_flow.flow.id}` in {EXPORTS}.{declared.key} if it is this flow"
    return Refusal("look-alike", f"{flow} has no marker, {says}", f"{adopt}, or give the flow its own target")
