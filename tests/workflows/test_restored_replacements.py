"""A replacement that was killed when the new flow existed: the former config uses the former flow again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import pytest

from exportctl.model.plan import Cause, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.output.text import plan as text_plan
from tests.workflows.orders_sandbox import (
    DAY,
    apply_config,
    findings,
    item,
    objects,
    orders_on_one_of_two,
    safety_checks,
)
from tests.workflows.test_interruptions import ProcessKilled, kill_apply_after, telling_deaths
from tests.workflows.test_laws import LISTED
from tests.workflows.transports import InterruptingTransport
from tests.workflows.world import World, world

CONSENT = PlanOptions(allow_replace=("exports.orders",))


def die(_: str) -> NoReturn:
    raise ProcessKilled


def killed_before_the_deletion(made: World, **changes: Any) -> tuple[str, str]:
    """Kill a replacement before it deletes the former flow, and return the ids of the former and the new flow."""
    apply_config(made, orders_on_one_of_two(**changes))
    former = made.flow("orders")["id"]
    made.write(orders_on_one_of_two(destination="gcs", **changes))
    with pytest.raises(ProcessKilled):
        made.apply(CONSENT, transport=InterruptingTransport(made, "DELETE", "/flows/", die))
    made.emulator.advance(LISTED)
    new = made.flow("orders")["id"]
    assert (len(objects(made, "flows")), new != former) == (2, True)
    made.write(orders_on_one_of_two(**changes))
    return former, new


def assert_restored(made: World, former: str) -> None:
    (flow,) = objects(made, "flows")
    assert (flow["id"], flow["name"], flow["state"]) == (former, "orders", "enabled")
    assert [len(objects(made, kind)) for kind in ("sourceConnections", "targetConnections")] == [1, 1]
    assert made.plan().steps() == ()


def test_the_former_flow_runs_again_and_the_new_one_is_deleted(small: World) -> None:
    former, new = killed_before_the_deletion(small)
    plan = small.plan()
    shown = text_plan.render_plan(plan)
    assert (item(plan).verb, item(plan).id, safety_checks(plan)) == (Verb.UPDATE, former, [])
    assert f'deletes the new flow of an unfinished replacement: {new} "orders"' in shown
    assert "full re-export" not in shown
    apply_config(small)
    assert_restored(small, former)


def test_the_config_with_the_new_destination_still_finishes_the_replacement(small: World) -> None:
    _, new = killed_before_the_deletion(small)
    apply_config(small, orders_on_one_of_two(destination="gcs"))
    assert [f["id"] for f in objects(small, "flows")] == [new]


def begun(folder: Path) -> tuple[World, str]:
    made = world(folder, page_size=100)
    return made, killed_before_the_deletion(made)[0]


def assert_restored_after_a_kill(folder: Path, calls: int, arrives: bool) -> None:
    made, former = begun(folder)
    assert kill_apply_after(made, calls, arrives, PlanOptions())
    for _ in range(2):
        made.emulator.advance(LISTED)
        made.apply()
    made.emulator.advance(LISTED)
    assert_restored(made, former)


@pytest.mark.slow
@pytest.mark.parametrize("arrives", [True, False], ids=["arrived", "never arrived"])
def test_a_kill_at_every_request_of_the_way_back_leaves_a_way_back(tmp_path: Path, arrives: bool) -> None:
    for calls in telling_deaths(begun(tmp_path)[0], PlanOptions()):
        assert_restored_after_a_kill(tmp_path, calls, arrives)


def test_a_kill_after_the_deletion_of_the_new_flow_leaves_a_way_back(tmp_path: Path) -> None:
    first = telling_deaths(begun(tmp_path)[0], PlanOptions())[0]
    assert_restored_after_a_kill(tmp_path, first + 1, arrives=True)


def test_a_new_flow_that_may_have_run_is_not_deleted_without_consent(small: World) -> None:
    former, new = killed_before_the_deletion(small)
    small.emulator.advance(DAY)
    (refusal,) = item(small.plan()).refusals
    assert (refusal.safety_check, f"the new flow {new} may have run" in refusal.text) == ("replacement", True)
    assert f"write `keep: {former}` in exports.orders" in refusal.allow
    apply_config(small, orders_on_one_of_two(keep=former))
    assert_restored(small, former)


def test_a_consent_to_another_replacement_still_makes_one(small: World) -> None:
    former, new = killed_before_the_deletion(small)
    small.emulator.advance(DAY)
    apply_config(small, flags=CONSENT)
    assert {f["id"] for f in objects(small, "flows")}.isdisjoint({former, new})


def test_a_pause_of_the_new_flow_by_a_person_is_not_lost_on_the_way_back(small: World) -> None:
    former, new = killed_before_the_deletion(small)
    small.emulator.ui.disable(new)
    assert safety_checks(small.plan()) == ["paused"]
    apply_config(small, flags=PlanOptions(resume=("exports.orders",)))
    assert_restored(small, former)


def test_a_pause_of_the_former_flow_by_a_person_is_not_lost_on_the_way_back(small: World) -> None:
    apply_config(small, orders_on_one_of_two())
    former = small.flow("orders")["id"]
    small.write(orders_on_one_of_two(destination="gcs"))

    def disable_and_die(_: str) -> NoReturn:
        small.emulator.ui.enable(former)
        small.emulator.ui.disable(former)
        raise ProcessKilled

    with pytest.raises(ProcessKilled):
        small.apply(CONSENT, transport=InterruptingTransport(small, "DELETE", "/flows/", disable_and_die))
    small.emulator.advance(LISTED)
    small.write(orders_on_one_of_two())
    small.apply()
    assert [(f["id"], f["state"]) for f in objects(small, "flows")] == [(former, "disabled")]
    assert Cause.PAUSED in item(small.plan()).causes()


def test_a_protected_new_flow_blocks_the_way_back(small: World) -> None:
    apply_config(small, orders_on_one_of_two())
    small.write(orders_on_one_of_two(destination="gcs", protect=True))
    with pytest.raises(ProcessKilled):
        small.apply(CONSENT, transport=InterruptingTransport(small, "DELETE", "/flows/", die))
    small.emulator.advance(LISTED)
    small.write(orders_on_one_of_two(protect=True))
    plan = small.plan()
    assert (safety_checks(plan), findings(plan)) == (["protect"], [])
