"""
What `verify` found on each of the last days, and what runs on each of the next days. Pure.

In: a verify report, a forecast. Out: a Timeline with a row per export and a column per day UTC, today in the middle.
Today holds both: the runs that were due, and those that are still to come.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from exportctl.frozen import dataclass
from exportctl.model.plan import Address
from exportctl.model.schedule import DAY, midnight
from exportctl.monitor.delivery.report import DeliveryResult, ExportVerdicts, Verdict, VerifyReport
from exportctl.monitor.forecast import PAUSED, FlowForecast, Forecast

DAYS = 7  # before today, and after it
SEVERITY = (  # a day is shown by the first of these that it has; a result that fails comes before all others
    DeliveryResult.FAILED,
    DeliveryResult.MISSING,
    DeliveryResult.FILES_MISSING,
    DeliveryResult.MISMATCH,
    DeliveryResult.LATE,
    DeliveryResult.UNKNOWN,
    DeliveryResult.COMPLETE,  # something came
    DeliveryResult.EMPTY,
)


@dataclass(frozen=True)
class DayOfExport:
    """One export on one day."""

    results: tuple[tuple[DeliveryResult, int], ...] = ()  # with the number of each, worst first
    has_failed: bool = False  # a result of the day counts as a failure
    runs: int = 0  # that are still to come
    has_first_full_run: bool = False  # one of them exports everything
    ends: int | None = None  # when the flow ends on this day, in seconds since 1970 UTC


@dataclass(frozen=True)
class TimelineRow:
    """One export. `note` says why nothing runs, or that it is paused."""

    address: Address
    days: tuple[DayOfExport, ...]
    note: str | None = None


@dataclass(frozen=True)
class Timeline:
    """`days` are the midnights UTC at which the columns begin; `is_verified` False: the past was not checked."""

    days: tuple[int, ...]
    today: int  # the index of the day that holds the moment of the report
    is_verified: bool
    rows: tuple[TimelineRow, ...]


def first_moment(as_of: int) -> int:
    """Return when the first day of a timeline begins."""
    return midnight(as_of) - DAYS * DAY


def build_timeline(delivered: VerifyReport | None, expected: Forecast) -> Timeline:
    """Return a row for every export of the forecast and of the verify report."""
    first = first_moment(expected.as_of)
    days = tuple(first + number * DAY for number in range(2 * DAYS + 1))
    lanes: dict[Address, list[FlowForecast]] = defaultdict(list)
    for lane in expected.flows:
        lanes[lane.address].append(lane)
    checked = {one.address: one for one in delivered.exports} if delivered else {}
    return Timeline(
        days=days,
        today=DAYS,
        is_verified=delivered is not None,
        rows=tuple(
            _row(address, days, checked.get(address), lanes.get(address, ())) for address in sorted({*lanes, *checked})
        ),
    )


def _row(
    address: Address,
    days: Sequence[int],
    checked: ExportVerdicts | None,
    lanes: Sequence[FlowForecast],
) -> TimelineRow:
    past: dict[int, list[Verdict]] = defaultdict(list)
    for verdict in checked.verdicts if checked else ():
        if verdict.due is not None:
            past[midnight(verdict.due)].append(verdict)
    return TimelineRow(
        address=address,
        days=tuple(_day(day, past.get(day, ()), lanes) for day in days),
        note=_note(lanes),
    )


def _note(lanes: Sequence[FlowForecast]) -> str | None:
    if not any(lane.runs for lane in lanes):
        return next((lane.no_run_reason for lane in lanes if lane.no_run_reason), None)
    return PAUSED if any(lane.is_paused for lane in lanes) else None


def _day(day: int, found: Sequence[Verdict], lanes: Sequence[FlowForecast]) -> DayOfExport:
    span = range(day, day + DAY)
    counts = Counter(verdict.result for verdict in found)
    failing = {verdict.result for verdict in found if verdict.fails}  # EMPTY too, where the config expects rows
    order = sorted(counts, key=lambda result: (result not in failing, SEVERITY.index(result)))
    return DayOfExport(
        results=tuple((result, counts[result]) for result in order),
        has_failed=bool(failing),
        runs=sum(run in span for lane in lanes for run in lane.runs),
        has_first_full_run=any(lane.first_full_run in span for lane in lanes if lane.first_full_run is not None),
        ends=next((lane.ends for lane in lanes if lane.ends is not None and lane.ends in span), None),
    )
