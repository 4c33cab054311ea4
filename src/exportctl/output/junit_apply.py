"""The outcome of an apply, a renewal or a rotation as JUnit XML: a case per resource, and one for the final check."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from exportctl.model.apply_report import ApplyReport, ResourceResult, ResourceState, ResultWord
from exportctl.output import apply_outcome, phrases
from exportctl.output.junit import add_error_case, finish_document, new_suite
from exportctl.output.text import apply


def render_apply_report(report: ApplyReport, command: str = "apply") -> str:
    """Return the document: <failure> is a resource that failed, <skipped> one that is left."""
    root = Element("testsuites", name=f"exportctl {command}, sandbox {report.plan.header.sandbox}")
    add_apply_suite(root, command, report)
    return finish_document(root)


def add_apply_suite(root: Element, name: str, report: ApplyReport) -> None:
    """Add the suite of one run."""
    values = {"result": report.result.value, "environment": report.plan.header.environment or ""}
    suite = new_suite(root, name, report.plan.as_of, values)
    for one in report.resources:
        _add_case(suite, one, report)
    _add_final_check(suite, name, report)
    if report.errors:
        add_error_case(suite, name, name, report.errors)


def _add_case(suite: Element, one: ResourceResult, report: ApplyReport) -> None:
    verb = f" ({one.item.verb.value})" if one.item else ""
    case = SubElement(suite, "testcase", classname=one.address, name=f"{one.address}{verb}")
    if one.state is not ResourceState.DONE:
        texts = apply_outcome.reasons(one, report.verdict)
        if one.state is ResourceState.FAILED:
            rule = apply_outcome.rule(one)
            fix = [f"hint: {hint}"] if (hint := apply_outcome.fix(one)) else []
            SubElement(case, "failure", type=rule, message=texts[0]).text = "\n".join([*texts, *fix])
        else:
            SubElement(case, "skipped", message="; ".join(texts))
    lines = [f"{apply.step(o.step, o.id)}: {o.status.value}" for o in one.outcomes]
    SubElement(case, "system-out").text = "\n".join(lines)


def _add_final_check(suite: Element, command: str, report: ApplyReport) -> None:
    """Add the case that fails if the run is not complete although no resource failed: a reader must not see success."""
    case = SubElement(suite, "testcase", classname=command, name="final check")
    words = phrases.final_check(report.verdict) if report.was_started else apply_outcome.unstarted_words(report)
    if report.result is ResultWord.DONE:
        SubElement(case, "system-out").text = words
    elif report.verdict is None and report.was_started:
        SubElement(case, "skipped", message=words)
    else:
        SubElement(case, "failure", type=report.result.value, message=words).text = words
