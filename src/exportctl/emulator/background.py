"""
What happens without anybody asking: writes are finished, runs pass, deleted objects disappear.

`settle` is called at the start of every request and of every UI edit. It acts on each object that is due by the clock,
and on no other, so that reading costs nothing while nothing is due.
"""

from __future__ import annotations

from exportctl.emulator import ids, specs
from exportctl.emulator.clock import six_months_after
from exportctl.emulator.objects import BACKGROUND_ACTOR, BACKGROUND_CLIENT
from exportctl.emulator.store import Record, Store
from exportctl.emulator.switches import Switches
from exportctl.emulator.validation import whole_number
from exportctl.emulator.wire import Json

TOMBSTONE_SECONDS = 60.0  # how long a deleted object is remembered after it left the lists, for stale reads
UNIT_SECONDS = {"hour": 3600, "day": 86400}


def settle(store: Store, switches: Switches, now: float) -> None:
    """Do all that is due by `now`."""
    for record in store.due(now):
        if record.hidden.get("unlisted_at", now) + TOMBSTONE_SECONDS <= now:
            store.remove(record.collection, record.id)
            continue
        if "deleted_at" not in record.hidden:
            _finish_write(store, record, switches, now)
            _pass_runs(store, record, switches, now)
        record.wake = schedule_wake(record)
        store.put(record)


def schedule_wake(record: Record) -> float | None:
    """When the background has something to do with an object again, in seconds."""
    hidden = record.hidden
    if "unlisted_at" in hidden:
        return float(hidden["unlisted_at"]) + TOMBSTONE_SECONDS
    moments = [hidden.get("touch_at"), hidden.get("busy_until"), next_tick(record.doc, hidden.get("ticked_at", 0))]
    return min((moment for moment in moments if moment is not None), default=None)


def next_tick(doc: Json, after: float) -> int | None:
    """
    When an enabled dataset flow runs next, strictly later than `after`; in seconds since 1970 UTC.

    rule: ticks
    """
    schedule = doc.get("scheduleParams") or {}
    exports = doc.get("flowSpec", {}).get("id") in specs.DATASET_FLOWS and "startTime" in schedule
    if not exports or doc.get("state") != "enabled":
        return None
    interval = whole_number(schedule.get("interval")) or 0
    start, step = schedule["startTime"], interval * UNIT_SECONDS.get(str(schedule.get("timeUnit")), 0)
    if start > after:
        tick = start
    elif step:
        tick = start + (int(after - start) // step + 1) * step
    else:
        return None
    end = schedule.get("endTime") or six_months_after(doc["createdAt"] / 1000)
    return tick if tick < end else None


def _finish_write(store: Store, record: Record, switches: Switches, now: float) -> None:
    hidden = record.hidden
    if now >= hidden.get("busy_until", now + 1):
        del hidden["busy_until"]
        operation = record.doc.get("lastOperation")
        if operation:
            status = {**operation["status"], "value": "completed"}
            record.doc["lastOperation"] = {
                **operation,
                "updated": int(now * 1000),
                "percentCompleted": 100,
                "status": status,
            }
    if now >= hidden.get("touch_at", now + 1):
        del hidden["touch_at"]
        _touch(store, record, switches, now)


def _pass_runs(store: Store, record: Record, switches: Switches, now: float) -> None:
    tick = next_tick(record.doc, record.hidden.get("ticked_at", 0))
    if tick is None or tick > now:
        return
    record.hidden["ticked_at"] = now
    # rule: runs-move-etags
    if switches.runs_move_etags:
        _touch(store, record, switches, now)


def _touch(store: Store, record: Record, switches: Switches, now: float) -> None:
    """
    A background client has written the object: its etag moves, and of a flow its actor.

    rule: background-client
    """
    record.doc["etag"] = record.doc["version"] = ids.etag(store.draw())
    if record.collection == "flows" or switches.background_actor_children:
        record.doc.update(updatedAt=int(now * 1000), updatedBy=BACKGROUND_ACTOR, updatedClient=BACKGROUND_CLIENT)
