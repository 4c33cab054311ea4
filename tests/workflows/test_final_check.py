"""What the final check finds after the writes decides: an error in its plan is no success, nor is a duplicate."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from threading import Lock

import httpx
import pytest

from exportctl.cli.exit_codes import INCOMPLETE, apply_exit_code
from exportctl.emulator import Fault, Switches
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan_options import PlanOptions
from exportctl.model.verdict import Compared, RemainderKind, judge
from exportctl.output.text.apply import render_apply_report
from exportctl.planfile import file as planfile
from exportctl.workflows.apply import start_apply
from tests.workflows.orders_sandbox import DAY, apply_config, objects, orders_and_other, other_only
from tests.workflows.test_scenarios_owners import adopting_config, create_flow_by_hand
from tests.workflows.test_writes import orders
from tests.workflows.world import World, world


class FlowDeletedByPerson(httpx.BaseTransport):
    """Once the last marker of an adoption is written, a person deletes the flow."""

    def __init__(self, made: World, flow: str):
        self.made, self.flow, self.inner = made, flow, httpx.WSGITransport(app=made.emulator)
        self.is_adopted = self.is_gone = False
        self.lock = Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self.lock:  # the client reads in parallel: no read may pass the deletion
            if self.is_adopted and not self.is_gone and request.method == "GET":
                self.made.emulator.ui.delete(self.flow)
                self.is_gone = True
        answer = self.inner.handle_request(request)
        self.is_adopted |= request.method == "PATCH" and "/targetConnections/" in request.url.path
        return answer


def test_an_error_in_the_plan_of_the_final_check_is_no_success(tmp_path: Path) -> None:
    made = world(tmp_path)
    flow = create_flow_by_hand(made)["id"]
    made.write(adopting_config(flow))

    outcomes, check = made.apply(transport=FlowDeletedByPerson(made, flow))

    assert {o.status for o in outcomes} == {OutcomeStatus.DONE}
    assert [f.rule for f in check.plan.errors()] == ["adopt-unknown"]
    assert not check.passed


class CountingTransport(httpx.BaseTransport):
    """Counts the writes that are under way at the same time."""

    def __init__(self, made: World):
        self.inner = httpx.WSGITransport(app=made.emulator)
        self.lock, self.under_way, self.most = Lock(), 0, 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        is_write = request.method != "GET"
        with self.lock:
            self.under_way += is_write
            self.most = max(self.most, self.under_way)
        if is_write:
            time.sleep(0.02)  # long enough for another thread to send one too
        answer = self.inner.handle_request(request)
        with self.lock:
            self.under_way -= is_write
        return answer


def test_a_parallelism_of_one_sends_one_write_at_a_time(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(orders_and_other())
    counting = CountingTransport(made)

    with made.open_plan(transport=counting) as planned:
        applying = start_apply(
            planned, made.setup(transport=counting), PlanOptions(), parallelism=1, stop=threading.Event()
        )
        outcomes = tuple(applying.execute_steps())

    assert {o.status for o in outcomes} == {OutcomeStatus.DONE}
    assert counting.most == 1


class DoublingTransport(httpx.BaseTransport):
    """A gateway that delivers the creation of a flow twice; the client gets one of the two answers."""

    def __init__(self, made: World, answer: int):
        self.made, self.answer, self.inner = made, answer, httpx.WSGITransport(app=made.emulator)
        self.listed_at: list[float] = []  # when the flows were listed after the creation

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/flows") and request.method == "POST":
            answers = [self.inner.handle_request(request)]
            self.made.emulator.advance(1)  # the flows differ in age
            answers.append(self.inner.handle_request(request))
            self.listed_at.clear()
            return answers[self.answer]
        if request.url.path.endswith("/flows"):
            self.listed_at.append(self.made.emulator.now)
        return self.inner.handle_request(request)


@pytest.mark.parametrize("lag", [0, 60])
def test_a_creation_that_is_delivered_twice_is_no_success(tmp_path: Path, lag: int) -> None:
    made = world(tmp_path, Switches(list_lag=lag), page_size=100)
    made.write(orders())
    outcomes, check = made.apply(transport=DoublingTransport(made, answer=0))
    assert {o.status for o in outcomes} == {OutcomeStatus.DONE}
    assert (check.passed, apply_exit_code(check.verdict)) == (False, INCOMPLETE)
    assert [one.subject for one in check.verdict.of_kind(RemainderKind.DUPLICATE)] == ["exports.orders"]
    text = render_apply_report(outcomes, remaining=check.plan, verdict=check.verdict)
    assert "1 export with duplicates" in text
    assert all(f"`keep: {flow['id']}`" in text for flow in objects(made, "flows"))


@pytest.mark.parametrize("lag", [0, 60])
def test_a_duplicate_that_this_run_made_itself_is_gone_before_the_final_check_passes(tmp_path: Path, lag: int) -> None:
    made = world(tmp_path, Switches(list_lag=lag), page_size=100)
    made.write(orders())
    before = made.emulator.now
    outcomes, check = made.apply(transport=DoublingTransport(made, answer=1))
    assert check.verdict.is_as_declared
    assert made.emulator.now < before + lag + 30  # the emulated clock: what was deleted is not waited for
    (flow,) = objects(made, "flows")
    assert flow["id"] not in {o.id for o in outcomes}  # this run made the younger one
    assert {o.step.id for o in check.outcomes} >= {o.id for o in outcomes if o.step.kind == "flow"}


def test_the_final_check_reads_again_after_2_5_and_15_seconds(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    made.write(orders())
    transport = DoublingTransport(made, answer=0)
    made.apply(transport=transport)
    first = transport.listed_at[0]
    assert sorted({at - first for at in transport.listed_at}) == [0, 2, 7, 22]


class AnsweringTransport(httpx.BaseTransport):
    """Answers the first write of this method and path with this status, before or after the write happened."""

    def __init__(self, made: World, line: str, status: int, *, wrote: bool):
        self.line, self.status, self.wrote = line, status, wrote
        self.inner, self.is_over = httpx.WSGITransport(app=made.emulator), False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_over or not f"{request.method} {request.url.path}".startswith(self.line):
            return self.inner.handle_request(request)
        self.is_over = True
        if self.wrote:
            self.inner.handle_request(request)
        return httpx.Response(self.status, json={}, request=request)


FLOWS = "/data/foundation/flowservice/flows"


@pytest.mark.parametrize("wrote", [False, True])
def test_a_spelling_that_was_written_after_all_is_no_failure(tmp_path: Path, wrote: bool) -> None:
    made = world(tmp_path, Switches(description_text="ascii"), page_size=100)
    made.write(orders(description="all Örders"))
    _, check = made.apply(transport=AnsweringTransport(made, f"PATCH {FLOWS}/", 400, wrote=wrote))
    assert check.verdict.is_as_declared
    assert {o.status for o in check.outcomes} <= {OutcomeStatus.DONE}
    assert made.plan().steps() == ()


def test_a_spelling_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(description_text="ascii"), page_size=100)
    made.write(orders(description="all Örders"))
    made.emulator.add_fault(Fault("status", method="PATCH", path="/flows/", status=400, count=0))
    _, check = made.apply()
    assert not check.passed
    assert [o.status for o in check.outcomes] == [OutcomeStatus.FAILED]


def test_what_the_service_refused_to_create_is_not_waited_for(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    made.write(orders())
    before = made.emulator.now
    _, check = made.apply(transport=AnsweringTransport(made, f"POST {FLOWS}", 400, wrote=False))
    assert made.emulator.now == before  # the emulated clock
    assert check.verdict.counts() == {RemainderKind.STEP: 1, RemainderKind.CHANGE: 1}


def test_a_flow_that_exists_although_the_service_answered_with_an_error_is_found(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(list_lag=10), page_size=100)
    made.write(orders())
    made.apply(transport=AnsweringTransport(made, f"POST {FLOWS}", 500, wrote=True))
    assert len(objects(made, "flows")) == 1
    outcomes, check = made.apply()
    assert (outcomes, check.verdict.is_as_declared) == ((), True)


def test_an_interrupted_apply_accounts_for_every_step(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    made.write(orders())
    stop = threading.Event()
    with made.open_plan() as planned:
        applying = start_apply(planned, made.setup(), PlanOptions(), parallelism=1, stop=stop)
        found: list[Outcome] = []
        for outcome in applying.execute_steps():
            found.append(outcome)
            stop.set()
        keys = [step.key for step in planned.plan.steps()]
    assert sorted(o.step.key for o in found) == sorted(keys)
    assert [o.status for o in found] == [OutcomeStatus.DONE] + [OutcomeStatus.NOT_ATTEMPTED] * (len(keys) - 1)


def test_renew_speaks_of_ends_only(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    made.write(orders())
    made.apply()
    made.emulator.ui.path("orders", "/moved/by/hand")
    made.emulator.advance(151 * DAY)
    outcomes, check = made.apply(PlanOptions(renew_only=True))
    assert (check.passed, check.verdict.scope, check.verdict.is_as_declared) == (True, Compared.ENDS, False)
    text = render_apply_report(outcomes, remaining=check.plan, verdict=check.verdict)
    assert text == ("Apply: 1 done.\nFinal check: every due end was moved and read back; nothing else was compared.\n")


def test_an_adoption_that_fails_in_the_middle_is_no_success(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    made.write(adopting_config(create_flow_by_hand(made)["id"]))
    made.emulator.add_fault(Fault("status", status=400, method="PATCH", path="/targetConnections/", count=0))
    outcomes, check = made.apply()
    assert {o.status for o in outcomes} == {OutcomeStatus.DONE, OutcomeStatus.FAILED}
    assert {*check.verdict.counts()} == {RemainderKind.STEP, RemainderKind.CHANGE}
    text = render_apply_report(outcomes, remaining=check.plan, verdict=check.verdict)
    assert "Final check: 1 change remains." in text


def test_connections_that_stay_without_a_flow_keep_the_final_check_from_passing(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    apply_config(made, orders_and_other())
    made.emulator.ui.delete("orders")
    made.emulator.advance(DAY + 1)
    made.write(other_only())
    outcomes, check = made.apply()
    assert (outcomes, [one.kind for one in check.verdict.remaining]) == ((), [RemainderKind.ORPHAN])
    assert (check.passed, check.verdict.is_reachable) == (False, False)


def test_a_saved_plan_does_not_hide_orphans_that_it_does_not_delete(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    apply_config(made, orders_and_other())
    saved = planfile.saved_plan(made.plan())
    made.emulator.ui.delete("orders")
    made.write(other_only())
    found = judge(planfile.reduce_to_approval(saved, made.plan()))
    assert {*found.counts()} == {RemainderKind.ORPHAN, RemainderKind.UNAPPROVED}
    assert not found.is_reachable
