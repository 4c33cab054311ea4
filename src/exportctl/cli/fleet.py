"""`fleet`: one command over many organizations, sandboxes and projects, with one report and one exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from exportctl.cli import exit_codes, fleet_kinds
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
from exportctl.cli.fleet_kinds import FleetKind
from exportctl.cli.fleet_run import run_fleet_command
from exportctl.cli.options import Audit, parse_classes, reject_option
from exportctl.cli.verify import parse_window
from exportctl.errors import UsageError
from exportctl.frozen import dataclass
from exportctl.monitor import drift as drift_report
from exportctl.pipelines.fleet_matrix import MATRICES, MAX_JOBS, render_matrix, split_shard

if TYPE_CHECKING:
    from exportctl.client.rate_budget import BudgetLimits
    from exportctl.config.fleet_file import DeclaredBudget
    from exportctl.workflows.fleet import FleetMember, FleetProject
    from exportctl.workflows.load_config import Setup

Where = Annotated[
    Path,
    Argument(
        metavar="FOLDER|FILE",
        help="Every project below a folder (each folder with an exports.yaml), or those that a fleet file lists.",
    ),
]
PerSecond = Annotated[
    float | None,
    Option("--requests-per-second", metavar="N", min=0.1, help="Requests to one organization. Default: 10."),
]
ParallelRequests = Annotated[
    int | None,
    Option("--parallel-requests", metavar="N", min=1, help="Requests to one organization at one time. Default: 8."),
]
Shard = Annotated[
    str | None,
    Option("--shard", metavar="I/N", help="Use only the sandboxes of this part, with its part of the rate budget."),
]


def plan(
    ctx: typer.Context,
    where: Where,
    detailed: Annotated[bool, Option("--detailed-exitcode", help="Exit with 2 if there are changes.")] = False,
    per_second: PerSecond = None,
    parallel: ParallelRequests = None,
    shard: Shard = None,
) -> int:
    """
    Show what apply would change in every sandbox. Read-only.

    The report has a line for each resource that a plan would change, and a table of all sandboxes.
    """
    call = _fleet_context(ctx, TEXT, JSON, MARKDOWN, JUNIT)
    return _run(call, _FleetChoice(where, per_second, parallel, shard), fleet_kinds.plan_kind(detailed=detailed))


def drift(
    ctx: typer.Context,
    where: Where,
    fail_on: Annotated[
        str | None,
        Option("--fail-on", metavar="CLASSES", help="Groups of drift that make the exit code 3, as in `drift`."),
    ] = None,
    per_second: PerSecond = None,
    parallel: ParallelRequests = None,
    shard: Shard = None,
) -> int:
    """
    Show what was changed by hand in every sandbox. Read-only.

    A sandbox that cannot be read does not hide the others. The exit code is the first that applies to any sandbox, in
    the order of all exit codes.
    """
    call = _fleet_context(ctx, TEXT, JSON, MARKDOWN, JUNIT, SARIF)
    failing = parse_classes(fail_on, drift_report.FAIL_ON, drift_report.DEFAULT_FAILING, "--fail-on")
    return _run(call, _FleetChoice(where, per_second, parallel, shard), fleet_kinds.drift_kind(failing))


def status(
    ctx: typer.Context,
    where: Where,
    expiring: Annotated[
        str | None, Option("--expiring", metavar="DURATION", help="Warn of ends within this time, such as 30d.")
    ] = None,
    per_second: PerSecond = None,
    parallel: ParallelRequests = None,
    shard: Shard = None,
) -> int:
    """
    Show the state of the exports of every sandbox. Read-only.

    The report has a line for each export that is not well: failed, overdue, paused, expired, ending or not applied.
    """
    call = _fleet_context(ctx, TEXT, JSON, MARKDOWN, JUNIT)
    within = None if expiring is None else parsed_duration(expiring, "--expiring")
    return _run(call, _FleetChoice(where, per_second, parallel, shard), fleet_kinds.status_kind(within))


def verify(
    ctx: typer.Context,
    where: Where,
    since: Annotated[
        str | None, Option("--since", metavar="WHEN", help="How far back, as in `verify`. Default: 1 day.")
    ] = None,
    runs_only: Annotated[bool, Option("--runs-only", help="Do not read storage, as in `verify`.")] = False,
    per_second: PerSecond = None,
    parallel: ParallelRequests = None,
    shard: Shard = None,
) -> int:
    """
    Prove that the files of every sandbox arrived. Read-only.

    The report has a line for each dataset and expected run that did not arrive. The rate budget is for the platform;
    storage is read with your own identity, outside of it.
    """
    call = _fleet_context(ctx, TEXT, JSON, MARKDOWN, JUNIT)
    kind = fleet_kinds.verify_kind(parse_window(since), runs_only=runs_only)
    return _run(call, _FleetChoice(where, per_second, parallel, shard), kind)


def renew(
    ctx: typer.Context,
    where: Where,
    dry_run: Annotated[bool, Option("--dry-run", help="Show which ends are due. Write nothing.")] = False,
    audit: Audit = None,
    per_second: PerSecond = None,
    parallel: ParallelRequests = None,
    shard: Shard = None,
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
    return _run(call, _FleetChoice(where, per_second, parallel, shard), kind)


def matrix(
    ctx: typer.Context,
    where: Where,
    system: Annotated[str, Option("--for", metavar="SYSTEM", help=f"The CI system: {', '.join(MATRICES)}.")],
    shards: Annotated[
        int | None,
        Option("--shards", metavar="N", min=1, max=MAX_JOBS, help="Number of jobs. Default: one for each sandbox."),
    ] = None,
) -> int:
    """
    Print the matrix with which CI runners share the work.

    Each job runs a command of fleet with --shard and --format json; `fleet merge` joins the reports. It reads the YAML
    of every project and no network. There are never more jobs than sandboxes.
    """
    call = _fleet_context(ctx, TEXT)
    if system not in MATRICES:
        raise UsageError(f"--for {system}: choose one of {', '.join(MATRICES)}", rule="usage")
    projects, _ = _find_projects(call, where)
    count = len(_members(call, projects))
    call.screen.show_document(render_matrix(system, min(shards or MAX_JOBS, count, MAX_JOBS)))
    return exit_codes.DONE


def merge(
    ctx: typer.Context,
    reports: Annotated[list[Path], Argument(metavar="FILES", help="The JSON reports of all shards of one run.")],
) -> int:
    """
    Make one report of the JSON reports of all shards.

    The exit code is the first that applies to any shard. A report that is missing, cannot be read or is of another
    command is an error.
    """
    from exportctl.cli.fleet_merge import merge_reports

    return merge_reports(_fleet_context(ctx, TEXT, JSON, MARKDOWN, JUNIT, SARIF), reports)


@dataclass(frozen=True)
class _FleetChoice:
    """Which sandboxes a run reads, and how fast."""

    where: Path
    per_second: float | None
    parallel: int | None
    shard: str | None


def _run(call: CommandContext, choice: _FleetChoice, kind: FleetKind[Any]) -> int:
    from exportctl.client.rate_budget import PARALLEL, PER_SECOND, BudgetLimits
    from exportctl.workflows.fleet import choose_shard, members_digest

    index, count = _parse_shard(choice.shard)
    projects, budgets = _find_projects(call, choice.where)
    shard = digest = None
    if choice.shard:
        members = _members(call, projects)
        shard, digest = f"{index}/{count}", members_digest(members)
        projects = choose_shard(members, index, count)

    def limits(organization: str) -> BudgetLimits:
        own = budgets.get(organization)
        per_second = (own.per_second if own else None) or choice.per_second or PER_SECOND
        parallel = (own.parallel if own else None) or choice.parallel or PARALLEL
        return BudgetLimits(per_second, parallel).share(count)

    return run_fleet_command(call, projects, kind, limits, shard, digest)


def _parse_shard(text: str | None) -> tuple[int, int]:
    """Parse `2/4`, or raise a UsageError."""
    if text is None:
        return 1, 1
    index, count = split_shard(text)
    if not 1 <= index <= count:
        raise UsageError(f"--shard {text}: write it as 2/4, for the second of four parts", rule="usage")
    return index, count


def _fleet_context(ctx: typer.Context, *formats: str) -> CommandContext:
    """Return the context of a run, or raise a UsageError: an option does not fit."""
    call = command_context(ctx)
    call.require_format(*formats)
    reject_option("--env", (call.environment,), "leave it out, a fleet file can list environments")
    reject_option("-f", call.files, "leave it out, a fleet file can list files")
    if not call.folder.is_dir():
        raise UsageError(f"-C {call.folder}: this folder does not exist", rule="usage")
    return call


def _find_projects(call: CommandContext, where: Path) -> tuple[tuple[FleetProject, ...], Mapping[str, DeclaredBudget]]:
    """Return the projects below a folder or in a fleet file, and the budgets that the file declares."""
    from exportctl.workflows.fleet import find_projects, read_fleet_file

    if (call.folder / where).is_file():
        projects, declared = read_fleet_file(call.folder, where)
        return projects, declared.budgets
    return find_projects(call.folder, where), {}


def _members(call: CommandContext, projects: Sequence[FleetProject]) -> Sequence[FleetMember]:
    from exportctl.workflows.fleet import list_members

    def setup(project: FleetProject) -> Setup:
        return replace(call, folder=call.folder / project.folder, files=project.files).setup()

    return list_members(projects, setup)


COMMANDS = {
    "fleet plan": (plan, "exportctl fleet plan teams --detailed-exitcode"),
    "fleet drift": (
        drift,
        "exportctl fleet drift teams\nexportctl fleet drift teams --fail-on drift,ending\n"
        "exportctl fleet drift teams --shard 2/4 --format json",
    ),
    "fleet renew": (renew, "exportctl fleet renew teams --dry-run\nexportctl fleet renew teams --audit renewals.jsonl"),
    "fleet verify": (verify, "exportctl fleet verify teams --since 2d --runs-only"),
    "fleet status": (status, "exportctl fleet status teams --expiring 30d"),
    "fleet matrix": (
        matrix,
        "exportctl fleet matrix teams --for github --shards 4\nexportctl fleet matrix teams/fleet.yaml --for gitlab",
    ),
    "fleet merge": (merge, "exportctl fleet merge shard-1.json shard-2.json"),
}
