"""What keeps an apply from writing now: freezes hold every change, a run nearby holds a change of its flow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl.model.freeze import Freeze
from exportctl.model.hold import Hold
from exportctl.model.plan import Address, Inventory, LiveObject, Marker, Plan, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import End, Policy, RemovedEntry, Schedule
from exportctl.plan.holds import apply_holds
from exportctl.plan.ownership import build_ownership
from exportctl.planfile.file import approval_digest
from tests.plan.plan_builders import account, build_plan, build_project, export, flow
from tests.plan.value_builders import AT, NOW, lake

DAY, HOUR, MINUTE = 86400, 3600, 60
SIX = Schedule("hour", 6, NOW % (6 * HOUR))
RUN = NOW + 6 * HOUR  # of a flow that starts NOW, every 6 hours
BOOKS = Freeze("books", "closing", NOW - HOUR, NOW + HOUR)
OTHER = Freeze("other", "a fair", NOW - DAY, NOW + DAY)
LATER = Freeze("later", "too", NOW + 1, NOW + DAY)


def live(**raw: Any) -> tuple[LiveObject, ...]:
    """A flow of 6 hours that exists for a day; `raw` changes its wire form."""
    source, target, made = flow("orders", hours=6, created=NOW - DAY)
    schedule = {**made.raw["scheduleParams"], "endTime": NOW + 30 * DAY, **raw.pop("schedule", {})}
    return source, target, replace(made, raw={**made.raw, "scheduleParams": schedule, **raw})


def planned(policy: Policy, *objects: LiveObject, options: PlanOptions = PlanOptions(), **changes: Any) -> Plan:  # noqa: B008
    given = {"schedule": SIX, "end": End(moment=NOW + 30 * DAY), "subpath": "moved", **changes}
    project = build_project(export("orders", **given), policy=policy)
    return build_plan(project, account(), *(objects or live()), options=options)


def held(policy: Policy, now: int, *objects: LiveObject, **changes: Any) -> tuple[Hold, ...]:
    """What holds a plan of NOW at another moment."""
    every = (account(), *(objects or live()))
    seen = {kind: tuple(o for o in every if o.kind == kind) for kind in {o.kind for o in every}}
    ownership = build_ownership(Inventory(seen, (), {}), "acme")
    return apply_holds(planned(policy, *objects, **changes), ownership, policy, now)


# -- freezes ----------------------------------------------------------------------------------------------------------


def test_a_plan_names_each_freeze_that_lasts_with_its_end_its_reason_and_its_override() -> None:
    made = planned(Policy(freeze=(BOOKS, OTHER, LATER)))

    assert made.holds == (
        Hold(
            "freeze",
            "books",
            NOW + HOUR,
            "freeze books lasts until 2027-01-15 09:00 UTC: closing",
            "--allow-freeze books",
        ),
        Hold(
            "freeze",
            "other",
            NOW + DAY,
            "freeze other lasts until 2027-01-16 08:00 UTC: a fair",
            "--allow-freeze other",
        ),
    )
    assert not made.is_refused


def test_what_is_approved_does_not_depend_on_a_freeze() -> None:
    assert approval_digest(planned(Policy(freeze=(BOOKS,)))) == approval_digest(planned(Policy()))


CHANGES: dict[str, tuple[dict[str, Any], bool]] = {
    "a change": ({}, True),
    "nothing": ({"subpath": ""}, False),
    "a renewal": ({"subpath": "", "end": End(rolling=180 * DAY, renew_before=31 * DAY)}, False),
    "a renewal by renew": ({"options": PlanOptions(renew_only=True)}, False),
    "an excluded change": ({"options": PlanOptions(excludes=("*",))}, False),
}


@pytest.mark.parametrize("row", CHANGES)
def test_a_freeze_holds_changes_and_lets_renewals_through(row: str) -> None:
    changes, is_held = CHANGES[row]
    source, target, made = live()
    marker = replace(Marker("acme", "e", "orders"), applied={"end": (str(NOW + 30 * DAY),)})
    ours = (source, target, replace(made, marker=marker))

    assert bool(planned(Policy(freeze=(BOOKS,)), *ours, **changes).holds) is is_held


def test_a_creation_and_a_deletion_are_held_too() -> None:
    policy = Policy(freeze=(BOOKS,))
    removed = (RemovedEntry("exports", "orders", "delete", "decided", AT),)

    assert build_plan(build_project(export("new"), policy=policy), account()).holds
    assert build_plan(build_project(destinations=[lake()], policy=policy, removed=removed), account(), *live()).holds


# -- runs -------------------------------------------------------------------------------------------------------------

HALF = Policy(run_distance=30 * MINUTE)
# the moment, seconds from the run; when it is free again, seconds from the run; None: it is free
MOMENTS: dict[str, tuple[int, int | None]] = {
    "before the distance": (-30 * MINUTE - 1, None),
    "at the distance": (-30 * MINUTE, 30 * MINUTE),
    "at the run": (0, 30 * MINUTE),
    "within the distance after it": (30 * MINUTE - 1, 30 * MINUTE),
    "after the distance": (30 * MINUTE, None),
}


@pytest.mark.parametrize("row", MOMENTS)
def test_a_change_is_held_within_the_distance_of_a_run(row: str) -> None:
    offset, free = MOMENTS[row]

    found = held(HALF, RUN + offset)

    assert [(h.safety_check, h.subject, h.until, h.allow) for h in found] == (
        [] if free is None else [("near-run", "exports.orders", RUN + free, "--allow-near-run exports.orders")]
    )


def test_the_text_says_which_run_and_when_it_is_free() -> None:
    (before,), (after,) = held(HALF, RUN - MINUTE), held(HALF, RUN + MINUTE)

    assert before.text == (
        'exports.orders: a run of the flow f-orders "orders" is due 2027-01-15 14:00 UTC, which is within 30 minutes '
        "of now; free again from 2027-01-15 14:30 UTC"
    )
    assert "was due 2027-01-15 14:00 UTC" in after.text


FREE: dict[str, tuple[tuple[LiveObject, ...], dict[str, Any]]] = {
    "no distance": (live(), {"policy": Policy()}),
    "a flow that is off": (live(state="disabled"), {"enabled": False}),
    "a flow that has ended": (live(schedule={"endTime": RUN - DAY // 2}), {}),
    "a schedule that cannot be read": (live(schedule={"timeUnit": "week"}), {}),
    "no start": (live(schedule={"startTime": None}), {}),
    "no change of the flow": (live(), {"subpath": ""}),
}


@pytest.mark.parametrize("row", FREE)
def test_nothing_is_held_where_no_run_is_known_to_be_near(row: str) -> None:
    objects, changes = FREE[row]

    assert held(changes.pop("policy", HALF) if "policy" in changes else HALF, RUN, *objects, **changes) == ()


def test_runs_that_are_nearer_to_each_other_than_the_distance_leave_no_moment() -> None:
    (found,) = held(Policy(run_distance=3 * HOUR), RUN)

    assert found.until is None
    assert found.text.endswith("its runs leave no time that is far enough from them")


def run_of(state: str, started: int) -> dict[str, Any]:
    return {"lastRunDetails": {"id": "r", "state": state, "startedAtUTC": started * 1000}}


RUNNING: dict[str, tuple[dict[str, Any], bool]] = {
    "under way": (run_of("inProgress", RUN - HOUR), True),
    "ended": (run_of("success", RUN - HOUR), False),
    "said to be under way since long ago": (run_of("inProgress", RUN - DAY), False),
}


@pytest.mark.parametrize("row", RUNNING)
def test_a_run_that_is_shown_as_under_way_holds_for_a_day(row: str) -> None:
    raw, is_held = RUNNING[row]

    found = held(HALF, RUN + 2 * HOUR, *live(**raw))

    assert [h.until for h in found] == ([None] if is_held else [])
    assert all("is under way since 2027-01-15 13:00 UTC" in h.text for h in found)


def test_a_change_of_an_account_is_held_by_the_runs_of_its_flows() -> None:
    """A rotation at NOW, when the first run of the flow is due."""
    lake_address = Address("destinations", "lake")
    shown = planned(HALF, options=PlanOptions(targets=("destinations.lake",), rotate=lake_address), **{"subpath": ""})

    assert [(i.address, i.verb) for i in shown.items if i.verb is not Verb.UNCHANGED] == [(lake_address, Verb.UPDATE)]
    assert [(h.subject, h.until) for h in shown.holds] == [("destinations.lake", NOW + 30 * MINUTE)]
