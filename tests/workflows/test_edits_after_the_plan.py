"""A person edits the sandbox in the minutes between the plan and the approval: apply never writes over the edit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from exportctl.errors import StalePlan
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Cause
from exportctl.model.plan_options import PlanOptions
from exportctl.workflows import apply as apply_workflow
from tests.workflows.orders_sandbox import apply_config, field_causes, item, orders
from tests.workflows.transports import InterruptingTransport
from tests.workflows.world import SANDBOX, World, config

MINUTES = 600


@pytest.mark.parametrize("with_etag", [True, False], ids=["the edit moves the etag", "a run moves the etag again"])
def test_an_edit_between_plan_and_apply_stays(small: World, with_etag: bool) -> None:
    apply_config(small, orders())
    small.write(orders(subpath="x"))
    with small.open_plan() as reviewed:
        small.emulator.advance(MINUTES)
        small.emulator.ui.path("orders", "theirs")
        if not with_etag:
            small.emulator.advance(2 * 86400)
        run = apply_workflow.start_apply(reviewed, small.setup(), PlanOptions(), parallelism=4, stop=threading.Event())
        outcomes = list(run.execute_steps())
    assert [(o.status, o.rule) for o in outcomes if o.step.kind == "target_connection"] == [
        (OutcomeStatus.FAILED, "stale")
    ]
    assert small.emulator.snapshot(SANDBOX)["targetConnections"][0]["params"]["path"] == "theirs"


AFTER_THE_WRITE: dict[str, tuple[str, Callable[[World], Any]]] = {
    "title": ("title", lambda made: made.emulator.ui.rename("orders", "theirs")),
    "path": ("path", lambda made: made.emulator.ui.path("orders", "theirs")),
    "datasets": ("datasets", lambda made: made.emulator.ui.datasets("orders", ["Returns"])),
}


@pytest.mark.parametrize("what", AFTER_THE_WRITE)
def test_an_edit_between_the_last_write_and_the_final_check_is_drift_and_no_spelling(small: World, what: str) -> None:
    path, edit = AFTER_THE_WRITE[what]
    small.write(orders())
    with small.open_plan() as planned:
        run = apply_workflow.start_apply(planned, small.setup(), PlanOptions(), parallelism=4, stop=threading.Event())
        assert {o.status for o in run.execute_steps()} == {OutcomeStatus.DONE}
        edit(small)
        check = run.run_final_check()
    assert check.normalised == ()
    assert not check.passed
    small.emulator.advance(MINUTES)
    causes = field_causes(small.plan())
    assert causes[path] is Cause.DRIFT


@pytest.mark.parametrize("edit", ["rename", "describe"])
def test_a_flow_that_a_person_edits_while_it_is_replaced_is_not_deleted(small: World, edit: str) -> None:
    apply_config(small, orders())
    small.write(orders(destination="gcs"))
    former = small.flow("orders")["id"]

    def write_text(_: str) -> None:
        text = "theirs" if edit == "rename" else f"theirs\n{described(small, former)}"
        getattr(small.emulator.ui, edit)(former, text)

    transport = InterruptingTransport(small, "POST", "/flows$", write_text)  # marked as being replaced, and disabled
    outcomes, check = small.apply(PlanOptions(allow_replace=("exports.orders",)), transport=transport)
    assert [o.rule for o in outcomes if o.step.id == former and o.status is OutcomeStatus.FAILED] == ["stale"]
    assert not check.passed
    assert described(small, former)


def described(made: World, flow: str) -> str:
    return str(next(f["description"] for f in made.emulator.snapshot(SANDBOX)["flows"] if f["id"] == flow))


def test_another_value_behind_the_same_variable_is_a_change_of_the_value_sent(small: World) -> None:
    apply_config(small, orders())
    small.env = {**small.env, "S3_ROLE": "arn:aws:iam::123456789012:role/other"}
    plan = small.plan()
    assert field_causes(plan, "destinations.s3-role") == {"auth.role_arn": Cause.PENDING}
    assert len(item(plan, "destinations.s3-role").steps) == 1


def test_a_value_that_changes_between_plan_and_apply_is_not_sent(small: World) -> None:
    small.write(orders())
    with small.open_plan() as reviewed:
        other = {**small.env, "S3_ROLE": "arn:aws:iam::123456789012:role/other"}
        with pytest.raises(StalePlan, match="the value behind role_arn") as caught:
            apply_workflow.start_apply(
                reviewed, small.setup(env=other), PlanOptions(), parallelism=4, stop=threading.Event()
            )
    assert (caught.value.rule, small.writes()) == ("stale", [])


def test_a_value_that_was_not_set_for_the_plan_counts_as_applied_once_it_was_sent(small: World) -> None:
    small.write(orders())
    everything = small.env
    small.env = {name: value for name, value in everything.items() if name != "S3_ROLE"}
    with small.open_plan() as reviewed:
        setup = small.setup(env=everything)
        run = apply_workflow.start_apply(reviewed, setup, PlanOptions(), parallelism=4, stop=threading.Event())
        assert {o.status for o in run.execute_steps()} == {OutcomeStatus.DONE}
    small.env = everything
    assert field_causes(small.plan(), "destinations.s3-role") == {}
    small.env = {**everything, "S3_ROLE": "arn:aws:iam::123456789012:role/other"}
    assert field_causes(small.plan(), "destinations.s3-role") == {"auth.role_arn": Cause.PENDING}


def test_what_another_run_creates_for_another_export_stops_no_creation(small: World) -> None:
    exports = {name: {"datasets": ["Orders"], "subpath": name} for name in ("orders", "ours", "theirs")}
    apply_config(small, config(exports={"orders": exports["orders"]}))
    small.write(config(exports={name: exports[name] for name in ("orders", "ours")}))
    with small.open_plan() as reviewed:
        run = apply_workflow.start_apply(reviewed, small.setup(), PlanOptions(), parallelism=4, stop=threading.Event())
        apply_config(small, config(exports={name: exports[name] for name in ("orders", "theirs")}))
        assert {o.status for o in run.execute_steps()} == {OutcomeStatus.DONE}
    assert len(small.emulator.snapshot(SANDBOX)["flows"]) == 3
