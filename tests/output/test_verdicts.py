"""
Every kind of plan that is not empty, in every output: only of a plan in which nothing remains does exportctl say that
everything is as the config asks, and the exit codes follow the same verdict.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from exportctl.accept.changes import AcceptResult
from exportctl.cli import exit_codes
from exportctl.errors import Finding, Level
from exportctl.model.apply_report import ApplyReport
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import CHANGE_VERBS, Action, Cause, Consequence, Plan, PlanItem, Refusal, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.model.verdict import FINDING_KINDS, Compared, PlanVerdict, Remainder, RemainderKind, judge
from exportctl.monitor import drift
from exportctl.monitor.status import StatusReport
from exportctl.output import apply_outcome, github_actions, junit_apply, phrases
from exportctl.output.json import documents
from exportctl.output.json import import_and_accept as json_edits
from exportctl.output.json import monitoring as json_monitoring
from exportctl.output.markdown import apply as markdown_apply
from exportctl.output.markdown import drift as markdown_drift
from exportctl.output.markdown import monitoring as markdown_monitoring
from exportctl.output.markdown import plan as markdown_plan
from exportctl.output.rehearsal import render_rehearsal
from exportctl.output.text import apply as text_apply
from exportctl.output.text import drift as text_drift
from exportctl.output.text import import_and_accept as text_edits
from exportctl.output.text import plan as text_plan
from exportctl.output.text import status as text_status
from exportctl.planfile import file as planfile
from exportctl.planfile.signature import SignatureState
from exportctl.rules.external_findings import PLAN_RULES_BY_ID
from exportctl.rules.safety_check_texts import SAFETY_CHECKS
from exportctl.workflows.rehearse import Rehearsal
from tests.output.sample_imports import ORDERS, import_result
from tests.output.sample_patches import EDITED, shown_patch
from tests.output.sample_plans import AS_OF, HEADER, address, change, outcomes, step

GOOD = re.compile(r"[Ee]verything is as the config asks|holds what|Nothing to do|nothing to report")
OPEN, DECIDED = "open", "decided"

# What an item of each verb leaves. A new verb without a row fails.
VERBS: dict[Verb, str | None] = {
    **dict.fromkeys(sorted(CHANGE_VERBS), OPEN),
    Verb.CLEAN: OPEN,
    Verb.MARK: OPEN,
    Verb.RENEW: OPEN,
    Verb.BLOCKED: OPEN,
    Verb.PAUSED: DECIDED,
    Verb.UNCHANGED: None,
}
# What a field of each cause leaves, in an item that nothing else touches.
CAUSES: dict[Cause, str | None] = {
    Cause.CREATE: OPEN,
    Cause.PENDING: OPEN,
    Cause.DRIFT: OPEN,
    Cause.CONFLICT: OPEN,
    Cause.UNKNOWN_ORIGIN: OPEN,
    Cause.EXPIRED: OPEN,
    Cause.OLDER_CONFIG: OPEN,
    Cause.RENEWAL: OPEN,
    Cause.NOT_COMPARABLE: OPEN,
    Cause.PAUSED: DECIDED,
    Cause.ACCEPTED: DECIDED,
    Cause.ALREADY_MATCHES: None,
    Cause.NORMALISED: None,
}
# What each finding leaves that is no error, in an item that nothing else touches.
FINDINGS: dict[str, str | None] = {
    "flow-gone": OPEN,
    "half-built": OPEN,
    "duplicates": OPEN,
    "not-comparable": OPEN,
    "flow-state": OPEN,
    "unknown-schedule": OPEN,
    "unknown-end": OPEN,
    "orphans": OPEN,
    "not-renewed": OPEN,
    "encryption-fixed": DECIDED,
    "manifest-not-offered": DECIDED,
    "undeclared-end": DECIDED,
    "account-in-use": DECIDED,
    "moved": DECIDED,
    "dataset-gone": DECIDED,
    "marker-lost": None,
    "marker-damaged": None,
    "likely-rename": None,
    "dataset-name": None,
    "expired": None,
    "ending": None,
    "location-shared-with-others": None,
    "protected-export-moves": None,
    "destination-limit": None,
    "spec-refuses": None,  # a warning where the published pattern is too narrow
}


# Plans whose apply writes ownership markers only.
MARKERS_ONLY = {"verb adopt", "verb move", "verb mark", "a step on an unchanged address"}


def plan_of(item: PlanItem | None = None, **more: Any) -> Plan:
    return Plan(HEADER, AS_OF, (item,) if item else (), **more)


def options(**given: Any) -> dict[str, Any]:
    return PlanOptions(**given).to_json_values()


def verb_item(verb: Verb) -> PlanItem:
    action = Action.DELETE if verb is Verb.CLEAN else Action.UPDATE
    made = () if verb in (Verb.BLOCKED, Verb.PAUSED, Verb.UNCHANGED) else (step("x", action),)
    refusals = (Refusal("duplicates", "two flows", "keep: f-1"),) if verb is Verb.BLOCKED else ()
    return PlanItem(address("x"), verb, "f-1", steps=made, refusals=refusals)


def found(rule: str, level: Level = Level.WARNING) -> Finding:
    return Finding(rule, "exports.x: it is so", None, "do this", level)


def named_plans() -> dict[str, tuple[Plan, str | None]]:
    x = PlanItem(address("x"), Verb.UNCHANGED, "f-1")
    deleted = Consequence("orphan-deleted", "deletes source connection s-1: no flow uses it")
    errors = {rule: replace(x, findings=(found(rule, Level.ERROR),)) for rule in PLAN_RULES_BY_ID}
    refused = {check.name: replace(x, refusals=(Refusal(check.name, "no", "--yes"),)) for check in SAFETY_CHECKS}
    fields = {one: replace(x, fields=(change(one, "title", "a", "b"),)) for one in Cause}
    reported = {rule: replace(x, findings=(found(rule),)) for rule in FINDINGS}
    return {
        "an empty plan": (plan_of(), None),
        **{f"verb {verb}": (plan_of(verb_item(verb)), left) for verb, left in VERBS.items()},
        **{f"cause {cause}": (plan_of(item), CAUSES[cause]) for cause, item in fields.items()},
        **{f"finding {rule}": (plan_of(item), FINDINGS[rule]) for rule, item in reported.items()},
        **{f"error {rule}": (plan_of(item), OPEN) for rule, item in errors.items()},
        **{f"refusal {name}": (plan_of(item), OPEN) for name, item in refused.items()},
        "an orphan beside a change": (plan_of(replace(verb_item(Verb.UPDATE), consequences=(deleted,))), OPEN),
        "an orphan beside a marker": (
            plan_of(replace(verb_item(Verb.CLEAN), verb=Verb.MARK, consequences=(deleted,))),
            OPEN,
        ),
        "a step on an unchanged address": (plan_of(replace(x, steps=(step("x"),))), OPEN),
        "orphans at no address of the plan": (plan_of(findings=(found("orphans"),)), OPEN),
        "an error about the whole plan": (plan_of(findings=(found("reference-unset", Level.ERROR),)), OPEN),
        "a variable that is not set": (plan_of(unset=("LAKE_ROLE_ARN",)), DECIDED),
        "a renewal that is not in the saved plan": (plan_of(unapproved=("exports.x",)), DECIDED),
        "some targets": (plan_of(options=options(targets=("exports.x",))), DECIDED),
        "an exclusion": (plan_of(options=options(excludes=("exports.x",))), DECIDED),
        "a rotation": (plan_of(options=options(rotate=address("x"))), DECIDED),
        "ends only": (plan_of(options=options(renew_only=True)), DECIDED),
    }


PLANS = named_plans()


def plan_outputs(plan: Plan) -> dict[str, str]:
    return {
        "text": text_plan.render_plan(plan),
        "markdown": markdown_plan.render_plan(plan),
        "json": documents.render_plan(plan),
        "saved": text_plan.render_saved_plan(planfile.saved_plan(plan), SignatureState.UNSIGNED, now=AS_OF),
        "one of several environments": phrases.plan_line(plan),
        "outputs of GitHub": github_actions.outputs(github_actions.plan_outputs(plan)),
        "renewals": text_plan.render_renewals(plan),
    }


def run_outputs(plan: Plan, verdict: PlanVerdict) -> dict[str, str]:
    ended = ApplyReport(plan, remaining_plan=plan, verdict=verdict)
    rehearsal = render_rehearsal(Rehearsal((), plan, verdict, 0, {}, ()), color=False, width=120)
    return {
        "text": text_apply.render_apply_report((), remaining=plan, verdict=verdict),
        "nothing to apply": phrases.nothing_to_apply(verdict) if not plan.steps() else "",
        "json": documents.render_apply_report(ended),
        "renewals": documents.render_renewals(ended),
        "markdown": markdown_apply.render_apply_report(ended),
        "junit": junit_apply.render_apply_report(ended),
        "outputs of GitHub": github_actions.outputs(apply_outcome.outputs(ended, "apply")),
        "rehearsal": rehearsal.text,
        "markdown of a rehearsal": rehearsal.markdown,
    }


def drift_outputs(plan: Plan) -> dict[str, str]:
    report = drift.build_drift_report(plan, end_warning=0)
    return {
        "text": text_drift.render_drift(report),
        "markdown": markdown_drift.render_drift(report),
        "json": json_monitoring.render_drift(report, fail_on=drift.DEFAULT_FAILING),
    }


def edit_outputs(plan: Plan) -> dict[str, str]:
    """Each output about a config that an edit or an import changes, where this plan is what it leaves."""
    accepted = AcceptResult(plan, plan, (EDITED,), (), ())
    imported = replace(import_result(ORDERS), plan=plan)
    return {
        "patch": text_edits.render_patch(accepted, shown_patch(), written=True),
        "patch as markdown": text_edits.render_patch_markdown(accepted, shown_patch()),
        "patch as json": json_edits.render_patch(accepted, shown_patch(), written=True, failures=()),
        "import": text_edits.render_import(imported, file="exports/a.yaml"),
        "import as json": json_edits.render_import(imported, file="exports/a.yaml"),
    }


def test_every_verb_cause_finding_and_way_to_end_has_a_row() -> None:
    errors = {rule.id for rule in PLAN_RULES_BY_ID.values() if rule.level is Level.ERROR}
    assert (set(VERBS), set(CAUSES)) == (set(Verb), set(Cause))
    assert set(FINDINGS) - {"spec-refuses"} == set(PLAN_RULES_BY_ID) - errors
    assert set(FINDINGS) == set(FINDING_KINDS)


@pytest.mark.parametrize("name", PLANS)
def test_the_verdict_of_each_kind_of_plan(name: str) -> None:
    plan, left = PLANS[name]
    verdict = judge(plan)
    assert (verdict.is_as_declared, verdict.is_complete) == (left is None, left is not OPEN)
    assert verdict.has_changes == (not plan.is_empty)


@pytest.mark.parametrize("name", PLANS)
def test_no_output_says_more_than_the_verdict(name: str) -> None:
    plan, left = PLANS[name]
    said = {where for where, text in plan_outputs(plan).items() if GOOD.search(text)} - {
        "saved" * bool(plan.unapproved)
    }
    assert said == ({"text", "markdown", "saved"} if left is None else set())
    ran = {where for where, text in run_outputs(plan, judge(plan)).items() if GOOD.search(text)}
    assert ran == ({"nothing to apply"} if left is not OPEN and not plan.steps() else set())
    drifted = {where for where, text in drift_outputs(plan).items() if GOOD.search(text)}
    harmless = {RemainderKind.RENEWAL, RemainderKind.MARKER, RemainderKind.NOT_SENT}
    assert not drifted or {*judge(plan).counts()} <= harmless


@pytest.mark.parametrize("name", PLANS)
def test_only_a_plan_that_changes_and_deletes_nothing_says_no_changes(name: str) -> None:
    plan, _ = PLANS[name]
    outputs = github_actions.plan_outputs(plan)
    assert outputs["changes"] == ("false" if plan.is_empty else "true")
    can_apply = not (plan.is_empty or plan.is_refused or plan.errors() or plan.options.get("rotate"))
    for shown in (text_plan.render_plan(plan), markdown_plan.render_plan(plan)):
        assert not re.search("No changes[.] |No changes in|Only ends", shown) or plan.is_empty
        assert ("--only-if" in shown) == can_apply
        assert ("No changes but the deletion of orphans." in shown) == (
            name in ("verb clean", "an orphan beside a marker")
        )


def test_an_edit_or_an_import_says_no_more_than_the_verdict_of_what_it_leaves() -> None:
    for name, (plan, left) in PLANS.items():
        shown = edit_outputs(plan)
        said = {where for where, text in shown.items() if GOOD.search(text)}
        assert said == ({"patch", "patch as markdown", "import"} if left is None else set()), name
        for document in ("patch as json", "import as json"):
            assert json.loads(shown[document])["result"]["verdict"]["as_config"] is (left is None), name
        marks = left is not OPEN or name in MARKERS_ONLY
        assert ("apply writes only markers" in shown["patch"], text_edits.ADOPTS in shown["import"]) == (
            marks,
            marks,
        ), name


def test_the_documents_of_a_plan_have_its_verdict() -> None:
    for name, (plan, left) in PLANS.items():
        saved = documents.render_saved_plan(planfile.saved_plan(plan), SignatureState.UNSIGNED, now=AS_OF)
        of_plan, of_file = json.loads(plan_outputs(plan)["json"])["result"], json.loads(saved)["result"]["plan"]
        assert of_plan["verdict"]["as_config"] is (left is None), name
        assert of_file["verdict"]["as_config"] is (left is None or bool(plan.unapproved)), name  # found by apply FILE


def test_no_output_counts_what_a_blocked_plan_would_do_as_done() -> None:
    for name, (plan, _) in PLANS.items():
        shown = plan_outputs(plan)
        for where in ("text", "markdown", "saved"):
            writes = "apply writes nothing" in shown[where], "Apply will make" in shown[where]
            is_one_line = where == "markdown" and "###" not in shown[where]
            assert writes == (plan.is_refused, not (plan.is_refused or plan.errors() or is_one_line)), name
        assert ("apply writes nothing" in shown["outputs of GitHub"]) == plan.is_refused, name
        assert shown["one of several environments"].startswith("Blocked by a safety check") == plan.is_refused, name


@pytest.mark.parametrize("name", PLANS)
def test_the_final_check_passes_only_if_nothing_remains_but_what_was_decided(name: str) -> None:
    plan, left = PLANS[name]
    verdict = judge(plan)
    text = run_outputs(plan, verdict)["text"]
    assert ("remain" in text.partition("Final check:")[2]) == (left is OPEN)
    assert ("Final check: no changes." in text) == (left is not OPEN and not plan.options)
    for document in ("json", "renewals"):
        result = json.loads(run_outputs(plan, verdict)[document])["result"]
        assert result["final_check_passed"] is result["verdict"]["complete"] is (left is not OPEN)
        assert result["verdict"]["as_config"] is (left is None)
    assert (int(github_actions.plan_outputs(plan)["remaining"]) == 0) == (left is None)


@pytest.mark.parametrize("name", PLANS)
def test_the_exit_codes_follow_the_verdict(name: str) -> None:
    plan, left = PLANS[name]
    assert exit_codes.apply_exit_code(judge(plan)) == (exit_codes.INCOMPLETE if left is OPEN else exit_codes.DONE)
    refused, failed = bool(plan.is_refused), bool(plan.errors())
    codes = [exit_codes.FAILED] * failed + [exit_codes.BLOCKED] * refused
    assert exit_codes.plan_exit_code(plan) == exit_codes.pick_exit_code(*codes)
    changes = [exit_codes.CHANGES] * (not plan.is_empty)
    assert exit_codes.plan_exit_code(plan, detailed=True) == exit_codes.pick_exit_code(*codes, *changes)


@pytest.mark.parametrize("status", OutcomeStatus)
def test_a_step_that_is_not_done_keeps_the_final_check_from_passing(status: OutcomeStatus) -> None:
    verdict = judge(plan_of(), [Outcome(step("x"), status)])
    passes = status in (OutcomeStatus.DONE, OutcomeStatus.DEFERRED)
    assert (verdict.is_complete, verdict.is_as_declared) == (passes, passes)
    assert exit_codes.apply_exit_code(verdict) == (exit_codes.DONE if passes else exit_codes.INCOMPLETE)
    text = text_apply.render_apply_report([Outcome(step("x"), status)], remaining=plan_of(), verdict=verdict)
    assert ("Final check: no changes." in text) == passes


def test_a_run_without_a_final_check_is_incomplete() -> None:
    assert exit_codes.apply_exit_code(None) == exit_codes.INCOMPLETE
    text = text_apply.render_apply_report(outcomes()[:1], remaining=None, verdict=None)
    assert ("No final check" in text, GOOD.search(text)) == (True, None)


def test_of_several_exit_codes_the_first_in_the_order_of_the_contract_counts() -> None:
    order = [64, 8, 1, 7, 6, 5, 4, 3, 9, 2, 0]
    known = [code for code in exit_codes.ORDER if code in order]
    assert known == order
    for first, second in pairwise(order):
        assert exit_codes.pick_exit_code(second, first) == first


def test_drift_and_status_name_orphans() -> None:
    text = "deletes source connection s-1: no flow uses it"
    item = PlanItem(
        address("x"), Verb.CLEAN, "f-1", steps=(step("x", Action.DELETE),),
        consequences=(Consequence("orphan-deleted", text),),
    )  # fmt: skip
    left = replace(found("orphans"), message="exports.y: no flow uses it: target connection t-1")
    plan = Plan(HEADER, AS_OF, (item, PlanItem(address("y"), Verb.UNCHANGED, findings=(left,))))
    for shown in drift_outputs(plan).values():
        assert "s-1" in shown and "t-1" in shown
    report = drift.build_drift_report(plan, end_warning=0)
    assert report.counts()["orphans"] == 2
    assert (drift.has_failures(report), drift.has_failures(report, {"orphans"})) == (False, True)
    orphans = tuple(one.text for one in judge(plan).of_kind(RemainderKind.ORPHAN))
    status = StatusReport(HEADER, AS_OF, 0, (), 0, None, orphans=orphans)
    for shown in (
        text_status.render_status(status),
        markdown_monitoring.render_status(status),
        json_monitoring.render_status(status),
    ):
        assert "s-1" in shown and "t-1" in shown


def test_a_renewal_that_has_not_ended_yet_is_read_again() -> None:
    """`renew` leaves other differences alone, so they end its readings; a step under way does not."""
    waiting = Remainder(RemainderKind.STEP, "exports.web/flow/update", "it has not finished yet")
    left = Remainder(RemainderKind.DIFFERENCE, "exports.web")

    assert not PlanVerdict((waiting,), Compared.ENDS).is_final
    assert PlanVerdict((left,), Compared.ENDS).is_final
    assert not PlanVerdict((left,), Compared.ALL).is_final
