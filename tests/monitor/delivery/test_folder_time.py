"""The moments that the numbers in the name of a folder may mean."""

from __future__ import annotations

from exportctl.monitor.delivery.folder_time import WEEK_YEAR, read_moments
from tests.monitor.delivery.delivery_states import timestamp


def test_a_year_of_the_calendar_counts_beside_a_year_of_the_week() -> None:
    beside = read_moments({"year": "2026", WEEK_YEAR: "2027", "month": "3", "day": "5"})

    assert beside == read_moments({"year": "2026", "month": "3", "day": "5"})
    assert [timestamp(5) in moments for moments in beside] == [True]


def test_without_any_year_there_is_one_reading() -> None:
    assert len(read_moments({"month": "3", "day": "5"})) == 1
