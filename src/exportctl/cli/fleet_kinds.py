"""What each command of `fleet` does in one sandbox, and what is kept: the parts of the command alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from exportctl.cli import exit_codes, monitoring, plan, verify
from exportctl.cli.context import CommandContext
from exportctl.cli.environments import EnvironmentCommand
from exportctl.cli.verify import Window
from exportctl.errors import Finding
from exportctl.frozen import dataclass
from exportctl.model.apply_report import ApplyReport
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Project
from exportctl.output import apply_outcome, attention, drift_findings, github_actions
from exportctl.output.markdown import apply as markdown_apply
from exportctl.output.markdown import monitoring as markdown_monitoring
from exportctl.output.night import due_sentence, renewal_sentence
from exportctl.output.text import verify as text_verify

if TYPE_CHECKING:
    from exportctl.monitor.delivery.report import VerifyReport
    from exportctl.output.sarif import SarifResult
    from exportctl.workflows.load_config import Setup
    from exportctl.workflows.nightly import RenewalLog
    from exportctl.workflows.plan import PlanResult

T = TypeVar("T")


@dataclass(frozen=True)
class FleetKind(Generic[T]):
    """
    A command of `fleet`.

    `command` makes the command for one sandbox, with the context of that sandbox. `attention` yields one line for each
    thing that needs attention. `alerts` makes those for SARIF from the name of the sandbox for people and the one that
    all runs have for it.
    """

    name: str
    command: Callable[[CommandContext], EnvironmentCommand[T]]
    attention: Callable[[T], Iterable[str]]
    alerts: Callable[[T, str, str], Sequence[SarifResult]] | None = None
    writes: bool = False


def plan_kind(*, detailed: bool) -> FleetKind[Any]:
    """Return `fleet plan`; `detailed` as in `plan --detailed-exitcode`."""
    return FleetKind(
        "plan",
        lambda call: plan.environment_command(call, PlanOptions(), detailed=detailed, short=False),
        lambda made: attention.plan_lines(made.plan),
    )


def drift_kind(failing: frozenset[str]) -> FleetKind[Any]:
    """Return `fleet drift`; `failing` are the groups of drift that count."""
    return FleetKind(
        "drift",
        lambda call: monitoring.drift_command(call, PlanOptions(), failing, None),
        lambda report: attention.drift_lines(report, failing),
        lambda report, name, known_as: drift_findings.sarif_results(report, failing, name, known_as),
    )


def status_kind(expiring: int | None) -> FleetKind[Any]:
    """Return `fleet status`; `expiring` in seconds as in `status --expiring`."""
    return FleetKind(
        "status",
        lambda call: monitoring.status_command(call, PlanOptions(), expiring),
        attention.status_lines,
    )


def verify_kind(window: Window, *, runs_only: bool) -> FleetKind[Any]:
    """Return `fleet verify`, for a window and options as in `verify`."""

    def read(project: Project, findings: tuple[Finding, ...], setup: Setup) -> VerifyReport:
        from exportctl.workflows import verify as workflow

        question = workflow.VerifyRequest(runs_only=runs_only)
        with workflow.open_project_verifier(project, findings, setup, PlanOptions()) as look:
            report = look(replace(question, since=verify.window_start(window, look, question)))
        return setup.guard.mask_echoes(report)

    def make_command(call: CommandContext) -> EnvironmentCommand[VerifyReport]:
        from exportctl.output.json import monitoring as json_monitoring

        return EnvironmentCommand(
            command="verify",
            read_result=read,
            exit_code=verify.verify_exit_code,
            summary=lambda report: text_verify.summary(report).removeprefix("Verify: "),
            text=text_verify.render_verify_report,
            markdown=lambda report, limit: markdown_monitoring.render_verify_report(report, limit=limit),
            json_body=json_monitoring.verify_body,
            notes=lambda report: github_actions.verify_findings(report, {}),
        )

    return FleetKind("verify", make_command, attention.verify_lines)


def renew_kind(open_log: Callable[[PlanResult], RenewalLog] | None) -> FleetKind[Any]:
    """Return `fleet renew`; without `open_log` it writes nothing."""

    def read(project: Project, findings: tuple[Finding, ...], setup: Setup) -> ApplyReport:
        from exportctl.workflows.nightly import renew_ends

        return renew_ends(project, findings, setup, open_log)

    def make_command(call: CommandContext) -> EnvironmentCommand[ApplyReport]:
        from exportctl.output.json import documents

        return EnvironmentCommand(
            command="renew",
            read_result=read,
            exit_code=lambda report: exit_codes.RESULT_CODES[report.result],
            summary=due_sentence if open_log is None else renewal_sentence,
            text=renewal_sentence,
            markdown=lambda report, limit: markdown_apply.render_apply_report(report, "renew", limit=limit),
            json_body=documents.renewal_body,
            notes=apply_outcome.findings,
        )

    def lines(report: ApplyReport) -> Iterable[str]:
        return attention.due_lines(report.plan) if open_log is None else attention.renewal_lines(report)

    return FleetKind("renew", make_command, lines, writes=open_log is not None)
