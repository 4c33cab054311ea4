"""Datasets that go from one flow to another: both sides say what is sent again, when, and how the flow can be kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exportctl.model.plan import Action, Cause, LiveObject, Plan, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Project, RemovedEntry
from tests.plan.plan_builders import SFTP, account, build_plan, build_project, export, flow, item
from tests.plan.value_builders import AT, lake

MOVE_RULES = ("full-re-export", "sent-by-both-flows", "dataset-move", "dataset-moved-away", "flow-can-be-kept")
RUNS = "2027-01-16 02:00 UTC"
SALES = flow("sales", ("d1", "d2", "d3"))


def move_texts(plan: Plan, name: str) -> dict[str, list[str]]:
    """Rule -> texts of what an item says about a handover."""
    found: dict[str, list[str]] = {}
    for one in item(plan, f"exports.{name}").consequences:
        if one.rule in MOVE_RULES:
            found.setdefault(one.rule, []).append(one.text)
    return found


def removed_entries(do: str = "delete", name: str = "sales") -> tuple[RemovedEntry, ...]:
    return (RemovedEntry("exports", name, do, "decided", AT),)


def test_a_split_into_two_says_what_is_sent_again_and_when() -> None:
    plan = build_plan(build_project(export("a", ("d1", "d2")), export("b", ("d3",))), account(), *SALES)
    assert move_texts(plan, "a") == {
        "full-re-export": ['"D1", "D2" move from exports.sales to this flow; this new flow sends them in full again'],
        "dataset-move": [
            f"this apply deletes exports.sales; the first run of this flow is {RUNS}; no flow sends them before"
        ],
    }
    assert move_texts(plan, "b")["full-re-export"] == [
        '"D3" moves from exports.sales to this flow; this new flow sends it in full again'
    ]
    assert [c.level for c in item(plan, "exports.b").consequences if c.rule in MOVE_RULES] == ["cost", "info"]


def test_the_flow_that_goes_says_where_its_datasets_go_and_how_it_can_be_kept() -> None:
    plan = build_plan(build_project(export("a", ("d3",)), export("b", ("d1", "d2"))), account(), *SALES)
    assert move_texts(plan, "sales") == {
        "dataset-moved-away": ['"D3" moves to exports.a, "D1", "D2" move to exports.b'],
        "flow-can-be-kept": [
            "exports.b can keep this flow: write `renamed_from: sales`; then apply changes the flow instead;"
            " only the datasets of the other exports are then sent in full for certain"
        ],
    }


def test_a_flow_that_is_split_by_dataset_can_be_kept_by_a_part() -> None:
    parts = [export(f"sales/d{n}", (f"d{n}",)) for n in (1, 2, 3)]
    plan = build_plan(build_project(*parts), account(), *SALES)
    (words,) = move_texts(plan, "sales")["flow-can-be-kept"]
    assert words.startswith(
        "exports.sales/d1 can keep this flow: write `renamed_from: {d1: sales}` under exports.sales; then apply"
    )


def test_an_undeclared_rename_is_one_too() -> None:
    plan = build_plan(build_project(export("new", ("d1",))), account(), *flow("old"))
    assert move_texts(plan, "old") == {
        "dataset-moved-away": ['"D1" moves to exports.new'],
        "flow-can-be-kept": [
            "exports.new can keep this flow: write `renamed_from: old`; then apply changes the flow instead"
        ],
    }


def test_what_nothing_new_takes_is_named() -> None:
    plan = build_plan(build_project(export("a", ("d2",))), account(), *SALES)
    assert move_texts(plan, "sales")["dataset-moved-away"] == [
        '"D2" moves to exports.a, no flow exports "D1", "D3" after this apply'
    ]


def test_a_renamed_flow_that_loses_a_dataset_is_called_by_both_names() -> None:
    given = build_project(export("a", ("d1", "d2"), renamed_from="sales"), export("b", ("d3",)))
    plan = build_plan(given, account(), *SALES)
    assert item(plan, "exports.a").verb is Verb.UPDATE
    assert move_texts(plan, "a") == {"dataset-moved-away": ['"D3" moves to exports.b']}
    assert move_texts(plan, "b") == {
        "full-re-export": [
            '"D3" moves from exports.a (renamed from exports.sales) to this flow; this new flow sends it in full again'
        ],
        "dataset-move": [
            f"this apply removes it from exports.a (renamed from exports.sales); the first run of this flow is {RUNS};"
            " no flow sends it before"
        ],
    }


def test_flows_joined_into_a_new_one_are_each_named() -> None:
    plan = build_plan(build_project(export("all", ("d1", "d2"))), account(), *flow("a"), *flow("b", ("d2",)))
    assert move_texts(plan, "all")["full-re-export"] == [
        '"D1" moves from exports.a to this flow; this new flow sends it in full again',
        '"D2" moves from exports.b to this flow; this new flow sends it in full again',
    ]
    assert [move_texts(plan, name)["flow-can-be-kept"][0].split("; then")[0] for name in ("a", "b")] == [
        "exports.all can keep this flow: write `renamed_from: a`",
        "exports.all can keep this flow: write `renamed_from: b`",
    ]


def test_a_flow_that_joins_one_that_stays_may_be_sent_again() -> None:
    plan = build_plan(build_project(export("a", ("d1", "d2"))), account(), *flow("a"), *flow("b", ("d2",)))
    assert move_texts(plan, "a") == {
        "full-re-export": ['"D2" moves from exports.b to this flow; this flow may send it in full again'],
        "dataset-move": ["this apply deletes exports.b; the next run of this flow is 2027-01-16 02:00 UTC;"
                     " no flow sends it before"],
    }  # fmt: skip
    assert move_texts(plan, "b") == {"dataset-moved-away": ['"D2" moves to exports.a']}


def test_a_dataset_may_go_from_one_flow_that_stays_to_another() -> None:
    exports = (export("a", ("d1",)), export("b", ("d2", "d3")))
    plan = build_plan(build_project(*exports), account(), *flow("a", ("d1", "d2")), *flow("b", ("d3",)))
    assert move_texts(plan, "a") == {"dataset-moved-away": ['"D2" moves to exports.b']}
    assert list(move_texts(plan, "b")) == ["full-re-export", "dataset-move"]


def test_a_replaced_flow_gives_what_it_loses() -> None:
    given = build_project(export("a", ("d1",)), export("b", ("d2",)))
    plan = build_plan(given, account(), *flow("a", ("d1", "d2"), base="elsewhere"))
    assert item(plan, "exports.a").verb is Verb.REPLACE
    assert move_texts(plan, "a") == {
        "full-re-export": ["replaces the flow: full re-export under a new flow id"],
        "dataset-moved-away": ['"D2" moves to exports.b'],
    }
    assert move_texts(plan, "b")["dataset-move"][0].startswith("this apply removes it from exports.a;")


def test_a_dataset_that_no_export_sends_any_more_is_a_warning() -> None:
    plan = build_plan(build_project(export("a", ("d1",), enabled=False)), account(), *flow("old"))
    assert move_texts(plan, "a")["dataset-move"] == [
        "this apply deletes exports.old, and this flow has no next run: no flow sends it"
    ]
    assert [c.level for c in item(plan, "exports.a").consequences if c.rule == "dataset-move"] == ["warning"]


# -- both for a while -------------------------------------------------------------------------------------------------


def test_what_is_released_goes_on_beside_the_new_flow() -> None:
    plan = build_plan(build_project(export("a", ("d1",)), removed=removed_entries("release")), account(), *SALES)
    assert move_texts(plan, "a")["sent-by-both-flows"] == [
        'exports.sales still runs (it is released): both flows send "D1" until you disable one'
    ]
    assert "dataset-move" not in move_texts(plan, "a")
    assert move_texts(plan, "sales") == {}


@pytest.mark.parametrize("entries", [(), removed_entries()], ids=["not decided", "to be deleted, by an apply of all"])
def test_what_a_target_leaves_alone_goes_on_beside_the_new_flow(entries: tuple[RemovedEntry, ...]) -> None:
    exports = (export("a", ("d1", "d2")), export("b", ("d3",)))
    plan = build_plan(
        build_project(*exports, removed=entries), account(), *SALES, options=PlanOptions(targets=("exports.a",))
    )
    assert move_texts(plan, "a")["sent-by-both-flows"] == [
        'exports.sales still runs (this plan leaves it out): both flows send "D1", "D2" until you disable one'
    ]


def paused_sales() -> tuple[LiveObject, ...]:
    """The flow of exports.sales, which a person disabled."""
    source, target, live = SALES
    assert live.marker is not None
    seen = replace(live.marker, last_seen_enabled=True)
    return source, target, replace(live, marker=seen, raw={**live.raw, "state": "disabled"})


@pytest.mark.parametrize(
    ("enabled", "options", "safety_checks"),
    [
        (None, PlanOptions(), ["paused"]),
        (None, PlanOptions(resume=("exports.a",)), []),
        (False, PlanOptions(), []),
    ],
    ids=["the receiver would send", "with consent", "the receiver does not run"],
)
def test_a_move_out_of_a_flow_that_was_paused_by_hand_needs_consent(
    enabled: bool | None, options: PlanOptions, safety_checks: list[str]
) -> None:
    exports = (export("a", ("d1",), enabled=enabled), export("sales", ("d2", "d3")))

    plan = build_plan(build_project(*exports), account(), *paused_sales(), options=options)

    assert [r.safety_check for r in item(plan, "exports.a").refusals] == safety_checks


@pytest.mark.parametrize(("by_exportctl", "safety_checks"), [(False, ["paused"]), (True, [])])
def test_a_flow_that_is_no_longer_declared_is_paused_only_if_it_was_not_exportctl(
    by_exportctl: bool, safety_checks: list[str]
) -> None:
    source, target, live = paused_sales()
    assert live.marker is not None
    live = replace(live, marker=replace(live.marker, disables=by_exportctl))
    options = PlanOptions(targets=("exports.a",))

    plan = build_plan(build_project(export("a", ("d1",))), account(), source, target, live, options=options)

    assert [r.safety_check for r in item(plan, "exports.a").refusals] == safety_checks


# -- what keeps a flow from being kept --------------------------------------------------------------------------------

UNKEPT: dict[str, tuple[Project, tuple[LiveObject, ...]]] = {
    "another account": (build_project(export("a")), flow("old", base="elsewhere")),
    "another type": (build_project(export("a")), flow("old", type=SFTP, place={"remotePath": "/in"})),
    "another flow at its address": (
        build_project(export("a")),
        (*flow("old"), replace(flow("old")[2], id="second")),
    ),
    "a flow there already": (build_project(export("a", ("d1", "d2"))), (*flow("old"), *flow("a", ("d2",)))),
}


@pytest.mark.parametrize("row", UNKEPT)
def test_no_flow_can_be_kept_by(row: str) -> None:
    given, objects = UNKEPT[row]
    assert "flow-can-be-kept" not in move_texts(build_plan(given, account(), *objects), "old")


# -- where nothing is handed over -------------------------------------------------------------------------------------

NONE: dict[str, tuple[Project, tuple[LiveObject, ...]]] = {
    "a dataset of no export": (build_project(export("a", ("d4",)), export("sales", ("d1", "d2", "d3"))), SALES),
    "a dataset that two export from now on": (build_project(export("a"), export("sales", ("d1", "d2", "d3"))), SALES),
    "another project's flow": (build_project(export("a")), flow("old", owner="theirs")),
    "a change without datasets": (build_project(export("a", title="New")), (*flow("a"), *flow("b", ("d2",)))),
}


@pytest.mark.parametrize("row", NONE)
def test_nothing_is_handed_over_by(row: str) -> None:
    given, objects = NONE[row]
    assert move_texts(build_plan(given, account(), *objects), "a") == {}


def test_a_dataset_that_a_person_moved_is_handed_back() -> None:
    moved = (*flow("a", ("d1", "d2"), applied=("d1",)), *flow("b", ("d3",), applied=("d2",)))
    plan = build_plan(build_project(export("a"), export("b", ("d2",))), account(), *moved)
    assert {f.cause for f in item(plan, "exports.a").fields if f.field == "datasets"} == {Cause.DRIFT}
    assert move_texts(plan, "b")["full-re-export"] == [
        '"D2" moves from exports.a to this flow; this flow may send it in full again'
    ]


def test_renewing_says_nothing_of_it() -> None:
    plan = build_plan(build_project(export("a")), account(), *flow("old"), options=PlanOptions(renew_only=True))
    assert move_texts(plan, "a") == {}


def test_steps_stay_as_they_are() -> None:
    alone = build_plan(build_project(export("a", ("d1",)), destinations=(lake(),)), account())
    beside = build_plan(build_project(export("a", ("d1",)), removed=removed_entries("release")), account(), *SALES)
    assert item(alone, "exports.a").steps == item(beside, "exports.a").steps


@pytest.mark.parametrize(("others", "waits"), [(98, True), (99, False)])
def test_a_flow_is_deleted_after_what_takes_its_datasets_while_there_is_room_for_both(others: int, waits: bool) -> None:
    full = [o for n in range(others) for o in flow(f"other-{n}", (f"x{n}",), owner="theirs")]
    gone = removed_entries(name="old")
    plan = build_plan(build_project(export("a"), removed=gone), account(), *flow("old"), *full)
    (made,) = [s.key for s in item(plan, "exports.a").steps if s.action is Action.CREATE and s.kind == "flow"]
    (deletion,) = [s for s in item(plan, "exports.old").steps if s.action is Action.DELETE and s.kind == "flow"]
    assert (made in deletion.needs) is waits


def test_the_new_flow_of_a_replacement_needs_room_too() -> None:
    full = [o for n in range(98) for o in flow(f"other-{n}", (f"x{n}",), owner="theirs")]
    given = build_project(export("a", ("d1",)), export("b", ("d2",)))
    for others, waits in ((full[3:], True), (full, False)):
        plan = build_plan(given, account(), *flow("a", ("d1", "d2"), base="elsewhere"), *others)
        assert item(plan, "exports.a").verb is Verb.REPLACE
        assert (("exports.a", "exports.b") in waiting_pairs(plan)) is waits


def waiting_pairs(plan: Plan) -> set[tuple[str, str]]:
    """Which export waits for which."""
    steps = {step.key: step for step in plan.steps()}
    pairs = {(str(s.address), str(steps[need].address)) for s in steps.values() for need in s.needs}
    return {(one, other) for one, other in pairs if one != other and "destinations" not in f"{one}{other}"}


def test_flows_that_give_in_a_ring_wait_only_for_those_outside_it() -> None:
    """a -> b -> c -> a, and a -> d."""
    exports = (export("a", ("d3",)), export("b", ("d1",)), export("c", ("d2",)), export("d", ("d5", "d4")))
    live = (*flow("a", ("d1", "d4")), *flow("b", ("d2",)), *flow("c", ("d3",)), *flow("d", ("d5",)))
    assert waiting_pairs(build_plan(build_project(*exports), account(), *live)) == {("exports.a", "exports.d")}


def test_flows_that_give_in_a_chain_wait_for_the_next() -> None:
    exports = (export("a", ("d4",)), export("b", ("d1",)), export("c", ("d2", "d3")))
    live = (*flow("a", ("d1", "d4")), *flow("b", ("d2",)), *flow("c", ("d3",)))
    pairs = {("exports.a", "exports.b"), ("exports.b", "exports.c")}
    assert waiting_pairs(build_plan(build_project(*exports), account(), *live)) == pairs


def test_flows_that_give_on_two_ways_wait_for_each_receiver_once() -> None:
    """a -> b -> c -> e, and b -> d -> e."""
    exports = (
        export("a", ("d1",)),
        export("b", ("d2", "d3")),
        export("c", ("d4", "d5")),
        export("d", ("d6", "d7")),
        export("e", ("d8", "d9")),
    )
    live = (
        *flow("a", ("d1", "d2")),
        *flow("b", ("d3", "d4", "d6")),
        *flow("c", ("d5", "d8")),
        *flow("d", ("d7", "d9")),
    )
    pairs = {("a", "b"), ("b", "c"), ("b", "d"), ("c", "e"), ("d", "e")}
    plan = build_plan(build_project(*exports), account(), *live)
    assert waiting_pairs(plan) == {(f"exports.{one}", f"exports.{other}") for one, other in pairs}


@pytest.mark.parametrize("title", ["Sales", "SALES ", "other"])
def test_a_flow_whose_name_is_taken_gives_it_up_before_and_is_deleted_after(title: str) -> None:
    gone = removed_entries(name="old")
    plan = build_plan(build_project(export("a", title=title), removed=gone), account(), *flow("old", title="Sales"))
    assert ("exports.old", "exports.a") in waiting_pairs(plan)
    assert (("exports.a", "exports.old") in waiting_pairs(plan)) is (title != "other")
