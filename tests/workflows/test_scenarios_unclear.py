"""
Where the flow or the end of an export is not clear: a pause and a rolling end are reported all the same. An adopted
flow that lost its marker, a replacement that was cut off, a renamed one, an end that the service does not show.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Switches
from exportctl.model.plan import Cause, Plan
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor import drift
from exportctl.monitor.drift import DriftGroup
from exportctl.monitor.status import status
from exportctl.output.text import plan as text_plan
from exportctl.plan.ownership import build_ownership
from tests.workflows.orders_sandbox import (
    DAY,
    apply_config,
    field_causes,
    findings,
    item,
    objects,
    orders_and_other,
    safety_checks,
    source,
    target,
    writes_of,
)
from tests.workflows.test_interruptions import kill_apply_after
from tests.workflows.test_scenarios_pauses import MIDNIGHT, RENEW, RESUME, end_of
from tests.workflows.world import SANDBOX, World, world

CONSENT = PlanOptions(allow_replace=("exports.orders",))


def groups(made: World, name: str = "exports.orders") -> set[DriftGroup]:
    """Those that fail `drift`, of one export."""
    report = drift.build_drift_report(made.plan(), end_warning=30 * DAY)
    return {entry.group for entry in drift.failures(report) if str(entry.address) == name}


def is_left_out(plan: Plan, name: str = "exports.orders") -> bool:
    """Does `renew` leave its end, and say so?"""
    return (
        not item(plan, name).steps and "not-renewed" in findings(plan, name) and name in text_plan.render_renewals(plan)
    )


# -- adopted ----------------------------------------------------------------------------------------------------------


def unmark_source(made: World) -> None:
    """As the source of a flow that was made elsewhere and adopted: its marker was never written."""
    bare = {k: v for k, v in source(made).items() if k != "description"}
    made.emulator.ui.load({"sourceConnections": [bare]}, sandbox=SANDBOX)


@pytest.fixture
def adopted(small: World) -> World:
    """`orders` adopted, its key `adopt` still in the config, as imports leave it; then its description was wiped."""
    apply_config(small, orders_and_other())
    unmark_source(small)
    apply_config(small, orders_and_other(adopt=small.flow("orders")["id"]))
    small.emulator.ui.describe("orders", "")
    return small


def test_an_adopted_flow_that_lost_its_marker_is_reported_and_marked_again(adopted: World) -> None:
    assert (groups(adopted), safety_checks(adopted.plan())) == ({DriftGroup.MARKER_LOST}, [])
    assert [u.name for u in adopted.plan().other_flows] == []
    assert writes_of(adopted) == ["PATCH /flows"]
    assert groups(adopted) == set()


def test_a_pause_of_an_adopted_flow_outlasts_its_marker(adopted: World) -> None:
    adopted.emulator.ui.disable("orders")
    for _ in range(3):
        assert field_causes(adopted.plan())["enabled"] is Cause.PAUSED
        assert field_causes(adopted.plan(RENEW)) == {"enabled": Cause.PAUSED}
        assert DriftGroup.PAUSED in groups(adopted)
        apply_config(adopted)
    assert adopted.flow("orders")["state"] == "disabled"


def test_an_adopted_flow_that_lost_its_marker_is_renewed(adopted: World) -> None:
    adopted.emulator.advance(151 * DAY)
    assert writes_of(adopted, RENEW) == ["PATCH /flows"] * 2
    assert end_of(adopted) == MIDNIGHT + (151 + 180) * DAY
    assert adopted.flow("orders")["description"] == ""


def test_another_owners_marker_over_that_of_an_adopted_flow_is_reported(small: World) -> None:
    apply_config(small, orders_and_other())
    flow = small.flow("orders")
    small.emulator.ui.describe("orders", flow["description"].replace(" acme ", " theirs "))
    small.write(orders_and_other(adopt=flow["id"]))
    assert (groups(small), safety_checks(small.plan())) == ({DriftGroup.MARKER_LOST}, ["other-project"])
    assert is_left_out(small.plan(RENEW))


def test_a_renamed_export_with_an_owner_in_its_target_alone_gets_no_duplicate(small: World) -> None:
    apply_config(small, orders_and_other())
    unmark_source(small)
    small.emulator.ui.describe("orders", "")
    content = orders_and_other()
    exports = content["exports"]
    exports["fresh"] = {**exports.pop("orders"), "renamed_from": "orders", "title": "Fresh"}
    small.write(content)
    assert (groups(small, "exports.fresh"), safety_checks(small.plan(), "exports.fresh")) == (
        {DriftGroup.MARKER_LOST},
        ["look-alike"],
    )
    assert is_left_out(small.plan(RENEW), "exports.fresh")
    exports["fresh"]["adopt"] = small.flow("orders")["id"]
    apply_config(small, content)
    assert sorted(f["name"] for f in objects(small, "flows")) == ["Fresh", "other"]


@pytest.mark.parametrize("over", ["", "written over"])
def test_a_flow_without_its_marker_and_with_a_hidden_target_gets_no_duplicate(tmp_path: Path, over: str) -> None:
    made = world(tmp_path, Switches(labelled="hidden"))
    apply_config(made, orders_and_other())
    flow = made.flow("orders")
    made.emulator.ui.label("targetConnections", target(made)["id"], ["core/C1"])
    made.emulator.ui.describe("orders", flow["description"].replace(" acme ", " theirs ") if over else "")
    made.write(orders_and_other(title="Another"))
    assert (groups(made), safety_checks(made.plan())) == (
        {DriftGroup.MARKER_LOST},
        ["other-project" if over else "look-alike"],
    )
    assert is_left_out(made.plan(RENEW))


# -- cut off ----------------------------------------------------------------------------------------------------------


def interrupt_replacement(folder: Path, wanted: list[str]) -> World:
    """A replacement that was killed once its writes were these."""
    for calls in range(40):
        folder.joinpath(str(calls)).mkdir()
        made = world(folder / str(calls), page_size=100)
        apply_config(made, orders_and_other())
        made.write(orders_and_other(destination="gcs"))
        made.forget_requests()
        assert kill_apply_after(made, calls, arrives=True, flags=CONSENT)
        if made.writes() == wanted:
            return made
    raise AssertionError("no such moment")


MARKED = ["PATCH /flows", "POST /connections"]
CUT_OFF: dict[str, list[str]] = {
    "marked": MARKED,
    "switched off": [*MARKED, "POST /flows"],
}


@pytest.mark.parametrize("after", CUT_OFF)
def test_a_replacement_that_was_cut_off_fails_the_night_until_it_is_finished(tmp_path: Path, after: str) -> None:
    made = interrupt_replacement(tmp_path, CUT_OFF[after])
    assert groups(made) == {DriftGroup.HALF_BUILT}
    assert is_left_out(made.plan(RENEW))
    with made.open_plan() as planned:
        health = status(planned.plan, build_ownership(planned.live, planned.project.name), planned.project)
    (notes,) = [one.notes for one in health.exports if str(one.address) == "exports.orders"]
    assert any("is not finished" in note for note in notes)
    made.emulator.advance(61)
    made.apply()
    apply_config(made)
    assert groups(made) == set()
    assert sorted(f["name"] for f in objects(made, "flows")) == ["orders", "other"]


def test_an_end_that_a_person_moved_on_a_flow_being_replaced_is_a_pause(tmp_path: Path) -> None:
    made = interrupt_replacement(tmp_path, MARKED)
    made.emulator.ui.end("orders (being replaced)", MIDNIGHT + 40 * DAY)
    assert groups(made) == {DriftGroup.HALF_BUILT, DriftGroup.PAUSED}
    assert safety_checks(made.plan()) == ["paused"]
    made.emulator.advance(61)
    made.apply(RESUME)
    apply_config(made)


# -- an end that is not shown -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"destination": "gcs"}], ids=["not applied", "waits for a replacement"])
def test_a_rolling_end_of_a_flow_that_shows_none_is_reported_once_it_would_be_due(
    small: World, more: dict[str, Any]
) -> None:
    apply_config(small, orders_and_other(end="none", allow=[{"rule": "missing-end", "reason": "so far"}]))
    small.write(orders_and_other(**more))
    assert "not-renewed" not in findings(small.plan(RENEW))
    small.emulator.advance(155 * DAY)
    assert is_left_out(small.plan(RENEW))
