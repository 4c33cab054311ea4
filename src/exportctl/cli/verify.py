"""`verify`: check once whether the files arrived, or wait for the newest run of one export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import publish_reading, show_warnings
from exportctl.cli.context import (
    JSON,
    JUNIT,
    MARKDOWN,
    TEXT,
    CommandContext,
    command_context,
    parsed_duration,
    parsed_moment,
)
from exportctl.cli.options import Target, check_addresses, choice_hint
from exportctl.config.scalars import parse_duration
from exportctl.errors import UsageError
from exportctl.frozen import dataclass
from exportctl.model.plan import EXPORTS, Address
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Project
from exportctl.model.references import BadValue
from exportctl.output import format_values, github_actions, junit
from exportctl.output.markdown import monitoring as markdown_monitoring
from exportctl.output.text import verify as text_verify

if TYPE_CHECKING:
    from exportctl.monitor.delivery.report import VerifyReport
    from exportctl.workflows.verify import Verifier, VerifyRequest

POLL = "1 minute"


@dataclass(frozen=True)
class Window:
    """How far back to look: `since` in seconds since 1970 UTC, or `before` in seconds before now, or the default."""

    since: int | None = None
    before: int | None = None


@dataclass(frozen=True)
class VerifyQuestion:
    """What of the storage to read: contents too, nothing, or an error if it cannot be read."""

    deep: bool
    runs_only: bool
    require_storage: bool


@dataclass(frozen=True)
class WaitOptions:
    """How long to wait, and how often to check, in seconds."""

    seconds: int
    poll: int


def verify(
    ctx: typer.Context,
    since: Annotated[
        str | None,
        Option(
            "--since",
            metavar="WHEN",
            help="How far back: a date, an RFC 3339 moment, or a duration such as `6 hours`. Default: 1 day.",
        ),
    ] = None,
    deep: Annotated[bool, Option("--deep", help="Also read the files: count rows, find broken files.")] = False,
    runs_only: Annotated[
        bool, Option("--runs-only", help="Do not read storage. Check only the runs that the service reports.")
    ] = False,
    require_storage: Annotated[
        bool,
        Option("--require-storage", help="Storage that is not read is an error (exit 1), not a check of runs only."),
    ] = False,
    target: Target = None,
    wait: Annotated[
        str | None,
        Option("--wait", metavar="DURATION", help="Wait at most this long for the newest run of one --target."),
    ] = None,
    poll: Annotated[
        str | None, Option("--poll", metavar="DURATION", help=f"How often --wait checks. Default: {POLL}.")
    ] = None,
) -> int:
    """
    Prove that the files arrived. Read-only.

    verify compares the schedule, the runs, the objects in storage and the service's manifest file. It prints one RESULT
    for each dataset and expected run. It reads storage with your own identity; without one it checks only the runs.
    """
    call = command_context(ctx)
    call.require_format(TEXT, JSON, JUNIT, MARKDOWN)
    if deep and runs_only:
        raise UsageError("--deep reads files and --runs-only does not: use one of them", rule="usage")
    if require_storage and runs_only:
        raise UsageError("--require-storage reads storage and --runs-only does not: use one of them", rule="usage")
    waiting, window = _parse_wait(wait, poll, since), parse_window(since)
    question = VerifyQuestion(deep=deep, runs_only=runs_only, require_storage=require_storage)
    report = _run_verify(call, PlanOptions(targets=tuple(target or ())), window, waiting, question)
    return verify_exit_code(report)


def verify_exit_code(report: VerifyReport) -> int:
    """Return the exit code. Storage that cannot be read counts before what is not complete."""
    unverified = exit_codes.UNVERIFIED if report.has_failed else exit_codes.DONE
    return exit_codes.pick_exit_code(unverified, exit_codes.FAILED if report.errors() else exit_codes.DONE)


def parse_window(since: str | None) -> Window:
    """Parse --since, or raise a UsageError: it is neither a duration nor a moment."""
    if since is None:
        return Window()
    try:
        return Window(before=parse_duration(since))
    except BadValue:
        return Window(since=parsed_moment(since, "--since"))


def _parse_wait(wait: str | None, poll: str | None, since: str | None) -> WaitOptions | None:
    """Parse --wait and --poll, or raise a UsageError."""
    if wait is None:
        if poll is not None:
            raise UsageError("--poll: add --wait", rule="usage")
        return None
    if since is not None:
        raise UsageError("--since: --wait checks only the newest run, so leave out --since", rule="usage")
    waiting = WaitOptions(parsed_duration(wait, "--wait"), parsed_duration(poll or POLL, "--poll"))
    if not waiting.poll:
        raise UsageError(f"--poll {poll}: use at least one second", rule="usage")
    return waiting


def _run_verify(
    call: CommandContext,
    asked: PlanOptions,
    window: Window,
    waiting: WaitOptions | None,
    read: VerifyQuestion,
) -> VerifyReport:
    """Verify, show the report and return it."""
    from exportctl.workflows import verify as verify_workflow

    setup = call.setup()
    question = verify_workflow.VerifyRequest(**vars(read))
    with verify_workflow.open_verifier(setup, asked, wall=call.wall) as look:
        show_warnings(call, look.findings)
        _check_targets(asked, look.project, waiting)
        if waiting:
            report = verify_workflow.wait_for_delivery(
                look, question, waiting.seconds, waiting.poll, look.clock, _progress_reporter(call)
            )
        else:
            report = look(replace(question, since=window_start(window, look, question)))
        _show_report(call, call.guard.mask_echoes(report), look.project)
    return report


def _check_targets(asked: PlanOptions, project: Project, waiting: WaitOptions | None) -> None:
    """Raise a UsageError unless the targets name exports, and exactly one with --wait."""
    check_addresses(asked, [project])
    found = sorted(Address(EXPORTS, key) for key in project.exports if asked.is_targeted(Address(EXPORTS, key)))
    if asked.targets and not found:
        raise UsageError("--target: verify checks only exports, and these targets name none", rule="usage")
    if waiting is None:
        return
    if len(asked.targets) != 1:
        raise UsageError(f"--wait needs exactly one --target, not {len(asked.targets)}", rule="usage")
    if len(found) != 1:
        message = f"--wait needs a --target that names one export; {asked.targets[0]} names {len(found)}"
        raise UsageError(message, rule="usage", hint=choice_hint(found))


def window_start(window: Window, look: Verifier, question: VerifyRequest) -> int | None:
    """Return the start in seconds since 1970 UTC. A duration counts back from the clock of the platform."""
    if window.before is None:
        return window.since
    return look(replace(question, runs_only=True)).as_of - window.before


def _progress_reporter(call: CommandContext) -> Callable[[VerifyReport], None]:
    """Return a function that says what a wait sees, whenever that changes."""
    last_text = ""

    def say_if_changed(report: VerifyReport) -> None:
        nonlocal last_text
        report = call.guard.mask_echoes(report)
        text = "; ".join(text_verify.sentence(v) for e in report.exports for v in e.verdicts)
        if text != last_text:
            call.screen.say(f"{format_values.moment(report.as_of)}: {text}")
        last_text = text

    return say_if_changed


def _show_report(call: CommandContext, report: VerifyReport, project: Project) -> None:
    """Show the report. The document comes last, so that there is exactly one even if something before it fails."""
    screen = call.screen
    markdown = markdown_monitoring.render_verify_report(report)
    if screen.is_github_actions:
        positions = {Address(EXPORTS, key): export.at for key, export in project.exports.items()}
        findings = github_actions.verify_findings(report, positions)
        publish_reading(call, findings, github_actions.verify_outputs(report), markdown, verify_exit_code(report))
    if call.format == JSON:
        from exportctl.output.json import monitoring as json_monitoring

        screen.write_document(json_monitoring.render_verify_report(report))
    elif call.format == JUNIT:
        screen.write_document(junit.render_verify_report(report))
    elif call.format == MARKDOWN:
        screen.show_document(markdown)
    else:
        screen.show(text_verify.render_verify_report(report, color=screen.color, width=screen.width))


COMMANDS = {
    "verify": (
        verify,
        "exportctl verify --deep --since '2 days'\nexportctl verify --target exports.web-to-lake --wait '2 hours'",
    )
}
