"""
Run one command over many sandboxes and write one report.

    projects ─▶ read, several at a time ─▶ a small row each; the JSON of its result goes to a file ─▶ one report

Only rows stay in memory. What one sandbox raises becomes its row, also an interrupt: the report is written in any case.
"""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from exportctl.cli import exit_codes
from exportctl.cli.apply_run import Interrupt
from exportctl.cli.ci_reports import ci_run, publish_to_actions, write_annotations
from exportctl.cli.context import JSON, JUNIT, MARKDOWN, SARIF, CommandContext, handle_signals
from exportctl.cli.failures import unexpected_finding
from exportctl.cli.fleet_kinds import FleetKind
from exportctl.client.guard import SecretGuard
from exportctl.errors import Error, Finding, Level
from exportctl.frozen import dataclass
from exportctl.output.fleet import MAX_FINDINGS, FleetReport, FleetRow, limit_lines, rebase_findings, summary
from exportctl.output.format_values import clean_text
from exportctl.workflows.load_config import environment_secrets

if TYPE_CHECKING:
    from exportctl.client.rate_budget import BudgetLimits
    from exportctl.model.project import Project
    from exportctl.output.sarif import SarifResult
    from exportctl.workflows.fleet import FleetMember, FleetProject
    from exportctl.workflows.load_config import Setup

T = TypeVar("T")
MAX_ALERTS = 25_000  # of SARIF: GitHub takes no more


@dataclass(frozen=True)
class ReducedResult:
    """What is kept of one sandbox: its row, the JSON of its result, and what goes to CI systems."""

    row: FleetRow
    json: str | None = None
    notes: tuple[Finding, ...] = ()
    alerts: tuple[SarifResult, ...] = ()


@dataclass
class ResultFile:
    """The JSON of the results, one after another in a file without a name."""

    file: Any = field(default_factory=tempfile.TemporaryFile)
    spans: list[tuple[int, int]] = field(default_factory=list)

    def add(self, text: str) -> int:
        """Add a text of ASCII, and return its number."""
        data = text.encode("ascii")
        self.spans.append((self.file.seek(0, 2), len(data)))
        self.file.write(data)
        return len(self.spans) - 1

    def close(self) -> None:
        self.file.close()

    def read(self, number: int) -> str:
        start, size = self.spans[number]
        self.file.seek(start)
        return str(self.file.read(size), "ascii")


@dataclass
class _Collected:
    """What all sandboxes together leave: for each a row and the number of its JSON."""

    call: CommandContext
    results: ResultFile
    rows: list[tuple[FleetRow, int | None]] = field(default_factory=list)
    alerts: list[SarifResult] = field(default_factory=list)

    def add(self, found: ReducedResult) -> None:
        number = None if found.json is None else self.results.add(found.json)
        self.rows.append((found.row, number))
        self.alerts += found.alerts[: MAX_ALERTS - len(self.alerts)]
        if self.call.screen.is_github_actions and found.notes:
            write_annotations(self.call, found.notes)


def run_fleet_command(
    call: CommandContext,
    projects: Sequence[FleetProject],
    kind: FleetKind[Any],
    limits: Callable[[str], BudgetLimits],
    shard: str | None = None,
) -> int:
    """Run a command over all projects, show the report, and return the exit code that counts."""
    from exportctl.client.shared_access import SharedAccess
    from exportctl.workflows import fleet

    reducer = _Reducer(call, kind)
    run = fleet.FleetRun(reducer.setup, reducer.read, reducer.fail, kind.writes)
    with closing(ResultFile()) as results:
        collected = _Collected(call, results)
        interrupt = Interrupt()
        with handle_signals(interrupt, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            fleet.run_fleet(
                call.folder,
                projects,
                run,
                collected.add,
                lambda clock: SharedAccess(limits, clock),
                interrupt.stop,
            )
        collected.rows.sort(key=lambda pair: (pair[0].folder, pair[0].files, pair[0].environment or ""))
        rows = [row for row, _ in collected.rows]
        interrupted = (exit_codes.INTERRUPTED,) if interrupt.received else ()
        code = exit_codes.pick_exit_code(*(row.exit_code for row in rows), *interrupted)
        report = FleetReport(kind.name, rows, code, call.wall(), not interrupt.received, shard, ci_run(call))
        show_fleet(call, report, [number for _, number in collected.rows], results.read, collected.alerts)
    return code


class _Reducer:
    """Reads one sandbox and keeps little of it. Each sandbox has a guard of its own, with the secrets of its config."""

    def __init__(self, call: CommandContext, kind: FleetKind[Any]):
        self._call = call
        self._kind = kind

    def _own_call(self, project: FleetProject, guard: SecretGuard) -> CommandContext:
        folder = Path(project.folder)
        return replace(
            self._call, folder=self._call.folder / folder, files=project.files, environment=None, guard=guard
        )

    def setup(self, project: FleetProject) -> Setup:
        guard = SecretGuard(environment_secrets(self._call.env))
        return replace(self._own_call(project, guard).setup(), environment=None)

    def read(self, member: FleetMember, project: Project, findings: tuple[Finding, ...], setup: Setup) -> ReducedResult:
        call = self._own_call(member.project, setup.guard)
        command = self._kind.command(call)
        found = command.read_result(project, findings, setup)
        body = command.json_body(found)
        lines, count = limit_lines(map(clean_text, self._kind.attention(found)))
        folder = member.project.folder
        errors = [error for error in body.errors if error.level is Level.ERROR]
        row = FleetRow(
            folder,
            member.project.files,
            member.environment,
            command.exit_code(found),
            is_read=True,
            summary=command.summary(found),
            project=project.name,
            header=body.header,
            as_of=body.as_of,
            attention=lines,
            found=count,
            errors=rebase_findings(errors, folder),
        )
        return ReducedResult(
            row, self._json(body.result), self._notes(command, found, folder), self._alerts(found, row)
        )

    def _json(self, result: dict[str, Any]) -> str | None:
        if self._call.format != JSON:
            return None
        from exportctl.output.json.fleet import encode_result

        return encode_result(result)

    def _notes(self, command: Any, found: Any, folder: str) -> tuple[Finding, ...]:
        if not self._call.screen.is_github_actions or command.notes is None:
            return ()
        return rebase_findings(command.notes(found), folder)

    def _alerts(self, found: Any, row: FleetRow) -> tuple[SarifResult, ...]:
        if self._call.format != SARIF or self._kind.alerts is None:
            return ()
        alerts = self._kind.alerts(found, row.name)
        return tuple(replace(one, finding=rebase_findings([one.finding], row.folder)[0]) for one in alerts)

    def fail(
        self, member: FleetMember, project: Project | None, error: Exception, setup: Setup | None
    ) -> ReducedResult:
        if isinstance(error, Error):
            guard = setup.guard if setup else self._call.guard
            found, code = guard.mask_echoes(error.findings()), exit_codes.error_exit_code(error)
        else:
            found, code = (unexpected_finding(self._call, error),), exit_codes.FAILED
        errors = [one for one in found if one.level is Level.ERROR]
        if errors and errors[0].rule == "interrupted":
            code = exit_codes.INTERRUPTED
        elif code == exit_codes.USAGE:
            code = exit_codes.FAILED  # such as no folder of this name: the command line of fleet is not wrong
        row = FleetRow(
            member.project.folder,
            member.project.files,
            member.environment,
            code,
            is_read=False,
            summary="not read: see the error",
            project=project.name if project else None,
            errors=rebase_findings(errors[:MAX_FINDINGS], member.project.folder),
        )
        return ReducedResult(row, notes=row.errors)


def show_fleet(
    call: CommandContext,
    report: FleetReport,
    numbers: Sequence[int | None],
    read: Callable[[int], str],
    alerts: Sequence[SarifResult] = (),
) -> None:
    """Show a report in the chosen format, and publish it to GitHub Actions."""
    from exportctl.output import junit_fleet
    from exportctl.output.markdown.fleet import render_fleet as render_markdown
    from exportctl.output.text.fleet import render_fleet as render_text

    screen = call.screen
    if call.format == JSON:
        from exportctl.output.json.fleet import render_pieces

        screen.write_document_pieces(render_pieces(report, numbers, read))
    elif call.format == JUNIT:
        screen.write_document(junit_fleet.render_fleet(report))
    elif call.format == SARIF:
        from exportctl.cli import sarif_output

        failures = [*report.errors, *(error for row in report.rows for error in row.errors)]
        screen.write_document(sarif_output.sarif_document(call, report.command, alerts, failures))
    elif call.format == MARKDOWN:
        screen.show_document(render_markdown(report))
    else:
        screen.show(render_text(report, color=screen.color, width=screen.width))
    if screen.is_github_actions:
        publish_to_actions(call, report.errors, _outputs(report), render_markdown(report))


def _outputs(report: FleetReport) -> dict[str, str]:
    """Return the outputs of the step, as text."""
    return {
        "exit_code": str(report.exit_code),
        "needs_attention": "true" if report.exit_code else "false",
        "sandboxes": str(len(report.rows)),
        "unread": str(sum(not row.is_read for row in report.rows)),
        "summary": summary(report),
    }
