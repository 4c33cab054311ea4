"""What needs only the flow: its pause, its end, what `renew` does, and what the plan says about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl.model.plan import Cause, LiveObject, Marker, PlanItem, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import AcceptEntry, End, Policy, Schedule
from exportctl.model.schedule import default_end
from tests.plan.plan_builders import account, build_plan, build_project, export, flow, item
from tests.plan.value_builders import AT, NOW

DAY, HOUR = 86400, 3600
MADE = NOW - 10 * DAY
ROLLING = End(rolling=180 * DAY, renew_before=30 * DAY)
MARKER = Marker("acme", "e", "orders", last_seen_enabled=True)
RENEW = PlanOptions(renew_only=True)
Flow = tuple[LiveObject, ...]


def planned(*live: LiveObject, options: PlanOptions = PlanOptions(), project: Any = None, **changes: Any) -> PlanItem:  # noqa: B008
    declared = export("orders", **{"schedule": Schedule("day", 1, 8 * HOUR), **changes})
    plan = build_plan(build_project(declared, **(project or {})), account(), *live, options=options)
    return item(plan, "exports.orders")


def orders(marker: Marker | None = MARKER, end: int | None = NOW + DAY, **raw: Any) -> Flow:
    """The live flow of exports.orders with this end."""
    source, target, live = flow("orders")
    schedule = {**live.raw["scheduleParams"], "endTime": end}
    return source, target, replace(live, marker=marker, raw={**live.raw, "scheduleParams": schedule, **raw})


def applied_end(end: int) -> Marker:
    return replace(MARKER, applied={"end": (str(end),)})


def rules(shown: PlanItem) -> dict[str, tuple[str, str | None]]:
    """Rule -> text and hint of every finding."""
    return {f.rule: (f.message, f.hint) for f in shown.findings}


def causes(shown: PlanItem) -> dict[str, Cause]:
    return {c.path: c.cause for c in shown.fields if c.cause is not Cause.ALREADY_MATCHES}


# -- ends that the YAML does not declare ------------------------------------------------------------------------------

SIX_MONTHS = default_end(MADE)
UNDECLARED: dict[str, tuple[int | None, Marker | None, dict[str, Cause], list[str]]] = {
    "the service's own end": (SIX_MONTHS, MARKER, {}, []),
    "no end": (None, MARKER, {}, []),
    "a later end": (SIX_MONTHS + DAY, MARKER, {}, ["undeclared-end"]),
    "an earlier end": (SIX_MONTHS - 5 * DAY, MARKER, {"end": Cause.PAUSED}, []),
    "the last applied end": (NOW + 60 * DAY, applied_end(NOW + 60 * DAY), {}, ["undeclared-end"]),
    "an end before the last applied one": (NOW + 50 * DAY, applied_end(NOW + 60 * DAY), {"end": Cause.PAUSED}, []),
    "an end that would be past by now": (NOW + 50 * DAY, applied_end(NOW - DAY), {}, ["undeclared-end"]),
    "an end before one that is past": (NOW - 2 * DAY, applied_end(NOW - DAY), {}, ["expired"]),
}


@pytest.mark.parametrize("row", UNDECLARED)
def test_an_end_that_the_yaml_does_not_declare(row: str) -> None:
    end, marker, changes, findings = UNDECLARED[row]

    shown = planned(*orders(marker, end), end=End())

    assert causes(shown) == changes
    assert [rule for rule in rules(shown) if rule != "ending"] == findings


def test_a_pause_of_an_undeclared_end_is_undone_when_asked_to() -> None:
    shown = planned(*orders(MARKER, SIX_MONTHS - 5 * DAY), end=End(), options=PlanOptions(resume=("exports.orders",)))

    assert causes(shown) == {"end": Cause.DRIFT}


def test_the_end_of_a_flow_to_adopt_is_no_pause_although_the_yaml_declares_none() -> None:
    source, target, live = orders(None, SIX_MONTHS - 5 * DAY)
    unmarked = (replace(source, marker=None), replace(target, marker=None), live)

    assert "end" not in causes(planned(*unmarked, adopt="f-orders", end=End()))


def test_a_one_time_export_may_have_an_end_that_the_yaml_does_not_declare() -> None:
    shown = planned(*orders(), schedule=Schedule("once", 0, 8 * HOUR), end=End())

    assert "undeclared-end" not in rules(shown)


def test_a_declared_end_in_place_of_the_services_own_is_a_pending_change() -> None:
    assert causes(planned(*orders(MARKER, SIX_MONTHS), end=End(moment=NOW + 300 * DAY))) == {"end": Cause.PENDING}


# -- expired and ending -----------------------------------------------------------------------------------------------


def test_a_flow_that_has_ended_is_reported_with_how_to_revive_it() -> None:
    fixed = planned(*orders(applied_end(NOW - 1), NOW - 1), end=End(moment=NOW - 1))
    rolling = planned(*orders(applied_end(NOW - 1), NOW - 1), end=ROLLING)
    by_hand = planned(*orders(applied_end(NOW + DAY), NOW - 1), end=ROLLING)

    assert [rules(s)["expired"][1] or "" for s in (fixed, rolling, by_hand)] == [
        "to revive it, write a later `end` and run `exportctl apply`; `exportctl plan` says what the flow may send then"
        "; to retire it, remove the export and name it under `removed`",
        "to revive it, run `exportctl apply`; `exportctl plan` says what the flow may send then"
        "; to retire it, remove the export and name it under `removed`",
        "it was ended by hand; to revive it, apply with `--resume exports.orders`"
        "; to retire it, remove the export and name it under `removed`",
    ]
    assert [c.rule for c in rolling.consequences][:1] == ["expired-flow-runs-again"]


def test_a_one_time_export_is_finished_and_not_expired() -> None:
    assert "expired" not in rules(planned(*orders(end=NOW - 1), schedule=Schedule("once", 0, 8 * HOUR), end=End()))


def test_an_export_that_ends_soon_says_how_to_keep_it_running() -> None:
    fixed = planned(*orders())
    rolling = planned(
        *orders(applied_end(NOW + 20 * DAY), NOW + 20 * DAY), end=End(rolling=180 * DAY, renew_before=DAY)
    )
    by_hand = planned(*orders(applied_end(NOW + 90 * DAY), NOW + DAY), end=ROLLING)

    assert [rules(s)["ending"][1] for s in (fixed, rolling, by_hand)] == [
        "write a later `end` and apply it before then",
        "run `exportctl renew` every night: it moves the end as soon as less than 1 day remains",
        "it was ended by hand: apply with `--resume exports.orders`, or declare this `end`",
    ]


def test_the_config_decides_how_early_an_end_is_reported() -> None:
    assert "ending" not in rules(planned(*orders(), project={"policy": Policy(end_warning=HOUR)}))


# -- accepted pauses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "live", "declared"),
    [
        ("end", orders(applied_end(NOW + 90 * DAY), NOW + DAY), End(moment=NOW + 90 * DAY)),
        ("enabled", orders(replace(MARKER), state="disabled"), End(moment=NOW + DAY)),
    ],
    ids=["an earlier end", "a disabled flow"],
)
def test_a_pause_that_is_accepted_stays_a_pause_of_a_flow_whose_account_is_unknown(
    field: str, live: Flow, declared: End
) -> None:
    accepted = AcceptEntry("exports.orders", field, "a test", "jane", NOW + 1, AT)
    declared_export = export("orders", datasets=("unknown",), end=declared)
    plan = build_plan(build_project(declared_export, accept=(accepted,)), account(), *live)

    shown = item(plan, "exports.orders")

    assert (shown.verb, causes(shown)) == (Verb.UNCHANGED, {field: Cause.ACCEPTED})


# -- renew ------------------------------------------------------------------------------------------------------------


def test_renew_moves_a_due_end_and_the_one_in_the_marker() -> None:
    due = NOW + 20 * DAY

    shown = planned(*orders(applied_end(due), due), end=ROLLING, options=RENEW)

    (step,) = shown.steps
    assert (shown.verb, causes(shown), dict(step.fields)) == (Verb.RENEW, {"end": Cause.RENEWAL}, {"end": shown.ends})
    assert step.marker is not None
    assert step.marker.applied["end"] == (str(shown.ends),)


@pytest.mark.parametrize("marker", [None, replace(MARKER, damaged=True)], ids=["lost", "damaged"])
def test_renew_leaves_it_to_apply_to_write_a_marker_that_is_lost_or_damaged(marker: Marker | None) -> None:
    due = NOW - NOW % DAY + 170 * DAY

    shown = planned(*orders(marker, due), end=End(rolling=180 * DAY, renew_before=171 * DAY), options=RENEW)

    assert [step.marker for step in shown.steps] == [None]


def test_renew_leaves_a_flow_alone_that_is_not_due_and_reports_one_that_is_paused() -> None:
    end = NOW + 90 * DAY
    not_due = planned(*orders(applied_end(end), end), end=ROLLING, options=RENEW)
    paused = planned(*orders(applied_end(end), end, state="disabled"), end=ROLLING, options=RENEW)

    assert [(s.verb, s.steps, s.ends) for s in (not_due, paused)] == [
        (Verb.UNCHANGED, (), end),
        (Verb.PAUSED, (), end),
    ]


def second_flow() -> Flow:
    return tuple(replace(o, marker=MARKER) for o in flow("second"))


def without_source_marker(marker: Marker | None) -> Flow:
    source, target, live = orders(marker)
    return replace(source, marker=None), target, live


NOT_RENEWED: dict[str, tuple[Flow, str]] = {
    "two flows": ((*orders(), *second_flow()), "several flows have its address"),
    "a flow that is being replaced": (
        orders(replace(MARKER, being_replaced=True)),
        "the replacement of the flow f-orders is not finished; the flow is still enabled",
    ),
    "a flow without a marker": (
        without_source_marker(None),
        'the flow f-orders "orders" has no marker, but its target still has the marker of exports.orders',
    ),
    "no schedule": (orders(scheduleParams={}), "the flow f-orders has no scheduleParams"),
    "no end, and the service's own is near": (
        orders(end=None, createdAt=(NOW - 160 * DAY) * 1000),
        "the flow f-orders shows no end; it probably ends",
    ),
}


@pytest.mark.parametrize("row", NOT_RENEWED)
def test_renew_says_why_it_cannot_move_a_rolling_end_and_nothing_of_another_end(row: str) -> None:
    live, reason = NOT_RENEWED[row]

    rolling = planned(*live, end=ROLLING, options=RENEW)
    fixed = planned(*live, end=End(moment=NOW + DAY), options=RENEW)

    assert rules(rolling)["not-renewed"][0].startswith(f"exports.orders: renew cannot move its end: {reason}")
    assert rolling.steps == ()
    assert "not-renewed" not in rules(fixed)


def test_renew_says_nothing_of_an_export_without_a_flow_or_with_an_end_far_away() -> None:
    no_flow = planned(end=ROLLING, options=RENEW)
    assumed = planned(*orders(end=None), end=ROLLING, options=RENEW)

    assert [(s.verb, [*rules(s)]) for s in (no_flow, assumed)] == [(Verb.UNCHANGED, []), (Verb.UNCHANGED, [])]
