"""What people saw yesterday is what they see today. `python -m tests.output.golden_files` rewrites golden/."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from exportctl.model.plan import Cause, Plan
from exportctl.output.text import plan as text_plan
from tests.output.golden_files import FOLDER, texts
from tests.output.sample_plans import AS_OF, HEADER, change, full_plan, renewed_item, updated_item

TEXTS = texts()


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_view_says_what_its_golden_file_says(name: str) -> None:
    expected = (FOLDER / name).read_text(encoding="utf-8")

    assert expected == TEXTS[name]


def test_every_golden_file_belongs_to_a_view() -> None:
    assert sorted(TEXTS) == sorted(p.name for p in FOLDER.iterdir())


def test_equal_plans_give_equal_bytes() -> None:
    assert texts() == TEXTS


def test_colour_changes_no_word() -> None:
    colored = text_plan.render_plan(full_plan(), color=True)

    assert "\x1b[" in colored
    assert text_plan.render_plan(full_plan()) == re.sub(r"\x1b\[[0-9;]*m", "", colored)


def test_a_plan_without_anything_to_say_says_so() -> None:
    shown = text_plan.render_plan(Plan(HEADER, 0, ()))

    assert "No changes. Everything is as the config asks.\nPlan: 0 to create, " in shown
    assert shown.endswith("Apply will make 0 writes.\n")


def test_where_nothing_reaches_adobe_the_header_says_so() -> None:
    embedded = replace(full_plan(), header=replace(HEADER, platform="embedded"))

    assert "EMULATOR: nothing reaches Adobe" in text_plan.render_plan(embedded)
    assert "EMULATOR" not in text_plan.render_plan(full_plan())


def test_a_config_without_environments_names_none() -> None:
    plan = replace(full_plan(), header=replace(HEADER, environment=None))

    assert "environment" not in text_plan.render_plan(plan).splitlines()[0]


def test_renew_shows_only_the_ends_that_move() -> None:
    item = renewed_item()
    also = replace(item, fields=(change(Cause.DRIFT), *item.fields))

    shown = text_plan.render_renewals(Plan(HEADER, AS_OF, (also,)))

    assert "path: " not in shown
    assert "    end: 2026-12-12 02:00 UTC -> 2027-05-21 02:00 UTC" in shown


def test_a_consequence_of_many_addresses_is_said_once_with_their_names() -> None:
    two, three = (
        text_plan.render_plan(Plan(HEADER, AS_OF, tuple(updated_item(f"n{n}") for n in range(count))))
        for count in (2, 3)
    )

    assert two.count("cost: a change of the interval") == 2
    assert three.count("cost: a change of the interval") == 1
    assert (
        "    cost: a change of the interval may trigger a full re-export\n        3: exports.n0, exports.n1, " in three
    )
