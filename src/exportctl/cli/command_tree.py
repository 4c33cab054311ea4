"""
The tree of commands, built from the static table. The module of a command is imported when the command is looked up.

Listing commands, for `--help` and for a shell, reads the table alone.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from typer.core import TyperGroup

from exportctl.cli.command_table import COMMANDS, GROUPS, GROUPS_WITH_OPTIONS, child_paths, one_line_help
from exportctl.cli.completion import Candidate
from exportctl.cli.context import SharedOptionsCommand, SharedOptionsGroup, build_callback


class CommandsBelow(Mapping[str, Any]):
    """The commands below a path by their names. Each is built when it is looked up."""

    def __init__(self, path: str):
        self._paths = {child.rpartition(" ")[2]: child for child in child_paths(path)}
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            path = self._paths[name]
            self._built[name] = build_group(path) if path in GROUPS else _build_command(path)
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __contains__(self, name: object) -> bool:
        return name in self._paths

    def one_line_helps(self) -> dict[str, str]:
        """Return name -> one-line help, in the order of the table."""
        return {name: one_line_help(path) for name, path in self._paths.items()}


class TableGroup(SharedOptionsGroup):
    """A group of CommandsBelow. It lists them in the order of the table, and loads none of them for it."""

    commands: Any

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        self.write_section(formatter, "Commands", self.commands)

    def write_section(self, formatter: Any, title: str, names: Any) -> None:
        """Write one section of help: some of the commands, with their one-line helps."""
        longest, helps = max(map(len, self.commands)), self.commands.one_line_helps()
        with formatter.section(title):
            formatter.write_dl([(name.ljust(longest), helps[name]) for name in names])

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        helps = self.commands.one_line_helps()
        found = [Candidate(name, help=text) for name, text in helps.items() if name.startswith(incomplete)]
        return [*found, *super(TyperGroup, self).shell_complete(ctx, incomplete)]


def build_group(path: str, cls: type[TableGroup] = TableGroup, callback: Callable[..., Any] | None = None) -> Any:
    """Build a group without markup and completion options. With a callback it can run without a command."""
    if path in GROUPS_WITH_OPTIONS:
        callback = _module_command(GROUPS_WITH_OPTIONS[path], path)[0]
    own: Any = build_callback(callback) if callback else None
    commands: Any = CommandsBelow(path)
    return cls(
        name=path.rpartition(" ")[2],
        commands=commands,
        help=GROUPS[path],
        short_help=one_line_help(path),
        params=[param for param in own.params if param.name != "help"] if own else [],
        callback=own.callback if own else None,
        invoke_without_command=own is not None,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )


def _build_command(path: str) -> Any:
    """
    Build a command from its function and examples.

    Its help is the first line of the docstring, the examples, and the rest of the docstring.
    """
    function, examples = _module_command(COMMANDS[path][0], path)
    summary, _, rest = inspect.cleandoc(function.__doc__ or "").partition("\n")
    lines = "\n".join(f"  {line}" for line in examples.splitlines())
    own = build_callback(function)
    return SharedOptionsCommand(
        name=path.rpartition(" ")[2],
        callback=own.callback,
        params=own.params,
        short_help=summary,
        help=inspect.cleandoc(f"{summary}\n\n\b\nExamples:\n{lines}\n\n{rest.strip()}"),
        rich_markup_mode=None,
    )


def _module_command(module: str, path: str) -> tuple[Callable[..., Any], str]:
    found: tuple[Callable[..., Any], str] = importlib.import_module(f"exportctl.cli.{module}").COMMANDS[path]
    return found
