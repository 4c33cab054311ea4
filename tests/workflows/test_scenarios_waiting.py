"""
A pause is reported and an end renewed by the flow alone: whatever else of an export waits for consent, is not found, or
cannot be seen. What `renew` cannot look after it names.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Switches
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Cause
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor import drift
from exportctl.monitor.drift import DriftGroup
from exportctl.output.text import plan as text_plan
from tests.workflows.orders_sandbox import (
    DAY,
    actor_at,
    apply_config,
    field_causes,
    field_change,
    findings,
    item,
    objects,
    orders_and_other,
    safety_checks,
    source,
    target,
    writes_of,
)
from tests.workflows.test_scenarios_pauses import FIXED, MIDNIGHT, PAUSES, RENEW, ROLLED, end_of
from tests.workflows.world import DESTINATIONS, SANDBOX, START, World, world

WAITING: dict[str, dict[str, Any]] = {
    "a replacement without consent": {"destination": "gcs"},
    "an unknown dataset": {"datasets": ["Odrers"]},
    "an unknown account": {"destination": "nowhere"},
    "a dataset taken from a protected export": {"protect": True, "datasets": ["Returns"]},
}
BLOCKED_BY: dict[str, tuple[list[str], list[str]]] = {  # by which safety checks, and by which errors
    "a replacement without consent": (["replacement"], []),
    "an unknown dataset": ([], ["dataset-unknown"]),
    "an unknown account": ([], ["account-not-found"]),
    "a dataset taken from a protected export": (["protect"], []),
}
NOWHERE = {"type": "amazon-s3", "bucket": "acme-lake", "account": {"existing": "Missing"}}


def waiting_config(why: str) -> dict[str, Any]:
    """`both`, with something about `orders` that apply refuses."""
    return {**orders_and_other(**WAITING[why]), "destinations": {**DESTINATIONS, "nowhere": NOWHERE}}


@pytest.mark.parametrize("why", WAITING)
def test_what_waits_of_an_export_keeps_neither_it_nor_another_from_being_renewed(small: World, why: str) -> None:
    apply_config(small, orders_and_other(protect="protect" in WAITING[why]))
    small.emulator.advance(151 * DAY)
    small.write(waiting_config(why))
    plan = small.plan()
    assert (safety_checks(plan), [e.rule for e in plan.errors()]) == BLOCKED_BY[why]
    assert [
        str(e.address)
        for e in drift.build_drift_report(small.plan(), end_warning=30 * DAY).entries_of(DriftGroup.ENDING)
    ] == [
        "exports.orders",
        "exports.other",
    ]
    assert small.plan(RENEW).is_refused is False
    small.forget_requests()
    outcomes, _ = small.apply(RENEW)
    assert [o.status for o in outcomes] == [OutcomeStatus.DONE, OutcomeStatus.DONE]
    assert small.writes() == ["PATCH /flows"] * 2
    ends = {f["name"]: f["scheduleParams"]["endTime"] for f in objects(small, "flows")}
    assert ends == dict.fromkeys(("orders", "other"), MIDNIGHT + (151 + 180) * DAY)


@pytest.mark.parametrize("why", WAITING)
@pytest.mark.parametrize("pause", ["switched off, enabled not declared", "a rolling end moved earlier"])
def test_a_paused_flow_is_reported_and_stays_paused_whatever_else_of_its_export_waits(
    small: World, pause: str, why: str
) -> None:
    _, by_hand, field = PAUSES[pause]
    apply_config(small, orders_and_other(protect="protect" in WAITING[why]))
    by_hand(small)
    small.write(waiting_config(why))
    for flags in (PlanOptions(), RENEW):
        plan = small.plan(flags)
        assert field_causes(plan)[field] is Cause.PAUSED
        assert field_change(plan, field).actor == actor_at(START)
        assert plan.counts()["paused"] == 1
        assert [
            str(e.address) for e in drift.build_drift_report(plan, end_warning=0).entries_of(DriftGroup.PAUSED)
        ] == ["exports.orders"]
    assert writes_of(small, RENEW) == []


@pytest.mark.parametrize("why", WAITING)
def test_an_expired_flow_is_reported_and_not_renewed_whatever_else_of_its_export_waits(small: World, why: str) -> None:
    apply_config(small, orders_and_other(protect="protect" in WAITING[why]))
    small.emulator.set_time(ROLLED + DAY)
    small.write(waiting_config(why))
    expired = [
        str(e.address) for e in drift.build_drift_report(small.plan(), end_warning=0).entries_of(DriftGroup.EXPIRED)
    ]
    assert expired == ["exports.orders", "exports.other"]
    assert field_causes(small.plan(RENEW)) == {"end": Cause.EXPIRED}
    assert writes_of(small, RENEW) == []


@pytest.mark.parametrize("why", ["an unknown dataset", "an unknown account"])
def test_a_paused_flow_that_cannot_be_resumed_is_reported_all_the_same(small: World, why: str) -> None:
    apply_config(small, orders_and_other())
    small.emulator.ui.disable("orders")
    small.write(waiting_config(why))
    assert field_causes(small.plan(PlanOptions(resume=("*",)))) == {"enabled": Cause.PAUSED}


def hide_target(made: World) -> None:
    made.emulator.ui.label("targetConnections", target(made)["id"], ["core/C1"])


def hide_source(made: World) -> None:
    made.emulator.ui.label("sourceConnections", source(made)["id"], ["core/C1"])


@pytest.mark.parametrize("spoilt", [hide_target, hide_source])
def test_a_flow_that_cannot_be_compared_fails_drift_is_reported_as_paused_and_renewed(
    tmp_path: Path, spoilt: Callable[[World], None]
) -> None:
    made = world(tmp_path, Switches(labelled="hidden"))
    apply_config(made, orders_and_other())
    made.emulator.ui.disable("orders")
    made.emulator.advance(151 * DAY)
    spoilt(made)
    before = {**made.flow("orders")}
    report = drift.build_drift_report(made.plan(), end_warning=30 * DAY)
    groups = {e.group for e in report.entries if str(e.address) == "exports.orders"}
    assert groups == {DriftGroup.UNKNOWN_ORIGIN, DriftGroup.PAUSED, DriftGroup.ENDING}
    assert drift.has_failures(report, {DriftGroup.UNKNOWN_ORIGIN})
    assert (safety_checks(made.plan()), item(made.plan()).steps) == (["not-expressible"], ())
    made.forget_requests()
    outcomes, final_check = made.apply(PlanOptions(renew_only=True, targets=("exports.orders",)))
    assert ([o.status for o in outcomes], final_check.passed) == ([OutcomeStatus.DONE], True)
    assert made.writes() == ["PATCH /flows"]
    assert end_of(made) == MIDNIGHT + (151 + 180) * DAY
    same = ("sourceConnectionIds", "targetConnectionIds", "name", "state")
    assert {k: made.flow("orders")[k] for k in same} == {k: before[k] for k in same}


def test_a_renewal_that_the_service_refuses_is_reported(small: World) -> None:
    """A second source gets on a flow by no request that is known; the emulator then refuses every PATCH of it."""
    apply_config(small, orders_and_other())
    flow = small.flow("orders")
    ids = [*flow["sourceConnectionIds"], *small.flow("other")["sourceConnectionIds"]]
    small.emulator.ui.load({"flows": [{**flow, "sourceConnectionIds": ids}]}, sandbox=SANDBOX)
    small.emulator.advance(151 * DAY)
    assert "not-comparable" in findings(small.plan())
    outcomes, final_check = small.apply(RENEW)
    assert ({o.status for o in outcomes}, final_check.passed) == ({OutcomeStatus.FAILED, OutcomeStatus.DONE}, False)
    assert drift.has_failures(drift.build_drift_report(small.plan(), end_warning=0))


@pytest.mark.parametrize(
    ("ending", "rule"), [("x]", "marker-damaged"), (None, "marker-lost")], ids=["damaged", "wiped"]
)
def test_a_renewal_leaves_a_marker_that_does_not_tell_to_apply(small: World, ending: str | None, rule: str) -> None:
    apply_config(small, orders_and_other())
    own = str(small.flow("orders")["description"])
    spoilt = own.removesuffix("]")[:-1] + ending if ending else ""  # its last sign is one of the check's
    small.emulator.ui.describe("orders", spoilt)
    small.emulator.advance(151 * DAY)
    small.apply(RENEW)
    assert (end_of(small), small.flow("orders")["description"]) == (MIDNIGHT + (151 + 180) * DAY, spoilt)
    assert rule in findings(small.plan())


def clear_schedule(made: World) -> None:
    made.emulator.ui.load({"flows": [{**made.flow("orders"), "scheduleParams": {}}]}, sandbox=SANDBOX)


def duplicate_orders(made: World) -> None:
    duplicate = {**made.flow("orders"), "id": "00000000-0000-4000-8000-000000000002"}
    made.emulator.ui.load({"flows": [duplicate]}, sandbox=SANDBOX)


def test_of_duplicates_it_is_said_which_are_off(small: World) -> None:
    apply_config(small, orders_and_other())
    duplicate_orders(small)
    small.emulator.ui.disable("00000000-0000-4000-8000-000000000002")
    (duplicates,) = [f for f in item(small.plan()).findings if f.rule == "duplicates"]
    assert '00000000-0000-4000-8000-000000000002 ("orders", disabled)' in duplicates.message
    assert duplicates.message.count("disabled") == 1


def borrow_source(made: World) -> None:
    """Its source bears no marker of the export, so the target alone says whose it is."""
    bare = {k: v for k, v in source(made).items() if k != "description"}
    made.emulator.ui.load({"sourceConnections": [bare]}, sandbox=SANDBOX)
    made.emulator.ui.describe("orders", "")


@pytest.mark.parametrize("spoilt", [clear_schedule, duplicate_orders, borrow_source])
def test_a_rolling_end_that_renew_cannot_look_after_is_named(small: World, spoilt: Callable[[World], None]) -> None:
    apply_config(small, orders_and_other())
    spoilt(small)
    small.emulator.advance(151 * DAY)
    plan = small.plan(RENEW)
    assert [str(i.address) for i in plan.items if i.steps] == ["exports.other"]
    assert "not-renewed" in findings(plan)
    assert "Not renewed:" in text_plan.render_renewals(plan)
    small.write(orders_and_other(**FIXED))
    assert "not-renewed" not in findings(small.plan(RENEW))


def test_a_level_that_the_config_raises_keeps_no_export_from_being_renewed(small: World) -> None:
    raised = {"ending": {"level": "error"}, "expired": {"level": "error"}}
    content = orders_and_other(end="2027-07-01T00:00:00Z")
    apply_config(small, content)
    small.emulator.advance(151 * DAY)
    small.write({**content, "rules": raised})
    assert small.plan().errors()
    assert (small.plan(RENEW).errors(), "ending" in findings(small.plan(RENEW))) == ((), True)
    assert writes_of(small, RENEW) == ["PATCH /flows"]
