"""
When a flow runs: ticks from its schedule, as numbers. Nothing here acts.

Source: flow-service.md 7.2, 7.3.
"""

from __future__ import annotations

from exportctl.emulator import specs
from exportctl.emulator.clock import six_months_after
from exportctl.emulator.validation import whole_number
from exportctl.emulator.wire import Json

UNIT_SECONDS = {"hour": 3600, "day": 86400}


def next_run_time(doc: Json, after: float) -> int | None:
    """
    When an enabled dataset flow runs next, strictly later than `after`; in seconds since 1970 UTC.

    rule: run-times
    """
    schedule = doc.get("scheduleParams") or {}
    exports = doc.get("flowSpec", {}).get("id") in specs.DATASET_FLOWS and "startTime" in schedule
    if not exports or doc.get("state") != "enabled":
        return None
    start, step = schedule["startTime"], interval_seconds(doc)
    if start > after:
        tick = start
    elif step:
        tick = start + (int(after - start) // step + 1) * step
    else:
        return None
    return tick if tick < end_time(doc) else None


def end_time(doc: Json) -> int:
    """When a flow ends, in seconds since 1970 UTC."""
    schedule = doc.get("scheduleParams") or {}
    return int(schedule.get("endTime") or six_months_after(doc["createdAt"] / 1000))


def is_revived(before: Json, after: Json, now: float) -> bool:
    """Say whether a write moved the end of an expired dataset flow into the future."""
    return before.get("flowSpec", {}).get("id") in specs.DATASET_FLOWS and end_time(before) <= now < end_time(after)


def interval_seconds(doc: Json) -> int:
    """Seconds between two runs; 0 for a one-time export."""
    schedule = doc.get("scheduleParams") or {}
    return (whole_number(schedule.get("interval")) or 0) * UNIT_SECONDS.get(str(schedule.get("timeUnit")), 0)
