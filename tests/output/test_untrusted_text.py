"""What others wrote can neither act in a terminal, a pull request or a workflow, nor can a sensitive value be seen."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.errors import Error, SourcePosition
from exportctl.model.apply_report import ApplyReport, EndedRun, ResultWord
from exportctl.model.outcome import Check, CheckStatus, Outcome, OutcomeStatus
from exportctl.model.plan import Cause, ListedDataset, Plan
from exportctl.model.verdict import judge
from exportctl.monitor import drift
from exportctl.output import (
    apply_outcome,
    drift_findings,
    format_values,
    github_actions,
    junit,
    junit_apply,
    junit_findings,
    junit_fleet,
    junit_night,
    prometheus,
    sarif,
)
from exportctl.output.json import documents
from exportctl.output.markdown import apply as markdown_apply
from exportctl.output.markdown import backup as markdown_backup
from exportctl.output.markdown import drift as markdown_drift
from exportctl.output.markdown import drill as markdown_drill
from exportctl.output.markdown import fleet as markdown_fleet
from exportctl.output.markdown import import_flows as markdown_import
from exportctl.output.markdown import night as markdown_night
from exportctl.output.markdown import plan as markdown_plan
from exportctl.output.markdown.marker import CommentMarker
from exportctl.output.markdown.parts import LIMIT
from exportctl.output.sarif import SarifRun
from exportctl.output.stale_plan import stale_findings, stale_resources
from exportctl.output.text import apply, short_plan
from exportctl.output.text import backup as text_backup
from exportctl.output.text import drift as text_drift
from exportctl.output.text import drill as text_drill
from exportctl.output.text import findings as text_findings
from exportctl.output.text import fleet as text_fleet
from exportctl.output.text import night as text_night
from exportctl.output.text import plan as text_plan
from exportctl.output.text import restore as text_restore
from exportctl.output.text import tables as text_tables
from exportctl.planfile import file as planfile
from exportctl.planfile.signature import SignatureState
from exportctl.planfile.staleness import StaleValue
from tests.output import markdown_reader
from tests.output.golden_files import texts
from tests.output.sample_backups import backup_report, listed_report, unread_report
from tests.output.sample_drills import drill_report, drilled_backups
from tests.output.sample_fleets import evil_fleet
from tests.output.sample_imports import MORE_ADOPTED, import_result
from tests.output.sample_nights import evil_night
from tests.output.sample_plans import (
    AS_OF,
    DAY,
    EVIL,
    HEADER,
    HIDDEN,
    address,
    change,
    created_item,
    evil_plan,
    full_plan,
    updated_item,
)
from tests.output.sample_restores import restore_report


def evil_texts() -> dict[str, str]:
    plan = evil_plan()
    report = drift.build_drift_report(plan, end_warning=30 * DAY)
    other = planfile.stale_values(planfile.saved_plan(replace(plan, items=())), plan)
    stale = stale_resources(planfile.saved_plan(plan), plan, (*other, StaleValue(EVIL, EVIL, EVIL, EVIL, (EVIL, EVIL))))
    outcome = Outcome(plan.steps()[0], OutcomeStatus.FAILED, EVIL, EVIL, EVIL, "rule")
    ended = ApplyReport(plan, (outcome,), plan, judge(plan, [outcome]), normalised=(EVIL,), next_commands=(EVIL,))
    return {
        "plan": text_plan.render_plan(plan),
        "short plan": short_plan.render_plan(plan),
        "show": text_plan.render_saved_plan(planfile.saved_plan(plan), SignatureState.UNSIGNED, now=AS_OF),
        "renew": text_plan.render_renewals(plan),
        "backup": text_backup.render_backup_report(backup_report()),
        "restore": text_restore.render_restore_report(restore_report()),
        "drill": text_drill.render_drill_report(drill_report()),
        "drill.md": markdown_drill.render_drill_report(drill_report()),
        "drill.xml": junit.render_drill_report(drill_report()),
        "drill annotations": github_actions.render_annotations(github_actions.drill_findings(drill_report(), {})),
        "backup drills": text_backup.render_backup_report(drilled_backups()),
        "backup drills.md": markdown_backup.render_backup_report(drilled_backups()),
        "restore.sql": text_restore.render_script([f"comment {EVIL}"], ["SELECT 1"]),
        "backup.md": markdown_backup.render_backup_report(backup_report()),
        "backup lists": text_backup.render_backup_report(listed_report()),
        "backup lists.md": markdown_backup.render_backup_report(listed_report()),
        "backup list annotations": github_actions.render_annotations(github_actions.backup_findings(listed_report())),
        "backup annotations": github_actions.render_annotations(github_actions.backup_findings(unread_report())),
        "drift": text_drift.render_drift(report),
        "outcome": apply.outcome(outcome, 1, 1),
        "report": apply.render_apply_report([outcome], remaining=plan, verdict=judge(plan, [outcome])),
        "apply.md": markdown_apply.render_apply_report(ended),
        "apply.xml": junit_apply.render_apply_report(ended),
        "apply errors.md": markdown_apply.render_errors(
            EndedRun("apply", ResultWord.FAILED, Error(EVIL, hint=EVIL, at=SourcePosition(EVIL)).findings(), (EVIL,)),
            CommentMarker("apply", EVIL, EVIL),
            0,
        ),
        "apply annotations": github_actions.render_annotations(apply_outcome.findings(ended)),
        "import.md": markdown_import.render_import(import_result(MORE_ADOPTED), file=EVIL),
        "import annotations": github_actions.render_annotations(
            github_actions.import_findings(import_result(MORE_ADOPTED))
        ),
        "drift.xml": junit_findings.render_drift(report),
        "validate.xml": junit_findings.render_validation(plan.findings),
        "drift annotations": github_actions.render_annotations(drift_findings.report_findings(report)),
        "drift.sarif": sarif.render_run(SarifRun("drift", (), drift_findings.sarif_results(report))),
        "apply next": apply.render_next_commands(ended),
        "error": text_findings.render_errors(Error(EVIL, hint=EVIL, at=SourcePosition(EVIL)).findings()),
        "validate": text_findings.render_validation(plan.findings, exports=1, destinations=1, environments=0),
        "datasets": text_tables.render_datasets([ListedDataset(EVIL, EVIL)], {EVIL: [EVIL]}),
        "doctor": text_tables.render_checks([Check(EVIL, CheckStatus.FAILED, EVIL, EVIL)]),
        "stale": text_tables.render_stale_plan(stale, [EVIL]),
        "explain": text_tables.render_explanation(EVIL, EVIL, [(EVIL, EVIL, SourcePosition(EVIL))]),
        "nightly": text_night.render_night(evil_night()),
        "nightly.md": markdown_night.render_night(evil_night()),
        "nightly.xml": junit_night.render_night(evil_night()),
        "nightly.prom": prometheus.render_metrics(evil_night()),
        "fleet": text_fleet.render_fleet(evil_fleet()),
        "fleet.md": markdown_fleet.render_fleet(evil_fleet()),
        "fleet.xml": junit_fleet.render_fleet(evil_fleet()),
        "plan.md": markdown_plan.render_plan(plan),
        "drift.md": markdown_drift.render_drift(report),
        "plan.json": documents.render_plan(plan),
        "saved": planfile.dump_plan(plan),
        "stale annotations": github_actions.render_annotations(stale_findings(stale, EVIL)),
        "annotations": github_actions.render_annotations(plan.findings),
    }


EVIL_TEXTS = evil_texts()


@pytest.mark.parametrize("name", sorted(EVIL_TEXTS))
def test_no_control_or_formatting_character_gets_through(name: str) -> None:
    bad = {c for c in EVIL_TEXTS[name] if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c != "\n"}

    assert bad == set()
    EVIL_TEXTS[name].encode()


@pytest.mark.parametrize(
    ("name", "bars"),
    [
        ("plan.md", {5}),
        ("apply.md", {5}),
        ("drift.md", {5}),
        ("backup.md", {11}),
        ("drill.md", {9}),
        ("nightly.md", {5, 6, 8}),
        ("fleet.md", {4}),
    ],
)
def test_markdown_holds_no_mention_html_or_cell_of_others(name: str, bars: set[int]) -> None:
    shown = EVIL_TEXTS[name]

    assert markdown_reader.is_harmless(shown)
    tables = [line for line in shown.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables} == bars


@given(st.text())
def test_clean_is_one_line_that_any_terminal_takes(said: str) -> None:
    shown = format_values.clean_text(said)

    assert shown.isprintable() or all(unicodedata.category(c) in ("Zs", "Cn", "Co") or c.isprintable() for c in shown)
    assert "\n" not in shown
    shown.encode()


def test_an_annotation_is_one_line_whatever_its_message_holds() -> None:
    (line,) = EVIL_TEXTS["annotations"].splitlines()

    assert line.startswith("::error file=evil")
    assert line.count("::error") == 3  # its own, and twice the harmless text inside the message and hint


def test_an_output_cannot_end_before_its_delimiter() -> None:
    shown = github_actions.outputs({"a": "one\ntwo", "b": ""})

    first, one, two, last, *_ = shown.splitlines()
    assert (first.removeprefix("a<<"), one, two) == (last, "one", "two")


def test_a_line_of_others_is_no_workflow_command() -> None:
    shown = github_actions.neutralize_commands("  ::add-mask::x\nfine :: here\n##[group]x")

    assert shown == "  : :add-mask::x\nfine :: here\n## [group]x"


def _every_view() -> dict[str, str]:
    return {
        **texts(),
        "saved": planfile.dump_plan(full_plan()),
        "shown.json": documents.render_saved_plan(planfile.saved_plan(full_plan()), SignatureState.UNSIGNED, now=0),
    }


@pytest.mark.parametrize("name", sorted(_every_view()))
def test_no_view_shows_a_sensitive_value(name: str) -> None:
    shown = html.unescape(_every_view()[name])

    assert "planted-value" not in shown
    assert HIDDEN not in shown


def test_a_sensitive_value_is_said_to_be_there() -> None:
    assert "auth.role_arn: (sensitive) -> (sensitive)" in text_plan.render_plan(full_plan())


def _large_plan(count: int) -> Plan:
    return Plan(HEADER, AS_OF, tuple((updated_item if n % 2 else created_item)(f"export-{n:04}") for n in range(count)))


def test_markdown_of_two_thousand_items_fits_and_says_what_is_missing() -> None:
    shown = markdown_plan.render_plan(_large_plan(2000))

    assert len(shown) <= LIMIT
    assert len(shown) > LIMIT * 3 // 4
    cut = re.search(r"_(\d+) of 2000 resources shown", shown)
    assert cut is not None
    assert int(cut[1]) == len(re.findall("(?m)^<details>", shown)) - 1  # the references of 1,000 creations
    assert shown.count("<details>") == shown.count("</details>") > 10


def test_markdown_drift_of_two_thousand_items_fits() -> None:
    items = tuple(replace(updated_item(f"export-{n:04}"), fields=(change(Cause.DRIFT),)) for n in range(2000))

    shown = markdown_drift.render_drift(drift.build_drift_report(Plan(HEADER, AS_OF, items), end_warning=400 * DAY))

    assert len(shown) <= LIMIT
    assert " of 2000 resources shown" in shown


def test_a_resource_too_big_for_the_room_is_not_cut_in_the_middle() -> None:
    huge = replace(updated_item(), fields=(change(Cause.PENDING, "title", "x" * 70_000, "y"),))

    shown = markdown_plan.render_plan(Plan(HEADER, AS_OF, (huge,)))

    assert len(shown) <= LIMIT
    assert "_0 of 1 resources shown" in shown
    assert "<details>" not in shown


def test_a_small_plan_is_shown_whole() -> None:
    assert "resources shown" not in markdown_plan.render_plan(full_plan())


def test_two_addresses_are_two_blocks() -> None:
    plan = Plan(HEADER, AS_OF, (updated_item("a"), replace(updated_item("b"), address=address("b"))))

    assert text_plan.render_plan(plan).count("\n~ exports.") == 2
