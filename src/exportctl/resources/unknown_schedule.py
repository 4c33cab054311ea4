"""
The words of a live schedule or end that exportctl cannot read: another unit or mode, no interval, no moment. Pure.

Adobe adds values several times a year. Such a schedule or end is shown as it is. No code computes with it, and a plan
leaves it as it is until a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exportctl.resources import wire

_MAX_LENGTH = 60  # characters of one value
_NO_VALUE = "(none)"


def unknown_schedule(flow: Mapping[str, Any]) -> str | None:
    """
    Return the schedule of a flow in the words of the service; None if exportctl can read it.

    For example `1 week`, `6 hour, exportMode SNAPSHOT` or `1 day, startTime tomorrow`. A flow without a schedule has
    none to show.
    """
    schedule = wire.members(flow.get("scheduleParams"))
    mode, start = schedule.get("exportMode"), schedule.get("startTime")
    is_start_known = start is None or wire.moment(start) is not None
    if not schedule or (wire.live_every(schedule) is not None and is_start_known):
        return None
    words = f"{_value_text(schedule.get('interval'))} {_value_text(schedule.get('timeUnit'))}"
    words += "" if wire.is_known_mode(mode) else f", exportMode {_value_text(mode)}"
    return words + ("" if is_start_known else f", startTime {_value_text(start)}")


def unknown_end(flow: Mapping[str, Any]) -> str | None:
    """Return the end of a flow in the words of the service; None if exportctl can read it, or the flow shows none."""
    end = wire.members(flow.get("scheduleParams")).get("endTime")
    return None if end is None or wire.moment(end) is not None else _value_text(end)


def _value_text(value: object) -> str:
    text = _NO_VALUE if value is None else value if isinstance(value, str) else repr(value)
    return text if len(text) <= _MAX_LENGTH else f"{text[:_MAX_LENGTH]}..."
