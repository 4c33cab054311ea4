"""A person edits the sandbox in the minutes between the plan and the approval: apply never writes over the edit."""

from __future__ import annotations

import threading

import pytest

from exportctl.errors import StalePlan
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Cause
from exportctl.model.plan_options import PlanOptions
from exportctl.workflows import apply as apply_workflow
from tests.workflows.orders_sandbox import apply_config, field_causes, item, orders
from tests.workflows.world import SANDBOX, World

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
