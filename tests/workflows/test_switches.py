"""The whole loop under every setting of every open question: it works, or refuses clearly at a named step."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from exportctl.apply.final_check import FinalCheck
from exportctl.emulator import Switches
from exportctl.emulator.promises import DEGRADED_PROMISES
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import CHANGE_VERBS, Address, Cause, Plan, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.model.verdict import DECIDED, RemainderKind
from exportctl.monitor.delivery.report import FAILING_RESULTS, DeliveryResult, Evidence
from exportctl.planfile import file as planfile
from exportctl.workflows.apply import start_apply
from exportctl.workflows.verify import VerifyRequest, open_verifier
from tests.workflows.test_canary import assert_no_canary
from tests.workflows.test_laws import LISTED
from tests.workflows.world import DESTINATIONS, SANDBOX, SECRETS, START, World, config, world

SETTINGS = [(name, value) for name, values in Switches.choices().items() for value in values]
REFUSING = {(d.switch, d.setting) for d in DEGRADED_PROMISES if d.refusal}
DEFAULTS = Switches().to_json()
CHANGED = [(name, value) for name, value in SETTINGS if value != DEFAULTS[name]]
WAITING = {("past_start", "rejected-always")}  # refuses later, when a flow has started
CONDITIONAL = WAITING | {("manifest", "rejected"), ("labelled", "hidden")}  # refuse `manifest: force`, a labelled flow
SMALL: dict[str, Any] = {
    "orders": {"datasets": ["Orders"], "subpath": "A/b/", "format": "json", "destination": "s3-key"},
    "partner": {
        "datasets": ["Returns"],
        "destination": "sftp-password",
        "title": "Part/ner A",
        "folder": "%DESTINATION%/%DESTINATION_INSTANCE_NAME%/%DATASET_ID%/%EXPORT_TIME%",
        "end": {"rolling": "20 days", "renew_before": "18 days"},
    },
}
USED = {name: DESTINATIONS[name] for name in ("s3-key", "sftp-password", "s3-role")}
ONE = {"orders": SMALL["orders"]}
MANIFEST = {"full": {"type": "parquet", "compression": "gzip", "manifest": True}}
RENEW = PlanOptions(renew_only=True)


def failed_steps(outcomes: tuple[Outcome, ...]) -> list[tuple[str, str | None]]:
    return [(o.step.action.value, o.rule) for o in outcomes if o.status is OutcomeStatus.FAILED]


def assert_done(done: tuple[tuple[Outcome, ...], FinalCheck]) -> FinalCheck:
    outcomes, final_check = done
    assert [
        (o.step.key, o.message) for o in outcomes if o.status not in (OutcomeStatus.DONE, OutcomeStatus.DEFERRED)
    ] == []
    # A source that is still in use is an orphan for the next apply: then the final check names nothing else.
    is_source_left = any(o.status is OutcomeStatus.DEFERRED for o in outcomes)
    kinds = {one.kind for one in final_check.verdict.remaining} - DECIDED
    assert final_check.passed or (is_source_left and kinds == {RemainderKind.ORPHAN}), final_check.verdict
    return final_check


def causes(plan: Plan) -> set[tuple[str, Cause]]:
    return {(f.path, f.cause) for item in plan.items for f in item.fields}


def changes(plan: Plan) -> list[Address]:
    """The addresses with a change; an old source that is still in use is an orphan of a later apply."""
    return [item.address for item in plan.items if item.verb in CHANGE_VERBS]


def apply_saved_plan(made: World, said: list[str]) -> tuple[tuple[Outcome, ...], FinalCheck]:
    """Save a plan, and apply what was saved half a minute later."""
    with made.open_plan() as reviewed:
        said.append(planfile.dump_plan(reviewed.plan))
    made.emulator.advance(30)
    saved, flags = planfile.load_plan(said[-1]), PlanOptions()
    with made.open_plan(flags, now=saved.as_of) as again:
        assert planfile.stale_values(saved, again.plan) == ()
        approved = replace(again, plan=planfile.reduce_to_approval(saved, again.plan))
        applying = start_apply(approved, made.setup(), flags, parallelism=4, stop=Event(), saved=saved)
        return tuple(applying.execute_steps()), applying.run_final_check()


def play_promises(made: World, *, can_renew: bool = True) -> None:
    """
    Play every promise of the README in one life of two exports.

    No state file (3 plans from nothing but the sandbox), saved plans, kinds of difference, lists only, pauses, renewal,
    verify, no duplicate, and no secret in anything that is said.
    """
    said: list[str] = []
    made.write(config(exports=SMALL, destinations=USED))
    assert_done(apply_saved_plan(made, said))
    made.emulator.advance(LISTED)
    assert_only_lists_are_read(made)

    changed = {**SMALL["orders"], "datasets": ["Orders", "Returns"], "title": "T", "format": "full", "subpath": "C/"}
    made.write(config(exports={**SMALL, "orders": changed}, formats=MANIFEST, destinations=USED))
    assert {cause for _, cause in causes(made.plan())} - NEVER_A_DIFFERENCE == {Cause.PENDING}
    assert_done(apply_saved_plan(made, said))
    made.emulator.advance(LISTED)
    assert changes(made.plan()) == []

    made.emulator.ui.path("T", "hand/made")
    made.emulator.advance(LISTED)
    assert ("path", Cause.DRIFT) in causes(made.plan())
    said.append(str(assert_done(made.apply())))
    made.emulator.advance(LISTED)
    assert_a_pause_is_kept(made)
    assert_an_end_is_renewed(made, can_renew=can_renew)
    said += verified_reports(made)

    made.emulator.advance(700)  # whatever was still in use is free
    made.apply()
    assert (made.plan().steps() == ()) is can_renew
    seen = made.emulator.snapshot(SANDBOX)
    assert (len(seen["sourceConnections"]), len(seen["targetConnections"]), len(seen["flows"])) == (2, 2, 2)
    tokens = {f"token {n}": record.id for n, record in enumerate(made.emulator.store.list_records("tokens"))}
    assert_no_canary({str(n): text for n, text in enumerate(said)}, {**SECRETS, **tokens})


NEVER_A_DIFFERENCE = {Cause.NORMALISED, Cause.ALREADY_MATCHES}


def assert_only_lists_are_read(made: World) -> None:
    made.forget_requests()
    assert made.plan().steps() == ()
    sent = made.emulator.requests()
    assert {request["method"] for request in sent if "/ims/" not in request["path"]} == {"GET"}
    assert [r["path"] for r in sent if re.search(r"/flowservice/\w+/[0-9a-f-]{36}$", r["path"])] == []


def assert_a_pause_is_kept(made: World) -> None:
    made.emulator.ui.disable("T")
    made.emulator.advance(LISTED)
    plan = made.plan()
    assert [i.verb for i in plan.items if i.is_paused] != []
    assert changes(plan) == []
    assert_done(made.apply(PlanOptions(resume=("exports.orders",))))
    assert made.flow("T")["state"] == "enabled"


def assert_an_end_is_renewed(made: World, *, can_renew: bool) -> None:
    made.emulator.advance(3 * 86400)
    before = made.flow("Part/ner A")["scheduleParams"]["endTime"]
    made.forget_requests()
    outcomes, _ = made.apply(RENEW)
    assert {o.status for o in outcomes} == {OutcomeStatus.DONE if can_renew else OutcomeStatus.FAILED}
    assert (made.flow("Part/ner A")["scheduleParams"]["endTime"] > before) is can_renew
    assert set(made.writes()) == {"PATCH /flows"}
    made.emulator.advance(LISTED)


def reader_env(made: World) -> dict[str, str]:
    """The variables of the process, with those that say where the files of the two exports are."""
    folders = {
        f"EXPORTCTL_READER_{name}_FOLDER": str(made.emulator.folder_of(made.flow(title)["targetConnectionIds"][0]))
        for name, title in (("S3_KEY", "T"), ("SFTP_PASSWORD", "Part/ner A"))
    }
    return {**made.env, **folders}


def verified_reports(made: World) -> list[str]:
    """Nothing is wrong with any run since the start, by the runs and by the files; each export has complete files."""
    with open_verifier(made.setup(env=reader_env(made)), PlanOptions(), wall=lambda: START) as verify:
        by_runs = verify(VerifyRequest(since=START, runs_only=True))
        by_files = verify(VerifyRequest(since=START, deep=True, require_storage=True))
    for report in (by_runs, by_files):
        found = [verdict for one in report.exports for verdict in one.verdicts]
        assert [v for v in found if v.result in FAILING_RESULTS] == []
        assert report.errors() == ()
    for export in by_files.exports:
        complete = [v for v in export.verdicts if v.result is DeliveryResult.COMPLETE]
        assert {v.evidence for v in complete} == {Evidence.CONTENT}
    return [str(by_runs), str(by_files)]


def test_every_promise_is_kept_with_every_switch_at_its_default(tmp_path: Path) -> None:
    play_promises(world(tmp_path, page_size=100, rows=20, storage=tmp_path / "storage"))


def play_settings(folder: Path, *settings: tuple[str, object]) -> None:
    chosen: dict[str, Any] = dict(settings)
    made = world(folder, Switches(**chosen), page_size=100, rows=20, storage=folder / "storage")
    play_promises(made, can_renew=not WAITING.intersection(settings))


PLAYED = [s for s in CHANGED if s not in REFUSING - CONDITIONAL]
HALF = (len(PLAYED) + 1) // 2
TOGETHER = [(one, *PLAYED[HALF + n : HALF + n + 1]) for n, one in enumerate(PLAYED[:HALF])]


@pytest.mark.parametrize("settings", TOGETHER, ids=lambda pair: " ".join(f"{name}={value}" for name, value in pair))
def test_every_promise_is_kept_under_two_settings_at_once(
    tmp_path: Path, settings: tuple[tuple[str, object], ...]
) -> None:
    """Each run plays each setting, in half the time. The slow tests play each alone, and many more pairs."""
    play_settings(tmp_path, *settings)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "value"), PLAYED, ids=lambda v: str(v))
def test_every_promise_is_kept(tmp_path: Path, name: str, value: object) -> None:
    play_settings(tmp_path, (name, value))


def test_two_settings_at_once_are_of_two_switches_and_none_is_left_out() -> None:
    assert {setting for pair in TOGETHER for setting in pair} == {*PLAYED}
    assert all(len({name for name, _ in pair}) == len(pair) for pair in TOGETHER)


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
    made.write(config(exports=ONE))
    outcomes, final_check = made.apply()
    assert ("create", "descriptions-dropped") in failed_steps(outcomes)
    assert not final_check.passed
    seen = made.emulator.snapshot(SANDBOX)
    assert all(seen[c] == [] for c in ("connections", "sourceConnections", "targetConnections", "flows"))


def labelled_world(tmp_path: Path) -> World:
    made = world(tmp_path, Switches(labelled="hidden"))
    made.write(config(exports=ONE))
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
    made.write(config(exports=ONE))
    assert_done(made.apply())
    made.emulator.advance(2 * 86400)
    made.write(config(exports={"orders": {**SMALL["orders"], "end": "2029-01-01"}}))
    outcomes, final_check = made.apply()
    assert failed_steps(outcomes) == [("update", "service")]
    assert "startTime" in str([o.message for o in outcomes])
    assert not final_check.passed
