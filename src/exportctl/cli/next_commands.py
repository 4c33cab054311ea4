"""The command lines that a run prints as the next step: they work from the same folder, with the same options."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exportctl.cli.context import CommandContext
    from exportctl.model.plan_options import PlanOptions


def plan_command(call: CommandContext, environment: str | None, asked: PlanOptions, out: str | None = None) -> str:
    """Return the `plan` with these options; `out` is the file to save it in."""
    return _command_line(call, environment, ("plan", *option_words(asked), *(("--out", out) if out else ())))


def apply_command(call: CommandContext, environment: str | None, asked: PlanOptions) -> str:
    """Return the `apply` with these options."""
    return _command_line(call, environment, ("apply", *option_words(asked)))


def saved_plan_command(call: CommandContext, environment: str | None, file: str) -> str:
    """Return the `apply` of a saved plan, which has its own options."""
    return _command_line(call, environment, ("apply", file))


def _command_line(call: CommandContext, environment: str | None, words: tuple[str, ...]) -> str:
    command, *rest = words
    folder = () if call.folder == Path() else ("-C", str(call.folder))
    files = (word for file in call.files for word in ("-f", file))
    chosen = ("--env", environment) if environment else ()
    return shlex.join(("exportctl", *folder, command, *files, *chosen, *rest))


def option_words(asked: PlanOptions) -> tuple[str, ...]:
    """Return the options of a plan as a user writes them."""
    globs = (
        ("--target", asked.targets),
        ("--allow-replace", asked.allow_replace),
        ("--allow-recreate", asked.allow_recreate),
        ("--resume", asked.resume),
    )
    words = [word for option, values in globs for value in values for word in (option, value)]
    words += ["--allow-deletes", str(asked.allow_deletes)] if asked.allow_deletes else []
    return (*words, *(("--allow-older",) if asked.allow_older else ()))
