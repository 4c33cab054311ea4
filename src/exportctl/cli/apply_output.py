"""Show how an apply, a renewal or a rotation ended, in the chosen format, and publish it to GitHub Actions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from typing import TYPE_CHECKING

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import ci_run, publish_to_actions, write_report_files
from exportctl.cli.context import JSON, JUNIT, MARKDOWN, CommandContext, Interrupted
from exportctl.cli.failures import failure_marker, unexpected_finding
from exportctl.cli.next_commands import commands_after
from exportctl.errors import Error, Finding
from exportctl.frozen import dataclass
from exportctl.model.apply_report import ApplyReport, EndedRun, ResultWord
from exportctl.model.plan import Plan
from exportctl.output import apply_outcome, junit, junit_apply, phrases
from exportctl.output.json import documents
from exportctl.output.markdown import apply as markdown_apply
from exportctl.output.markdown.marker import CommentMarker
from exportctl.output.text import apply as text_apply
from exportctl.output.text import plan as text_plan

if TYPE_CHECKING:
    from exportctl.cli.apply_request import ApplyRequest


def show_apply_report(
    call: CommandContext, order: ApplyRequest, ending: ApplyReport, findings: Sequence[Finding]
) -> None:
    """Show the report of a run with its next commands; `findings` are those of the config."""
    report = replace(ending, next_commands=commands_after(call, order, ending))
    screen, markdown = call.screen, markdown_apply.render_apply_report(report, order.command, run=ci_run(call))
    if call.format == JSON:
        render = documents.render_renewals if order.is_renewal else documents.render_apply_report
        screen.write_document(render(report))
    elif call.format == JUNIT:
        screen.write_document(junit_apply.render_apply_report(report, order.command))
    elif call.format == MARKDOWN:
        screen.show_document(markdown)
    else:
        _show_text(call, order, report)
    _publish_report(call, order, report, findings, markdown)


def show_blocked_run(
    call: CommandContext, order: ApplyRequest, ending: ApplyReport, findings: Sequence[Finding]
) -> None:
    """Show that a plan cannot be applied, in the formats that have no document of a plan here, and publish it."""
    markdown = markdown_apply.render_apply_report(ending, order.command, run=ci_run(call))
    if call.format == JUNIT:
        call.screen.write_document(junit_apply.render_apply_report(ending, order.command))
    elif call.format == MARKDOWN:
        call.screen.show_document(markdown)
    _publish_report(call, order, ending, findings, markdown)


def _publish_report(
    call: CommandContext, order: ApplyRequest, report: ApplyReport, findings: Sequence[Finding], markdown: str
) -> None:
    if call.screen.is_github_actions:
        shown = (*apply_outcome.findings(report), *findings, *phrases.plan_findings(report.plan))
        publish_to_actions(call, shown, apply_outcome.outputs(report, order.command), markdown)


def _show_text(call: CommandContext, order: ApplyRequest, report: ApplyReport) -> None:
    screen = call.screen
    if order.is_renewal:
        screen.show(text_plan.render_renewals(report.plan, color=screen.color, width=screen.width))
    if not report.was_started:
        if not order.is_renewal:
            assert report.verdict is not None
            screen.show(f"{phrases.nothing_to_apply(report.verdict)}\n")
        if report.next_commands:
            screen.show(text_apply.render_next_commands(report))
        return
    screen.show(
        text_apply.render_apply_report(
            report.outcomes,
            remaining=report.remaining_plan,
            verdict=report.verdict,
            normalised=report.normalised,
            interrupted=report.interrupted,
            color=screen.color,
            width=screen.width,
        )
    )
    if report.errors:
        screen.tell("\n".join(str(f) for f in report.errors))
    if report.next_commands:
        screen.show(text_apply.render_next_commands(report))


def show_ended_run(call: CommandContext, ended: EndedRun, shown: Plan | None) -> None:
    """Write the document of the formats that JSON and text do not cover, and what later steps of a workflow read."""
    call.has_reported_failure = True
    where = shown.header if shown else None
    marker = CommentMarker(ended.command, where.project, where.environment) if where else None
    marker = marker or failure_marker(call, ended.command)
    markdown = markdown_apply.render_errors(ended, marker, call.wall(), ci_run(call))
    if call.format == JUNIT:
        call.screen.write_document(junit.render_errors(ended.errors, ended.command))
    elif call.format == MARKDOWN:
        call.screen.show_document(markdown)
    if call.screen.is_github_actions:
        message = next((f.message for f in ended.errors), "")
        outputs = apply_outcome.outputs_of_error(ended.result, shown, ended.command, message)
        write_report_files(call, outputs, markdown)


@dataclass
class KnownPlan:
    """The newest plan of a run, for the report of an error after it."""

    plan: Plan | None = field(default=None)


@contextmanager
def report_errors(call: CommandContext, command: str) -> Iterator[KnownPlan]:
    """Report an error that ends a run; the caller of the command shows it as text or JSON."""
    known = KnownPlan()
    try:
        yield known
    except Error as error:
        code = exit_codes.INTERRUPTED if isinstance(error, Interrupted) else exit_codes.error_exit_code(error)
        found = call.guard.mask_echoes(error.findings())
        show_ended_run(call, EndedRun(command, exit_codes.run_result(code), found), known.plan)
        raise
    except KeyboardInterrupt:
        found = (Finding("interrupted", "interrupted; nothing was being written"),)
        show_ended_run(call, EndedRun(command, ResultWord.INTERRUPTED, found), known.plan)
        raise
    except Exception as error:
        found = (unexpected_finding(call, error),)
        show_ended_run(call, EndedRun(command, ResultWord.FAILED, found), known.plan)
        raise
