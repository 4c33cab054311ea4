"""The steps that wait: the same order as by a search of all of them, and each looked at once for each need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.apply.executor import FEW_ROUNDS, WaitingSteps
from exportctl.model.plan import EXPORTS, Action, Address, Step
from exportctl.resources.kinds import FLOW


def make_step(key: str, *needs: str) -> Step:
    return Step(key=key, action=Action.CREATE, kind=FLOW.name, address=Address(EXPORTS, key), needs=needs)


class SearchedSteps:
    """The reference: every question is answered by a search of all steps."""

    def __init__(self, steps: tuple[Step, ...]):
        self.steps = {step.key: step for step in steps}
        self.needed = {name for step in steps for name in step.needs}
        self.done: set[str] = set()
        self.failed: set[str] = set()
        self.are_few = False

    def take_ready(self, room: int, few: int) -> list[Step]:
        free = [s for s in self.steps.values() if all(n in self.done for n in s.needs)]
        self.are_few |= len(self.steps) <= few
        if self.are_few:
            free.sort(key=lambda s: s.key not in self.needed)
        return [self.steps.pop(s.key) for s in free[: max(0, room)]]

    def take_blocked(self) -> Iterator[tuple[Step, str]]:
        while lost := [s for s in self.steps.values() if any(n in self.failed for n in s.needs)]:
            for step in lost:
                del self.steps[step.key]
                self.failed.add(step.key)
                yield step, next(n for n in step.needs if n in self.failed)


@st.composite
def step_lists(draw: st.DrawFn) -> tuple[Step, ...]:
    """Steps with needs among each other, without a circle, in any order."""
    names = [f"step {n}" for n in range(draw(st.integers(1, 9)))]
    made = []
    for n, name in enumerate(names):
        needs = draw(st.lists(st.sampled_from(names[:n]), max_size=3)) if n else []
        made.append(make_step(name, *needs))
    return tuple(draw(st.permutations(made)))


@given(steps=step_lists(), few=st.integers(0, 9), data=st.data())
def test_the_order_is_that_of_a_search_of_all_steps(steps: tuple[Step, ...], few: int, data: st.DataObject) -> None:
    waiting, searched = WaitingSteps(steps), SearchedSteps(steps)
    flying: list[str] = []
    for room in data.draw(st.lists(st.integers(-1, 3), max_size=12), label="rooms"):
        assert list(waiting.take_blocked()) == list(searched.take_blocked())
        ready = waiting.take_ready(room, few)
        assert ready == searched.take_ready(room, few)
        flying += [step.key for step in ready]
        assert bool(waiting) is bool(searched.steps)
        for key in data.draw(st.lists(st.sampled_from(flying), unique=True), label="ended") if flying else ():
            flying.remove(key)
            is_done = not data.draw(st.booleans(), label=f"{key} fails")
            (waiting.mark_done if is_done else waiting.mark_failed)(key)
            (searched.done if is_done else searched.failed).add(key)
    assert waiting.take_all() == list(searched.steps.values())
    assert not waiting


@pytest.mark.parametrize(("exports", "places"), [(10, 2), (12, 4), (32, 16)])
def test_the_last_round_is_as_full_as_the_others(exports: int, places: int) -> None:
    names = range(exports)
    connections = {n: (make_step(f"source {n}"), make_step(f"target {n}")) for n in names}
    steps = [s for n in names for s in (*connections[n], make_step(f"flow {n}", f"source {n}", f"target {n}"))]

    def rounds_needed(few: int) -> int:
        waiting, rounds = WaitingSteps(tuple(steps)), 0
        while ready := waiting.take_ready(places, few):
            rounds += 1
            for step in ready:
                waiting.mark_done(step.key)
        return rounds

    fewest = -(-len(steps) // places)
    assert (rounds_needed(few=FEW_ROUNDS * places), rounds_needed(few=0)) == (fewest, fewest + 1)


def test_a_step_is_not_read_again_while_others_end() -> None:
    reads = 0

    class CountedStep(Step):
        """Counts how often its needs are read."""

        def __getattribute__(self, name: str) -> object:
            nonlocal reads
            reads += name == "needs"
            return super().__getattribute__(name)

    def make_counted(key: str, *needs: str) -> Step:
        return CountedStep(key=key, action=Action.CREATE, kind=FLOW.name, address=Address(EXPORTS, key), needs=needs)

    firsts = [make_counted(f"first {n}") for n in range(50)]
    waiting = WaitingSteps((*firsts, *(make_counted(f"then {n}", f"first {n}") for n in range(50))))
    before = reads
    for _ in range(100):
        (step,) = waiting.take_ready(1)
        waiting.mark_done(step.key)
    assert (reads - before, bool(waiting)) == (0, False)


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ((make_step("one"), make_step("one")), "two steps have one key"),
        ((make_step("one", "other"),), r"steps need what is not in the plan: \['other'\]"),
    ],
    ids=["the same key twice", "an unknown need"],
)
def test_steps_that_cannot_be_ordered_are_refused(steps: tuple[Step, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        WaitingSteps(steps)
