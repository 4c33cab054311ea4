"""
What drift found as findings, for annotations, SARIF and JUnit: one per entry, at the line of the YAML.

The rule of a finding is the group of its entry. Its level is error if the group makes the exit code 3, warning for ends
and orphans, note for the rest.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from exportctl.errors import Finding, Level
from exportctl.monitor import drift
from exportctl.monitor.drift import DriftEntry, DriftGroup, DriftReport
from exportctl.output import format_values, phrases
from exportctl.output.sarif import SarifResult, finding_results
from exportctl.output.text import drift as text_drift

_WARNINGS = frozenset({DriftGroup.ORPHANS, DriftGroup.EXPIRED, DriftGroup.ENDING})
_HINTS = {
    DriftGroup.DRIFT: "accept the live value with `exportctl drift --patch`, or apply the config again",
    DriftGroup.CONFLICT: "accept the live value with `exportctl drift --patch`, or apply the config",
}


def entry_findings(
    report: DriftReport, fail_on: Collection[str] = drift.DEFAULT_FAILING
) -> tuple[tuple[DriftEntry, Finding], ...]:
    """Return each entry with its finding, in the order of the report."""
    failing = {id(entry) for entry in drift.failures(report, fail_on)}
    return tuple((entry, _entry_finding(entry, report.as_of, id(entry) in failing)) for entry in report.entries)


def report_findings(report: DriftReport, fail_on: Collection[str] = drift.DEFAULT_FAILING) -> tuple[Finding, ...]:
    """Return the errors and warnings among them, the errors first, then the other findings of the plan."""
    found = [finding for _, finding in entry_findings(report, fail_on) if finding.level is not Level.NOTE]
    return (*sorted(found, key=lambda finding: finding.level is not Level.ERROR), *report.notes)


def sarif_results(
    report: DriftReport,
    fail_on: Collection[str] = drift.DEFAULT_FAILING,
    environment: str | None = None,
    known_as: str | None = None,
) -> tuple[SarifResult, ...]:
    """
    Return all entries and the other findings of the plan. An alert is about an address and a field, not a value.

    `environment` begins each message. `known_as` stands for it in what the alert is about, where it depends on the run.
    """
    known_as = known_as or environment
    found = [
        SarifResult(_in_environment(finding, environment), _identity(entry, known_as))
        for entry, finding in entry_findings(report, fail_on)
    ]
    notes = finding_results([_in_environment(note, known_as) for note in report.notes])
    shown = [_in_environment(note, environment) for note in report.notes]
    return (*found, *(SarifResult(one, note.identity) for one, note in zip(shown, notes, strict=True)))


def _in_environment(finding: Finding, environment: str | None) -> Finding:
    return replace(finding, message=f"{environment}: {finding.message}") if environment else finding


def _identity(entry: DriftEntry, environment: str | None) -> str:
    subject = str(entry.address or entry.id or (entry.finding.message if entry.finding else ""))
    return " ".join((environment or "", subject, entry.field.path if entry.field else ""))


def _entry_finding(entry: DriftEntry, as_of: int, is_failing: bool) -> Finding:
    level = Level.ERROR if is_failing else Level.WARNING if entry.group in _WARNINGS else Level.NOTE
    at = (entry.finding.at if entry.finding else None) or entry.at
    hint = entry.finding.hint if entry.finding else _hint(entry)
    return Finding(entry.group.value, entry_text(entry, as_of), at, hint, level)


def _hint(entry: DriftEntry) -> str | None:
    if entry.group is DriftGroup.PAUSED and entry.address:
        resumed = f"exportctl apply --resume {format_values.address(entry.address)}"
        return f"resume it with `{resumed}`, or accept it with `exportctl drift --patch`"
    return _HINTS.get(entry.group)


def entry_text(entry: DriftEntry, as_of: int) -> str:
    """Return what one entry says, in one line that begins with its address."""
    name = str(entry.address) if entry.address else ""
    if entry.flow:
        return text_drift.flow(entry, as_of)
    if entry.finding:
        message = entry.finding.message
        return message if not name or message.startswith(name) else f"{name}: {message}"
    if entry.field:
        return f"{name} `{entry.field.path}`: {phrases.compared_values(entry.field)}; {phrases.cause(entry.field)}"
    return f"{name}: {text_drift.change_text(entry, as_of)}"
