"""
A stop is told and an end renewed by the flow alone: whatever else of an export waits for consent, is not found, or
cannot be seen. What `renew` cannot look after it names.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exportctl import drift_report
from exportctl.drift_report import Group
from exportctl.emulator import Switches
from exportctl.flags import Flags
from exportctl.model import Cause, Status
from exportctl.views import text
from tests.loop.scenes import (
    DAY,
    applied,
    both,
    change,
    changes,
    findings,
    gates,
    item,
    objects,
    someone,
    source,
    target,
    writes_of,
)
from tests.loop.test_scenarios_stops import FIXED, MIDNIGHT, RENEW, ROLLED, STOPS, end_of
from tests.loop.world import DESTINATIONS, SANDBOX, START, World, world

WAITING: dict[str, dict[str, Any]] = {
    "a replacement nobody allowed": {"destination": "gcs"},
    "a dataset nobody knows": {"datasets": ["Odrers"]},
    "an account nobody knows": {"destination": "nowhere"},
    "a dataset taken from a protected feed": {"protect": True, "datasets": ["Returns"]},
}
NOWHERE = {"type": "amazon-s3", "bucket": "acme-lake", "account": {"existing": "Nobody's"}}


def waiting(why: str) -> dict[str, Any]:
    """`both`, with something about `orders` that apply refuses."""
    return {**both(**WAITING[why]), "destinations": {**DESTINATIONS, "nowhere": NOWHERE}}


@pytest.mark.parametrize("why", WAITING)
def test_what_waits_of_an_export_keeps_neither_it_nor_another_from_being_renewed(small: World, why: str) -> None:
    applied(small, both(protect="protect" in WAITING[why]))
    small.emulator.advance(151 * DAY)
    small.write(waiting(why))
    assert gates(small.plan()) or small.plan().errors()
    assert [str(e.address) for e in drift_report.drift(small.plan(), end_warning=30 * DAY).of(Group.ENDING)] == [
        "exports.orders",
        "exports.other",
    ]
    assert small.plan(RENEW).refused is False
    small.forget()
    outcomes, _ = small.apply(RENEW)
    assert [o.status for o in outcomes] == [Status.DONE, Status.DONE]
    assert small.writes() == ["PATCH /flows"] * 2
    ends = {f["name"]: f["scheduleParams"]["endTime"] for f in objects(small, "flows")}
    assert ends == dict.fromkeys(("orders", "other"), MIDNIGHT + (151 + 180) * DAY)


@pytest.mark.parametrize("why", WAITING)
@pytest.mark.parametrize("stop", ["switched off, enabled not declared", "a rolling end moved earlier"])
def test_a_stop_is_told_and_held_whatever_else_of_its_export_waits(small: World, stop: str, why: str) -> None:
    _, by_hand, field = STOPS[stop]
    applied(small, both(protect="protect" in WAITING[why]))
    by_hand(small)
    small.write(waiting(why))
    for flags in (Flags(), RENEW):
        plan = small.plan(flags)
        assert changes(plan)[field] is Cause.STOPPED
        assert change(plan, field).actor == someone(START)
        assert plan.counts()["held"] == 1
        assert [str(e.address) for e in drift_report.drift(plan, end_warning=0).of(Group.STOPPED)] == ["exports.orders"]
    assert writes_of(small, RENEW) == []


@pytest.mark.parametrize("why", WAITING)
def test_a_flow_that_is_over_is_told_and_not_renewed_whatever_else_of_its_export_waits(small: World, why: str) -> None:
    applied(small, both(protect="protect" in WAITING[why]))
    small.emulator.set_time(ROLLED + DAY)
    small.write(waiting(why))
    expired = [str(e.address) for e in drift_report.drift(small.plan(), end_warning=0).of(Group.EXPIRED)]
    assert expired == ["exports.orders", "exports.other"]
    assert changes(small.plan(RENEW)) == {"end": Cause.LAPSED}
    assert writes_of(small, RENEW) == []


@pytest.mark.parametrize("why", ["a dataset nobody knows", "an account nobody knows"])
def test_a_stop_that_cannot_be_put_back_is_told_all_the_same(small: World, why: str) -> None:
    applied(small, both())
    small.emulator.ui.disable("orders")
    small.write(waiting(why))
    assert changes(small.plan(Flags(put_back=("*",)))) == {"enabled": Cause.STOPPED}


def hidden_target(made: World) -> None:
    made.emulator.ui.label("targetConnections", target(made)["id"], ["core/C1"])


def hidden_source(made: World) -> None:
    made.emulator.ui.label("sourceConnections", source(made)["id"], ["core/C1"])


@pytest.mark.parametrize("spoilt", [hidden_target, hidden_source])
def test_a_flow_that_cannot_be_compared_fails_drift_is_told_with_its_stop_and_renewed(
    tmp_path: Path, spoilt: Callable[[World], None]
) -> None:
    made = world(tmp_path, Switches(labelled="hidden"))
    applied(made, both())
    made.emulator.ui.disable("orders")
    made.emulator.advance(151 * DAY)
    spoilt(made)
    before = {**made.flow("orders")}
    report = drift_report.drift(made.plan(), end_warning=30 * DAY)
    told = {e.group for e in report.entries if str(e.address) == "exports.orders"}
    assert told == {Group.DIFFERS, Group.STOPPED, Group.ENDING}
    assert drift_report.failing(report, {Group.DIFFERS})
    assert (gates(made.plan()), item(made.plan()).steps) == (["not-expressible"], ())
    made.forget()
    outcomes, proof = made.apply(Flags(renew_only=True, targets=("exports.orders",)))
    assert ([o.status for o in outcomes], proof.proved) == ([Status.DONE], True)
    assert made.writes() == ["PATCH /flows"]
    assert end_of(made) == MIDNIGHT + (151 + 180) * DAY
    same = ("sourceConnectionIds", "targetConnectionIds", "name", "state")
    assert {k: made.flow("orders")[k] for k in same} == {k: before[k] for k in same}


def test_a_renewal_that_the_service_refuses_is_told(small: World) -> None:
    """A second source gets on a flow by no request that is known; the emulator then refuses every PATCH of it."""
    applied(small, both())
    flow = small.flow("orders")
    ids = [*flow["sourceConnectionIds"], *small.flow("other")["sourceConnectionIds"]]
    small.emulator.ui.load({"flows": [{**flow, "sourceConnectionIds": ids}]}, sandbox=SANDBOX)
    small.emulator.advance(151 * DAY)
    assert "not-comparable" in findings(small.plan())
    outcomes, proof = small.apply(RENEW)
    assert ({o.status for o in outcomes}, proof.proved) == ({Status.FAILED, Status.DONE}, False)
    assert drift_report.failing(drift_report.drift(small.plan(), end_warning=0))


@pytest.mark.parametrize(
    ("ending", "rule"), [("x]", "marker-damaged"), (None, "marker-lost")], ids=["damaged", "wiped"]
)
def test_a_renewal_leaves_a_marker_that_does_not_tell_to_apply(small: World, ending: str | None, rule: str) -> None:
    applied(small, both())
    own = str(small.flow("orders")["description"])
    spoilt = own.removesuffix("]")[:-1] + ending if ending else ""  # its last sign is one of the check's
    small.emulator.ui.describe("orders", spoilt)
    small.emulator.advance(151 * DAY)
    small.apply(RENEW)
    assert (end_of(small), small.flow("orders")["description"]) == (MIDNIGHT + (151 + 180) * DAY, spoilt)
    assert rule in findings(small.plan())


def unscheduled(made: World) -> None:
    made.emulator.ui.load({"flows": [{**made.flow("orders"), "scheduleParams": {}}]}, sandbox=SANDBOX)


def doubled(made: World) -> None:
    twin = {**made.flow("orders"), "id": "00000000-0000-4000-8000-000000000002"}
    made.emulator.ui.load({"flows": [twin]}, sandbox=SANDBOX)


def test_of_twins_it_is_told_which_are_off(small: World) -> None:
    applied(small, both())
    doubled(small)
    small.emulator.ui.disable("00000000-0000-4000-8000-000000000002")
    (twins,) = [f for f in item(small.plan()).findings if f.rule == "twins"]
    assert '00000000-0000-4000-8000-000000000002 ("orders", switched off)' in twins.message
    assert twins.message.count("switched off") == 1


def borrowed(made: World) -> None:
    """Its source bears no marker of the export, so the target alone says whose it is."""
    bare = {k: v for k, v in source(made).items() if k != "description"}
    made.emulator.ui.load({"sourceConnections": [bare]}, sandbox=SANDBOX)
    made.emulator.ui.describe("orders", "")


@pytest.mark.parametrize("spoilt", [unscheduled, doubled, borrowed])
def test_a_rolling_end_that_renew_cannot_look_after_is_named(small: World, spoilt: Callable[[World], None]) -> None:
    applied(small, both())
    spoilt(small)
    small.emulator.advance(151 * DAY)
    plan = small.plan(RENEW)
    assert [str(i.address) for i in plan.items if i.steps] == ["exports.other"]
    assert "not-renewed" in findings(plan)
    assert "Not looked after:" in text.renew(plan)
    small.write(both(**FIXED))
    assert "not-renewed" not in findings(small.plan(RENEW))


def test_a_level_that_the_config_raises_keeps_no_feed_from_being_renewed(small: World) -> None:
    raised = {"ending": {"level": "error"}, "expired": {"level": "error"}}
    content = both(end="2027-07-01T00:00:00Z")
    applied(small, content)
    small.emulator.advance(151 * DAY)
    small.write({**content, "rules": raised})
    assert small.plan().errors()
    assert (small.plan(RENEW).errors(), "ending" in findings(small.plan(RENEW))) == ((), True)
    assert writes_of(small, RENEW) == ["PATCH /flows"]
