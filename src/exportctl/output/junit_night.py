"""
A nightly run as JUnit XML: a suite for each environment and part, and for each export of `verify`.

    renew    as `renew` writes it
    drift    a case for each entry that counts, as <failure>; one case that passes if there is none
    verify   as `verify` writes it
    status   <error> if the plan has errors

An environment that was not read, and a part that failed, is a case with <error>.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

from exportctl.monitor import drift
from exportctl.monitor.night import NightPart, NightReport
from exportctl.output import junit, junit_apply
from exportctl.output.color import paint
from exportctl.output.night import Night, NightRow
from exportctl.output.text import drift as text_drift

_WIDTH = 120


def render_night(night: Night) -> str:
    """Return one document of all environments, or of the errors that came before any."""
    if night.errors:
        return junit.render_errors(night.errors, "nightly")
    root = Element("testsuites", name=f"exportctl nightly, {night.project}")
    for row in night.rows:
        _add_row(root, row, night)
    return junit.finish_document(root)


def _add_row(root: Element, row: NightRow, night: Night) -> None:
    report = row.report
    if report is None:
        suite = SubElement(root, "testsuite", name=row.name)
        junit.add_error_case(suite, row.name, "nightly", row.errors)
        return
    if report.renewal is not None:
        junit_apply.add_apply_suite(root, f"{row.name}: {NightPart.RENEW}", report.renewal)
    _add_drift(_part_suite(root, row, report, NightPart.DRIFT), row, report, night)
    if report.verify is not None:
        junit.add_verify_suites(root, report.verify, f"{row.name}: ")
    for failure in report.failed:
        junit.add_error_case(_part_suite(root, row, report, failure.part), row.name, failure.part, failure.findings)
    if report.status.errors:
        suite = _part_suite(root, row, report, NightPart.STATUS)
        junit.add_error_case(suite, row.name, NightPart.STATUS, report.status.errors)


def _part_suite(root: Element, row: NightRow, report: NightReport, part: NightPart) -> Element:
    values = {"sandbox": row.sandbox, "exit_code": str(row.codes.get(part, 0))}
    return junit.new_suite(root, f"{row.name}: {part.value}", report.as_of, values)


def _add_drift(suite: Element, row: NightRow, report: NightReport, night: Night) -> None:
    for entry in drift.failures(report.drift, night.fail_on):
        case = SubElement(suite, "testcase", classname=row.name, name=f"{text_drift.subject(entry)}: {entry.group}")
        _fail(case, entry.group.value, text_drift.entry_lines(entry, report.as_of, paint(False), _WIDTH))
    if report.drift.errors:
        junit.add_error_case(suite, row.name, "plan", report.drift.errors)
    if not len(suite.findall("testcase")):
        SubElement(suite, "testcase", classname=row.name, name="no drift")


def _fail(case: Element, kind: str, lines: Sequence[str]) -> None:
    failure = SubElement(case, "failure", type=kind, message=lines[0].strip())
    failure.text = "\n".join(line for line in lines if line)
