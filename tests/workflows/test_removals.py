"""A removal: exactly these reads before its DELETEs, and never a DELETE of what another person began to use."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from exportctl.model.plan_options import PlanOptions
from exportctl.workflows import apply as apply_workflow
from tests.workflows.transports import LINKS
from tests.workflows.world import DATASETS, SANDBOX, World, applied_world, config

ONE_REMOVAL = (
    *("GET /flows/id", "DELETE /flows/id", "GET /flows/id", "GET /flows/id"),  # the last one answers 404
    *("GET /targetConnections/id", "GET /flows", "DELETE /targetConnections/id"),
    *("GET /sourceConnections/id", "GET /flows", "DELETE /sourceConnections/id"),
)
NAMES = tuple(f"export-{n}" for n in range(10))


def shown(method: str, path: str) -> str:
    collection, _, identity = path.partition("/flowservice/")[2].partition("/")
    return f"{method} /{collection}{'/id' if identity else ''}"


class BorrowingTransport(httpx.BaseTransport):
    """
    Before the request number `nth` of the steps, a person points a flow of their own at `links` that still exist.

    `sent` has all requests of the steps, and `in_use` the positions of each DELETE of what a flow uses at that moment.
    """

    def __init__(self, made: World, nth: int = -1, links: Mapping[str, str] | None = None):
        self.inner = httpx.WSGITransport(app=made.emulator)
        self.made, self.nth, self.links = made, nth, links or {}
        self.is_applying = False
        self.sent: list[str] = []
        self.in_use: list[int] = []
        self.borrowed: set[str] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_applying and "/flowservice/" in request.url.path:
            if len(self.sent) == self.nth:
                self._borrow()
            if request.method == "DELETE" and self._is_used(request.url.path):
                self.in_use.append(len(self.sent))
            self.sent.append(shown(request.method, request.url.path))
        return self.inner.handle_request(request)

    def _borrow(self) -> None:
        mine = self.made.emulator.ui.create_flow("Mine", ["Loyalty Profiles"], sandbox=SANDBOX)
        seen = self.made.emulator.snapshot(SANDBOX)
        flow = next(one for one in seen["flows"] if one["id"] == mine["id"])
        existing = {one["id"] for collection in LINKS for one in seen[collection]}
        found = {link: identity for link, identity in self.links.items() if identity in existing}
        self.borrowed = set(found.values())
        own = {link: [identity] for link, identity in found.items()}
        self.made.emulator.ui.load({"flows": [{**flow, **own}]}, sandbox=SANDBOX)

    def _is_used(self, path: str) -> bool:
        collection, identity = path.split("/")[-2:]
        flows = self.made.emulator.snapshot(SANDBOX)["flows"]
        return collection in LINKS and any(identity in flow[LINKS[collection]] for flow in flows)


def remove(made: World, transport: BorrowingTransport, names: tuple[str, ...], content: Mapping[str, Any]) -> None:
    """Remove exports one step at a time, without the final check."""
    removed = [{"export": name, "do": "delete", "reason": "no longer wanted"} for name in names]
    made.write({**content, "removed": [*removed, *content.get("removed", ())]})
    with made.open_plan(transport=transport) as plan:
        setup = made.setup(transport=transport)
        applying = apply_workflow.start_apply(plan, setup, PlanOptions(), parallelism=1, stop=threading.Event())
        transport.is_applying = True
        list(applying.execute_steps())
        transport.is_applying = False


@pytest.fixture
def orders_and_returns(tmp_path: Path) -> World:
    return applied_world(
        tmp_path, config(exports={name: {"datasets": [name.title()]} for name in ("orders", "returns")})
    )


LEFT = config(exports={"returns": {"datasets": ["Returns"]}})


def test_a_removal_sends_exactly_these_requests(orders_and_returns: World) -> None:
    transport = BorrowingTransport(orders_and_returns)
    remove(orders_and_returns, transport, ("orders",), LEFT)
    assert tuple(transport.sent) == ONE_REMOVAL


@pytest.mark.parametrize("keeps_account", [True, False], ids=["account kept", "account removed"])
def test_ten_removals_of_one_account_read_each_object_as_often_as_one_does(tmp_path: Path, keeps_account: bool) -> None:
    exports = {name: {"datasets": [DATASETS[n % len(DATASETS)]], "subpath": name} for n, name in enumerate(NAMES)}
    destination = "s3-role" if keeps_account else "s3-key"
    kept = {"kept": {"datasets": ["Returns"], "destination": destination}}
    made = applied_world(tmp_path, config(exports={**exports, **kept}))
    transport = BorrowingTransport(made)
    left = config(exports=kept, defaults={**config()["defaults"], "destination": destination})
    gone = [] if keeps_account else [{"destination": "s3-role", "do": "delete", "reason": "no longer wanted"}]
    remove(made, transport, NAMES, {**left, "removed": gone})
    expected = {request: 10 * count for request, count in Counter(ONE_REMOVAL).items()}
    account = {} if keeps_account else {"GET /connections/id": 1, "DELETE /connections/id": 1}
    assert Counter(transport.sent) == {**expected, **account}


@pytest.mark.parametrize("what", ["target", "source", "target and source"])
@pytest.mark.parametrize("nth", range(len(ONE_REMOVAL)))
def test_what_a_person_begins_to_use_before_any_request_stays(orders_and_returns: World, nth: int, what: str) -> None:
    """A DELETE of what is in use is sent only if the use began after the list right before it, and is refused."""
    orders = orders_and_returns.flow("orders")
    links = {link: orders[link][0] for link in LINKS.values() if link.removesuffix("ConnectionIds") in what}
    transport = BorrowingTransport(orders_and_returns, nth, links)
    remove(orders_and_returns, transport, ("orders",), LEFT)
    assert transport.in_use in ([], [nth])
    seen = orders_and_returns.emulator.snapshot(SANDBOX)
    assert {links_of[0] for links_of in (orders[link] for link in LINKS.values())} & {
        one["id"] for collection in LINKS for one in seen[collection]
    } == transport.borrowed
