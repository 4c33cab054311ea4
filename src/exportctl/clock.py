"""Time as a value: workflows and apply are handed one, so that tests and the emulator decide what time it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event

from exportctl.errors import Error


@dataclass(frozen=True)
class Clock:
    """`now` in whole seconds since 1970 UTC, `monotonic` and `sleep` in seconds."""

    now: Callable[[], int]
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def system_clock() -> Clock:
    """This machine's clock."""
    return Clock(lambda: int(time.time()))


def stoppable_clock(clock: Clock, stop: Event) -> Clock:
    """
    The same until `stop` is set: from then on asking it for an interval, or waiting, is an error. A client asks at the
    start of every request and waits between two tries, so with it a thread ends with the request it is at.
    """

    def raise_if_stopped() -> None:
        if stop.is_set():
            raise Error("interrupted", rule="interrupted")

    def monotonic() -> float:
        raise_if_stopped()
        return clock.monotonic()

    def sleep(seconds: float) -> None:
        stop.wait(seconds)
        raise_if_stopped()

    return replace(clock, monotonic=monotonic, sleep=sleep)
