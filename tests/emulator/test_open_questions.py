"""Every open question of the developers' notes is a switch, or has a reason why it needs none."""

from __future__ import annotations

import re

from exportctl.emulator.docs import tables_markdown
from exportctl.emulator.open_questions import NOTED_QUESTIONS
from exportctl.emulator.switches import QUESTIONS

BY_ID = {noted.id: noted for noted in NOTED_QUESTIONS}


def test_the_table_has_every_question_once() -> None:
    """The notes have 23 contradictions, 25 unknowns, and 11 questions for a live sandbox."""
    expected = [f"{letter}{n}" for letter, count in (("C", 23), ("U", 25), ("D", 11)) for n in range(1, count + 1)]

    assert [noted.id for noted in NOTED_QUESTIONS] == expected


def test_every_question_is_played_or_says_why_not() -> None:
    for noted in NOTED_QUESTIONS:
        assert noted.switches or noted.reason, noted.id
        assert set(noted.switches) <= set(QUESTIONS), noted.id
        assert noted.text.endswith(("?", ".")), noted.id


def test_a_switch_that_names_a_question_as_its_source_plays_it() -> None:
    for name, question in QUESTIONS.items():
        for id in re.findall(r"\b[CU]\d+\b", question.source):
            assert name in BY_ID[id].switches, (name, id)


def test_the_page_shows_every_question() -> None:
    page = tables_markdown()

    for noted in NOTED_QUESTIONS:
        assert f"| {noted.id} | {noted.text} | " in page
