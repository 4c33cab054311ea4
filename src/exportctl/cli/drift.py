"""`drift`: what a person or another tool changed, in one environment or in all."""

from __future__ import annotations

from typing import Annotated

import typer

from exportctl.cli import exit_codes
from exportctl.cli.context import JSON, MARKDOWN, TEXT, CommandContext, command_context
from exportctl.cli.environments import EnvironmentCommand, run_environments
from exportctl.cli.options import AllEnvironments, Target, parse_classes, reject_option
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor import drift as drift_report
from exportctl.monitor.drift import DriftGroup, DriftReport
from exportctl.output import github_actions
from exportctl.output.json import drift as json_drift
from exportctl.output.markdown import plan
from exportctl.output.text import drift as text_drift


def drift(
    ctx: typer.Context,
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on",
            metavar="CLASSES",
            help="Exit with 3 for these groups: "
            + " ".join(group for group in DriftGroup if group in drift_report.FAIL_ON)
            + ". Default: the first eight.",
        ),
    ] = None,
    every: AllEnvironments = False,
    patch: Annotated[
        bool,
        typer.Option("--patch", help="Show the smallest edit of the YAML that accepts the live values, as a patch."),
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="With --patch: edit the files.")] = False,
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
    call.require_format(TEXT, JSON, MARKDOWN)
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
        _drift_command(call, failing),
        lambda report: json_drift.render_drift(report, fail_on=failing),
        every=every,
    )


def _accept_live_values(call: CommandContext, asked: PlanOptions, failing: frozenset[str], write: bool) -> int:
    from exportctl.accept.request import LIVE_CHANGED_CAUSES, AcceptRequest
    from exportctl.cli import accept

    order = accept.AcceptOptions(
        AcceptRequest(LIVE_CHANGED_CAUSES, asked), failing, write, "exportctl drift --patch --write"
    )
    _, code = accept.show_or_write_edits(call, order)
    return code


def _drift_command(call: CommandContext, failing: frozenset[str]) -> EnvironmentCommand[DriftReport]:
    from exportctl.output.json import environments

    screen = call.screen
    return EnvironmentCommand(
        command="drift",
        build_result=lambda made: drift_report.build_drift_report(
            made.plan, end_warning=made.project.policy.end_warning
        ),
        exit_code=lambda report: _exit_code(report, failing),
        summary=lambda report: text_drift.summary(report).removeprefix("Drift: "),
        text=lambda report: text_drift.render_drift(report, fail_on=failing, color=screen.color, width=screen.width),
        markdown=lambda report, limit: plan.render_drift(report, fail_on=failing, limit=limit),
        json_body=lambda report: environments.drift_body(report, failing),
        notes=lambda report: report.notes,
        outputs=lambda report: github_actions.drift_outputs(report, failing=drift_report.has_failures(report, failing)),
    )


def _exit_code(report: DriftReport, failing: frozenset[str]) -> int:
    """Return the exit code. An error of the plan counts before drift."""
    failed = exit_codes.FAILED if report.errors else exit_codes.DONE
    drifted = exit_codes.DRIFT if drift_report.has_failures(report, failing) else exit_codes.DONE
    return exit_codes.pick_exit_code(failed, drifted)


COMMANDS = {"drift": (drift, "exportctl drift --env prod --fail-on drift,paused,ending")}
