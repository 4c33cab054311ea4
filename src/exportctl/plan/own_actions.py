"""
Say whether exportctl itself disabled a flow, and whether its action was interrupted before it happened. Pure.

exportctl writes an intent into the marker before it disables (flag d) or enables (flag u) a flow. Without it, a later
run would take the action of an interrupted one for a pause by hand.

    flag   live       last write of a client       the action of exportctl
    d      disabled   an action in the UI          did not happen, or was undone: a person disabled the flow
    d      disabled   any other, unknown           happened: exportctl disabled the flow
    d      enabled    that of the marker           did not happen: it is still to do
    d      enabled    any other, unknown           was undone
    u      disabled   that of the marker           did not happen: it is still to do
    u      disabled   any other, unknown           was undone: a person disabled the flow

`lastOperation` has the last write of a client, `ops` repeats a PATCH [D]. That an action moves `lastOperation` too is
assumed; if it does not, `updatedAt` shows the action until the background client of the service writes.
"""

from __future__ import annotations

from dataclasses import replace

from exportctl.model.plan import Cause, FieldChange, Marker, digest
from exportctl.plan.last_editor import is_last_write_with_marker, is_ui_action
from exportctl.plan.ownership import LiveFlow
from exportctl.resources.kinds import ENABLED, TITLE

BEING_REPLACED = " (being replaced)"  # at the end of the title of a flow while apply replaces it


def is_disabled_by_exportctl(live_flow: LiveFlow) -> bool:
    """Check whether the marker proves that exportctl itself disabled this flow."""
    marker = live_flow.flow.marker
    intends = marker is not None and marker.disables and not marker.damaged
    return intends and live_flow.is_disabled and not is_ui_action(live_flow.flow)


def has_missing_action(live_flow: LiveFlow) -> bool:
    """Check whether exportctl was interrupted after it wrote that it would disable or enable this flow."""
    marker, is_enabled = live_flow.flow.marker, live_flow.fields[ENABLED]
    if marker is None or marker.damaged or is_enabled is None:
        return False
    intends = marker.disables if is_enabled else marker.enables
    return intends and is_last_write_with_marker(live_flow.flow)


def keep_intent(marker: Marker, live_flow: LiveFlow) -> Marker:
    """Return `marker` with the intent that the live marker has, as far as it still says something."""
    before, is_missing = live_flow.flow.marker, has_missing_action(live_flow)
    disables = before is not None and before.disables and (is_missing or is_disabled_by_exportctl(live_flow))
    return replace(marker, disables=disables, enables=before is not None and before.enables and is_missing)


def withdrawn_intent(marker: Marker | None, live_flow: LiveFlow) -> Marker | None:
    """Return the marker for the case that a person disabled the flow before exportctl did."""
    before = live_flow.flow.marker
    was_enabled = before is None or before.damaged or before.last_seen_enabled
    return replace(marker, disables=False, last_seen_enabled=was_enabled) if marker else None


def own_rename(change: FieldChange, live_flow: LiveFlow) -> FieldChange:
    """Return the change of a title; exportctl itself renamed a flow that it replaces, and takes that back."""
    if change.field != TITLE or not live_flow.is_being_replaced or not str(change.before).endswith(BEING_REPLACED):
        return change
    title, marker = str(change.before).removesuffix(BEING_REPLACED), live_flow.marker
    applied = marker.applied.get(TITLE, ()) if marker else ()
    is_own = title == change.after or digest(title) in applied
    return replace(change, cause=Cause.PENDING) if is_own else change
