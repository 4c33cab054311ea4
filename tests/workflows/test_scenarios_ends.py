"""Flows that have ended or soon do: all are reported, none is revived unasked, and the plan says what it may send."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Switches
from exportctl.errors import Finding
from exportctl.model.plan import Cause, Consequence, Plan, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor import drift
from exportctl.monitor.drift import DriftGroup
from exportctl.monitor.status import HealthResult, status
from exportctl.plan.ownership import build_ownership
from exportctl.planfile import file as planfile
from tests.workflows.orders_sandbox import (
    DAY,
    apply_config,
    field_causes,
    field_change,
    findings,
    item,
    orders,
    writes_of,
)
from tests.workflows.world import SANDBOX, START, World, config, world

MIDNIGHT = START - START % DAY
ROLLED = MIDNIGHT + 180 * DAY
LATER = ROLLED + 12 * DAY
RENEW = PlanOptions(renew_only=True)


def expire_orders(small: World, **yaml: Any) -> World:
    """`orders`, applied, and twelve days past its end."""
    apply_config(small, orders(**yaml))
    small.emulator.set_time(LATER)
    return small


def revivals(plan: Plan) -> list[Consequence]:
    return [c for c in item(plan).consequences if c.rule == "expired-flow-runs-again"]


def only_finding(plan: Plan, rule: str) -> Finding:
    (found,) = [f for f in item(plan).findings if f.rule == rule]
    return found


def rows_sent(made: World) -> int:
    runs = [record.doc for record in made.emulator.store.list_records("runs", SANDBOX)]
    return sum(run["metrics"]["recordSummary"]["outputRecordCount"] for run in runs)


# -- reviving ---------------------------------------------------------------------------------------------------------


def test_a_rolling_end_that_is_over_is_a_change_to_be_approved_and_says_what_it_may_cost(small: World) -> None:
    plan = expire_orders(small).plan()
    assert field_causes(plan) == {"end": Cause.EXPIRED}
    assert (item(plan).verb, plan.is_empty, plan.counts()["update"], plan.counts()["renew"]) == (
        Verb.UPDATE,
        False,
        1,
        0,
    )
    (cost,) = revivals(plan)
    assert cost.level == "cost"
    assert "ended 2027-07-14 00:00 UTC, 12 days ago" in cost.text
    assert "does not document" in cost.text
    assert "caught up" in cost.text


def test_apply_revives_it_with_one_patch(small: World) -> None:
    expire_orders(small)
    assert writes_of(small) == ["PATCH /flows"]
    assert small.flow("orders")["scheduleParams"]["endTime"] == LATER - LATER % DAY + 180 * DAY
    assert small.plan().steps() == ()


def test_renew_leaves_it_and_names_it(small: World) -> None:
    plan = expire_orders(small).plan(RENEW)
    assert (plan.steps(), item(plan).is_expired, item(plan).verb) == ((), True, Verb.UNCHANGED)
    assert findings(plan) == ["expired"]
    assert writes_of(small, RENEW) == []


def test_renew_goes_on_with_the_others(small: World) -> None:
    other = {"datasets": ["Returns"], "subpath": "other", "end": {"rolling": "200 days", "renew_before": "30 days"}}
    apply_config(small, config(exports={"orders": {"datasets": ["Orders"]}, "other": other}))
    small.emulator.set_time(LATER)
    assert writes_of(small, RENEW) == ["PATCH /flows"]
    assert [str(i.address) for i in small.plan().items if i.is_expired] == ["exports.orders"]


def test_no_night_of_renewals_sends_a_dataset_again_and_an_apply_that_was_warned_may(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(revival="restart"))
    made.emulator.ingest(SANDBOX, "Orders", 50)
    expire_orders(made)
    assert rows_sent(made) == 50
    for _ in range(10):
        made.apply(RENEW)
        made.emulator.advance(DAY)
    assert rows_sent(made) == 50
    assert revivals(made.plan())
    made.apply()
    made.emulator.advance(DAY)
    assert rows_sent(made) == 100


def _leave_config(small: World) -> None:
    """What the config says stays as it is: the end only has to pass."""


def _edit_end(small: World) -> None:
    small.write(orders(end="2028-06-01T00:00:00Z"))


REVIVED: dict[str, tuple[dict[str, Any], Callable[[World], Any], PlanOptions, Cause]] = {
    "a rolling end": ({}, _leave_config, PlanOptions(), Cause.EXPIRED),
    "a later end in the YAML": ({"end": "2027-07-14T00:00:00Z"}, _edit_end, PlanOptions(), Cause.PENDING),
    "a rolling end in the place of a moment": (
        {"end": "2027-07-14T00:00:00Z"},
        lambda w: w.write(orders()),
        PlanOptions(),
        Cause.EXPIRED,
    ),
    "a pause by hand that is resumed": (
        {"end": "2028-06-01T00:00:00Z"},
        lambda w: w.emulator.ui.end("orders", LATER - DAY),
        PlanOptions(resume=("exports.orders",)),
        Cause.DRIFT,
    ),
    "an end taken away, and six months over": (
        {"end": "2028-06-01T00:00:00Z"},
        lambda w: w.emulator.ui.schedule("orders", {"endTime": None}),
        PlanOptions(),
        Cause.DRIFT,
    ),
}


@pytest.mark.parametrize("row", REVIVED)
def test_whatever_moves_on_an_end_that_is_over_says_so(small: World, row: str) -> None:
    yaml, then, flags, cause = REVIVED[row]
    expire_orders(small, **yaml)
    then(small)
    plan = small.plan(flags)
    assert field_causes(plan)["end"] is cause
    assert [c.level for c in revivals(plan)] == ["cost"]
    assert item(plan).consequences[0].rule == "expired-flow-runs-again"


def test_an_end_moved_in_time_and_one_moved_to_another_past_moment_revive_nothing(small: World) -> None:
    apply_config(small, orders(end="2027-07-14T00:00:00Z"))
    _edit_end(small)
    assert revivals(small.plan()) == []
    small.emulator.set_time(LATER)
    small.write(orders(end="2027-07-20T00:00:00Z"))
    plan = small.plan()
    assert (field_causes(plan), revivals(plan)) == ({"end": Cause.PENDING}, [])


def test_an_end_that_is_over_may_be_accepted(small: World) -> None:
    expire_orders(small)
    entry = {"address": "exports.orders", "field": "end", "reason": "trial is over", "owner": "kim"}
    small.write({**orders(), "accept": [{**entry, "until": "2028-01-01"}]})
    plan = small.plan()
    assert (field_causes(plan), plan.is_empty, revivals(plan)) == ({"end": Cause.ACCEPTED}, True, [])
    assert not item(small.plan(RENEW)).is_expired


def test_a_protected_export_may_be_revived(small: World) -> None:
    plan = expire_orders(small, protect=True).plan()
    assert (field_causes(plan), plan.is_refused) == ({"end": Cause.EXPIRED}, False)


def test_a_renewal_is_outside_the_digest_of_a_plan_and_a_revival_is_in_it(small: World) -> None:
    apply_config(small, orders())
    small.write(orders(title="Other"))
    at_first = planfile.approval_digest(small.plan())
    small.emulator.set_time(ROLLED - 1)
    assert field_causes(small.plan())["end"] is Cause.RENEWAL
    assert planfile.approval_digest(small.plan()) == at_first
    small.emulator.set_time(ROLLED)
    assert field_causes(small.plan())["end"] is Cause.EXPIRED
    assert planfile.approval_digest(small.plan()) != at_first


# -- what is said of an end that is over ------------------------------------------------------------------------------

EXPIRED_CASES: dict[str, tuple[dict[str, Any], Callable[[World], Any], str]] = {
    "a rolling end": (
        {},
        _leave_config,
        "to revive it, run `exportctl apply`; `exportctl plan` says what the flow may send then",
    ),
    "a moment": ({"end": "2027-07-14T00:00:00Z"}, _leave_config, "write a later `end` and run `exportctl apply`"),
    "a pause by hand": (
        {"end": "2028-06-01T00:00:00Z"},
        lambda w: w.emulator.ui.end("orders", ROLLED),
        "to revive it, apply with `--resume exports.orders`",
    ),
}


@pytest.mark.parametrize("row", EXPIRED_CASES)
def test_plan_drift_and_status_say_the_same_of_what_has_ended_and_how_to_go_on(small: World, row: str) -> None:
    yaml, then, hint = EXPIRED_CASES[row]
    expire_orders(small, **yaml)
    then(small)
    with small.open_plan() as made:
        found = only_finding(made.plan, "expired")
        report = drift.build_drift_report(made.plan, end_warning=30 * DAY)
        (health,) = status(made.plan, build_ownership(made.live, made.project.name), made.project).exports
    words = "the flow ended 2027-07-14 00:00 UTC, 12 days ago and exports nothing now"
    assert found.message == f"exports.orders: {words}"
    assert found.hint is not None
    assert hint in found.hint
    assert "to retire it, remove the export" in found.hint
    assert [e.finding for e in report.entries_of(DriftGroup.EXPIRED)] == [found]
    assert f"{words}; {found.hint}" in health.notes
    assert health.result in (HealthResult.EXPIRED, HealthResult.PAUSED)


def test_drift_fails_for_it_where_ends_are_asked_for(small: World) -> None:
    report = drift.build_drift_report(expire_orders(small).plan(), end_warning=30 * DAY)
    assert not drift.has_failures(report)
    assert drift.has_failures(report, {DriftGroup.ENDING})


# -- what is said of an end to come -----------------------------------------------------------------------------------

SOON: dict[str, tuple[dict[str, Any], dict[str, Any], str | None]] = {
    "a moment": ({"end": "2027-02-01T00:00:00Z"}, {}, "write a later `end` and apply it before then"),
    "a moment, with a shorter warning": ({"end": "2027-02-01T00:00:00Z"}, {"end_warning": "10 days"}, None),
    "a moment far off": ({"end": "2028-02-01T00:00:00Z"}, {}, None),
    "a rolling end that is renewed later than the warning": (
        {"end": {"rolling": "25 days", "renew_before": "5 days"}},
        {},
        "run `exportctl renew` every night: it moves the end as soon as less than 5 days remains",
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
        apply_config(small, content)
    found = [f for f in item(small.plan()).findings if f.rule == "ending"]
    assert [hint in (f.hint or "") for f in found if hint] == ([True] if hint else [])
    assert len(found) == (hint is not None)


def test_the_warning_has_the_line_of_the_end_and_the_days_that_are_left(small: World) -> None:
    small.write(orders(end="2027-02-01T00:00:00Z"))
    found = only_finding(small.plan(), "ending")
    assert found.message == "exports.orders ends 2027-02-01 00:00 UTC, in 16 days"
    assert found.at == field_change(small.plan(), "end").at


def test_an_end_that_is_renewed_by_this_plan_is_not_warned_of(small: World) -> None:
    apply_config(small, orders())
    small.emulator.set_time(ROLLED - DAY)
    plan = small.plan()
    assert (field_causes(plan), findings(plan)) == ({"end": Cause.RENEWAL}, [])
    assert drift.build_drift_report(plan, end_warning=30 * DAY).entries_of(DriftGroup.ENDING)[0].renewal_due


def test_an_end_moved_near_by_hand_is_warned_of_with_the_way_back(small: World) -> None:
    apply_config(small, orders())
    small.emulator.ui.end("orders", START + 9 * DAY)
    assert "--resume exports.orders" in (only_finding(small.plan(), "ending").hint or "")


def test_a_warning_of_ends_may_be_silenced_as_any_rule(small: World) -> None:
    small.write({**orders(end="2027-02-01T00:00:00Z"), "rules": {"ending": {"level": "off", "reason": "known"}}})
    assert findings(small.plan()) == []
