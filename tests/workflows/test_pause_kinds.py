"""Every way to pause an export counts as a pause: the whole table of ways, edits of the YAML, and the flag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from exportctl.model.plan import Cause, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor import drift
from exportctl.output.text import plan as plan_text
from exportctl.planfile.file import approval_digest
from exportctl.resources import marker
from exportctl.resources.kinds import FLOW
from tests.workflows.accept_runs import run_accept
from tests.workflows.orders_sandbox import (
    DAY,
    HOUR,
    apply_config,
    dataset,
    field_causes,
    field_change,
    item,
    objects,
    orders,
    safety_checks,
    source,
    writes_of,
)
from tests.workflows.world import SANDBOX, START, World, config

RESUME = PlanOptions(resume=("exports.orders",))
RENEW = PlanOptions(renew_only=True)
BASE: dict[str, Any] = {"datasets": ["Orders", "Returns"], "end": "2029-06-01T00:00:00Z"}
FIRST = START - START % DAY + DAY + 2 * HOUR  # what exportctl sent: tomorrow at 02:00
YEAR = 365 * DAY


@dataclass(frozen=True)
class Pause:
    """One way to pause `orders`, the fields that stay paused, and an edit of the YAML of just that field."""

    by_hand: Callable[[World], Any]
    fields: frozenset[str]
    resumed: frozenset[str]
    edit: dict[str, Any]
    edited: Cause | None  # after the edit; None: both sides are equal
    yaml: dict[str, Any] = field(default_factory=dict)


def move_start(world: World, seconds: int) -> None:
    start = world.flow("orders")["scheduleParams"]["startTime"]
    world.emulator.ui.schedule("orders", {"startTime": start + seconds})


PAUSES: dict[str, Pause] = {
    "disabled": Pause(
        lambda w: w.emulator.ui.disable("orders"),
        frozenset({"enabled"}),
        frozenset({"enabled"}),
        {"enabled": False},
        Cause.ALREADY_MATCHES,
    ),
    "end moved earlier": Pause(
        lambda w: w.emulator.ui.end("orders", START + 90 * DAY),
        frozenset({"end"}),
        frozenset({"end"}),
        {"end": "2027-03-01T00:00:00Z"},
        Cause.CONFLICT,
    ),
    "rolling end moved earlier": Pause(
        lambda w: w.emulator.ui.end("orders", START + 90 * DAY),
        frozenset({"end"}),
        frozenset({"end"}),
        {"end": "2027-03-01T00:00:00Z"},
        Cause.CONFLICT,
        {"end": {"rolling": "180 days", "renew_before": "30 days"}},
    ),
    "start moved": Pause(
        lambda w: move_start(w, YEAR),
        frozenset({"schedule.start"}),
        frozenset({"schedule.start"}),
        {"schedule": {"every": "1 day", "at": "02:00", "start": "2027-03-01"}},
        Cause.PENDING,
    ),
    "start moved by one interval": Pause(
        lambda w: move_start(w, DAY),
        frozenset({"schedule.start"}),
        frozenset({"schedule.start"}),
        {"schedule": {"every": "1 day", "at": "02:00", "start": "2027-01-17"}},
        Cause.ALREADY_MATCHES,
    ),
    "start moved to another time of day": Pause(
        lambda w: move_start(w, YEAR + 12345),
        frozenset({"schedule.start", "schedule.at"}),
        frozenset({"schedule.start", "schedule.at"}),
        {"schedule": {"every": "1 day", "at": "05:25:45", "start": "2028-01-16"}},
        Cause.ALREADY_MATCHES,
    ),
    "start moved beyond the start of the YAML": Pause(
        lambda w: move_start(w, YEAR),
        frozenset({"schedule.start"}),
        frozenset({"schedule.start"}),
        {"schedule": {"every": "6 hours", "at": "02:00"}},
        Cause.PENDING,
        {"schedule": {"every": "6 hours", "at": "02:00", "start": "2027-02-01"}},
    ),
    "datasets taken out": Pause(
        lambda w: w.emulator.ui.datasets("orders", ["Returns"]),
        frozenset({"datasets"}),
        frozenset({"datasets"}),
        {"datasets": ["Returns"]},
        Cause.ALREADY_MATCHES,
    ),
}


def paused_world(world: World, pause: Pause) -> World:
    """A flow that ran once and is then paused by hand."""
    apply_config(world, orders(**{**BASE, **pause.yaml}))
    world.emulator.advance(60)
    pause.by_hand(world)
    return world


def live(world: World) -> dict[str, Any]:
    """What a pause changes: the state, the schedule and the datasets."""
    flow = world.flow("orders")
    entries = source(world)["params"]["datasets"]
    return {
        "state": flow["state"],
        "schedule": {k: flow["scheduleParams"][k] for k in ("startTime", "endTime", "interval", "timeUnit")},
        "datasets": sorted(e["dataSetId"] for e in entries),
    }


def paused_fields(world: World, flags: PlanOptions = PlanOptions()) -> set[str]:  # noqa: B008
    return {path for path, cause in field_causes(world.plan(flags)).items() if cause is Cause.PAUSED}


EDITS: dict[str, dict[str, Any]] = {
    "the YAML did not change": {},
    "another field of the YAML changed": {"description": "Moved", "subpath": "new"},
    "the YAML was renamed in the UI's words": {"title": "orders of acme"},
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("way", PAUSES)
def test_a_pause_stays_until_the_flag_names_it(small: World, way: str, edit: str) -> None:
    pause = PAUSES[way]
    paused_world(small, pause)
    before = live(small) if "title" not in EDITS[edit] else None
    small.write(orders(**{**BASE, **pause.yaml, **EDITS[edit]}))
    plan = small.plan()
    assert paused_fields(small) == pause.fields
    leaves_orphan = way == "datasets taken out"  # the UI makes a new source connection; apply deletes the former one
    assert (plan.counts()["paused"], plan.is_empty) == (1, not EDITS[edit] and not leaves_orphan)
    assert plan.is_refused is False
    assert drift.has_failures(drift.build_drift_report(plan, end_warning=0))
    apply_config(small)
    assert paused_fields(small) == pause.fields
    if before is not None:
        assert live(small) == before


@pytest.mark.parametrize("way", PAUSES)
def test_the_flag_restores_exactly_the_yaml(small: World, way: str) -> None:
    pause = PAUSES[way]
    apply_config(small, orders(**{**BASE, **pause.yaml}))
    wanted = live(small)
    small.emulator.advance(3 * HOUR)
    pause.by_hand(small)
    causes = field_causes(small.plan(RESUME))
    assert causes == dict.fromkeys(pause.resumed, Cause.DRIFT)
    assert paused_fields(small, PlanOptions(resume=("exports.other",))) == pause.fields
    apply_config(small, flags=RESUME)
    assert live(small) == wanted
    assert small.plan().steps() == ()
    assert field_causes(small.plan()) == {}


@pytest.mark.parametrize("way", PAUSES)
def test_an_edit_of_just_that_value_ends_the_pause(small: World, way: str) -> None:
    pause = PAUSES[way]
    paused_world(small, pause)
    small.write(orders(**{**BASE, **pause.yaml, **pause.edit}))
    causes = field_causes(small.plan())
    assert Cause.PAUSED not in causes.values()
    assert {causes.get(name) for name in pause.fields - {"schedule.at"}} == {pause.edited}
    apply_config(small)
    assert field_causes(small.plan()) == {}


def test_an_end_before_a_start_that_stays_moved_waits_until_the_flow_is_resumed(small: World) -> None:
    paused_world(small, PAUSES["start moved"])
    before, sooner = live(small), {**BASE, "end": "2027-06-01T00:00:00Z"}  # the start is in 2028
    small.write(orders(**sooner, description="More"))
    assert paused_fields(small) == {"schedule.start", "end"}
    text = plan_text.render_plan(small.plan())
    assert "waits for the start or end that was moved by hand; left paused" in text
    apply_config(small)
    assert live(small) == before
    apply_config(small, flags=RESUME)
    assert small.flow("orders")["scheduleParams"]["endTime"] == 1_811_808_000
    assert field_causes(small.plan()) == {}


@pytest.mark.parametrize("way", PAUSES)
def test_renewals_report_a_pause_of_the_flow_and_write_nothing(small: World, way: str) -> None:
    pause = PAUSES[way]
    paused_world(small, pause)
    plan = small.plan(RENEW)
    on_flow = pause.fields - {"datasets", "schedule.at"}
    assert field_causes(plan) == dict.fromkeys(on_flow, Cause.PAUSED)
    assert item(plan).verb is (Verb.PAUSED if on_flow else Verb.UNCHANGED)
    assert writes_of(small, RENEW) == []


@pytest.mark.parametrize("way", PAUSES)
def test_an_accept_entry_silences_a_pause_and_leaves_it(small: World, way: str) -> None:
    pause = PAUSES[way]
    paused_world(small, pause)
    before = live(small)
    fields = {"schedule" if name.startswith("schedule.") else name for name in pause.fields}
    accept = [
        {"address": "exports.orders", "field": name, "reason": "trial", "owner": "kim", "until": "2029-01-01"}
        for name in sorted(fields)
    ]
    small.write({**orders(**{**BASE, **pause.yaml, "description": "More"}), "accept": accept})
    assert {field_causes(small.plan())[name] for name in pause.fields} == {Cause.ACCEPTED}
    apply_config(small)
    assert live(small) == before
    report = drift.build_drift_report(small.plan(), end_warning=0)
    assert not drift.has_failures(report)


@pytest.mark.parametrize("way", PAUSES)
def test_a_damaged_marker_does_not_end_a_pause(small: World, way: str) -> None:
    pause = PAUSES[way]
    paused_world(small, pause)
    before = live(small)
    small.emulator.ui.describe("orders", small.flow("orders")["description"].replace("t", "T", 1)[:-5] + "0000]")
    assert pause.fields <= paused_fields(small)
    apply_config(small)
    assert live(small) == before
    assert pause.fields <= paused_fields(small)
    apply_config(small, flags=RESUME)
    assert field_causes(small.plan()) == {}


def test_two_ways_at_once_are_two_pauses_and_one_flag_ends_both(small: World) -> None:
    apply_config(small, orders(**BASE))
    wanted = live(small)
    ways = ("disabled", "end moved earlier", "start moved to another time of day", "datasets taken out")
    for way in ways:
        PAUSES[way].by_hand(small) if way != "end moved earlier" else None
    small.emulator.ui.end("orders", START + 2 * YEAR)
    fields = frozenset().union(*(PAUSES[way].fields for way in ways))
    assert paused_fields(small) == fields
    assert writes_of(small) in ([], ["DELETE /sourceConnections"])
    apply_config(small, flags=RESUME)
    assert live(small) == wanted


@pytest.mark.parametrize("way", PAUSES)
def test_a_patch_writes_each_pause_into_the_yaml(small: World, way: str) -> None:
    pause = PAUSES[way]
    paused_world(small, pause)
    before = live(small)
    patched = run_accept(small)
    assert [left.reason for left in patched.unaccepted] == []
    assert patched.edited_files
    assert paused_fields(small) == set()
    apply_config(small)
    assert live(small) == before
    assert not drift.has_failures(drift.build_drift_report(small.plan(), end_warning=0))


# -- starts -----------------------------------------------------------------------------------------------------------


def start_of(world: World) -> int:
    return int(world.flow("orders")["scheduleParams"]["startTime"])


def test_a_resumed_start_is_the_next_run_time_and_never_in_the_past(small: World) -> None:
    apply_config(small, orders(**BASE))
    small.emulator.advance(10 * DAY)
    move_start(small, YEAR)
    small.emulator.advance(5 * DAY + HOUR)
    small.forget_requests()
    apply_config(small, flags=RESUME)
    assert small.writes() == ["PATCH /flows"]
    assert start_of(small) == FIRST + 15 * DAY
    assert start_of(small) > small.emulator.now + 1800


def test_a_start_that_is_past_or_next_is_no_pause(small: World) -> None:
    apply_config(small, orders(**BASE))
    small.emulator.ui.schedule("orders", {"startTime": FIRST - DAY})
    assert field_causes(small.plan()) == {}
    small.emulator.ui.schedule("orders", {"startTime": FIRST})
    assert field_causes(small.plan()) == {}
    small.emulator.advance(3 * DAY)
    assert field_causes(small.plan()) == {}


def test_another_time_of_day_within_a_day_is_drift_and_no_pause(small: World) -> None:
    apply_config(small, orders(**BASE))
    small.emulator.ui.schedule("orders", {"startTime": FIRST + 4 * HOUR})
    assert field_causes(small.plan()) == {"schedule.at": Cause.DRIFT}


def test_a_new_time_of_day_waits_for_a_moved_start(small: World) -> None:
    apply_config(small, orders(**BASE))
    move_start(small, YEAR)
    small.write(orders(**BASE, schedule={"every": "1 day", "at": "05:00"}))
    assert field_causes(small.plan()) == {"schedule.at": Cause.PAUSED, "schedule.start": Cause.PAUSED}
    assert writes_of(small) == []
    apply_config(small, flags=RESUME)
    assert start_of(small) == FIRST + 3 * HOUR


def test_a_new_interval_is_written_and_the_start_stays_moved(small: World) -> None:
    apply_config(small, orders(**BASE))
    move_start(small, YEAR)
    small.write(orders(**BASE, schedule={"every": "6 hours", "at": "02:00"}))
    assert field_causes(small.plan()) == {"schedule.every": Cause.PENDING, "schedule.start": Cause.PAUSED}
    apply_config(small)
    assert start_of(small) == FIRST + YEAR
    assert field_causes(small.plan()) == {"schedule.start": Cause.PAUSED}
    apply_config(small, flags=RESUME)
    assert start_of(small) == START + 6 * HOUR


def test_a_shorter_interval_of_a_flow_that_has_not_begun_keeps_its_start_and_is_no_pause(small: World) -> None:
    apply_config(small, orders(**BASE))
    apply_config(small, orders(**BASE, schedule={"every": "6 hours", "at": "02:00"}))
    assert start_of(small) == FIRST
    assert field_causes(small.plan()) == {}
    move_start(small, 6 * HOUR)
    assert field_causes(small.plan()) == {"schedule.start": Cause.PAUSED}


@pytest.mark.parametrize("start", ["2027-02-01", "2028-03-01T05:00:00Z"])
def test_the_start_of_the_yaml_is_no_pause_and_moves_with_the_yaml(small: World, start: str) -> None:
    apply_config(small, orders(**BASE, schedule={"every": "1 day", "at": "02:00", "start": start}))
    assert field_causes(small.plan()) == {}
    small.write(orders(**BASE, schedule={"every": "1 day", "at": "02:00"}))
    assert field_causes(small.plan()) == {"schedule.start": Cause.PENDING}
    assert writes_of(small) == ["PATCH /flows"]
    assert start_of(small) == FIRST
    small.write(orders(**BASE, schedule={"every": "1 day", "at": "02:00", "start": start}))
    assert field_causes(small.plan()) == {"schedule.start": Cause.PENDING}
    apply_config(small)
    assert start_of(small) > FIRST


def test_a_start_moved_before_the_one_of_the_yaml_is_drift_until_the_flow_has_begun(small: World) -> None:
    apply_config(small, orders(**BASE, schedule={"every": "1 day", "at": "02:00", "start": "2027-02-01"}))
    declared = start_of(small)
    move_start(small, -7 * DAY)
    assert field_causes(small.plan()) == {"schedule.start": Cause.DRIFT}
    apply_config(small)
    assert (start_of(small), field_causes(small.plan())) == (declared, {})
    move_start(small, -7 * DAY)
    small.emulator.set_time(declared - 6 * DAY)
    assert field_causes(small.plan()) == {}


def test_a_start_of_the_yaml_has_no_effect_on_a_flow_that_has_begun(small: World) -> None:
    apply_config(small, orders(**BASE))
    small.emulator.advance(3 * DAY)
    small.write(orders(**BASE, schedule={"every": "1 day", "at": "02:00", "start": "2027-06-01"}))
    assert field_causes(small.plan()) == {"schedule.start": Cause.ALREADY_MATCHES}
    apply_config(small)
    assert start_of(small) == FIRST
    move_start(small, YEAR)
    assert field_causes(small.plan()) == {"schedule.start": Cause.PAUSED}


def without_start_digest(world: World) -> None:
    """Take the digest of the start out of the marker, as a version before it wrote one."""
    flow = world.flow("orders")
    text, found = marker.parse_marker(flow["description"], FLOW)
    assert found is not None
    old = replace(found, applied={k: v for k, v in found.applied.items() if k != "schedule.start"})
    described = marker.format_description(text, "https://github.com/acme/exports", old, FLOW)
    world.emulator.ui.load({"flows": [{**flow, "description": described}]}, sandbox=SANDBOX)


def test_a_marker_without_the_start_is_read_and_a_moved_start_is_a_pause(small: World) -> None:
    apply_config(small, orders(**BASE))
    without_start_digest(small)
    assert field_causes(small.plan()) == {}
    assert writes_of(small) == []  # no write only to complete a marker
    move_start(small, YEAR)
    assert field_causes(small.plan()) == {"schedule.start": Cause.PAUSED}
    apply_config(small, orders(**BASE, description="More"))
    assert field_causes(small.plan()) == {"schedule.start": Cause.PAUSED}
    apply_config(small, flags=RESUME)
    assert start_of(small) == FIRST


def test_a_marker_without_the_start_learns_a_start_that_the_yaml_declares(small: World) -> None:
    yaml = orders(**BASE, schedule={"every": "1 day", "at": "02:00", "start": "2027-02-01"})
    apply_config(small, yaml)
    without_start_digest(small)
    plan = small.plan()
    assert (field_causes(plan), item(plan).verb) == ({"schedule.start": Cause.ALREADY_MATCHES}, Verb.MARK)
    apply_config(small)
    assert field_causes(small.plan()) == {}


# -- datasets ---------------------------------------------------------------------------------------------------------

THREE = {**BASE, "datasets": ["Orders", "Returns", "App Events"]}


def live_datasets(world: World) -> set[str]:
    return set(live(world)["datasets"])


def test_lists_that_both_sides_changed_are_blocked_until_the_flag_or_an_edit(small: World) -> None:
    apply_config(small, orders(**BASE))
    small.emulator.ui.datasets("orders", ["Returns"])
    small.write(orders(**THREE))
    assert field_causes(small.plan()) == {"datasets": Cause.CONFLICT}
    assert safety_checks(small.plan()) == ["datasets-conflict"]
    (refusal,) = item(small.plan()).refusals
    assert "--resume exports.orders" in refusal.allow
    assert safety_checks(small.plan(RESUME)) == []
    small.write(orders(**{**BASE, "datasets": ["Returns"]}))
    assert field_causes(small.plan()) == {"datasets": Cause.ALREADY_MATCHES}
    small.write(orders(**THREE))
    apply_config(small, flags=RESUME)
    assert live_datasets(small) == {dataset(small, name) for name in THREE["datasets"]}


def test_a_dataset_that_a_person_exchanged_or_added_is_drift(small: World) -> None:
    apply_config(small, orders(**BASE))
    small.emulator.ui.datasets("orders", ["Orders", "App Events"])
    assert field_causes(small.plan()) == {"datasets": Cause.DRIFT}
    small.emulator.ui.datasets("orders", THREE["datasets"])
    assert field_causes(small.plan()) == {"datasets": Cause.DRIFT}


def test_a_dataset_that_the_yaml_takes_out_is_a_pending_change(small: World) -> None:
    apply_config(small, orders(**THREE))
    small.write(orders(**BASE))
    assert field_causes(small.plan()) == {"datasets": Cause.PENDING}


@pytest.mark.parametrize("way", PAUSES)
def test_a_replacement_does_not_undo_a_pause(small: World, way: str) -> None:
    pause = PAUSES[way]
    paused_world(small, pause)
    small.write(orders(**{**BASE, **pause.yaml, "destination": "gcs"}))
    allowed = PlanOptions(allow_replace=("*",))
    (refusal,) = item(small.plan(allowed)).refusals
    assert refusal.safety_check == "paused"
    assert {name for name in pause.fields if name in refusal.text} >= pause.fields - {"schedule.at"}
    assert safety_checks(small.plan(PlanOptions(allow_replace=("*",), resume=("exports.orders",)))) == []


def test_a_pause_names_its_actor(small: World) -> None:
    for way in ("start moved", "datasets taken out"):
        paused_world(small, PAUSES[way])
        (name,) = PAUSES[way].fields
        actor = field_change(small.plan(), name).actor
        assert actor is not None
        assert (actor.by, actor.client) == ("someone@AdobeID", "exc_app")


# -- pauses among other things ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [w for w in PAUSES if w != "datasets taken out"])
def test_one_part_of_a_split_export_is_paused_alone(small: World, way: str) -> None:
    pause = PAUSES[way]
    yaml = orders(**{**BASE, **pause.yaml, "split_by": "dataset"})
    apply_config(small, yaml)
    paused, other = (f["name"] for f in objects(small, "flows"))
    part = f"exports.orders/{paused.rpartition(' ')[2].lower()}"
    rest = f"exports.orders/{other.rpartition(' ')[2].lower()}"
    pause_by_name(small, way, paused)
    assert field_causes(small.plan(), part) == dict.fromkeys(pause.fields, Cause.PAUSED)
    assert field_causes(small.plan(), rest) == {}
    assert writes_of(small) == []
    apply_config(small, flags=PlanOptions(resume=(part,)))
    assert field_causes(small.plan(), part) == {}


def pause_by_name(world: World, way: str, title: str) -> None:
    """The pause of a flow with another name."""
    start = world.flow(title)["scheduleParams"]["startTime"]
    edits: dict[str, Callable[[], Any]] = {
        "disabled": lambda: world.emulator.ui.disable(title),
        "end moved earlier": lambda: world.emulator.ui.end(title, START + 90 * DAY),
        "rolling end moved earlier": lambda: world.emulator.ui.end(title, START + 90 * DAY),
        "start moved by one interval": lambda: world.emulator.ui.start(title, start + DAY),
        "start moved to another time of day": lambda: world.emulator.ui.start(title, start + YEAR + 12345),
    }
    edits.get(way, lambda: world.emulator.ui.start(title, start + YEAR))()


@pytest.mark.parametrize("way", PAUSES)
def test_a_pause_survives_a_rename_of_its_key(small: World, way: str) -> None:
    pause = PAUSES[way]
    paused_world(small, pause)
    before = live(small)
    renamed = {**BASE, **pause.yaml, "renamed_from": "orders", "title": "orders"}
    apply_config(small, config(exports={"sales": renamed}))
    assert {p for p, c in field_causes(small.plan(), "exports.sales").items() if c is Cause.PAUSED} == pause.fields
    assert live(small) == before


@pytest.mark.parametrize("way", PAUSES)
def test_an_environment_that_changes_another_field_does_not_end_a_pause(small: World, way: str) -> None:
    pause = PAUSES[way]
    plain = orders(**{**BASE, **pause.yaml})
    sandbox = plain["platform"].pop("sandbox")
    environments = {"prod": {"platform": {"sandbox": sandbox}}}
    small.write({**plain, "environments": environments})
    assert small.apply(environment="prod")[1].passed
    pause.by_hand(small)
    before = live(small)
    overlay = {"platform": {"sandbox": sandbox}, "exports": {"orders": {"description": "Of prod"}}}
    small.write({**plain, "environments": {"prod": overlay}})
    assert small.apply(environment="prod")[1].passed
    assert live(small) == before
    causes = field_causes(small.plan(environment="prod"))
    assert {name for name, cause in causes.items() if cause is Cause.PAUSED} == pause.fields


@pytest.mark.parametrize(
    ("way", "flags"),
    [
        *((way, PlanOptions()) for way in PAUSES if way != "start moved by one interval"),  # which is then no pause
        *((way, RESUME) for way in ("disabled", "start moved", "start moved to another time of day")),
    ],
    ids=lambda v: v if isinstance(v, str) else "resumed" if v.resume else "left paused",
)
def test_an_approval_of_a_plan_with_a_pause_holds_while_time_passes(small: World, way: str, flags: PlanOptions) -> None:
    pause = PAUSES[way]
    paused_world(small, pause)
    small.write(orders(**{**BASE, **pause.yaml, "description": "More"}))
    digest = approval_digest(small.plan(flags))
    small.emulator.advance(30 * HOUR)
    assert approval_digest(small.plan(flags)) == digest


@pytest.mark.parametrize("way", PAUSES)
def test_a_protected_export_is_paused_and_resumed_like_any_other(small: World, way: str) -> None:
    pause = PAUSES[way]
    apply_config(small, orders(**{**BASE, **pause.yaml, "protect": True}))
    wanted = live(small)
    pause.by_hand(small)
    assert paused_fields(small) == pause.fields
    assert small.plan().is_refused is False
    apply_config(small, flags=RESUME)
    assert live(small) == wanted


def test_a_new_flow_does_not_take_over_what_a_moved_start_stopped(small: World) -> None:
    apply_config(small, orders(**BASE))
    move_start(small, YEAR)
    removed = [{"export": "orders", "do": "delete", "reason": "x"}]
    small.write({**config(exports={"sales": {**BASE, "subpath": "new"}}), "removed": removed})
    assert safety_checks(small.plan(), "exports.sales") == ["paused"]


def test_no_resumption_asks_for_a_full_re_export_but_that_of_datasets(small: World) -> None:
    costs = {}
    for way, pause in PAUSES.items():
        apply_config(small, orders(**{**BASE, **pause.yaml}), RESUME)
        pause.by_hand(small)
        costs[way] = {c.rule for c in item(small.plan(RESUME)).consequences if c.level == "cost"}
    assert {way for way, rules in costs.items() if rules} == {"datasets taken out"}
