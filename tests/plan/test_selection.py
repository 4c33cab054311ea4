"""What --exclude leaves out: the matched addresses, what needs them, and never a deletion because of it."""

from __future__ import annotations

from itertools import combinations

import pytest

from exportctl.model.plan import Action, Plan, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import RemovedEntry
from tests.plan.plan_builders import account, build_plan, build_project, export, flow
from tests.plan.value_builders import AT, lake

ALL = {
    "destinations.lake": Verb.MARK,
    "destinations.new": Verb.CREATE,
    "destinations.left": Verb.DELETE,
    "exports.a/one": Verb.CREATE,
    "exports.a/two": Verb.CREATE,
    "exports.b": Verb.CREATE,
    "exports.gone": Verb.DELETE,
}


def planned(*excludes: str, targets: tuple[str, ...] = ()) -> Plan:
    """Two parts and an export on another account are new, a flow and an account are no longer declared."""
    given = build_project(
        export("a/one", ["d1"], subpath="one"),
        export("a/two", ["d2"], subpath="two"),
        export("b", ["d3"], destination="new"),
        destinations=[lake(), lake(key="new", location={"bucket": "other", "path": "aep"})],
        removed=(RemovedEntry("exports", "gone", "delete", "decided", AT),),
    )
    live = (account(), account("left", "left-base"), *flow("gone", base="left-base"))
    return build_plan(given, *live, options=PlanOptions(targets=targets, excludes=excludes))


def verbs(shown: Plan) -> dict[str, Verb]:
    return {str(i.address): i.verb for i in shown.items if i.verb is not Verb.UNCHANGED}


CHANGED = set(ALL)
# what is excluded, what is left out of the plan, what changes all the same
ROWS: dict[str, tuple[tuple[str, ...], set[str], set[str]]] = {
    "nothing": ((), set(), CHANGED),
    "one part": (("exports.a/one",), {"exports.a/one"}, CHANGED - {"exports.a/one"}),
    "all parts by KEY": (("a",), {"exports.a/one", "exports.a/two"}, CHANGED - {"exports.a/one", "exports.a/two"}),
    "an export takes no account along, but none is made for it": (
        ("exports.b",),
        {"exports.b"},
        CHANGED - {"exports.b", "destinations.new"},
    ),
    "an account takes its exports along": (
        ("destinations.new",),
        {"exports.b", "destinations.new"},
        CHANGED - {"exports.b", "destinations.new"},
    ),
    "a deletion, whose account then stays": (
        ("exports.gone",),
        {"exports.gone"},
        CHANGED - {"exports.gone", "destinations.left"},
    ),
    "the deletion of an account, whose flows then stay": (
        ("destinations.left",),
        {"destinations.left", "exports.gone"},
        CHANGED - {"destinations.left", "exports.gone"},
    ),
    "several globs": (
        ("exports.a/*", "gone"),
        {"exports.a/one", "exports.a/two", "exports.gone"},
        {"destinations.lake", "destinations.new", "exports.b"},
    ),
    "everything": (("*",), CHANGED, set()),
}


@pytest.mark.parametrize("row", ROWS)
def test_what_is_excluded_is_left_out_with_what_needs_it(row: str) -> None:
    excludes, left_out, changed = ROWS[row]

    shown = planned(*excludes)

    assert (set(shown.excluded), set(verbs(shown)), shown.targeted_out) == (left_out, changed, 0)


def test_an_exclusion_only_takes_away_from_a_plan() -> None:
    """For every pair of addresses: no step is new, none is a deletion that the whole plan lacks, none is theirs."""
    whole = {step.key: step.action for step in planned().steps()}
    for pair in combinations(ALL, 2):
        left = planned(*pair)
        steps = {step.key: step.action for step in left.steps()}
        assert steps.items() <= whole.items(), pair
        assert not {str(step.address) for step in left.steps()} & {*pair, *left.excluded}, pair
        deleted = {key for key, action in whole.items() if action is Action.DELETE}
        assert {key for key, action in steps.items() if action is Action.DELETE} <= deleted, pair


def test_target_and_exclude_count_apart() -> None:
    shown = planned("exports.a/two", targets=("a",))

    assert set(verbs(shown)) == {"destinations.lake", "exports.a/one"}
    assert (shown.excluded, shown.targeted_out) == (("exports.a/two",), 1)
    assert shown.options["excludes"] == ["exports.a/two"]
    assert "excludes" not in planned().options


def test_an_excluded_account_is_not_touched_through_an_export_that_names_another_destination() -> None:
    """`account: {of: lake}` uses the account of lake, so it needs lake."""
    other = lake(key="other", account=lake().account.__class__(of="lake"))
    given = build_project(export("x", destination="other"), destinations=[lake(), other])

    shown = build_plan(given, options=PlanOptions(excludes=("destinations.lake",)))

    assert (verbs(shown), shown.excluded) == ({}, ("destinations.lake", "exports.x"))


def test_an_excluded_account_keeps_the_flow_that_the_config_moves_away() -> None:
    """The new flow would replace the one on the excluded account."""
    new = lake(key="new", location={"bucket": "other", "path": "aep"})
    given = build_project(export("x", destination="new"), destinations=[lake(), new])

    shown = build_plan(given, account(), *flow("x"), options=PlanOptions(excludes=("destinations.lake",)))

    assert not shown.steps()
    assert shown.excluded == ("destinations.lake", "exports.x")
