"""`status`: how every export fares, in one environment or side by side in all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from exportctl.cli import exits
from exportctl.cli.call import JSON, MARKDOWN, TEXT, Call, current, parsed_duration
from exportctl.cli.options import Target, check_addresses
from exportctl.cli.reports import warnings
from exportctl.config import loading as config
from exportctl.errors import Error, Finding, UsageError
from exportctl.flags import Flags
from exportctl.offline import hidden, parsed

if TYPE_CHECKING:
    from exportctl.health.status import StatusReport


def status(
    ctx: typer.Context,
    every: Annotated[bool, typer.Option("--all-environments", help="All environments, one after the other.")] = False,
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
        return side_by_side(call, asked, within)
    report = reported(call, call.environment, asked, within, own_addresses=True)
    show(call, report)
    return exits.FAILED if report.errors else exits.DONE


def reported(
    call: Call, environment: str | None, asked: Flags, expiring: int | None, *, own_addresses: bool = False
) -> StatusReport:
    """One environment's report; with `own_addresses` it must hold the targets."""
    from exportctl import workflows
    from exportctl.health import status as health
    from exportctl.planning.ownership import survey

    setup = call.setup()
    setup = replace(setup, environment=environment or setup.environment)
    with workflows.planned(setup, asked, wall=call.wall) as made:
        call.screen.hide(hidden(made.project, setup))
    if own_addresses:
        check_addresses(asked, [made.project])
    if call.format == TEXT:
        warnings(call, made.findings)
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


def side_by_side(call: Call, asked: Flags, expiring: int | None) -> int:
    """Every environment; one that cannot be read is reported, and the others go on."""
    from exportctl.views import json_health, text_lists

    whole = parsed(call.setup())
    if not whole.environments:
        raise UsageError("--all-environments: this config has no environments", rule="usage")
    projects, _ = config.projects(whole, call.env)
    if len(projects) == len(whole.environments):
        check_addresses(asked, list(projects.values()))
    codes: list[int] = []
    seen: dict[str, StatusReport | tuple[Finding, ...]] = {}
    for name in whole.environments:
        try:
            report = reported(call, name, asked, expiring)
        except Error as error:
            call.screen.say(f"environment {name}:\n{text_lists.error(error, color=call.screen.err_color)}")
            seen[name] = error.findings()
            codes.append(exits.of_error(error))
            continue
        seen[name] = report
        codes += [exits.FAILED] if report.errors else []
    if call.format == JSON:
        call.screen.document(json_health.status_environments(seen))
    else:
        _one_after_the_other(call, seen)
    return exits.first(*codes)


def _one_after_the_other(call: Call, seen: Mapping[str, StatusReport | tuple[Finding, ...]]) -> None:
    from exportctl.views import text_lists, text_status
    from exportctl.views.paint import paint

    rows: list[tuple[str, str]] = []
    for name, found in seen.items():
        if isinstance(found, tuple):
            rows.append((name, "not read: see the error"))
            continue
        show(call, found)
        call.screen.show("\n")
        rows.append((name, text_status.summary(found).removeprefix("Status: ")))
    lines = text_lists.table(("ENVIRONMENT", "STATUS"), rows, paint(call.screen.color and call.format == TEXT))
    fence = "```\n" if call.format == MARKDOWN else ""
    call.screen.show(fence + "\n".join(lines) + "\n" + fence)


COMMANDS = {"status": (status, "exportctl status --env prod --expiring 30d")}
