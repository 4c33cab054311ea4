"""
The rate budget of one organization, which every client of it shares: requests per second, and requests in flight.

    a request waits for
      the end of a Retry-After   that any client of the organization got from this host
      a place                    at most `parallel` requests are in flight
      its turn                   `per_second` requests start in a second, after a first `parallel`

A 429 halves both figures, at most once a second. Each later answer gives a little back, until the budget is whole.
Token requests are not in the budget: they go to the identity service.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from exportctl.clock import Clock
from exportctl.errors import Error
from exportctl.frozen import dataclass

PER_SECOND = 10.0  # requests; no limit is published, so this is a guess on the careful side
PARALLEL = 8  # requests in flight; many parallel requests can cause a 500 [TR]
LEAST_SHARE = 1 / 16  # of the budget that is left after many 429
REGAIN = 0.01  # of the whole budget, for each answer that is no 429
HALVING_PAUSE = 1.0  # seconds: requests that were in flight together get the same 429
PLACE_POLL = 0.2  # seconds between two looks at the clock, which raises an error after an interrupt


@dataclass(frozen=True)
class BudgetLimits:
    """What one organization may be asked: requests per second, and requests in flight."""

    per_second: float = PER_SECOND
    parallel: int = PARALLEL

    def share(self, count: int) -> BudgetLimits:
        """Return the part of one of `count` runs that use the budget at the same time; at least one request."""
        return BudgetLimits(self.per_second / count, max(1, self.parallel // count))


class HostHolds:
    """Until when each host has asked to wait; safe to use from several threads."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}  # host -> moment of the monotonic clock
        self._lock = threading.Lock()

    def remaining_seconds(self, host: str, now: float) -> float:
        with self._lock:
            return max(0.0, self._until.get(host, 0.0) - now)

    def extend(self, host: str, until: float) -> bool:
        """Hold a host until a moment; say whether this is news, for parallel requests get the same answer."""
        with self._lock:
            before = self._until.get(host, 0.0)
            self._until[host] = max(until, before)
            return until > before + 1.0


class RateBudget:
    """The budget of one organization; safe to use from several threads."""

    def __init__(self, limits: BudgetLimits, clock: Clock):
        self.holds = HostHolds()
        self._limits = limits
        self._clock = clock
        self._share = 1.0
        self._halved_at = float("-inf")
        self._next_start = float("-inf")  # the moment at which a request without any credit may start
        self._in_flight = 0
        self._changed = threading.Condition()

    @contextmanager
    def use_place(self, clock: Clock) -> Iterator[float]:
        """
        Take a place for one request, and wait for its turn. Yield the seconds that this took.

        `clock` is that of the client: where it raises an error after an interrupt, the request is not sent.
        """
        asked_at = clock.monotonic()
        self._take_place(clock)
        try:
            self._wait_for_turn(clock)
            yield clock.monotonic() - asked_at
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify()

    def note_answer(self, *, throttled: bool) -> None:
        """Halve the budget after a 429; give a little back after any other answer."""
        now = self._clock.monotonic()
        with self._changed:
            if not throttled:
                self._share = min(1.0, self._share + REGAIN)
            elif now - self._halved_at >= HALVING_PAUSE:
                self._share, self._halved_at = max(LEAST_SHARE, self._share / 2), now

    def _take_place(self, clock: Clock) -> None:
        with self._changed:
            while self._in_flight >= max(1, int(self._limits.parallel * self._share)):
                self._changed.wait(PLACE_POLL)
                clock.monotonic()
            self._in_flight += 1

    def _wait_for_turn(self, clock: Clock) -> None:
        delay, interval = self._reserve_turn()
        try:
            if delay > 0:
                clock.sleep(delay)
        except Error:
            with self._changed:
                self._next_start -= interval  # what is still to be written need not wait for what is not sent
            raise

    def _reserve_turn(self) -> tuple[float, float]:
        """Return the seconds until this request may start, and between two. A pause saves up `parallel` starts."""
        now = self._clock.monotonic()
        with self._changed:
            interval = 1.0 / (self._limits.per_second * self._share)
            credit = (self._limits.parallel - 1) * interval
            start = max(now, self._next_start - credit)
            self._next_start = max(self._next_start, now) + interval
            return start - now, interval
