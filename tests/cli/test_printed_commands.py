"""Every command, option, page and variable that a text of exportctl names exists: a reader can do what it says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache

import pytest

from tests.cli.command_line import ROOT
from tests.cli.test_help import COMMANDS, RUNNABLE

SOURCE = ROOT / "src" / "exportctl"
GAP = "\N{BULLET}"  # stands for what the program fills in
COMMAND = re.compile(r"`exportctl ([^`]+)`|: exportctl ([a-z][^;:,`\"\n]*)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
NO_COMMANDS = {"… --help", "lease (PROJECT)"}
OTHER_TOOLS = {"--unidiff-zero", "--cached"}  # of git


def _texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text of a module that is no docstring, with gaps for what is filled in."""
    docs = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}
    inner = {id(v) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for v in n.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(str(v.value) if isinstance(v, ast.Constant) else GAP for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (docs | inner):
            yield node.lineno, node.value


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """The texts of all modules, and where they stand."""
    return tuple(
        (f"{path.relative_to(SOURCE)}:{line}", text)
        for path in sorted(SOURCE.rglob("*.py"))
        if path.name != "stylesheet.py"  # what begins with two hyphens there is a custom property of CSS
        and path.parent.name != "pipelines"  # jobs that call other tools too; tests/pipelines runs them
        for line, text in _texts(ast.parse(path.read_text(encoding="utf-8")))
    )


def options_of(path: tuple[str, ...]) -> set[str]:
    """The options of a command, with those that every command takes."""
    levels = [COMMANDS[path[:length]] for length in range(len(path) + 1)]
    return {name for level in levels for parameter in level.params for name in (*parameter.opts, "--help", "-C", "-f")}


def commands_in(text: str) -> list[str]:
    """What stands in backticks, and what follows a colon and looks like a command: `list them: exportctl datasets`."""
    names = [path[0] for path in COMMANDS if path]
    quoted = [line for line, _ in COMMAND.findall(text) if line and line not in NO_COMMANDS]
    plain = [line for _, line in COMMAND.findall(text) if line]
    return [*quoted, *(line for line in plain if get_close_matches(line.split()[0], names, cutoff=0.75))]


def printed_commands() -> list[tuple[str, str]]:
    return [(where, line.strip()) for where, text in texts() for line in commands_in(text)]


def faults(line: str) -> str:
    """What is wrong with a printed command line; empty if nothing is."""
    words = line.replace("…", "").split()
    path: tuple[str, ...] = ()
    while words and (*path, words[0]) in COMMANDS:
        path = (*path, words.pop(0))
    if not path:
        return "no such command"
    if path not in RUNNABLE and words and not words[0].startswith((GAP, "-")):
        return f"no such command below {' '.join(path)}"
    unknown = [w for w in OPTION.findall(line) if w not in options_of(path)]
    return f"no such option: {unknown}" if unknown else ""


def test_the_commands_of_texts_are_found() -> None:
    lines = [line for _, line in printed_commands()]
    assert len(lines) > 30
    assert any(line.startswith("emulator seed --from-config") for line in lines)


def test_every_printed_command_and_its_options_exist() -> None:
    assert [(where, line, wrong) for where, line in printed_commands() if (wrong := faults(line))] == []


def test_every_option_that_a_text_names_exists() -> None:
    known = {option for path in COMMANDS for option in options_of(path)} | OTHER_TOOLS
    prose = [(where, text) for where, text in texts() if len(text.split()) > 1]  # not the arguments of another tool
    assert [(where, name) for where, text in prose for name in OPTION.findall(text) if name not in known] == []


def test_every_page_that_a_text_names_exists() -> None:
    named = [(where, name) for where, text in texts() for name in re.findall(r"docs/[\w/-]+\.md", text)]
    assert named
    assert [(where, name) for where, name in named if not (ROOT / name).is_file()] == []


def test_every_variable_that_a_text_names_is_documented() -> None:
    pages = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").rglob("*.md")))
    named = {name for _, text in texts() for name in re.findall(r"\b(?:EXPORTCTL|AEP)_[A-Z]+(?:_[A-Z]+)*\b", text)}
    assert sorted(name for name in named if name not in pages) == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("plan --env prod", ""),
        ("plna", "no such command"),
        ("emulator sed", "no such command below emulator"),
        ("plan --put-back x", "no such option: ['--put-back']"),
    ],
)
def test_a_wrong_command_would_be_found(line: str, wrong: str) -> None:
    assert faults(line) == wrong
