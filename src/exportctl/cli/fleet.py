"""`fleet`: one command over many organizations, sandboxes and projects, with one report and one exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from exportctl.cli import fleet_kinds
from exportctl.cli.audit import AuditLog
from exportctl.cli.context import (
    JSON,
    JUNIT,
    MARKDOWN,
    SARIF,
    TEXT,
    CommandContext,
    command_context,
    parsed_duration,
)
from exportctl.cli.fleet_run import run_fleet_command
from exportctl.cli.options import Audit, parse_classes, reject_option
from exportctl.cli.verify import parse_window
from exportctl.errors import UsageError
from exportctl.monitor import drift as drift_report

if TYPE_CHECKING:
    from exportctl.client.rate_budget import BudgetLimits
    from exportctl.workflows.fleet import FleetProject

Where = Annotated[
    Path, Argument(metavar="FOLDER", help="Use every project below this folder: each folder with an exports.yaml.")
]
PerSecond = Annotated[
    float | None,
    Option("--requests-per-second", metavar="N", min=0.1, help="Requests to one organization. Default: 10."),
]
ParallelRequests = Annotated[
    int | None,
    Option("--parallel-requests", metavar="N", min=1, help="Requests to one organization at one time. Default: 8."),
]


def plan(
    ctx: typer.Context,
    where: Where,
    detailed: Annotated[bool, Option("--detailed-exitcode", help="Exit with 2 if there are changes.")] = False,
    per_second: PerSecond = None,
    parallel: ParallelRequests = None,
) -> int:
    """
    Show what apply would change in every sandbox. Read-only.

    The report has a line for each resource that a plan would change, and a table of all sandboxes.
    """
    call = _fleet_context(ctx, TEXT, JSON, MARKDOWN, JUNIT)
    projects, limits = _find(call, where, per_second, parallel)
    return run_fleet_command(call, projects, fleet_kinds.plan_kind(detailed=detailed), limits)


def drift(
    ctx: typer.Context,
    where: Where,
    fail_on: Annotated[
        str | None,
        Option("--fail-on", metavar="CLASSES", help="Groups of drift that make the exit code 3, as in `drift`."),
    ] = None,
    per_second: PerSecond = None,
    parallel: ParallelRequests = None,
) -> int:
    """
    Show what was changed by hand in every sandbox. Read-only.

    A sandbox that cannot be read does not hide the others. The exit code is the first that applies to any sandbox, in
    the order of all exit codes.
    """
    call = _fleet_context(ctx, TEXT, JSON, MARKDOWN, JUNIT, SARIF)
    failing = parse_classes(fail_on, drift_report.FAIL_ON, drift_report.DEFAULT_FAILING, "--fail-on")
    projects, limits = _find(call, where, per_second, parallel)
    return run_fleet_command(call, projects, fleet_kinds.drift_kind(failing), limits)


def status(
    ctx: typer.Context,
    where: Where,
    expiring: Annotated[
        str | None, Option("--expiring", metavar="DURATION", help="Warn of ends within this time, such as 30d.")
    ] = None,
    per_second: PerSecond = None,
    parallel: ParallelRequests = None,
) -> int:
    """
    Show the state of the exports of every sandbox. Read-only.

    The report has a line for each export that is not well: failed, overdue, paused, expired, ending or not applied.
    """
    call = _fleet_context(ctx, TEXT, JSON, MARKDOWN, JUNIT)
    within = None if expiring is None else parsed_duration(expiring, "--expiring")
    projects, limits = _find(call, where, per_second, parallel)
    return run_fleet_command(call, projects, fleet_kinds.status_kind(within), limits)


def verify(
    ctx: typer.Context,
    where: Where,
    since: Annotated[
        str | None, Option("--since", metavar="WHEN", help="How far back, as in `verify`. Default: 1 day.")
    ] = None,
    runs_only: Annotated[bool, Option("--runs-only", help="Do not read storage, as in `verify`.")] = False,
    per_second: PerSecond = None,
    parallel: ParallelRequests = None,
) -> int:
    """
    Prove that the files of every sandbox arrived. Read-only.

    The report has a line for each dataset and expected run that did not arrive. The rate budget is for the platform;
    storage is read with your own identity, outside of it.
    """
    call = _fleet_context(ctx, TEXT, JSON, MARKDOWN, JUNIT)
    kind = fleet_kinds.verify_kind(parse_window(since), runs_only=runs_only)
    projects, limits = _find(call, where, per_second, parallel)
    return run_fleet_command(call, projects, kind, limits)


def renew(
    ctx: typer.Context,
    where: Where,
    dry_run: Annotated[bool, Option("--dry-run", help="Show which ends are due. Write nothing.")] = False,
    audit: Audit = None,
    per_second: PerSecond = None,
    parallel: ParallelRequests = None,
) -> int:
    """
    Move the rolling ends that are due in every sandbox.

    It does in each sandbox what `renew` does, with the same checks, lease and final check, and asks nothing. Writes are
    in the rate budget too.
    """
    call = _fleet_context(ctx, TEXT, JSON, MARKDOWN, JUNIT)
    if dry_run:
        reject_option("--audit", (audit,), "with --dry-run nothing is written, so there is nothing to record")
    call.screen.must_report = not dry_run
    kind = fleet_kinds.renew_kind(None if dry_run else lambda made: AuditLog(call, audit, made))
    projects, limits = _find(call, where, per_second, parallel)
    return run_fleet_command(call, projects, kind, limits)


def _fleet_context(ctx: typer.Context, *formats: str) -> CommandContext:
    """Return the context of a run, or raise a UsageError: an option does not fit."""
    call = command_context(ctx)
    call.require_format(*formats)
    reject_option("--env", (call.environment,), "leave it out, fleet reads every environment")
    reject_option("-f", call.files, "leave it out, fleet reads every project below FOLDER")
    if not call.folder.is_dir():
        raise UsageError(f"-C {call.folder}: this folder does not exist", rule="usage")
    return call


def _find(
    call: CommandContext, where: Path, per_second: float | None, parallel: int | None
) -> tuple[tuple[FleetProject, ...], Callable[[str], BudgetLimits]]:
    """Return the projects, and the budget of each organization."""
    from exportctl.client.rate_budget import PARALLEL, PER_SECOND, BudgetLimits
    from exportctl.workflows.fleet import find_projects

    limits = BudgetLimits(per_second or PER_SECOND, parallel or PARALLEL)
    return find_projects(call.folder, where), lambda organization: limits


COMMANDS = {
    "fleet plan": (plan, "exportctl fleet plan teams --detailed-exitcode"),
    "fleet drift": (
        drift,
        "exportctl fleet drift teams\nexportctl fleet drift teams --fail-on drift,ending --format json",
    ),
    "fleet renew": (renew, "exportctl fleet renew teams --dry-run\nexportctl fleet renew teams --audit renewals.jsonl"),
    "fleet verify": (verify, "exportctl fleet verify teams --since 2d --runs-only"),
    "fleet status": (status, "exportctl fleet status teams --expiring 30d"),
}
