"""What a service shows later than it answers: no duplicate, no loop, and no success before it is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Fault, Switches
from exportctl.model.outcome import OutcomeStatus, final_outcomes
from exportctl.model.plan import Cause
from exportctl.model.plan_options import PlanOptions
from tests.workflows.test_concurrent_edits import BendingTransport
from tests.workflows.test_interruptions import kill_apply_after
from tests.workflows.world import SANDBOX, World, config, world

ONE_OF_EACH = {"connections": 1, "sourceConnections": 1, "targetConnections": 1, "flows": 1}


def orders(**changes: Any) -> Mapping[str, Any]:
    return config(exports={"orders": {"datasets": ["Orders"], **changes}})


def counts(made: World) -> dict[str, int]:
    return {collection: len(objects) for collection, objects in made.emulator.snapshot(SANDBOX).items()}


@pytest.mark.parametrize("lag", [1, 30])
@pytest.mark.parametrize("content", [orders(), orders(enabled=False)], ids=["enabled", "disabled at once"])
def test_one_apply_creates_an_export_that_no_request_by_id_knows_yet(
    tmp_path: Path, lag: int, content: Mapping[str, Any]
) -> None:
    made = world(tmp_path, Switches(read_lag=lag))
    made.write(content)

    outcomes, final_check = made.apply()

    assert {o.status for o in outcomes} == {OutcomeStatus.DONE}
    assert final_check.passed
    assert counts(made) == ONE_OF_EACH
    assert made.flow("orders")["state"] == ("enabled" if content == orders() else "disabled")


@pytest.mark.parametrize("calls", [8, 10, *range(17, 21)])
def test_a_run_killed_after_any_write_and_a_run_right_after_it_create_nothing_twice(tmp_path: Path, calls: int) -> None:
    made = world(tmp_path, Switches(read_lag=30))
    made.write(orders())
    assert kill_apply_after(made, calls, arrives=True)

    _, final_check = made.apply()

    assert final_check.passed
    assert counts(made) == ONE_OF_EACH
    assert made.plan().is_empty


def test_an_object_that_is_deleted_before_requests_by_id_know_it_does_not_count_as_gone(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(read_lag=30))
    made.write(orders())
    kill_apply_after(made, 18, arrives=True)
    assert counts(made) != ONE_OF_EACH
    made.write(config(exports={"returns": {"datasets": ["Returns"]}}))

    _, final_check = made.apply(PlanOptions(allow_deletes=9))

    assert final_check.passed
    assert counts(made) == ONE_OF_EACH


def test_a_deletion_is_proved_while_lists_still_show_what_is_deleted(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(orders())
    made.apply()
    made.emulator.advance(120)
    made.emulator.switches = Switches(list_lag=60)
    made.write(config(exports={}, removed=[{"export": "orders", "do": "delete", "reason": "over"}]))
    before = made.emulator.now

    _, final_check = made.apply()

    assert final_check.passed
    assert not final_check.lists_are_current
    assert made.emulator.now < before + 60  # the emulated clock: the lists still show the flow


CHANGED = orders(title="T", subpath="C/", description="A text", enabled=False, datasets=["Orders", "Returns"])


@pytest.mark.parametrize("lag", [{"stale_reads": 5}, {"stale_reads": 60}, {"late_effect": 20}], ids=str)
def test_a_change_that_shows_late_is_made_once_and_is_proved(tmp_path: Path, lag: Mapping[str, Any]) -> None:
    made = world(tmp_path, Switches(**lag))
    made.write(orders())
    made.apply()
    made.emulator.advance(61)
    made.forget_requests()
    made.write(CHANGED)

    # One write at a time: the wait of one would move the clock for another, and the action would come too late.
    outcomes, final_check = made.apply(parallelism=1)

    assert {o.status for o in outcomes} == {OutcomeStatus.DONE}
    assert final_check.passed
    assert final_check.normalised == ()
    assert made.writes() == sorted(
        [
            *("PATCH /targetConnections", "POST /sourceConnections", "DELETE /sourceConnections"),
            *("PATCH /flows", "POST /flows"),
        ]
    )
    assert made.flow("T")["description"].startswith("A text\n")
    assert counts(made) == ONE_OF_EACH
    made.emulator.advance(61)
    assert made.plan().steps() == ()


@pytest.mark.parametrize("lag", [{"stale_reads": 60}, {"late_effect": 20}], ids=str)
def test_the_former_value_is_not_taken_for_a_spelling_of_the_service(tmp_path: Path, lag: Mapping[str, Any]) -> None:
    made = world(tmp_path, Switches(**lag))
    made.write(orders())
    made.apply()
    made.emulator.advance(61)
    made.write(orders(subpath="other"))
    assert made.apply()[1].passed
    made.emulator.advance(61)

    made.emulator.ui.path("orders", "role")  # by hand, back to the value before

    made.emulator.advance(61)
    assert {(f.path, f.cause) for i in made.plan().items for f in i.fields} == {("path", Cause.DRIFT)}


def test_a_change_that_fails_after_it_was_accepted_is_a_failed_step(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(late_failure="always"))
    made.write(orders())
    assert made.apply()[1].passed
    made.write(orders(title="T", datasets=["Orders", "Returns"]))

    for _ in range(3):
        made.forget_requests()
        before = made.emulator.now
        outcomes, final_check = made.apply()

        assert not final_check.passed
        assert made.emulator.now < before + 90  # a minute for the source in use, and no second one for what has failed
        failed = [o for o in final_check.outcomes if o.rule == "failed-later"]
        counted = [o for o in final_outcomes(outcomes, final_check.outcomes) if o.step.key == failed[0].step.key]
        assert counted == failed
        assert [o.step.address.name for o in failed] == ["orders"]
        assert "could not be completed" in str(failed[0].message)
        assert str(failed[0].hint).startswith("run apply again")
        assert final_check.normalised == ()
        assert made.writes().count("PATCH /flows") == 1
        assert counts(made)["flows"] == 1
        assert counts(made)["sourceConnections"] <= 2
        made.emulator.advance(61)

    assert {f.cause for i in made.plan().items for f in i.fields} == {Cause.PENDING}
    assert made.flow("orders")["sourceConnectionIds"][0] in {
        source["id"] for source in made.emulator.snapshot(SANDBOX)["sourceConnections"]
    }
    made.emulator.switches = Switches()
    assert made.apply()[1].passed


def test_a_change_that_shows_at_once_and_is_not_finished_is_waited_for(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(orders())
    made.apply()
    made.emulator.advance(61)
    finished_at = made.emulator.now + 30

    def unfinished(flow: dict[str, Any]) -> dict[str, Any]:
        is_finished = made.emulator.now >= finished_at
        return flow if is_finished else flow | {"lastOperation": {"status": {"value": "inProgress"}}}

    made.write(orders(title="T"))

    assert made.apply(transport=BendingTransport(made, "flows", unfinished))[1].passed


def test_connections_that_no_list_shows_yet_are_not_waited_for(tmp_path: Path) -> None:
    """Only a flow can have been delivered twice without a trace in the plan: its export runs twice."""
    made = world(tmp_path)
    made.write(orders())
    made.emulator.add_fault(Fault("drop-item", method="GET", path="/sourceConnections$", count=0))
    before = made.emulator.now

    _, final_check = made.apply()

    assert final_check.passed
    assert not final_check.lists_are_current
    assert made.emulator.now == before


def test_an_apply_without_changes_in_an_empty_sandbox_waits_for_nothing(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(config(exports={}))
    before = made.emulator.now

    assert made.apply()[1].passed

    assert made.emulator.now == before
