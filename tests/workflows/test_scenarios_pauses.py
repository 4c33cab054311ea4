"""Flows paused by hand stay paused and are reported; rolling ends are renewed; differences are accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Cause, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.output.text import plan as text_plan
from tests.workflows.orders_sandbox import (
    DAY,
    HOUR,
    actor_at,
    apply_config,
    field_causes,
    field_change,
    findings,
    item,
    objects,
    orders,
    safety_checks,
    target,
    writes_of,
)
from tests.workflows.world import DESTINATIONS, SANDBOX, START, World

MIDNIGHT = START - START % DAY
ROLLED = MIDNIGHT + 180 * DAY
RESUME = PlanOptions(resume=("exports.orders",))
RENEW = PlanOptions(renew_only=True)
FIXED: dict[str, Any] = {"end": "2028-06-01T00:00:00Z"}
FIXED_END = 1_843_430_400


def end_of(world: World) -> int:
    return int(world.flow("orders")["scheduleParams"]["endTime"])


# -- paused -----------------------------------------------------------------------------------------------------------

PAUSES: dict[str, tuple[dict[str, Any], Callable[[World], Any], str]] = {
    "switched off, enabled not declared": ({}, lambda w: w.emulator.ui.disable("orders"), "enabled"),
    "switched off, enabled declared": ({"enabled": True}, lambda w: w.emulator.ui.disable("orders"), "enabled"),
    "a fixed end moved earlier": (FIXED, lambda w: w.emulator.ui.end("orders", START + 40 * DAY), "end"),
    "a rolling end moved earlier": ({}, lambda w: w.emulator.ui.end("orders", START + 40 * DAY), "end"),
    "a rolling end moved to the day it would be renewed": (
        {},
        lambda w: w.emulator.ui.end("orders", START + 2 * DAY),
        "end",
    ),
}


@pytest.mark.parametrize("pause", PAUSES)
def test_a_pause_made_by_hand_is_reported_with_its_actor(small: World, pause: str) -> None:
    yaml, by_hand, field = PAUSES[pause]
    apply_config(small, orders(**yaml))
    small.emulator.advance(60)
    by_hand(small)
    plan = small.plan()
    assert field_causes(plan) == {field: Cause.PAUSED}
    assert field_change(plan, field).actor == actor_at(START + 60)
    assert (item(plan).verb, plan.is_empty, plan.counts()["paused"]) == (Verb.PAUSED, True, 1)
    assert writes_of(small) == []


@pytest.mark.parametrize("pause", PAUSES)
def test_a_pause_lasts_through_other_changes_and_is_still_known_afterwards(small: World, pause: str) -> None:
    yaml, by_hand, field = PAUSES[pause]
    apply_config(small, orders(**yaml))
    by_hand(small)
    before = (small.flow("orders")["state"], end_of(small))
    apply_config(small, orders(**yaml, subpath="new", description="Moved"))
    assert (small.flow("orders")["state"], end_of(small)) == before
    assert field_causes(small.plan()) == {field: Cause.PAUSED}


@pytest.mark.parametrize("pause", PAUSES)
def test_a_paused_flow_is_resumed_only_when_asked_to(small: World, pause: str) -> None:
    yaml, by_hand, field = PAUSES[pause]
    apply_config(small, orders(**yaml))
    before = (small.flow("orders")["state"], end_of(small))
    by_hand(small)
    assert field_causes(small.plan(RESUME)) == {field: Cause.DRIFT}
    assert field_causes(small.plan(PlanOptions(resume=("exports.other",)))) == {field: Cause.PAUSED}
    apply_config(small, flags=RESUME)
    assert (small.flow("orders")["state"], end_of(small)) == before
    assert small.plan().steps() == ()


def test_switching_it_on_again_by_hand_ends_the_pause_without_a_write(small: World) -> None:
    apply_config(small, orders())
    small.emulator.ui.disable("orders")
    small.emulator.ui.enable("orders")
    assert field_causes(small.plan()) == {}
    assert writes_of(small) == []


def test_a_flow_we_switched_off_is_not_paused_and_comes_back_when_the_yaml_says_so(small: World) -> None:
    apply_config(small, orders(enabled=False))
    assert small.flow("orders")["state"] == "disabled"
    small.write(orders())  # left out: the marker proves that exportctl itself disabled the flow
    assert field_causes(small.plan()) == {"enabled": Cause.PENDING}
    apply_config(small)
    assert small.flow("orders")["state"] == "enabled"
    assert not small.plan().steps()


def test_a_flow_switched_off_by_the_yaml_is_switched_on_by_the_yaml(small: World) -> None:
    apply_config(small, orders(enabled=False))
    small.write(orders(enabled=True))
    assert field_causes(small.plan()) == {"enabled": Cause.PENDING}
    assert writes_of(small) == ["PATCH /flows", "POST /flows"]
    assert small.flow("orders")["state"] == "enabled"


def test_a_flow_switched_on_by_hand_is_switched_off_again(small: World) -> None:
    apply_config(small, orders(enabled=False))
    small.emulator.ui.enable("orders")
    assert field_causes(small.plan()) == {"enabled": Cause.DRIFT}
    apply_config(small)
    assert small.flow("orders")["state"] == "disabled"


def test_a_fixed_end_moved_later_by_hand_is_drift(small: World) -> None:
    apply_config(small, orders(**FIXED))
    small.emulator.ui.end("orders", FIXED_END + DAY)
    assert field_causes(small.plan()) == {"end": Cause.DRIFT}
    assert writes_of(small) == ["PATCH /flows"]
    assert end_of(small) == FIXED_END


def test_an_end_taken_away_by_hand_is_written_again(small: World) -> None:
    apply_config(small, orders())
    small.emulator.ui.schedule("orders", {"endTime": None})
    assert field_causes(small.plan()) == {"end": Cause.DRIFT}
    apply_config(small)
    assert end_of(small) == ROLLED


LATER = {"schedule": {"every": "1 day", "at": "05:30"}}


def test_another_schedule_of_a_flow_ended_by_hand_waits_for_its_end(small: World) -> None:
    apply_config(small, orders())
    small.emulator.advance(2 * DAY)
    small.emulator.ui.end("orders", START + 2 * DAY + 60)
    small.emulator.advance(DAY)
    small.write(orders(**LATER, subpath="new"))
    assert field_causes(small.plan()) == {"schedule.at": Cause.PAUSED, "end": Cause.PAUSED, "path": Cause.PENDING}
    assert "waits for the start or end that was moved by hand" in text_plan.render_plan(small.plan())
    apply_config(small)
    assert field_causes(small.plan()) == {"schedule.at": Cause.PAUSED, "end": Cause.PAUSED}
    assert field_causes(small.plan(RESUME)) == {"schedule.at": Cause.PENDING, "end": Cause.DRIFT}
    apply_config(small, flags=RESUME)
    assert small.flow("orders")["scheduleParams"]["startTime"] % DAY == 5 * HOUR + 1800


def test_another_schedule_that_begins_before_an_end_moved_earlier_is_written(small: World) -> None:
    apply_config(small, orders())
    small.emulator.ui.end("orders", START + 9 * DAY)
    apply_config(small, orders(**LATER))
    assert field_causes(small.plan()) == {"end": Cause.PAUSED}


def test_another_schedule_of_a_flow_whose_own_end_is_over_asks_for_a_later_end(small: World) -> None:
    apply_config(small, orders(**FIXED))
    small.emulator.set_time(FIXED_END + DAY)
    small.write(orders(**FIXED, **LATER))
    assert [(r.safety_check, r.allow) for r in item(small.plan()).refusals] == [
        ("starts-after-end", "write a later `end` for exports.orders, or keep its schedule")
    ]
    apply_config(small, orders(end="2029-01-01", **LATER))


@pytest.mark.parametrize("wiped", [False, True], ids=["marker there", "marker wiped"])
def test_an_end_moved_before_the_one_a_renewal_wrote_is_a_pause_whether_the_marker_says_so_or_not(
    small: World, wiped: bool
) -> None:
    apply_config(small, orders())
    small.emulator.advance(151 * DAY)
    apply_config(small)
    small.emulator.ui.end("orders", ROLLED + 10 * DAY)  # later than the first end: creation alone does not tell
    if wiped:
        small.emulator.ui.describe("orders", "")
    small.emulator.advance(DAY)
    assert field_causes(small.plan())["end"] is Cause.PAUSED
    apply_config(small)
    assert end_of(small) == ROLLED + 10 * DAY
    small.emulator.advance(20 * DAY)
    assert field_causes(small.plan()) == {"end": Cause.PAUSED}


def test_an_accepted_pause_is_not_undone_by_a_replacement(small: World) -> None:
    accepted = {"address": "exports.orders", "field": "enabled", "reason": "x", "owner": "kim", "until": "2028-01-01"}
    apply_config(small, orders())
    small.emulator.ui.disable("orders")
    small.write({**orders(destination="gcs"), "accept": [accepted]})
    (refusal,) = item(small.plan(PlanOptions(allow_replace=("*",)))).refusals
    assert (refusal.safety_check, "`accept`" in refusal.allow) == ("paused", True)
    small.write({**orders(destination="gcs", enabled=False), "accept": [accepted]})
    assert safety_checks(small.plan(PlanOptions(allow_replace=("*",)))) == []


# -- renewals ---------------------------------------------------------------------------------------------------------


def test_a_rolling_end_not_yet_due_is_left_alone(small: World) -> None:
    apply_config(small, orders())
    assert end_of(small) == ROLLED
    small.emulator.advance(149 * DAY)
    assert field_causes(small.plan()) == {}
    assert writes_of(small) == []


def test_a_rolling_end_that_is_due_is_renewed_with_one_patch_and_makes_no_exit_code(small: World) -> None:
    apply_config(small, orders())
    small.emulator.advance(151 * DAY)
    plan = small.plan()
    assert field_causes(plan) == {"end": Cause.RENEWAL}
    assert (item(plan).verb, plan.is_empty, plan.counts()["renew"]) == (Verb.RENEW, True, 1)
    assert writes_of(small) == ["PATCH /flows"]
    assert end_of(small) == MIDNIGHT + (151 + 180) * DAY
    assert small.plan().steps() == ()


def test_a_flow_renewed_by_hand_already_matches_and_counts_from_there(small: World) -> None:
    apply_config(small, orders())
    small.emulator.ui.end("orders", ROLLED + 30 * DAY)
    plan = small.plan()
    assert (field_causes(plan), item(plan).verb) == ({"end": Cause.ALREADY_MATCHES}, Verb.MARK)
    assert writes_of(small) == ["PATCH /flows"]
    assert end_of(small) == ROLLED + 30 * DAY
    small.emulator.ui.end("orders", ROLLED + 10 * DAY)  # later than we once wrote, earlier than we last saw
    assert field_causes(small.plan()) == {"end": Cause.PAUSED}


def test_a_flow_that_ended_is_said_to_have_ended(small: World) -> None:
    apply_config(small, orders(**FIXED))
    small.emulator.set_time(FIXED_END + DAY)
    assert "expired" in findings(small.plan())


def test_renewing_writes_ends_and_nothing_else(small: World) -> None:
    apply_config(small, orders())
    small.emulator.advance(151 * DAY)
    small.emulator.ui.path("orders", "elsewhere")
    small.write(orders(title="Other", datasets=["Returns"], protect=True))
    plan = small.plan(RENEW)
    assert field_causes(plan) == {"end": Cause.RENEWAL}
    assert [s.fields for s in plan.steps()] == [{"end": MIDNIGHT + (151 + 180) * DAY}]
    assert writes_of(small, RENEW) == ["PATCH /flows"]
    assert small.flow("orders")["scheduleParams"]["endTime"] == MIDNIGHT + (151 + 180) * DAY
    assert target(small)["params"]["path"] == "elsewhere"
    left = field_causes(small.plan())
    assert (left["title"], left["path"], left["datasets"]) == (Cause.PENDING, Cause.DRIFT, Cause.PENDING)


def test_renewing_never_creates_deletes_or_cleans(small: World) -> None:
    apply_config(small, orders())
    small.emulator.ui.delete("orders")
    plan = small.plan(RENEW)
    assert plan.steps() == ()
    small.write({**orders(), "exports": {"new": {"datasets": ["Returns"]}}})
    assert small.plan(RENEW).steps() == ()


def test_renewing_shows_a_paused_flow_and_leaves_it_paused(small: World) -> None:
    apply_config(small, orders())
    small.emulator.ui.end("orders", START + 20 * DAY)
    plan = small.plan(RENEW)
    assert (field_causes(plan), item(plan).verb) == ({"end": Cause.PAUSED}, Verb.PAUSED)
    assert writes_of(small, RENEW) == []


def test_what_another_export_is_refused_for_does_not_keep_an_export_from_being_renewed(small: World) -> None:
    content = orders()
    apply_config(small, content)
    small.emulator.advance(151 * DAY)
    exports = {
        **content["exports"],
        "typo": {"datasets": ["Odrers"], "subpath": "typo"},
        "again": {
            "datasets": ["Orders"],
            "title": "orders",
            "subpath": "again",
            "adopt": "00000000-0000-4000-8000-000000000000",
        },
    }
    small.write({**content, "exports": exports})
    assert small.plan().errors()
    outcomes, _ = small.apply(RENEW)
    assert [o.status for o in outcomes] == [OutcomeStatus.DONE]
    assert end_of(small) == MIDNIGHT + (151 + 180) * DAY


def test_only_approved_renewals_are_written(small: World) -> None:
    apply_config(small, orders())
    small.emulator.advance(151 * DAY)
    assert field_causes(small.plan(PlanOptions(renewals=frozenset()))) == {}
    assert field_causes(small.plan(PlanOptions(renewals=frozenset({"exports.orders"})))) == {"end": Cause.RENEWAL}


# -- accepted ---------------------------------------------------------------------------------------------------------

ACCEPTED: dict[str, tuple[Callable[[World], Any], str]] = {
    "a path": (lambda w: w.emulator.ui.path("orders", "elsewhere"), "path"),
    "a title": (lambda w: w.emulator.ui.rename("orders", "mine"), "title"),
    "an interval": (lambda w: w.emulator.ui.schedule("orders", {"timeUnit": "hour", "interval": 6}), "schedule.every"),
    "datasets": (lambda w: w.emulator.ui.datasets("orders", ["Returns"]), "datasets"),
    "a pause": (lambda w: w.emulator.ui.disable("orders"), "enabled"),
    "an earlier end": (lambda w: w.emulator.ui.end("orders", START + 40 * DAY), "end"),
}


@pytest.mark.parametrize("edit", ACCEPTED)
def test_an_accepted_difference_is_silent_until_its_day_and_then_reported_as_it_was(small: World, edit: str) -> None:
    by_hand, field = ACCEPTED[edit]
    apply_config(small, orders())
    by_hand(small)
    reported = field_causes(small.plan())
    accept = [
        {
            "address": "exports.orders",
            "field": field,
            "reason": "trial",
            "owner": "kim",
            "until": "2027-02-01T00:00:00Z",
        }
    ]
    small.write({**orders(), "accept": accept})
    assert field_causes(small.plan()) == {field: Cause.ACCEPTED}
    assert set(writes_of(small)) <= {"DELETE /sourceConnections"}  # of ours, and no flow uses it any more
    small.emulator.set_time(1_801_440_000 - 1)
    assert field_causes(small.plan()) == {field: Cause.ACCEPTED}
    small.emulator.set_time(1_801_440_000)
    assert field_causes(small.plan()) == reported


def entry(address: str, field: str) -> dict[str, str]:
    return {"address": address, "field": field, "reason": "trial", "owner": "kim", "until": "2028-01-01"}


@pytest.mark.parametrize("field", ["auth", "host"])
def test_an_accepted_difference_of_an_account_is_not_written_back_by_any_write(small: World, field: str) -> None:
    account = "destinations.sftp-password"
    apply_config(small, orders(destination="sftp-password"))
    (base,) = objects(small, "connections")
    auth = {**base["auth"], "params": {**base["auth"]["params"], "domain": "sftp.spare.example"}}
    small.emulator.ui.load({"connections": [{**base, "auth": auth}]}, sandbox=SANDBOX)
    content = {**orders(destination="sftp-password"), "accept": [entry(account, field)]}
    small.write(content)
    assert field_causes(small.plan(), account) == {"host": Cause.ACCEPTED}
    assert small.plan().steps() == ()
    declared = DESTINATIONS["sftp-password"]
    again = {**declared, "auth": {**declared["auth"], "secret_version": 2}}
    small.write({**content, "destinations": {**DESTINATIONS, "sftp-password": again}})
    (refusal,) = item(small.plan(), account).refusals
    assert (refusal.safety_check, "host" in refusal.text) == ("accepted-undone", True)
    small.write({**content, "destinations": {**DESTINATIONS, "sftp-password": {**again, "host": "sftp.spare.example"}}})
    assert small.apply()[1].passed


def test_an_entry_for_a_split_export_is_one_for_each_of_its_parts(small: World) -> None:
    parts = {"datasets": ["Orders", "Returns"], "split_by": "dataset"}
    apply_config(small, orders(**parts))
    for flow in objects(small, "flows"):
        small.emulator.ui.path(flow["id"], "elsewhere")
    small.write({**orders(**parts), "accept": [entry("exports.orders", "location")]})
    for name in ("exports.orders/orders", "exports.orders/returns"):
        assert field_causes(small.plan(), name) == {"path": Cause.ACCEPTED}
    small.write({**orders(**parts), "accept": [entry("exports.orders/returns", "location")]})
    assert field_causes(small.plan(), "exports.orders/orders") == {"path": Cause.DRIFT}
