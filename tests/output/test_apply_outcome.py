"""The outcome of a run for programs: sentence, outputs and findings, also where nothing was started."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from exportctl.errors import Finding
from exportctl.model.apply_report import ApplyReport, ResultWord
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Plan, Refusal
from exportctl.model.verdict import judge
from exportctl.monitor import drift
from exportctl.output import apply_outcome, junit_apply, junit_findings
from exportctl.output.environments import EnvironmentResult
from exportctl.output.markdown import apply as markdown_apply
from exportctl.output.text import apply as text_apply
from tests.output.sample_plans import AS_OF, DAY, HEADER, full_plan, gone_item, outcomes, renewed_item, updated_item

EMPTY = Plan(HEADER, AS_OF, ())
UNSTARTED = {
    "nothing to do": (EMPTY, "done: nothing to do", "Nothing to do."),
    "a dry run": (Plan(HEADER, AS_OF, (renewed_item(),)), "dry run: 1 left", "Dry run: nothing was written."),
    "blocked": (Plan(HEADER, AS_OF, (gone_item(), updated_item())), "blocked: 0 done, 2 left", "Blocked by a safety"),
    "not planned": (
        Plan(HEADER, AS_OF, (updated_item(),), (Finding("dataset-missing", "no dataset"),)),
        "failed: 0 done, 1 left",
        "Not everything could be planned",
    ),
}


@pytest.mark.parametrize("name", UNSTARTED)
def test_a_run_that_sent_nothing_says_why_in_every_format(name: str) -> None:
    plan, sentence, words = UNSTARTED[name]
    report = ApplyReport(plan, remaining_plan=plan, verdict=judge(plan), was_started=False)

    assert apply_outcome.sentence(report) == sentence
    assert words in markdown_apply.render_apply_report(report)
    document = ElementTree.fromstring(junit_apply.render_apply_report(report))
    assert words in ElementTree.tostring(document, encoding="unicode")
    assert bool(list(document.iter("failure"))) == (report.result is not ResultWord.DONE)
    assert bool(apply_outcome.findings(report)) == (report.result not in (ResultWord.DONE,))


def test_a_failed_resource_says_what_to_fix_before_the_next_command() -> None:
    report = ApplyReport(full_plan(), tuple(outcomes()), next_commands=("exportctl apply",))

    assert text_apply.render_next_commands(report).startswith("Next, fix what failed, then run:\n")
    assert apply_outcome.outputs(report, "apply")["remaining"] == str(len(judge(full_plan()).remaining))


def test_a_finding_cuts_what_a_service_says_and_counts_further_reasons() -> None:
    failed = [replace(o, status=OutcomeStatus.FAILED, message="x" * 900) for o in outcomes()]
    one = replace(failed[0], step=replace(failed[0].step, address=updated_item().address))
    report = ApplyReport(Plan(HEADER, AS_OF, (updated_item(),)), (one, one, one))

    (finding,) = [f for f in apply_outcome.findings(report) if "xxx" in f.message]

    assert len(finding.message) < 3 * apply_outcome.MAX_REASON
    assert finding.message.endswith("…; and 1 more")
    assert "x" * 900 in apply_outcome.reasons(report.resources[0], None)[0]  # the report has all of it


def test_a_refusal_names_its_address_once() -> None:
    texts = ("a is protected", "exports.gone is protected", "exports.gone: its flow is gone")
    item = replace(gone_item(), refusals=tuple(Refusal("protect", text, "allow") for text in texts))
    address = str(item.address)
    item = replace(
        item, refusals=tuple(replace(r, text=r.text.replace("exports.gone", address)) for r in item.refusals)
    )

    found = [f.message for f in apply_outcome.refusal_findings(item)]

    assert found == [f"{address}: a is protected", f"{address} is protected", f"{address}: its flow is gone"]


def test_an_error_before_the_first_write_leaves_the_whole_plan() -> None:
    known = apply_outcome.outputs_of_error(ResultWord.STALE, full_plan(), "apply", "it moved")
    unknown = apply_outcome.outputs_of_error(ResultWord.FAILED, None, "apply", "no YAML")

    changed = sum(bool(item.steps) for item in full_plan().items)
    assert [known[name] for name in ("result", "done", "failed", "left")] == ["stale", "0", "0", str(changed)]
    assert [unknown[name] for name in ("result", "done", "failed", "left")] == ["failed", "0", "0", ""]
    assert unknown["summary"] == "apply: failed: no YAML"


def test_junit_of_several_environments_has_a_suite_for_each_and_an_error_where_one_was_not_read() -> None:
    report = drift.build_drift_report(full_plan(), end_warning=30 * DAY)
    sides = [EnvironmentResult("prod", report), EnvironmentResult("stage", None, (Finding("service", "no answer"),))]

    root = ElementTree.fromstring(junit_findings.render_drift_environments(sides))

    assert [suite.attrib["name"] for suite in root.iter("testsuite")] == ["prod", "stage"]
    assert len(list(root.iter("error"))) == 1
    assert len(list(root.iter("failure"))) == len({entry.address for entry in drift.failures(report)})


def test_a_config_without_errors_has_a_case_that_passes() -> None:
    root = ElementTree.fromstring(junit_findings.render_validation([]))

    assert [(case.attrib["name"], len(case)) for case in root.iter("testcase")] == [("config", 0)]
