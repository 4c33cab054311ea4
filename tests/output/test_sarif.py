"""SARIF: valid by the official schema, with all that GitHub needs, and with fingerprints that outlive an edit."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from exportctl.errors import Finding, Level, SourcePosition
from exportctl.model.plan import Actor
from exportctl.monitor import drift
from exportctl.output import drift_findings, sarif
from exportctl.output.sarif import SarifResult, SarifRule, SarifRun
from tests.output.sample_plans import DAY, EVIL, evil_plan, full_plan
from tests.output.sarif_documents import check_sarif, positions

RULES = (
    SarifRule("path-characters", "A path has odd characters", "Why: x\n\nFix: y", Level.WARNING, "https://e.example/x"),
)
FOUND = Finding("path-characters", "exports.orders: this path", SourcePosition("exports.yaml", 12, 5), "write another")


def run_of(*findings: Finding, **rest: Any) -> Any:
    return check_sarif(sarif.render_run(SarifRun("validate", RULES, sarif.finding_results(findings), **rest)))


def fingerprint(*findings: Finding) -> list[str]:
    return [r["partialFingerprints"]["primaryLocationLineHash"] for r in run_of(*findings)["results"]]


def test_a_finding_is_a_result_with_rule_level_message_and_region() -> None:
    run = run_of(FOUND)

    (result,) = run["results"]
    assert result["message"]["text"] == "exports.orders: this path. write another"
    assert positions(run) == [("path-characters", "exports.yaml", 12)]
    assert result["level"] == "error"
    assert run["tool"]["driver"]["rules"][0]["helpUri"] == "https://e.example/x"
    assert run["invocations"] == [{"executionSuccessful": True}]


def test_nothing_found_is_a_document_without_results() -> None:
    run = run_of()

    assert run["results"] == []
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["path-characters"]


def test_a_rule_that_no_table_has_is_described_too() -> None:
    run = run_of(replace(FOUND, rule="yaml-syntax"))

    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["path-characters", "yaml-syntax"]


def test_an_error_about_no_file_makes_the_run_unsuccessful() -> None:
    run = run_of(failures=[Finding("service", "the service did not answer", hint="try again")])

    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "the service did not answer. try again"
    assert run["results"] == []


def test_a_finding_without_a_line_is_at_the_begin_of_the_config() -> None:
    assert positions(run_of(replace(FOUND, at=None), main_file="a.yaml")) == [("path-characters", "a.yaml", 1)]


MOVED = SourcePosition("exports.yaml", 99, 7)
SAME = {
    "its line moves": replace(FOUND, at=MOVED),
    "its level changes": replace(FOUND, level=Level.WARNING),
    "its fix is worded in another way": replace(FOUND, hint="other"),
}
OTHER = {
    "another rule": replace(FOUND, rule="dot-level"),
    "another file": replace(FOUND, at=SourcePosition("exports/more.yaml", 12, 5)),
    "another export": replace(FOUND, message="exports.returns: this path"),
}


@pytest.mark.parametrize("name", SAME)
def test_an_alert_stays_the_same_when(name: str) -> None:
    assert fingerprint(SAME[name]) == fingerprint(FOUND)


@pytest.mark.parametrize("name", OTHER)
def test_another_alert_is_one_for(name: str) -> None:
    assert fingerprint(OTHER[name]) != fingerprint(FOUND)


def test_a_line_that_a_message_names_is_no_part_of_the_alert() -> None:
    one, other = (replace(FOUND, message=f"the same key as in exports.yaml:{line}:3") for line in (4, 40))

    assert fingerprint(one) == fingerprint(other)


def test_equal_findings_are_numbered() -> None:
    first, second = fingerprint(FOUND, replace(FOUND, at=MOVED))

    assert (first.rpartition(":")[0], first[-2:], second[-2:]) == (second.rpartition(":")[0], ":1", ":2")


def test_a_drift_alert_is_about_the_field_and_not_about_its_live_value() -> None:
    report = drift.build_drift_report(full_plan(), end_warning=30 * DAY)

    def moved(entry: drift.DriftEntry) -> drift.DriftEntry:
        if entry.field is None:
            return entry
        other = replace(entry.field, before="/elsewhere", actor=Actor("joe", None, 1))
        return replace(entry, field=other, at=MOVED)

    other = replace(report, entries=tuple(map(moved, report.entries)))
    one, two = (
        check_sarif(sarif.render_run(SarifRun("drift", (), drift_findings.sarif_results(r)))) for r in (report, other)
    )
    assert len(one["results"]) > 5
    assert [r["partialFingerprints"] for r in one["results"]] == [r["partialFingerprints"] for r in two["results"]]
    assert one["results"] != two["results"]


def test_foreign_text_can_be_no_link_and_no_placeholder() -> None:
    text = "x [click](https://evil.example) {0} ${env:KEY} [not a link]"
    (result,) = run_of(replace(FOUND, message=text, hint=None))["results"]

    assert result["message"]["text"] == r"x \[click](https://evil.example) {{0}} ${env:KEY} [not a link]"


def test_foreign_text_breaks_no_document() -> None:
    report = drift.build_drift_report(evil_plan(), end_warning=30 * DAY)
    evil = Finding("odd", EVIL, SourcePosition(EVIL, 1, 1), EVIL)
    results = (*drift_findings.sarif_results(report), SarifResult(evil, EVIL))

    text = sarif.render_run(SarifRun("drift", (), results, [evil]))

    assert text.isascii()
    check_sarif(text)
    shown = json.dumps(json.loads(text), ensure_ascii=False)
    assert "\u202e" not in shown
    assert "\x1b" not in shown


def test_a_file_outside_the_repository_keeps_its_name() -> None:
    (result,) = run_of(FOUND, locate=lambda file: None)["results"]

    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "exports.yaml"}


def test_a_code_host_gets_as_many_results_as_it_takes_and_no_error_is_left_out() -> None:
    notes = [replace(FOUND, message=f"n{number}", level=Level.NOTE) for number in range(sarif.MAX_RESULTS)]

    run = json.loads(sarif.render_run(SarifRun("validate", RULES, sarif.finding_results([*notes, FOUND]))))["runs"][0]

    assert len(run["results"]) == sarif.MAX_RESULTS
    assert run["results"][0]["level"] == "error"
    assert "1 less serious results" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
