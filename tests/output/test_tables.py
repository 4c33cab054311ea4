"""The smaller texts."""

from __future__ import annotations

import pytest

from exportctl.errors import Finding, Level, SourcePosition
from exportctl.model.outcome import Check, CheckStatus
from exportctl.model.plan import ListedDataset, Plan
from exportctl.model.verdict import judge
from exportctl.output.text import apply, findings, plan, tables
from tests.output.sample_plans import AS_OF, HEADER, outcomes, paused_item, renewed_item, updated_item

ERROR = Finding("bad", "it is wrong", SourcePosition("a.yaml", 3, 5), "fix it")
WARNING = Finding("odd", "it is odd", level=Level.WARNING)


def test_an_error_lists_all_its_findings_with_their_fixes() -> None:
    assert findings.render_errors([ERROR, WARNING]) == (
        "error: a.yaml:3:5: it is wrong  [bad]\n  fix it\nwarning: it is odd  [odd]\n"
    )


def test_a_message_of_several_lines_keeps_them() -> None:
    assert findings.render_errors([Finding("r", "one\ntwo\nthree")]) == "error: one\n  two\n  three  [r]\n"


def test_validate_counts_what_is_wrong() -> None:
    shown = findings.render_validation([ERROR, WARNING], exports=1, destinations=1, environments=1)

    assert shown.endswith("\n\nNot valid: 1 error, 1 warning.\n")


def test_validate_counts_what_is_declared() -> None:
    shown = findings.render_validation([WARNING], exports=2, destinations=1, environments=3)

    assert shown.endswith("Valid: 1 warning.\nThe config declares 2 exports and 1 destination in 3 environments.\n")


def test_a_clean_config_is_just_valid() -> None:
    assert findings.render_validation([], exports=1, destinations=1, environments=0) == (
        "Valid.\nThe config declares 1 export and 1 destination.\n"
    )


def test_datasets_stand_in_columns_by_name() -> None:
    shown = tables.render_datasets(
        [ListedDataset("2", "表"), ListedDataset("1", "Orders")], {"1": ["exports.a", "exports.b"]}
    )

    assert shown == (
        "NAME    ID  EXPORTED BY\n"
        "Orders  1   exports.a, exports.b\n"
        "表      2\n"
        "2 datasets can be exported, 1 not exported by this config.\n"
    )


def test_no_datasets_need_no_table() -> None:
    assert tables.render_datasets([], {}) == "0 datasets can be exported, 0 not exported by this config.\n"


def test_doctor_gives_one_remedy_a_line() -> None:
    shown = tables.render_checks(
        [Check("token", CheckStatus.OK, "is good"), Check("sandbox", CheckStatus.FAILED, "no", "set it")]
    )

    assert shown == "ok       token: is good\nfailed   sandbox: no\n         set it\n1 check failed.\n"


def test_doctor_counts_warnings_beside_what_it_checked() -> None:
    assert tables.render_checks([Check("token", CheckStatus.WARNING, "old")]).endswith("Checked: token. 1 warning.\n")


def test_doctor_tells_apart_what_was_checked_in_part() -> None:
    checks = [
        Check("reference", CheckStatus.OK, "set"),
        Check("token", CheckStatus.OK, "yes"),
        Check("storage", CheckStatus.SKIPPED, "needs"),
        Check("reference", CheckStatus.SKIPPED, "not set"),
    ]

    last = tables.render_checks(checks).splitlines()[-1]

    assert last == "Checked: token. Partly checked: reference. Not checked: storage."


def test_an_explanation_names_the_place_that_set_a_value() -> None:
    shown = tables.render_explanation(
        "exports.x", "why", [("end", AS_OF, SourcePosition("a.yaml", 2, 3)), ("title", "t", None)]
    )

    assert shown == 'exports.x\n    why\n    end: 2026-11-22 02:00 UTC  a.yaml:2:3\n    title: "t"\n'


def test_an_apply_that_ends_in_an_empty_plan_proves_itself() -> None:
    empty = Plan(HEADER, AS_OF, ())
    shown = apply.render_apply_report(
        outcomes()[:1], remaining=empty, verdict=judge(empty), normalised=["exports.x path"]
    )

    assert shown.splitlines() == [
        "Apply: 1 done.",
        "The service keeps another spelling: exports.x path",
        "Final check: no changes.",
    ]


ONE_REMAINS = "Final check: 1 change remains."
FINAL_CHECKS = {
    "nothing left": (Plan(HEADER, AS_OF, ()), "Final check: no changes.\n"),
    "paused flows only": (
        Plan(HEADER, AS_OF, (paused_item(),)),
        "Final check: no changes. Left as it is: 1 paused export.\n",
    ),
    "changes left": (
        Plan(HEADER, AS_OF, (updated_item(),)),
        f"{ONE_REMAINS}\n\n~ exports.web-to-lake",
    ),
    "an error": (
        Plan(HEADER, AS_OF, (), (ERROR,)),
        "Final check: 1 error remains.\n    error: a.yaml:3:5: it is wrong",
    ),
    "work left that is no change": (
        Plan(HEADER, AS_OF, (renewed_item(),)),
        "Final check: 1 renewal remains.\n\n> exports.rolling",
    ),
}


@pytest.mark.parametrize("name", FINAL_CHECKS)
def test_a_final_check_says_what_remains(name: str) -> None:
    remaining, expected = FINAL_CHECKS[name]

    assert expected in apply.render_apply_report((), remaining=remaining, verdict=judge(remaining))


def test_a_plan_with_errors_is_not_said_to_be_without_changes() -> None:
    shown = plan.render_plan(Plan(HEADER, AS_OF, (), (ERROR,)))

    assert "No changes" not in shown
    assert "Not everything could be planned: fix the errors first." in shown


def test_an_apply_that_was_without_a_final_check_says_so() -> None:
    assert "No final check" in apply.render_apply_report((), remaining=None, verdict=None)


def test_an_outcome_names_its_object_and_counts() -> None:
    assert apply.outcome(outcomes()[0], 3, 12) == "[ 3/12] done: update base connection base-1 of destinations.lake\n"


def test_no_renewal_due_is_said() -> None:
    assert plan.render_renewals(Plan(HEADER, AS_OF, ())).endswith("No rolling end is due.\n")


def test_doctor_with_nothing_but_skipped_checks_knows_nothing() -> None:
    shown = tables.render_checks(
        [Check("config", CheckStatus.SKIPPED, "none"), Check("platform", CheckStatus.SKIPPED, "none")]
    )

    assert shown.endswith("\nNothing could be checked.\n")
