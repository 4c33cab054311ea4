"""The check of the first description holds up no creation longer than it takes."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx

from exportctl.model.outcome import OutcomeStatus
from tests.workflows.world import World, config, world

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
