"""
When runs were due, and which runs the service shows for each of these times. Pure.

A run is expected only after the later of creation and the last change of the flow, while the flow is enabled, and
before its end: earlier another schedule may have applied. Earlier runs are still listed, so that their files are
checked.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from exportctl.frozen import dataclass
from exportctl.model import schedule
from exportctl.monitor.delivery.expectation import DeliveryExpectation
from exportctl.monitor.delivery.former_schedules import former_run_time, former_run_times
from exportctl.resources.run import Run

MAX_TICK_DISTANCE = schedule.HOUR  # from a point of today's grid to the start of a run from before the last change
SAME_START_SECONDS = 600  # seconds within which the runs of one tick start that have a dataset each


@dataclass(frozen=True)
class DueRun:
    """One time at which a run was due. `runs` are the attempts, oldest first. If `expected`, a run must be there."""

    due: int
    runs: tuple[Run, ...]
    expected: bool


def due_runs(watched: DeliveryExpectation, seen: Iterable[Run], since: int, as_of: int) -> tuple[DueRun, ...]:
    """Return all due runs from `since` to `as_of`, in order of time."""
    ticks = expected_ticks(watched, since, as_of)
    grouped: dict[int, list[Run]] = {tick: [] for tick in ticks}
    for run in sorted(seen, key=lambda r: (r.started, r.id)):
        due = _due_time(watched, run, ticks)
        if since <= due <= as_of:
            grouped.setdefault(due, []).append(run)
    known = set(ticks)
    for tick in _ticks_before_change(watched, since, as_of):
        grouped.setdefault(tick, [])
    return tuple(DueRun(due, attempts(watched, found), expected=due in known) for due, found in sorted(grouped.items()))


def _ticks_before_change(watched: DeliveryExpectation, since: int, as_of: int) -> Iterator[int]:
    """
    Yield the stated run times of former schedules, and those of today's before the last change.

    Without former schedules, another one may have applied then.
    """
    if watched.every is None or watched.start is None:
        return
    last, after = min(watched.changed - 1, as_of), max(since, watched.created) - 1
    yield from former_run_times(watched.former_ticks, after, last)
    begins = watched.former_ticks[-1].until if watched.former_ticks else 0
    ticks = schedule.run_times(watched.every, watched.start, watched.end, max(after, begins - 1))
    yield from takewhile(lambda tick: tick <= last, ticks)


def expected_ticks(watched: DeliveryExpectation, since: int, as_of: int) -> tuple[int, ...]:
    """Return the run times for which a missing run is a finding."""
    if not watched.enabled or watched.every is None or watched.start is None:
        return ()
    after = max(since, watched.created, watched.changed) - 1
    ticks = schedule.run_times(watched.every, watched.start, watched.end, after)
    return tuple(takewhile(lambda tick: tick <= as_of, ticks))


def _due_time(watched: DeliveryExpectation, run: Run, ticks: Sequence[int]) -> int:
    """
    Return the run time that a run belongs to.

    For a run before the expected ones, this is the time of today's schedule shortly before the run began; of a stated
    former schedule, while that one applied.
    """
    earlier = bisect_right(ticks, run.started)
    if earlier:
        return ticks[earlier - 1]
    former = former_run_time(watched.former_ticks, run.started)
    if former is not None and run.started - former <= MAX_TICK_DISTANCE:
        return former
    begun = run.started - run.started % 60
    if watched.step and watched.start is not None:
        point = run.started - (run.started - watched.start) % watched.step
        return point if run.started - point <= MAX_TICK_DISTANCE else begun
    if watched.start is not None and 0 <= run.started - watched.start <= MAX_TICK_DISTANCE:
        return watched.start
    return begun


def attempts(watched: DeliveryExpectation, runs: Sequence[Run]) -> tuple[Run, ...]:
    """
    Return the runs for one run time: those up to the first success, and those of other datasets.

    What comes after a success does not belong to the schedule: it is an export on demand.
    """
    kept: list[Run] = []
    first: Run | None = None
    done: set[str] = set()
    for run in runs:
        if first is None:
            kept.append(run)
        elif run.dataset_rows and not done & set(run.dataset_rows):
            kept.append(run)  # one run per dataset
        elif (
            not run.dataset_rows
            and len(kept) < len(watched.datasets)
            and run.started - first.started <= SAME_START_SECONDS
        ):
            kept.append(run)  # one run per dataset, which the service does not name
        else:
            continue
        if run.has_succeeded:
            first = first or run
            done |= set(run.dataset_rows)
    return tuple(kept)
