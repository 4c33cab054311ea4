"""When exports run and end: whole seconds, UTC, no clock."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.config.scalars import parse_time_of_day
from exportctl.model import schedule as schedules
from exportctl.model.project import End, Schedule
from exportctl.model.schedule import DAY, HOUR, MIN_START_DELAY

EIGHT = 1_800_000_000  # 2027-01-15 08:00:00 UTC
MIDNIGHT = EIGHT - 8 * HOUR
INTERVAL_CASES = ("3 hours", "6 hours", "8 hours", "9 hours", "12 hours", "1 day", "once")

intervals = st.sampled_from(INTERVAL_CASES)
times_of_day = st.integers(0, DAY - 1)
nows = st.integers(0, 4_000_000_000)


@pytest.mark.parametrize(
    ("schedule", "word"),
    [
        (Schedule("once", 0, 0), "once"),
        (Schedule("day", 1, 0), "1 day"),
        (Schedule("hour", 3, 0), "3 hours"),
        (Schedule("hour", 1, 0), "1 hour"),
        (Schedule("day", 0, 0), "once"),
        (Schedule("day", 7, 0), "7 days"),
    ],
    ids=["once", "daily", "every three hours", "every hour", "an interval of zero is once", "every week"],
)
def test_an_interval_has_one_word(schedule: Schedule, word: str) -> None:
    assert schedules.canonical_every(schedule) == word


@pytest.mark.parametrize(
    ("every", "seconds", "modulus"),
    [
        ("3 hours", 3 * HOUR, 3 * HOUR),
        ("6 hours", 6 * HOUR, 6 * HOUR),
        ("8 hours", 8 * HOUR, 8 * HOUR),
        ("9 hours", 9 * HOUR, 3 * HOUR),
        ("12 hours", 12 * HOUR, 12 * HOUR),
        ("1 day", DAY, DAY),
        ("7 days", 7 * DAY, DAY),
        ("1 hour", HOUR, HOUR),
        ("once", 0, DAY),
    ],
)
def test_the_grid_of_an_interval_is_its_common_measure_with_a_day(every: str, seconds: int, modulus: int) -> None:
    assert (schedules.interval_seconds(every), schedules.grid_seconds(every)) == (seconds, modulus)


@pytest.mark.parametrize("word", ["", "daily", "3", "-3 hours", "3 minutes", "once a day"])
def test_any_other_word_is_no_interval(word: str) -> None:
    with pytest.raises(ValueError, match="not an interval"):
        schedules.interval_seconds(word)


@pytest.mark.parametrize(
    ("every", "at"),
    [
        ("3 hours", 2 * HOUR),
        ("6 hours", 2 * HOUR),
        ("8 hours", 0),
        ("9 hours", 2 * HOUR),
        ("12 hours", 8 * HOUR),
        ("1 day", 8 * HOUR),
        ("once", 8 * HOUR),
    ],
)
def test_the_grid_offset_of_eight_o_clock(every: str, at: int) -> None:
    assert schedules.grid_offset(EIGHT, every) == at


FIRST: dict[str, tuple[str, int, int | None, int]] = {
    "later today": ("1 day", 10 * HOUR, None, MIDNIGHT + 10 * HOUR),
    "tomorrow when it is past": ("1 day", 7 * HOUR, None, MIDNIGHT + DAY + 7 * HOUR),
    "exactly half an hour ahead is enough": ("1 day", 8 * HOUR + MIN_START_DELAY, None, EIGHT + MIN_START_DELAY),
    "a second less than half an hour is tomorrow": (
        "1 day",
        8 * HOUR + MIN_START_DELAY - 1,
        None,
        EIGHT + MIN_START_DELAY - 1 + DAY,
    ),
    "the next of the three-hour grid": ("3 hours", 1 * HOUR, None, MIDNIGHT + 10 * HOUR),
    "nine hours keep a grid of three": ("9 hours", 0, None, MIDNIGHT + 9 * HOUR),
    "twelve hours": ("12 hours", 11 * HOUR + 45 * 60, None, MIDNIGHT + 11 * HOUR + 45 * 60),
    "eight hours": ("8 hours", 1 * HOUR, None, MIDNIGHT + 9 * HOUR),
    "six hours": ("6 hours", 2 * HOUR, None, MIDNIGHT + 14 * HOUR),
    "once": ("once", 5 * HOUR, None, MIDNIGHT + DAY + 5 * HOUR),
    "not before a day of later": ("1 day", 2 * HOUR, MIDNIGHT + 5 * DAY, MIDNIGHT + 5 * DAY + 2 * HOUR),
    "not before a moment past the hour": ("1 day", 7200, MIDNIGHT + 5 * DAY + 3 * HOUR, MIDNIGHT + 6 * DAY + 7200),
    "a start long past does not matter": ("1 day", 10 * HOUR, MIDNIGHT - 90 * DAY, MIDNIGHT + 10 * HOUR),
}


@pytest.mark.parametrize("row", FIRST)
def test_the_first_start(row: str) -> None:
    every, at, not_before, expected = FIRST[row]
    assert schedules.first_start(every, at, not_before, EIGHT) == expected


@given(intervals, times_of_day, st.one_of(st.none(), nows), nows)
def test_a_first_start_is_the_earliest_point_of_its_grid_with_the_lead(
    every: str, at: int, not_before: int | None, now: int
) -> None:
    start = schedules.first_start(every, at, not_before, now)
    step = schedules.grid_seconds(every)
    earliest = max(now + MIN_START_DELAY, not_before or 0)
    assert start % step == at % step
    assert earliest <= start < earliest + step
    assert schedules.grid_offset(start, every) == schedules.grid_offset(at, every)


@given(intervals, nows, st.one_of(st.none(), nows), nows)
def test_ticks_are_the_starts_multiples_after_now_and_before_the_end(
    every: str, start: int, end: int | None, now: int
) -> None:
    runs = schedules.next_runs(every, start, end, now)
    step = schedules.interval_seconds(every)
    assert all(point > now and point >= start for point in runs)
    assert all(end is None or point < end for point in runs)
    assert all((point - start) % step == 0 if step else point == start for point in runs)
    assert [b - a for a, b in pairwise(runs)] == [step] * (len(runs) - 1)
    assert len(runs) == 3 or not step or end is not None


RUNS: dict[str, tuple[str, int, int | None, tuple[int, ...]]] = {
    "the next three": ("1 day", EIGHT, None, (EIGHT + DAY, EIGHT + 2 * DAY, EIGHT + 3 * DAY)),
    "a start ahead is the first": ("1 day", EIGHT + 5, None, (EIGHT + 5, EIGHT + 5 + DAY, EIGHT + 5 + 2 * DAY)),
    "nothing at the end itself": ("1 day", EIGHT, EIGHT + 2 * DAY, (EIGHT + DAY,)),
    "nothing after the end": ("1 day", EIGHT - DAY, EIGHT, ()),
    "once, ahead": ("once", EIGHT + 1, None, (EIGHT + 1,)),
    "once, begun": ("once", EIGHT, None, ()),
    "once, beyond its end": ("once", EIGHT + DAY, EIGHT + HOUR, ()),
}


@pytest.mark.parametrize("row", RUNS)
def test_the_next_runs(row: str) -> None:
    every, start, end, expected = RUNS[row]
    assert schedules.next_runs(every, start, end, EIGHT) == expected


LAST: dict[str, tuple[str, int, int | None, int | None]] = {
    "at the moment itself": ("1 day", EIGHT - 3 * DAY, None, EIGHT),
    "the latest before it": ("9 hours", EIGHT - 10 * HOUR, None, EIGHT - HOUR),
    "none before the start": ("1 day", EIGHT + 1, None, None),
    "none at the end itself": ("1 day", EIGHT - DAY, EIGHT, EIGHT - DAY),
    "none after the end": ("1 day", EIGHT - 9 * DAY, EIGHT - 5 * DAY - 1, EIGHT - 6 * DAY),
    "none with an end at the start": ("1 day", EIGHT - DAY, EIGHT - DAY, None),
    "once": ("once", EIGHT - DAY, None, EIGHT - DAY),
}


@pytest.mark.parametrize("row", LAST)
def test_the_last_run(row: str) -> None:
    every, start, end, expected = LAST[row]
    assert schedules.last_run_time(every, start, end, EIGHT) == expected


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (End(moment=EIGHT + 5), EIGHT + 5),
        (End(rolling=180 * DAY, renew_before=DAY), MIDNIGHT + 180 * DAY),
        (End(), None),
    ],
    ids=["a moment is itself", "a rolling end counts from midnight UTC", "none for a one-time export"],
)
def test_the_end_of_a_flow_made_now(end: End, expected: int | None) -> None:
    assert schedules.first_end(end, EIGHT) == expected


@pytest.mark.parametrize(
    ("end", "live", "due"),
    [
        (End(rolling=180 * DAY, renew_before=30 * DAY), EIGHT + 30 * DAY, False),
        (End(rolling=180 * DAY, renew_before=30 * DAY), EIGHT + 30 * DAY - 1, True),
        (End(rolling=180 * DAY, renew_before=30 * DAY), EIGHT - DAY, True),
        (End(rolling=180 * DAY), EIGHT + 1, False),
        (End(rolling=180 * DAY), EIGHT - 1, True),
        (End(moment=EIGHT), EIGHT - DAY, False),
    ],
    ids=[
        "exactly renew_before left",
        "a second less left",
        "ended already",
        "without renew_before, not ended",
        "without renew_before, ended",
        "a fixed end is never renewed",
    ],
)
def test_a_renewal_is_due_when_fewer_than_renew_before_are_left(end: End, live: int, due: bool) -> None:
    assert schedules.is_renewal_due(end, live, EIGHT) == due


@pytest.mark.parametrize(
    ("created", "ends"),
    [
        ("2027-01-15T08:00:01", "2027-07-15T08:00:01"),
        ("2027-08-31T12:00:00", "2028-02-29T12:00:00"),
        ("2026-08-31T12:00:00", "2027-02-28T12:00:00"),
        ("2027-07-01T00:00:00", "2028-01-01T00:00:00"),
        ("2027-06-30T23:59:59", "2027-12-30T23:59:59"),
        ("2027-12-31T00:00:00", "2028-06-30T00:00:00"),
    ],
    ids=[
        "six months on",
        "into a leap February",
        "into a common February",
        "over the new year",
        "the last day of June is no last day",
        "into a month of thirty days",
    ],
)
def test_a_flow_without_an_end_ends_six_calendar_months_after_its_creation(created: str, ends: str) -> None:
    def seconds(text: str) -> int:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())

    assert schedules.default_end(seconds(created)) == seconds(ends)


def test_moments_are_shown_in_utc_with_seconds_only_where_they_count() -> None:
    assert schedules.format_moment(EIGHT) == "2027-01-15 08:00 UTC"
    assert schedules.format_moment(EIGHT + 17) == "2027-01-15 08:00:17 UTC"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "00:00"), (7200, "02:00"), (28817, "08:00:17"), (1, "00:00:01"), (86399, "23:59:59")]
)
def test_a_time_of_day_is_written_as_the_config_reads_it(seconds: int, expected: str) -> None:
    assert schedules.time_of_day(seconds) == expected
    assert parse_time_of_day(expected) == seconds


@pytest.mark.parametrize(
    ("every", "at", "expected"),
    [
        ("once", 7200, "once, at 02:00 UTC"),
        ("1 day", 28817, "every 1 day at 08:00:17 UTC"),
        ("6 hours", 5400, "every 6 hours from 01:30 UTC"),
        ("6 hours", 5417, "every 6 hours from 01:30:17 UTC"),
    ],
)
def test_a_schedule_shows_its_seconds(every: str, at: int, expected: str) -> None:
    assert schedules.schedule_phrase(every, at) == expected


@given(intervals, nows, nows, st.none() | nows)
def test_the_last_tick_is_the_one_before_the_next(every: str, start: int, at: int, end: int | None) -> None:
    last = schedules.last_run_time(every, start, end, at)
    if last is None:
        assert start > at or (end is not None and end <= start)
        return
    assert last <= at
    assert last in schedules.next_runs(every, start, end, last - 1, 1)
    following = schedules.next_runs(every, start, end, last, 1)
    assert all(tick > at for tick in following)


def test_a_rolling_end_is_renewed_once_it_is_due_and_not_a_second_before() -> None:
    end = End(rolling=180 * DAY, renew_before=30 * DAY)
    first, due = MIDNIGHT + 180 * DAY, MIDNIGHT + 150 * DAY

    assert schedules.renewed_ends(end, MIDNIGHT, due) == (first,)
    assert schedules.renewed_ends(end, MIDNIGHT, due + 1) == (first, due + 180 * DAY)


def test_the_first_starts_are_those_of_a_plan_of_up_to_an_hour_before() -> None:
    assert schedules.first_starts("1 day", 9 * HOUR, None, EIGHT + HOUR // 2) == {EIGHT + HOUR}
    assert schedules.first_starts("1 day", 9 * HOUR, None, EIGHT + HOUR) == {EIGHT + HOUR, EIGHT + HOUR + DAY}
