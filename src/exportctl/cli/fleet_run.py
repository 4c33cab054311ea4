"""
Run one command over many sandboxes and write one report.

    projects ─▶ read, several at a time ─▶ a small row each; the JSON of its result goes to a file ─▶ one report

Only rows stay in memory. What one sandbox raises becomes its row, also an interrupt: the report is written in any case.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from exportctl.cli import exit_codes
from exportctl.cli.apply_run import Interrupt
from exportctl.cli.ci_reports import ci_run, write_annotations
from exportctl.cli.context import JSON, SARIF, CommandContext, handle_signals
from exportctl.cli.failures import unexpected_finding
from exportctl.cli.fleet_kinds import FleetKind
from exportctl.cli.fleet_output import StoredTexts, show_fleet
from exportctl.client.guard import SecretGuard
from exportctl.errors import Error, Finding, Level
from exportctl.frozen import dataclass
from exportctl.output.fleet import MAX_FINDINGS, FleetReport, FleetRow, limit_lines, rebase_findings, shared_projects
from exportctl.output.format_values import clean_text
from exportctl.workflows.connect import plan_header
from exportctl.workflows.load_config import environment_secrets

if TYPE_CHECKING:
    from exportctl.client.rate_budget import BudgetLimits
    from exportctl.model.project import Project
    from exportctl.output.json.fleet import StoredParts
    from exportctl.workflows.fleet import FleetMember, FleetProject
    from exportctl.workflows.load_config import Setup

T = TypeVar("T")


@dataclass(frozen=True)
class ReducedResult:
    """What is kept of one sandbox: its row, the JSON of its result and of its alerts, and what GitHub Actions shows."""

    row: FleetRow
    json: str | None = None
    alerts: str | None = None
    notes: tuple[Finding, ...] = ()


@dataclass
class _Collected:
    """What all sandboxes together leave: for each a row and the numbers of its texts."""

    call: CommandContext
    texts: StoredTexts
    rows: list[tuple[FleetRow, StoredParts]] = field(default_factory=list)

    def add(self, found: ReducedResult) -> None:
        from exportctl.output.json.fleet import StoredParts

        numbers = (None if text is None else self.texts.add(text) for text in (found.json, found.alerts))
        self.rows.append((found.row, StoredParts(*numbers)))
        if self.call.screen.is_github_actions and found.notes:
            write_annotations(self.call, found.notes)


def run_fleet_command(
    call: CommandContext,
    projects: Sequence[FleetProject],
    kind: FleetKind[Any],
    limits: Callable[[str], BudgetLimits],
    shard: str | None = None,
    members: str | None = None,
) -> int:
    """
    Run a command over all projects, show the report, and return the exit code that counts.

    `shard` and `members` are as in a FleetReport.
    """
    from exportctl.client.shared_access import SharedAccess
    from exportctl.workflows import fleet

    reducer = _Reducer(call, kind)
    run = fleet.FleetRun(reducer.setup, reducer.read, reducer.fail, kind.writes)
    with closing(StoredTexts()) as texts:
        collected = _Collected(call, texts)
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
        errors = shared_projects(rows)
        failed = (exit_codes.FAILED,) if errors else ()
        code = exit_codes.pick_exit_code(*(row.exit_code for row in rows), *interrupted, *failed)
        is_complete, ended = not interrupt.received, call.wall()
        report = FleetReport(kind.name, rows, code, ended, is_complete, shard, members, ci_run(call), errors)
        show_fleet(call, report, [stored for _, stored in collected.rows], texts)
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
            row, self._json(body.result), self._alerts(found, row), self._notes(command, found, folder)
        )

    def _json(self, result: dict[str, Any]) -> str | None:
        if self._call.format != JSON:
            return None
        from exportctl.output.json.fleet import encode_stored

        return encode_stored(result)

    def _notes(self, command: Any, found: Any, folder: str) -> tuple[Finding, ...]:
        if not self._call.screen.is_github_actions or command.notes is None:
            return ()
        return rebase_findings(command.notes(found), folder)

    def _alerts(self, found: Any, row: FleetRow) -> str | None:
        if self._kind.alerts is None or not self._keeps_alerts:
            return None
        from exportctl.cli import fleet_alerts

        name = fleet_alerts.name_in_checkout(self._call, row)
        return fleet_alerts.encode_row_alerts(self._call, row, self._kind.alerts(found, row.name, name))

    def _mistakes(self, row: FleetRow, errors: Sequence[Finding]) -> str | None:
        """Return the alerts of a sandbox that was not read: the mistakes of its config."""
        if not self._keeps_alerts:
            return None
        from exportctl.cli import fleet_alerts
        from exportctl.output.sarif import finding_results

        return fleet_alerts.encode_row_alerts(self._call, row, finding_results([one for one in errors if one.at]))

    @property
    def _keeps_alerts(self) -> bool:
        return self._kind.alerts is not None and self._call.format in (JSON, SARIF)

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
            header=plan_header(project) if project and not project.unset else None,
            errors=rebase_findings(errors[:MAX_FINDINGS], member.project.folder),
        )
        return ReducedResult(row, alerts=self._mistakes(row, errors), notes=row.errors)
