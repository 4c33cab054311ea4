"""
Limit how many requests, or steps of an apply, are under way at the same time.

    answer 429, 500 or 503   half as many: no rate limit is published, and many parallel requests can cause a 500 [TR]
    answers get slow         one less, as long as they take over twice the shortest time: they wait in a queue then
    other answers            one more for each, until one of the two happened; then one more for `maximum` answers

One burst of refusals halves the limit once: what was under way at the first of them says nothing new.
"""

from __future__ import annotations

import threading
from types import TracebackType

SLOW = 2.0  # times the shortest answer
SMALLEST_WAIT = 0.1  # seconds above the shortest answer that are no queue: the work of this machine takes as long
_WEIGHT = 1 / 8  # of a new answer in the average


class ConcurrencyLimit:
    """
    A limit between one and `most`; safe to use from several threads. `first` is where it begins, `most` by default.

    As a context manager it waits for a place and takes it.
    """

    def __init__(self, most: int, first: int | None = None):
        self._most = max(1, most)
        self._maximum = self._most if first is None else max(1, min(first, self._most))
        self._changed = threading.Condition()
        self._under_way = 0
        self._old = 0  # how many of those under way began before the last halving
        self._grows_fast = True
        self._answers = 0  # since the limit grew last
        self._shortest: float | None = None  # seconds
        self._average = 0.0

    @property
    def maximum(self) -> int:
        return self._maximum

    @property
    def upper_limit(self) -> int:
        """The number that the limit never exceeds."""
        return self._most

    def __enter__(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < self._maximum)
            self._under_way += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._changed:
            self._under_way -= 1
            self._old = max(0, self._old - 1)
            self._changed.notify()

    def halve(self) -> None:
        """Note that the service refused a request: it has too many."""
        with self._changed:
            if self._old > 0:
                self._old -= 1
                return
            self._maximum = max(1, self._maximum // 2)
            self._old = max(0, self._under_way - 1)
            self._grows_fast, self._answers = False, 0

    def note_answer(self, seconds: float) -> None:
        """Note how long an answer took that was no refusal."""
        with self._changed:
            shortest = self._shortest = seconds if self._shortest is None else min(seconds, self._shortest)
            self._average = self._average + (seconds - self._average) * _WEIGHT if self._average else seconds
            self._answers += 1
            if self._average > max(SLOW * shortest, shortest + SMALLEST_WAIT):
                self._grows_fast = False
                self._resize(-1)
            else:
                self._resize(1)

    def _resize(self, by: int) -> None:
        """Change the limit by one; outside the fast growth only once for as many answers as it allows."""
        if self._grows_fast or self._answers >= self._maximum:
            self._maximum = min(self._most, max(1, self._maximum + by))
            self._answers = 0
            self._changed.notify()
