"""`runs`: the newest runs of an export, and hints for those that failed."""

from __future__ import annotations

from typing import Annotated

import typer

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import show_warnings
from exportctl.cli.context import JSON, MARKDOWN, TEXT, command_context, parsed_moment
from exportctl.config.scalars import parse_duration
from exportctl.model.plan_options import PlanOptions
from exportctl.model.references import BadValue
from exportctl.workflows.load_config import hidden_values


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
    from exportctl.workflows import list_runs
    from exportctl.workflows import plan as plan_workflow

    call = command_context(ctx)
    call.require_format(TEXT, JSON, MARKDOWN)
    setup = call.setup()
    with plan_workflow.open_plan(setup, PlanOptions(), wall=call.wall) as made:
        call.screen.hide(hidden_values(made.project, setup))
        after = None if since is None else _parse_since(since, made.plan.as_of)
        report = list_runs.read_recent_runs(made, export, limit=limit, since=after)
    if call.format == JSON:
        from exportctl.output.json import monitoring as json_monitoring

        call.screen.write_document(json_monitoring.render_runs(report))
    elif call.format == MARKDOWN:
        from exportctl.output.markdown import monitoring as markdown_monitoring

        call.screen.show(markdown_monitoring.render_runs(report))
    else:
        from exportctl.output.text import runs as text_runs

        show_warnings(call, made.findings)
        call.screen.show(text_runs.render_runs(report, color=call.screen.color, width=call.screen.width))
    return exit_codes.DONE


def _parse_since(given: str, as_of: int) -> int:
    """Parse `7d` as that long before `as_of`, or a moment."""
    try:
        return as_of - parse_duration(given)
    except BadValue:
        return parsed_moment(given, "--since")


COMMANDS = {"runs": (runs, "exportctl runs exports.orders --limit 20\nexportctl runs exports.orders --since 7d")}
