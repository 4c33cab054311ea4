"""docs/changing.md shows what really happens, and its words are those of the rules."""

from __future__ import annotations

from exportctl.rules.checking import BY_ID
from tests.docs.changing_page import PAGE, SCENES, commands, played, same

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_commands_print_what_the_page_shows() -> None:
    wrong = [(command, printed) for command, shown, printed in played(TEXT) if not same(shown, printed)]

    assert wrong == []


def test_the_page_shows_each_scene_and_names_a_rule_that_exists() -> None:
    assert [command for command, _ in commands(TEXT)] == ["plan"] * 4 + ["doctor"]
    assert len(SCENES) == 5
    assert "likely-rename" in BY_ID
    assert "`likely-rename`" in TEXT
