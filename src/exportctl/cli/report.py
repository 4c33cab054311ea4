"""`report`: one HTML page with the state, the deliveries, the drift and the datasets of a sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import show_warnings
from exportctl.cli.context import TEXT, CommandContext, command_context
from exportctl.cli.environments import plan_reader, read_all_environments
from exportctl.cli.files import OWNER_ONLY, read_plan_file, refuse_wrong_values, write_file
from exportctl.cli.options import AllEnvironments, Target, check_addresses, reject_option
from exportctl.frozen import dataclass
from exportctl.model.plan_options import PlanOptions
from exportctl.output.color import paint
from exportctl.output.text.plan import findings
from exportctl.workflows.load_config import read_project

if TYPE_CHECKING:
    from exportctl.errors import Finding
    from exportctl.monitor.given_plan import GivenPlan
    from exportctl.monitor.report import SandboxReport
    from exportctl.output.environments import EnvironmentResult
    from exportctl.planfile.file import SavedPlan
    from exportctl.planfile.signature import SignatureState
    from exportctl.workflows.plan import ConnectedPlan

STDOUT = Path("-")


@dataclass(frozen=True)
class PageRequest:
    """What the page shows: `saved` is a plan file, `every` all environments."""

    asked: PlanOptions
    is_verified: bool
    runs_only: bool
    every: bool
    saved: tuple[SavedPlan, SignatureState] | None

    def refuse_wrong_plan(self) -> AbstractContextManager[None]:
        """Blame the plan file, if there is one, for a value that cannot be shown."""
        return refuse_wrong_values() if self.saved else nullcontext()


def report(
    ctx: typer.Context,
    out: Annotated[Path, Option("-o", "--out", metavar="FILE", help="Write this HTML file. `-` writes to stdout.")],
    plan: Annotated[
        Path | None,
        Option("--plan", metavar="PLANFILE", help="Also show a saved plan, its age, and whether it still holds."),
    ] = None,
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
    call = command_context(ctx)
    call.require_format(TEXT)
    reject_option("--no-verify", (no_verify and runs_only,), "it reads no runs, and --runs-only does: use one of them")
    saved = read_plan_file(call, plan) if plan else None
    wanted = PageRequest(PlanOptions(targets=tuple(target or ())), not no_verify, runs_only, every, saved)
    return _write_all_environments(call, wanted, out) if every else _write_one_environment(call, wanted, out)


def _write_one_environment(call: CommandContext, wanted: PageRequest, out: Path) -> int:
    from exportctl.client.inventory import EVERYTHING
    from exportctl.output.html import page

    setup = call.setup()
    project, remarks = read_project(setup, setup.now or call.wall())
    check_addresses(wanted.asked, [project])
    shown = plan_reader(wanted.asked, lambda made: _build_report(call, wanted, made), EVERYTHING)(
        project, remarks, setup
    )
    show_warnings(call, remarks)
    with wanted.refuse_wrong_plan():
        text = page.render_report(shown)
    _write_page(call, out, text)
    _tell_errors(call, shown.errors())
    return _exit_code(shown)


def _write_all_environments(call: CommandContext, wanted: PageRequest, out: Path) -> int:
    from exportctl.client.inventory import EVERYTHING
    from exportctl.output.html import page

    reader = plan_reader(wanted.asked, lambda made: _build_report(call, wanted, made), EVERYTHING)
    found = read_all_environments(call, wanted.asked, reader)
    show_warnings(call, found.findings)
    with wanted.refuse_wrong_plan():
        foreign = _foreign_plan(wanted, found.sides)
        text = page.render_environments(found.sides, foreign=foreign, as_of=call.as_of())
    _write_page(call, out, text, len(found.sides))
    for side in found.sides:
        _tell_errors(call, side.errors if side.result is None else side.result.errors(), side.environment)
    return found.exit_code(_exit_code)


def _build_report(call: CommandContext, wanted: PageRequest, made: ConnectedPlan) -> SandboxReport:
    """Read what the page shows of one sandbox. A saved plan of another environment is left to that one."""
    from exportctl.workflows import given_plan
    from exportctl.workflows.report import read_sandbox_report
    from exportctl.workflows.verify import VerifyRequest

    question = VerifyRequest(runs_only=wanted.runs_only) if wanted.is_verified else None
    shown = read_sandbox_report(made, call.setup(), wanted.asked, question)
    if wanted.saved and (not wanted.every or given_plan.is_plan_of(wanted.saved[0], made.plan.header)):
        with refuse_wrong_values():
            compared = given_plan.compare_saved_plan(*wanted.saved, made, call.setup(), shown.as_of)
        shown = replace(shown, plan=compared)
    return call.guard.mask_echoes(shown)


def _foreign_plan(wanted: PageRequest, sides: Sequence[EnvironmentResult[SandboxReport]]) -> GivenPlan | None:
    """Return the saved plan if no environment that was read shows it."""
    from exportctl.workflows.given_plan import foreign_plan

    is_shown = any(side.result and side.result.plan for side in sides)
    return None if wanted.saved is None or is_shown else foreign_plan(*wanted.saved)


def _tell_errors(call: CommandContext, errors: tuple[Finding, ...], environment: str | None = None) -> None:
    """Tell the errors that the page shows too: they make the exit code 1."""
    if errors:
        head = [f"environment {environment}:"] if environment else []
        call.screen.tell("\n".join([*head, *findings(errors, paint(call.screen.err_color), "")]))


def _exit_code(shown: SandboxReport) -> int:
    return exit_codes.FAILED if shown.errors() else exit_codes.DONE


def _write_page(call: CommandContext, out: Path, text: str, environments: int = 1) -> None:
    if out == STDOUT:
        call.screen.write_document(text)
        return
    from exportctl.output.format_values import size

    write_file(call.folder / out, text, mode=OWNER_ONLY)
    of = f", {environments} environments" if environments > 1 else ""
    call.screen.say(f"Wrote {out} ({size(len(text.encode('utf-8')))}{of}).")


COMMANDS = {
    "report": (
        report,
        "exportctl report --env prod -o report.html\nexportctl report --all-environments -o report.html\n"
        "exportctl report -o report.html --plan plan.json",
    )
}
