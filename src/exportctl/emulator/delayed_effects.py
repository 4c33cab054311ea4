"""
What happens without anybody asking: writes are finished, deleted objects disappear. Runs are the business of `engine`.

`settle` is called at the start of every request and of every UI edit. It acts on each object that is due by the clock,
and on no other, so that reading costs nothing while nothing is due.
"""

from __future__ import annotations

from exportctl.emulator.read_view import BACKGROUND_ACTOR, BACKGROUND_CLIENT
from exportctl.emulator.run_times import next_run_time
from exportctl.emulator.store import Record, Store
from exportctl.emulator.switches import Switches

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
    moments = [hidden.get("touch_at"), hidden.get("busy_until"), tick]
    return min((moment for moment in moments if moment is not None), default=None)


def _finish_write(store: Store, record: Record, switches: Switches, now: float) -> bool:
    """Whether there was anything to finish: a flow may be due for a run alone."""
    hidden = record.hidden
    before = len(hidden)
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
        _record_background_write(store, record, switches, now)
    return len(hidden) < before


def _record_background_write(store: Store, record: Record, switches: Switches, now: float) -> None:
    """
    Return a background client has written the object: its etag moves, and of a flow its actor.

    rule: background-client
    """
    record.doc["etag"] = record.doc["version"] = store.new_etag()
    if record.collection == "flows" or switches.background_actor_children:
        record.doc.update(updatedAt=int(now * 1000), updatedBy=BACKGROUND_ACTOR, updatedClient=BACKGROUND_CLIENT)
