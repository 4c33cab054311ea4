"""
Reports as JUnit XML: an export is a suite.

A case of `verify` is a dataset and the moment of a due run. One of `backup` or `restore check` is a dataset.

    <failure type=RESULT>   a verdict that fails, with all its objects; a backup that does not fulfil its policy
    <skipped>               UNKNOWN: the result is not known; a backup without a policy; one that cannot be drilled
    <error>                 storage could not be read, in a case of its own, as readers expect; a drill that ended early

There is no standard. This is what Jenkins' xunit schema and GitLab's reader have in common. No case has a `time`, for
no test ran. Foreign text may hold what XML cannot hold (control characters, surrogates): it is spelled out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from exportctl.errors import Finding
from exportctl.monitor.backup.drills import DrillResult
from exportctl.output import format_values
from exportctl.output.text import backup, drill, file_lists, restore, verify

if TYPE_CHECKING:
    from exportctl.monitor.backup.list_report import ListComparison
    from exportctl.monitor.backup.report import BackupReport
    from exportctl.monitor.delivery.report import ExportVerdicts, Verdict, VerifyReport
    from exportctl.output.environments import EnvironmentResult
    from exportctl.restore.drill import DrilledDataset, DrillReport
    from exportctl.restore.report import RestoreReport

_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}
_NO_CHARACTERS = {ord(c): f"\\u{ord(c):04x}" for c in "\ufffe\uffff"}  # printable to Python, not allowed in XML 1.0


def render_verify_report(report: VerifyReport) -> str:
    """Return the document with one suite per export."""
    root = Element("testsuites", name=f"exportctl verify, sandbox {report.header.sandbox}")
    add_verify_suites(root, report)
    return finish_document(root)


def add_verify_suites(root: Element, report: VerifyReport, prefix: str = "") -> None:
    """Add one suite per export; `prefix` begins each name."""
    for export in report.exports:
        _add_suite(root, export, report, prefix)


def render_backup_report(report: BackupReport) -> str:
    """Return the document with one suite per export and one case per dataset."""
    root = Element("testsuites", name=f"exportctl backup check, sandbox {report.header.sandbox}")
    _add_backup_suites(root, report)
    return finish_document(root)


def render_backup_environments(sides: Sequence[EnvironmentResult[BackupReport]]) -> str:
    """Return one document of several environments; the name of each suite begins with that of its environment."""
    root = Element("testsuites", name=f"exportctl backup check, {len(sides)} environments")
    for side in sides:
        if side.result is None:
            suite = SubElement(root, "testsuite", name=side.environment)
            add_error_case(suite, side.environment, "backup", side.errors)
        else:
            _add_backup_suites(root, side.result, f"{side.environment}: ")
    return finish_document(root)


def _add_backup_suites(root: Element, report: BackupReport, prefix: str = "") -> None:
    for export in report.exports:
        name, values = f"{prefix}{export.address}", {"flow": export.flow or "", "storage": export.storage}
        suite = new_suite(root, name, report.as_of, values)
        for chain in export.chains:
            case = SubElement(suite, "testcase", classname=name, name=chain.dataset)
            if chain.failures:
                failure = SubElement(case, "failure", type=chain.state.value, message=chain.failures[0])
                failure.text = "\n".join([*chain.failures, *backup.gap_texts(chain)])
            elif export.policy is None:
                SubElement(case, "skipped", message="no `expect: {backup: …}`")
            else:
                SubElement(case, "system-out").text = f"{chain.state.value}: {chain.reason}"
        for one in report.comparisons:
            if one.export == export.address:
                _add_list_case(suite, name, one)
        if export.errors:
            add_error_case(suite, name, "storage", export.errors)


def _add_list_case(suite: Element, classname: str, one: ListComparison) -> None:
    case = SubElement(suite, "testcase", classname=classname, name=f"{one.dataset} against {one.file}")
    if one.faults:
        texts = [file_lists.fault_text(fault) for fault in one.faults]
        SubElement(case, "failure", type=one.faults[0].kind.value, message=texts[0]).text = "\n".join(texts)
    else:
        SubElement(case, "system-out").text = "\n".join([file_lists.list_label(one), *file_lists.evidence_texts(one)])


def render_restore_report(report: RestoreReport) -> str:
    """Return the document with one suite per export and one case per dataset."""
    root = Element("testsuites", name=f"exportctl restore check, sandbox {report.header.sandbox}")
    for check in report.checks:
        values = {"engine": report.engine, "moment": format_values.moment(check.source.as_of)}
        suite = new_suite(root, str(check.source.address), report.as_of, values)
        case = SubElement(suite, "testcase", classname=str(check.source.address), name=check.source.dataset)
        if check.failures:
            failure = SubElement(case, "failure", type=check.source.state.value, message=check.failures[0])
            failure.text = "\n".join(check.failures)
        SubElement(case, "system-out").text = "\n".join(restore.fact_texts(check))
    return finish_document(root)


def render_drill_report(report: DrillReport) -> str:
    """Return the document with one case per dataset: a suite for each that was chosen, one for those that cannot be."""
    root = Element("testsuites", name=f"exportctl backup drill, sandbox {report.header.sandbox}")
    for one in report.drilled:
        name, values = str(one.address), {"flow": one.flow, "seed": report.seed, "hash": one.last_hash or ""}
        suite = new_suite(root, name, report.as_of, values)
        _add_drill_case(suite, name, one)
    suite = new_suite(root, "not drilled", report.as_of, {"seed": report.seed})
    for other in report.not_drilled:
        case = SubElement(suite, "testcase", classname=str(other.address), name=other.dataset)
        SubElement(case, "skipped", message=drill.not_drilled_text(other))
    if report.unread:
        add_error_case(suite, "not drilled", "storage", report.unread)
    if not report.drilled:
        case = SubElement(suite, "testcase", classname="not drilled", name="drill")
        SubElement(case, "failure", type="NONE", message=drill.summary(report))
    return finish_document(root)


def _add_drill_case(suite: Element, classname: str, one: DrilledDataset) -> None:
    case = SubElement(suite, "testcase", classname=classname, name=one.dataset)
    if one.reasons:
        tag = "failure" if one.result is DrillResult.FAILED else "error"
        ended = SubElement(case, tag, type=one.result.value, message=one.reasons[0])
        ended.text = "\n".join(one.reasons)
    SubElement(case, "system-out").text = "\n".join([one.result.value, *drill.fact_texts(one)])


def render_errors(found: Sequence[Finding], command: str) -> str:
    """Return the document of a run that ended before it had a report."""
    root = Element("testsuites", name=f"exportctl {command}")
    suite = SubElement(root, "testsuite", name="exportctl")
    add_error_case(suite, "exportctl", command, found)
    return finish_document(root)


def new_suite(root: Element, name: str, as_of: int, values: Mapping[str, str]) -> Element:
    timestamp = datetime.fromtimestamp(as_of, UTC).strftime("%Y-%m-%dT%H:%M:%S")  # the form has no offset
    suite = SubElement(root, "testsuite", name=name, timestamp=timestamp)
    properties = SubElement(suite, "properties")
    for key, value in values.items():
        SubElement(properties, "property", name=key, value=value)
    return suite


def _add_suite(root: Element, export: ExportVerdicts, report: VerifyReport, prefix: str) -> None:
    name = f"{prefix}{export.address}"
    values = {
        "flow": export.flow or "",
        "state": export.state,
        "storage": export.storage,
        "since": format_values.moment(report.since),
        "deep": "true" if report.deep else "false",
    }
    suite = new_suite(root, name, report.as_of, values)
    for verdict in export.verdicts:
        _add_case(suite, name, verdict)
    if export.errors:
        add_error_case(suite, name, "storage", export.errors)


def _add_case(suite: Element, name: str, verdict: Verdict) -> None:
    due = "" if verdict.due is None else f" {format_values.moment(verdict.due)}"
    case = SubElement(suite, "testcase", classname=name, name=verdict.dataset + due)
    if verdict.fails:
        failure = SubElement(case, "failure", type=verdict.result.value, message=verdict.reason)
        hint = [f"hint: {verdict.hint}"] if verdict.hint else []
        failure.text = "\n".join([verdict.reason, *verdict.objects, *verify.origin(verdict), *hint])
    elif verdict.result == verify.UNKNOWN:
        SubElement(case, "skipped", message=verdict.reason)
    else:
        SubElement(case, "system-out").text = f"{verdict.result.value}: {verdict.reason}"


def add_error_case(suite: Element, classname: str, name: str, found: Sequence[Finding]) -> None:
    """Add several errors of one case as one `<error>`: readers take only the first."""
    case = SubElement(suite, "testcase", classname=classname, name=name)
    error = SubElement(case, "error", type=found[0].rule, message=found[0].message)
    error.text = "\n".join(str(f) for f in found)


def finish_document(root: Element) -> str:
    """Add the counts when all cases are there, and make every text valid in XML."""
    for node in [*root, root]:
        node.set("tests", str(len(list(node.iter("testcase")))))
        for attribute, tag in _COUNTED.items():
            node.set(attribute, str(len(list(node.iter(tag)))))
    root.attrib.pop("skipped")  # known to suites only
    for node in root.iter():
        node.text = _xml_text(node.text) if node.text else None
        node.attrib = {name: _xml_text(value) for name, value in node.attrib.items()}
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _xml_text(text: str) -> str:
    return format_values.clean_lines(text).translate(_NO_CHARACTERS)
