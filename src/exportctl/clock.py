"""Time as a value: workflows and apply are handed one, so that tests and the emulator decide what time it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    """`now` in whole seconds since 1970 UTC, `monotonic` and `sleep` in seconds."""

    now: Callable[[], int]
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def system() -> Clock:
    """This machine's clock."""
    return Clock(lambda: int(time.time()))
