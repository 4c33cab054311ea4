"""The whole loop under every setting of every open question: it works, or refuses clearly at a named step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exportctl.apply.final_check import FinalCheck
from exportctl.emulator import Switches
from exportctl.emulator.promises import DEGRADED_PROMISES
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import Cause, Plan, Verb
from exportctl.model.plan_options import PlanOptions
from tests.workflows.test_laws import LISTED
from tests.workflows.world import SANDBOX, World, config, world

SETTINGS = [(name, value) for name, values in Switches.choices().items() for value in values]
REFUSING = {(d.switch, d.setting) for d in DEGRADED_PROMISES if d.refusal}
WAITING = {("past_start", "rejected-always")}  # refuses later, when a flow has started
SMALL: dict[str, Any] = {"orders": {"datasets": ["Orders"], "subpath": "A/b/", "format": "json"}}
MANIFEST = {"full": {"type": "parquet", "compression": "gzip", "manifest": True}}


def failed_steps(outcomes: tuple[Outcome, ...]) -> list[tuple[str, str | None]]:
    return [(o.step.action.value, o.rule) for o in outcomes if o.status is OutcomeStatus.FAILED]


def assert_done(done: tuple[tuple[Outcome, ...], FinalCheck]) -> FinalCheck:
    outcomes, final_check = done
    assert [
        (o.step.key, o.message) for o in outcomes if o.status not in (OutcomeStatus.DONE, OutcomeStatus.DEFERRED)
    ] == []
    assert final_check.passed
    return final_check


def causes(plan: Plan) -> set[tuple[str, Cause]]:
    return {(f.path, f.cause) for item in plan.items for f in item.fields}


@pytest.mark.parametrize(("name", "value"), [s for s in SETTINGS if s not in REFUSING - WAITING], ids=lambda v: str(v))
def test_the_loop_works(tmp_path: Path, name: str, value: object) -> None:
    chosen: dict[str, Any] = {name: value}
    made = world(tmp_path, Switches(**chosen))
    made.write(config(exports=SMALL))
    assert_done(made.apply())
    made.emulator.advance(LISTED)
    assert made.plan().steps() == ()

    changed = {**SMALL["orders"], "datasets": ["Orders", "Returns"], "title": "T", "format": "full", "subpath": "C/"}
    made.write(config(exports={"orders": changed}, formats=MANIFEST))
    assert_done(made.apply())
    made.emulator.advance(LISTED)
    assert made.plan().is_empty

    made.emulator.ui.path("T", "hand/made")
    made.emulator.advance(LISTED)
    assert ("path", Cause.DRIFT) in causes(made.plan())
    assert_done(made.apply())
    made.emulator.advance(LISTED)
    made.emulator.ui.disable("T")
    made.emulator.advance(LISTED)
    plan = made.plan()
    assert [i.verb for i in plan.items if i.is_paused] != []
    assert plan.is_empty
    assert_done(made.apply(PlanOptions(resume=("exports.orders",))))
    assert made.flow("T")["state"] == "enabled"

    made.emulator.advance(700)  # whatever was still in use is free
    made.apply()
    assert made.plan().steps() == ()
    seen = made.emulator.snapshot(SANDBOX)
    assert (len(seen["sourceConnections"]), len(seen["targetConnections"]), len(seen["flows"])) == (1, 1, 1)


def test_every_setting_is_played_or_refuses() -> None:
    assert {d.switch for d in DEGRADED_PROMISES} <= set(Switches.choices())
    assert all((d.switch, d.setting) in SETTINGS for d in DEGRADED_PROMISES)
    assert {
        ("child_descriptions", "drop"),
        ("labelled", "hidden"),
        ("description_length", 120),
        ("late_failure", "always"),
        ("manifest", "rejected"),
        ("past_start", "rejected-always"),
    } == REFUSING


def test_without_descriptions_the_first_connection_is_the_last(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(child_descriptions="drop"))
    made.write(config(exports=SMALL))
    outcomes, final_check = made.apply()
    assert ("create", "descriptions-dropped") in failed_steps(outcomes)
    assert not final_check.passed
    seen = made.emulator.snapshot(SANDBOX)
    assert all(seen[c] == [] for c in ("connections", "sourceConnections", "targetConnections", "flows"))


def labelled_world(tmp_path: Path) -> World:
    made = world(tmp_path, Switches(labelled="hidden"))
    made.write(config(exports=SMALL))
    assert_done(made.apply())
    made.emulator.ui.label("flows", made.flow("orders")["id"], ["core/C12"])
    made.emulator.advance(LISTED)
    return made


def test_a_flow_hidden_by_a_label_gets_no_duplicate_while_it_is_young(tmp_path: Path) -> None:
    made = labelled_world(tmp_path)
    assert [i.verb for i in made.plan().items if i.steps] == [Verb.COMPLETE]
    outcomes, _ = made.apply()
    assert ("delete", "hidden-flow") in failed_steps(outcomes)
    seen = made.emulator.snapshot(SANDBOX)
    assert len(seen["flows"]) == 1
    used = {*seen["flows"][0]["sourceConnectionIds"], *seen["flows"][0]["targetConnectionIds"]}
    assert used <= {o["id"] for c in ("sourceConnections", "targetConnections") for o in seen[c]}


def test_a_flow_hidden_for_a_day_counts_as_gone_and_is_not_created_again(tmp_path: Path) -> None:
    made = labelled_world(tmp_path)
    made.emulator.advance(86400)
    plan = made.plan()
    assert [r.safety_check for i in plan.items for r in i.refusals] == ["re-creation"]
    outcomes, _ = made.apply(PlanOptions(allow_recreate=("exports.orders",)))
    assert ("delete", "hidden-flow") in failed_steps(outcomes)
    assert len(made.emulator.snapshot(SANDBOX)["flows"]) == 1


def test_a_manifest_the_service_does_not_offer_is_not_sent_and_forced_it_is_refused(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(manifest="rejected"))
    made.write(config(exports={"orders": {"datasets": ["Orders"], "format": "full"}}, formats=MANIFEST))
    assert "manifest-not-offered" in {f.rule for i in made.plan().items for f in i.findings}
    assert_done(made.apply())
    forced = {"full": {**MANIFEST["full"], "manifest": "force"}}
    made.emulator.advance(LISTED)
    made.write(config(exports={"orders": {"datasets": ["Orders"], "format": "full"}}, formats=forced))
    outcomes, final_check = made.apply()
    assert failed_steps(outcomes) == [("update", "service")]
    assert not final_check.passed


def test_a_service_that_refuses_past_starts_refuses_schedule_patches_of_a_started_flow(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(past_start="rejected-always"))
    made.write(config(exports=SMALL))
    assert_done(made.apply())
    made.emulator.advance(2 * 86400)
    made.write(config(exports={"orders": {**SMALL["orders"], "end": "2029-01-01"}}))
    outcomes, final_check = made.apply()
    assert failed_steps(outcomes) == [("update", "service")]
    assert "startTime" in str([o.message for o in outcomes])
    assert not final_check.passed
