"""The static table of commands says what the modules of the commands say, and lists them without loading them."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from exportctl.cli.command_table import COMMANDS, GROUPS, GROUPS_WITH_OPTIONS, one_line_help
from exportctl.cli.command_tree import CommandsBelow

_MODULES = sorted({module for module, _ in COMMANDS.values()})


def _commands_of(module: str) -> Mapping[str, tuple[Any, str]]:
    found: Mapping[str, tuple[Any, str]] = importlib.import_module(f"exportctl.cli.{module}").COMMANDS
    return found


@pytest.mark.parametrize("module", _MODULES)
def test_the_table_has_the_commands_of_a_module(module: str) -> None:
    listed = [path for path, (own, _) in COMMANDS.items() if own == module]
    listed += [path for path, own in GROUPS_WITH_OPTIONS.items() if own == module]
    assert sorted(_commands_of(module)) == sorted(listed)


@pytest.mark.parametrize("path", COMMANDS)
def test_the_one_line_help_is_the_first_line_of_the_docstring(path: str) -> None:
    function = _commands_of(COMMANDS[path][0])[path][0]
    assert one_line_help(path) == inspect.cleandoc(function.__doc__).partition("\n")[0]


def test_every_group_has_a_help_and_every_help_a_group() -> None:
    above = {path.rpartition(" ")[0] for path in (*COMMANDS, *GROUPS) if path}
    assert above == set(GROUPS)


def test_a_group_knows_names_and_helps_of_its_commands_in_the_order_of_the_table() -> None:
    below = CommandsBelow("emulator clock")
    assert list(below.one_line_helps().items()) == [(name, one_line_help(f"emulator clock {name}")) for name in below]
    assert list(below) == ["get", "set", "advance"]
    assert "get" in below and "plan" not in below and below.get("plan") is None
    assert below["get"] is below["get"]


_LOADED = """
import io, sys
from exportctl.cli.command_table import COMMANDS
from exportctl.cli.main import main
main(sys.argv[1:], out=io.StringIO())
modules = dict.fromkeys(f"exportctl.cli.{module}" for module, _ in COMMANDS.values())
print(*(module for module in modules if module in sys.modules))
"""


@pytest.mark.parametrize(
    ("argv", "loaded"),
    [(("--help",), []), (("schema", "plan"), ["exportctl.cli.offline"])],
    ids=["help of all", "one command"],
)
def test_only_the_module_of_the_command_is_loaded(argv: tuple[str, ...], loaded: list[str]) -> None:
    asked = [sys.executable, "-c", _LOADED, *argv]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == loaded
