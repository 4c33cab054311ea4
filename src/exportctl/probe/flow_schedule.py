"""A flow of a probe that runs: its moments, and the wait for them."""

from __future__ import annotations

from exportctl.frozen import dataclass
from exportctl.probe.session import ProbeObject, ProbeSession

HOUR = 3600
LEAD_SECONDS = 900  # a new flow is not effective at once: Adobe's samples wait ten minutes (dataset-exports.md 11)
LATE_SECONDS = 1800  # how long after its time a run may begin or end
POLL_SECONDS = 60.0


@dataclass
class FlowSchedule:
    """A flow that runs at `start` (seconds since 1970 UTC), and every `hours` after that."""

    session: ProbeSession
    flow: ProbeObject
    start: int
    hours: int

    def next_moment(self, since: int) -> int:
        """Return the next moment of the schedule, in seconds since 1970 UTC."""
        step = self.hours * HOUR
        return self.start if since < self.start else self.start + ((since - self.start) // step + 1) * step

    def wait_until(self, moment: int) -> None:
        """Wait until a moment of the service. Without a request its clock is not read, so the wait is measured here."""
        self.session.read(self.flow)
        clock = self.session.clock
        end = clock.monotonic() + moment - clock.now()
        while (left := end - clock.monotonic()) > 0:
            self.session.pause(min(POLL_SECONDS, left))


def first_moment(now: int) -> int:
    """Return when a flow that is created now can run first: at a whole minute."""
    return now + LEAD_SECONDS - now % 60
