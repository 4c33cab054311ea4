"""Two runs that created a flow for one address at the same time: each deletes only its own, and only the younger."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exportctl.model.plan import LiveObject, Marker
from exportctl.plan.delete import duplicate_deletions
from tests.plan.plan_builders import flow
from tests.plan.value_builders import NOW, sandbox

OLDER, YOUNGER = "f-first", "f-second"


def flow_of_orders(key: str, created: int, generation: int = 1) -> tuple[LiveObject, ...]:
    """A flow with connections of its own, all with the marker of exports.orders."""
    marker = Marker("acme", "e", "orders", generation)
    return tuple(replace(live, marker=marker) for live in flow(key, created=created))


def deleted_ids(created: set[str], *objects: LiveObject) -> set[str | None]:
    return {step.id for step in duplicate_deletions(sandbox(*objects), created, "acme")}


FLOWS = (*flow_of_orders("second", NOW - 1), *flow_of_orders("first", NOW - 2))


@pytest.mark.parametrize(
    ("created", "deleted"),
    [
        ({YOUNGER}, {YOUNGER, "s-second", "t-second"}),
        ({OLDER}, set()),
        (set(), set()),
    ],
    ids=["this run created the younger", "this run created the older", "other runs created both"],
)
def test_a_run_deletes_the_younger_of_two_flows_if_it_created_it(created: set[str], deleted: set[str]) -> None:
    assert deleted_ids(created, *FLOWS) == deleted


def test_of_two_flows_of_one_moment_the_one_with_the_greater_id_is_the_younger() -> None:
    same_moment = (*flow_of_orders("second", NOW), *flow_of_orders("first", NOW))

    assert YOUNGER in deleted_ids({OLDER, YOUNGER}, *same_moment)
    assert OLDER not in deleted_ids({OLDER, YOUNGER}, *same_moment)


def test_a_flow_and_the_one_that_it_replaces_are_no_duplicates() -> None:
    replacement = (*flow_of_orders("first", NOW - 2), *flow_of_orders("second", NOW - 1, generation=2))

    assert deleted_ids({OLDER, YOUNGER}, *replacement) == set()
