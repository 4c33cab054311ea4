"""
Where it is not plain which flow an export has, or which end: a stop and a rolling end are told all the same. An adopted
flow that lost its marker, a replacement that was cut off, a renamed one, an end that the service does not show.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exportctl import drift_report
from exportctl.drift_report import Group
from exportctl.emulator import Switches
from exportctl.flags import Flags
from exportctl.health.status import status
from exportctl.model import Cause, Plan
from exportctl.planning.ownership import survey
from exportctl.views import text
from tests.loop.scenes import DAY, applied, both, changes, findings, gates, item, objects, source, target, writes_of
from tests.loop.test_interrupted import killed_after
from tests.loop.test_scenarios_stops import MIDNIGHT, PUT_BACK, RENEW, end_of
from tests.loop.world import SANDBOX, World, world

CONSENT = Flags(allow_replace=("exports.orders",))


def groups(made: World, name: str = "exports.orders") -> set[Group]:
    """Those that fail `drift`, of one export."""
    report = drift_report.drift(made.plan(), end_warning=30 * DAY)
    return {entry.group for entry in drift_report.failures(report) if str(entry.address) == name}


def left_out(plan: Plan, name: str = "exports.orders") -> bool:
    """Does `renew` leave its end, and say so?"""
    return not item(plan, name).steps and "not-renewed" in findings(plan, name) and name in text.renew(plan)


# -- adopted ----------------------------------------------------------------------------------------------------------


def unmarked_source(made: World) -> None:
    """As the source of a flow that was made elsewhere and adopted: its marker was never written."""
    bare = {k: v for k, v in source(made).items() if k != "description"}
    made.emulator.ui.load({"sourceConnections": [bare]}, sandbox=SANDBOX)


@pytest.fixture
def adopted(small: World) -> World:
    """`orders` adopted, its key `adopt` still in the config, as imports leave it; then its description was wiped."""
    applied(small, both())
    unmarked_source(small)
    applied(small, both(adopt=small.flow("orders")["id"]))
    small.emulator.ui.describe("orders", "")
    return small


def test_an_adopted_flow_that_lost_its_marker_is_reported_and_marked_again(adopted: World) -> None:
    assert (groups(adopted), gates(adopted.plan())) == ({Group.MARKER_LOST}, [])
    assert [u.name for u in adopted.plan().unmanaged] == []
    assert writes_of(adopted) == ["PATCH /flows"]
    assert groups(adopted) == set()


def test_a_stop_on_an_adopted_flow_outlasts_its_marker(adopted: World) -> None:
    adopted.emulator.ui.disable("orders")
    for _ in range(3):
        assert changes(adopted.plan())["enabled"] is Cause.STOPPED
        assert changes(adopted.plan(RENEW)) == {"enabled": Cause.STOPPED}
        assert Group.STOPPED in groups(adopted)
        applied(adopted)
    assert adopted.flow("orders")["state"] == "disabled"


def test_an_adopted_flow_that_lost_its_marker_is_renewed(adopted: World) -> None:
    adopted.emulator.advance(151 * DAY)
    assert writes_of(adopted, RENEW) == ["PATCH /flows"] * 2
    assert end_of(adopted) == MIDNIGHT + (151 + 180) * DAY
    assert adopted.flow("orders")["description"] == ""


def test_another_owners_marker_over_that_of_an_adopted_flow_is_told(small: World) -> None:
    applied(small, both())
    flow = small.flow("orders")
    small.emulator.ui.describe("orders", flow["description"].replace(" acme ", " theirs "))
    small.write(both(adopt=flow["id"]))
    assert (groups(small), gates(small.plan())) == ({Group.MARKER_LOST}, ["foreign-owner"])
    assert left_out(small.plan(RENEW))


def test_a_renamed_export_whose_target_alone_says_whose_it_is_gets_no_twin(small: World) -> None:
    applied(small, both())
    unmarked_source(small)
    small.emulator.ui.describe("orders", "")
    content = both()
    exports = content["exports"]
    exports["fresh"] = {**exports.pop("orders"), "renamed_from": "orders", "title": "Fresh"}
    small.write(content)
    assert (groups(small, "exports.fresh"), gates(small.plan(), "exports.fresh")) == (
        {Group.MARKER_LOST},
        ["look-alike"],
    )
    assert left_out(small.plan(RENEW), "exports.fresh")
    exports["fresh"]["adopt"] = small.flow("orders")["id"]
    applied(small, content)
    assert sorted(f["name"] for f in objects(small, "flows")) == ["Fresh", "other"]


@pytest.mark.parametrize("over", ["", "written over"])
def test_a_flow_without_its_marker_whose_target_is_hidden_gets_no_twin(tmp_path: Path, over: str) -> None:
    made = world(tmp_path, Switches(labelled="hidden"))
    applied(made, both())
    flow = made.flow("orders")
    made.emulator.ui.label("targetConnections", target(made)["id"], ["core/C1"])
    made.emulator.ui.describe("orders", flow["description"].replace(" acme ", " theirs ") if over else "")
    made.write(both(title="Another"))
    assert (groups(made), gates(made.plan())) == ({Group.MARKER_LOST}, ["foreign-owner" if over else "look-alike"])
    assert left_out(made.plan(RENEW))


# -- cut off ----------------------------------------------------------------------------------------------------------


def begun(folder: Path, wanted: list[str]) -> World:
    """A replacement that was killed once its writes were these."""
    for calls in range(40):
        folder.joinpath(str(calls)).mkdir()
        made = world(folder / str(calls), page_size=100)
        applied(made, both())
        made.write(both(destination="gcs"))
        made.forget()
        assert killed_after(made, calls, arrives=True, flags=CONSENT)
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
    made = begun(tmp_path, CUT_OFF[after])
    assert groups(made) == {Group.HALF_BUILT}
    assert left_out(made.plan(RENEW))
    with made.planned() as planned:
        health = status(planned.plan, survey(planned.live, planned.project.name), planned.project)
    (notes,) = [one.notes for one in health.exports if str(one.address) == "exports.orders"]
    assert any("begun and is not finished" in note for note in notes)
    made.emulator.advance(61)
    made.apply()
    applied(made)
    assert groups(made) == set()
    assert sorted(f["name"] for f in objects(made, "flows")) == ["orders", "other"]


def test_an_end_that_somebody_moved_on_a_flow_being_replaced_is_a_stop(tmp_path: Path) -> None:
    made = begun(tmp_path, MARKED)
    made.emulator.ui.end("orders (being replaced)", MIDNIGHT + 40 * DAY)
    assert groups(made) == {Group.HALF_BUILT, Group.STOPPED}
    assert gates(made.plan()) == ["stopped"]
    made.emulator.advance(61)
    made.apply(PUT_BACK)
    applied(made)


# -- an end that is not shown -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"destination": "gcs"}], ids=["not applied", "waits for a replacement"])
def test_a_rolling_end_of_a_flow_that_shows_none_is_told_once_it_would_be_due(
    small: World, more: dict[str, Any]
) -> None:
    applied(small, both(end="none", allow=[{"rule": "missing-end", "reason": "so far"}]))
    small.write(both(**more))
    assert "not-renewed" not in findings(small.plan(RENEW))
    small.emulator.advance(155 * DAY)
    assert left_out(small.plan(RENEW))
