"""`status`, `runs` and `forecast`: the state of every export, its newest runs, and the runs of the coming days."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import show_warnings
from exportctl.cli.context import JSON, MARKDOWN, TEXT, CommandContext, command_context, parsed_duration, parsed_moment
from exportctl.cli.environments import EnvironmentCommand, run_environments
from exportctl.cli.files import OWNER_ONLY, write_file
from exportctl.cli.options import AllEnvironments, Target, check_addresses
from exportctl.config.scalars import parse_duration
from exportctl.errors import UsageError
from exportctl.model.plan_options import PlanOptions
from exportctl.model.references import BadValue

if TYPE_CHECKING:
    from exportctl.monitor.forecast import Forecast
    from exportctl.monitor.status import StatusReport
    from exportctl.workflows.plan import ConnectedPlan

MAX_DAYS = 366  # days
STDOUT = Path("-")


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
    from exportctl.output.json import monitoring as json_monitoring

    call = command_context(ctx)
    call.require_format(TEXT, JSON, MARKDOWN)
    within = None if expiring is None else parsed_duration(expiring, "--expiring")
    asked = PlanOptions(targets=tuple(target or ()))
    return run_environments(call, asked, _status_command(call, within), json_monitoring.render_status, every=every)


def _status_command(call: CommandContext, expiring: int | None) -> EnvironmentCommand[StatusReport]:
    from exportctl.monitor import status as health
    from exportctl.output.json import environments
    from exportctl.output.markdown import monitoring as markdown_monitoring
    from exportctl.output.text import status as text_status
    from exportctl.plan.ownership import build_ownership

    def build_report(made: ConnectedPlan) -> StatusReport:
        return health.status(made.plan, build_ownership(made.live, made.project.name), made.project, expiring=expiring)

    return EnvironmentCommand(
        command="status",
        build_result=build_report,
        exit_code=lambda report: exit_codes.FAILED if report.errors else exit_codes.DONE,
        summary=lambda report: text_status.summary(report).removeprefix("Status: "),
        text=lambda report: text_status.render_status(report, color=call.screen.color),
        markdown=lambda report, limit: markdown_monitoring.render_status(report, limit=limit),
        json_body=environments.status_body,
        extra_table=text_status.end_table,
    )


def runs(
    ctx: typer.Context,
    export: Annotated[
        str, typer.Argument(metavar="EXPORT", help="An address (KEY means all its parts), or a flow id.")
    ],
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", metavar="N", min=1, help="Show at most N runs of each flow. Default: 10, or all with --since."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="WHEN", help="Show no older runs: a date, an RFC 3339 moment, or a duration such as 7d."
        ),
    ] = None,
) -> int:
    """
    Show the newest runs of an export. Read-only.

    The service records start, duration, rows, files, bytes and errors. Below an error stands what to check. To see
    whether the files arrived, use `verify`.
    """
    from exportctl.output.json import monitoring as json_monitoring
    from exportctl.output.markdown import monitoring as markdown_monitoring
    from exportctl.output.text import runs as text_runs
    from exportctl.workflows import list_runs

    call = command_context(ctx)
    call.require_format(TEXT, JSON, MARKDOWN)
    with call.open_plan(PlanOptions()) as made:
        after = None if since is None else _parse_since(since, made.plan.as_of)
        report = list_runs.read_recent_runs(made, export, limit=limit, since=after)
    show_warnings(call, made.findings)
    if call.format == JSON:
        call.screen.write_document(json_monitoring.render_runs(report))
    elif call.format == MARKDOWN:
        call.screen.show(markdown_monitoring.render_runs(report))
    else:
        call.screen.show(text_runs.render_runs(report, color=call.screen.color, width=call.screen.width))
    return exit_codes.DONE


def _parse_since(given: str, as_of: int) -> int:
    """Parse `7d` as that long before `as_of`, or a moment."""
    try:
        return as_of - parse_duration(given)
    except BadValue:
        return parsed_moment(given, "--since")


def forecast(
    ctx: typer.Context,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, max=MAX_DAYS, help="Show this many days.")] = 7,
    planned: Annotated[
        bool, typer.Option("--planned", help="Show runs as after the next apply, not as the flows are now.")
    ] = False,
    svg: Annotated[
        Path | None,
        typer.Option(
            "--svg", metavar="FILE", help="Also write an SVG chart to this file. `-` writes only the chart, to stdout."
        ),
    ] = None,
    target: Target = None,
) -> int:
    """
    Show when exports run in the coming days. Read-only.

    forecast uses the live schedules of the flows. It shows which runs start together and which flows end. For an SFTP
    account it shows how many connections the server must allow.
    """
    from exportctl.monitor import forecast as health
    from exportctl.plan.ownership import build_ownership

    call = command_context(ctx)
    call.require_format(TEXT, JSON)
    if svg == STDOUT and call.format != TEXT:
        hint = "use --svg FILE"
        raise UsageError(f"--svg - and --format {call.format} both write to stdout", rule="usage", hint=hint)
    asked = PlanOptions(targets=tuple(target or ()))
    with call.open_plan(asked) as made:
        check_addresses(asked, [made.project])
    show_warnings(call, made.findings)
    ownership = build_ownership(made.live, made.project.name)
    _show_forecast(call, health.forecast(made.plan, ownership, made.desired, days=days, planned=planned), svg)
    return exit_codes.FAILED if made.plan.errors() else exit_codes.DONE


def _show_forecast(call: CommandContext, report: Forecast, svg: Path | None) -> None:
    """Show a forecast. The chart comes first: if its file cannot be written, nothing is on stdout yet."""
    from exportctl.output import forecast_svg
    from exportctl.output.json import monitoring
    from exportctl.output.text import forecast as text_forecast

    screen = call.screen
    if svg == STDOUT:
        show_warnings(call, report.errors)
        screen.write_document(forecast_svg.render_forecast(report))
        return
    if svg:
        write_file(call.folder / svg, screen.mask_text(forecast_svg.render_forecast(report)), mode=OWNER_ONLY)
        screen.say(f"Wrote {svg}.")
    if call.format == JSON:
        screen.write_document(monitoring.render_forecast(report))
    else:
        screen.show(text_forecast.render_forecast(report, color=screen.color, width=screen.width))


COMMANDS = {
    "status": (status, "exportctl status --env prod --expiring 30d\nexportctl status --all-environments"),
    "runs": (runs, "exportctl runs exports.orders --limit 20\nexportctl runs exports.orders --since 7d"),
    "forecast": (forecast, "exportctl forecast --days 14 --svg forecast.svg"),
}
