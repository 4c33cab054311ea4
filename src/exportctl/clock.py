"""Time as a value: workflows and apply get a Clock, so that tests and the emulator can set the time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from threading import Event

from exportctl.errors import Error
from exportctl.frozen import dataclass


def elapsed_seconds() -> float:
    """
    Return seconds that never go backwards and also pass while the machine sleeps.

    On Linux CLOCK_MONOTONIC stops while the machine sleeps, and CLOCK_BOOTTIME does not. macOS has only the former,
    which does not stop there.
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True)
class Clock:
    """A source of time: `now` in whole seconds since 1970 UTC, `monotonic` and `sleep` in seconds."""

    now: Callable[[], int]
    monotonic: Callable[[], float] = elapsed_seconds
    sleep: Callable[[float], None] = time.sleep


def system_clock() -> Clock:
    """Return the clock of this machine."""
    return Clock(lambda: int(time.time()))


def stoppable_clock(clock: Clock, stop: Event, finishes: Event | None = None) -> Clock:
    """
    Return a clock that raises an error as soon as `stop` is set, except while `finishes` is set.

    A client reads the clock at the start of every request and sleeps between two tries. So a thread with this clock
    ends after its current request. A write must not end so: what came of it is found out by the requests after it.
    """

    def is_finishing() -> bool:
        return finishes is not None and finishes.is_set()

    def raise_if_stopped() -> None:
        if stop.is_set() and not is_finishing():
            raise Error("interrupted", rule="interrupted")

    def monotonic() -> float:
        raise_if_stopped()
        return clock.monotonic()

    def sleep(seconds: float) -> None:
        if is_finishing():
            clock.sleep(seconds)  # in full: without the pauses between them, tries would be a flood
            return
        stop.wait(seconds)
        raise_if_stopped()

    return replace(clock, monotonic=monotonic, sleep=sleep)
