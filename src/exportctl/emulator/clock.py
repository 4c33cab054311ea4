"""
The emulator's clock: wall time with an offset, or a time that moves only by command.

Values go in and out; where they are kept is the business of the store. Every lag, expiry and timestamp reads it.
"""

from __future__ import annotations

import time
from calendar import monthrange
from datetime import UTC, datetime
from email.utils import format_datetime

from exportctl.frozen import dataclass

MANUAL_START = 1767225600.0  # 2026-01-01T00:00:00Z


@dataclass(frozen=True)
class EmulatorClock:
    """`at` is the moment of a manual clock, or the offset of a real one, in seconds."""

    mode: str = "real"
    at: float = 0.0

    def now(self) -> float:
        """Seconds since 1970 UTC."""
        return self.at if self.mode == "manual" else time.time() + self.at

    def advance_by(self, seconds: float) -> EmulatorClock:
        """Return the same clock, later."""
        return EmulatorClock(self.mode, self.at + seconds)

    def set_to(self, moment: float) -> EmulatorClock:
        """Return the same kind of clock, now showing `moment`."""
        return EmulatorClock(self.mode, moment if self.mode == "manual" else moment - time.time())


def parse_clock(value: str | float) -> EmulatorClock:
    """`real`, `manual`, or the moment at which a manual clock starts (seconds since 1970 UTC)."""
    if value == "real":
        return EmulatorClock()
    if value == "manual":
        return EmulatorClock("manual", MANUAL_START)
    if isinstance(value, str):
        raise ValueError(f"clock must be real, manual or a number of seconds, not {value!r}")
    return EmulatorClock("manual", float(value))


def six_months_after(seconds: float) -> int:
    """When a flow ends that was given no end, in whole seconds since 1970 UTC."""
    # rule: default-end
    start = datetime.fromtimestamp(int(seconds), UTC)
    months = start.month + 5
    year, month = start.year + months // 12, months % 12 + 1
    day = min(start.day, monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())


def http_date(seconds: float) -> str:
    """Return the form of the Date and Retry-After headers."""
    return format_datetime(datetime.fromtimestamp(int(seconds), UTC), usegmt=True)
