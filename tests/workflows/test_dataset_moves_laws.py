"""
Datasets that move among flows, with a write that fails or a process that dies on the way: what some flow sent and
some will send, one sends all the time; and the same apply, run again, comes to an end.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from exportctl.emulator import Switches
from exportctl.model.outcome import OutcomeStatus
from tests.workflows.orders_sandbox import objects
from tests.workflows.test_interruptions import EVERYTHING, kill_apply_after
from tests.workflows.test_laws import LAW, LISTED
from tests.workflows.test_scenarios_dataset_moves import exports
from tests.workflows.world import DATASETS, World, world

KEYS = ("a", "b", "c", "d")
Assignment = Mapping[str, Mapping[str, Any]]  # export -> datasets, title, destination

SOME = settings(LAW, max_examples=4)
MANY = settings(LAW, max_examples=600)


@st.composite
def assignments(draw: st.DrawFn) -> Assignment:
    keys = sorted(draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True)))
    titles = draw(st.permutations(KEYS))
    return {
        key: {
            "datasets": sorted(draw(st.lists(st.sampled_from(DATASETS), min_size=1, max_size=3, unique=True))),
            "destination": draw(st.sampled_from(["s3-role", "s3-role", "s3-role", "gcs"])),
            "title": f"{title} export",
        }
        for key, title in zip(keys, titles, strict=False)
    }


def own_titles(cards: Assignment) -> Assignment:
    return {key: {**card, "title": key} for key, card in cards.items()}


def datasets_of(cards: Assignment, key: str) -> frozenset[str]:
    return frozenset(cards[key]["datasets"]) if key in cards else frozenset()


def replaced_exports(before: Assignment, after: Assignment) -> frozenset[str]:
    both = before.keys() & after.keys()
    return frozenset(key for key in both if before[key]["destination"] != after[key]["destination"])


def has_ring(before: Assignment, after: Assignment) -> bool:
    """Do flows give to each other, so that one has to be the first?"""
    gives = {key: datasets_of(before, key) - datasets_of(after, key) for key in KEYS}
    takes = {key: datasets_of(after, key) - datasets_of(before, key) for key in KEYS}
    return has_cycle({g: [t for t in KEYS if gives[g] & takes[t]] for g in KEYS})


def has_cycle(graph: Mapping[str, list[str]]) -> bool:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        return True
    return False


def uninterrupted_datasets(before: Assignment, after: Assignment) -> frozenset[str]:
    """What must be sent all the time. A flow that is replaced is off for a while, with what it keeps."""
    sent, wanted = ({d for key in KEYS for d in datasets_of(cards, key)} for cards in (before, after))
    paused = {d for key in replaced_exports(before, after) for d in datasets_of(before, key) & datasets_of(after, key)}
    return frozenset((sent & wanted) - paused)


def write_second_config(made: World, before: Assignment, after: Assignment) -> None:
    """The second config; one flow has nothing to do with it, so that never all of them go."""
    gone = [{"export": key, "do": "delete", "reason": "law"} for key in sorted(before.keys() - after.keys())]
    made.write(exports(gone, keeper={"datasets": ["Orders"]}, **after))


def start_world(folder: str, before: Assignment, switches: Switches | None = None) -> World:
    made = world(Path(folder), switches, page_size=100)
    made.write(exports(keeper={"datasets": ["Orders"]}, **before))
    assert made.apply()[1].passed
    made.emulator.advance(LISTED)
    return made


def sent_datasets(made: World) -> frozenset[str]:
    """Datasets that some flow sends that is on, apart from the one that has nothing to do with it."""
    flows = [f for f in objects(made, "flows") if f["state"] == "enabled" and f["name"] != "keeper"]
    sources = {s["id"]: s["params"]["datasets"] for s in objects(made, "sourceConnections")}
    return frozenset(d["name"] for f in flows for (source,) in [f["sourceConnectionIds"]] for d in sources[source])


def assert_finishes(made: World, after: Assignment) -> None:
    for _ in range(4):
        made.emulator.advance(LISTED)
        made.apply(EVERYTHING)
        made.emulator.advance(600)
    plan = made.plan(EVERYTHING)
    assert [(str(i.address), i.verb, [s.key for s in i.steps]) for i in plan.items if i.steps] == []
    assert titles(made) == {"keeper", *(card["title"] for card in after.values())}


def titles(made: World) -> set[str]:
    return {flow["name"] for flow in objects(made, "flows")}


class RefusingTransport(httpx.BaseTransport):
    """Answers 400 to one write, the `nth` from 0, and passes on all else."""

    def __init__(self, inner: httpx.BaseTransport, nth: int):
        self.inner, self.nth = inner, nth
        self.lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET" and "/flowservice/" in request.url.path:
            with self.lock:
                self.nth -= 1
                struck = self.nth == -1
            if struck:
                return httpx.Response(400, json={"errorCode": "FLOW-0000-400", "message": "refused"})
        return self.inner.handle_request(request)


def interrupt_apply(made: World, trouble: str, nth: int) -> None:
    """One apply with a write that is refused, or a process that dies at a request, which arrives or not."""
    if trouble == "refused":
        made.apply(EVERYTHING, transport=RefusingTransport(httpx.WSGITransport(app=made.emulator), nth))
    else:
        kill_apply_after(made, nth + 8, arrives=trouble == "killed after")


def assert_all_stay_sent(before: Assignment, after: Assignment, trouble: str, nth: int) -> None:
    before, after = own_titles(before), own_titles(after)
    with tempfile.TemporaryDirectory() as folder:
        made = start_world(folder, before)
        write_second_config(made, before, after)
        interrupt_apply(made, trouble, nth)
        note(f"sent: {sorted(sent_datasets(made))}")
        if not has_ring(before, after):
            assert uninterrupted_datasets(before, after) - sent_datasets(made) == frozenset()
        assert_finishes(made, after)


def assert_finishes_with_unique_names(before: Assignment, after: Assignment, trouble: str, nth: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = start_world(folder, before, Switches(name_unique=True))
        write_second_config(made, before, after)
        interrupt_apply(made, trouble, nth)
        assert_finishes(made, after)


def assert_one_apply_is_enough(before: Assignment, after: Assignment) -> None:
    """Names must be unique: no title is written while another flow has it, and no temporary one stays."""
    with tempfile.TemporaryDirectory() as folder:
        made = start_world(folder, before, Switches(name_unique=True))
        write_second_config(made, before, after)
        planned = len(made.plan(EVERYTHING).steps())
        made.forget_requests()
        outcomes, check = made.apply(EVERYTHING)
        assert [(o.step.key, o.message) for o in outcomes if o.status is not OutcomeStatus.DONE] == []
        assert check.passed, check.verdict
        assert len(made.writes()) == planned
        assert titles(made) == {"keeper", *(card["title"] for card in after.values())}


TROUBLES = st.sampled_from(["refused", "killed before", "killed after"])


@SOME
@given(assignments(), assignments(), TROUBLES, st.integers(0, 16))
def test_no_dataset_falls_silent_when_others_take_it(
    before: Assignment, after: Assignment, trouble: str, nth: int
) -> None:
    assert_all_stay_sent(before, after, trouble, nth)


@pytest.mark.slow
@MANY
@given(assignments(), assignments(), TROUBLES, st.integers(0, 16))
def test_no_dataset_falls_silent_when_others_take_it_in_the_long_sweep(
    before: Assignment, after: Assignment, trouble: str, nth: int
) -> None:
    assert_all_stay_sent(before, after, trouble, nth)


@SOME
@given(assignments(), assignments())
def test_one_apply_is_enough_where_names_must_be_unique(before: Assignment, after: Assignment) -> None:
    assert_one_apply_is_enough(before, after)


@pytest.mark.slow
@MANY
@given(assignments(), assignments())
def test_one_apply_is_enough_where_names_must_be_unique_in_the_long_sweep(
    before: Assignment, after: Assignment
) -> None:
    assert_one_apply_is_enough(before, after)


@SOME
@given(assignments(), assignments(), TROUBLES, st.integers(0, 16))
def test_datasets_that_move_under_each_others_names_come_to_an_end(
    before: Assignment, after: Assignment, trouble: str, nth: int
) -> None:
    assert_finishes_with_unique_names(before, after, trouble, nth)


@pytest.mark.slow
@MANY
@given(assignments(), assignments(), TROUBLES, st.integers(0, 16))
def test_datasets_that_move_under_each_others_names_come_to_an_end_in_the_long_sweep(
    before: Assignment, after: Assignment, trouble: str, nth: int
) -> None:
    assert_finishes_with_unique_names(before, after, trouble, nth)
