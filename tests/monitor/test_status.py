"""How an export fares: every word by its rule, the moments beside it, and flows of others that end soon."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl.errors import Finding, Level
from exportctl.model.other_flow import OtherFlow
from exportctl.model.plan import (
    Address,
    Cause,
    FieldChange,
    LiveObject,
    Marker,
    Plan,
    PlanHeader,
    PlanItem,
    Verb,
)
from exportctl.model.project import Expect, Project
from exportctl.model.schedule import DAY, HOUR
from exportctl.monitor.status import ExportHealth, FlowState, HealthResult, StatusReport, status
from exportctl.plan.ownership import build_ownership
from exportctl.resources.destinations.amazon_s3 import AMAZON_S3
from exportctl.resources.last_run import LastRun, last_run
from exportctl.resources.run import RunStatus
from tests.plan.value_builders import NOW, make_object, orders, project, sandbox

ORDERS = Address("exports", "orders")
HEADER = PlanHeader("org", "demo", None, "acme", "service")
TWO = NOW - 6 * HOUR  # the tick of today, 02:00
LONG_AGO = TWO - 10 * DAY
WITHIN = 2 * HOUR


def last_run_json(state: str = "success", started: int = TWO, **more: Any) -> dict[str, Any]:
    return {"id": "r", "state": state, "startedAtUTC": started * 1000, "completedAtUTC": (started + 90) * 1000, **more}


def flow(identity: str = "f", marker: str = "orders", changed: int = LONG_AGO, **raw: Any) -> LiveObject:
    """A daily flow at 02:00 that ran today; `raw` replaces what the service shows."""
    schedule = {
        "timeUnit": "day",
        "interval": 1,
        "startTime": LONG_AGO + DAY,
        "endTime": NOW + 100 * DAY,
        **raw.pop("schedule", {}),
    }
    shown = {
        "createdAt": LONG_AGO * 1000,
        "updatedAt": changed * 1000,
        "state": "enabled",
        "flowSpec": {"id": AMAZON_S3.flow_spec},
        "scheduleParams": {k: v for k, v in schedule.items() if v is not None},
        "lastRunDetails": last_run_json(),
        **raw,
    }
    ids = {"sourceConnectionIds": [f"s-{identity}"], "targetConnectionIds": [f"t-{identity}"]}
    return make_object("flow", identity, Marker("acme", "e", marker), **ids, **shown)


def item(**changes: Any) -> PlanItem:
    return replace(PlanItem(ORDERS, Verb.UNCHANGED, id="f"), **changes)


PAUSE_CHANGE = FieldChange("enabled", "enabled", False, True, Cause.PAUSED)


def report(
    live: LiveObject | None = None, planned: PlanItem | None = None, expiring: int | None = None, **declared: Any
) -> StatusReport:
    plan = Plan(HEADER, NOW, (planned or item(),))
    ownership = build_ownership(sandbox(live or flow()), "acme")
    return status(plan, ownership, project(orders(**declared)), expiring=expiring)


def health(*given: Any, **named: Any) -> ExportHealth:
    (one,) = report(*given, **named).exports
    return one


ONCE = {"interval": 0}
TABLE: dict[str, tuple[LiveObject, PlanItem, HealthResult, FlowState]] = {
    "the last run succeeded": (flow(), item(), HealthResult.OK, FlowState.ENABLED),
    "the last run is under way": (
        flow(lastRunDetails=last_run_json("inProgress", completedAtUTC=None)),
        item(),
        HealthResult.OK,
        FlowState.ENABLED,
    ),
    "the last run failed": (
        flow(lastRunDetails=last_run_json("failed")),
        item(),
        HealthResult.FAILED,
        FlowState.ENABLED,
    ),
    "the last run had errors": (
        flow(lastRunDetails=last_run_json("PARTIAL_SUCCESS")),
        item(),
        HealthResult.FAILED,
        FlowState.ENABLED,
    ),
    "an old failure and a missed run": (
        flow(lastRunDetails=last_run_json("failed", TWO - DAY)),
        item(),
        HealthResult.FAILED,
        FlowState.ENABLED,
    ),
    "the last run is older than the tick": (
        flow(lastRunDetails=last_run_json(started=TWO - DAY)),
        item(),
        HealthResult.OVERDUE,
        FlowState.ENABLED,
    ),
    "the same, changed since the tick": (
        flow(lastRunDetails=last_run_json(started=TWO - DAY), changed=TWO + 60),
        item(),
        HealthResult.OK,
        FlowState.ENABLED,
    ),
    "no run after a tick": (flow(lastRunDetails=None), item(), HealthResult.NEVER_RAN, FlowState.ENABLED),
    "no run, the first tick ahead": (
        flow(lastRunDetails=None, schedule={"startTime": NOW + DAY}),
        item(),
        HealthResult.WAITING,
        FlowState.ENABLED,
    ),
    "no run, the tick an hour ago": (
        flow(lastRunDetails=None, schedule={"startTime": NOW - HOUR}),
        item(),
        HealthResult.WAITING,
        FlowState.ENABLED,
    ),
    "paused by hand": (flow(state="disabled"), item(fields=(PAUSE_CHANGE,)), HealthResult.PAUSED, FlowState.PAUSED),
    "paused by an end in the past": (
        flow(schedule={"endTime": NOW - DAY}),
        item(fields=(replace(PAUSE_CHANGE, path="end", field="end"),)),
        HealthResult.PAUSED,
        FlowState.PAUSED,
    ),
    "off as declared": (flow(state="disabled"), item(), HealthResult.DISABLED, FlowState.DISABLED),
    "off as accepted, after a failure": (
        flow(state="disabled", lastRunDetails=last_run_json("failed")),
        item(fields=(replace(PAUSE_CHANGE, cause=Cause.ACCEPTED),)),
        HealthResult.DISABLED,
        FlowState.DISABLED,
    ),
    "its end is over": (flow(schedule={"endTime": NOW}), item(), HealthResult.EXPIRED, FlowState.EXPIRED),
    "no end shown, seven months old": (
        flow(schedule={"endTime": None}, createdAt=(NOW - 215 * DAY) * 1000),
        item(),
        HealthResult.EXPIRED,
        FlowState.EXPIRED,
    ),
    "its end is near": (flow(schedule={"endTime": NOW + 30 * DAY}), item(), HealthResult.ENDING, FlowState.ENDING),
    "its end is near and the last run failed": (
        flow(schedule={"endTime": NOW + 30 * DAY}, lastRunDetails=last_run_json("failed")),
        item(),
        HealthResult.FAILED,
        FlowState.ENDING,
    ),
    "its end is a second beyond the warning": (
        flow(schedule={"endTime": NOW + 30 * DAY + 1}),
        item(),
        HealthResult.OK,
        FlowState.ENABLED,
    ),
    "once, done": (
        flow(schedule={**ONCE, "startTime": TWO, "endTime": None}),
        item(),
        HealthResult.FINISHED,
        FlowState.FINISHED,
    ),
    "once, done, with an end that is over": (
        flow(schedule={**ONCE, "startTime": TWO, "endTime": NOW - 1}),
        item(),
        HealthResult.FINISHED,
        FlowState.FINISHED,
    ),
    "once, failed": (
        flow(schedule={**ONCE, "startTime": TWO, "endTime": None}, lastRunDetails=last_run_json("failed")),
        item(),
        HealthResult.FAILED,
        FlowState.FINISHED,
    ),
    "once, under way": (
        flow(
            schedule={**ONCE, "startTime": TWO, "endTime": None}, lastRunDetails=last_run_json("", completedAtUTC=None)
        ),
        item(),
        HealthResult.OK,
        FlowState.ENABLED,
    ),
    "once, ahead": (
        flow(schedule={**ONCE, "startTime": NOW + DAY, "endTime": None}, lastRunDetails=None),
        item(),
        HealthResult.WAITING,
        FlowState.ENABLED,
    ),
    "once, its moment missed, changed since": (
        flow(schedule={**ONCE, "startTime": TWO, "endTime": None}, lastRunDetails=None, changed=NOW - HOUR),
        item(),
        HealthResult.NEVER_RAN,
        FlowState.ENABLED,
    ),
    "a schedule that cannot be read": (
        flow(schedule={"timeUnit": "moon"}),
        item(),
        HealthResult.UNKNOWN,
        FlowState.UNKNOWN,
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_the_word_and_the_state_of_an_export(case: str) -> None:
    live, planned, word, state = TABLE[case]
    assert (health(live, planned).result, health(live, planned).state) == (word, state)


def test_every_word_of_an_export_with_a_flow_is_in_the_table() -> None:
    assert {row[2] for row in TABLE.values()} == set(HealthResult) - {HealthResult.NOT_APPLIED, HealthResult.MOVED}
    assert {row[3] for row in TABLE.values()} == set(FlowState) - {FlowState.NOT_APPLIED, FlowState.MOVED}


def test_a_run_is_overdue_only_after_the_time_the_export_expects() -> None:
    late = flow(lastRunDetails=last_run_json(started=TWO - DAY))
    assert health(late, expect=Expect(within=NOW - TWO)).result is HealthResult.OVERDUE
    assert health(late, expect=Expect(within=NOW - TWO + 1)).result is HealthResult.OK
    assert "a run was due 2027-01-15 02:00 UTC" in health(late).notes


def test_moments_beside_the_word() -> None:
    one = health()
    assert one.last_run == LastRun("r", RunStatus.DONE, TWO, TWO + 90)
    assert (one.next_run, one.ends, one.assumed_end) == (TWO + DAY, NOW + 100 * DAY, False)


def test_what_is_off_or_over_has_no_next_run() -> None:
    assert health(flow(state="disabled")).next_run is None
    assert health(flow(schedule={"endTime": NOW})).next_run is None
    assert health(flow(schedule={"endTime": TWO + DAY})).next_run is None
    finished = health(flow(schedule={**ONCE, "startTime": TWO, "endTime": NOW + DAY}))
    assert (finished.next_run, finished.ends) == (None, None)


def test_an_end_the_service_does_not_show_is_said_to_be_assumed() -> None:
    one = health(flow(schedule={"endTime": None}))
    assert one.assumed_end
    assert one.notes == ("the service shows no end; six months after its creation is assumed",)


@pytest.mark.parametrize(
    ("planned", "declared", "notes"),
    [
        (item(verb=Verb.CREATE, id=None), {}, ()),
        (
            item(verb=Verb.CREATE, id=None, findings=(Finding("flow-gone", "gone", level=Level.WARNING),)),
            {},
            ("the flow was deleted, or is hidden from us: see exportctl drift",),
        ),
        (
            item(verb=Verb.COMPLETE, id=None),
            {"enabled": False},
            ("an interrupted run began to make it: apply completes it", "the config declares it off"),
        ),
        (item(id="not-in-this-sandbox"), {}, ()),
    ],
    ids=["declared", "gone", "half-built and off", "an id that is not there"],
)
def test_an_export_without_a_flow_is_not_applied(
    planned: PlanItem, declared: dict[str, Any], notes: tuple[str, ...]
) -> None:
    assert health(None, planned, **declared) == ExportHealth(
        ORDERS, None, FlowState.NOT_APPLIED, HealthResult.NOT_APPLIED, notes=notes
    )


def test_notes_say_what_else_is_known() -> None:
    failed = flow(lastRunDetails=last_run_json("failed", TWO - DAY))
    renewed = FieldChange("end", "end", NOW + DAY, NOW + 180 * DAY, Cause.RENEWAL)
    assert health(failed, item(fields=(renewed,))).notes == (
        "a run was due 2027-01-15 02:00 UTC",
        "the last run failed: see exportctl runs exports.orders",
        "the rolling end is due: run exportctl renew",
    )


def test_duplicates_and_flows_that_are_no_longer_declared_are_named() -> None:
    ownership = build_ownership(sandbox(flow(), flow("g"), flow("h", "former")), "acme")
    items = (item(), PlanItem(Address("exports", "former"), Verb.DELETE, id="h"))
    rows = status(Plan(HEADER, NOW, items), ownership, project(orders())).exports
    assert [(str(one.address), one.notes) for one in rows] == [
        ("exports.orders", ("2 flows carry this address, this is f: see exportctl drift",)),
        ("exports.former", ("the config does not declare it any more: see exportctl plan",)),
    ]


def test_orphans_of_an_export_that_is_gone_are_no_export() -> None:
    orphan = PlanItem(Address("exports", "former"), Verb.CLEAN)
    assert status(Plan(HEADER, NOW, (orphan,)), build_ownership(sandbox(), "acme"), project(orders())).exports == ()


def unmanaged_flow(identity: str, ends: int | None) -> OtherFlow:
    return OtherFlow(identity, identity.upper(), "amazon-s3", None, True, ends, False)


OTHERS = tuple(unmanaged_flow(*pair) for pair in (("a", NOW + 9 * DAY), ("b", NOW + 2 * DAY), ("c", NOW), ("d", None)))


def report_of_others(declared: Project, expiring: int | None) -> StatusReport:
    plan = Plan(HEADER, NOW, (), other_flows=OTHERS)
    return status(plan, build_ownership(sandbox(), "acme"), declared, expiring=expiring)


def test_flows_of_others_are_counted_and_listed_when_asked_for() -> None:
    assert (report_of_others(project(), None).unmanaged, report_of_others(project(), None).ending) == (4, None)
    assert [u.id for u in report_of_others(project(), 9 * DAY).ending or ()] == ["b", "a"]
    assert [u.id for u in report_of_others(project(), 9 * DAY - 1).ending or ()] == ["b"]
    assert (report_of_others(project(), None).expired, report_of_others(project(), DAY).expired) == (None, 1)


def test_expiring_takes_the_place_of_the_policy() -> None:
    near = flow(schedule={"endTime": NOW + 50 * DAY})
    assert (health(near).result, report(near).warning) == (HealthResult.OK, 30 * DAY)
    assert (health(near, None, 50 * DAY).result, report(near, None, 50 * DAY).warning) == (
        HealthResult.ENDING,
        50 * DAY,
    )


def test_counts_hold_every_word() -> None:
    assert report().counts() == {word.value: int(word is HealthResult.OK) for word in HealthResult}


def test_errors_of_the_plan_are_errors_of_the_status() -> None:
    broken = Finding("dataset-unknown", "no such dataset")
    assert report(None, item(findings=(broken, Finding("x", "y", level=Level.WARNING)))).errors == (broken,)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (None, None),
        ({"state": "success"}, None),
        ({"startedAtUTC": 0, "completedAtUTC": 0}, None),
        ({"id": "r", "state": "failed", "completedAtUTC": 5000}, LastRun("r", RunStatus.FAILED, 5, 5)),
        ({"startedAtUTC": "5000", "completedAtUTC": 7999}, LastRun("", RunStatus.DONE, 5, 7)),
        ("text", None),
    ],
    ids=["nothing", "no moment", "zero moments", "no start", "no state but an end", "no object"],
)
def test_last_run_details_are_read_whatever_is_missing(shown: Any, expected: LastRun | None) -> None:
    assert last_run({"lastRunDetails": shown}) == expected
