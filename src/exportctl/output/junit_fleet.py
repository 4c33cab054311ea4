"""
A command over many sandboxes as JUnit XML: a suite for each sandbox, and a case for each line that needs attention.

<failure> where the sandbox makes the exit code, <system-out> where it is only shown; <error>: it was not read.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from exportctl.output import junit
from exportctl.output.fleet import FleetReport, FleetRow, more_lines


def render_fleet(report: FleetReport) -> str:
    """Return one document of all sandboxes."""
    root = Element("testsuites", name=f"exportctl fleet {report.command}")
    for row in report.rows:
        _add_row(root, row, report.command)
    if report.errors:
        suite = SubElement(root, "testsuite", name="fleet")
        junit.add_error_case(suite, "fleet", report.command, report.errors)
    return junit.finish_document(root)


def _add_row(root: Element, row: FleetRow, command: str) -> None:
    if row.as_of is None:
        suite = SubElement(root, "testsuite", name=row.name)
    else:
        values = {"sandbox": row.header.sandbox if row.header else "", "exit_code": str(row.exit_code)}
        suite = junit.new_suite(root, row.name, row.as_of, values)
    for line in (*row.attention, *filter(None, [more_lines(row)])):
        case = SubElement(suite, "testcase", classname=row.name, name=line)
        if row.exit_code:
            SubElement(case, "failure", type=command, message=line)
        else:
            SubElement(case, "system-out").text = line
    if row.errors:
        junit.add_error_case(suite, row.name, command, row.errors)
    if not len(suite.findall("testcase")):
        SubElement(suite, "testcase", classname=row.name, name=row.summary)
