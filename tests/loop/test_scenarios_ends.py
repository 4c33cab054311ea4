"""Flows that have ended or soon do: none is revived unasked, who revives one reads what it may send, all are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exportctl import drift_report
from exportctl.drift_report import Group
from exportctl.emulator import Switches
from exportctl.errors import Finding
from exportctl.flags import Flags
from exportctl.health.status import Word, status
from exportctl.model import Cause, Consequence, Plan, Verb
from exportctl.planning.ownership import survey
from exportctl.saved import planfile
from tests.loop.scenes import DAY, applied, change, changes, findings, item, orders, writes_of
from tests.loop.world import SANDBOX, START, World, config, world

MIDNIGHT = START - START % DAY
ROLLED = MIDNIGHT + 180 * DAY
LATER = ROLLED + 12 * DAY
RENEW = Flags(renew_only=True)


def ended(small: World, **yaml: Any) -> World:
    """`orders`, applied, and twelve days past its end."""
    applied(small, orders(**yaml))
    small.emulator.set_time(LATER)
    return small


def revivals(plan: Plan) -> list[Consequence]:
    return [c for c in item(plan).consequences if c.rule == "revival"]


def said(plan: Plan, rule: str) -> Finding:
    (found,) = [f for f in item(plan).findings if f.rule == rule]
    return found


def rows_sent(made: World) -> int:
    runs = [record.doc for record in made.emulator.store.all("runs", SANDBOX)]
    return sum(run["metrics"]["recordSummary"]["outputRecordCount"] for run in runs)


# -- reviving ---------------------------------------------------------------------------------------------------------


def test_a_rolling_end_that_is_over_is_a_change_to_be_approved_and_says_what_it_may_cost(small: World) -> None:
    plan = ended(small).plan()
    assert changes(plan) == {"end": Cause.LAPSED}
    assert (item(plan).verb, plan.empty, plan.counts()["update"], plan.counts()["renew"]) == (Verb.UPDATE, False, 1, 0)
    (cost,) = revivals(plan)
    assert cost.level == "cost"
    assert "ended 2027-07-14 00:00 UTC, 12 days ago" in cost.text
    assert "not documented" in cost.text
    assert "caught up" in cost.text


def test_apply_revives_it_with_one_patch(small: World) -> None:
    ended(small)
    assert writes_of(small) == ["PATCH /flows"]
    assert small.flow("orders")["scheduleParams"]["endTime"] == LATER - LATER % DAY + 180 * DAY
    assert small.plan().steps() == ()


def test_renew_leaves_it_and_names_it(small: World) -> None:
    plan = ended(small).plan(RENEW)
    assert (plan.steps(), item(plan).lapsed, item(plan).verb) == ((), True, Verb.NONE)
    assert findings(plan) == ["expired"]
    assert writes_of(small, RENEW) == []


def test_renew_goes_on_with_the_others(small: World) -> None:
    other = {"datasets": ["Returns"], "subpath": "other", "end": {"rolling": "200 days", "renew_before": "30 days"}}
    applied(small, config(exports={"orders": {"datasets": ["Orders"]}, "other": other}))
    small.emulator.set_time(LATER)
    assert writes_of(small, RENEW) == ["PATCH /flows"]
    assert [str(i.address) for i in small.plan().items if i.lapsed] == ["exports.orders"]


def test_no_night_of_renewals_sends_a_dataset_again_and_an_apply_that_was_warned_may(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(revival="restart"))
    made.emulator.ingest(SANDBOX, "Orders", 50)
    ended(made)
    assert rows_sent(made) == 50
    for _ in range(10):
        made.apply(RENEW)
        made.emulator.advance(DAY)
    assert rows_sent(made) == 50
    assert revivals(made.plan())
    made.apply()
    made.emulator.advance(DAY)
    assert rows_sent(made) == 100


def _shown(small: World) -> None:
    """What the config says stays as it is: the end only has to pass."""


def _edited(small: World) -> None:
    small.write(orders(end="2028-06-01T00:00:00Z"))


REVIVED: dict[str, tuple[dict[str, Any], Callable[[World], Any], Flags, Cause]] = {
    "a rolling end": ({}, _shown, Flags(), Cause.LAPSED),
    "a later end in the YAML": ({"end": "2027-07-14T00:00:00Z"}, _edited, Flags(), Cause.PENDING),
    "a rolling end in the place of a moment": (
        {"end": "2027-07-14T00:00:00Z"},
        lambda w: w.write(orders()),
        Flags(),
        Cause.LAPSED,
    ),
    "a stop by hand that is put back": (
        {"end": "2028-06-01T00:00:00Z"},
        lambda w: w.emulator.ui.end("orders", LATER - DAY),
        Flags(put_back=("exports.orders",)),
        Cause.DRIFT,
    ),
    "an end taken away, and six months over": (
        {"end": "2028-06-01T00:00:00Z"},
        lambda w: w.emulator.ui.schedule("orders", {"endTime": None}),
        Flags(),
        Cause.DRIFT,
    ),
}


@pytest.mark.parametrize("row", REVIVED)
def test_whatever_moves_on_an_end_that_is_over_says_so(small: World, row: str) -> None:
    yaml, then, flags, cause = REVIVED[row]
    ended(small, **yaml)
    then(small)
    plan = small.plan(flags)
    assert changes(plan)["end"] is cause
    assert [c.level for c in revivals(plan)] == ["cost"]
    assert item(plan).consequences[0].rule == "revival"


def test_an_end_moved_in_time_and_one_moved_to_another_past_moment_revive_nothing(small: World) -> None:
    applied(small, orders(end="2027-07-14T00:00:00Z"))
    _edited(small)
    assert revivals(small.plan()) == []
    small.emulator.set_time(LATER)
    small.write(orders(end="2027-07-20T00:00:00Z"))
    plan = small.plan()
    assert (changes(plan), revivals(plan)) == ({"end": Cause.PENDING}, [])


def test_an_end_that_is_over_may_be_accepted(small: World) -> None:
    ended(small)
    entry = {"address": "exports.orders", "field": "end", "reason": "trial is over", "owner": "kim"}
    small.write({**orders(), "accept": [{**entry, "until": "2028-01-01"}]})
    plan = small.plan()
    assert (changes(plan), plan.empty, revivals(plan)) == ({"end": Cause.ACCEPTED}, True, [])
    assert not item(small.plan(RENEW)).lapsed


def test_a_protected_export_may_be_revived(small: World) -> None:
    plan = ended(small, protect=True).plan()
    assert (changes(plan), plan.refused) == ({"end": Cause.LAPSED}, False)


def test_a_renewal_is_outside_the_digest_of_a_plan_and_a_revival_is_in_it(small: World) -> None:
    applied(small, orders())
    small.write(orders(title="Other"))
    at_first = planfile.digest(small.plan())
    small.emulator.set_time(ROLLED - 1)
    assert changes(small.plan())["end"] is Cause.RENEWAL
    assert planfile.digest(small.plan()) == at_first
    small.emulator.set_time(ROLLED)
    assert changes(small.plan())["end"] is Cause.LAPSED
    assert planfile.digest(small.plan()) != at_first


# -- what is said of an end that is over ------------------------------------------------------------------------------

OVER: dict[str, tuple[dict[str, Any], Callable[[World], Any], str]] = {
    "a rolling end": (
        {},
        _shown,
        "to revive it, apply: the plan says what that may send, and `renew` leaves it to you",
    ),
    "a moment": ({"end": "2027-07-14T00:00:00Z"}, _shown, "give it a later `end` and apply"),
    "a stop by hand": (
        {"end": "2028-06-01T00:00:00Z"},
        lambda w: w.emulator.ui.end("orders", ROLLED),
        "`--put-back exports.orders` revives it",
    ),
}


@pytest.mark.parametrize("row", OVER)
def test_plan_drift_and_status_say_the_same_of_what_has_ended_and_how_to_go_on(small: World, row: str) -> None:
    yaml, then, hint = OVER[row]
    ended(small, **yaml)
    then(small)
    with small.planned() as made:
        found = said(made.plan, "expired")
        report = drift_report.drift(made.plan, end_warning=30 * DAY)
        (health,) = status(made.plan, survey(made.live, made.project.name), made.project).exports
    words = "the flow ended 2027-07-14 00:00 UTC, 12 days ago, and exports nothing any more"
    assert found.message == f"exports.orders: {words}"
    assert found.hint is not None
    assert hint in found.hint
    assert "to retire it, take the export out" in found.hint
    assert [e.finding for e in report.of(Group.EXPIRED)] == [found]
    assert f"{words}; {found.hint}" in health.notes
    assert health.word in (Word.EXPIRED, Word.STOPPED)


def test_drift_fails_for_it_where_ends_are_asked_for(small: World) -> None:
    report = drift_report.drift(ended(small).plan(), end_warning=30 * DAY)
    assert not drift_report.failing(report)
    assert drift_report.failing(report, {Group.ENDING})


# -- what is said of an end to come -----------------------------------------------------------------------------------

SOON: dict[str, tuple[dict[str, Any], dict[str, Any], str | None]] = {
    "a moment": ({"end": "2027-02-01T00:00:00Z"}, {}, "a later `end`, applied before then, keeps it going"),
    "a moment, with a shorter warning": ({"end": "2027-02-01T00:00:00Z"}, {"end_warning": "10 days"}, None),
    "a moment far off": ({"end": "2028-02-01T00:00:00Z"}, {}, None),
    "a rolling end that is renewed later than the warning": (
        {"end": {"rolling": "25 days", "renew_before": "5 days"}},
        {},
        "`exportctl renew` moves it on once less than 5 days is left",
    ),
    "once": ({"end": "2027-02-01T00:00:00Z", "schedule": {"every": "once", "at": "02:00"}}, {}, None),
}


@pytest.mark.parametrize("row", SOON)
@pytest.mark.parametrize("live", [False, True], ids=["to be made", "live"])
def test_a_plan_warns_of_an_end_within_the_warning(small: World, row: str, live: bool) -> None:
    yaml, policy, hint = SOON[row]
    content = {**orders(**yaml), "policy": policy}
    small.write(content)
    if live:
        applied(small, content)
    found = [f for f in item(small.plan()).findings if f.rule == "ending"]
    assert [hint in (f.hint or "") for f in found if hint] == ([True] if hint else [])
    assert len(found) == (hint is not None)


def test_the_warning_has_the_line_of_the_end_and_the_days_that_are_left(small: World) -> None:
    small.write(orders(end="2027-02-01T00:00:00Z"))
    found = said(small.plan(), "ending")
    assert found.message == "exports.orders ends 2027-02-01 00:00 UTC, in 16 days"
    assert found.at == change(small.plan(), "end").at


def test_an_end_that_is_renewed_by_this_plan_is_not_warned_of(small: World) -> None:
    applied(small, orders())
    small.emulator.set_time(ROLLED - DAY)
    plan = small.plan()
    assert (changes(plan), findings(plan)) == ({"end": Cause.RENEWAL}, [])
    assert drift_report.drift(plan, end_warning=30 * DAY).of(Group.ENDING)[0].renewal_due


def test_an_end_moved_near_by_hand_is_warned_of_with_the_way_back(small: World) -> None:
    applied(small, orders())
    small.emulator.ui.end("orders", START + 9 * DAY)
    assert "--put-back exports.orders" in (said(small.plan(), "ending").hint or "")


def test_a_warning_of_ends_may_be_silenced_as_any_rule(small: World) -> None:
    small.write({**orders(end="2027-02-01T00:00:00Z"), "rules": {"ending": {"level": "off", "reason": "known"}}})
    assert findings(small.plan()) == []
