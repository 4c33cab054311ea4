"""
The context of one run: the options that every command takes, before or after its name.

    exportctl --env prod plan   ==   exportctl plan --env prod

`_shared_options` declares them once. `SharedOptionsCommand` and `SharedOptionsGroup` add them to every command and
group, and merge their values into the CommandContext. The innermost value wins.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from functools import cache
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option
from typer.core import TyperCommand, TyperGroup

from exportctl.cli.completion import add_completion
from exportctl.cli.screen import Screen
from exportctl.cli.secondary_files import SecondaryFiles
from exportctl.client.guard import SecretGuard
from exportctl.errors import Error, UsageError
from exportctl.frozen import dataclass

if TYPE_CHECKING:
    from exportctl.client.inventory import ReadSet
    from exportctl.errors import Finding
    from exportctl.model.plan_options import PlanOptions
    from exportctl.model.project import Project
    from exportctl.workflows.load_config import Setup
    from exportctl.workflows.plan import ConnectedPlan

TEXT, JSON, MARKDOWN, JUNIT, SARIF = "text", "json", "markdown", "junit", "sarif"
FORMATS = (TEXT, JSON, MARKDOWN, JUNIT, SARIF)
ALL_ENVIRONMENTS_OPTION = "--all-environments"
COMPLETION_VARIABLE = "_EXPORTCTL_COMPLETE"  # set by the shell script that `completion` prints


class Interrupted(Error):
    """Ctrl-C; the message says what was written. Typer would turn KeyboardInterrupt into an exit code of its own."""


@contextmanager
def handle_signals(handler: Callable[[int, FrameType | None], None], *numbers: int) -> Iterator[None]:
    """
    Give signals to `handler` for a while. Only the main thread can handle signals.

    A SIGHUP that the caller ignores stays ignored: that is what `nohup` is for.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ignored = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else set()
    before = {number: signal.signal(number, handler) for number in numbers if number not in ignored}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, signal.SIG_DFL if former is None else former)


@dataclass
class CommandContext:
    """What one run was given: the environment variables, the screen, and the values of the shared options."""

    env: Mapping[str, str]
    screen: Screen
    guard: SecretGuard = field(default_factory=SecretGuard)
    secondary_files: SecondaryFiles = field(default_factory=SecondaryFiles)
    folder: Path = Path()
    files: tuple[str, ...] = ()
    environment: str | None = None
    format: str = TEXT
    now: int | None = None
    verbosity: int = 0
    has_reported_failure: bool = False  # a document and outputs for CI systems say why the command failed
    wall: Callable[[], int] = field(default=lambda: int(time.time()))

    def setup(self) -> Setup:
        """Return the set-up that the options describe, or raise a UsageError: the folder does not exist."""
        from exportctl.cli.request_view import RequestView
        from exportctl.workflows.load_config import Setup  # `--help` loads no config

        if not self.folder.is_dir():
            raise UsageError(f"-C {self.folder}: this folder does not exist", rule="usage")
        chosen = self.environment or self.env.get("EXPORTCTL_ENV") or None
        return Setup(
            self.folder,
            self.files,
            chosen,
            self.env,
            self.now,
            say=self.screen.say,
            observer=RequestView(self.screen.progress, self.verbosity, self.screen.tell, self.guard),
            say_wait=self._say_wait,
            guard=self.guard,
        )

    def _say_wait(self, seconds: float) -> None:
        self.screen.progress.announce_wait(seconds)
        if not self.screen.progress.is_drawing:
            self.screen.say(f"The service asks to wait {seconds:.0f} s (Retry-After). exportctl waits.")

    @contextmanager
    def open_plan(
        self,
        asked: PlanOptions,
        setup: Setup | None = None,
        leave_unset: tuple[str, ...] = (),
        config: tuple[Project, tuple[Finding, ...]] | None = None,
        lists: ReadSet | None = None,
    ) -> Iterator[ConnectedPlan]:
        """
        Plan against the sandbox. From now on the guard knows the secrets of the config.

        `config` is a project that was read already, with its findings; `lists` as for `open_project_plan`.
        """
        from exportctl.workflows import plan as plan_workflow
        from exportctl.workflows.load_config import read_project

        setup = setup or self.setup()
        project, findings = config or read_project(setup, setup.now or self.wall())
        with plan_workflow.open_project_plan(
            project, findings, setup, asked, leave_unset=leave_unset, lists=lists
        ) as made:
            yield made

    def as_of(self) -> int:
        """Return the moment that offline checks use, in seconds since 1970 UTC."""
        return self.now if self.now is not None else self.wall()

    def require_format(self, *known: str) -> str:
        """Return the chosen format, or raise a UsageError: the command does not have it."""
        if self.format not in known:
            asked = self.format
            if asked != JSON:
                self.format = TEXT  # an error of a format that the command does not have is a text
            raise UsageError(f"--format {asked}: this command has {', '.join(known)}", rule="usage")
        return self.format

    def merge_options(self, given: Mapping[str, Any]) -> None:
        """Merge the options of one level into those of the levels around it."""
        self.folder = Path(given["folder"]) if given["folder"] else self.folder
        self.files += tuple(given["files"] or ())
        self.environment = given["environment"] or self.environment
        self.format = given["format"] or self.format
        if self.format not in FORMATS:
            raise UsageError(f"--format {self.format}: choose one of {', '.join(FORMATS)}", rule="usage")
        self.now = parsed_moment(given["now"], "--now") if given["now"] else self.now
        self.verbosity += given["verbose"] or 0
        if given["quiet"]:
            self.screen.is_quiet = self.screen.progress.is_off = True
        if self.verbosity and self.screen.is_quiet:
            raise UsageError("-q and -v: choose one", rule="usage")


def command_context(ctx: typer.Context) -> CommandContext:
    call = ctx.find_root().obj
    assert isinstance(call, CommandContext)
    return call


def parsed_moment(text: str, option: str) -> int:
    """Parse a date, an RFC 3339 moment, or seconds since 1970 UTC."""
    from exportctl.config.scalars import parse_moment

    return int(text) if text.isdigit() else _parse_option(parse_moment, text, option)


def parsed_clock(text: str, option: str) -> int:
    """Parse `HH:MM` or `HH:MM:SS` into seconds after midnight UTC."""
    from exportctl.config.scalars import parse_time_of_day

    return _parse_option(parse_time_of_day, text, option)


def parsed_duration(text: str, option: str) -> int:
    """Parse `6 hours`, `7d`, or seconds."""
    from exportctl.config.scalars import parse_duration

    return int(text) if text.isdigit() else _parse_option(parse_duration, text, option)


def _parse_option(read: Callable[[str], int], text: str, option: str) -> int:
    from exportctl.model.references import BadValue

    try:
        return read(text)
    except BadValue as error:
        raise UsageError(f"{option}: {error.message}", rule=error.rule, hint=error.hint) from error


def read_text(path: Path, what: str) -> str:
    """Read a file as UTF-8, or raise an Error. `what` names the file in it."""
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise Error(f"{what} {path} cannot be read: {(error.strerror or str(error)).lower()}", rule="file") from error
    except UnicodeDecodeError as error:
        raise Error(f"{what} {path} is not UTF-8 text", rule="file") from error


def _shared_options(
    folder: Annotated[
        str | None, Option("-C", metavar="DIR", help="Work in this folder instead of the current one.")
    ] = None,
    files: Annotated[
        list[str] | None,
        Option(
            "-f", metavar="PATH", help="Use this config file instead of exports.yaml and exports/*.yaml. Repeatable."
        ),
    ] = None,
    environment: Annotated[
        str | None,
        Option("--env", "-e", metavar="NAME", help="Use this environment of the config. Default: EXPORTCTL_ENV."),
    ] = None,
    format: Annotated[
        str | None,
        Option(
            "--format",
            metavar="FORMAT",
            help="Output format: text (default), json; some commands have markdown, junit or sarif.",
        ),
    ] = None,
    now: Annotated[
        str | None, Option("--now", metavar="MOMENT", help="Use this date or RFC 3339 moment as the current time.")
    ] = None,
    verbose: Annotated[
        int,
        Option(
            "-v",
            count=True,
            show_default=False,
            help="Show each request on stderr; with -vv also bodies, without secrets.",
        ),
    ] = 0,
    quiet: Annotated[bool, Option("-q", help="On stderr show only errors: no progress, notes and warnings.")] = False,
) -> None:
    """Hold the options that every command has."""


@cache
def _shared_params() -> tuple[Any, ...]:
    return tuple(build_callback(_shared_options).params)


def build_callback(function: Callable[..., Any]) -> Any:
    """Build a command from a function alone: its `params` and `callback` are those that Typer makes of the function."""
    holder = typer.Typer(add_completion=False)
    holder.command()(function)
    return typer.main.get_command(holder)


def guess_options(call: CommandContext, argv: Sequence[str]) -> None:
    """Take the shared options from arguments that could not be parsed, for the report of exactly this error."""
    holder = typer.Typer(add_completion=False)
    lenient = {"ignore_unknown_options": True, "allow_extra_args": True}
    holder.command(context_settings=lenient)(_shared_options)
    found = typer.main.get_command(holder).make_context("exportctl", list(argv), resilient_parsing=True).params
    call.folder = Path(found["folder"] or "")
    call.files = tuple(found["files"] or ())
    call.environment = found["environment"]
    call.format = found["format"] if found["format"] in FORMATS else call.format


SHARED = ("folder", "files", "environment", "format", "now", "verbose", "quiet")


def _pop_shared_options(ctx: Any) -> dict[str, Any]:
    return {name: ctx.params.pop(name, None) for name in SHARED}


def _with_shared_params(params: Sequence[Any]) -> list[Any]:
    """Return the parameters of a command and the shared ones, each with its completion."""
    every = [*params, *_shared_params()]
    for param in every:
        add_completion(param)
    return every


class SharedOptionsCommand(TyperCommand):
    """A command that also takes the shared options."""

    def __init__(self, *args: Any, **named: Any):
        super().__init__(*args, **named)
        self.params = _with_shared_params(self.params)

    def invoke(self, ctx: Any) -> Any:
        command_context(ctx).merge_options(_pop_shared_options(ctx))
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted("interrupted; nothing was being written", rule="interrupted") from None


class SharedOptionsGroup(TyperGroup):
    """A group of commands that also takes the shared options."""

    def __init__(self, *args: Any, **named: Any):
        super().__init__(*args, **named)
        self.params = _with_shared_params(self.params)

    def invoke(self, ctx: Any) -> Any:
        command_context(ctx).merge_options(_pop_shared_options(ctx))
        return super().invoke(ctx)


Commands = Mapping[str, tuple[Callable[..., int], str]]  # path, such as `backup status` -> function and its examples
