"""`report`: one HTML page with the state, the deliveries, the drift and the datasets of a sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import show_warnings
from exportctl.cli.context import TEXT, CommandContext, command_context
from exportctl.cli.environments import plan_reader, read_all_environments
from exportctl.cli.files import OWNER_ONLY, write_file
from exportctl.cli.options import AllEnvironments, Target, check_addresses, reject_option
from exportctl.model.plan_options import PlanOptions
from exportctl.workflows.load_config import read_project

if TYPE_CHECKING:
    from exportctl.cli.environments import ResultReader
    from exportctl.monitor.report import SandboxReport
    from exportctl.workflows.plan import ConnectedPlan

STDOUT = Path("-")


def report(
    ctx: typer.Context,
    out: Annotated[Path, Option("-o", "--out", metavar="FILE", help="Write this HTML file. `-` writes to stdout.")],
    no_verify: Annotated[
        bool, Option("--no-verify", help="Do not check deliveries: read no runs and no storage.")
    ] = False,
    runs_only: Annotated[
        bool, Option("--runs-only", help="Do not read storage. Check only the runs that the service reports.")
    ] = False,
    every: AllEnvironments = False,
    target: Target = None,
) -> int:
    """
    Show all exports on one HTML page. Read-only.

    The page shows the health of every export, the deliveries of the last 7 days and the runs of the next 7, ends,
    drift, and which dataset goes where. It is one file that asks no server for anything, and it needs no script. report
    exits with 0 unless something cannot be read. To fail a job, use `drift` or `verify`.
    """
    from exportctl.output.html import page

    call = command_context(ctx)
    call.require_format(TEXT)
    reject_option("--no-verify", (no_verify and runs_only,), "it reads no runs, and --runs-only does: use one of them")
    asked = PlanOptions(targets=tuple(target or ()))
    read = _report_reader(call, asked, is_verified=not no_verify, runs_only=runs_only)
    if every:
        found = read_all_environments(call, asked, read)
        show_warnings(call, found.findings)
        _write_page(call, out, page.render_environments(found.sides), len(found.sides))
        return found.exit_code(_exit_code)
    setup = call.setup()
    project, findings = read_project(setup, setup.now or call.wall())
    check_addresses(asked, [project])
    shown = read(project, findings, setup)
    show_warnings(call, findings)
    _write_page(call, out, page.render_report(shown))
    return _exit_code(shown)


def _report_reader(
    call: CommandContext, asked: PlanOptions, *, is_verified: bool, runs_only: bool
) -> ResultReader[SandboxReport]:
    """Return what reads one environment."""
    from exportctl.workflows import report as report_workflow
    from exportctl.workflows.verify import VerifyRequest

    question = VerifyRequest(runs_only=runs_only) if is_verified else None
    setup = call.setup()

    def build(made: ConnectedPlan) -> SandboxReport:
        return call.guard.mask_echoes(report_workflow.read_sandbox_report(made, setup, asked, question))

    return plan_reader(asked, build)


def _exit_code(shown: SandboxReport) -> int:
    return exit_codes.FAILED if shown.errors() else exit_codes.DONE


def _write_page(call: CommandContext, out: Path, text: str, environments: int = 1) -> None:
    if out == STDOUT:
        call.screen.write_document(text)
        return
    write_file(call.folder / out, text, mode=OWNER_ONLY)
    of = f", {environments} environments" if environments > 1 else ""
    call.screen.say(f"Wrote {out} ({len(text.encode('utf-8')) // 1024 + 1} KiB{of}).")


COMMANDS = {
    "report": (
        report,
        "exportctl report --env prod -o report.html\nexportctl report --all-environments -o report.html",
    )
}
