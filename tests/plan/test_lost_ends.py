"""A rolling end whose marker is lost: the end of a nightly `renew` is known again, one set earlier by hand pauses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exportctl.model import schedule
from exportctl.model.plan import Cause, Marker
from exportctl.model.project import End
from exportctl.plan.comparison import ComparisonInputs
from exportctl.plan.field_diff import field_changes
from exportctl.resources.kinds import FLOW
from exportctl.resources.marker import END

MADE = 1_800_000_000  # 2027-01-15 08:00:00 UTC
DAY, HOUR = 86400, 3600
MIDNIGHT = MADE - MADE % DAY
MONTHLY = End(rolling=40 * DAY, renew_before=10 * DAY)


def cause(live: int, as_of: int, end: End = MONTHLY, **changes: Any) -> Cause | None:
    """Of a flow of ours made at MADE, whose marker was rewritten and does not know the end."""
    against = ComparisonInputs(Marker("acme", "e", "orders"), as_of, **{"end": end, "ours_since": MADE, **changes})
    found = field_changes(FLOW, {END: schedule.first_end(end, as_of)}, {END: live}, against)
    return found[0].cause if found else None


ENDS: dict[str, tuple[int, int, Cause]] = {
    # days after the midnight of its creation: now, live end
    "the first end": (20, 40, Cause.ALREADY_MATCHES),
    "the first end, due tonight": (30, 40, Cause.RENEWAL),
    "the first end, and the weekend between": (32, 40, Cause.RENEWAL),
    "the end of the first renewal": (35, 70, Cause.ALREADY_MATCHES),
    "the end of a renewal that came two days late": (35, 72, Cause.ALREADY_MATCHES),
    "an end moved later by hand": (35, 200, Cause.ALREADY_MATCHES),
    "before any end of ours": (20, 39, Cause.PAUSED),
    "before the first renewal's, after the first": (35, 50, Cause.PAUSED),
    "the first end long after it was due": (35, 40, Cause.PAUSED),
    "just after the first end": (31, 44, Cause.PAUSED),
    "an end before the last renewal's": (61, 99, Cause.PAUSED),
    "over already": (35, 34, Cause.PAUSED),
}


@pytest.mark.parametrize("row", ENDS)
def test_an_end_the_marker_does_not_know_is_ours_or_a_pause(row: str) -> None:
    now, live, expected = ENDS[row]
    assert cause(MIDNIGHT + live * DAY, MIDNIGHT + now * DAY + 8 * HOUR) is expected


def test_an_end_at_another_time_of_day_than_ours_is_a_pause_even_where_a_late_renewal_could_have_written_it() -> None:
    assert cause(MIDNIGHT + 40 * DAY + HOUR, MIDNIGHT + 30 * DAY + 8 * HOUR) is Cause.PAUSED


def test_a_pause_the_marker_does_not_know_is_resumed_when_asked_to() -> None:
    assert cause(MIDNIGHT + 50 * DAY, MIDNIGHT + 35 * DAY, resume=True) is Cause.DRIFT


def test_an_end_of_a_flow_that_is_to_be_adopted_is_no_pause() -> None:
    assert cause(MIDNIGHT + 50 * DAY, MIDNIGHT + 35 * DAY, ours_since=None) is Cause.ALREADY_MATCHES


@st.composite
def rolling_ends(draw: st.DrawFn) -> End:
    ahead = draw(st.integers(1, 40))
    return End(rolling=(ahead + draw(st.integers(1, 200))) * DAY, renew_before=ahead * DAY)


def renewed_end(end: End, nights: int, hour: int) -> tuple[int, int]:
    """The end that `renew` once a night has written, and the moment of the last night."""
    assert end.rolling is not None
    written, now = MIDNIGHT + end.rolling, MADE
    for night in range(nights):
        now = MIDNIGHT + (night + 1) * DAY + hour * HOUR
        if schedule.is_renewal_due(end, written, now):
            written = schedule.midnight(now) + end.rolling
    return written, now


@given(rolling_ends(), st.integers(1, 400), st.integers(0, 23), st.integers(0, 23))
def test_what_a_nightly_renewal_wrote_is_never_taken_for_a_pause(end: End, nights: int, hour: int, then: int) -> None:
    written, now = renewed_end(end, nights, hour)
    later = now + then * HOUR  # the marker is missed by the next run at the latest
    assert cause(written, later, end) in (Cause.ALREADY_MATCHES, Cause.RENEWAL)


@given(rolling_ends(), st.integers(1, 400), st.integers(1, 23), st.data())
def test_what_was_set_before_the_last_renewal_s_end_is_a_pause(
    end: End, nights: int, hour: int, data: st.DataObject
) -> None:
    written, now = renewed_end(end, nights, hour)
    earlier = data.draw(st.integers(now, written - 1))
    assume((earlier - written) % DAY)  # else a renewal that came late could have written it
    assume(not schedule.is_default_end(earlier, MADE))  # else it may be what a flow without an end is given
    assert cause(earlier, now, end) is Cause.PAUSED
