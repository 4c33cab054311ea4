"""
`backup drill`: restore backups that are chosen at random, and write down that it was done.

After an interrupt (Ctrl-C, SIGTERM, SIGHUP) the temporary folder is removed, and the report and the audit line say what
was not done. A second signal does not stop that.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from exportctl.cli import exit_codes
from exportctl.cli.audit import append_drill
from exportctl.cli.ci_reports import publish_reading, show_warnings
from exportctl.cli.context import JSON, JUNIT, MARKDOWN, TEXT, CommandContext, command_context, handle_signals
from exportctl.cli.options import Target, check_addresses
from exportctl.cli.restore import Memory, Work, explain_missing_extra, work_folder
from exportctl.model.plan import EXPORTS, Address
from exportctl.model.plan_options import PlanOptions
from exportctl.output import github_actions, junit
from exportctl.output.text import drill as text_drill
from exportctl.restore.request import MEMORY, CheckOptions, DrillRequest

if TYPE_CHECKING:
    from exportctl.model.project import Project
    from exportctl.restore.drill import DrillReport

DrillAudit = Annotated[
    Path | None, Option("--audit", metavar="FILE", help="Append one JSON line to a file: what was drilled, and how.")
]


def drill(
    ctx: typer.Context,
    target: Target = None,
    count: Annotated[int, Option("--count", metavar="N", min=1, help="Choose so many datasets.")] = 1,
    seed: Annotated[
        str | None,
        Option("--seed", metavar="TEXT", help="Choose as the drill with this seed did. Default: the day in UTC."),
    ] = None,
    audit: DrillAudit = None,
    work: Work = None,
    memory: Memory = MEMORY,
) -> int:
    """
    Restore backups chosen at random, and delete the result.

    Each table is checked and written as by `restore write` into a temporary folder, read back and compared. It is
    deleted at the end, also after an error or a signal. It exits with 9 if a backup is not WHOLE or is not restored.
    The same seed and config choose the same datasets. `backup status --audit FILE` shows the last drill of each.
    """
    call = command_context(ctx)
    call.require_format(TEXT, JSON, JUNIT, MARKDOWN)
    request = DrillRequest(count, seed, CheckOptions(work_folder(call, work), memory))
    with explain_missing_extra(), _raise_first_signal():
        report, project = _drill(call, PlanOptions(targets=tuple(target or ())), request)
        is_written = _write_audit_line(call, audit, report)
        _show_report(call, report, project)
    return exit_codes.pick_exit_code(*_exit_codes(report), *([] if is_written else [exit_codes.LOST_REPORT]))


@contextmanager
def _raise_first_signal() -> Iterator[None]:
    """Raise KeyboardInterrupt at the first signal. Later ones must not stop the removal of what was restored."""
    received: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if len(received) == 1:
            raise KeyboardInterrupt

    with handle_signals(interrupt, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        yield


def _drill(call: CommandContext, asked: PlanOptions, request: DrillRequest) -> tuple[DrillReport, Project]:
    from exportctl.workflows import drill as workflow
    from exportctl.workflows import verify

    with verify.open_verifier(call.setup(), asked, wall=call.wall) as verifier:
        show_warnings(call, verifier.findings)
        check_addresses(asked, [verifier.project])
        report = workflow.drill_backups(verifier, request)
        return call.guard.mask_echoes(report), verifier.project


def _write_audit_line(call: CommandContext, audit: Path | None, report: DrillReport) -> bool:
    """Append the line of the drill, if a file was named; False: it failed, and nothing else keeps that it was done."""
    from exportctl.output.json.drill import DRILL_RESULT

    if audit is None:
        return True
    members = {**DRILL_RESULT.encode(report), "as_of": report.as_of}
    written = append_drill(call, audit, report.header, members)
    call.screen.reported_elsewhere |= written
    return written


def _show_report(call: CommandContext, report: DrillReport, project: Project) -> None:
    from exportctl.output.json import drill as json_drill
    from exportctl.output.markdown import drill as markdown_drill

    screen, markdown = call.screen, markdown_drill.render_drill_report(report)
    if screen.is_github_actions:
        places = {Address(EXPORTS, key): export.at for key, export in project.exports.items()}
        findings = github_actions.drill_findings(report, places)
        outputs, code = github_actions.drill_outputs(report), exit_codes.pick_exit_code(*_exit_codes(report))
        publish_reading(call, findings, outputs, markdown, code)
    if call.format == JSON:
        screen.write_document(json_drill.render_drill_report(report))
    elif call.format == JUNIT:
        screen.write_document(junit.render_drill_report(report))
    elif call.format == MARKDOWN:
        screen.show_document(markdown)
    else:
        screen.show(text_drill.render_drill_report(report, color=screen.color, width=screen.width))


def _exit_codes(report: DrillReport) -> list[int]:
    codes = [exit_codes.INTERRUPTED] if report.is_interrupted else []
    codes += [exit_codes.FAILED] if report.errors() else []
    return codes + ([exit_codes.UNVERIFIED] if report.has_failed else [])
