"""A schedule in words that exportctl does not know is shown and kept: nothing reads it as missing or undoes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Cause, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor import drift, forecast, status
from exportctl.monitor.delivery.report import DeliveryResult
from exportctl.monitor.drift import DriftGroup
from exportctl.output.text import apply as apply_text
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
EVERY_DAY: dict[str, Any] = {"end": "2028-06-01T00:00:00Z", "schedule": {"every": "1 day", "at": "00:00"}}
BEYOND = 300_000_000_000  # seconds: later than any moment that exportctl can read
SPELLED: dict[str, tuple[dict[str, Any], str]] = {
    "a unit": ({"timeUnit": "week", "interval": 1}, "1 week"),
    "a short unit": ({"timeUnit": "minute", "interval": 30}, "30 minute"),
    "a number": ({"timeUnit": "hour", "interval": 1.5}, "1.5 hour"),
    "an interval that is a word": ({"timeUnit": "day", "interval": "daily"}, "daily day"),
    "a mode": ({"exportMode": "SNAPSHOT_2027"}, "1 day, exportMode SNAPSHOT_2027"),
    "a start": ({"startTime": BEYOND}, f"1 day, startTime {BEYOND}"),
    "no unit": ({"timeUnit": None}, "1 (none)"),
}


@pytest.fixture
def small(tmp_path: Path) -> World:
    made = world(tmp_path)
    apply_config(made, orders(**EVERY_DAY))
    return made


def load(made: World, **changes: Any) -> dict[str, Any]:
    """Let the service show another schedule, which no client of today could send."""
    flow = made.flow("orders")
    shown = {k: v for k, v in {**flow["scheduleParams"], **changes}.items() if v is not None}
    made.emulator.ui.load({"flows": [{**flow, "scheduleParams": shown}]}, sandbox=SANDBOX)
    return shown


@pytest.mark.parametrize(("changes", "words"), SPELLED.values(), ids=SPELLED)
def test_the_words_are_shown_and_no_apply_changes_them(small: World, changes: dict[str, Any], words: str) -> None:
    shown = load(small, **changes)
    plan = small.plan()
    change = field_change(plan, "schedule.every")
    assert (change.before, change.after, change.cause) == (words, "1 day", Cause.NOT_COMPARABLE)
    assert (item(plan).verb, plan.steps(), findings(plan)) == (Verb.UNCHANGED, (), ["unknown-schedule"])
    assert words in plan_text.render_plan(plan)
    small.write(orders(**EVERY_DAY, subpath="new", description="More"))
    outcomes, final_check = small.apply()
    assert [(o.status, o.message) for o in outcomes] == [(OutcomeStatus.DONE, None)] * 2
    assert small.flow("orders")["scheduleParams"] == shown
    assert final_check.passed is False
    text = apply_text.render_apply_report(outcomes, remaining=final_check.plan, verdict=final_check.verdict)
    assert f'"{words}", which exportctl cannot read' in text
    assert field_causes(small.plan()) == {"schedule.every": Cause.NOT_COMPARABLE}


def test_drift_fails_and_names_who_and_when(small: World) -> None:
    small.emulator.advance(DAY)
    small.emulator.ui.schedule("orders", {"endTime": small.flow("orders")["scheduleParams"]["endTime"]})
    load(small, timeUnit="week")
    report = drift.build_drift_report(small.plan(), end_warning=0)
    (entry,) = report.entries
    assert (entry.group, drift.has_failures(report)) == (DriftGroup.UNKNOWN_ORIGIN, True)
    assert entry.field is not None
    assert entry.field.actor is not None
    text = drift_text.render_drift(report)
    assert "someone@AdobeID" in text
    assert '"1 week"' in text
    assert "--resume exports.orders" in text


def test_resume_sends_the_schedule_of_the_yaml(small: World) -> None:
    load(small, timeUnit="week", exportMode="SNAPSHOT_2027")
    change = field_change(small.plan(RESUME), "schedule.every")
    assert (change.before, change.cause) == ("1 week, exportMode SNAPSHOT_2027", Cause.DRIFT)
    apply_config(small, flags=RESUME)
    shown = small.flow("orders")["scheduleParams"]
    assert (shown["interval"], shown["timeUnit"], shown["exportMode"]) == (1, "day", "FIRST_FULL_THEN_INCREMENTAL")


@pytest.mark.parametrize("changes", [{"timeUnit": "week"}, {"startTime": BEYOND}], ids=str)
def test_an_edit_of_the_interval_sends_the_schedule_of_the_yaml(small: World, changes: dict[str, Any]) -> None:
    load(small, **changes)
    small.write(orders(**{**EVERY_DAY, "schedule": {"every": "6 hours", "at": "00:00"}}))
    assert field_causes(small.plan())["schedule.every"] is Cause.CONFLICT
    apply_config(small)
    shown = small.flow("orders")["scheduleParams"]
    assert (shown["interval"], shown["timeUnit"]) == (6, "hour")
    assert isinstance(shown["startTime"], int)


def test_an_edit_of_the_time_of_day_or_the_start_sends_nothing(small: World) -> None:
    load(small, timeUnit="week")
    later = {"every": "1 day", "at": "05:00", "start": "2027-03-01T00:00:00Z"}
    small.write(orders(**{**EVERY_DAY, "schedule": later}))
    assert field_causes(small.plan()) == {"schedule.every": Cause.NOT_COMPARABLE}
    assert small.plan().steps() == ()


def test_without_a_marker_that_can_be_read_it_stays_too(small: World) -> None:
    shown = load(small, timeUnit="week")
    small.emulator.ui.describe("orders", "by a person")
    small.apply()
    assert small.flow("orders")["scheduleParams"] == shown
    assert field_causes(small.plan()) == {"schedule.every": Cause.NOT_COMPARABLE}


@pytest.mark.parametrize("field", ["schedule", "schedule.every"])
def test_an_accept_entry_silences_it(small: World, field: str) -> None:
    shown = load(small, timeUnit="week")
    entry = {"address": "exports.orders", "field": field, "owner": "me", "reason": "weekly", "until": "2028-01-01"}
    small.write({**orders(**EVERY_DAY), "accept": [entry]})
    assert (field_causes(small.plan()), findings(small.plan())) == ({"schedule.every": Cause.ACCEPTED}, [])
    assert small.apply()[1].passed is True
    assert small.flow("orders")["scheduleParams"] == shown
    assert not drift.has_failures(drift.build_drift_report(small.plan(), end_warning=0))


def test_a_patch_says_that_no_yaml_can_hold_it_and_how_to_silence_it(small: World) -> None:
    load(small, timeUnit="week")
    made = run_accept(small)
    assert made.edited_files == ()
    (reason,) = left_reasons(made).values()
    assert reason == 'is "1 week", which exportctl cannot read; an `accept` entry for `schedule` allows it'


def test_an_adoption_refuses_it_and_an_import_leaves_it_out(small: World) -> None:
    load(small, timeUnit="week")
    flow = small.flow("orders")["id"]
    small.write(empty_config())
    made = run_import(small)
    assert (made.exports, len(made.left_out)) == ((), 1)
    for collection in ("flows", "targetConnections", "sourceConnections"):
        for doc in small.emulator.snapshot(SANDBOX)[collection]:
            small.emulator.ui.load({collection: [{**doc, "description": ""}]}, sandbox=SANDBOX)
    small.write(orders(**EVERY_DAY, adopt=flow))
    assert safety_checks(small.plan()) == ["adoption-differs"]


def test_status_forecast_and_verify_do_not_know_when_it_runs(small: World) -> None:
    load(small, timeUnit="week")
    small.emulator.advance(3 * DAY)
    with small.open_plan() as made:
        ownership = build_ownership(made.live, "acme")
        (health,) = status.status(made.plan, ownership, made.project).exports
        found = forecast.forecast(made.plan, ownership, made.desired, days=3)
    assert (health.result, health.state, health.next_run) == (
        status.HealthResult.UNKNOWN,
        status.FlowState.UNKNOWN,
        None,
    )
    assert '"1 week"' in " ".join(health.notes)
    assert "1 week" in forecast_text.render_forecast(found)
    with open_verifier(small.setup(), PlanOptions(), wall=lambda: START) as verify:
        (one,) = verify(VerifyRequest(since=int(small.emulator.now) - 2 * DAY, runs_only=True)).exports
    assert {v.result for v in one.verdicts} == {DeliveryResult.UNKNOWN}
    assert {v.reason for v in one.verdicts} == {'exportctl cannot read its schedule "1 week"'}


WORDS_OF_FILES = [("compression", "ZSTD", "zstd"), ("datasetFileType", "AVRO", "avro")]


@pytest.mark.parametrize(("param", "word", "shown"), WORDS_OF_FILES)
def test_an_unknown_word_of_the_format_is_compared_and_accepted_by_a_patch(
    small: World, param: str, word: str, shown: str
) -> None:
    (wanted,) = small.flow("orders")["targetConnectionIds"]
    target = next(t for t in small.emulator.snapshot(SANDBOX)["targetConnections"] if t["id"] == wanted)
    params = {**target["params"], param: word}
    small.emulator.ui.load({"targetConnections": [{**target, "params": params}]}, sandbox=SANDBOX)
    path = "format.compression" if param == "compression" else "format.type"
    change = field_change(small.plan(), path)
    assert (change.before, change.cause) == (shown, Cause.DRIFT)
    made = run_accept(small)
    assert made.unaccepted == ()
    assert small.plan().is_empty
