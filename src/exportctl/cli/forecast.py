"""`forecast`: when exports run in the coming days, as a table, a chart in the terminal, or an SVG file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import show_warnings
from exportctl.cli.context import JSON, TEXT, CommandContext, command_context
from exportctl.cli.files import OWNER_ONLY, write_file
from exportctl.cli.options import Target, check_addresses
from exportctl.errors import UsageError
from exportctl.model.plan_options import PlanOptions
from exportctl.workflows.load_config import hidden_values

if TYPE_CHECKING:
    from exportctl.monitor.forecast import Forecast

MAX_DAYS = 366  # days
STDOUT = Path("-")


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
    from exportctl.workflows import plan as plan_workflow

    call = command_context(ctx)
    call.require_format(TEXT, JSON)
    if svg == STDOUT and call.format != TEXT:
        raise UsageError(
            f"--svg - and --format {call.format} both write to stdout", rule="usage", hint="use --svg FILE"
        )
    asked = PlanOptions(targets=tuple(target or ()))
    with plan_workflow.open_plan(call.setup(), asked, wall=call.wall) as made:
        call.screen.hide(hidden_values(made.project, call.setup()))
    check_addresses(asked, [made.project])
    if call.format == TEXT:
        show_warnings(call, made.findings)
    ownership = build_ownership(made.live, made.project.name)
    show_forecast(call, health.forecast(made.plan, ownership, made.desired, days=days, planned=planned), svg)
    return exit_codes.FAILED if made.plan.errors() else exit_codes.DONE


def show_forecast(call: CommandContext, report: Forecast, svg: Path | None) -> None:
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


COMMANDS = {"forecast": (forecast, "exportctl forecast --days 14 --svg forecast.svg")}
