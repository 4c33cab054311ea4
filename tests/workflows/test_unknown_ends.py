"""An end that exportctl cannot read is shown and kept: nothing reads it as none or writes another one over it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exportctl.model.plan import Cause, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor import drift, forecast, status
from exportctl.monitor.delivery.report import DeliveryResult
from exportctl.monitor.drift import DriftGroup
from exportctl.output.text import drift as drift_text
from exportctl.output.text import forecast as forecast_text
from exportctl.output.text import plan as plan_text
from exportctl.plan.ownership import build_ownership
from exportctl.workflows.verify import VerifyRequest, open_verifier
from tests.workflows.accept_runs import left_reasons, run_accept
from tests.workflows.import_runs import empty_config, run_import
from tests.workflows.orders_sandbox import (
    DAY,
    apply_config,
    field_causes,
    field_change,
    findings,
    item,
    orders,
    safety_checks,
)
from tests.workflows.world import SANDBOX, START, World, world

RESUME = PlanOptions(resume=("exports.orders",))
RENEW = PlanOptions(renew_only=True)
DAILY = {"schedule": {"every": "1 day", "at": "00:00"}}
MOMENT = {"end": "2028-06-01T00:00:00Z", **DAILY}
ROLLING = {"end": {"rolling": "180 days", "renew_before": "30 days"}, **DAILY}
NONE = {"end": "none", "allow": [{"rule": "missing-end", "reason": "a test"}], **DAILY}
DECLARED = pytest.mark.parametrize("declared", [MOMENT, ROLLING, NONE], ids=["a moment", "rolling", "none"])
UNREADABLE: dict[str, tuple[Any, str]] = {
    "beyond all calendars": (300_000_000_000, "300000000000"),
    "milliseconds": (1_900_000_000_000, "1900000000000"),
    "text": ("2027-03-01T00:00:00Z", "2027-03-01T00:00:00Z"),
    "before 1970": (-1, "-1"),
    "an object": ({"after": 3}, "{'after': 3}"),
}


def sandbox(folder: Path, declared: dict[str, Any]) -> World:
    made = world(folder)
    apply_config(made, orders(**declared))
    return made


def show_end(made: World, value: Any) -> None:
    """Let the service show another end, which no client of today could send."""
    flow = made.flow("orders")
    shown = {**flow["scheduleParams"], "endTime": value}
    made.emulator.ui.load({"flows": [{**flow, "scheduleParams": shown}]}, sandbox=SANDBOX)


def live_end(made: World) -> Any:
    return made.flow("orders")["scheduleParams"]["endTime"]


@pytest.mark.parametrize(("value", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_the_words_are_shown_and_no_apply_changes_them(tmp_path: Path, value: Any, words: str) -> None:
    made = sandbox(tmp_path, MOMENT)
    show_end(made, value)
    plan = made.plan()
    change = field_change(plan, "end")
    assert (change.before, change.cause) == (words, Cause.NOT_COMPARABLE)
    assert (item(plan).verb, plan.steps(), findings(plan)) == (Verb.UNCHANGED, (), ["unknown-end"])
    assert (item(plan).ends, item(plan).next_after) == (None, ())
    assert f'live "{words}", config 2028-06-01 00:00 UTC' in plan_text.render_plan(plan)
    made.write(orders(**{**MOMENT, "schedule": {"every": "6 hours", "at": "00:00"}, "description": "More"}))
    _, final_check = made.apply()
    assert (live_end(made), made.flow("orders")["scheduleParams"]["interval"]) == (value, 6)
    assert final_check.passed is False
    assert field_causes(made.plan()) == {"end": Cause.NOT_COMPARABLE}


@DECLARED
def test_it_fails_drift_and_only_resume_writes_another_end(tmp_path: Path, declared: dict[str, Any]) -> None:
    made = sandbox(tmp_path, declared)
    made.emulator.advance(170 * DAY)  # a rolling end would be due
    show_end(made, "2027-03-01T00:00:00Z")
    assert made.plan().steps() == ()
    report = drift.build_drift_report(made.plan(), end_warning=30 * DAY)
    (entry,) = report.entries
    assert (entry.group, drift.has_failures(report)) == (DriftGroup.UNKNOWN_ORIGIN, True)
    assert "--resume exports.orders" in drift_text.render_drift(report)
    assert field_causes(made.plan(RESUME)) == {"end": Cause.DRIFT}
    made.apply(RESUME)
    assert type(live_end(made)) is int
    assert "end" not in {c.path for c in item(made.plan()).fields if c.cause is Cause.NOT_COMPARABLE}


def test_renew_does_not_move_it_and_says_so(tmp_path: Path) -> None:
    made = sandbox(tmp_path, ROLLING)
    made.emulator.advance(170 * DAY)
    show_end(made, "2027-03-01T00:00:00Z")
    plan = made.plan(RENEW)
    assert (plan.steps(), findings(plan)) == ((), ["not-renewed"])
    assert 'has the end "2027-03-01T00:00:00Z"' in item(plan).findings[0].message


def test_an_edit_of_the_end_in_the_yaml_sends_it(tmp_path: Path) -> None:
    made = sandbox(tmp_path, MOMENT)
    show_end(made, 300_000_000_000)
    apply_config(made, orders(**{**MOMENT, "end": "2028-07-01T00:00:00Z"}))
    assert live_end(made) == 1_846_022_400


def test_without_a_marker_that_can_be_read_it_stays_too(tmp_path: Path) -> None:
    made = sandbox(tmp_path, MOMENT)
    show_end(made, "soon")
    made.emulator.ui.describe("orders", "by a person")
    made.apply()
    assert live_end(made) == "soon"


def test_an_accept_entry_silences_it(tmp_path: Path) -> None:
    made = sandbox(tmp_path, MOMENT)
    show_end(made, "soon")
    entry = {"address": "exports.orders", "field": "end", "owner": "me", "reason": "as is", "until": "2028-01-01"}
    made.write({**orders(**MOMENT), "accept": [entry]})
    assert (field_causes(made.plan()), findings(made.plan())) == ({"end": Cause.ACCEPTED}, [])
    assert made.apply()[1].passed is True
    assert not drift.has_failures(drift.build_drift_report(made.plan(), end_warning=0))


def test_a_patch_an_adoption_and_an_import_leave_it(tmp_path: Path) -> None:
    made = sandbox(tmp_path, MOMENT)
    show_end(made, "soon")
    (reason,) = left_reasons(run_accept(made)).values()
    assert reason == 'is "soon", which exportctl cannot read; an `accept` entry for `end` allows it'
    flow = made.flow("orders")["id"]
    for collection in ("flows", "targetConnections", "sourceConnections"):
        for doc in made.emulator.snapshot(SANDBOX)[collection]:
            made.emulator.ui.load({collection: [{**doc, "description": ""}]}, sandbox=SANDBOX)
    made.write(empty_config())
    (left,) = run_import(made).left_out
    assert 'the endTime "soon"' in str(left)
    made.write(orders(**MOMENT, adopt=flow))
    assert safety_checks(made.plan()) == ["adoption-differs"]


def test_status_forecast_and_verify_do_not_know_until_when_it_runs(tmp_path: Path) -> None:
    made = sandbox(tmp_path, MOMENT)
    show_end(made, "soon")
    made.emulator.ui.disable("orders")  # so that no run takes place
    made.emulator.advance(DAY)
    made.emulator.ui.enable("orders")
    with made.open_plan() as opened:
        ownership = build_ownership(opened.live, "acme")
        (health,) = status.status(opened.plan, ownership, opened.project).exports
        found = forecast.forecast(opened.plan, ownership, opened.desired, days=3)
    assert (health.result, health.next_run, health.ends) == (status.HealthResult.UNKNOWN, None, None)
    assert '"soon"' in " ".join(health.notes)
    assert 'end "soon": exportctl cannot read it' in forecast_text.render_forecast(found)
    with open_verifier(made.setup(), PlanOptions(), wall=lambda: START) as verify:
        (one,) = verify(VerifyRequest(since=int(made.emulator.now) - 2 * DAY, runs_only=True)).exports
    assert {v.result for v in one.verdicts} == {DeliveryResult.UNKNOWN}


def test_it_is_reported_where_nothing_else_of_the_flow_can_be_compared(tmp_path: Path) -> None:
    made = sandbox(tmp_path, MOMENT)
    show_end(made, "soon")
    made.write(orders(**{**MOMENT, "datasets": ["Odrers"]}))
    assert "unknown-end" in findings(made.plan())
    assert field_causes(made.plan()) == {"end": Cause.NOT_COMPARABLE}
