"""Connections of ours that nothing uses: each by kind and id, why it is one, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from exportctl.model.plan import Address, Inventory, LiveObject, Marker, Plan, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Dataset, Project, RemovedEntry
from exportctl.plan.delete import Orphan, find_orphans, orphan_fix, orphan_label
from exportctl.plan.ownership import build_ownership
from tests.plan.plan_builders import ROLE, account, build_plan, build_project, export, flow, item
from tests.plan.value_builders import AT, NOW, lake, make_object

HOUR = 3600
TODAY, LAST_WEEK = NOW - HOUR, NOW - 7 * 24 * HOUR


def orphan_connections(key: str = "gone", created: int = TODAY, owner: str = "acme") -> tuple[LiveObject, ...]:
    """A source and a target of an export whose flow is not there."""
    return tuple(replace(o, id=f"{o.id}-left") for o in flow(key, created=created, owner=owner)[:2])


def removed_entries(name: str = "gone", root: str = "exports") -> tuple[RemovedEntry, ...]:
    return (RemovedEntry(root, name, "delete", "decided", AT),)


def found_orphans(plan: Plan, objects: Sequence[LiveObject]) -> dict[str, Orphan]:
    kinds = {o.kind: tuple(x for x in objects if x.kind == o.kind) for o in objects}
    return {
        one.live.id: one
        for one in find_orphans(plan.items, build_ownership(Inventory(kinds, (), {}), "acme"), plan.as_of)
    }


def notes(plan: Plan, address: str) -> list[str]:
    return [c.text for c in item(plan, address).consequences if c.rule == "orphan-deleted"]


HERE = build_project(export("orders"))
CUT_OFF = "no flow uses it, because a run was interrupted or the flow was deleted"
FORMER = "no flow uses it; the flow of exports.orders uses another one"
UNSEEN = "no flow that this credential can see uses it"
REMOVED = (
    "if its flow was deleted, write `removed: [{export: gone, do: delete, reason: …}]`;"
    " then `exportctl apply` deletes it"
)
DELETES, TAKES_UP = "`exportctl apply` deletes it", "`exportctl apply` uses it"
ASKED = "allow the change first: "

# config, live objects beside an account, one orphan -> why, and the remedy
TABLE: dict[str, tuple[Project, tuple[LiveObject, ...], str, str, str]] = {
    "a source, its export withdrawn": (HERE, orphan_connections(), "s-gone-left", CUT_OFF, DELETES),
    "a target, its export withdrawn": (HERE, orphan_connections(), "t-gone-left", CUT_OFF, DELETES),
    "an old source": (HERE, orphan_connections(created=LAST_WEEK), "s-gone-left", UNSEEN, REMOVED),
    "an old target": (HERE, orphan_connections(created=LAST_WEEK), "t-gone-left", UNSEEN, REMOVED),
    "an old one, to be deleted": (
        build_project(export("orders"), removed=removed_entries()),
        orphan_connections(created=LAST_WEEK),
        "s-gone-left",
        UNSEEN,
        DELETES,
    ),
    "a former source of a flow": (
        HERE,
        (*flow("orders"), *orphan_connections("orders")),
        "s-orders-left",
        FORMER,
        DELETES,
    ),
    "a former source of a flow, old": (
        HERE,
        (*flow("orders"), *orphan_connections("orders", LAST_WEEK)),
        "s-orders-left",
        FORMER,
        DELETES,
    ),
    "a source the flow is to be pointed at": (
        build_project(export("orders", ("d1",))),
        (*flow("orders", ("d2",)), *orphan_connections("orders")),
        "s-orders-left",
        FORMER,
        TAKES_UP,
    ),
    "a source of a creation begun": (HERE, orphan_connections("orders"), "s-orders-left", CUT_OFF, DELETES),
    "a target of a creation begun": (HERE, orphan_connections("orders"), "t-orders-left", CUT_OFF, TAKES_UP),
    "a source of a flow that is gone": (
        HERE,
        orphan_connections("orders", LAST_WEEK),
        "s-orders-left",
        UNSEEN,
        ASKED + "--allow-recreate exports.orders",
    ),
    "beside duplicates": (
        HERE,
        (*flow("orders"), replace(flow("orders")[2], id="second"), *orphan_connections("orders")),
        "s-orders-left",
        FORMER,
        ASKED
        + "write `keep: f-orders` or `keep: second` in exports.orders: apply keeps that flow and deletes the others",
    ),
    "of an export that cannot be planned": (
        build_project(export("orders", ("zz",))),
        orphan_connections("orders"),
        "s-orders-left",
        CUT_OFF,
        "fix this first: exports.orders: dataset zz does not exist in this sandbox or cannot be exported",
    ),
    "of a flow that is being renamed": (
        build_project(export("new", renamed_from="orders")),
        (*flow("orders"), *orphan_connections("orders")),
        "s-orders-left",
        FORMER,
        DELETES,
    ),
    "beside a plan that is refused": (
        HERE,
        (*flow("other", ("d2",)), *orphan_connections()),
        "s-gone-left",
        CUT_OFF,
        f"{DELETES}, when nothing in the plan is refused any more",
    ),
    "an account whose place another took": (
        HERE,
        (account(identity="base-1", generation=2), *flow("orders", base="base-1")),
        "base",
        "no flow uses it, and another one replaced it",
        DELETES,
    ),
    "an account that nothing declares": (
        HERE,
        (account("former", "base-1"),),
        "base-1",
        "no flow uses it, and the config does not declare it",
        f"{ASKED}write `removed: [{{destination: former, do: delete, reason: …}}]`, or use --allow-deletes 1, or write"
        " `do: release` to keep it running",
    ),
    "an account that is to be deleted": (
        build_project(export("orders"), removed=removed_entries("former", "destinations")),
        (account("former", "base-1"),),
        "base-1",
        "no flow uses it, and the config does not declare it",
        DELETES,
    ),
}


@pytest.mark.parametrize("row", TABLE)
def test_why_something_is_left_over_and_what_to_do_about_it(row: str) -> None:
    given, objects, identity, why, words = TABLE[row]
    plan = build_plan(given, account(), *objects)
    one = found_orphans(plan, (account(), *objects))[identity]
    assert (one.why, orphan_fix(one, plan.items)) == (why, words)


@pytest.mark.parametrize("row", TABLE)
def test_what_is_said_to_be_deleted_is_deleted_by_the_plan_and_nothing_else_is(row: str) -> None:
    given, objects, *_ = TABLE[row]
    plan = build_plan(given, account(), *objects)
    for one in found_orphans(plan, (account(), *objects)).values():
        deletes = [s for s in plan.steps() if s.action == "delete" and s.id == one.live.id]
        assert bool(deletes) == (one.deleted_by is not None)
        assert deletes or not orphan_fix(one, plan.items).startswith(DELETES)


def test_a_plan_lists_each_one_that_it_deletes() -> None:
    plan = build_plan(HERE, account(), *orphan_connections())
    assert (item(plan, "exports.gone").verb, plan.is_empty) == (Verb.CLEAN, False)
    assert notes(plan, "exports.gone") == [
        f"deletes source connection s-gone-left of 2027-01-15 07:00 UTC: {CUT_OFF}",
        f"deletes target connection t-gone-left of 2027-01-15 07:00 UTC: {CUT_OFF}",
    ]


def test_a_plan_reports_each_one_that_it_leaves() -> None:
    plan = build_plan(HERE, account(), *orphan_connections(created=LAST_WEEK))
    assert [f.message for f in item(plan, "exports.gone").findings] == [
        f"exports.gone: {UNSEEN}: source connection s-gone-left of 2027-01-08 08:00 UTC,"
        " target connection t-gone-left of 2027-01-08 08:00 UTC"
    ]
    assert {f.hint for f in item(plan, "exports.gone").findings} == {REMOVED}
    assert notes(plan, "exports.gone") == []


def test_an_account_that_was_replaced_is_listed_with_its_destination() -> None:
    objects = (account(identity="base-1", generation=2), *flow("orders", base="base-1"))
    plan = build_plan(HERE, account(), *objects)
    assert notes(plan, "destinations.lake") == [
        "deletes base connection base: no flow uses it, and another one replaced it"
    ]


def test_an_account_that_is_to_be_deleted_is_no_note_on_itself() -> None:
    plan = build_plan(
        build_project(export("orders"), removed=removed_entries("former", "destinations")), account("former", "x")
    )
    assert item(plan, "destinations.former").verb is Verb.DELETE
    assert notes(plan, "destinations.former") == []


def test_an_unknown_creation_time_is_left_out() -> None:
    assert orphan_label(make_object("source_connection", "s")) == "source connection s"


# -- never others' ----------------------------------------------------------------------------------------------------


def flow_using(owner: str | None = None, **ids: list[str]) -> LiveObject:
    """A flow that is not ours and points to a connection of ours."""
    made = flow("mine", owner=owner or "theirs")[2]
    return replace(made, marker=made.marker if owner else None, raw={**made.raw, **ids})


THEIRS: dict[str, tuple[LiveObject, ...]] = {
    "of another project": orphan_connections(owner="theirs"),
    "of another project, old": orphan_connections(owner="theirs", created=LAST_WEEK),
    "without a marker": tuple(replace(o, marker=None) for o in orphan_connections()),
    "a target that another flow uses": (orphan_connections()[1], flow_using(targetConnectionIds=["t-gone-left"])),
    "a source that another flow uses": (orphan_connections()[0], flow_using(sourceConnectionIds=["s-gone-left"])),
    "a target that a flow of another project uses": (
        orphan_connections()[1],
        flow_using("theirs", targetConnectionIds=["t-gone-left"]),
    ),
    "an account of another project": (account("former", "x", owner="theirs"),),
    "an account without a marker": (replace(account("former", "x"), marker=None),),
    "an account that a flow of others uses": (account("former", "x"), *flow("mine", base="x", owner="theirs")),
    "an account that a target of others names": (account("former", "x"), *flow("mine", base="x", owner="theirs")[1:2]),
}


@pytest.mark.parametrize("row", THEIRS)
def test_nothing_is_left_over_that_is(row: str) -> None:
    for given in (
        HERE,
        build_project(export("orders"), removed=(*removed_entries(), *removed_entries("former", "destinations"))),
    ):
        plan = build_plan(given, account(), *THEIRS[row], options=PlanOptions(allow_deletes=99))
        assert found_orphans(plan, (account(), *THEIRS[row])) == {}
        assert {s.id for s in plan.steps() if s.action == "delete"} == set()


def test_a_flow_that_took_both_connections_may_be_ours_and_is_not_deleted_all_the_same() -> None:
    taken = flow_using(sourceConnectionIds=["s-gone-left"], targetConnectionIds=["t-gone-left"])
    plan = build_plan(HERE, account(), *orphan_connections(), taken, options=PlanOptions(allow_deletes=99))
    assert found_orphans(plan, (account(), *orphan_connections(), taken)) == {}
    assert "marker-lost" in [r.safety_check for r in item(plan, "exports.gone").refusals]


def test_markers_of_accounts_and_of_exports_are_not_mistaken_for_each_other() -> None:
    strange = make_object("source_connection", "odd", Marker("acme", "d", "lake"))
    plan = build_plan(
        build_project(export("orders"), destinations=(lake(),)), account(params={"s3Role": ROLE}), strange
    )
    assert found_orphans(plan, (account(), strange)) == {}


def test_an_orphan_of_an_address_that_has_no_item_is_left_to_the_next_plan() -> None:
    live = make_object("base_connection", "b1")

    assert "make a new plan" in orphan_fix(Orphan(Address("destinations", "lake"), live, "no flow uses it", None), ())


@pytest.mark.parametrize("lists_datasets", [True, False])
def test_a_source_that_apply_uses_again_is_not_said_to_be_deleted(lists_datasets: bool) -> None:
    by_name = replace(export("orders"), datasets=(Dataset(None, "D1", None, AT),))
    live = (account(), *flow("orders", ("d2",)), *orphan_connections("orders")[:1])

    plan = build_plan(build_project(by_name), *live, lists_datasets=lists_datasets)

    assert notes(plan, "exports.orders") == []
