"""docs/how-to/move-exports-between-projects.md shows what really happens."""

from __future__ import annotations

from tests.docs.move_page import PAGE, PREPARATIONS
from tests.docs.rename_page import commands, is_same_output, run_commands

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_commands_print_what_the_page_shows() -> None:
    shown = run_commands(TEXT, PREPARATIONS)

    assert [(command, printed) for command, said, printed in shown if not is_same_output(said, printed)] == []


def test_the_page_shows_a_plan_a_move_and_what_the_former_project_says() -> None:
    assert [command for command, _ in commands(TEXT)] == ["plan", "apply --auto-approve", "plan"]
