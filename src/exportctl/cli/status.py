"""`status`: how every export fares, in one environment or in all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from exportctl.cli import exits
from exportctl.cli.call import JSON, MARKDOWN, TEXT, Call, current, parsed_duration
from exportctl.cli.options import AllEnvironments, Target, check_addresses
from exportctl.cli.reports import warnings
from exportctl.cli.side_by_side import Kind, side_by_side
from exportctl.flags import Flags
from exportctl.offline import hidden

if TYPE_CHECKING:
    from exportctl.health.status import StatusReport
    from exportctl.workflows import Planned


def status(
    ctx: typer.Context,
    every: AllEnvironments = False,
    expiring: Annotated[
        str | None,
        typer.Option(
            "--expiring",
            metavar="DURATION",
            help="Warn of ends within this time, as 30d, instead of the policy's; list flows of others that end too.",
        ),
    ] = None,
    target: Target = None,
) -> int:
    """
    Show how every export fares: its last run, the next one, and when it ends.

    From the lists that a plan reads; nothing is asked per flow. It ends in 0 whatever it shows, unless something could
    not be read: `drift` and `verify` are the gates.
    """
    call = current(ctx)
    call.formats(TEXT, JSON, MARKDOWN)
    within = None if expiring is None else parsed_duration(expiring, "--expiring")
    asked = Flags(targets=tuple(target or ()))
    if every:
        return side_by_side(call, asked, _kind(call, within))
    report = reported(call, asked, within)
    show(call, report)
    return ended(report)


def ended(report: StatusReport) -> int:
    return exits.FAILED if report.errors else exits.DONE


def reported(call: Call, asked: Flags, expiring: int | None) -> StatusReport:
    from exportctl import workflows

    setup = call.setup()
    with workflows.planned(setup, asked, wall=call.wall) as made:
        call.screen.hide(hidden(made.project, setup))
    check_addresses(asked, [made.project])
    if call.format == TEXT:
        warnings(call, made.findings)
    return _report(made, expiring)


def _report(made: Planned, expiring: int | None) -> StatusReport:
    from exportctl.health import status as health
    from exportctl.planning.ownership import survey

    return health.status(made.plan, survey(made.live, made.project.name), made.project, expiring=expiring)


def show(call: Call, report: StatusReport) -> None:
    from exportctl.views import json_health, markdown_health, text_status

    screen = call.screen
    if call.format == JSON:
        screen.document(json_health.status(report))
    elif call.format == MARKDOWN:
        screen.show(markdown_health.status(report))
    else:
        screen.show(text_status.status(report, color=screen.color))


def _kind(call: Call, expiring: int | None) -> Kind[StatusReport]:
    from exportctl.views import json_environments, markdown_health, text_status

    screen = call.screen
    return Kind(
        command="status",
        of=lambda made: _report(made, expiring),
        code=ended,
        summary=lambda report: text_status.summary(report).removeprefix("Status: "),
        text=lambda report: text_status.status(report, color=screen.color),
        markdown=lambda report, limit: markdown_health.status(report, limit=limit),
        told=json_environments.of_status,
    )


COMMANDS = {"status": (status, "exportctl status --env prod --expiring 30d")}
