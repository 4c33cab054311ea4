"""`forecast`: when exports run in the coming days, as a table, a picture in the terminal, or an SVG file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exportctl.cli import exits
from exportctl.cli.call import JSON, TEXT, Call, current
from exportctl.cli.options import Target, check_addresses
from exportctl.cli.reports import warnings
from exportctl.cli.saving import write_whole
from exportctl.errors import UsageError
from exportctl.flags import Flags
from exportctl.offline import hidden

if TYPE_CHECKING:
    from exportctl.health.forecast import Forecast

LONGEST = 366  # days
STDOUT = Path("-")


def forecast(
    ctx: typer.Context,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, max=LONGEST, help="How far to look.")] = 7,
    planned: Annotated[
        bool, typer.Option("--planned", help="As after the next apply, instead of as it is now.")
    ] = False,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Also draw it into this file; - is stdout, alone.")
    ] = None,
    target: Target = None,
) -> int:
    """
    Show when exports run in the coming days, what starts together, and what ends.

    From the schedules of the flows as they are live. What starts together on one SFTP account is said with the
    connections that its server must take.
    """
    from exportctl import workflows
    from exportctl.health import forecast as health
    from exportctl.planning.ownership import survey

    call = current(ctx)
    call.formats(TEXT, JSON)
    if svg == STDOUT and call.format != TEXT:
        raise UsageError(f"--svg - and --format {call.format} both want stdout", rule="usage", hint="name a file")
    asked = Flags(targets=tuple(target or ()))
    with workflows.planned(call.setup(), asked, wall=call.wall) as made:
        call.screen.hide(hidden(made.project, call.setup()))
    check_addresses(asked, [made.project])
    if call.format == TEXT:
        warnings(call, made.findings)
    estate = survey(made.live, made.project.name)
    show(call, health.forecast(made.plan, estate, made.desired, days=days, planned=planned), svg)
    return exits.FAILED if made.plan.errors() else exits.DONE


def show(call: Call, report: Forecast, svg: Path | None) -> None:
    """The drawing first: a file that cannot be written leaves no half answer on stdout."""
    from exportctl.views import json_health, svg_forecast, text_forecast

    screen = call.screen
    if svg == STDOUT:
        warnings(call, report.errors)
        screen.document(svg_forecast.forecast(report))
        return
    if svg:
        write_whole(call.folder / svg, screen.masked(svg_forecast.forecast(report)))
        screen.say(f"Drawn into {svg}.")
    if call.format == JSON:
        screen.document(json_health.forecast(report))
    else:
        screen.show(text_forecast.forecast(report, color=screen.color, width=screen.width))


COMMANDS = {"forecast": (forecast, "exportctl forecast --days 14 --svg forecast.svg")}
