"""How an export fares: every word by its rule, the moments beside it, and flows of others that end soon."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl.declared import Expect, Project
from exportctl.destination_types import AMAZON_S3
from exportctl.errors import Finding, Level
from exportctl.health.observed import LastRun, last_run
from exportctl.health.status import ExportHealth, State, StatusReport, Word, status
from exportctl.model import Address, Cause, FieldChange, Header, Item, LiveObject, Marker, Plan, Unmanaged, Verb
from exportctl.planning.ownership import survey
from exportctl.runs import RunStatus
from exportctl.schedules import DAY, HOUR
from tests.core.core_parts import NOW, obj, orders, project, sandbox

ORDERS = Address("exports", "orders")
HEADER = Header("org", "demo", None, "acme", "service")
TWO = NOW - 6 * HOUR  # the tick of today, 02:00
LONG_AGO = TWO - 10 * DAY
WITHIN = 2 * HOUR


def last(state: str = "success", started: int = TWO, **more: Any) -> dict[str, Any]:
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
        "lastRunDetails": last(),
        **raw,
    }
    ids = {"sourceConnectionIds": [f"s-{identity}"], "targetConnectionIds": [f"t-{identity}"]}
    return obj("flow", identity, Marker("acme", "e", marker), **ids, **shown)


def item(**changes: Any) -> Item:
    return replace(Item(ORDERS, Verb.NONE, id="f"), **changes)


STOP = FieldChange("enabled", "enabled", False, True, Cause.STOPPED)


def report(
    live: LiveObject | None = None, planned: Item | None = None, expiring: int | None = None, **declared: Any
) -> StatusReport:
    plan = Plan(HEADER, NOW, (planned or item(),))
    estate = survey(sandbox(live or flow()), "acme")
    return status(plan, estate, project(orders(**declared)), expiring=expiring)


def health(*given: Any, **named: Any) -> ExportHealth:
    (one,) = report(*given, **named).exports
    return one


ONCE = {"interval": 0}
TABLE: dict[str, tuple[LiveObject, Item, Word, State]] = {
    "the last run succeeded": (flow(), item(), Word.OK, State.ENABLED),
    "the last run is under way": (
        flow(lastRunDetails=last("inProgress", completedAtUTC=None)),
        item(),
        Word.OK,
        State.ENABLED,
    ),
    "the last run failed": (flow(lastRunDetails=last("failed")), item(), Word.FAILED, State.ENABLED),
    "the last run had errors": (flow(lastRunDetails=last("PARTIAL_SUCCESS")), item(), Word.FAILED, State.ENABLED),
    "an old failure and a missed run": (
        flow(lastRunDetails=last("failed", TWO - DAY)),
        item(),
        Word.FAILED,
        State.ENABLED,
    ),
    "the last run is older than the tick": (
        flow(lastRunDetails=last(started=TWO - DAY)),
        item(),
        Word.OVERDUE,
        State.ENABLED,
    ),
    "the same, changed since the tick": (
        flow(lastRunDetails=last(started=TWO - DAY), changed=TWO + 60),
        item(),
        Word.OK,
        State.ENABLED,
    ),
    "no run after a tick": (flow(lastRunDetails=None), item(), Word.NEVER_RAN, State.ENABLED),
    "no run, the first tick ahead": (
        flow(lastRunDetails=None, schedule={"startTime": NOW + DAY}),
        item(),
        Word.WAITING,
        State.ENABLED,
    ),
    "no run, the tick an hour ago": (
        flow(lastRunDetails=None, schedule={"startTime": NOW - HOUR}),
        item(),
        Word.WAITING,
        State.ENABLED,
    ),
    "stopped by hand": (flow(state="disabled"), item(fields=(STOP,)), Word.STOPPED, State.STOPPED),
    "stopped by an end that is over": (
        flow(schedule={"endTime": NOW - DAY}),
        item(fields=(replace(STOP, path="end", field="end"),)),
        Word.STOPPED,
        State.STOPPED,
    ),
    "off as declared": (flow(state="disabled"), item(), Word.DISABLED, State.DISABLED),
    "off as accepted, after a failure": (
        flow(state="disabled", lastRunDetails=last("failed")),
        item(fields=(replace(STOP, cause=Cause.ACCEPTED),)),
        Word.DISABLED,
        State.DISABLED,
    ),
    "its end is over": (flow(schedule={"endTime": NOW}), item(), Word.EXPIRED, State.EXPIRED),
    "no end shown, seven months old": (
        flow(schedule={"endTime": None}, createdAt=(NOW - 215 * DAY) * 1000),
        item(),
        Word.EXPIRED,
        State.EXPIRED,
    ),
    "its end is near": (flow(schedule={"endTime": NOW + 30 * DAY}), item(), Word.ENDING, State.ENDING),
    "its end is near and the last run failed": (
        flow(schedule={"endTime": NOW + 30 * DAY}, lastRunDetails=last("failed")),
        item(),
        Word.FAILED,
        State.ENDING,
    ),
    "its end is a second beyond the warning": (
        flow(schedule={"endTime": NOW + 30 * DAY + 1}),
        item(),
        Word.OK,
        State.ENABLED,
    ),
    "once, done": (flow(schedule={**ONCE, "startTime": TWO, "endTime": None}), item(), Word.FINISHED, State.FINISHED),
    "once, done, with an end that is over": (
        flow(schedule={**ONCE, "startTime": TWO, "endTime": NOW - 1}),
        item(),
        Word.FINISHED,
        State.FINISHED,
    ),
    "once, failed": (
        flow(schedule={**ONCE, "startTime": TWO, "endTime": None}, lastRunDetails=last("failed")),
        item(),
        Word.FAILED,
        State.FINISHED,
    ),
    "once, under way": (
        flow(schedule={**ONCE, "startTime": TWO, "endTime": None}, lastRunDetails=last("", completedAtUTC=None)),
        item(),
        Word.OK,
        State.ENABLED,
    ),
    "once, ahead": (
        flow(schedule={**ONCE, "startTime": NOW + DAY, "endTime": None}, lastRunDetails=None),
        item(),
        Word.WAITING,
        State.ENABLED,
    ),
    "once, its moment missed, changed since": (
        flow(schedule={**ONCE, "startTime": TWO, "endTime": None}, lastRunDetails=None, changed=NOW - HOUR),
        item(),
        Word.NEVER_RAN,
        State.ENABLED,
    ),
    "a schedule that cannot be read": (flow(schedule={"timeUnit": "moon"}), item(), Word.UNKNOWN, State.UNKNOWN),
}


@pytest.mark.parametrize("case", TABLE)
def test_the_word_and_the_state_of_an_export(case: str) -> None:
    live, planned, word, state = TABLE[case]
    assert (health(live, planned).word, health(live, planned).state) == (word, state)


def test_every_word_but_not_applied_is_in_the_table() -> None:
    assert {row[2] for row in TABLE.values()} == set(Word) - {Word.NOT_APPLIED}
    assert {row[3] for row in TABLE.values()} == set(State) - {State.NOT_APPLIED}


def test_a_run_is_overdue_only_after_the_time_the_export_expects() -> None:
    late = flow(lastRunDetails=last(started=TWO - DAY))
    assert health(late, expect=Expect(within=NOW - TWO)).word is Word.OVERDUE
    assert health(late, expect=Expect(within=NOW - TWO + 1)).word is Word.OK
    assert "a run was due 2027-01-15 02:00 UTC" in health(late).notes


def test_moments_beside_the_word() -> None:
    one = health()
    assert one.last == LastRun("r", RunStatus.DONE, TWO, TWO + 90)
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
    planned: Item, declared: dict[str, Any], notes: tuple[str, ...]
) -> None:
    assert health(None, planned, **declared) == ExportHealth(
        ORDERS, None, State.NOT_APPLIED, Word.NOT_APPLIED, notes=notes
    )


def test_notes_say_what_else_is_known() -> None:
    failed = flow(lastRunDetails=last("failed", TWO - DAY))
    renewed = FieldChange("end", "end", NOW + DAY, NOW + 180 * DAY, Cause.RENEWAL)
    assert health(failed, item(fields=(renewed,))).notes == (
        "a run was due 2027-01-15 02:00 UTC",
        "the last run failed: see exportctl runs exports.orders",
        "the rolling end is due: run exportctl renew",
    )


def test_twins_and_flows_that_are_no_longer_declared_are_named() -> None:
    estate = survey(sandbox(flow(), flow("g"), flow("h", "former")), "acme")
    items = (item(), Item(Address("exports", "former"), Verb.DELETE, id="h"))
    rows = status(Plan(HEADER, NOW, items), estate, project(orders())).exports
    assert [(str(one.address), one.notes) for one in rows] == [
        ("exports.orders", ("2 flows carry this address, this is f: see exportctl drift",)),
        ("exports.former", ("the config does not declare it any more: see exportctl plan",)),
    ]


def test_leftovers_of_an_export_that_is_gone_are_no_export() -> None:
    leftover = Item(Address("exports", "former"), Verb.CLEAN)
    assert status(Plan(HEADER, NOW, (leftover,)), survey(sandbox(), "acme"), project(orders())).exports == ()


def stranger(identity: str, ends: int | None) -> Unmanaged:
    return Unmanaged(identity, identity.upper(), "amazon-s3", None, True, ends, False)


OTHERS = tuple(stranger(*pair) for pair in (("a", NOW + 9 * DAY), ("b", NOW + 2 * DAY), ("c", NOW), ("d", None)))


def of_others(declared: Project, expiring: int | None) -> StatusReport:
    plan = Plan(HEADER, NOW, (), unmanaged=OTHERS)
    return status(plan, survey(sandbox(), "acme"), declared, expiring=expiring)


def test_flows_of_others_are_counted_and_listed_when_asked_for() -> None:
    assert (of_others(project(), None).unmanaged, of_others(project(), None).ending) == (4, None)
    assert [u.id for u in of_others(project(), 9 * DAY).ending or ()] == ["b", "a"]
    assert [u.id for u in of_others(project(), 9 * DAY - 1).ending or ()] == ["b"]
    assert (of_others(project(), None).over, of_others(project(), DAY).over) == (None, 1)


def test_expiring_takes_the_place_of_the_policy() -> None:
    near = flow(schedule={"endTime": NOW + 50 * DAY})
    assert (health(near).word, report(near).warning) == (Word.OK, 30 * DAY)
    assert (health(near, None, 50 * DAY).word, report(near, None, 50 * DAY).warning) == (Word.ENDING, 50 * DAY)


def test_counts_hold_every_word() -> None:
    assert report().counts() == {word.value: int(word is Word.OK) for word in Word}


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
