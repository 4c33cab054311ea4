"""`status`: the state of every export, in one environment or in all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from exportctl.cli import exit_codes
from exportctl.cli.all_environments import EnvironmentCommand, run_all_environments
from exportctl.cli.ci_reports import show_warnings
from exportctl.cli.context import JSON, MARKDOWN, TEXT, CommandContext, command_context, parsed_duration
from exportctl.cli.options import AllEnvironments, Target, check_addresses
from exportctl.model.plan_options import PlanOptions
from exportctl.workflows.load_config import hidden_values

if TYPE_CHECKING:
    from exportctl.monitor.status import StatusReport
    from exportctl.workflows.plan import ConnectedPlan


def status(
    ctx: typer.Context,
    every: AllEnvironments = False,
    expiring: Annotated[
        str | None,
        typer.Option(
            "--expiring",
            metavar="DURATION",
            help="Warn of ends within this time, such as 30d. Also lists other flows that end.",
        ),
    ] = None,
    target: Target = None,
) -> int:
    """
    Show the state of every export. Read-only.

    status shows the last run, the next run and the end of each export. It needs only the lists that a plan reads. It
    exits with 0 unless something cannot be read. To fail a job, use `drift` or `verify`.
    """
    call = command_context(ctx)
    call.require_format(TEXT, JSON, MARKDOWN)
    within = None if expiring is None else parsed_duration(expiring, "--expiring")
    asked = PlanOptions(targets=tuple(target or ()))
    if every:
        return run_all_environments(call, asked, _environment_command(call, within))
    report = read_status(call, asked, within)
    show_report(call, report)
    return exit_code(report)


def exit_code(report: StatusReport) -> int:
    return exit_codes.FAILED if report.errors else exit_codes.DONE


def read_status(call: CommandContext, asked: PlanOptions, expiring: int | None) -> StatusReport:
    from exportctl.workflows import plan as plan_workflow

    setup = call.setup()
    with plan_workflow.open_plan(setup, asked, wall=call.wall) as made:
        call.screen.hide(hidden_values(made.project, setup))
    check_addresses(asked, [made.project])
    if call.format == TEXT:
        show_warnings(call, made.findings)
    return _build_report(made, expiring)


def _build_report(made: ConnectedPlan, expiring: int | None) -> StatusReport:
    from exportctl.monitor import status as health
    from exportctl.plan.ownership import build_ownership

    return health.status(made.plan, build_ownership(made.live, made.project.name), made.project, expiring=expiring)


def show_report(call: CommandContext, report: StatusReport) -> None:
    from exportctl.output.json import monitoring as json_monitoring
    from exportctl.output.markdown import monitoring as markdown_monitoring
    from exportctl.output.text import status as text_status

    screen = call.screen
    if call.format == JSON:
        screen.write_document(json_monitoring.render_status(report))
    elif call.format == MARKDOWN:
        screen.show(markdown_monitoring.render_status(report))
    else:
        screen.show(text_status.render_status(report, color=screen.color))


def _environment_command(call: CommandContext, expiring: int | None) -> EnvironmentCommand[StatusReport]:
    from exportctl.output.json import environments
    from exportctl.output.markdown import monitoring as markdown_monitoring
    from exportctl.output.text import status as text_status

    screen = call.screen
    return EnvironmentCommand(
        command="status",
        build_result=lambda made: _build_report(made, expiring),
        exit_code=exit_code,
        summary=lambda report: text_status.summary(report).removeprefix("Status: "),
        text=lambda report: text_status.render_status(report, color=screen.color),
        markdown=lambda report, limit: markdown_monitoring.render_status(report, limit=limit),
        json_body=environments.status_body,
        extra_table=text_status.end_table,
    )


COMMANDS = {"status": (status, "exportctl status --env prod --expiring 30d\nexportctl status --all-environments")}
