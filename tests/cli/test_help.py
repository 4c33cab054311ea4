"""The help of every command: what it does in one line, then examples."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exportctl.cli.app import build_command
from exportctl.cli.exit_codes import USAGE
from tests.cli.command_line import CommandLine

MAX_LENGTH = 60
# First words of the summaries. A word that is not listed here must be an imperative before it is added.
IMPERATIVES = frozenset(
    {
        "Add",
        "Ask",
        "Change",
        "Check",
        "Compare",
        "Create",
        "Delete",
        "Disable",
        "Edit",
        "Empty",
        "Enable",
        "Explain",
        "Keep",
        "Let",
        "List",
        "Make",
    }
    | {
        "Manage",
        "Move",
        "Open",
        "Print",
        "Prove",
        "Remove",
        "Rename",
        "Replace",
        "Restore",
        "Run",
        "Save",
        "Send",
        "Serve",
        "Set",
        "Show",
    }
    | {"Write"}
)


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from _commands(below, (*path, name))


COMMANDS = dict(_commands(build_command(), ()))
RUNNABLE = [path for path, command in COMMANDS.items() if not hasattr(command, "commands")]


def _help_lines(run: CommandLine, path: tuple[str, ...]) -> list[str]:
    shown = run(*path, "--help")
    assert shown.code == 0
    return [line.strip() for line in shown.out.splitlines() if line.strip()]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_first_line_is_an_imperative_of_at_most_60_characters(run: CommandLine, path: tuple[str, ...]) -> None:
    usage, summary, *_ = _help_lines(run, path)

    assert usage.startswith("Usage: exportctl")
    assert len(summary) <= MAX_LENGTH
    assert summary.split()[0] in IMPERATIVES
    assert summary.endswith(".")


@pytest.mark.parametrize("path", RUNNABLE, ids=" ".join)
def test_examples_follow_the_first_line_and_parse(run: CommandLine, path: tuple[str, ...]) -> None:
    _, _, heading, *rest = _help_lines(run, path)
    examples = [line for line in rest[: rest.index("Options:")] if line.startswith("exportctl ")]

    assert heading == "Examples:"
    assert examples and examples == rest[: len(examples)]
    for example in examples:
        words = shlex.split(re.sub(r" (>>|&&) .*", "", example))[1:]
        assert set(path) <= set(words)
        _parse(words)


@pytest.mark.parametrize("path", RUNNABLE, ids=" ".join)
def test_examples_are_no_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: tuple[str, ...]) -> None:
    """In an empty folder, each example gets past its own options and values: what is missing is a config."""
    monkeypatch.chdir(tmp_path)
    run = CommandLine(tmp_path, {"KEY": "a"})
    examples = [line for line in _help_lines(run, path) if line.startswith("exportctl ") and "serve" not in path]

    for example in examples:
        assert run(*shlex.split(re.sub(r" (>>|&&) .*", "", example))[1:]).code != USAGE


def _parse(words: list[str]) -> None:
    """Parse a command line as far as its last command, without running it."""
    command, parent = build_command(), None
    while True:
        parent = command.make_context(words[0] if words else "exportctl", list(words), parent=parent)
        rest = [*getattr(parent, "_protected_args", []), *parent.args]
        if not hasattr(command, "commands"):
            assert rest == []
            return
        command, words = command.commands[rest[0]], rest[1:]


def test_a_list_of_commands_holds_whole_first_lines(run: CommandLine) -> None:
    shown = " ".join(run("--help").out.split())

    for name, command in build_command().commands.items():
        assert f"{name} {command.get_short_help_str(MAX_LENGTH)}" in shown
