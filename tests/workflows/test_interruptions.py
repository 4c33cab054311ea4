"""An apply killed at any request and run again a minute later leaves no duplicates and no orphans."""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.emulator import Switches
from exportctl.model.plan import Action, Cause
from exportctl.model.plan_options import PlanOptions
from tests.workflows.strategies import accepting_switches, configs
from tests.workflows.test_laws import FEW, LISTED
from tests.workflows.test_writes import CHANGES, moved_orders, orders
from tests.workflows.transports import InterruptingTransport
from tests.workflows.world import DESTINATIONS, SANDBOX, World, applied_world, config, world

EVERYTHING = PlanOptions(allow_deletes=100, allow_replace=("*",))


# What did not arrive is as if the request before had been the last: the long sweep plays it all the same.
ARRIVES = pytest.mark.parametrize(
    "arrives", [pytest.param(True, id="arrived"), pytest.param(False, id="never arrived", marks=pytest.mark.slow)]
)
EVERY = pytest.mark.parametrize(
    "every", [pytest.param(5, id="every fifth request"), pytest.param(1, id="every request", marks=pytest.mark.slow)]
)


class ProcessKilled(BaseException):
    """The process is gone; nothing in it may catch this."""


class DyingTransport(httpx.BaseTransport):
    """Passes on `calls` requests; the next one reaches the service, or not, and then this process is dead."""

    def __init__(self, inner: httpx.BaseTransport, calls: int, arrives: bool):
        self.inner, self.calls, self.arrives = inner, calls, arrives
        self.lock = threading.Lock()
        self.seen: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            self.seen.append(request)
            self.calls -= 1
            left = self.calls
        if left < 0:
            if left == -1 and self.arrives:
                self.inner.handle_request(request)
            raise ProcessKilled
        return self.inner.handle_request(request)


def kill_apply_after(
    made: World, calls: int, arrives: bool, flags: PlanOptions = EVERYTHING, *, parallelism: int = 4
) -> bool:
    """Apply, and die; False if the apply was over before. With a parallelism of 1 the order of requests is fixed."""
    transport = DyingTransport(httpx.WSGITransport(app=made.emulator), calls, arrives)
    try:
        made.apply(flags, parallelism=parallelism, transport=transport)
    except ProcessKilled:
        return True
    return False


def telling_deaths(made: World, flags: PlanOptions = EVERYTHING, every: int = 1) -> range:
    """
    Apply, and return after how many requests a death can leave a state of its own, or every n-th of these.

    The requests before the first write only read, and so do those after the last: one death among each stands for all.
    """
    transport = DyingTransport(httpx.WSGITransport(app=made.emulator), 10_000, arrives=True)
    made.apply(flags, transport=transport)
    writes = [n for n, sent in enumerate(transport.seen) if sent.method != "GET" and "/ims/" not in sent.url.path]
    deaths = range(writes[0] - 1, writes[-1] + 2)
    assert len(deaths) > 2
    return deaths[(len(deaths) - 1) % every :: every]  # the last one among them: all is written, and nothing proved


def assert_exactly_once(made: World) -> None:
    """One flow per address, every connection used, and a plan with nothing in it."""
    plan = made.plan()
    left = [(str(i.address), i.verb, [s.key for s in i.steps], i.refusals) for i in plan.items if i.steps or i.refusals]
    assert left == []
    assert plan.is_empty
    seen = made.emulator.snapshot(SANDBOX)
    lines = [f["description"].rpartition("[exportctl/")[2].split()[3] for f in seen["flows"]]
    assert max(Counter(lines).values()) == 1
    assert {s["id"] for s in seen["sourceConnections"]} == {i for f in seen["flows"] for i in f["sourceConnectionIds"]}
    assert {t["id"] for t in seen["targetConnections"]} == {i for f in seen["flows"] for i in f["targetConnectionIds"]}
    assert max(Counter(c["name"] for c in seen["connections"]).values()) == 1


def finish_applies_after(made: World, flags: PlanOptions = EVERYTHING) -> None:
    """Run again, at most three times, until the service lets go of what it says is still in use."""
    for _ in range(3):
        made.emulator.advance(LISTED)
        _outcomes, check = made.apply(flags)
        made.emulator.advance(600)
        if check.passed and not check.plan.steps():
            break
    made.emulator.advance(LISTED)


@FEW
@given(configs(), accepting_switches(), st.integers(0, 60), st.booleans())
def test_a_creation_killed_anywhere_is_completed(
    content: dict[str, Any], switches: Switches, calls: int, arrives: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = world(Path(folder), switches)
        made.write(content)
        kill_apply_after(made, calls, arrives)
        finish_applies_after(made)
        assert_exactly_once(made)


@FEW
@given(configs(), configs(), accepting_switches(), st.integers(0, 80), st.booleans())
def test_a_change_killed_anywhere_is_completed(
    first: dict[str, Any], second: dict[str, Any], switches: Switches, calls: int, arrives: bool
) -> None:
    for exports in (first["exports"], second["exports"]):
        for export in exports.values():
            export.pop("protect", None)
        exports["keeper"] = {"datasets": ["Orders"], "subpath": "keeper"}
    with tempfile.TemporaryDirectory() as folder:
        made = world(Path(folder), switches)
        made.write(first)
        made.apply()
        finish_applies_after(made)
        gone = [name for name in first["exports"] if name not in second["exports"]]
        second["removed"] = [{"export": name, "do": "delete", "reason": "law"} for name in gone]
        made.write(second)
        kill_apply_after(made, calls, arrives)
        finish_applies_after(made)
        assert_exactly_once(made)


REPLACED: dict[str, Any] = {
    "another type": orders(destination="gcs"),
    "another way to authenticate": moved_orders(
        auth={"access_key_id": "${env:S3_KEY}", "secret_access_key": "${env:S3_SECRET}"}
    ),
}


@EVERY
@ARRIVES
@pytest.mark.parametrize("change", REPLACED)
def test_a_replacement_killed_anywhere_is_finished_without_asking_again(
    tmp_path: Path, change: str, arrives: bool, every: int
) -> None:
    assert_replace_survives_kill(tmp_path, change, arrives, every)


@EVERY
def test_a_replacement_killed_anywhere_is_finished_where_names_must_be_unique(tmp_path: Path, every: int) -> None:
    """What was left behind has the names of what is still to be made."""
    assert_replace_survives_kill(tmp_path, "another type", True, every, Switches(name_unique=True))


TITLES = {"a": "First", "b": "Second", "c": "Third"}
ROTATED = {"a": "Second", "b": "Third", "c": "First"}


def titled_exports(titles: Mapping[str, str]) -> dict[str, Any]:
    datasets = {"a": "Orders", "b": "Returns", "c": "App Events"}
    return config(exports={k: {"datasets": [datasets[k]], "title": t, "subpath": k} for k, t in titles.items()})


@EVERY
@pytest.mark.parametrize("then", [ROTATED, TITLES], ids=["and goes on", "and goes back"])
def test_an_exchange_of_titles_killed_anywhere_leaves_no_temporary_title(
    tmp_path: Path, then: Mapping[str, str], every: int
) -> None:
    def ready() -> World:
        made = applied_world(tmp_path, titled_exports(TITLES), Switches(name_unique=True), page_size=100)
        made.write(titled_exports(ROTATED))
        return made

    for calls in telling_deaths(ready(), every=every):
        made = ready()
        assert kill_apply_after(made, calls, arrives=True)
        made.emulator.advance(LISTED)
        made.write(titled_exports(then))
        causes = {c.cause for i in made.plan().items for c in i.fields if c.path == "title"}
        assert causes <= {Cause.PENDING, Cause.ALREADY_MATCHES}
        assert made.apply()[1].verdict.is_as_declared
        assert sorted(f["name"] for f in made.emulator.snapshot(SANDBOX)["flows"]) == sorted(then.values())


@EVERY
@pytest.mark.parametrize("then", [{}, {"subpath": "elsewhere"}], ids=["the same", "another place by then"])
def test_a_creation_killed_anywhere_is_completed_where_names_must_be_unique(
    tmp_path: Path, then: dict[str, Any], every: int
) -> None:
    def ready() -> World:
        made = world(tmp_path, Switches(name_unique=True))
        made.write(orders())
        return made

    for calls in telling_deaths(ready(), every=every):
        made = ready()
        assert kill_apply_after(made, calls, arrives=True)
        made.write(orders(**then))
        assert has_create_after_delete(made)
        finish_applies_after(made)
        assert_exactly_once(made)


def has_create_after_delete(made: World) -> bool:
    """A connection left behind is deleted before one of its kind is made."""
    steps = made.plan().steps()
    going = {(s.kind, s.key) for s in steps if s.action is Action.DELETE and s.kind != "flow"}
    new = [s for s in steps if s.action is Action.CREATE]
    return all(key in step.needs for step in new for kind, key in going if kind == step.kind)


def assert_replace_survives_kill(
    tmp_path: Path, change: str, arrives: bool, every: int, switches: Switches | None = None
) -> None:
    for calls in telling_deaths(applied_orders(tmp_path, REPLACED[change], switches), every=every):
        made = applied_orders(tmp_path, REPLACED[change], switches)
        before = made.flow("orders")["id"]
        made.forget_requests()
        assert kill_apply_after(made, calls, arrives)
        consented = "PATCH /flows" in made.writes()
        finish_applies_after(made, PlanOptions() if consented else EVERYTHING)
        assert_exactly_once(made)
        assert made.flow("orders")["id"] != before


def applied_orders(folder: Path, then: Mapping[str, Any], switches: Switches | None = None) -> World:
    """A sandbox with the applied export `orders`, and the config as it is to be `then`."""
    made = applied_world(folder, orders(), switches, page_size=100)
    made.emulator.advance(LISTED)
    made.write(then)
    return made


KINDS_OF_CHANGE = (
    "place and format together are one patch",
    "schedule, folder, title and end together are one patch",
    "datasets and title together are post, patch, delete",
    "switching off is post and patch",
    "a secret version is one patch of the account",
    "a renamed export is one patch of flow and of target",
)


@EVERY
@ARRIVES
@pytest.mark.parametrize("change", KINDS_OF_CHANGE)
def test_every_kind_of_change_killed_at_each_request_is_completed(
    tmp_path: Path, change: str, arrives: bool, every: int
) -> None:
    after, _writes = CHANGES[change]
    for calls in telling_deaths(applied_orders(tmp_path, after), every=every):
        made = applied_orders(tmp_path, after)
        assert kill_apply_after(made, calls, arrives)
        finish_applies_after(made)
        assert_exactly_once(made)


@EVERY
def test_a_removal_killed_anywhere_is_completed(tmp_path: Path, every: int) -> None:
    gone = config(
        exports={"returns": {"datasets": ["Returns"], "destination": "landing"}},
        removed=[
            {"export": "orders", "do": "delete", "reason": "done"},
            {"destination": "s3-role", "do": "delete", "reason": "done"},
        ],
        destinations={"landing": DESTINATIONS["landing"]},
        defaults={**config()["defaults"], "destination": "landing"},
    )
    for calls in telling_deaths(applied_orders(tmp_path, gone), every=every):
        made = applied_orders(tmp_path, gone)
        assert kill_apply_after(made, calls, arrives=calls % 2 == 1)
        finish_applies_after(made)
        assert_exactly_once(made)
        assert len(made.emulator.snapshot(SANDBOX)["connections"]) == 1


class UnfilteredTransport(httpx.BaseTransport):
    """A service whose `property` does not filter, as one text of Adobe can be read."""

    def __init__(self, made: World) -> None:
        self.inner = httpx.WSGITransport(app=made.emulator)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_remove_param("property")
        return self.inner.handle_request(request)


def refuse(_: str) -> None:
    raise httpx.ConnectError("cut off")


def test_another_flow_does_not_pass_for_the_one_of_an_interrupted_run_where_lists_do_not_filter(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(config(exports={"returns": {"datasets": ["Returns"]}}))
    assert made.apply()[1].passed
    made.emulator.advance(LISTED)
    made.write(config(exports={"returns": {"datasets": ["Returns"]}, "orders": {"datasets": ["Orders"]}}))
    assert not made.apply(transport=InterruptingTransport(made, "POST", "/flows$", refuse, count=99))[1].passed
    made.emulator.advance(LISTED)

    _, final_check = made.apply(transport=UnfilteredTransport(made))

    assert final_check.passed
    assert {flow["name"] for flow in made.emulator.snapshot(SANDBOX)["flows"]} == {"orders", "returns"}
