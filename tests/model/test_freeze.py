"""When a freeze lasts: windows between moments and windows of each week, all in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from exportctl.model.freeze import Freeze
from exportctl.model.freeze_windows import freeze_end, freeze_words, is_endless
from exportctl.model.schedule import DAY, HOUR


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def weekly(*days: int, opens: int = 0, closes: int = DAY) -> Freeze:
    return Freeze("weekly", "agreed", weekdays=days, opens=opens, closes=closes)


YEAR_END = Freeze("year-end", "books", at("2026-12-20"), at("2027-01-04"))
FRIDAY = weekly(4, opens=16 * HOUR, closes=20 * HOUR)  # 2026-11-27 is a Friday
NIGHT = weekly(4, opens=22 * HOUR, closes=30 * HOUR)
WEEKEND = weekly(5, 6)
AROUND = weekly(6, 0)  # the last day of a week and the first one of the next
NIGHTLY = weekly(*range(7), opens=22 * HOUR, closes=30 * HOUR)
ROWS: dict[str, tuple[Freeze, str, str | None]] = {
    "before a dated one": (YEAR_END, "2026-12-19T23:59:59", None),
    "its first second": (YEAR_END, "2026-12-20", "2027-01-04"),
    "its last second": (YEAR_END, "2027-01-03T23:59:59", "2027-01-04"),
    "the first second after it": (YEAR_END, "2027-01-04", None),
    "before some hours": (FRIDAY, "2026-11-27T15:59:59", None),
    "their first second": (FRIDAY, "2026-11-27T16:00", "2026-11-27T20:00"),
    "their last second": (FRIDAY, "2026-11-27T19:59:59", "2026-11-27T20:00"),
    "the first second after them": (FRIDAY, "2026-11-27T20:00", None),
    "the same hours of another day": (FRIDAY, "2026-11-26T17:00", None),
    "the evening of a night": (NIGHT, "2026-11-27T22:00", "2026-11-28T06:00"),
    "its morning, which is on the next day": (NIGHT, "2026-11-28T05:59:59", "2026-11-28T06:00"),
    "the morning before it": (NIGHT, "2026-11-27T05:00", None),
    "the first of two days": (WEEKEND, "2026-11-28T00:00", "2026-11-30"),
    "the second of two days": (WEEKEND, "2026-11-29T12:00", "2026-11-30"),
    "over the end of the week": (AROUND, "2026-11-29T12:00", "2026-12-01"),
    "the day after both": (AROUND, "2026-12-01", None),
    "every night, which never joins": (NIGHTLY, "2026-11-28T23:00", "2026-11-29T06:00"),
    "the day that Europe changes its clocks": (weekly(6, closes=HOUR * 3), "2026-10-25T02:59:59", "2026-10-25T03:00"),
    "before 1970-01-05 too": (weekly(3), "1970-01-01T12:00", "1970-01-02"),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_freeze_lasts_from_its_first_second_to_before_its_last(row: str) -> None:
    freeze, moment, end = ROWS[row]

    assert freeze_end(freeze, at(moment)) == (at(end) if end else None)
    assert not is_endless(freeze)


def test_a_freeze_of_the_whole_week_never_ends() -> None:
    assert is_endless(weekly(*range(7)))
    assert is_endless(weekly(*range(7), opens=6 * HOUR, closes=30 * HOUR))


@pytest.mark.parametrize(
    ("freeze", "text"),
    [
        (YEAR_END, "year-end: 2026-12-20 00:00 UTC until 2027-01-04 00:00 UTC"),
        (NIGHT, "weekly: fri, 22:00 until 06:00"),
    ],
)
def test_a_freeze_in_words(freeze: Freeze, text: str) -> None:
    assert freeze_words(freeze) == text
