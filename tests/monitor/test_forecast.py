"""When exports run next: lanes, what keeps them empty, what starts together, and how the plan changes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl.errors import Finding
from exportctl.model.plan import (
    Address,
    Cause,
    FieldChange,
    LiveObject,
    Marker,
    Plan,
    PlanHeader,
    PlanItem,
    Refusal,
    Verb,
)
from exportctl.model.project import Account
from exportctl.model.schedule import DAY, HOUR
from exportctl.monitor.forecast import FlowForecast, Forecast, SimultaneousRuns, forecast
from exportctl.plan.desired import build_desired_state
from exportctl.plan.ownership import build_ownership
from exportctl.resources.destinations.amazon_s3 import AMAZON_S3
from exportctl.resources.destinations.sftp import SFTP
from tests.plan.value_builders import NOW, build_desired, desired_export, make_object, orders, project, sandbox

HEADER = PlanHeader("org", "demo", None, "acme", "service")
TOMORROW = NOW + 18 * HOUR  # 2027-01-16 02:00 UTC
Objects = tuple[LiveObject, ...]
DATASETS = ["a" * 24, "b" * 24, "c" * 24]


def flow(name: str = "orders", owner: str | None = "acme", base: str = "b", **schedule: Any) -> Objects:
    """A daily flow at 02:00 with three datasets and its connections; its id is its name."""
    state = schedule.pop("state", "enabled")
    card = schedule.pop("card", AMAZON_S3)
    params = {"timeUnit": "day", "interval": 1, "startTime": TOMORROW - 9 * DAY, "endTime": NOW + 100 * DAY, **schedule}
    marker = Marker(owner, "e", name) if owner else None
    ids = {"sourceConnectionIds": [f"s-{name}"], "targetConnectionIds": [f"t-{name}"]}
    entries = {"datasets": [{"dataSetId": one, "name": one} for one in DATASETS]}
    return (
        make_object("flow", name, marker, **ids, state=state, flowSpec={"id": card.flow_spec}, scheduleParams=params),
        make_object("source_connection", f"s-{name}", marker, params=entries),
        make_object("target_connection", f"t-{name}", marker, baseConnectionId=base),
    )


OURS = make_object("base_connection", "b", Marker("acme", "d", "lake"))
THEIRS = make_object("base_connection", "x")


def item(name: str = "orders", **changes: Any) -> PlanItem:
    return PlanItem(Address("exports", name), changes.pop("verb", Verb.UNCHANGED), **{"id": name, **changes})


def build_forecast(*flows: Objects, items: tuple[PlanItem, ...] = (), days: int = 7, planned: bool = False) -> Forecast:
    ownership = build_ownership(sandbox(OURS, THEIRS, *(one for each in flows for one in each)), "acme")
    return forecast(Plan(HEADER, NOW, items or (item(),)), ownership, build_desired(), days=days, planned=planned)


def lane(*given: Any, **named: Any) -> FlowForecast:
    (one,) = build_forecast(*given, **named).flows
    return one


def test_a_daily_export_runs_each_day_of_the_window() -> None:
    one = lane(flow())
    assert one == FlowForecast(
        Address("exports", "orders"),
        "orders",
        "every 1 day at 02:00 UTC",
        "destinations.lake",
        "amazon-s3",
        3,
        tuple(TOMORROW + n * DAY for n in range(7)),
    )


def test_the_window_begins_after_now_and_ends_before_its_end() -> None:
    hourly = flow(timeUnit="hour", interval=3, startTime=NOW - 3 * DAY)
    one = lane(hourly, days=1)
    assert one.runs == tuple(NOW + n * 3 * HOUR for n in range(1, 8))
    assert (build_forecast(hourly, days=1).until, build_forecast(hourly, days=1).days) == (NOW + DAY, 1)


def test_no_run_comes_after_the_end() -> None:
    one = lane(flow(endTime=TOMORROW + 2 * DAY))
    assert (len(one.runs), one.runs[-1], one.ends) == (2, TOMORROW + DAY, TOMORROW + 2 * DAY)


@pytest.mark.parametrize(
    ("days", "ends"), [(3, None), (4, NOW + 3 * DAY)], ids=["at the very end of the window", "inside"]
)
def test_an_end_counts_inside_the_window(days: int, ends: int | None) -> None:
    assert lane(flow(endTime=NOW + 3 * DAY), days=days).ends == ends


PAUSE_CHANGE = FieldChange("enabled", "enabled", False, True, Cause.PAUSED)


@pytest.mark.parametrize(
    ("live", "planned", "why"),
    [
        ({"state": "disabled"}, item(), "disabled"),
        ({"state": "disabled"}, item(fields=(PAUSE_CHANGE,)), "paused by hand"),
        ({"endTime": NOW - DAY}, item(), "ended 2027-01-14 08:00 UTC"),
        ({"timeUnit": "moon"}, item(), 'schedule "1 moon": exportctl cannot read it'),
        ({"interval": 0, "startTime": NOW - DAY}, item(), "once, at 2027-01-14 08:00 UTC"),
        ({"startTime": NOW + 10 * DAY}, item(), "next run 2027-01-25 08:00 UTC"),
        ({"startTime": NOW + 10 * DAY, "endTime": NOW + 9 * DAY}, item(), "no run before its end"),
    ],
    ids=["off", "off by hand", "ended", "unreadable", "once and over", "later", "ends first"],
)
def test_a_lane_without_runs_says_why(live: dict[str, Any], planned: PlanItem, why: str) -> None:
    one = lane(flow(**live), items=(planned,))
    assert (one.runs, one.no_run_reason) == ((), why)


def test_an_export_that_is_not_applied_has_an_empty_lane() -> None:
    one = lane(items=(item(id=None, verb=Verb.CREATE, schedule="every 1 day at 02:00 UTC"),))
    assert (one.flow, one.schedule, one.runs, one.no_run_reason) == (
        None,
        "every 1 day at 02:00 UTC",
        (),
        "not applied",
    )


def test_what_is_left_of_an_export_that_is_gone_has_no_lane() -> None:
    orphans = (item("former", id=None, verb=Verb.CLEAN),)
    assert build_forecast(items=orphans).flows == ()
    assert build_forecast(items=orphans, planned=True).flows == ()


def test_duplicates_have_a_lane_each() -> None:
    (first, *rest) = flow()
    second = make_object(
        "flow", "second", first.marker, **{k: v for k, v in first.raw.items() if k not in ("id", "description")}
    )
    assert [one.flow for one in build_forecast((first, second, *rest)).flows] == ["orders", "second"]


# -- together ---------------------------------------------------------------------------------------------------------


def test_flows_of_one_account_that_start_at_the_same_moment_are_grouped() -> None:
    report = build_forecast(flow(), flow("other", startTime=TOMORROW + 3 * DAY), items=(item(), item("other")))
    moments = tuple(TOMORROW + n * DAY for n in range(3, 7))
    members = ("exports.orders", "exports.other")
    assert report.simultaneous_runs == (SimultaneousRuns("destinations.lake", "amazon-s3", members, 6, moments),)


def test_flows_of_different_accounts_or_moments_are_not() -> None:
    items = (item(), item("other"))
    assert build_forecast(flow(), flow("other", base="x"), items=items).simultaneous_runs == ()
    assert build_forecast(flow(), flow("other", startTime=TOMORROW + HOUR), items=items).simultaneous_runs == ()


def test_flows_of_others_on_the_account_count_and_have_no_lane() -> None:
    report = build_forecast(flow(), flow("theirs", None), flow("elsewhere", None, base="x"), flow("targeted-out"))
    assert [one.flow for one in report.flows] == ["orders"]
    assert [one.members for one in report.simultaneous_runs] == [
        ("exports.orders", "exports.targeted-out", 'flow theirs "theirs"')
    ]


def test_what_starts_together_without_any_lane_is_not_shown() -> None:
    later = flow(startTime=TOMORROW + HOUR)
    assert build_forecast(later, flow("a", None), flow("b", None)).simultaneous_runs == ()


@pytest.mark.parametrize(("flows", "least"), [(1, 1), (2, 2), (4, 4)])
def test_an_sftp_server_must_take_three_connections_for_ten_datasets(flows: int, least: int) -> None:
    names = [f"e{n}" for n in range(flows)]
    report = build_forecast(*(flow(name, card=SFTP) for name in names), items=tuple(item(name) for name in names))
    (group,) = report.simultaneous_runs
    assert (group.datasets, group.min_connections) == (3 * flows, least)


def test_no_other_storage_has_such_a_limit() -> None:
    (group,) = build_forecast(flow(), flow("other"), items=(item(), item("other"))).simultaneous_runs
    assert group.min_connections is None


def test_an_account_of_others_is_named_with_its_id() -> None:
    assert lane(flow(base="x")).account == '"x" (x)'
    assert lane(flow(base="nowhere")).account == "nowhere"


# -- after the plan ---------------------------------------------------------------------------------------------------


def field_change(name: str, after: object, cause: Cause = Cause.PENDING) -> FieldChange:
    return FieldChange(name, name, None, after, cause)


def lane_after_plan(*fields: FieldChange, live: dict[str, Any] | None = None, **changes: Any) -> FlowForecast:
    planned = item(**{"verb": Verb.UPDATE, "fields": fields, "ends": NOW + 100 * DAY, **changes})
    return lane(flow(**(live or {})), items=(planned,), planned=True)


def test_a_plan_moves_interval_start_and_end() -> None:
    one = lane_after_plan(field_change("schedule.every", "6 hours"), next_after=(NOW + HOUR,), ends=NOW + DAY)
    assert one.runs == tuple(NOW + HOUR + n * 6 * HOUR for n in range(4))
    assert (one.schedule, one.ends) == ("every 6 hours from 03:00 UTC", NOW + DAY)


def test_a_plan_that_changes_nothing_leaves_the_lane_as_it_is() -> None:
    assert lane_after_plan(next_after=(TOMORROW,), verb=Verb.UNCHANGED) == lane(flow())


def test_a_plan_switches_off_and_on() -> None:
    assert lane_after_plan(field_change("enabled", False)).no_run_reason == "disabled"
    assert (
        len(lane_after_plan(field_change("enabled", True), live={"state": "disabled"}, next_after=(TOMORROW,)).runs)
        == 7
    )


def test_a_paused_flow_stays_paused() -> None:
    assert lane_after_plan(PAUSE_CHANGE, live={"state": "disabled"}).no_run_reason == "paused by hand"


def test_a_plan_changes_how_many_datasets_there_are() -> None:
    assert lane_after_plan(field_change("datasets", [["a", "A"]]), next_after=(TOMORROW,)).datasets == 1


CREATED = (
    field_change("schedule.every", "1 day", Cause.CREATE),
    field_change("datasets", [["a", "A"], ["b", "B"]], Cause.CREATE),
)


@pytest.mark.parametrize("verb", [Verb.CREATE, Verb.COMPLETE])
def test_a_flow_that_will_be_made_runs_from_its_first_start(verb: Verb) -> None:
    new = item(id=None, verb=verb, fields=CREATED, next_after=(TOMORROW + DAY,), ends=NOW + 100 * DAY)
    one = lane(items=(new,), planned=True)
    assert (one.flow, one.account, one.type, one.datasets) == (None, "destinations.lake", "amazon-s3", 2)
    assert one.runs == tuple(TOMORROW + n * DAY for n in range(1, 7))


def test_a_replacement_is_a_new_flow() -> None:
    one = lane_after_plan(*CREATED, verb=Verb.REPLACE, next_after=(TOMORROW,))
    assert (one.flow, len(one.runs), one.datasets) == (None, 7, 2)


@pytest.mark.parametrize(("verb", "why"), [(Verb.DELETE, "deleted"), (Verb.RELEASE, "released")])
def test_what_the_plan_takes_away_has_no_runs(verb: Verb, why: str) -> None:
    one = lane_after_plan(verb=verb)
    assert one.runs == ()
    assert why in (one.no_run_reason or "")


@pytest.mark.parametrize(
    "kept",
    [{"refusals": (Refusal("protect", "protected", "allow it"),)}, {"findings": (Finding("dataset-unknown", "none"),)}],
    ids=["refused", "could not be planned"],
)
def test_what_apply_would_not_do_stays_as_it_is(kept: dict[str, Any]) -> None:
    assert lane_after_plan(field_change("enabled", False), **kept) == lane(flow())


@pytest.mark.parametrize(
    ("account", "label"),
    [
        (Account(id="x"), '"x" (x)'),
        (Account(existing="x"), '"x" (x)'),
        (Account(id="unknown"), "unknown"),
        (Account(existing="unknown"), None),
    ],
)
def test_the_account_of_a_flow_that_will_be_made(account: Account, label: str | None) -> None:
    declared = desired_export().declared
    place = project(orders()).destinations["lake"]
    wanted = build_desired_state(project(declared, destinations=(replace(place, account=account),)), {}, {})
    new = item(id=None, verb=Verb.CREATE, fields=CREATED, next_after=(TOMORROW,))
    report = forecast(
        Plan(HEADER, NOW, (new,)), build_ownership(sandbox(OURS, THEIRS), "acme"), wanted, days=1, planned=True
    )
    assert report.flows[0].account == label


def test_errors_of_the_plan_are_errors_of_the_forecast() -> None:
    broken = Finding("dataset-unknown", "no such dataset")
    assert build_forecast(flow(), items=(item(findings=(broken,)),)).errors == (broken,)
