"""
What happens by itself, and when: writes are finished, deleted objects disappear, flows run.

`apply_due_effects` is called at the start of every request and of every UI edit. It acts on each object that is due by
the clock, and on no other, so that reading costs nothing while nothing is due. Runs are executed in `run_scheduler`;
when they are due is said here. Source: flow-service.md 7.2, 7.3.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from exportctl.emulator import specs
from exportctl.emulator.clock import six_months_after
from exportctl.emulator.read_view import BACKGROUND_ACTOR, BACKGROUND_CLIENT
from exportctl.emulator.store import Record, Store
from exportctl.emulator.switches import Switches
from exportctl.emulator.validation import whole_number
from exportctl.emulator.wire import Json

UNIT_SECONDS = {"hour": 3600, "day": 86400}
TOMBSTONE_SECONDS = 60.0  # how long a deleted object is remembered after it left the lists, for stale reads


def apply_due_effects(store: Store, switches: Switches, now: float) -> None:
    """Do all that is due by `now`."""
    for record in store.due_records(now):
        if record.collection == "runs":
            continue
        if record.hidden.get("unlisted_at", now) + TOMBSTONE_SECONDS <= now:
            store.remove(record.collection, record.id)
            continue
        if "deleted_at" in record.hidden or _finish_write(store, record, switches, now):
            record.wake = next_wake_time(record)
            store.put(record)


def next_wake_time(record: Record) -> float | None:
    """When the background has something to do with an object again, in seconds."""
    hidden = record.hidden
    if "unlisted_at" in hidden:
        return float(hidden["unlisted_at"]) + TOMBSTONE_SECONDS
    tick = None if hidden.get("ended") else next_run_time(record.doc, hidden.get("runs_claimed_until", 0))
    end = None if hidden.get("end_seen") else _own_end(record.doc)
    moments = [hidden.get("touch_at"), hidden.get("busy_until"), tick, end]
    return min((moment for moment in moments if moment is not None), default=None)


def _finish_write(store: Store, record: Record, switches: Switches, now: float) -> bool:
    """Whether there was anything to finish: a flow may be due for a run alone."""
    hidden = record.hidden
    before = len(hidden)
    if now >= hidden.get("busy_until", now + 1):
        del hidden["busy_until"]
        if operation := record.doc.get("lastOperation"):
            operation["status"]["value"] = finished_value(operation["status"]["errors"])
            operation.update(updated=int(now * 1000), percentCompleted=100)
    if now >= hidden.get("touch_at", now + 1):
        del hidden["touch_at"]
        has_actor = record.collection == "flows" or switches.background_actor_children
        record_background_write(store, record, now, has_actor)
    changed = len(hidden) < before
    end = None if hidden.get("end_seen") else _own_end(record.doc)
    if end is not None and now >= end:
        hidden["end_seen"] = changed = True
        # rule: ended-flows
        if switches.ended_flows == "disabled":
            record.doc["state"] = "disabled"
            record_background_write(store, record, now)
    return changed


def _own_end(doc: Json) -> float | None:
    """When a flow has nothing more to do: at its end, and a one-time export an hour after its start."""
    schedule = doc.get("scheduleParams") or {}
    if doc.get("flowSpec", {}).get("id") not in specs.DATASET_FLOWS or doc.get("state") != "enabled":
        return None
    start = whole_number(schedule.get("startTime"))
    if whole_number(schedule.get("interval")) == 0 and start is not None:
        return float(min(start + UNIT_SECONDS["hour"], end_time(doc)))
    return float(end_time(doc))


def finished_value(errors: Sequence[Json]) -> str:
    """Return what lastOperation says of a finished write."""
    return "failed" if errors else "completed"


def record_background_write(store: Store, record: Record, now: float, has_actor: bool = True) -> None:
    """Let a background client write an object: its etag moves, and with `has_actor` the client shows as its writer."""
    # rule: background-client
    record.doc["etag"] = record.doc["version"] = store.new_etag()
    if has_actor:
        record.doc.update(updatedAt=int(now * 1000), updatedBy=BACKGROUND_ACTOR, updatedClient=BACKGROUND_CLIENT)


def next_run_time(doc: Json, after: float) -> int | None:
    """When an enabled dataset flow runs next, strictly later than `after`; in seconds since 1970 UTC."""
    # rule: run-times
    schedule = doc.get("scheduleParams") or {}
    is_enabled = str(doc.get("state")).lower() == "enabled"
    if not specs.exports_datasets(doc) or "startTime" not in schedule or not is_enabled:
        return None
    start = schedule["startTime"]
    step = (whole_number(schedule.get("interval")) or 0) * UNIT_SECONDS.get(str(schedule.get("timeUnit")).lower(), 0)
    if start > after:
        tick = start
    elif step:  # 0 for a one-time export
        tick = start + (int(after - start) // step + 1) * step
    else:
        return None
    return tick if tick < end_time(doc) else None


def end_time(doc: Json) -> int:
    """When a flow ends, in seconds since 1970 UTC; never for an end in a form that only a later service knows."""
    end = (doc.get("scheduleParams") or {}).get("endTime")
    if end is None:
        return int(six_months_after(doc["createdAt"] / 1000))
    known = whole_number(end)
    return sys.maxsize if known is None else known
