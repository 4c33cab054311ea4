"""
Limit how many requests, or steps of an apply, are under way at the same time.

    answer 429, 500 or 503   half as many: no rate limit is published, and many parallel requests can cause a 500 [TR]
    answers get slow         one less: they take twice as long as the shortest of their kind, so they wait in a queue
    other answers            one more for each, until one of the two happened; then one more for `maximum` answers

One burst of refusals halves the limit once: what was under way at the first of them says nothing new. Only refusals
reduce the limit below where it began.
"""

from __future__ import annotations

import threading
from types import TracebackType

SLOW = 2.0  # times the shortest answer of the same kind, on average
NO_QUEUE = 0.1  # seconds: a shorter answer is as good as any, because the work of this machine takes as long
_WEIGHT = 1 / 8  # of a new answer in the average


class ConcurrencyLimit:
    """
    A limit between one and `most`; safe to use from several threads. `first` is where it begins, `most` by default.

    As a context manager it waits for a place and takes it.
    """

    def __init__(self, most: int, first: int | None = None):
        self._most = max(1, most)
        self._first = self._maximum = self._most if first is None else max(1, min(first, self._most))
        self._changed = threading.Condition()
        self._under_way = 0
        self._old = 0  # how many of those under way began before the last halving
        self._grows_fast = True
        self._answers = 0  # since the limit grew last
        self._shortest: dict[str, float] = {}  # seconds, by kind of request
        self._slowness = 1.0  # how many times as long as the shortest an answer takes, on average

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

    def count_answers(self, number: int) -> None:
        """Count answers from before this limit existed, which were no refusals: each allows one more."""
        with self._changed:
            self._maximum = min(self._most, self._maximum + number)

    def note_answer(self, kind: str, seconds: float) -> None:
        """Note how long an answer took that was no refusal; answers of one kind are compared with each other."""
        with self._changed:
            shortest = self._shortest[kind] = min(seconds, self._shortest.get(kind, seconds))
            self._slowness += (seconds / max(shortest, NO_QUEUE) - self._slowness) * _WEIGHT
            self._answers += 1
            if self._slowness <= SLOW:
                self._resize(min(self._most, self._maximum + 1))
            else:
                self._grows_fast = False
                self._resize(max(min(self._first, self._maximum), self._maximum - 1))

    def _resize(self, size: int) -> None:
        """Set the limit; outside the fast growth only once for as many answers as it allows."""
        if self._grows_fast or self._answers >= self._maximum:
            self._maximum, self._answers = size, 0
            self._changed.notify()
