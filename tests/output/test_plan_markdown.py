"""What changes is outside any fold and said once, however many resources a plan has; what is left out has a number."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.errors import Finding, Level
from exportctl.model.plan import WRITE_CAUSES, Actor, Cause, Consequence, Plan, PlanItem, Verb
from exportctl.output.markdown.parts import LIMIT
from exportctl.output.markdown.plan import render_plan
from tests.output import markdown_reader
from tests.output.sample_plans import (
    AS_OF,
    DAY,
    HEADER,
    address,
    change,
    deleted_item,
    full_plan,
    paused_item,
    updated_item,
)

CHANGED = WRITE_CAUSES - {Cause.CREATE} | {Cause.RENEWAL}


def plan_of(*items: PlanItem) -> Plan:
    return Plan(HEADER, AS_OF, items)


def moved(name: str, after: str, cause: Cause = Cause.PENDING) -> PlanItem:
    return replace(updated_item(name), fields=(change(cause, "path", "aep", after),), consequences=())


def changes(markdown: str) -> list[str]:
    """The entries of the list of changes."""
    listed = markdown.partition("**Changes**\n\n")[2].partition("\n\n**")[0]
    return [line for line in listed.splitlines() if line.lstrip().startswith("- ")]


def test_a_plan_without_changes_is_one_line() -> None:
    shown = render_plan(Plan(HEADER, AS_OF, (PlanItem(address("same"), Verb.UNCHANGED),)))

    marker, line = shown.splitlines()
    assert marker == "<!-- exportctl plan project=acme-exports environment=prod -->"
    assert "No changes. Everything is as the config asks. 1 unchanged." in line


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, '- `path`: `"aep"` → `"aep-v2"` (`exports.n0`)'),
        (3, '- `path`: `"aep"` → `"aep-v2"` (3 exports: `exports.n0`, `exports.n1`, `exports.n2`)'),
        (97, '- `path`: `"aep"` → `"aep-v2"` (97 exports)'),
    ],
)
def test_equal_changes_are_one_entry_with_the_exports(count: int, expected: str) -> None:
    shown = render_plan(plan_of(*(moved(f"n{n}", "aep-v2") for n in range(count))))

    assert changes(shown)[:1] == [expected]
    assert len(changes(shown)) == 1
    assert f"exports.n{count - 1}" in markdown_reader.shown_text(shown)


def test_of_many_different_changes_some_are_shown_and_all_are_counted() -> None:
    shown = render_plan(plan_of(*(moved(f"n{n:02}", f"aep-{n:02}") for n in range(97))))

    assert changes(shown)[0] == "- `path` (97 exports, 97 different):"
    outside = markdown_reader.outside_folds(shown)
    assert [n for n in range(97) if f'"aep-{n:02}"' in outside] == list(range(10))
    assert "<summary>87 more</summary>" in shown
    assert '"aep-96"' in markdown_reader.shown_text(shown)


@given(
    st.lists(st.tuples(st.sampled_from(["aep-1", "aep-2", "`aep`|<b>"]), st.sampled_from(sorted(CHANGED))), max_size=8)
)
def test_every_value_that_changes_is_outside_any_fold(drawn: list[tuple[str, Cause]]) -> None:
    shown = render_plan(plan_of(*(moved(f"n{n}", after, cause) for n, (after, cause) in enumerate(drawn))))

    outside = markdown_reader.outside_folds(shown)
    for after, _ in drawn:
        assert f'"aep" → "{after}"' in outside
    assert len(changes(shown)) == len(set(drawn))


def test_hand_edits_at_different_moments_are_one_entry_without_a_moment() -> None:
    def edited(n: int) -> PlanItem:
        who = Actor("jane@acme.example", "exc_app", AS_OF + n)
        return replace(updated_item(f"n{n}"), fields=(replace(change(Cause.DRIFT), actor=who),), consequences=())

    (entry,) = changes(render_plan(plan_of(*(edited(n) for n in range(3)))))

    assert "drift: changed by `jane@acme.example` with the UI (exc_app) (3 exports: " in entry


def test_a_consequence_of_many_exports_is_said_once_and_the_costly_ones_first() -> None:
    warning, cost = Consequence("w", "it breaks readers", "warning"), Consequence("c", "sends all again", "cost")
    items = [replace(moved(f"n{n}", "x"), consequences=(warning, cost)) for n in range(97)]

    shown = render_plan(plan_of(*items))

    assert shown.count("it breaks readers") == shown.count("sends all again") == 1
    assert shown.index("- **cost**: sends all again (97 exports)") < shown.index("- **warning**: it breaks readers")
    assert shown.index("sends all again") < shown.index("**Changes**")


def test_readers_that_break_come_first_and_those_of_a_protected_export_are_marked() -> None:
    other, breaks = Consequence("w", "shares an account", "warning"), Consequence("readers-break", "dbt", "warning")
    found = Finding("protected-export-moves", "exports.n: it is protected", None, "ask first", Level.WARNING)
    near = Finding("near-limit", "97 of 100 destinations are in use", level=Level.WARNING)
    item = replace(moved("n", "x"), consequences=(other, breaks), findings=(found,))

    shown = render_plan(replace(plan_of(item), findings=(near,)))

    assert shown.index("- **warning**: dbt") < shown.index("- **warning**: shares an account")
    assert shown.index("- **protected** `exports.n`: it is protected (ask first)") < shown.index("- 97 of 100")


def test_a_deletion_shows_what_is_lost_outside_any_fold() -> None:
    outside = markdown_reader.outside_folds(render_plan(plan_of(replace(deleted_item(), refusals=()))))

    for part in ('datasets: "Orders" (5ef)', "location: s3://acme-lake/aep", "last run: 2026-11-22 01:00 UTC, failed"):
        assert part in outside
    assert "reason: the warehouse is closed" in outside


def test_an_end_is_shown_only_if_the_plan_moves_it() -> None:
    stays = moved("stays", "x")
    goes = replace(moved("goes", "x"), fields=(change(Cause.PENDING, "end", AS_OF + DAY, AS_OF + 9 * DAY),))

    assert "**Ends**" not in render_plan(plan_of(stays))
    assert "**Ends**\n\n- ends " in render_plan(plan_of(stays, goes))


def test_a_long_list_is_cut_at_an_entry_and_says_so() -> None:
    items = [replace(deleted_item(f"n{n:04}"), refusals=()) for n in range(2000)]

    shown = render_plan(plan_of(*items))

    assert len(shown) <= LIMIT
    cut = re.search(r"- _(\d+) of 2000 shown_", shown)
    assert cut is not None
    assert int(cut[1]) == shown.count("- **delete** ") > 100
    assert "2000 to delete" in shown


def test_many_paused_exports_are_one_entry_with_one_example() -> None:
    shown = render_plan(plan_of(*(paused_item(f"n{n}") for n in range(9))))

    assert shown.count("left paused (9 exports)") == shown.count("to resume exactly this: ") == 1


def test_each_fold_ends_and_a_list_goes_on_after_it() -> None:
    equal = tuple(moved(f"n{n}", "aep-v2") for n in range(9))
    shown = render_plan(plan_of(*equal, replace(moved("z", "x"), fields=(change(Cause.PENDING, "title", "a", "b"),))))

    page = markdown_reader.page(shown)
    assert page.count("<details>") == page.count("</details>")
    assert 'title: "a" → "b" (exports.z)' in markdown_reader.outside_folds(shown)
    assert "&lt;details" not in markdown_reader.page(render_plan(full_plan()))
