"""What CI systems get unasked, and the warnings of a config: the same for every command that makes a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from exportctl import drift_report
from exportctl.cli.call import Call
from exportctl.cli.saving import append
from exportctl.drift_report import DriftReport
from exportctl.errors import Finding, Level
from exportctl.model import Plan
from exportctl.views import github, text
from exportctl.views.paint import paint


def warnings(call: Call, findings: Sequence[Finding]) -> None:
    """Warnings of the config, beside the result; notes are for `validate`."""
    found = tuple(f for f in findings if f.level is not Level.NOTE)
    if found:
        call.screen.say("\n".join(text.findings(found, paint(call.screen.err_color), "")))


def plan_for_actions(call: Call, plan: Plan, findings: Sequence[Finding] = (), more: str = "") -> None:
    """Annotations, outputs and a summary, under GitHub Actions only; `more` is Markdown that follows the plan's."""
    if call.screen.in_actions:
        from exportctl.views import markdown

        publish(call, (*findings, *notes(plan)), github.plan_outputs(plan), markdown.plan(plan) + more)


def notes(plan: Plan) -> tuple[Finding, ...]:
    """Everything a plan found."""
    return (*plan.findings, *(f for item in plan.items for f in item.findings))


def drift_for_actions(call: Call, report: DriftReport, fail_on: frozenset[str]) -> None:
    """`fail_on` are the classes that fail, as --fail-on names them."""
    if call.screen.in_actions:
        from exportctl.views import markdown

        outputs = github.drift_outputs(report, failing=drift_report.failing(report, fail_on))
        publish(call, report.notes, outputs, markdown.drift(report, fail_on=fail_on))


def findings_for_actions(call: Call, findings: Sequence[Finding]) -> None:
    if call.screen.in_actions:
        call.screen.command(github.annotate(findings))


def publish(call: Call, findings: Sequence[Finding], outputs: Mapping[str, str], summary: str) -> None:
    """Annotations, each once; what later steps of a workflow ask for; the summary of this one."""
    call.screen.command(github.annotate(tuple(dict.fromkeys(findings))))
    for name, words in (("GITHUB_OUTPUT", github.outputs(outputs)), ("GITHUB_STEP_SUMMARY", f"{summary}\n")):
        file = call.env.get(name)
        if file:
            append(Path(file), call.screen.masked(words))
