"""Changes by hand are distinguished from changes of the YAML: their cause, their actor, and what apply does then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from exportctl.emulator import Switches
from exportctl.model.plan import Cause, Verb
from exportctl.model.plan_options import PlanOptions
from tests.workflows.orders_sandbox import (
    DAY,
    actor_at,
    apply_config,
    dataset,
    field_causes,
    field_change,
    item,
    marker_line,
    moved_orders,
    objects,
    orders,
    safety_checks,
    source,
    target,
    writes_of,
)
from tests.workflows.world import START, World

NOON = START + 4 * 3600


@dataclass(frozen=True)
class Edit:
    """An edit in the UI, the leaf it shows as, the write that takes it back, and where to look afterwards."""

    by_hand: Callable[[World], Any]
    path: str
    write: str
    live: Callable[[World], Any]


EDITS: dict[str, Edit] = {
    "the path": Edit(
        lambda w: w.emulator.ui.path("orders", "elsewhere"),
        "path",
        "PATCH /targetConnections",
        lambda w: target(w)["params"],
    ),
    "the description": Edit(
        lambda w: w.emulator.ui.describe("orders", f"Hands off\n{w.flow('orders')['description']}"),
        "description",
        "PATCH /flows",
        lambda w: w.flow("orders")["description"],
    ),
    "the datasets": Edit(
        lambda w: w.emulator.ui.datasets("orders", ["Orders", "Returns"]),
        "datasets",
        "PATCH /flows",
        lambda w: source(w)["params"]["datasets"],
    ),
    "the interval": Edit(
        lambda w: w.emulator.ui.schedule("orders", {"timeUnit": "hour", "interval": 6}),
        "schedule.every",
        "PATCH /flows",
        lambda w: {k: w.flow("orders")["scheduleParams"][k] for k in ("timeUnit", "interval", "exportMode", "endTime")},
    ),
    "the time of day": Edit(
        lambda w: w.emulator.ui.schedule("orders", {"startTime": NOON}),
        "schedule.at",
        "PATCH /flows",
        lambda w: w.flow("orders")["scheduleParams"]["startTime"] % DAY,
    ),
    "the folder": Edit(
        lambda w: w.emulator.ui.schedule("orders", {"foldernameTemplate": "%EXPORT_TIME%"}),
        "folder",
        "PATCH /flows",
        lambda w: w.flow("orders")["scheduleParams"]["foldernameTemplate"],
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_by_hand_is_drift_with_its_actor_and_is_written_back(applied_orders: World, edit: str) -> None:
    world, row = applied_orders, EDITS[edit]
    before = row.live(world)
    world.emulator.advance(100)
    row.by_hand(world)
    plan = world.plan()
    assert field_causes(plan) == {row.path: Cause.DRIFT}
    assert field_change(plan, row.path).actor == actor_at(START + 100)
    assert item(plan).verb is Verb.UPDATE
    assert row.write in writes_of(world)
    assert row.live(world) == before


def test_another_name_is_drift_and_is_written_back(applied_orders: World) -> None:
    applied_orders.emulator.ui.rename("orders", "mine")
    plan = applied_orders.plan()
    assert field_causes(plan) == {"title": Cause.DRIFT}
    assert (field_change(plan, "title").before, field_change(plan, "title").after) == ("mine", "orders")
    assert writes_of(applied_orders) == ["PATCH /flows"]
    assert applied_orders.flow("orders")


@pytest.mark.parametrize("edit", EDITS)
def test_a_run_or_a_write_in_between_leaves_no_actor(applied_orders: World, edit: str) -> None:
    """The background client overwrites who it was, of the flow; sources and targets keep theirs."""
    world, row = applied_orders, EDITS[edit]
    row.by_hand(world)
    world.emulator.advance(2 * DAY)
    found = field_change(world.plan(), row.path).actor
    assert found is not None
    if row.path in ("path", "datasets"):
        assert found == actor_at(START)
    else:
        assert (found.by, found.client) == (None, None)
        assert found.note is not None
        assert found.note.startswith("not recorded")


def test_the_time_of_the_last_edit_is_kept_where_its_operations_name_the_field(applied_orders: World) -> None:
    applied_orders.emulator.advance(500)
    applied_orders.emulator.ui.schedule("orders", {"timeUnit": "hour", "interval": 6})
    applied_orders.emulator.advance(2 * DAY)
    found = field_change(applied_orders.plan(), "schedule.every").actor
    assert found is not None
    assert (found.by, found.at) == (None, START + 500)


def test_where_the_background_client_writes_connections_too_a_path_gets_no_actor(applied_orders: World) -> None:
    applied_orders.emulator.switches = Switches(background_actor_children=True, background_actor="writes")
    applied_orders.emulator.ui.path("orders", "elsewhere")
    applied_orders.emulator.advance(60)
    found = field_change(applied_orders.plan(), "path").actor
    assert found is not None
    assert found.by is None


def test_runs_move_etags_and_change_nothing_a_plan_sees(applied_orders: World) -> None:
    before = applied_orders.flow("orders")["etag"]
    applied_orders.emulator.advance(3 * DAY)
    assert applied_orders.flow("orders")["etag"] != before
    plan = applied_orders.plan()
    assert plan.is_empty
    assert plan.steps() == ()


def test_a_write_after_runs_meets_a_moved_etag_and_arrives_all_the_same(applied_orders: World) -> None:
    applied_orders.write(orders(title="Orders to lake"))
    with applied_orders.open_plan() as made:
        applied_orders.emulator.advance(DAY)
        assert made.plan.steps()
    assert writes_of(applied_orders) == ["PATCH /flows"]


# -- both moved -------------------------------------------------------------------------------------------------------


def test_a_field_both_sides_moved_is_a_conflict_and_the_yaml_wins(applied_orders: World) -> None:
    applied_orders.emulator.ui.path("orders", "theirs")
    applied_orders.write(orders(subpath="ours"))
    plan = applied_orders.plan()
    assert field_causes(plan) == {"path": Cause.CONFLICT}
    assert field_change(plan, "path").actor == actor_at(START)
    assert writes_of(applied_orders) == ["PATCH /targetConnections"]
    assert target(applied_orders)["params"]["path"] == "role/ours"


def test_one_field_drifts_while_another_is_pending(applied_orders: World) -> None:
    applied_orders.emulator.ui.path("orders", "theirs")
    applied_orders.write(orders(title="Orders to lake"))
    assert field_causes(applied_orders.plan()) == {"title": Cause.PENDING, "path": Cause.DRIFT}
    assert writes_of(applied_orders) == ["PATCH /flows", "PATCH /targetConnections"]


ALREADY_MATCHES: dict[str, tuple[Callable[[World], Any], dict[str, Any], str]] = {
    "a path": (lambda w: w.emulator.ui.path("orders", "role/new"), {"subpath": "new"}, "PATCH /targetConnections"),
    "a title": (lambda w: w.emulator.ui.rename("orders", "new"), {"title": "new"}, "PATCH /flows"),
    "datasets": (lambda w: w.emulator.ui.datasets("orders", ["Returns"]), {"datasets": ["Returns"]}, "PATCH /flows"),
    "a pause": (lambda w: w.emulator.ui.disable("orders"), {"enabled": False}, "PATCH /flows"),
}


@pytest.mark.parametrize("edit", ALREADY_MATCHES)
def test_what_the_yaml_takes_over_from_the_sandbox_already_matches_after_one_write_of_the_marker(
    applied_orders: World, edit: str
) -> None:
    by_hand, yaml, write = ALREADY_MATCHES[edit]
    by_hand(applied_orders)
    applied_orders.write(orders(**yaml))
    plan = applied_orders.plan()
    assert plan.is_empty is (edit != "datasets")  # the UI leaves our former source connection, which apply deletes
    assert set(field_causes(plan).values()) == {Cause.ALREADY_MATCHES}
    assert item(plan).verb is Verb.MARK
    assert write in writes_of(applied_orders)
    assert applied_orders.plan().steps() == ()


# -- accounts ---------------------------------------------------------------------------------------------------------


def test_a_host_changed_on_the_account_is_drift_of_the_destination(small: World) -> None:
    apply_config(small, orders(destination="sftp-password"))
    base = objects(small, "connections")[0]
    theirs = {**base, "auth": {**base["auth"], "params": {**base["auth"]["params"], "domain": "evil.example"}}}
    small.emulator.ui.load({"connections": [{**theirs, "updatedClient": "exc_app"}]}, sandbox="demo")
    assert field_causes(small.plan(), "destinations.sftp-password") == {"host": Cause.DRIFT}
    assert writes_of(small) == ["PATCH /connections"]
    assert objects(small, "connections")[0]["auth"]["params"]["domain"] == "sftp.partner.example"


@pytest.mark.parametrize("shown", ["mask", "omit", "show"])
def test_another_role_is_pending_whether_the_service_shows_the_live_one_or_not(small: World, shown: str) -> None:
    small.emulator.switches = Switches(read_secrets=shown)
    apply_config(small, orders())
    small.write(moved_orders(auth={"role_arn": "arn:aws:iam::123456789012:role/other"}))
    plan = small.plan()
    assert field_causes(plan, "destinations.s3-role") == {"auth.role_arn": Cause.PENDING}
    assert "arn:aws" not in repr(plan)
    assert writes_of(small) == ["PATCH /connections"]


# -- markers ----------------------------------------------------------------------------------------------------------


def test_text_written_around_the_marker_stays_the_persons_until_it_is_written_back(small: World) -> None:
    apply_config(small, orders(description="For the lake"))
    before = small.flow("orders")["description"]
    small.emulator.ui.describe("orders", f"{before}\nP.S. ask Kim")
    plan = small.plan()
    assert field_causes(plan) == {"description": Cause.DRIFT}
    assert field_change(plan, "description").before == "For the lake\nP.S. ask Kim"
    apply_config(small)
    assert small.flow("orders")["description"] == before


def test_text_that_is_accepted_survives_every_other_write(small: World) -> None:
    apply_config(small, orders(description="For the lake"))
    small.emulator.ui.describe("orders", f"{small.flow('orders')['description']}\nP.S. ask Kim")
    apply_config(small, orders(description="For the lake\nP.S. ask Kim", title="Other"))
    assert small.flow("Other")["description"].startswith("For the lake\nP.S. ask Kim\n")


def test_a_marker_wiped_off_the_flow_is_written_back_since_the_target_keeps_it(applied_orders: World) -> None:
    before = applied_orders.flow("orders")
    applied_orders.emulator.ui.describe("orders", "")
    plan = applied_orders.plan()
    assert plan.is_empty
    assert [f.rule for f in item(plan).findings] == ["marker-lost"]
    assert item(plan).verb is Verb.MARK
    assert writes_of(applied_orders) == ["PATCH /flows"]
    after = applied_orders.flow("orders")
    assert (after["id"], marker_line(after["description"])) == (before["id"], marker_line(before["description"]))
    assert applied_orders.plan().items == tuple(i for i in applied_orders.plan().items if not i.findings)


def test_a_damaged_marker_is_compared_two_ways_and_rewritten(applied_orders: World) -> None:
    before = applied_orders.flow("orders")["description"]
    line = marker_line(before)
    digit = "0" if line[-2] != "0" else "1"
    applied_orders.emulator.ui.describe("orders", before.replace(line, f"{line[:-2]}{digit}]"))
    applied_orders.emulator.ui.schedule("orders", {"timeUnit": "hour", "interval": 6})
    plan = applied_orders.plan()
    assert field_causes(plan)["schedule.every"] is Cause.UNKNOWN_ORIGIN
    assert {c for p, c in field_causes(plan).items() if p != "schedule.every"} == {Cause.ALREADY_MATCHES}
    assert "marker-damaged" in [f.rule for f in item(plan).findings]
    assert writes_of(applied_orders) == ["PATCH /flows"]
    assert applied_orders.flow("orders")["description"] == before


def test_with_both_markers_lost_the_flow_is_unmanaged_and_gets_no_duplicate(applied_orders: World) -> None:
    world = applied_orders
    world.emulator.ui.describe("orders", "")
    world.emulator.ui.load({"targetConnections": [{**target(world), "description": ""}]}, sandbox="demo")
    plan = world.plan()
    assert [(u.name, u.owner) for u in plan.other_flows] == [("orders", None)]
    assert safety_checks(plan) == ["look-alike"]
    assert world.flow("orders")["id"] in item(plan).refusals[0].allow
    world.write(orders(adopt=world.flow("orders")["id"]))
    assert safety_checks(world.plan()) == []
    assert writes_of(world) == ["PATCH /flows", "PATCH /targetConnections"]
    assert len(objects(world, "flows")) == 1


def test_a_marker_of_another_project_over_ours_makes_no_duplicate(applied_orders: World) -> None:
    world = applied_orders
    flow = world.flow("orders")
    world.emulator.ui.describe("orders", flow["description"].replace(" acme ", " theirs "))
    plan = world.plan()
    assert safety_checks(plan) == ["other-project"]
    assert flow["id"] in item(plan).refusals[0].text
    assert [u.owner for u in plan.other_flows] == ["theirs"]


def test_resume_is_needed_for_pauses_only(applied_orders: World) -> None:
    applied_orders.emulator.ui.path("orders", "elsewhere")
    assert field_causes(applied_orders.plan(PlanOptions(resume=("*",)))) == {"path": Cause.DRIFT}
    assert dataset(applied_orders, "Orders")
