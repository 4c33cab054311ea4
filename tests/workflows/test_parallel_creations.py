"""Steps side by side: what they wait for, and what starts after an interrupt."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from exportctl.emulator import Fault
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan_options import PlanOptions
from exportctl.workflows.apply import FIRST_PARALLEL, start_apply
from tests.workflows.transports import InterruptingTransport
from tests.workflows.world import World, applied_world, config, world

WAITING = 3  # steps beside the first one, so that all places are taken


class MeetingCreations(httpx.BaseTransport):
    """The creations after the first one wait until three of them are under way; alone, one waits in vain."""

    def __init__(self, made: World):
        self.inner = httpx.WSGITransport(app=made.emulator)
        self.barrier = threading.Barrier(WAITING)
        self.lock, self.creations = threading.Lock(), 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("onnections"):
            with self.lock:
                self.creations += 1
                number = self.creations
            if 1 < number <= 1 + WAITING:
                self.barrier.wait(timeout=30)
        return self.inner.handle_request(request)


def test_what_waited_for_the_check_of_descriptions_is_created_in_parallel(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(config(exports={name: {"datasets": ["Orders"], "subpath": name} for name in ("a", "b", "c", "d")}))
    transport = MeetingCreations(made)

    outcomes, check = made.apply(transport=transport, parallelism=1 + WAITING)

    assert {o.status for o in outcomes} == {OutcomeStatus.DONE}
    assert (check.passed, transport.barrier.broken) == (True, False)


@pytest.mark.parametrize("free", [1, 2])
def test_a_step_that_waits_for_its_turn_does_not_start_after_an_interrupt(tmp_path: Path, free: int) -> None:
    """All places but `free` are taken, as after a refusal; the interrupt comes while the creations hold theirs."""
    made = applied_world(tmp_path, config())
    new = {f"e{n}": {"datasets": ["Orders"], "subpath": f"e{n}"} for n in range(6)}
    made.write(config(exports={"orders": {"datasets": ["Orders"]}, **new}))
    stop = threading.Event()
    transport = InterruptingTransport(made, "POST", "onnections$", lambda _: stop.set())

    with made.open_plan(transport=transport) as planned:
        setup = made.setup(transport=transport)
        run = start_apply(planned, setup, PlanOptions(), parallelism=4, stop=stop)
        with ExitStack() as taken:
            for _ in range(run.limit.maximum - free):
                taken.enter_context(run.limit)
            outcomes = list(run.execute_steps())

    statuses = Counter(one.status for one in outcomes)
    assert 1 <= statuses.pop(OutcomeStatus.DONE) <= free
    assert statuses.keys() == {OutcomeStatus.NOT_ATTEMPTED}
    assert len(outcomes) == 3 * len(new)


@pytest.mark.parametrize("status", [None, 429, 503])
def test_an_apply_begins_with_as_many_steps_as_its_lists_had_answers(tmp_path: Path, status: int | None) -> None:
    made = applied_world(tmp_path, config())
    if status is not None:
        made.emulator.add_fault(Fault("status", path="/flows", status=status))
    with made.open_plan() as planned:
        run = start_apply(planned, made.setup(), PlanOptions(), parallelism=64, stop=threading.Event())
        reads = planned.platform.client.request_counts.reads
    assert run.limit.maximum == (FIRST_PARALLEL + reads if status is None else FIRST_PARALLEL)
