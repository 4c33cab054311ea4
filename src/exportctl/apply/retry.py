"""
Repeat a call that the service cannot carry out yet: an object in transition or in use, or one it does not know yet.

Every wait ends: after 0, 1, 2, 4 … seconds (at most 15), until `settle` seconds have passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from exportctl.clock import Clock
from exportctl.errors import NotFound, ServiceError
from exportctl.frozen import dataclass

SETTLE_SECONDS = 60.0  # also the time until lists must show a created object (promise 3)
TRANSIENT = frozenset({"1416", "1420", "1421", "1447", "1457", "1458"})  # in transition, in use [FE]
T = TypeVar("T")


@dataclass(frozen=True)
class Retry:
    """A bounded wait: `settle` is in seconds."""

    clock: Clock
    settle: float = SETTLE_SECONDS

    def call_until_settled(self, call: Callable[[], T], *, is_young: bool = False) -> T:
        """
        Repeat the call while the service says that the object is in transition or still in use.

        A request by id may answer 404 for some seconds after the POST (U22): `is_young` waits for this too.
        """
        return self._call_while(call, lambda e: _is_transient(e) or (is_young and isinstance(e, NotFound)))

    def _call_while(self, call: Callable[[], T], is_temporary: Callable[[ServiceError], bool]) -> T:
        last: ServiceError | None = None
        for _ in self.delays():
            try:
                return call()
            except ServiceError as error:
                if not is_temporary(error):
                    raise
                last = error
        assert last is not None
        raise last

    def delays(self) -> Iterator[float]:
        """Yield at once, then after 1, 2, 4 … seconds (at most 15), until `settle` seconds have passed."""
        start, pause = self.clock.monotonic(), 1.0
        yield 0.0
        while self.clock.monotonic() - start < self.settle:
            self.clock.sleep(min(pause, self.settle))
            yield pause
            pause = min(pause * 2, 15.0)

    def is_young(self, created_at: int) -> bool:
        """Say whether an object of this age (seconds since 1970) may still be unknown to a request by id."""
        return self.clock.now() - created_at < self.settle


def _is_transient(error: ServiceError) -> bool:
    return error.number in TRANSIENT and not error.wrote
