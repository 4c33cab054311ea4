"""An adoption that was cut in the middle, or that a hand edit came into; and the release of what it left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Cause, Verb
from tests.workflows.orders_sandbox import (
    apply_config,
    field_causes,
    item,
    objects,
    orders_and_other,
    safety_checks,
    target,
    writes_of,
)
from tests.workflows.test_interruptions import ProcessKilled
from tests.workflows.test_scenarios_owners import adopting_config, create_flow_by_hand, load_objects, removed_section
from tests.workflows.transports import InterruptingTransport
from tests.workflows.world import World

HandEdit = Callable[[World], object]
NAME = "By hand"


def kill(_: str) -> None:
    raise ProcessKilled


def half_adopted(world: World) -> World:
    """The marker of the flow is written; the process died before that of the target."""
    made = create_flow_by_hand(world)
    world.write(adopting_config(made["id"]))
    with pytest.raises(ProcessKilled):
        world.apply(transport=InterruptingTransport(world, "PATCH", "/targetConnections/", kill))
    assert "exportctl/" in world.flow(NAME)["description"]
    assert not target(world, NAME).get("description")
    return world


def schedule_of(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.flow(NAME)["scheduleParams"]
    return found


HAND_EDITS: dict[str, tuple[HandEdit, str]] = {
    "the path": (lambda w: w.emulator.ui.path(NAME, "elsewhere"), "path"),
    "the end": (lambda w: w.emulator.ui.end(NAME, schedule_of(w)["endTime"] + 86400), "end"),
    "the pause": (lambda w: w.emulator.ui.disable(NAME), "enabled"),
    "the datasets": (lambda w: w.emulator.ui.datasets(NAME, ["Returns"]), "datasets"),
}


def test_a_half_adoption_is_still_to_adopt_and_the_next_apply_finishes_it(small: World) -> None:
    half_adopted(small)

    assert (item(small.plan()).verb, safety_checks(small.plan())) == (Verb.ADOPT, [])
    assert writes_of(small) == ["PATCH /targetConnections"]
    assert (item(small.plan()).verb, small.plan().steps()) == (Verb.UNCHANGED, ())


@pytest.mark.parametrize("edit", HAND_EDITS)
def test_a_hand_edit_in_a_half_adoption_is_shown_and_never_undone(small: World, edit: str) -> None:
    half_adopted(small)
    change, field = HAND_EDITS[edit]
    change(small)
    before = (small.flow(NAME), target(small, NAME))

    plan = small.plan()

    assert (item(plan).verb, safety_checks(plan)) == (Verb.ADOPT, ["adoption-differs"])
    assert set(field_causes(plan)) == {field}
    assert (small.flow(NAME), target(small, NAME)) == before


def test_a_hand_edit_that_comes_in_between_leaves_the_flow_to_adopt_and_the_final_check_says_so(small: World) -> None:
    small.write(adopting_config(create_flow_by_hand(small)["id"]))

    def edit(identity: str) -> None:
        small.emulator.ui.path(NAME, "elsewhere")

    outcomes, final_check = small.apply(transport=InterruptingTransport(small, "PATCH", "/targetConnections/", edit))

    assert [(o.step.kind, o.status) for o in outcomes] == [
        ("flow", OutcomeStatus.DONE),
        ("target_connection", OutcomeStatus.FAILED),
    ]
    left = item(final_check.plan)
    assert (final_check.passed, left.verb, [r.safety_check for r in left.refusals]) == (
        False,
        Verb.ADOPT,
        ["adoption-differs"],
    )
    assert target(small, NAME)["params"]["path"] == "elsewhere"


def test_an_adoption_that_waited_takes_the_value_that_the_yaml_accepts(small: World) -> None:
    half_adopted(small)
    small.emulator.ui.path(NAME, "elsewhere")
    accepted = adopting_config(small.flow(NAME)["id"])
    accepted["destinations"]["lake"]["path"] = "elsewhere"

    small.write(accepted)

    assert safety_checks(small.plan()) == []
    assert writes_of(small) == ["PATCH /targetConnections"]
    assert item(small.plan()).verb is Verb.UNCHANGED


def test_a_pending_change_after_a_finished_adoption_is_planned_as_ever(small: World) -> None:
    made = create_flow_by_hand(small)
    apply_config(small, adopting_config(made["id"]))
    small.write(adopting_config(made["id"], subpath="more"))

    plan = small.plan()

    assert (item(plan).verb, field_causes(plan)) == (Verb.UPDATE, {"path": Cause.PENDING})


# -- release ----------------------------------------------------------------------------------------------------------


def released(small: World) -> list[str]:
    """Release `orders`; the writes of it. Then nothing of it is left to do."""
    small.write({**orders_and_other(), "exports": {"other": orders_and_other()["exports"]["other"]}})
    small.write({**small_config_without_orders(), **removed_section("release")})
    assert (item(small.plan()).verb, safety_checks(small.plan())) == (Verb.RELEASE, [])
    writes = writes_of(small)
    assert small.plan().steps() == ()
    return writes


def small_config_without_orders() -> dict[str, Any]:
    content = orders_and_other()
    return {**content, "exports": {"other": content["exports"]["other"]}}


def test_a_release_frees_the_target_of_a_flow_that_lost_its_marker(small: World) -> None:
    apply_config(small, orders_and_other())
    source = next(
        s for s in objects(small, "sourceConnections") if s["id"] in small.flow("orders")["sourceConnectionIds"]
    )
    load_objects(small, "sourceConnections", {**source, "description": ""})  # as that of an adopted flow
    small.emulator.ui.describe("orders", "")

    assert released(small) == ["PATCH /targetConnections"]
    assert target(small)["description"] == ""


def test_a_release_frees_the_target_of_a_flow_with_the_marker_of_another_owner(small: World) -> None:
    apply_config(small, orders_and_other())
    theirs = small.flow("orders")["description"].replace("acme", "theirs")
    small.emulator.ui.describe("orders", theirs)

    assert released(small) == ["PATCH /targetConnections"]
    assert small.flow("orders")["description"] == theirs


def test_a_release_frees_connections_that_no_flow_uses(small: World) -> None:
    apply_config(small, orders_and_other())
    flow = small.flow("orders")
    small.emulator.ui.delete("orders")
    small.emulator.advance(100)

    assert released(small) == ["PATCH /sourceConnections", "PATCH /targetConnections"]
    found = {one["id"]: one for kind in ("sourceConnections", "targetConnections") for one in objects(small, kind)}
    freed = [found[one] for one in (*flow["sourceConnectionIds"], *flow["targetConnectionIds"])]
    assert [one["description"] for one in freed] == ["", ""]


def test_a_flow_of_another_project_is_not_adopted_where_its_target_lost_the_marker(small: World) -> None:
    made = half_adopted(small)
    made.emulator.ui.describe(NAME, "[exportctl/2 e theirs by-hand 1 - 0000]")

    plan = made.plan()

    assert (item(plan).verb, safety_checks(plan), item(plan).steps) == (Verb.ADOPT, ["other-project"], ())
