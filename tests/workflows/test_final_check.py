"""What the final check finds after the writes decides: an error in its plan is no success."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import httpx

from exportctl.model.outcome import OutcomeStatus
from tests.workflows.test_writes import orders
from tests.workflows.world import World, world


class OthersAtWork(httpx.BaseTransport):
    """Once the flow is made, a person gives it another dataset, and a label hides all datasets from this credential."""

    def __init__(self, made: World):
        self.made, self.inner = made, httpx.WSGITransport(app=made.emulator)
        self.flow_made = self.edited = False
        self.lock = Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self.lock:  # the client reads in parallel: no read may pass the edit
            if self.flow_made and not self.edited and request.method == "GET":
                self.made.emulator.ui.datasets("orders", ["Returns"])
                self.edited = True
        answer = self.inner.handle_request(request)
        self.flow_made |= request.method == "POST" and request.url.path.endswith("/flows")
        if self.edited and request.url.path.endswith("/configs"):
            return httpx.Response(200, json={"items": [], "pageInfo": {"total": 0}}, request=request)
        return answer


def test_an_error_in_the_plan_of_the_final_check_is_no_success(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(orders())

    outcomes, check = made.apply(transport=OthersAtWork(made))

    assert {o.status for o in outcomes} == {OutcomeStatus.DONE}
    assert [f.rule for f in check.plan.errors()] == ["dataset-unknown"]
    assert not check.passed
