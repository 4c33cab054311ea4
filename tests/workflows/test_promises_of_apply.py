"""What apply promises between the plan and the last step: it meets edits, finds what exists, waits, and slows down."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from exportctl.apply.retry import TRANSIENT
from exportctl.emulator import Fault
from exportctl.errors import RefusedError
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan_options import PlanOptions
from exportctl.workflows import apply as apply_workflow
from exportctl.workflows.apply import ApplyRun
from tests.workflows.orders_sandbox import findings, orders
from tests.workflows.test_faults import flow_error
from tests.workflows.world import DESTINATIONS, SANDBOX, World, config, world

EDITS: dict[str, tuple[Callable[[World], Any], Callable[[World], object], object]] = {
    "a folder": (
        lambda made: made.emulator.ui.path("orders", "theirs"),
        lambda made: made.emulator.snapshot(SANDBOX)["targetConnections"][0]["params"]["path"],
        "theirs",
    ),
    "an end": (
        lambda made: made.emulator.ui.end("orders", 1_805_000_000),
        lambda made: made.flow("orders")["scheduleParams"]["endTime"],
        1_805_000_000,
    ),
}


def _begin(made: World, opened: Any, stop: threading.Event | None = None, parallelism: int = 4) -> ApplyRun:
    return apply_workflow.start_apply(
        opened, made.setup(), PlanOptions(), parallelism=parallelism, stop=stop or threading.Event()
    )


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_while_somebody_reads_the_plan_is_not_overwritten(tmp_path: Path, what: str) -> None:
    edit, read, value = EDITS[what]
    made = world(tmp_path)
    made.write(orders())
    made.apply()
    made.emulator.advance(61)
    made.write(orders(subpath="x") if what == "a folder" else orders(end="2027-09-01"))
    with made.open_plan() as opened:
        made.emulator.advance(600)
        edit(made)
        outcomes = tuple(_begin(made, opened).execute_steps())

    assert [(o.status, o.rule) for o in outcomes] == [(OutcomeStatus.FAILED, "stale")]
    assert read(made) == value


def test_a_value_that_the_live_spec_refuses_is_an_error_of_the_plan_and_nothing_is_written(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(orders(format={"type": "avro"}))

    assert findings(made.plan()) == ["spec-refuses"]
    with pytest.raises(RefusedError):
        made.apply()
    assert made.emulator.writes() == []


def test_a_one_time_export_with_a_past_start_and_no_flow_is_an_error_of_the_plan(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(orders(schedule={"every": "once", "at": "05:00", "start": "2027-01-10"}, end="2028-05-05"))

    assert "start-in-past" in findings(made.plan())


@pytest.mark.parametrize("end", ["1969-12-31", "2026-12-31", "2027-01-15T08:00:01Z"])
def test_a_new_flow_that_would_end_before_its_first_run_leaves_nothing_half_built(tmp_path: Path, end: str) -> None:
    made = world(tmp_path)
    made.write(orders(end=end))

    assert "end-before-first-run" in findings(made.plan())
    with pytest.raises(RefusedError):
        made.apply()
    assert made.emulator.writes() == []


class ForgetfulLists(httpx.BaseTransport):
    """
    Lists show no flow, as when they lag; a look-up by the target of a flow finds it.

    The service is also taken to accept the deletion of a source that such a flow uses, which else tells of the flow.
    """

    def __init__(self, made: World):
        self.inner = httpx.WSGITransport(app=made.emulator)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE" and "/sourceConnections/" in request.url.path:
            return httpx.Response(204, request=request)
        answer = self.inner.handle_request(request)
        is_flow_list = request.method == "GET" and request.url.path.endswith("/flowservice/flows")
        if is_flow_list and "targetConnectionIds" not in str(request.url):
            return httpx.Response(200, json={"items": [], "_page": {"count": 0}}, request=request)
        return answer


def test_a_flow_that_no_list_shows_yet_is_found_by_its_target_and_not_created_again(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(orders())
    made.apply()
    created = made.flow("orders")["id"]
    made.forget_requests()

    with made.open_plan(transport=ForgetfulLists(made)) as opened:
        outcomes = tuple(_begin(made, opened).execute_steps())

    assert [o.id for o in outcomes if o.step.kind == "flow"] == [created]
    assert "POST /flows" not in made.writes()
    assert len(made.emulator.snapshot(SANDBOX)["flows"]) == 1


def test_an_interrupt_after_the_first_step_leaves_an_outcome_for_every_step(tmp_path: Path) -> None:
    made, stop = world(tmp_path), threading.Event()
    made.write(config(exports={"orders": {"datasets": ["Orders"]}, "more": {"datasets": ["Returns"], "subpath": "m"}}))
    with made.open_plan() as opened:
        outcomes = []
        for outcome in _begin(made, opened, stop, parallelism=1).execute_steps():
            outcomes.append(outcome)
            stop.set()
        steps = opened.plan.steps()

    statuses = [o.status for o in outcomes]
    assert statuses == [OutcomeStatus.DONE] + [OutcomeStatus.NOT_ATTEMPTED] * (len(steps) - 1)
    assert {o.step.key for o in outcomes} == {s.key for s in steps}
    assert len(made.writes()) == 1


@pytest.mark.parametrize(("status", "left"), [(429, [2]), (503, [2]), (500, [2]), (404, [])])
def test_an_answer_of_an_overloaded_service_halves_the_parallel_steps(
    tmp_path: Path, status: int, left: list[int]
) -> None:
    made = world(tmp_path)
    made.write(orders())
    made.emulator.add_fault(Fault("status", method="POST", path=r"/sourceConnections$", status=status))
    with made.open_plan() as opened:
        run, seen = _begin(made, opened), list[int]()
        opened.platform.client.on_throttle(lambda: seen.append(run.limit.maximum))
        tuple(run.execute_steps())

    assert seen == left


@pytest.mark.parametrize("code", sorted(TRANSIENT))
def test_every_answer_that_says_not_now_is_waited_for(tmp_path: Path, code: str) -> None:
    assert {"1416", "1420", "1421", "1447", "1457", "1458"} == TRANSIENT
    made = world(tmp_path)
    made.write(orders())
    made.apply()
    made.emulator.advance(61)
    made.write(orders(subpath="x"))
    body = flow_error(int(code))
    made.emulator.add_fault(Fault("status", method="PATCH", path="targetConnections", status=400, body=body))

    outcomes, check = made.apply()

    assert ([o.status for o in outcomes], check.passed) == ([OutcomeStatus.DONE], True)


class RivalAccounts(httpx.BaseTransport):
    """Before this run creates an account, a run with the former config creates the former account once more."""

    def __init__(self, made: World, former: httpx.Request | None = None):
        self.made, self.inner = made, httpx.WSGITransport(app=made.emulator)
        self.former = former
        self.sent: httpx.Request | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("/connections"):
            self.sent = httpx.Request("POST", request.url, headers=request.headers, content=request.read())
            if self.former is not None:
                self.inner.handle_request(self.former)
                self.made.emulator.advance(1)  # the former account is the older one
        return self.inner.handle_request(request)


def test_an_account_of_a_former_generation_is_no_rival_of_a_new_one(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(orders())
    first = RivalAccounts(made)
    made.apply(transport=first)
    made.emulator.advance(61)
    keys = {"access_key_id": "${env:S3_KEY}", "secret_access_key": "${env:S3_SECRET}"}
    made.write(
        config(
            destinations={**DESTINATIONS, "s3-role": {**DESTINATIONS["s3-role"], "auth": keys}},
            exports={"orders": {"datasets": ["Orders"]}},
        )
    )

    consent = PlanOptions(allow_replace=("exports.orders", "destinations.s3-role"))
    outcomes, _ = made.apply(consent, transport=RivalAccounts(made, first.sent))

    created = next(o.id for o in outcomes if o.step.kind == "base_connection" and o.step.action.value == "create")
    (kept,) = [c for c in made.emulator.snapshot(SANDBOX)["connections"] if c["id"] == created]
    assert kept["auth"]["specName"] != "Assumed Role"
