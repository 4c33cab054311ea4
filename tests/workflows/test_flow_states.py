"""States are open words: only `disabled` is disabled, a transition is read again, and no unknown state is undone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Switches
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Cause, Plan, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor import drift, forecast, status
from exportctl.monitor.drift import DriftGroup
from exportctl.output.text import apply as apply_text
from exportctl.output.text import drift as drift_text
from exportctl.output.text import forecast as forecast_text
from exportctl.output.text import status as status_text
from exportctl.plan.ownership import build_ownership
from tests.workflows.orders_sandbox import (
    DAY,
    apply_config,
    field_causes,
    findings,
    item,
    orders,
    orders_and_other,
    writes_of,
)
from tests.workflows.world import SANDBOX, START, World, config, world

RESUME = PlanOptions(resume=("exports.orders",))
BACKGROUND = {"updatedBy": "acp_foundation_connectors@AdobeID", "updatedClient": "acp_foundation_connectors"}
PERSON = {"updatedBy": "someone@AdobeID", "updatedClient": "exc_app"}
TRANSITIONS = ("initializing", "pending", "updating", "enabling", "disabling", "deleting", "enabled-finalizing")
FINAL = ("failed", "draft", "expired", "archived-2027", "FAILED", "Draft")
UNTIL_2028: dict[str, Any] = {"end": "2028-06-01T00:00:00Z"}


def status_of(world: World) -> status.ExportHealth:
    with world.open_plan() as made:
        ownership = build_ownership(made.live, "acme")
        (found,) = status.status(made.plan, ownership, made.project).exports
    return found


def forecast_of(world: World) -> forecast.Forecast:
    with world.open_plan() as made:
        return forecast.forecast(made.plan, build_ownership(made.live, "acme"), made.desired, days=3)


def drift_report(plan: Plan) -> drift.DriftReport:
    return drift.build_drift_report(plan, end_warning=0)


def load(world: World, **changes: Any) -> None:
    world.emulator.ui.load({"flows": [{**world.flow("orders"), **changes}]}, sandbox=SANDBOX)


# -- words ------------------------------------------------------------------------------------------------------------


SAID = {"absent": dict[str, Any](), "true": {"enabled": True}, "false": {"enabled": False}}
EACH_WORD = [
    pytest.param(word, declared, id=f"{said}-{word}", marks=() if is_sampled else pytest.mark.slow)
    for said, declared in SAID.items()
    for word in (*TRANSITIONS, *FINAL)
    for is_sampled in [said == "absent" or word in (TRANSITIONS[0], FINAL[0])]
]


@pytest.mark.parametrize(("word", "declared"), EACH_WORD)
def test_a_state_that_says_neither_is_shown_as_it_is_and_never_undone(
    small: World, word: str, declared: dict[str, Any]
) -> None:
    apply_config(small, orders(**UNTIL_2028, **declared))
    small.emulator.ui.state("orders", word)
    plan = small.plan()
    assert (field_causes(plan), findings(plan)) == ({}, ["flow-state"])
    assert (item(plan).verb, plan.steps(), plan.counts()["paused"]) == (Verb.UNCHANGED, (), 0)
    assert item(plan).service_state == word
    assert writes_of_unfinished(small) == []
    small.write(orders(**UNTIL_2028, **declared, description="More"))
    small.apply()
    assert small.flow("orders")["state"] == word


def writes_of_unfinished(world: World) -> list[str]:
    """What an apply writes that cannot end well, because a state stays unknown."""
    world.forget_requests()
    assert world.apply()[1].passed is False
    return world.writes()


@pytest.mark.parametrize("word", ["updating", "failed", "archived-2027"])
def test_every_report_shows_the_word_and_none_says_off_or_paused(small: World, word: str) -> None:
    apply_config(small, orders(**UNTIL_2028))
    small.emulator.ui.state("orders", word)
    report = drift_report(small.plan())
    assert [e.group for e in report.entries] == [DriftGroup.UNKNOWN_ORIGIN]
    assert drift.has_failures(report)
    health = status_of(small)
    assert (health.service_state, health.state) == (word, status.FlowState.UNKNOWN)
    wanted = status.HealthResult.FAILED if word == "failed" else status.HealthResult.UNKNOWN
    assert (health.result, health.next_run) == (wanted, None)
    with small.open_plan() as made:
        shown = status.status(made.plan, build_ownership(made.live, "acme"), made.project)
    texts = [
        drift_text.render_drift(report),
        status_text.render_status(shown),
        forecast_text.render_forecast(forecast_of(small)),
    ]
    for text in texts:
        assert word in text
        assert "paused by hand" not in text
        assert "disabled by" not in text


def test_the_final_check_names_an_unknown_state(small: World) -> None:
    apply_config(small, orders(**UNTIL_2028))
    small.emulator.ui.state("orders", "failed")
    small.write(orders(**UNTIL_2028, subpath="new"))
    outcomes, final_check = small.apply()
    assert [o.status for o in outcomes] == [OutcomeStatus.DONE]
    assert final_check.passed is False
    text = apply_text.render_apply_report(outcomes, remaining=final_check.plan, verdict=final_check.verdict)
    assert 'in state "failed"' in text


@pytest.mark.parametrize("word", ["ENABLED", "Enabled", " enabled "])
def test_enabled_in_any_spelling_is_enabled(small: World, word: str) -> None:
    apply_config(small, orders(enabled=True))
    small.emulator.ui.state("orders", word)
    plan = small.plan()
    assert (field_causes(plan), findings(plan), item(plan).service_state) == ({}, [], None)
    assert status_of(small).state is status.FlowState.ENABLED


def test_disabled_in_upper_case_is_a_pause(small: World) -> None:
    apply_config(small, orders())
    load(small, state="DISABLED", **PERSON)
    assert field_causes(small.plan()) == {"enabled": Cause.PAUSED}


def test_a_flow_without_a_state_is_not_off(small: World) -> None:
    apply_config(small, orders())
    small.emulator.ui.state("orders", "")
    assert (field_causes(small.plan()), findings(small.plan())) == ({}, ["flow-state"])
    assert "without a state" in forecast_text.render_forecast(forecast_of(small))


def test_a_pause_before_an_unknown_state_is_still_known_after_it(small: World) -> None:
    apply_config(small, orders(**UNTIL_2028))
    small.emulator.ui.state("orders", "draft")
    small.write(orders(**UNTIL_2028, description="More"))
    small.apply()
    small.emulator.ui.state("orders", "enabled")
    small.emulator.ui.disable("orders")
    assert field_causes(small.plan()) == {"enabled": Cause.PAUSED}


def test_an_unmanaged_flow_is_shown_with_its_state(small: World) -> None:
    small.emulator.ui.create_flow("mine", ["Orders"], sandbox=SANDBOX)
    small.emulator.ui.state("mine", "draft")
    (flow,) = small.plan().other_flows
    assert (flow.enabled, flow.state) == (None, "draft")
    assert "draft" in drift_text.render_drift(drift_report(small.plan()))


def test_an_accept_entry_for_enabled_silences_a_state(small: World) -> None:
    apply_config(small, orders(**UNTIL_2028))
    small.emulator.ui.state("orders", "draft")
    entry = {"address": "exports.orders", "field": "enabled", "reason": "x", "owner": "kim", "until": "2028-01-01"}
    small.write({**orders(**UNTIL_2028), "accept": [entry]})
    assert not drift.has_failures(drift_report(small.plan()))
    small.emulator.set_time(START + 360 * DAY)
    assert drift.has_failures(drift_report(small.plan()))


# -- transitions ------------------------------------------------------------------------------------------------------


def test_a_plan_waits_for_a_transition_a_bounded_time(small: World) -> None:
    apply_config(small, orders(**UNTIL_2028))
    small.emulator.ui.state("orders", "updating")
    before = small.emulator.now
    small.plan()
    assert small.emulator.now - before == 15


def test_a_flow_of_others_in_transition_is_not_waited_for(small: World) -> None:
    small.emulator.ui.create_flow("mine", ["Orders"], sandbox=SANDBOX)
    small.emulator.ui.state("mine", "initializing")
    before = small.emulator.now
    small.plan()
    assert small.emulator.now == before


@pytest.mark.parametrize("case", ["lower", "upper"])
@pytest.mark.parametrize("shown", ["after", "change", "finalizing"])
@pytest.mark.parametrize("seconds", [*(pytest.param(n, marks=pytest.mark.slow) for n in (1, 5)), 10])
def test_the_loop_works_while_flows_show_their_transitions(tmp_path: Path, shown: str, seconds: int, case: str) -> None:
    small = world(tmp_path, Switches(transition=seconds, transition_state=shown, state_case=case, delete_lag=seconds))
    apply_config(small, orders_and_other(enabled=False))
    assert small.flow("orders")["state"] == "disabled"
    small.emulator.ui.path("orders", "elsewhere")
    assert field_causes(small.plan()) == {"path": Cause.DRIFT}
    apply_config(small, orders_and_other(enabled=True, title="orders", description="More"))
    assert small.flow("orders")["state"] == "enabled"
    small.emulator.advance(60)
    small.emulator.ui.disable("orders")
    assert field_causes(small.plan()) == {"enabled": Cause.PAUSED}
    apply_config(small, flags=RESUME)
    small.emulator.advance(60)
    small.emulator.ui.delete("other")
    plan = small.plan()
    assert item(plan, "exports.other").verb in (Verb.COMPLETE, Verb.CREATE)


# -- what the service does itself -------------------------------------------------------------------------------------

END = START + 40 * DAY
ENDING: dict[str, Any] = {"end": "2027-02-24T08:00:00Z"}


def ended_flow(small: World, after: int, by: dict[str, str], content: dict[str, Any] | None = None) -> None:
    """A flow past its end that was disabled `after` seconds after it."""
    apply_config(small, content or orders(**ENDING))
    small.emulator.set_time(END + DAY)
    load(small, state="disabled", updatedAt=(END + after) * 1000, **by)


def test_a_flow_that_the_service_disabled_at_its_end_is_expired_and_not_paused(small: World) -> None:
    ended_flow(small, 5, BACKGROUND)
    plan = small.plan()
    assert (field_causes(plan), findings(plan), item(plan).verb) == ({}, ["expired"], Verb.UNCHANGED)
    assert not drift.has_failures(drift_report(plan))
    assert status_of(small).result is status.HealthResult.EXPIRED
    assert writes_of(small) == []


@pytest.mark.parametrize("declared", [{}, {"enabled": True}], ids=["absent", "true"])
def test_a_later_end_enables_what_the_service_disabled(small: World, declared: dict[str, Any]) -> None:
    ended_flow(small, 5, BACKGROUND, orders(**ENDING, **declared))
    small.write(orders(**declared, end="2027-12-01"))
    assert field_causes(small.plan()) == {"end": Cause.PENDING, "enabled": Cause.PENDING}
    apply_config(small)
    assert small.flow("orders")["state"] == "enabled"
    assert field_causes(small.plan()) == {}


def test_a_rolling_end_in_the_past_enables_what_the_service_disabled(small: World) -> None:
    apply_config(small, orders())
    end = small.flow("orders")["scheduleParams"]["endTime"]
    small.emulator.set_time(end + DAY)
    load(small, state="disabled", updatedAt=(end + 1) * 1000, **BACKGROUND)
    assert field_causes(small.plan()) == {"end": Cause.EXPIRED, "enabled": Cause.EXPIRED}
    apply_config(small)
    assert small.flow("orders")["state"] == "enabled"


def test_a_later_end_does_not_enable_what_a_person_disabled(small: World) -> None:
    ended_flow(small, 60, PERSON)
    assert field_causes(small.plan()) == {}  # no data was stopped
    small.write(orders(end="2027-12-01"))
    assert field_causes(small.plan()) == {"end": Cause.PENDING}
    small.apply()
    assert field_causes(small.plan()) == {"enabled": Cause.PAUSED}
    assert small.flow("orders")["state"] == "disabled"


@pytest.mark.parametrize("by", [PERSON, BACKGROUND], ids=["a person", "the background client"])
def test_a_flow_disabled_before_its_end_is_paused_after_it_too(small: World, by: dict[str, str]) -> None:
    ended_flow(small, -DAY, by)
    assert field_causes(small.plan()) == {"enabled": Cause.PAUSED}
    small.write(orders(end="2027-12-01"))
    assert field_causes(small.plan()) == {"end": Cause.PENDING, "enabled": Cause.PAUSED}


def test_after_a_later_write_the_moment_of_the_disabling_is_unknown_and_the_flow_counts_as_paused(small: World) -> None:
    ended_flow(small, 5, BACKGROUND)
    apply_config(small, orders(**ENDING, description="Finished"))
    assert field_causes(small.plan()) == {"enabled": Cause.PAUSED}
    small.write(orders(description="Finished", end="2027-12-01"))
    assert field_causes(small.plan()) == {"end": Cause.PENDING, "enabled": Cause.PAUSED}


def test_a_pause_before_the_end_is_not_undone_by_a_write_after_the_end(small: World) -> None:
    apply_config(small, orders(**ENDING))
    small.emulator.advance(DAY)
    small.emulator.ui.disable("orders")
    small.emulator.set_time(END + DAY)
    apply_config(small, orders(**ENDING, description="Finished"))
    small.emulator.advance(60)
    assert field_causes(small.plan()) == {"enabled": Cause.PAUSED}
    apply_config(small, orders(description="Finished", end="2027-12-01"))
    assert small.flow("orders")["state"] == "disabled"


ONCE = {"schedule": {"every": "once", "at": "10:00"}, "end": "none", "allow": [{"rule": "missing-end", "reason": "x"}]}


def test_a_one_time_export_that_the_service_disabled_after_its_run_is_finished(small: World) -> None:
    apply_config(small, orders(**ONCE))
    small.emulator.advance(2 * DAY)
    load(small, state="disabled", updatedAt=int(small.emulator.now - 60) * 1000, **BACKGROUND)
    plan = small.plan()
    assert (field_causes(plan), item(plan).verb) == ({}, Verb.UNCHANGED)
    assert not drift.has_failures(drift_report(plan))
    assert status_of(small).result is status.HealthResult.FINISHED


def test_a_one_time_export_disabled_before_its_run_is_paused(small: World) -> None:
    apply_config(small, orders(**ONCE))
    small.emulator.advance(60)
    small.emulator.ui.disable("orders")
    small.emulator.advance(2 * DAY)
    assert field_causes(small.plan()) == {"enabled": Cause.PAUSED}


# -- status -----------------------------------------------------------------------------------------------------------


def test_status_says_when_the_next_run_is_further_away_than_one_interval(small: World) -> None:
    apply_config(small, orders(**UNTIL_2028))
    assert not any("further away" in note for note in status_of(small).notes)
    start = small.flow("orders")["scheduleParams"]["startTime"]
    small.emulator.ui.start("orders", start + 300 * DAY)
    health = status_of(small)
    assert (health.result, health.next_run) == (status.HealthResult.PAUSED, start + 300 * DAY)
    assert any("further away than one interval (1 day)" in note for note in health.notes)
    small.write(config(exports={"orders": {"datasets": ["Orders"], "schedule": {"every": "1 day", "at": "02:00"}}}))
    assert any("further away" in note for note in status_of(small).notes)
