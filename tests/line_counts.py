"""Count the lines of Python that something executes: the same number on every machine, unlike a time."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any


def count_steps(work: Callable[[], object]) -> Counter[tuple[str, str]]:
    """Count the lines that each function executes, rounds of comprehensions and generators included."""
    counted: Counter[tuple[str, str]] = Counter()

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        counted[frame.f_code.co_filename, frame.f_code.co_qualname] += 1
        return trace

    before, collects = sys.gettrace(), gc.isenabled()
    gc.disable()  # a collection calls Python code, at moments of its own
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
        if collects:
            gc.enable()
    return counted
