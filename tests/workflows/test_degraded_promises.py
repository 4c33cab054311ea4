"""Every promise that a setting weakens is seen to be weaker in just the way that docs/emulator.md says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Switches
from exportctl.emulator.promises import DEGRADED_PROMISES, DegradedPromise
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import FieldChange
from exportctl.model.plan_options import PlanOptions
from exportctl.model.schedule import default_end
from exportctl.model.verdict import RemainderKind
from exportctl.monitor.delivery.report import DeliveryResult, Verdict
from exportctl.workflows.apply import start_apply
from exportctl.workflows.verify import VerifyRequest, open_verifier
from tests.workflows.test_laws import LISTED
from tests.workflows.world import DESTINATIONS, SANDBOX, START, World, config, world

DAY = 86400
LONG = "Who may read this export, and whom to ask. " * 6
FULL = {"full": {"type": "parquet", "compression": "gzip", "manifest": True}}
FORCED = {"full": {**FULL["full"], "manifest": "force"}}


def orders(**changes: Any) -> dict[str, Any]:
    return config(exports={"orders": {"datasets": ["Orders"], **changes}})


def applied(made: World, content: dict[str, Any]) -> list[Outcome]:
    """Apply, and return all outcomes, those of the final check too."""
    made.write(content)
    outcomes, check = made.apply()
    return [*outcomes, *check.outcomes]


def failed(outcomes: list[Outcome]) -> set[tuple[str, str | None]]:
    return {(o.step.kind, o.rule) for o in outcomes if o.status is OutcomeStatus.FAILED}


def spellings(made: World, content: dict[str, Any]) -> int:
    made.write(content)
    _, check = made.apply()
    assert check.passed
    made.emulator.advance(LISTED)
    assert made.plan().steps() == ()
    return len(check.normalised)


def seconds(made: World, act: Callable[[], object]) -> float:
    before = made.emulator.now
    act()
    return made.emulator.now - before


def change_of(made: World, path: str) -> FieldChange:
    return next(f for i in made.plan().items for f in i.fields if f.path == path)


def consequences(made: World) -> set[str]:
    return {c.rule for i in made.plan().items for c in i.consequences}


def verdicts(made: World, days: int = 1) -> tuple[Verdict, ...]:
    with open_verifier(made.setup(), PlanOptions(), wall=lambda: START) as verify:
        report = verify(VerifyRequest(since=int(made.emulator.now) - days * DAY, runs_only=True))
    return tuple(v for one in report.exports for v in one.verdicts)


def with_more(made: World, **switches: Any) -> World:
    made.emulator.switches = replace(made.emulator.switches, **switches)
    return made


def label_flow(made: World) -> None:
    applied(made, orders())
    made.emulator.ui.label("flows", made.flow("orders")["id"], ["core/C12"])
    made.emulator.advance(LISTED)


def descriptions_are_dropped(made: World) -> None:
    assert ("base_connection", "descriptions-dropped") in failed(applied(made, orders()))


def unused_source_is_not_released(made: World) -> None:
    both = config(exports={"orders": {"datasets": ["Orders"]}, "other": {"datasets": ["Returns"], "subpath": "o"}})
    applied(made, both)
    made.emulator.ui.delete("orders")
    made.emulator.advance(LISTED)
    rest = config(exports={"other": both["exports"]["other"]})
    removed = {"export": "orders", "do": "release", "reason": "r"}
    assert failed(applied(made, {**rest, "removed": [removed]})) == {("source_connection", "release-refused")}
    assert failed(applied(made, {**rest, "removed": [{**removed, "do": "delete"}]})) == set()
    assert len(made.emulator.snapshot(SANDBOX)["sourceConnections"]) == 1
    assert made.plan().steps() == ()


def hidden_flow_is_not_created_again(made: World) -> None:
    label_flow(made)
    assert "hidden-flow" in {rule for _, rule in failed(applied(made, orders()))}


def hidden_flow_of_yesterday_needs_consent(made: World) -> None:
    label_flow(made)
    made.emulator.advance(DAY)
    assert [r.safety_check for i in made.plan().items for r in i.refusals] == ["re-creation"]


def manifest_is_not_sent(made: World) -> None:
    made.write(config(exports={"orders": {"datasets": ["Orders"], "format": "full"}}, formats=FULL))
    assert "manifest-not-offered" in {f.rule for i in made.plan().items for f in i.findings}
    forced = config(exports={"orders": {"datasets": ["Orders"], "format": "full"}}, formats=FORCED)
    assert failed(applied(made, forced)) == {("target_connection", "service")}


def no_flow_has_manifests(made: World) -> None:
    applied(made, config(exports={"orders": {"datasets": ["Orders"], "format": "full"}}, formats=FULL))
    (target,) = made.emulator.snapshot(SANDBOX)["targetConnections"]
    assert "includeFileManifest" not in target["params"]


def started_schedule_is_refused(made: World) -> None:
    applied(made, orders())
    made.emulator.advance(2 * DAY)
    assert failed(applied(made, orders(end="2029-01-01"))) == {("flow", "service")}


def old_source_is_waited_for(made: World) -> None:
    applied(made, orders())
    assert seconds(made, lambda: applied(made, orders(datasets=["Returns"]))) >= 30
    assert len(made.emulator.snapshot(SANDBOX)["sourceConnections"]) == 1


def old_source_is_an_orphan(made: World) -> None:
    applied(made, orders())
    made.write(orders(datasets=["Returns"]))
    outcomes, check = made.apply()
    assert OutcomeStatus.DEFERRED in {o.status for o in outcomes}
    assert [one.kind for one in check.verdict.remaining] == [RemainderKind.ORPHAN]
    assert not check.passed
    made.emulator.advance(600)
    applied(made, orders(datasets=["Returns"]))
    assert len(made.emulator.snapshot(SANDBOX)["sourceConnections"]) == 1


def lists_are_late(made: World) -> None:
    """The process died before its final check."""
    made.write(orders())
    with made.open_plan() as planned:
        applying = start_apply(planned, made.setup(), PlanOptions(), parallelism=1, stop=threading.Event())
        assert failed(list(applying.execute_steps())) == set()
    assert not made.plan().is_empty
    made.emulator.advance(LISTED)
    assert made.plan().is_empty


def list_is_waited_for(made: World) -> None:
    assert seconds(made, lambda: applied(made, orders())) >= 60
    assert made.plan().is_empty


def new_object_is_waited_for(made: World) -> None:
    assert seconds(made, lambda: applied(made, orders())) >= 30


def change_is_waited_for(made: World) -> None:
    applied(made, orders())
    made.emulator.advance(LISTED)
    assert seconds(made, lambda: applied(made, orders(title="T"))) >= 20
    assert made.plan().is_empty


def change_fails_late(made: World) -> None:
    applied(made, orders())
    assert ("flow", "failed-later") in failed(applied(made, orders(title="T")))


def long_description_is_cut(made: World) -> None:
    assert failed(applied(made, orders(description=LONG))) == {("flow", "description-cut")}
    assert [r.safety_check for i in made.plan().items for r in i.refusals] == ["description-cut"]


def marker_is_cut(made: World) -> None:
    assert failed(applied(made, orders())) == {("flow", "description-cut")}


def text_is_spelled(made: World) -> None:
    assert spellings(made, orders(description="For people:\nall Örders", title="T ")) == 1


def path_is_spelled(made: World) -> None:
    slashed = {**DESTINATIONS, "s3-role": {**DESTINATIONS["s3-role"], "path": "aep/"}}
    assert spellings(made, {**orders(), "destinations": slashed}) == 1


def requests_wait(made: World) -> None:
    made.write(orders())
    assert seconds(made, lambda: [made.plan() for _ in range(9)]) >= 1


def late_end_is_refused(made: World) -> None:
    assert failed(applied(made, orders(end="2029-01-01"))) == {("flow", "service")}


def wrong_params_fail_the_flow(made: World) -> None:
    content = config(exports={"orders": {"datasets": ["Orders"], "format": "full"}}, formats=FORCED)
    assert failed(applied(with_more(made, manifest="rejected"), content)) == {("flow", "service")}
    assert failed(applied(with_more(made, manifest="accepted"), content)) == set()
    assert len(made.emulator.snapshot(SANDBOX)["flows"]) == 1


def wrong_params_fail_the_run(made: World) -> None:
    content = config(exports={"orders": {"datasets": ["Orders"], "format": "full"}}, formats=FORCED)
    assert failed(applied(with_more(made, manifest="rejected"), content)) == set()
    made.emulator.advance(2 * DAY)
    assert DeliveryResult.FAILED in {v.result for v in verdicts(made)}


def port_is_spelled(made: World) -> None:
    assert spellings(made, orders(destination="sftp-key")) == 1


def port_is_refused(made: World) -> None:
    assert failed(applied(made, orders(destination="sftp-key"))) == {("base_connection", "service")}


def deletion_waits_for_the_run(made: World) -> None:
    applied(with_more(made, run_duration=600), orders())
    made.emulator.set_time(START + 18 * 3600 + 60)  # a minute after the run began
    removed = {
        **config(exports={"other": {"datasets": ["Returns"]}}),
        "removed": [{"export": "orders", "do": "delete", "reason": "r"}],
    }
    assert ("flow", "service") in failed(applied(made, removed))
    made.emulator.advance(600)
    applied(made, removed)
    assert [flow["name"] for flow in made.emulator.snapshot(SANDBOX)["flows"]] == ["other"]


def run_hides_the_editor(made: World) -> None:
    applied(made, orders())
    made.emulator.ui.rename("orders", "by hand")
    assert change_of(made, "title").actor.by == "someone@AdobeID"  # type: ignore[union-attr]
    made.emulator.advance(DAY)
    assert str(change_of(made, "title").actor.note).startswith("not recorded")  # type: ignore[union-attr]


def background_hides_the_editor(made: World) -> None:
    applied(made, orders())
    made.emulator.ui.rename("orders", "by hand")
    made.emulator.advance(1)
    assert str(change_of(made, "title").actor.note).startswith("not recorded")  # type: ignore[union-attr]


def background_hides_the_editor_of_a_target(made: World) -> None:
    applied(with_more(made, background_actor="writes"), orders())
    made.emulator.ui.path("orders", "by/hand")
    made.emulator.advance(1)
    assert str(change_of(made, "path").actor.note).startswith("not recorded")  # type: ignore[union-attr]


def role_is_hidden(made: World) -> None:
    applied(made, orders())
    (base,) = made.emulator.snapshot(SANDBOX)["connections"]
    base["auth"]["params"]["s3Role"] = "arn:aws:iam::123456789012:role/by-hand"
    made.emulator.ui.load({"connections": [base]}, sandbox=SANDBOX)
    assert made.plan().steps() == ()


def default_end_is_inferred(made: World) -> None:
    applied(made, orders(end="none", allow=[{"rule": "missing-end", "reason": "r"}]))
    flow = made.flow("orders")
    assert "endTime" not in flow["scheduleParams"]
    assert made.plan().items[-1].ends == default_end(flow["createdAt"] // 1000)


def datasets_warn(made: World) -> None:
    applied(made, orders())
    made.write(orders(datasets=["Orders", "Returns"]))
    assert "may-cause-full-re-export" in consequences(made)


def interval_warns(made: World) -> None:
    applied(made, orders())
    made.write(orders(schedule={"every": "6 hours", "at": "02:00"}))
    assert "may-cause-full-re-export" in consequences(made)


def expire(made: World) -> None:
    applied(made, orders(end="2027-02-01"))
    made.emulator.advance(40 * DAY)
    made.write(orders(end="2028-01-01"))


def revival_warns(made: World) -> None:
    expire(made)
    assert "expired-flow-runs-again" in consequences(made)


def revived_flow_stays_silent(made: World) -> None:
    expire(made)
    made.apply()
    made.emulator.advance(3 * DAY)
    assert {v.result for v in verdicts(made)} == {DeliveryResult.MISSING}


def rows_are_a_sum(made: World) -> None:
    applied(made, orders(datasets=["Orders", "Returns"]))
    made.emulator.advance(2 * DAY)
    assert {v.result for v in verdicts(made)} <= {DeliveryResult.COMPLETE, DeliveryResult.EMPTY}
    runs = made.emulator.store.list_records("runs", SANDBOX)
    assert runs
    assert not any("entitySummaries" in str(run.doc) for run in runs)


def forgotten_runs_are_unknown(made: World) -> None:
    applied(made, orders())
    days = made.emulator.switches.run_retention + 3
    made.emulator.advance(days * DAY)
    assert {v.result for v in verdicts(made, days)} == {DeliveryResult.EMPTY, DeliveryResult.UNKNOWN}


OBSERVATIONS: dict[tuple[str, object, int], Callable[[World], None]] = {
    ("child_descriptions", "drop", 1): descriptions_are_dropped,
    ("source_patch", "405", 8): unused_source_is_not_released,
    ("labelled", "hidden", 3): hidden_flow_is_not_created_again,
    ("labelled", "hidden", 7): hidden_flow_of_yesterday_needs_consent,
    ("manifest", "rejected", 8): manifest_is_not_sent,
    ("manifest", "rejected", 10): no_flow_has_manifests,
    ("past_start", "rejected-always", 9): started_schedule_is_refused,
    ("old_source_in_use", 30, 8): old_source_is_waited_for,
    ("old_source_in_use", 600, 8): old_source_is_an_orphan,
    ("list_lag", 60, 3): lists_are_late,
    ("list_lag", 60, 8): list_is_waited_for,
    ("read_lag", 30, 8): new_object_is_waited_for,
    ("stale_reads", 30, 8): change_is_waited_for,
    ("late_effect", 20, 8): change_is_waited_for,
    ("late_failure", "always", 8): change_fails_late,
    ("description_length", 256, 8): long_description_is_cut,
    ("description_length", 120, 8): marker_is_cut,
    ("description_text", "one-line", 8): text_is_spelled,
    ("description_text", "ascii", 8): text_is_spelled,
    ("names", "trimmed", 8): text_is_spelled,
    ("rate_limit", 50, 8): requests_wait,
    ("longest_end", 365, 9): late_end_is_refused,
    ("invalid_params", "flow", 8): wrong_params_fail_the_flow,
    ("invalid_params", "run", 8): wrong_params_fail_the_run,
    ("sftp_port", "ignored", 8): port_is_spelled,
    ("sftp_port", "refused", 8): port_is_refused,
    ("delete_during_run", "refused", 3): deletion_waits_for_the_run,
    ("runs_move_etags", True, 5): run_hides_the_editor,
    ("background_actor", "writes", 5): background_hides_the_editor,
    ("background_actor_children", True, 5): background_hides_the_editor_of_a_target,
    ("read_secrets", "mask", 5): role_is_hidden,
    ("read_secrets", "omit", 5): role_is_hidden,
    ("default_end_time", "hidden", 9): default_end_is_inferred,
    ("normalise", "trailing-slash", 8): path_is_spelled,
    ("dataset_change", "restart", 7): datasets_warn,
    ("schedule_change", "restart", 7): interval_warns,
    ("revival", "restart", 7): revival_warns,
    ("revival", "never", 9): revived_flow_stays_silent,
    ("run_entities", "hidden", 10): rows_are_a_sum,
    ("run_retention", 30, 10): forgotten_runs_are_unknown,
    ("run_retention", 7, 10): forgotten_runs_are_unknown,
}


@pytest.mark.parametrize("row", DEGRADED_PROMISES, ids=lambda row: f"{row.switch}-{row.setting}-{row.promise}")
def test_a_degraded_promise_degrades_as_the_table_says(tmp_path: Path, row: DegradedPromise) -> None:
    chosen: dict[str, Any] = {row.switch: row.setting}

    OBSERVATIONS[row.switch, row.setting, row.promise](world(tmp_path, Switches(**chosen), page_size=100))


def test_no_observation_is_of_a_promise_that_the_table_does_not_have() -> None:
    assert set(OBSERVATIONS) == {(row.switch, row.setting, row.promise) for row in DEGRADED_PROMISES}
