"""docs/how-to/rename-split-and-clean-up.md shows what really happens, and its words are those of the rules."""

from __future__ import annotations

from exportctl.rules.engine import BY_ID
from tests.docs.rename_page import PAGE, PREPARATIONS, commands, is_same_output, run_commands

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_commands_print_what_the_page_shows() -> None:
    wrong = [(command, printed) for command, shown, printed in run_commands(TEXT) if not is_same_output(shown, printed)]

    assert wrong == []


def test_the_page_shows_each_scene_and_names_a_rule_that_exists() -> None:
    assert [command for command, _ in commands(TEXT)] == ["plan"] * 4 + ["doctor"]
    assert len(PREPARATIONS) == 5
    assert "likely-rename" in BY_ID
    assert "`likely-rename`" in TEXT
