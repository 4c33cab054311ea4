"""
What `validate` and `drift` found as JUnit XML, with a case that passes where nothing was found.

A case of `validate` is a finding; one of `drift` is an address, with a line for each value that differs. A case has one
<failure>, because readers show only the first: it holds all that makes the command fail. The rest is <system-out>.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from xml.etree.ElementTree import Element, SubElement

from exportctl.errors import Finding, Level
from exportctl.monitor import drift
from exportctl.monitor.drift import DriftReport
from exportctl.output import drift_findings
from exportctl.output.environments import EnvironmentResult
from exportctl.output.junit import add_error_case, finish_document, new_suite


def render_validation(findings: Sequence[Finding]) -> str:
    """Return the document of `validate`: an error fails, a warning or a note is only shown."""
    root = Element("testsuites", name="exportctl validate")
    suite = SubElement(root, "testsuite", name="validate")
    for found in findings:
        _add_findings(SubElement(suite, "testcase", classname=found.rule, name=found.message), [found])
    if not any(found.level is Level.ERROR for found in findings):
        SubElement(suite, "testcase", classname="validate", name="config")
    return finish_document(root)


def render_drift(report: DriftReport, fail_on: Collection[str] = drift.DEFAULT_FAILING) -> str:
    """Return the document of `drift` with a case per address."""
    root = Element("testsuites", name=f"exportctl drift, sandbox {report.header.sandbox}")
    _add_drift_suite(root, "drift", report, fail_on)
    return finish_document(root)


def render_drift_environments(
    sides: Sequence[EnvironmentResult[DriftReport]], fail_on: Collection[str] = drift.DEFAULT_FAILING
) -> str:
    """Return one document of several environments, with a suite for each."""
    root = Element("testsuites", name=f"exportctl drift, {len(sides)} environments")
    for side in sides:
        if side.result is None:
            add_error_case(SubElement(root, "testsuite", name=side.environment), side.environment, "drift", side.errors)
        else:
            _add_drift_suite(root, side.environment, side.result, fail_on)
    return finish_document(root)


def _add_drift_suite(root: Element, name: str, report: DriftReport, fail_on: Collection[str]) -> None:
    suite = new_suite(root, name, report.as_of, {"sandbox": report.header.sandbox})
    found: dict[str, list[Finding]] = {str(address): [] for address in report.addresses}
    for entry, finding in drift_findings.entry_findings(report, fail_on):
        found.setdefault(str(entry.address or entry.id or "sandbox"), []).append(finding)
    for address, findings in found.items():
        _add_findings(SubElement(suite, "testcase", classname=name, name=address), findings)
    if report.errors:
        add_error_case(suite, name, "plan", report.errors)


def _add_findings(case: Element, findings: Sequence[Finding]) -> None:
    failing = [found for found in findings if found.level is Level.ERROR]
    if failing:
        lines = [str(found) for found in failing]
        SubElement(case, "failure", type=failing[0].rule, message=failing[0].message).text = "\n".join(lines)
    others = [f"{found.level.value}: {found}" for found in findings if found.level is not Level.ERROR]
    if others:
        SubElement(case, "system-out").text = "\n".join(others)
