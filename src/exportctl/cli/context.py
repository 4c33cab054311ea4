"""
One run of exportctl: the options that every command knows, wherever they stand, and what is made of them.

    exportctl --env prod plan   ==   exportctl plan --env prod

The options are declared once, on `_shared`; `Verb` and `Verbs` add them to every command and group and lay them over
the `Call` in the context, the innermost last.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from exportctl.cli.screen import Screen
from exportctl.config.scalars import parse_duration, parse_moment, parse_time_of_day
from exportctl.errors import Error, UsageError
from exportctl.model.references import BadValue
from exportctl.workflows.load_config import Setup

TEXT, JSON, MARKDOWN, JUNIT = "text", "json", "markdown", "junit"
COMPLETION_VARIABLE = "_EXPORTCTL_COMPLETE"  # set by the shell script that `completion` prints


class Interrupted(Error):
    """Ctrl-C while nothing was being written; Typer would make an exit code of its own of it."""


@dataclass
class CommandContext:
    """`env` is the process environment; the rest is what the options said."""

    env: Mapping[str, str]
    screen: Screen
    folder: Path = Path()
    files: tuple[str, ...] = ()
    environment: str | None = None
    format: str = TEXT
    now: int | None = None
    wall: Callable[[], int] = field(default=lambda: int(time.time()))

    def setup(self) -> Setup:
        """
        Raises:
            UsageError: the folder does not exist.
        """
        if not self.folder.is_dir():
            raise UsageError(f"-C {self.folder}: there is no such folder", rule="usage")
        chosen = self.environment or self.env.get("EXPORTCTL_ENV") or None
        return Setup(self.folder, self.files, chosen, self.env, self.now)

    def as_of(self) -> int:
        """The moment offline checks are made for."""
        return self.now if self.now is not None else self.wall()

    def require_format(self, *known: str) -> str:
        """
        The format, if the command has it.

        Raises:
            UsageError: it has not.
        """
        if self.format not in known:
            raise UsageError(f"--format {self.format} is not known here: there is {', '.join(known)}", rule="usage")
        return self.format

    def merge_options(self, given: Mapping[str, Any]) -> None:
        """Lay options over those of the groups around a command."""
        self.folder = Path(given["folder"]) if given["folder"] else self.folder
        self.files += tuple(given["files"] or ())
        self.environment = given["environment"] or self.environment
        self.format = _known_format(given["format"] or self.format)
        self.now = parsed_moment(given["now"], "--now") if given["now"] else self.now


def _known_format(text: str) -> str:
    if text not in (TEXT, JSON, MARKDOWN, JUNIT):
        raise UsageError(f"--format {text}: there is {TEXT}, {JSON}, {MARKDOWN} and {JUNIT}", rule="usage")
    return text


def command_context(ctx: typer.Context) -> CommandContext:
    call = ctx.find_root().obj
    assert isinstance(call, CommandContext)
    return call


def parsed_moment(text: str, option: str) -> int:
    """A date, RFC 3339, or seconds since 1970 UTC."""
    return int(text) if text.isdigit() else _parse_option(parse_moment, text, option)


def parsed_clock(text: str, option: str) -> int:
    """`HH:MM` or `HH:MM:SS`, in seconds after midnight UTC."""
    return _parse_option(parse_time_of_day, text, option)


def parsed_duration(text: str, option: str) -> int:
    """`6 hours`, `7d`, or seconds."""
    return int(text) if text.isdigit() else _parse_option(parse_duration, text, option)


def _parse_option(read: Callable[[str], int], text: str, option: str) -> int:
    try:
        return read(text)
    except BadValue as error:
        raise UsageError(f"{option}: {error.message}", rule=error.rule, hint=error.hint) from error


def read_text(path: Path, what: str) -> str:
    """
    Raises:
        Error: it cannot be read.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise Error(f"{what} {path} cannot be read: {(error.strerror or str(error)).lower()}", rule="file") from error
    except UnicodeDecodeError as error:
        raise Error(f"{what} {path} is not UTF-8 text", rule="file") from error


def _shared_options(
    folder: Annotated[
        str | None, typer.Option("-C", metavar="DIR", help="Work in this folder instead of the current one.")
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option("-f", metavar="PATH", help="A config file; repeatable. Replaces exports.yaml and exports/*.yaml."),
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option("--env", "-e", metavar="NAME", help="Environment of the config; also EXPORTCTL_ENV."),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="text (default) or json; some know markdown or junit."),
    ] = None,
    now: Annotated[
        str | None, typer.Option("--now", metavar="MOMENT", help="Plan as if it were this date or RFC 3339 moment.")
    ] = None,
) -> None:
    """Holds the options that every command has."""


@cache
def _shared_params() -> tuple[Any, ...]:
    holder = typer.Typer(add_completion=False)
    holder.command()(_shared_options)
    return tuple(p for p in typer.main.get_command(holder).params if p.name != "help")


SHARED = ("folder", "files", "environment", "format", "now")


def _pop_shared_options(ctx: Any) -> dict[str, Any]:
    return {name: ctx.params.pop(name, None) for name in SHARED}


class SharedOptionsCommand(TyperCommand):
    """A command that also takes the shared options."""

    def __init__(self, *args: Any, **named: Any):
        super().__init__(*args, **named)
        self.params = [*self.params, *_shared_params()]

    def invoke(self, ctx: Any) -> Any:
        command_context(ctx).merge_options(_pop_shared_options(ctx))
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted("interrupted; nothing was being written", rule="interrupted") from None


class SharedOptionsGroup(TyperGroup):
    """A group of commands that also takes the shared options; its commands are listed in the order of declaration."""

    def __init__(self, *args: Any, **named: Any):
        super().__init__(*args, **named)
        self.params = [*self.params, *_shared_params()]

    def invoke(self, ctx: Any) -> Any:
        command_context(ctx).merge_options(_pop_shared_options(ctx))
        return super().invoke(ctx)


def group(help: str) -> typer.Typer:
    """A Typer of our manners: no markup, no completion options, no pretty exceptions."""
    return typer.Typer(
        cls=SharedOptionsGroup,
        help=help,
        short_help=_first_sentence(help),
        no_args_is_help=False,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )


Commands = Mapping[str, tuple[Callable[..., int], str]]


def add_commands(app: typer.Typer, commands: Commands) -> None:
    """`commands`: name -> the function, and an example of its use."""
    for name, (function, example) in commands.items():
        short = _first_sentence(function.__doc__ or "")
        app.command(name, cls=SharedOptionsCommand, short_help=short, epilog=f"Example: {example}")(function)


def _first_sentence(text: str) -> str:
    """Whole, where Typer would cut it in the list of commands."""
    head, dot, _ = " ".join(text.split()).partition(". ")
    return head + dot.strip()
