"""The command line as one function: arguments and streams in, exit code out. It alone catches every exception."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO
from types import FrameType
from typing import Any, TextIO, cast

import typer

from exportctl.cli import exit_codes
from exportctl.cli.app import build_command
from exportctl.cli.context import (
    ALL_ENVIRONMENTS_OPTION,
    COMPLETION_VARIABLE,
    JSON,
    JUNIT,
    SARIF,
    TEXT,
    CommandContext,
    Interrupted,
    guess_options,
    handle_signals,
)
from exportctl.cli.help import MAX_WIDTH, HelpStream
from exportctl.cli.interrupts import was_interrupted
from exportctl.cli.screen import Screen
from exportctl.client.guard import SecretGuard
from exportctl.errors import Error, Finding, UsageError
from exportctl.workflows.environment_secrets import environment_secrets

# Typer brings a Click of its own or uses the installed one, by version; both have this class.
_TYPER_INTERRUPTED = 130  # what it returns for a Ctrl-C outside of a command; no command of ours does
_ClickError: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")


def main(
    argv: Sequence[str],
    env: Mapping[str, str] | None = None,
    *,
    stdin: TextIO | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """Run one command line. Streams that are not given are those of the process, which may have closed them."""
    env = os.environ if env is None else env
    screen = Screen(stdin or sys.stdin or StringIO(), out or sys.stdout, err or sys.stderr, env)
    call = CommandContext(env, screen, SecretGuard(environment_secrets(env)))
    code = _run_to_exit_code(argv, call)
    with handle_signals(_ignore_signal, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # it ends within a moment
        screen.progress.close()
        call.secondary_files.close()
        screen.warn_of_lost_streams(text=call.format == TEXT)
    lost = screen.report_lost and not screen.reported_elsewhere
    return exit_codes.pick_exit_code(code, exit_codes.LOST_REPORT) if lost else code


def _run_to_exit_code(argv: Sequence[str], call: CommandContext) -> int:
    try:
        # CI systems send SIGTERM, and a terminal that closes sends SIGHUP: treat them as Ctrl-C.
        with handle_signals(_raise_interrupt, signal.SIGTERM, signal.SIGHUP):
            return _run_command(list(argv), call)
    except (Interrupted, KeyboardInterrupt) as error:
        return _end_interrupted(call, argv, error)
    except Error as error:
        _show_error(call, argv, error)
        return exit_codes.error_exit_code(error)
    except Exception as error:
        if was_interrupted(error):
            return _end_interrupted(call, argv, error)
        if call.env.get("EXPORTCTL_TRACEBACK") == "1":
            call.screen.tell(call.guard.mask(traceback.format_exc()))
        hint = "this is a bug in exportctl; set EXPORTCTL_TRACEBACK=1 to see where"
        text = call.guard.mask(f"{type(error).__name__}: {error}")
        _show_error(call, argv, Error(text, rule="unexpected", hint=hint))
        return exit_codes.FAILED


def _end_interrupted(call: CommandContext, argv: Sequence[str], error: BaseException) -> int:
    text = "interrupted" if call.screen.must_report else "interrupted; nothing was being written"
    _show_error(call, argv, error if isinstance(error, Interrupted) else Interrupted(text, rule="interrupted"))
    return exit_codes.INTERRUPTED


def _ignore_signal(number: int, frame: FrameType | None) -> None:
    """Let the end of the run finish."""


def _raise_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run_command(argv: list[str], call: CommandContext) -> int:
    if COMPLETION_VARIABLE in call.env:
        from typer import completion  # the shell asks for completions

        scripts: Any = completion
        scripts.completion_init()
    try:
        width = min(call.screen.width, MAX_WIDTH)
        with redirect_stdout(cast("TextIO", HelpStream(call.screen))):  # help is written by Typer itself
            code = build_command().main(
                args=argv, prog_name="exportctl", standalone_mode=False, obj=call, terminal_width=width
            )
    except typer.Abort:
        raise KeyboardInterrupt from None  # while the arguments were read
    except _ClickError as error:
        guess_options(call, argv)
        where = getattr(error, "ctx", None)
        hint = f"see `{where.command_path if where else _command_path(argv)} --help`"
        raise UsageError(error.format_message(), rule="usage", hint=hint) from error
    if code == _TYPER_INTERRUPTED:
        raise KeyboardInterrupt
    return code if isinstance(code, int) else exit_codes.DONE


def _command_path(argv: Sequence[str]) -> str:
    """Return the command that a command line names, as its help calls it."""
    command, names = build_command(), ["exportctl"]
    for word in argv:
        below = getattr(command, "commands", {}).get(word)
        if below is not None:
            command, names = below, [*names, word]
    return " ".join(names)


def _show_error(call: CommandContext, argv: Sequence[str], error: Error) -> None:
    """Show an error: as the one document with --format json, else as text on stderr."""
    screen, found = call.screen, call.guard.mask_echoes(error.findings())
    if call.format == JSON and not screen.has_document:
        from exportctl.output.json import documents

        screen.write_document(documents.render_errors(found))
    else:
        from exportctl.output.text.findings import render_errors

        _write_error_document(call, argv, found)
        screen.say_error(render_errors(found, color=screen.err_color))
    if screen.is_github_actions:
        from exportctl.cli.ci_reports import write_annotations

        write_annotations(call, found)
    _report_failure(call, argv, error, found)


def _report_failure(call: CommandContext, argv: Sequence[str], error: Error, found: Sequence[Finding]) -> None:
    """Write what CI systems read, unless the command has done so: the arguments are wrong, or a file is missing."""
    from exportctl.cli import failures

    command = failures.REPORTS.get(_command_path(argv).removeprefix("exportctl "))
    if command is not None:
        code = exit_codes.INTERRUPTED if isinstance(error, Interrupted) else exit_codes.error_exit_code(error)
        failures.write_failure(call, command, found, code, every=ALL_ENVIRONMENTS_OPTION in argv)


def _write_error_document(call: CommandContext, argv: Sequence[str], found: Sequence[Finding]) -> None:
    """Write the document of the formats for programs: without one, a reader of results would see success."""
    if call.screen.has_document or call.format not in (JUNIT, SARIF):
        return
    command = _command_path(argv).removeprefix("exportctl ")
    if call.format == JUNIT:
        from exportctl.output import junit

        call.screen.write_document(junit.render_errors(found, command))
        return
    from exportctl.cli import sarif_output

    call.screen.write_document(sarif_output.error_document(call, command, found))
