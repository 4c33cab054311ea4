"""
What counts as a pause of a flow, and what the service itself does. Pure.

A pause is every way in which a person or another tool stops the data of a flow:

    way                      the plan compares                          without the YAML, by the marker alone
    disabled                 `enabled`, the flags of the marker         the flags
    end moved earlier        `end` with the end last applied            the end last applied
    start moved later        `schedule.start` with the next run time    the next run time, if no `start` was applied
    datasets taken out       `datasets` with the list last applied      -

The service stops a flow at its end, and a one-time export after its run. It may also disable such a flow (U11): a flow
that was disabled only after its last run is not paused, whoever did it, because no data was stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exportctl.model import schedule
from exportctl.model.plan import MAX_TIMESTAMP, Cause, FieldChange, digest
from exportctl.model.schedule import ONCE
from exportctl.plan.last_editor import BACKGROUND
from exportctl.plan.own_actions import is_disabled_by_exportctl
from exportctl.plan.ownership import LiveFlow
from exportctl.resources import wire
from exportctl.resources.kinds import AT, DATASETS, ENABLED, END, EVERY, START


def is_pause(change: FieldChange) -> bool:
    """Check whether the change is a pause, or an accepted difference that is a pause."""
    if change.cause is not Cause.ACCEPTED:
        return change.cause is Cause.PAUSED
    if change.field == DATASETS:
        return _ids(change.before) < _ids(change.after)
    if change.before is None or change.after is None:
        return False
    if change.field == END:
        return is_cut_short(change)
    if change.field == START:
        return bool(change.before > change.after)
    return change.field == ENABLED and change.before is False


def is_cut_short(change: FieldChange) -> bool:
    """Check whether the live end is earlier than the one that the config asks for."""
    ends = change.before, change.after
    return all(isinstance(end, int) for end in ends) and change.before < change.after


def _ids(datasets: Sequence[Any] | None) -> set[str]:
    """Return the ids of datasets, which a plan shows as pairs of id and name."""
    return {one if isinstance(one, str) else str(one[0]) for one in datasets or ()}


def is_paused_by_marker(live_flow: LiveFlow, as_of: int) -> bool:
    """Check for a pause with the marker only: the YAML does not declare this flow."""
    marker, live = live_flow.flow.marker, live_flow.fields
    if marker is None or marker.damaged:
        return False
    end = marker.applied.get(END)
    is_cut = end is not None and live[END] is not None and live[END] < int(end[-1])
    is_off = marker.last_seen_enabled and live_flow.is_disabled and not is_disabled_by_exportctl(live_flow)
    is_off = is_off and not is_disabled_after_its_end(live_flow, as_of)
    return is_cut or is_off or _is_start_moved(live_flow, as_of)


def _is_start_moved(live_flow: LiveFlow, as_of: int) -> bool:
    """Check a start against the next run time; one that the YAML asked for may be later."""
    marker, live = live_flow.flow.marker, live_flow.fields
    if marker is None or marker.applied.get(START) != (digest(None),) or live[EVERY] is None or live[START] is None:
        return False
    return bool(live[START] > schedule.first_start(live[EVERY], live[AT], None, as_of))


# -- ends -------------------------------------------------------------------------------------------------------------


def live_end(live_flow: LiveFlow) -> int | None:
    """
    Return when a flow ends, in seconds since 1970 UTC.

    None for a one-time export without an end, and for an end that exportctl cannot read.
    """
    if live_flow.fields[END] is not None:
        return int(live_flow.fields[END])
    if live_flow.unknown_end is not None:
        return None
    return schedule.default_end(live_flow.flow.created_at) if live_flow.fields[EVERY] != ONCE else None


def is_disabled_after_its_end(live_flow: LiveFlow, as_of: int) -> bool:
    """
    Check whether a flow was disabled only after its last run, as far as the service shows when it was written last.

    `lastOperation` shows later PATCHes and actions of clients. After one of them the moment of the disabling is
    unknown, so the flow counts as paused.
    """
    over, raw = _end_of_runs(live_flow), live_flow.flow.raw
    if over is None or over > as_of or not live_flow.is_disabled:
        return False
    operation = wire.members(raw.get("lastOperation"))
    by_clients = [operation.get(key) for key in ("started", "updated")]
    if any(type(moment) is int and moment >= over * 1000 for moment in by_clients):
        return False
    written = raw.get("updatedAt")
    return type(written) is int and over * 1000 <= written < MAX_TIMESTAMP * 1000


def is_disabled_by_service(live_flow: LiveFlow, as_of: int) -> bool:
    """Check whether the service itself disabled a flow after its last run: a background client wrote last."""
    by = live_flow.flow.raw.get("updatedClient")
    return is_disabled_after_its_end(live_flow, as_of) and by == BACKGROUND


def _end_of_runs(live_flow: LiveFlow) -> int | None:
    """Return the moment after which a flow runs no more: its end, or the start of a one-time export."""
    return live_flow.fields[START] if live_flow.fields[EVERY] == ONCE else live_end(live_flow)
