"""What only the document of sources demands is sent to a service that asks for it, and to no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Fault, Switches
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan_options import PlanOptions
from tests.workflows.world import SANDBOX, World, config, world

TWO: dict[str, Any] = {"orders": {"datasets": ["Orders"]}, "returns": {"datasets": ["Returns"]}}


def posts(made: World, collection: str) -> list[int]:
    """The statuses of the POSTs to a collection, in order."""
    return [one["status"] for one in made.emulator.writes() if one["path"].endswith(f"/{collection}")]


def test_a_service_that_demands_data_is_asked_once_in_vain_for_each_kind(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(source_data="required", target_data="required"))
    made.write(config(exports=TWO))
    with made.open_plan() as planned:
        assert not planned.plan.is_refused

    assert made.apply()[1].passed

    for collection in ("sourceConnections", "targetConnections"):
        statuses = posts(made, collection)
        assert statuses.count(201) == 2
        assert 1 <= statuses.count(400) <= 2  # two at once may both learn it
    assert made.plan().is_empty


def test_no_data_is_sent_unasked(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(config(exports=TWO))

    assert made.apply()[1].passed

    stored = made.emulator.snapshot(SANDBOX)
    assert not any("data" in one for kind in ("sourceConnections", "targetConnections") for one in stored[kind])
    assert posts(made, "sourceConnections") == [201, 201]


@pytest.mark.parametrize(("collection", "statuses"), [("sourceConnections", [400, 400]), ("flows", [400])])
def test_a_refusal_that_only_speaks_of_data_is_shown_as_it_came(
    tmp_path: Path, collection: str, statuses: list[int]
) -> None:
    """What never has `data` is not sent again."""
    made = world(tmp_path)
    made.write(config(exports={"orders": TWO["orders"]}))
    body = {"errorMessage": "the data region is closed"}
    made.emulator.add_fault(Fault("status", method="POST", path=f"/{collection}$", status=400, body=body, count=0))

    outcomes, final_check = made.apply()

    failed = [one.message for one in outcomes if one.status is OutcomeStatus.FAILED]
    assert len(failed) == 1
    assert "the data region is closed" in str(failed[0])
    assert posts(made, collection) == statuses
    assert not final_check.passed


@pytest.mark.parametrize("nth", [1, 2])
def test_a_lost_answer_makes_no_second_connection(tmp_path: Path, nth: int) -> None:
    made = world(tmp_path, Switches(source_data="required"))
    made.write(config(exports={"orders": TWO["orders"]}))
    lost = Fault("lost", method="POST", path="/sourceConnections$", when="after", nth=nth)
    made.emulator.add_fault(lost)

    made.apply()
    made.apply()

    assert len(made.emulator.snapshot(SANDBOX)["sourceConnections"]) == 1
    assert made.plan().is_empty


def test_an_action_gets_its_sub_operation_only_where_it_is_missed(tmp_path: Path) -> None:
    for setting, statuses in (("optional", [200]), ("required", [400, 200])):
        folder = tmp_path / setting
        folder.mkdir()
        made = world(folder, Switches(action_sub_op=setting))
        made.write(config(exports={"orders": TWO["orders"]}))
        assert made.apply()[1].passed
        made.emulator.advance(120)
        made.forget_requests()
        made.write(config(exports={"orders": {**TWO["orders"], "enabled": False}}))

        assert made.apply(PlanOptions())[1].passed

        assert posts(made, "action") == statuses
        assert [flow["state"] for flow in made.emulator.snapshot(SANDBOX)["flows"]] == ["disabled"]
