"""The command lines that a run prints as the next step: they work from the same folder, with the same options."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from exportctl.model.apply_report import ApplyReport, ResultWord
from exportctl.model.plan_options import PlanOptions
from exportctl.model.verdict import RemainderKind

if TYPE_CHECKING:
    from exportctl.cli.apply_request import ApplyRequest
    from exportctl.cli.context import CommandContext

MAX_TARGETS = 160  # characters of a command and its targets; with more it has none: apply shows all changes, and asks


def plan_command(call: CommandContext, environment: str | None, asked: PlanOptions, out: str | None = None) -> str:
    """Return the `plan` with these options; `out` is the file to save it in."""
    return _command_line(call, environment, ("plan", *option_words(asked), *(("--out", out) if out else ())))


def saved_plan_command(call: CommandContext, environment: str | None, file: str) -> str:
    """Return the `apply` of a saved plan, which has its own options."""
    return _command_line(call, environment, ("apply", file))


def commands_after(call: CommandContext, order: ApplyRequest, report: ApplyReport) -> tuple[str, ...]:
    """Return the command lines that come after a run which is not done."""
    environment = report.plan.header.environment
    expired = [str(item.address) for item in report.plan.items if item.is_expired] if order.is_renewal else []
    if report.result is ResultWord.DONE or not (report.was_started or expired):
        return ()
    if order.is_renewal:
        words = ("apply", *option_words(PlanOptions(targets=tuple(expired)))) if expired else ("renew",)
        return (_command_line(call, environment, words if len(shlex.join(words)) <= MAX_TARGETS else words[:1]),)
    if order.flags.rotate:
        words = ("rotate", order.flags.rotate.name, *override_words(order), *_approval_words(order))
        return (_command_line(call, environment, words),)
    if order.saved or order.only_if:
        return commands_after_review(call, order, environment)
    if _can_apply(report):
        words = ("apply", *option_words(order.flags), *override_words(order), *_approval_words(order))
        return (_command_line(call, environment, words),)
    return (plan_command(call, environment, order.flags),)


def _approval_words(order: ApplyRequest) -> tuple[str, ...]:
    return ("--auto-approve",) if order.auto_approve else ()


def override_words(order: ApplyRequest) -> tuple[str, ...]:
    """Return the options that allow to write at this moment."""
    freezes = [word for name in order.overrides.freezes for word in ("--allow-freeze", name)]
    return (*freezes, *(word for glob in order.overrides.near_runs for word in ("--allow-near-run", glob)))


def _can_apply(report: ApplyReport) -> bool:
    """Say whether another apply does something of what remains."""
    remaining = report.verdict.remaining if report.verdict else ()
    return not remaining or any(one.is_planned or one.kind is RemainderKind.STEP for one in remaining)


def commands_after_review(call: CommandContext, order: ApplyRequest, environment: str | None) -> tuple[str, ...]:
    """Return the command lines after an approval that is used up or stale: a new plan, and how to apply it."""
    again = plan_command(call, environment, order.flags, order.file)
    return (again, saved_plan_command(call, environment, order.file)) if order.file else (again,)


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
        ("--exclude", asked.excludes),
        ("--allow-replace", asked.allow_replace),
        ("--allow-recreate", asked.allow_recreate),
        ("--resume", asked.resume),
    )
    words = [word for option, values in globs for value in values for word in (option, value)]
    words += ["--allow-deletes", str(asked.allow_deletes)] if asked.allow_deletes else []
    return (*words, *(("--allow-older",) if asked.allow_older else ()))
