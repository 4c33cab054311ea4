"""What people saw yesterday is what they see today. `python tests/views/golden_files.py` rewrites golden/."""

from __future__ import annotations

import pytest
from golden_files import FOLDER, texts
from sample_plans import HEADER, full_plan

from exportctl.model import Plan
from exportctl.views import text

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
    import re

    colored = text.plan(full_plan(), color=True)

    assert "\x1b[" in colored
    assert text.plan(full_plan()) == re.sub(r"\x1b\[[0-9;]*m", "", colored)


def test_a_plan_without_anything_to_say_says_so() -> None:
    shown = text.plan(Plan(HEADER, 0, ()))

    assert "No changes. The sandbox holds what the config asks for.\nPlan: 0 to create, " in shown
    assert shown.endswith("Apply will make 0 writes.\n")


def test_where_nothing_reaches_adobe_the_header_says_so() -> None:
    from dataclasses import replace

    embedded = replace(full_plan(), header=replace(HEADER, platform="embedded"))

    assert "EMULATOR: nothing reaches Adobe" in text.plan(embedded)
    assert "EMULATOR" not in text.plan(full_plan())
