"""Output for CI systems, and the warnings of a config: the same for every command that makes a plan."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from exportctl.cli import exit_codes
from exportctl.cli.context import TEXT, CommandContext
from exportctl.errors import Finding, Level, SourcePosition
from exportctl.output.ci_run import CiRun, read_ci_run
from exportctl.output.color import paint
from exportctl.output.text.findings import findings as finding_lines

if TYPE_CHECKING:
    from exportctl.model.plan import Plan


def show_warnings(call: CommandContext, findings: Sequence[Finding]) -> None:
    """Show the warnings of the config on stderr, with text output only. Only `validate` shows notes."""
    found = tuple(f for f in findings if f.level is not Level.NOTE)
    if found and call.format == TEXT:
        call.screen.say("\n".join(finding_lines(found, paint(call.screen.err_color), "")))


def ci_run(call: CommandContext) -> CiRun:
    """Return the run of the CI system, with the head of a pull request that the event file of GitHub names."""
    path, event = call.env.get("GITHUB_EVENT_PATH"), None
    if path:
        with suppress(OSError, UnicodeDecodeError):
            event = Path(path).read_text(encoding="utf-8")
    return read_ci_run(call.env, event)


def publish_plan(call: CommandContext, plan: Plan, code: int, findings: Sequence[Finding] = (), more: str = "") -> None:
    """Publish annotations, outputs and a summary under GitHub Actions. `more` is Markdown after the plan."""
    if call.screen.is_github_actions:
        from exportctl.output import github_actions, phrases  # these load every report
        from exportctl.output.markdown import plan as markdown_plan

        publish_reading(
            call,
            (*findings, *phrases.plan_findings(plan)),
            github_actions.plan_outputs(plan),
            markdown_plan.render_plan(plan, run=ci_run(call)) + more,
            code,
        )


def publish_findings(call: CommandContext, findings: Sequence[Finding]) -> None:
    if call.screen.is_github_actions:
        write_annotations(call, findings)


def write_annotations(call: CommandContext, findings: Sequence[Finding]) -> None:
    """Write annotations, each once. GitHub looks for their files below the workspace, not below the folder of -C."""
    from exportctl.output import github_actions

    placed = (replace(f, at=_position_in_workspace(call, f.at)) if f.at else f for f in findings)
    call.screen.write_workflow_command(github_actions.render_annotations(tuple(dict.fromkeys(placed))))


def _position_in_workspace(call: CommandContext, at: SourcePosition) -> SourcePosition:
    """Return the position in a file as the workspace names it, or as it is if the file lies elsewhere."""
    file = os.path.relpath(call.folder / at.file, call.env.get("GITHUB_WORKSPACE") or ".")
    return at if file.startswith("..") else replace(at, file=file)


def publish_reading(
    call: CommandContext, findings: Sequence[Finding], outputs: Mapping[str, str], summary: str, code: int
) -> None:
    """Publish what a command found that writes nothing; `code` is its exit code."""
    publish_to_actions(call, findings, {**outputs, "result": exit_codes.reading_result(code).value}, summary)


def publish_to_actions(
    call: CommandContext, findings: Sequence[Finding], outputs: Mapping[str, str], summary: str
) -> None:
    """Write annotations, each once, the outputs for later steps, and the summary of this step."""
    write_annotations(call, findings)
    write_report_files(call, outputs, summary)


def write_report_files(call: CommandContext, outputs: Mapping[str, str], summary: str) -> None:
    """Write the outputs for later steps, and the summary of this step."""
    from exportctl.cli.files import append_secondary
    from exportctl.output import github_actions

    for name, words in (("GITHUB_OUTPUT", github_actions.outputs(outputs)), ("GITHUB_STEP_SUMMARY", f"{summary}\n")):
        file = call.env.get(name)
        if file:
            call.screen.reported_elsewhere |= append_secondary(call, name, Path(file), words)
