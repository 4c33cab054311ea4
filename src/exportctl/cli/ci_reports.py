"""Output for CI systems, and the warnings of a config: the same for every command that makes a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from exportctl.cli.context import TEXT, CommandContext
from exportctl.cli.files import append_secondary
from exportctl.errors import Finding, Level
from exportctl.model.plan import Plan
from exportctl.output import github_actions, phrases
from exportctl.output.color import paint
from exportctl.output.markdown import plan as markdown_plan
from exportctl.output.text import plan as text_plan


def show_warnings(call: CommandContext, findings: Sequence[Finding]) -> None:
    """Show the warnings of the config on stderr, with text output only. Only `validate` shows notes."""
    found = tuple(f for f in findings if f.level is not Level.NOTE)
    if found and call.format == TEXT:
        call.screen.say("\n".join(text_plan.findings(found, paint(call.screen.err_color), "")))


def publish_plan(call: CommandContext, plan: Plan, findings: Sequence[Finding] = (), more: str = "") -> None:
    """Publish annotations, outputs and a summary under GitHub Actions. `more` is Markdown after the plan."""
    if call.screen.is_github_actions:
        publish_to_actions(
            call,
            (*findings, *phrases.plan_findings(plan)),
            github_actions.plan_outputs(plan),
            markdown_plan.render_plan(plan) + more,
        )


def publish_findings(call: CommandContext, findings: Sequence[Finding]) -> None:
    if call.screen.is_github_actions:
        call.screen.write_workflow_command(github_actions.render_annotations(findings))


def publish_to_actions(
    call: CommandContext, findings: Sequence[Finding], outputs: Mapping[str, str], summary: str
) -> None:
    """Write annotations, each once, the outputs for later steps, and the summary of this step."""
    call.screen.write_workflow_command(github_actions.render_annotations(tuple(dict.fromkeys(findings))))
    for name, words in (("GITHUB_OUTPUT", github_actions.outputs(outputs)), ("GITHUB_STEP_SUMMARY", f"{summary}\n")):
        file = call.env.get(name)
        if file:
            call.screen.reported_elsewhere |= append_secondary(call, name, Path(file), words)
