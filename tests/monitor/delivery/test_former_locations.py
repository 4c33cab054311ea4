"""Which former location a run belongs to, and whose word counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exportctl.errors import SourcePosition
from exportctl.model.project import FormerLocation
from exportctl.monitor.delivery.due_runs import DueRun
from exportctl.monitor.delivery.former_locations import former_periods, merge_verdicts
from exportctl.monitor.delivery.report import DeliveryResult, Verdict
from tests.monitor.delivery.delivery_states import DAILY, WEB, timestamp

AT = SourcePosition("exports.yaml", 9, 3)
NOW = replace(DAILY, location_changed=timestamp(20, 9), folder_changed=timestamp(10, 9), prefix="now", folder="N")
DUE = tuple(DueRun(timestamp(day, 2), (), expected=True) for day in range(1, 31))


def stated(day: int, path: str | None = None, folder: str | None = None) -> FormerLocation:
    return FormerLocation(timestamp(day, 9), path, folder, AT)


def test_what_an_entry_does_not_state_is_as_in_the_one_after_it_and_at_last_as_now() -> None:
    periods = former_periods(NOW, (stated(5, folder="A"), stated(10, path="/two/"), stated(20, folder="C")), DUE)

    assert [(one.path, len(one.due), one.due[0].due, one.due[-1].due) for one in periods] == [
        ("two/A", 5, timestamp(1, 2), timestamp(5, 2)),
        ("two/C", 5, timestamp(6, 2), timestamp(10, 2)),
        ("now/C", 10, timestamp(11, 2), timestamp(20, 2)),
    ]


@pytest.mark.parametrize(
    ("until", "last"),
    [(15, 20), (20, 20), (25, 20)],
    ids=["before the change", "at the change", "after the change"],
)
def test_the_newest_entry_reaches_to_the_last_change_of_the_flow_and_no_further(until: int, last: int) -> None:
    (period,) = former_periods(NOW, (stated(until, path="before"),), DUE)

    assert (period.due[0].due, period.due[-1].due) == (timestamp(1, 2), timestamp(last, 2))


def test_an_entry_without_runs_is_not_looked_at() -> None:
    assert former_periods(NOW, (stated(20, path="before"),), DUE[25:]) == ()
    assert former_periods(NOW, (), DUE) == ()


COMPLETE, GONE, WRONG, UNKNOWN = (
    DeliveryResult.COMPLETE,
    DeliveryResult.FILES_MISSING,
    DeliveryResult.MISMATCH,
    DeliveryResult.UNKNOWN,
)


@pytest.mark.parametrize(
    ("day", "now", "former", "expected"),
    [
        (5, (UNKNOWN, None), (COMPLETE, 2), "former"),
        (5, (UNKNOWN, None), (GONE, 0), "former"),
        (5, (UNKNOWN, None), (WRONG, 2), "former"),
        (5, (COMPLETE, 2), (GONE, 0), "now"),
        (5, (COMPLETE, 2), (COMPLETE, 2), "former"),
        (5, (WRONG, 1), (UNKNOWN, None), "now"),
        (17, (UNKNOWN, None), (COMPLETE, 2), "former"),
        (17, (UNKNOWN, None), (GONE, 0), "now"),
        (17, (COMPLETE, 2), (WRONG, 1), "now"),
    ],
)
def test_the_former_location_counts_where_the_files_are_there_or_must_be_there(
    day: int, now: tuple[DeliveryResult, int | None], former: tuple[DeliveryResult, int | None], expected: str
) -> None:
    """Day 17 is between `until` and the last change of the flow."""
    (period,) = former_periods(NOW, (stated(15, path="before"),), DUE)
    sides = {
        name: Verdict("web", WEB, timestamp(day, 2), result, name, files=files)
        for name, (result, files) in (("now", now), ("former", former))
    }
    other = Verdict("web", WEB, timestamp(25, 2), COMPLETE, "now")

    merged = merge_verdicts((sides["now"], other), period, (sides["former"],))

    assert [verdict.reason for verdict in merged] == [expected, "now"]
