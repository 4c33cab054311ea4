"""A plan looks at each export a fixed number of times: twice as many exports take twice as many lines of Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exportctl.monitor.forecast import forecast
from exportctl.output.text.forecast import render_forecast
from exportctl.output.volume import unknown_lines
from exportctl.plan.ownership import build_ownership
from exportctl.plan.volumes import add_unread_volumes, volume_questions
from tests.line_counts import count_steps
from tests.plan.sized_sandboxes import SANDBOXES, SizedSandbox

SIZES = (8, 16, 32)
ALLOWED = 150  # steps of one function; a question of each export to each other one takes 384 or more at these sizes
COMMON = (
    "datasets by name",
    "all to create, beside the same flows of another project",
    "all removed",
    "all renamed, not said",
    "all datasets moved on",
    "accounts of others by title",
    "accounts renamed, not said",
    "all to create, of one dataset that others export",
)
SORTING = ("__lt__", "__eq__")  # a sort of n addresses compares a little more often than n times


# Each flow that is deleted waits for each new one of the same dataset, and the plan names both of each pair.
SQUARE = ("all renamed, not said, of one dataset",)


def grown_functions(make: Callable[[int], SizedSandbox]) -> dict[tuple[str, str], int]:
    """Return the functions of a plan with more steps than a straight line leads to, and how many more."""
    return grown_steps(lambda size: make(size).build_plan)


def grown_steps(make: Callable[[int], Callable[[], object]]) -> dict[tuple[str, str], int]:
    """Return the functions with more steps than a straight line leads to; `make` makes the work of a size."""
    make(1)()  # what is done once for all plans is done
    small, middle, large = (count_steps(make(size)) for size in SIZES)
    excess = {name: (large[name] - middle[name]) - 2 * (middle[name] - small[name]) for name in large}
    return {name: more for name, more in excess.items() if more > ALLOWED and not name[1].endswith(SORTING)}


@pytest.mark.parametrize(
    "name",
    [n if n in COMMON else pytest.param(n, marks=pytest.mark.slow) for n in SANDBOXES if n not in SQUARE],
)
def test_the_steps_of_a_plan_grow_in_a_straight_line(name: str) -> None:
    assert grown_functions(SANDBOXES[name]) == {}


def test_of_many_exports_that_look_renamed_few_are_compared() -> None:
    grown = grown_functions(SANDBOXES["all renamed, not said, of one dataset"])
    assert not [name for file, name in grown if "rename_" in file and "can_keep_flow" not in name]


def volumes_of(size: int) -> Callable[[], object]:
    """Return the questions about the volume of new exports of one dataset, and the words for what is not known."""
    made = SANDBOXES["all to create, of one dataset that others export"](size)
    plan, ownership = made.build_plan(), build_ownership(made.inventory, "acme")

    def work() -> object:
        asked = volume_questions(plan, ownership)
        assert len(asked.sources) == size
        return unknown_lines(add_unread_volumes(plan, asked, "not read").items)

    return work


def forecast_of(size: int) -> Callable[[], object]:
    made = SANDBOXES["nothing to change"](size)
    plan, ownership = made.build_plan(), build_ownership(made.inventory, "acme")
    return lambda: render_forecast(forecast(plan, ownership, made.desired, days=1))


@pytest.mark.parametrize("make", [volumes_of, forecast_of])
def test_the_steps_of_what_is_said_grow_in_a_straight_line(make: Callable[[int], Callable[[], object]]) -> None:
    assert grown_steps(make) == {}


def test_a_search_among_all_exports_is_found() -> None:
    class Searching(SizedSandbox):
        """A sandbox with a question of each export to each other one."""

        def build_plan(self) -> Any:
            return [one for one in self.datasets if [other for other in self.datasets if other.name == one.name]]

    def make(size: int) -> SizedSandbox:
        made = SANDBOXES["nothing to change"](size)
        return Searching(made.project, made.objects, made.datasets)

    assert [name for _, name in grown_functions(make)]
