"""Which objects `move_from` moves, and what an entry that fits no flow is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl.model.plan import LiveObject, Marker, Plan, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import MoveEntry
from exportctl.resources.marker import trace
from tests.plan.plan_builders import account, build_plan, build_project, export, flow, item
from tests.plan.value_builders import AT, lake

THEIRS = account("lake", "base", owner="theirs")


def entry(key: str = "orders", flow: str = "f-orders", to: str | None = None, project: str = "theirs") -> MoveEntry:
    return MoveEntry(project, key, flow, to or key, "renamed", AT)


def planned(*objects: LiveObject, entries: tuple[MoveEntry, ...] = (entry(),), **changes: Any) -> Plan:
    given = build_project(export("orders", **changes), move_from=entries)
    return build_plan(given, *objects)


def test_a_move_carries_all_of_the_marker_over_but_owner_and_commit_time() -> None:
    source, target, live = flow("orders", owner="theirs")
    assert live.marker is not None
    before = replace(live.marker, generation=3, protected=True, committed_at=5)

    made = planned(THEIRS, source, target, replace(live, marker=before))

    (first, last) = item(made, "exports.orders").steps
    assert first.marker == replace(before, project="acme")
    assert (first.marker.committed_at, first.marker.moved_from) == (None, trace("theirs", "orders"))
    assert (first.id, last.id, last.needs) == ("f-orders", "t-orders", (first.key,))
    assert item(made, "destinations.lake").steps[0].needs == tuple(sorted((first.key, last.key)))


def test_of_a_damaged_marker_only_the_flags_that_keep_data_safe_are_carried_over() -> None:
    source, target, live = flow("orders", owner="theirs")
    damaged = Marker("theirs", "e", "orders", protected=True, disables=True, damaged=True)

    (first, _) = item(planned(THEIRS, source, target, replace(live, marker=damaged)), "exports.orders").steps

    assert first.marker == Marker("acme", "e", "orders", protected=True, last_seen_enabled=True)


def test_a_move_leaves_out_an_intent_that_was_carried_out() -> None:
    source, target, live = flow("orders", owner="theirs")
    enabled = replace(live, marker=Marker("theirs", "e", "orders", enables=True))

    (first, _) = item(planned(THEIRS, source, target, enabled), "exports.orders").steps

    assert first.marker is not None and not first.marker.enables


def test_a_move_writes_a_damaged_marker_anew_and_reports_it_no_more() -> None:
    source, target, live = flow("orders", owner="theirs")
    damaged = replace(target, marker=Marker("theirs", "e", "orders", damaged=True))

    shown = item(planned(THEIRS, source, damaged, live), "exports.orders")

    assert [s.id for s in shown.steps] == ["f-orders", "t-orders"]
    assert "marker-damaged" not in [f.rule for f in shown.findings]


def test_a_destination_that_has_an_account_takes_over_no_second_one() -> None:
    made = planned(account("lake", "mine"), THEIRS, *flow("orders", owner="theirs"))

    assert item(made, "destinations.lake").verb is not Verb.MOVE
    assert [r.safety_check for r in item(made, "exports.orders").refusals] == ["move-differs"]


def test_one_account_goes_to_one_destination() -> None:
    given = build_project(
        export("orders"),
        export("returns", ("d2",), destination="other"),
        destinations=(lake(), lake(key="other")),
        move_from=(entry(), entry("returns", "f-returns")),
    )

    made = build_plan(
        given, THEIRS, *flow("orders", owner="theirs"), *flow("returns", ("d2",), owner="theirs"), values={}
    )

    assert item(made, "destinations.lake").verb is Verb.MOVE
    (refusal,) = item(made, "exports.returns").refusals
    assert refusal.safety_check == "move-differs"
    assert "declare the destination of the flow: its type, and `account: {id: base}`" in refusal.allow


HINTS = {
    "another key": (flow("returns", owner="theirs"), "project theirs has the flows f-returns (exports.returns)"),
    "another project": (flow("orders", owner="others"), "flows of other projects here: others"),
    "an empty sandbox": ((), "project theirs has no flow in this sandbox"),
}


@pytest.mark.parametrize(("live", "words"), HINTS.values(), ids=HINTS)
def test_an_entry_with_an_unknown_flow_hears_what_there_is(live: tuple[LiveObject, ...], words: str) -> None:
    made = planned(THEIRS, *live, entries=(entry(flow="f-gone"),))

    (error,) = made.errors()
    assert error.hint is not None
    assert (error.rule, words in error.hint) == ("move-unknown", True)


def test_an_entry_for_a_flow_that_has_another_key_now_has_no_effect() -> None:
    made = build_plan(
        build_project(export("orders"), move_from=(entry("web"),)), account(), *flow("orders", place=None)
    )

    assert made.errors() == ()
    assert item(made, "exports.orders").verb is not Verb.MOVE


def test_renew_moves_nothing_and_leaves_a_half_moved_flow_to_its_new_owner() -> None:
    source, target, live = flow("orders")
    moved = replace(live, marker=Marker("theirs", "e", "orders", moved_from=trace("acme", "orders")))
    renew = PlanOptions(renew_only=True)

    former = build_plan(build_project(export("orders")), account(), source, target, moved, options=renew)
    receiving = build_plan(
        build_project(export("orders"), move_from=(entry(),)), THEIRS, *flow("orders", owner="theirs"), options=renew
    )

    for made in (former, receiving):
        assert (item(made, "exports.orders").findings, made.steps()) == ((), ())
