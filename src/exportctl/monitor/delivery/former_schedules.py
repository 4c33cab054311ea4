"""
When an export ran before its schedule was changed, as its YAML states it. Pure.

    due            before `until`            from `until` on
    is a run time  with or without a run     not by this schedule

The service has only the schedule of now. What an entry states begins where the entry before it ends, the first one when
the flow was made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from exportctl.frozen import dataclass
from exportctl.model import schedule
from exportctl.model.project import FormerSchedule


@dataclass(frozen=True)
class FormerTicks:
    """
    The run times of one former schedule: from one of its possible `starts` on, before `until`; seconds.

    A run time before `is_due_from` may have been too soon after the schedule was set.
    """

    every: str
    starts: frozenset[int]
    is_due_from: int
    until: int

    @property
    def start(self) -> int:
        return min(self.starts)

    def run_times(self, after: int) -> Iterator[int]:
        """Yield the run times later than `after` at which a run was due for certain."""
        return schedule.run_times(self.every, self.start, self.until, max(after, self.is_due_from - 1))

    def last_at(self, moment: int) -> int | None:
        """Return the last run time at or before a moment; None if there was none yet."""
        return schedule.last_run_time(self.every, self.start, self.until, moment)


def former_ticks(stated: Sequence[FormerSchedule], made: int) -> tuple[FormerTicks, ...]:
    """Return the run times of each entry for a flow that was made at a moment."""
    found, begin = [], made
    for one in stated:
        every = schedule.canonical_every(one.schedule)
        starts = schedule.first_starts(every, one.schedule.at, one.schedule.start, begin)
        found.append(FormerTicks(every, frozenset(starts), begin + schedule.MIN_START_DELAY, one.until))
        begin = one.until
    return tuple(found)


def former_run_times(found: Sequence[FormerTicks], after: int, last: int) -> Iterator[int]:
    """Yield the run times of all former schedules later than `after`, up to `last`."""
    for one in found:
        yield from takewhile(lambda tick: tick <= last, one.run_times(after))


def former_run_time(found: Sequence[FormerTicks], moment: int) -> int | None:
    """Return the last former run time at or before a moment; None from the end of the last schedule on."""
    if not found or moment >= found[-1].until:
        return None
    return max((tick for one in found if (tick := one.last_at(moment)) is not None), default=None)
