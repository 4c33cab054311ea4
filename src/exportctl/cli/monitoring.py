"""`drift`, `status`, `runs` and `forecast`: what was changed by hand, and how exports run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import ci_run, show_warnings
from exportctl.cli.context import (
    JSON,
    JUNIT,
    MARKDOWN,
    SARIF,
    TEXT,
    CommandContext,
    command_context,
    parsed_duration,
    parsed_moment,
)
from exportctl.cli.environments import EnvironmentCommand, plan_reader, run_environments
from exportctl.cli.files import OWNER_ONLY, write_file
from exportctl.cli.options import AllEnvironments, Target, check_addresses, parse_classes, reject_option
from exportctl.config.scalars import parse_duration
from exportctl.errors import UsageError
from exportctl.model.plan_options import PlanOptions
from exportctl.model.references import BadValue
from exportctl.monitor import drift as drift_report
from exportctl.monitor.drift import DriftGroup, DriftReport
from exportctl.output import drift_findings, github_actions, junit_findings
from exportctl.output.ci_run import CiRun
from exportctl.output.environments import EnvironmentResult, merge_findings
from exportctl.output.markdown import drift as markdown_drift
from exportctl.output.text import drift as text_drift
from exportctl.plan.ownership import build_ownership

if TYPE_CHECKING:
    from exportctl.monitor.forecast import Forecast
    from exportctl.monitor.status import StatusReport
    from exportctl.workflows.plan import ConnectedPlan

MAX_DAYS = 366  # days
STDOUT = Path("-")


def drift(
    ctx: typer.Context,
    fail_on: Annotated[
        str | None,
        Option(
            "--fail-on",
            metavar="CLASSES",
            help="Exit with 3 for these groups: "
            + " ".join(group for group in DriftGroup if group in drift_report.FAIL_ON)
            + ". Default: the first eight.",
        ),
    ] = None,
    every: AllEnvironments = False,
    patch: Annotated[
        bool, Option("--patch", help="Show the smallest edit of the YAML that accepts the live values, as a patch.")
    ] = False,
    write: Annotated[bool, Option("--write", help="With --patch: edit the files.")] = False,
    target: Target = None,
) -> int:
    """
    Show what was changed by hand in the sandbox. Read-only.

    drift shows who changed it, when and with which client, if the service still records it. Edits of the YAML that are
    not applied yet count as pending changes, not as drift.

    --patch shows the edit of the YAML that accepts the live values, and --write makes it. Nothing else in the files
    changes: comments, order and quotes stay. A plan checks the edit first. The exit code is that of `drift` after the
    edit.
    """
    call = command_context(ctx)
    call.require_format(TEXT, JSON, MARKDOWN, *(() if patch else (JUNIT, SARIF)))
    failing = parse_classes(fail_on, drift_report.FAIL_ON, drift_report.DEFAULT_FAILING, "--fail-on")
    asked = PlanOptions(targets=tuple(target or ()))
    if not patch:
        reject_option("--write", (write,), "add --patch")
    if patch:
        reject_option("--all-environments", (every,), "a patch is for one sandbox: choose it with --env")
        return _accept_live_values(call, asked, failing, write)
    return run_environments(
        call,
        asked,
        drift_command(call, asked, failing, None if every else ci_run(call)),
        lambda report: _drift_document(call, report, failing),
        every=every,
    )


def _drift_document(call: CommandContext, report: DriftReport, failing: frozenset[str]) -> str:
    """Return the report as the document of the chosen format."""
    if call.format == SARIF:
        from exportctl.cli import sarif_output

        return sarif_output.sarif_document(call, "drift", drift_findings.sarif_results(report, failing))
    if call.format == JUNIT:
        return junit_findings.render_drift(report, failing)
    from exportctl.output.json import monitoring as json_monitoring

    return json_monitoring.render_drift(report, fail_on=failing)


def _drift_sarif(call: CommandContext, sides: Sequence[EnvironmentResult[DriftReport]], failing: frozenset[str]) -> str:
    """Return the reports of several environments as one run: an alert names its environment."""
    from exportctl.cli import sarif_output

    read = [(side.environment, side.result) for side in sides if side.result is not None]
    results = [r for name, report in read for r in drift_findings.sarif_results(report, failing, name)]
    failures = merge_findings([(side.environment, error) for side in sides for error in side.errors])
    return sarif_output.sarif_document(call, "drift", results, failures)


def _accept_live_values(call: CommandContext, asked: PlanOptions, failing: frozenset[str], write: bool) -> int:
    from exportctl.accept.changes import LIVE_CHANGED_CAUSES, AcceptRequest
    from exportctl.cli import accept

    order = accept.AcceptOptions(
        AcceptRequest(LIVE_CHANGED_CAUSES, asked), failing, write, "exportctl drift --patch --write"
    )
    _, code = accept.show_or_write_edits(call, order)
    return code


def drift_command(
    call: CommandContext, asked: PlanOptions, failing: frozenset[str], run: CiRun | None
) -> EnvironmentCommand[DriftReport]:
    from exportctl.output.json import environments

    screen = call.screen
    return EnvironmentCommand(
        command="drift",
        read_result=plan_reader(
            asked,
            lambda made: call.guard.mask_echoes(
                drift_report.build_drift_report(made.plan, end_warning=made.project.policy.end_warning)
            ),
        ),
        exit_code=lambda report: drift_exit_code(report, failing),
        summary=lambda report: text_drift.summary(report).removeprefix("Drift: "),
        text=lambda report: text_drift.render_drift(report, fail_on=failing, color=screen.color, width=screen.width),
        markdown=lambda report, limit: markdown_drift.render_drift(report, fail_on=failing, limit=limit, run=run),
        json_body=lambda report: environments.drift_body(report, failing),
        junit=lambda sides: junit_findings.render_drift_environments(sides, failing),
        sarif=lambda sides: _drift_sarif(call, sides, failing),
        notes=lambda report: drift_findings.report_findings(report, failing),
        outputs=lambda report: github_actions.drift_outputs(report, failing=drift_report.has_failures(report, failing)),
    )


def drift_exit_code(report: DriftReport, failing: frozenset[str]) -> int:
    """Return the exit code. An error of the plan counts before drift."""
    failed = exit_codes.FAILED if report.errors else exit_codes.DONE
    drifted = exit_codes.DRIFT if drift_report.has_failures(report, failing) else exit_codes.DONE
    return exit_codes.pick_exit_code(failed, drifted)


def status(
    ctx: typer.Context,
    every: AllEnvironments = False,
    expiring: Annotated[
        str | None,
        Option(
            "--expiring",
            metavar="DURATION",
            help="Warn of ends within this time, such as 30d. Also lists other flows that end.",
        ),
    ] = None,
    target: Target = None,
) -> int:
    """
    Show the state of every export. Read-only.

    status shows the last run, the next run and the end of each export. It reads no datasets: `plan` says whether those
    of the config exist. It exits with 0 unless something cannot be read. To fail a job, use `drift` or `verify`.
    """
    from exportctl.output.json import monitoring as json_monitoring

    call = command_context(ctx)
    call.require_format(TEXT, JSON, MARKDOWN)
    within = None if expiring is None else parsed_duration(expiring, "--expiring")
    asked = PlanOptions(targets=tuple(target or ()))
    return run_environments(
        call, asked, status_command(call, asked, within), json_monitoring.render_status, every=every
    )


def status_command(call: CommandContext, asked: PlanOptions, expiring: int | None) -> EnvironmentCommand[StatusReport]:
    from exportctl.monitor import status as health
    from exportctl.output.json import environments
    from exportctl.output.markdown import monitoring as markdown_monitoring
    from exportctl.output.text import status as text_status
    from exportctl.workflows import reads

    def build_report(made: ConnectedPlan) -> StatusReport:
        ownership = build_ownership(made.live, made.project.name)
        return call.guard.mask_echoes(health.status(made.plan, ownership, made.project, expiring=expiring))

    return EnvironmentCommand(
        command="status",
        read_result=plan_reader(asked, build_report, reads.STATUS),
        exit_code=lambda report: exit_codes.FAILED if report.errors else exit_codes.DONE,
        summary=lambda report: text_status.summary(report).removeprefix("Status: "),
        text=lambda report: text_status.render_status(report, color=call.screen.color, width=call.screen.width),
        markdown=lambda report, limit: markdown_monitoring.render_status(report, limit=limit),
        json_body=environments.status_body,
        extra_table=text_status.end_table,
    )


def runs(
    ctx: typer.Context,
    export: Annotated[str, Argument(metavar="EXPORT", help="An address (KEY means all its parts), or a flow id.")],
    limit: Annotated[
        int | None,
        Option(
            "--limit", metavar="N", min=1, help="Show at most N runs of each flow. Default: 10, or all with --since."
        ),
    ] = None,
    since: Annotated[
        str | None,
        Option(
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
    from exportctl.workflows import list_runs, reads

    call = command_context(ctx)
    call.require_format(TEXT, JSON, MARKDOWN)
    setup = call.setup()
    with call.open_plan(list_runs.options_of_runs(export), setup, lists=reads.RUNS) as made:
        after = None if since is None else _parse_since(since, made.plan.as_of)
        made = list_runs.read_more_if_needed(made, setup, export)
        report = call.guard.mask_echoes(list_runs.read_recent_runs(made, export, limit=limit, since=after))
    show_warnings(call, made.findings)
    if call.format == JSON:
        call.screen.write_document(json_monitoring.render_runs(report))
    elif call.format == MARKDOWN:
        call.screen.show_document(markdown_monitoring.render_runs(report))
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
    days: Annotated[int, Option("--days", metavar="N", min=1, max=MAX_DAYS, help="Show this many days.")] = 7,
    planned: Annotated[
        bool, Option("--planned", help="Show runs as after the next apply, not as the flows are now.")
    ] = False,
    svg: Annotated[
        Path | None,
        Option(
            "--svg", metavar="FILE", help="Also write an SVG chart to this file. `-` writes only the chart, to stdout."
        ),
    ] = None,
    target: Target = None,
) -> int:
    """
    Show when exports run in the coming days. Read-only.

    forecast uses the live schedules of the flows. It shows which runs start together and which flows end. For an SFTP
    account it shows how many connections the server must allow. Without --planned it reads no datasets.
    """
    from exportctl.monitor import forecast as health
    from exportctl.workflows import reads

    call = command_context(ctx)
    call.require_format(TEXT, JSON)
    if svg == STDOUT and call.format != TEXT:
        hint = "use --svg FILE"
        raise UsageError(f"--svg - and --format {call.format} both write to stdout", rule="usage", hint=hint)
    asked = PlanOptions(targets=tuple(target or ()))
    with call.open_plan(asked, lists=None if planned else reads.FORECAST) as made:
        check_addresses(asked, [made.project])
    show_warnings(call, made.findings)
    ownership = build_ownership(made.live, made.project.name)
    report = health.forecast(made.plan, ownership, made.desired, days=days, planned=planned)
    _show_forecast(call, call.guard.mask_echoes(report), svg)
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
        write_file(call.folder / svg, forecast_svg.render_forecast(report), mode=OWNER_ONLY)
        screen.say(f"Wrote {svg}.")
    if call.format == JSON:
        screen.write_document(monitoring.render_forecast(report))
    else:
        screen.show(text_forecast.render_forecast(report, color=screen.color, width=screen.width))


COMMANDS = {
    "drift": (drift, "exportctl drift --env prod --fail-on drift,paused,ending"),
    "status": (status, "exportctl status --env prod --expiring 30d\nexportctl status --all-environments"),
    "runs": (runs, "exportctl runs exports.orders --limit 20\nexportctl runs exports.orders --since 7d"),
    "forecast": (forecast, "exportctl forecast --days 14 --svg forecast.svg"),
}
