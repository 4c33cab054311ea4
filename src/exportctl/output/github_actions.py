"""
What GitHub Actions reads: workflow commands for annotations, and text for the file that GITHUB_OUTPUT names.

`neutralize_commands` keeps foreign text from being read as a command. Source of the formats: the Actions toolkit
(`core.ts`, `command.ts`, `file-command.ts`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from exportctl.errors import Finding, Level, SourcePosition
from exportctl.importing.result import ImportResult
from exportctl.model.plan import Address, Plan
from exportctl.model.verdict import judge
from exportctl.monitor.backup.list_report import ListComparison
from exportctl.monitor.backup.report import BackupReport, Chain, ExportChains
from exportctl.monitor.delivery.report import ExportVerdicts, Verdict, VerifyReport
from exportctl.monitor.drift import DriftReport
from exportctl.output import format_values as values
from exportctl.output import phrases
from exportctl.output.format_values import clean_text
from exportctl.output.text import backup, drift, drill, file_lists, verify
from exportctl.planfile.file import approval_digest
from exportctl.restore.drill import DrilledDataset, DrillReport

_OF_ONE = frozenset({"digest", "summary"})
_COMMANDS: Mapping[Level, str] = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def render_annotations(findings: Sequence[Finding]) -> str:
    """Return `::error file=exports.yaml,line=14,col=3,title=rule::message`, one line for each finding."""
    return "".join(f"{annotation(f)}\n" for f in findings)


def annotation(shown: Finding) -> str:
    """Return the workflow command of one finding."""
    place = {"file": shown.at.file, "line": shown.at.line, "col": shown.at.column} if shown.at else {}
    properties = ",".join(
        f"{name}={_data(clean_text(str(part))).replace(':', '%3A').replace(',', '%2C')}"
        for name, part in {**place, "title": shown.rule}.items()
    )
    words = shown.message + (f"\n{shown.hint}" if shown.hint else "")
    return f"::{_COMMANDS[shown.level]} {properties}::{_data(values.clean_lines(words))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def outputs(named: Mapping[str, str]) -> str:
    """Return the text to append to GITHUB_OUTPUT, in the format that can hold several lines."""
    shown = ""
    for name, text in named.items():
        # a digest of the value equals none of its lines
        delimiter = "exportctl_" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        shown += f"{name}<<{delimiter}\n{text}\n{delimiter}\n"
    return shown


def plan_outputs(shown: Plan) -> dict[str, str]:
    """Return what later steps of a workflow need of a plan."""
    found = judge(shown)
    return {
        "changes": _flag(found.has_changes),
        "remaining": str(len(found.remaining)),  # 0: everything is as the config asks
        "refused": _flag(shown.is_refused),
        "errors": str(len(shown.errors())),
        "digest": approval_digest(shown),
        "summary": phrases.summary(shown, shown.counts()),
        **{name: str(number) for name, number in shown.counts().items()},
        "writes": str(len(shown.steps())),
    }


def drift_outputs(report: DriftReport, *, failing: bool) -> dict[str, str]:
    """Return what later steps of a workflow need of a drift report."""
    return {
        "failing": _flag(failing),
        "summary": drift.summary(report),
        **{name: str(number) for name, number in report.counts().items()},
    }


def verify_findings(report: VerifyReport, places: Mapping[Address, SourcePosition]) -> tuple[Finding, ...]:
    """Return failures and read errors as annotations; `places` says where exports are declared."""
    failing = [(e, _verdict_finding(e, v)) for e in report.exports for v in e.verdicts if v.fails]
    unread = [(e, replace(f, message=f"{e.address}: {f.message}")) for e in report.exports for f in e.errors]
    return tuple(replace(f, at=f.at or places.get(e.address)) for e, f in (*failing, *unread))


def _verdict_finding(export: ExportVerdicts, verdict: Verdict) -> Finding:
    message = f"{export.address}: {verify.subject(verdict)}: {verdict.reason}"
    return Finding(f"verify-{verdict.result.lower()}", message, hint=verdict.hint)


def verify_outputs(report: VerifyReport) -> dict[str, str]:
    """Return `failing`, `summary`, and a number for each result."""
    return {
        "failing": _flag(report.has_failed),
        "errors": str(len(report.errors())),
        "summary": verify.summary(report),
        **{word.lower(): str(count) for word, count in report.counts().items()},
    }


def backup_findings(report: BackupReport) -> tuple[Finding, ...]:
    """Return the backups that do not fulfil their policy, read errors, at the line of the policy, and other lists."""
    failing = [_chain_finding(e, c) for e in report.exports for c in e.chains if c.failures]
    unread = [
        replace(f, message=f"{e.address}: {f.message}", at=f.at or _policy_position(e))
        for e in report.exports
        for f in e.errors
    ]
    return (*failing, *unread, *(_list_finding(one) for one in report.comparisons if one.faults))


def _list_finding(one: ListComparison) -> Finding:
    more = f" (and {len(one.faults) - 1} more)" if len(one.faults) > 1 else ""
    message = f"{one.export}: {one.dataset} is not as {one.file} says: {file_lists.fault_text(one.faults[0])}{more}"
    return Finding("backup-list", message)


def _chain_finding(export: ExportChains, chain: Chain) -> Finding:
    message = f"{export.address}: {chain.dataset}: {'; '.join(chain.failures)}"
    action = next((gap.action for gap in chain.gaps if gap.state is chain.state), None)
    return Finding("backup-policy", message, _policy_position(export), action)


def _policy_position(export: ExportChains) -> SourcePosition | None:
    return export.policy.at if export.policy else None


def backup_outputs(report: BackupReport) -> dict[str, str]:
    """Return `failing`, `errors`, `summary`, and a number for each state of a chain."""
    return {
        "failing": _flag(report.has_failed),
        "errors": str(len(report.errors())),
        "summary": backup.summary(report),
        **{state.lower(): str(count) for state, count in report.counts().items()},
    }


def drill_findings(report: DrillReport, places: Mapping[Address, SourcePosition]) -> tuple[Finding, ...]:
    """Return what was not restored as annotations where the exports are declared, and read errors."""
    failing = [_drill_finding(one) for one in report.drilled if one.reasons]
    return (*(replace(finding, at=places.get(address)) for address, finding in failing), *report.unread)


def _drill_finding(one: DrilledDataset) -> tuple[Address, Finding]:
    message, hint = f"{one.address}: {one.dataset}: {'; '.join(one.reasons)}", one.error.hint if one.error else None
    return one.address, Finding(f"drill-{one.result.lower()}", message, hint=hint)


def drill_outputs(report: DrillReport) -> dict[str, str]:
    """Return `failing`, `errors`, `seed`, `summary`, and a number for each result."""
    return {
        "failing": _flag(report.has_failed),
        "errors": str(len(report.errors())),
        "seed": report.seed,
        "summary": drill.summary(report),
        **{result.lower(): str(count) for result, count in report.counts().items()},
    }


def import_outputs(shown: ImportResult, file: str | None) -> dict[str, str]:
    """Return what later steps of a workflow need of an import."""
    return {
        "adopted": str(len(shown.exports)),
        "left_out": str(len(shown.left_out)),
        "incomplete": _flag(shown.is_incomplete),
        "file": clean_text(file or ""),
    }


def import_findings(shown: ImportResult) -> tuple[Finding, ...]:
    """Return a warning for each flow that is left out and would need an import, or that was named."""
    return tuple(
        Finding(f"import-{one.reason}", f"left out: {one.name} ({one.id}): {one.text}", level=Level.WARNING)
        for one in shown.missing_flows()
    )


def merge_outputs(outputs: Mapping[str, Mapping[str, str]], unread: int) -> dict[str, str]:
    """
    Return the outputs of several environments as one set.

    A flag is true if one of them is, numbers are added up, `summary` has a line for each environment. A digest belongs
    to one plan and is left out. `unread` is the number of environments without outputs.
    """
    names = dict.fromkeys(name for found in outputs.values() for name in found if name not in _OF_ONE)
    joined = {name: _merge_values([found[name] for found in outputs.values()]) for name in names}
    lines = [f"{environment}: {found['summary']}" for environment, found in outputs.items()]
    return {**joined, "summary": "\n".join(lines), "unread": str(unread)}


def _merge_values(values: Sequence[str]) -> str:
    if all(value in ("true", "false") for value in values):
        return _flag("true" in values)
    return str(sum(int(value) for value in values))


def _flag(on: bool) -> str:
    return "true" if on else "false"


def neutralize_commands(text: str) -> str:
    """Return text for a log in which no line can be read as a workflow command (`::name::`, `##[name]`)."""
    return re.sub(r"(?m)^(\s*):(?=:)", r"\1: ", text).replace("##[", "## [")
