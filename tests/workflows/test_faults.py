"""
Whatever goes wrong on the way, an apply proves itself or says what is left, and the next ones finish it: laws over
random faults, and tables of every write against every trouble.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.emulator import Fault, Switches
from exportctl.emulator.faults import EFFECTS
from exportctl.errors import Error, RefusedError
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan_options import PlanOptions
from exportctl.workflows import apply as apply_workflow
from exportctl.workflows import plan as plan_workflow
from tests.workflows.nightly_pipeline import live_datasets
from tests.workflows.orders_sandbox import dataset
from tests.workflows.strategies import accepting_switches, configs
from tests.workflows.test_interruptions import assert_exactly_once
from tests.workflows.test_laws import FEW, LISTED
from tests.workflows.test_writes import assert_no_orphans, moved_orders, orders
from tests.workflows.transports import InterruptingTransport, WatchingTransport
from tests.workflows.world import DESTINATIONS, SANDBOX, World, applied_world, config, world

PATHS = (
    "",
    "/flows",
    "/flows/",
    "/sourceConnections",
    "/targetConnections",
    "/connections",
    "/connectionSpecs",
    "/configs",
    "/action",
    "/ims/",
)


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    """Any fault, on any request, once or a few times in a row."""
    effect = draw(st.sampled_from(sorted(EFFECTS)))
    wished: dict[str, Any] = {}
    if effect == "status":
        wished["status"] = draw(st.sampled_from([400, 404, 409, 412, 429, 500, 502, 503, 504]))
    if effect == "throttle":
        wished["retry_after"] = draw(st.sampled_from([None, 0.0, 2.0, 30.0]))
        wished["retry_form"] = draw(st.sampled_from(["seconds", "date"]))
    if effect == "slow":
        wished["delay"] = draw(st.sampled_from([1.0, 40.0]))
    return Fault(
        effect,
        method=draw(st.sampled_from(["*", "GET", "POST", "PATCH", "DELETE"])),
        path=draw(st.sampled_from(PATHS)),
        nth=draw(st.integers(1, 12)),
        count=draw(st.sampled_from([1, 1, 1, 2, 3])),
        when=draw(st.sampled_from(["before", "after"])),
        **wished,
    )


def try_apply(made: World, flags: PlanOptions, watch: WatchingTransport) -> None:
    """Apply; what goes wrong must be something exportctl can explain, and an unproved end must name what is left."""
    try:
        outcomes, final_check = made.apply(flags, transport=watch)
    except Error:
        return
    failed = [o for o in outcomes if o.status is OutcomeStatus.FAILED]
    assert all(o.message and o.rule for o in failed)
    assert final_check.passed or failed or any(i.steps or i.refusals or i.findings for i in final_check.plan.items)
    assert not (final_check.passed and failed)


def finish_apply(made: World, flags: PlanOptions, watch: WatchingTransport) -> None:
    """The faults are over: two more applies at most, each a while later."""
    made.emulator.clear_faults()
    for _ in range(2):
        made.emulator.advance(LISTED)
        made.apply(flags, transport=watch)
        made.emulator.advance(600)
    assert_exactly_once(made)
    assert watch.in_use == []


@FEW
@given(configs(), accepting_switches(), st.lists(faults(), min_size=1, max_size=4))
def test_a_creation_among_faults_is_finished_by_the_next_and_deletes_no_flow(
    content: dict[str, Any], switches: Switches, trouble: list[Fault]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = world(Path(folder), switches)
        made.write(content)
        watch = WatchingTransport(made)
        for fault in trouble:
            made.emulator.add_fault(fault)
        try_apply(made, PlanOptions(), watch)
        finish_apply(made, PlanOptions(), watch)
        assert watch.flows == []


@FEW
@given(configs(), configs(), accepting_switches(), st.lists(faults(), min_size=1, max_size=4))
def test_a_change_among_faults_is_finished_by_the_next_and_keeps_every_flow(
    first: dict[str, Any], other: dict[str, Any], switches: Switches, trouble: list[Fault]
) -> None:
    kept = ("destination", "split_by")
    for export in first["exports"].values():
        export.pop("protect", None)
        if "split_by" in export:
            del export["split_by"]
    drawn = [*other["exports"].values()]
    second = {
        name: {**drawn[n % len(drawn)], **{k: e[k] for k in kept if k in e}, "subpath": e["subpath"]}
        for n, (name, e) in enumerate(first["exports"].items())
    }
    for name, export in second.items():
        for key in ("split_by", "protect", "enabled"):
            export.pop(key, None)
        export["title"] = f"{name} again"
        first["exports"][name].pop("enabled", None)
    with tempfile.TemporaryDirectory() as folder:
        made = world(Path(folder), switches)
        made.write(first)
        made.apply()
        made.emulator.advance(LISTED)
        before = {f["id"] for f in made.emulator.snapshot(SANDBOX)["flows"]}
        made.write({**first, "exports": second})
        watch = WatchingTransport(made)
        for fault in trouble:
            made.emulator.add_fault(fault)
        try_apply(made, PlanOptions(), watch)
        finish_apply(made, PlanOptions(), watch)
        assert {f["id"] for f in made.emulator.snapshot(SANDBOX)["flows"]} == before


# -- every write against every trouble --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Write:
    """One kind of step: the configs before and after, and the request it is."""

    method: str
    path: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]

    @property
    def request(self) -> str:
        return f"{self.method} /{self.path.strip('/$').split('/')[0]}"

    def matches(self, method: str, path: str) -> bool:
        return method == self.method and bool(re.search(self.path, path))


COLLECTIONS = ("connections", "sourceConnections", "targetConnections", "flows")
KEEPER = {"datasets": ["Returns"], "destination": "landing", "subpath": "keeper"}
BOTH = config(exports={"orders": {"datasets": ["Orders"]}, "keeper": KEEPER})
REMOVED = config(
    exports={"keeper": KEEPER},
    defaults={**config()["defaults"], "destination": "landing"},
    destinations={"landing": DESTINATIONS["landing"]},
    removed=[
        {"export": "orders", "do": "delete", "reason": "done"},
        {"destination": "s3-role", "do": "delete", "reason": "done"},
    ],
)
NEW = moved_orders(auth={"role_arn": "arn:aws:iam::123456789012:role/other"})
WRITES = {
    "create base": Write("POST", r"/connections$", None, orders()),
    "create source": Write("POST", r"/sourceConnections$", None, orders()),
    "create target": Write("POST", r"/targetConnections$", None, orders()),
    "create flow": Write("POST", r"/flows$", None, orders()),
    "patch base": Write("PATCH", r"/connections/", orders(), NEW),
    "patch target": Write("PATCH", r"/targetConnections/", orders(), orders(subpath="x")),
    "patch flow": Write("PATCH", r"/flows/", orders(), orders(description="For the lake")),
    "act": Write("POST", r"/flows/[^/]+/action", orders(), orders(enabled=False)),
    "delete flow": Write("DELETE", r"/flows/", BOTH, REMOVED),
    "delete target": Write("DELETE", r"/targetConnections/", BOTH, REMOVED),
    "delete source": Write("DELETE", r"/sourceConnections/", BOTH, REMOVED),
    "delete base": Write("DELETE", r"/connections/", BOTH, REMOVED),
}


def flow_error(code: int, status: int = 400) -> dict[str, Any]:
    return {"type": f"https://ns.adobe.com/aep/errors/FLOW-{code}-{status}", "status": status, "title": "trouble"}


def status_fault(number: int, **more: Any) -> dict[str, Any]:
    return {"effect": "status", "status": number, **more}


TROUBLES: dict[str, dict[str, Any]] = {
    "lost before": {"effect": "lost"},
    "lost after": {"effect": "lost", "when": "after"},
    "500 before": status_fault(500),
    "500 after": status_fault(500, when="after"),
    "503 before": status_fault(503),
    "503 after": status_fault(503, when="after"),
    "cut": {"effect": "cut", "when": "after"},
    "409": status_fault(409),
    "429": {"effect": "throttle", "retry_after": 2.0},
    "404": status_fault(404),
    "1420 for a while": status_fault(400, body=flow_error(1420), count=3),
    "1447 for ever": status_fault(400, body=flow_error(1447), count=0),
}
# method -> trouble -> (outcome of the step, how often the request is sent); the counts include repeats that are safe
DONE, FAILED, LEFT = OutcomeStatus.DONE, OutcomeStatus.FAILED, OutcomeStatus.DEFERRED
EXPECTED: dict[str, dict[str, tuple[OutcomeStatus, int]]] = {
    "create": {
        "lost before": (FAILED, 1),
        "lost after": (DONE, 1),
        "500 before": (FAILED, 1),
        "500 after": (DONE, 1),
        "503 before": (FAILED, 1),
        "503 after": (DONE, 1),
        "cut": (DONE, 1),
        "409": (FAILED, 1),
        "429": (DONE, 2),
        "404": (FAILED, 1),
        "1420 for a while": (DONE, 4),
        "1447 for ever": (FAILED, 8),
    },
    "patch": {
        "lost before": (DONE, 2),
        "lost after": (DONE, 1),
        "500 before": (DONE, 2),
        "500 after": (DONE, 1),
        "503 before": (DONE, 2),
        "503 after": (DONE, 1),
        "cut": (DONE, 1),
        "409": (DONE, 2),
        "429": (DONE, 2),
        "404": (FAILED, 1),
        "1420 for a while": (DONE, 4),
        "1447 for ever": (FAILED, 8),
    },
    "delete": {
        "lost before": (DONE, 2),
        "lost after": (DONE, 1),
        "500 before": (DONE, 2),
        "500 after": (DONE, 1),
        "503 before": (DONE, 2),
        "503 after": (DONE, 1),
        "cut": (DONE, 1),
        "409": (FAILED, 1),
        "429": (DONE, 2),
        "404": (DONE, 1),
        "1420 for a while": (DONE, 4),
        "1447 for ever": (LEFT, 8),
    },
}
EXPECTED["act"] = {**EXPECTED["patch"], "409": (FAILED, 1)}
EXCEPTIONS = {
    ("delete flow", "404"): (FAILED, 1),  # it goes on existing, and a flow is waited for
    ("delete flow", "1447 for ever"): (FAILED, 8),  # only connections are left for next time
}


def prepare_world(folder: Path, write: Write) -> World:
    if write.before is None:
        made = world(folder, page_size=100)
    else:
        made = applied_world(folder, write.before, page_size=100)
        made.emulator.advance(LISTED)
        made.forget_requests()
    made.write(write.after)
    return made


def request_outcome(outcomes: tuple[Outcome, ...], write: Write) -> Outcome:
    action = {"POST": "create", "PATCH": "update", "DELETE": "delete"}[write.method]
    action = "act" if write.path.endswith("action") else action
    collection = write.request.partition("/")[2]
    kinds = dict(zip(COLLECTIONS, ("base_connection", "source_connection", "target_connection", "flow"), strict=True))
    return next(o for o in outcomes if o.step.action == action and o.step.kind == kinds[collection])


def sent_count(made: World, write: Write) -> int:
    acts = write.path.endswith("action")
    asked = [w for w in made.emulator.writes() if w["path"].endswith("action") == acts]
    return sum(f"{w['method']} /{w['path'].split('/flowservice/')[1].split('/')[0]}" == write.request for w in asked)


def assert_recovers(made: World) -> None:
    """The next apply finishes it."""
    made.emulator.clear_faults()
    for _ in range(2):
        made.emulator.advance(LISTED)
        made.apply()
    assert_exactly_once(made)
    assert_no_orphans(made)


def is_sampled(step: str, trouble: str) -> bool:
    """Say whether each run plays it: each kind of request meets each trouble once, and what is an exception stays."""
    alike = [name for name in WRITES if name.split()[0] == step.split()[0]]
    return (step, trouble) in EXCEPTIONS or alike.index(step) == [*TROUBLES].index(trouble) % len(alike)


MEETINGS = [
    pytest.param(step, trouble, marks=() if is_sampled(step, trouble) else pytest.mark.slow)
    for step in WRITES
    for trouble in TROUBLES
]


@pytest.mark.parametrize(("step", "trouble"), MEETINGS)
def test_every_write_meets_every_trouble(tmp_path: Path, step: str, trouble: str) -> None:
    write = WRITES[step]
    made = prepare_world(tmp_path, write)
    made.emulator.add_fault(Fault(method=write.method, path=write.path, **TROUBLES[trouble]))
    outcomes, _ = made.apply()
    outcome = request_outcome(outcomes, write)
    expected = EXCEPTIONS.get((step, trouble)) or EXPECTED[step.split()[0]][trouble]
    assert (outcome.status, sent_count(made, write)) == expected, outcome.message
    assert all(o.status in (OutcomeStatus.BLOCKED, DONE, LEFT) or o is outcome for o in outcomes)
    assert_recovers(made)


# -- another client writes in between ---------------------------------------------------------------------------------


def push_etag(made: World, write: Write) -> Callable[[str], Any]:
    """Moves the etag and nothing else, as the service's background does."""
    return lambda identity: made.emulator.ui.label(write.request.partition("/")[2], identity, [])


PATCHES = [name for name in WRITES if name.startswith("patch")]


@pytest.mark.parametrize("step", PATCHES)
def test_an_etag_moved_by_the_background_is_met_with_the_new_one(tmp_path: Path, step: str) -> None:
    write = WRITES[step]
    made = prepare_world(tmp_path, write)
    transport = InterruptingTransport(made, write.method, write.path, push_etag(made, write), count=3)
    outcomes, final_check = made.apply(transport=transport)
    assert (request_outcome(outcomes, write).status, transport.seen) == (DONE, 4)
    assert final_check.passed


def test_an_etag_that_never_stands_still_ends_in_a_conflict(tmp_path: Path) -> None:
    write = WRITES["patch flow"]
    made = prepare_world(tmp_path, write)
    transport = InterruptingTransport(made, write.method, write.path, push_etag(made, write), count=99)
    outcomes, final_check = made.apply(transport=transport)
    assert (request_outcome(outcomes, write).rule, transport.seen) == ("conflict", 6)
    assert not final_check.passed
    assert_recovers(made)


@dataclass(frozen=True)
class ConcurrentEdit:
    """An edit by another client at the moment of our write, and how to see that it is still there."""

    step: str
    edit: Callable[[World], Any]
    read_kept_value: Callable[[World], object]
    value: object


CONCURRENT_EDITS = {
    "a path while we patch the target": ConcurrentEdit(
        "patch target",
        lambda made: made.emulator.ui.path("orders", "theirs"),
        lambda made: made.emulator.snapshot(SANDBOX)["targetConnections"][0]["params"]["path"],
        "theirs",
    ),
    "a name while we patch the flow": ConcurrentEdit(
        "patch flow",
        lambda made: made.emulator.ui.rename("orders", "theirs"),
        lambda made: made.emulator.snapshot(SANDBOX)["flows"][0]["name"],
        "theirs",
    ),
    "a description while we patch the flow": ConcurrentEdit(
        "patch flow",
        lambda made: made.emulator.ui.describe("orders", "theirs"),
        lambda made: made.emulator.snapshot(SANDBOX)["flows"][0]["description"],
        "theirs",
    ),
    "an end while we patch the flow": ConcurrentEdit(
        "patch flow",
        lambda made: made.emulator.ui.end("orders", 1_805_000_000),
        lambda made: made.emulator.snapshot(SANDBOX)["flows"][0]["scheduleParams"]["endTime"],
        1_805_000_000,
    ),
    "a start while we patch the flow": ConcurrentEdit(
        "patch flow",
        lambda made: made.emulator.ui.start("orders", 1_804_000_000),
        lambda made: made.emulator.snapshot(SANDBOX)["flows"][0]["scheduleParams"]["startTime"],
        1_804_000_000,
    ),
    "datasets while we patch the flow": ConcurrentEdit(
        "patch flow",
        lambda made: made.emulator.ui.datasets("orders", ["Returns"]),
        lambda made: live_datasets(made, made.flow("orders")) == [dataset(made, "Returns")],
        True,
    ),
    "a pause while we patch the flow": ConcurrentEdit(
        "patch flow",
        lambda made: made.emulator.ui.disable("orders"),
        lambda made: made.emulator.snapshot(SANDBOX)["flows"][0]["state"],
        "disabled",
    ),
}


@pytest.mark.parametrize("who", CONCURRENT_EDITS)
def test_what_another_client_wrote_in_between_is_not_overwritten(tmp_path: Path, who: str) -> None:
    edit = CONCURRENT_EDITS[who]
    write = WRITES[edit.step]
    made = prepare_world(tmp_path, write)
    transport = InterruptingTransport(made, write.method, write.path, lambda _: edit.edit(made))
    outcomes, _ = made.apply(transport=transport)
    outcome = request_outcome(outcomes, write)
    assert (outcome.status, outcome.rule) == (FAILED, "stale")
    assert transport.seen == 1
    assert edit.read_kept_value(made) == edit.value


def test_a_flow_changed_since_the_plan_is_not_deleted(tmp_path: Path) -> None:
    write = WRITES["delete flow"]
    made = prepare_world(tmp_path, write)
    flow = made.flow("orders")["id"]
    rename = InterruptingTransport(made, "GET", f"/flows/{flow}", lambda _: made.emulator.ui.rename("orders", "theirs"))
    outcomes, _ = made.apply(transport=rename)
    assert request_outcome(outcomes, write).rule == "stale"
    assert not [w for w in made.writes() if w.startswith("DELETE")]


def test_every_answer_of_a_change_that_is_lost_is_found_again(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    made.write(orders())
    made.emulator.add_fault(
        Fault("lost", method="POST", path="/(connections|.*Connections|flows)$", count=0, when="after")
    )
    outcomes, final_check = made.apply()
    assert {o.status for o in outcomes} == {DONE}
    assert final_check.passed
    assert made.writes() == sorted(
        ["POST /connections", "POST /sourceConnections", "POST /targetConnections", "POST /flows"]
    )


# -- a list that misses something -------------------------------------------------------------------------------------

LISTS = {
    "connections": r"/connections$",
    "sources": r"/sourceConnections$",
    "targets": r"/targetConnections$",
    "flows": r"/flows$",
}
MISSED = {
    "the flow": ("flows",),
    "the flow and its source": ("flows", "sources"),
    "the flow and its target": ("flows", "targets"),
    "the flow and both its connections": ("flows", "sources", "targets"),
    "all there is": ("flows", "sources", "targets", "connections"),
    "the source": ("sources",),
    "the target": ("targets",),
    "both its connections": ("sources", "targets"),
    "the account": ("connections",),
    "the account and the flow": ("connections", "flows"),
}
CONSENTS = {
    "no flags": PlanOptions(),
    "every flag": PlanOptions(allow_deletes=9, allow_replace=("*",), allow_recreate=("*",)),
}


AGES = {"young": LISTED, "days old": 3 * 86400}
EACH_RUN = {("young", "no flags"), ("days old", "every flag")}  # each age and each consent once


@pytest.mark.parametrize(
    ("age", "flags"),
    [
        pytest.param(AGES[age], flags, id=f"{age}-{flags}", marks=() if (age, flags) in EACH_RUN else pytest.mark.slow)
        for age in AGES
        for flags in CONSENTS
    ],
)
@pytest.mark.parametrize("missed", MISSED)
def test_what_a_list_misses_once_gets_no_duplicate_and_loses_nothing(
    tmp_path: Path, missed: str, age: int, flags: str
) -> None:
    made = applied_world(tmp_path, orders(), page_size=100)
    made.emulator.advance(age)
    made.forget_requests()
    before = {name: {o["id"] for o in found} for name, found in made.emulator.snapshot(SANDBOX).items()}
    for name in MISSED[missed]:
        made.emulator.add_fault(Fault("drop-item", method="GET", path=LISTS[name]))
    watch = WatchingTransport(made)
    try_apply(made, CONSENTS[flags], watch)
    seen = {name: {o["id"] for o in found} for name, found in made.emulator.snapshot(SANDBOX).items()}
    assert seen == before
    assert made.flow("orders")["state"] == "enabled"
    assert watch.in_use == watch.flows == []
    finish_apply(made, PlanOptions(), watch)


@pytest.mark.parametrize("missed", ["flows", "connections"])
def test_what_every_list_misses_is_looked_up_before_a_connection_of_ours_is_deleted(
    tmp_path: Path, missed: str
) -> None:
    made = applied_world(tmp_path, orders(), page_size=100)
    made.emulator.advance(LISTED)
    made.emulator.add_fault(Fault("drop-item", method="GET", path=LISTS[missed], query="orderby", count=0))
    watch = WatchingTransport(made)
    try_apply(made, PlanOptions(), watch)
    assert watch.in_use == watch.flows == []
    assert len(made.emulator.snapshot(SANDBOX)["flows"]) == 1


# -- two at once ------------------------------------------------------------------------------------------------------


class MeetingTransport(httpx.BaseTransport):
    """Waits at its first POST until the other side is as far: neither knows what the other is about to create."""

    def __init__(self, inner: httpx.BaseTransport, barrier: threading.Barrier):
        self.inner, self.barrier = inner, barrier
        self.waits = threading.Semaphore(1)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and "/flowservice/" in request.url.path and self.waits.acquire(blocking=False):
            with contextlib.suppress(threading.BrokenBarrierError):
                self.barrier.wait(2)
        return self.inner.handle_request(request)


def apply_concurrently(made: World, watch: WatchingTransport, *, killed: bool = False) -> None:
    """Two applies whose plans saw the same sandbox; `killed` ends both before the final check."""
    barrier = threading.Barrier(2)
    with (
        made.open_plan(transport=MeetingTransport(watch, barrier)) as one,
        made.open_plan(transport=MeetingTransport(watch, barrier)) as two,
        ThreadPoolExecutor(2) as pool,
    ):
        for done in [pool.submit(execute_plan, made, planned, killed) for planned in (one, two)]:
            done.result()


def execute_plan(made: World, planned: plan_workflow.ConnectedPlan, killed: bool) -> None:
    applying = apply_workflow.start_apply(planned, made.setup(), PlanOptions(), parallelism=4, stop=threading.Event())
    for _ in applying.execute_steps():
        pass
    with contextlib.suppress(Error):
        if not killed:
            applying.run_final_check()


SEVERAL = {
    f"export-{n}": {"datasets": [dataset], "destination": destination, "subpath": f"part-{n}"}
    for n, (dataset, destination) in enumerate(
        [("Orders", "s3-role"), ("Returns", "s3-role"), ("App Events", "gcs"), ("Orders", "landing")]
    )
}
OTHERS = {name: {**export, "datasets": ["Order Lines", "Loyalty Profiles"]} for name, export in SEVERAL.items()}


def test_two_first_applies_side_by_side_leave_one_flow_each(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    made.write(config(exports=SEVERAL))
    watch = WatchingTransport(made, tick=0.002)
    apply_concurrently(made, watch)
    finish_apply(made, PlanOptions(), watch)
    assert len(made.emulator.snapshot(SANDBOX)["flows"]) == len(SEVERAL)


def test_two_changes_of_datasets_side_by_side_leave_every_flow_with_its_new_list(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    made.write(config(exports=SEVERAL))
    made.apply()
    made.emulator.advance(LISTED)
    before = {f["id"] for f in made.emulator.snapshot(SANDBOX)["flows"]}
    made.write(config(exports=OTHERS))
    watch = WatchingTransport(made, tick=0.002)
    apply_concurrently(made, watch)
    finish_apply(made, PlanOptions(), watch)
    assert {f["id"] for f in made.emulator.snapshot(SANDBOX)["flows"]} == before
    assert_no_orphans(made)


@pytest.mark.parametrize("lag", [5, 60])
def test_two_first_applies_whose_lists_show_each_other_within_a_minute_leave_one_flow_each(
    tmp_path: Path, lag: float
) -> None:
    made = world(tmp_path, Switches(list_lag=lag), page_size=100)
    made.write(config(exports=SEVERAL))
    apply_concurrently(made, WatchingTransport(made, tick=0.002))
    made.emulator.advance(LISTED)
    titles = [flow["name"] for flow in made.emulator.snapshot(SANDBOX)["flows"]]
    assert sorted(titles) == sorted(SEVERAL)


@pytest.mark.parametrize("lag", [5, 60])
def test_two_first_applies_that_die_before_they_see_each_other_end_in_a_refusal_that_names_the_duplicates(
    tmp_path: Path, lag: float
) -> None:
    made = world(tmp_path, Switches(list_lag=lag), page_size=100)
    made.write(config(exports=SEVERAL))
    watch = WatchingTransport(made, tick=0.002)
    apply_concurrently(made, watch, killed=True)
    made.emulator.advance(LISTED)
    before = made.writes()
    plan = made.plan()
    duplicates = [r for i in plan.items for r in i.refusals if r.safety_check == "duplicates"]
    assert len(duplicates) == len(SEVERAL)
    assert all("keep" in r.allow for r in duplicates)
    with pytest.raises(RefusedError):
        made.apply(PlanOptions(allow_deletes=99, allow_replace=("*",)), transport=watch)
    assert made.writes() == before
    assert watch.in_use == watch.flows == []
