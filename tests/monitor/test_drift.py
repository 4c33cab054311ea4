"""What counts as drift, and what makes it fail."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl.errors import Finding, Level
from exportctl.model.other_flow import OtherFlow
from exportctl.model.plan import Cause, Plan, PlanItem, Verb
from exportctl.monitor import drift
from exportctl.monitor.drift import DriftGroup, DriftReport
from exportctl.output import github_actions
from exportctl.output.text import drift as text_drift
from tests.output.sample_plans import AS_OF, DAY, HEADER, address, change

WARNING = 30 * DAY


def report(*items: PlanItem, **rest: Any) -> DriftReport:
    return drift.build_drift_report(Plan(HEADER, AS_OF, items, **rest), end_warning=WARNING)


def groups(found: DriftReport) -> list[DriftGroup]:
    return [entry.group for entry in found.entries]


BY_CAUSE = {
    Cause.DRIFT: [DriftGroup.DRIFT],
    Cause.CONFLICT: [DriftGroup.CONFLICT],
    Cause.UNKNOWN_ORIGIN: [DriftGroup.UNKNOWN_ORIGIN],
    Cause.NOT_COMPARABLE: [DriftGroup.UNKNOWN_ORIGIN],
    Cause.OLDER_CONFIG: [DriftGroup.PENDING],
    Cause.PAUSED: [DriftGroup.PAUSED],
    Cause.PENDING: [DriftGroup.PENDING],
    Cause.ACCEPTED: [DriftGroup.ACCEPTED],
    Cause.CREATE: [],
    Cause.ALREADY_MATCHES: [],
    Cause.NORMALISED: [],
    Cause.RENEWAL: [],
    Cause.EXPIRED: [],  # reported by its end
}


@pytest.mark.parametrize("cause", Cause)
def test_the_group_of_a_cause(cause: Cause) -> None:
    assert BY_CAUSE[cause] == groups(report(PlanItem(address("x"), Verb.UPDATE, fields=(change(cause),))))


BY_RULE = {
    "flow-gone": DriftGroup.GONE,
    "half-built": DriftGroup.HALF_BUILT,
    "duplicates": DriftGroup.DUPLICATES,
    "marker-lost": DriftGroup.MARKER_LOST,
}


@pytest.mark.parametrize("rule", BY_RULE)
def test_the_group_of_a_finding(rule: str) -> None:
    found = report(PlanItem(address("x"), Verb.CREATE, findings=(Finding(rule, "words", level=Level.WARNING),)))

    assert [BY_RULE[rule]] == groups(found)
    assert found.notes == ()


def test_a_finding_about_the_plan_counts_too() -> None:
    assert groups(report(findings=(Finding("duplicates", "words"),))) == [DriftGroup.DUPLICATES]


def test_other_findings_are_notes_said_once() -> None:
    gone = Finding("dataset-gone", "words", level=Level.WARNING)

    assert report(PlanItem(address("x"), Verb.UNCHANGED, findings=(gone, gone))).notes == (gone,)


@pytest.mark.parametrize(
    "verb", [Verb.CREATE, Verb.COMPLETE, Verb.REPLACE, Verb.DELETE, Verb.ADOPT, Verb.RELEASE], ids=str
)
def test_a_change_as_a_whole_is_pending(verb: Verb) -> None:
    assert groups(report(PlanItem(address("x"), verb))) == [DriftGroup.PENDING]


@pytest.mark.parametrize("verb", [Verb.UPDATE, Verb.MARK, Verb.CLEAN, Verb.RENEW, Verb.PAUSED, Verb.UNCHANGED], ids=str)
def test_anything_else_is_not(verb: Verb) -> None:
    assert groups(report(PlanItem(address("x"), verb))) == []


ENDS = {
    "far off": (AS_OF + WARNING + 1, []),
    "within the warning": (AS_OF + WARNING, [DriftGroup.ENDING]),
    "now": (AS_OF, [DriftGroup.EXPIRED]),
    "past": (AS_OF - DAY, [DriftGroup.EXPIRED]),
    "none": (None, []),
}


@pytest.mark.parametrize("name", ENDS)
def test_an_end_is_reported_by_how_near_it_is(name: str) -> None:
    ends, expected = ENDS[name]

    assert expected == groups(report(PlanItem(address("x"), Verb.UNCHANGED, ends=ends)))


def test_the_end_before_the_plan_counts_and_not_the_one_after() -> None:
    moved = change(Cause.RENEWAL, "end", AS_OF + DAY, AS_OF + 180 * DAY)

    (entry,) = report(PlanItem(address("x"), Verb.RENEW, fields=(moved,), ends=AS_OF + 180 * DAY)).entries

    assert (entry.group, entry.ends, entry.renewal_due) == (DriftGroup.ENDING, AS_OF + DAY, True)


def test_what_has_ended_is_reported_in_the_words_of_the_plan_and_no_second_time_in_the_notes() -> None:
    said = Finding("expired", "words", hint="how to go on", level=Level.WARNING)

    found = report(PlanItem(address("x"), Verb.UNCHANGED, findings=(said,), ends=AS_OF - DAY))

    assert ([e.finding for e in found.entries], found.notes) == ([said], ())


def test_a_warning_of_an_end_to_come_is_no_note_beside_its_entry() -> None:
    said = Finding("ending", "words", level=Level.WARNING)

    found = report(PlanItem(address("x"), Verb.UNCHANGED, findings=(said,), ends=AS_OF + DAY))

    assert (groups(found), found.notes) == ([DriftGroup.ENDING], ())


def test_what_is_not_there_yet_does_not_end() -> None:
    assert groups(report(PlanItem(address("x"), Verb.CREATE, ends=AS_OF + DAY))) == [DriftGroup.PENDING]


def test_a_live_flow_without_an_end_does_not_end() -> None:
    missing = change(Cause.UNKNOWN_ORIGIN, "end", None, AS_OF + DAY)

    assert groups(report(PlanItem(address("x"), Verb.UPDATE, fields=(missing,), ends=AS_OF + DAY))) == [
        DriftGroup.UNKNOWN_ORIGIN
    ]


@pytest.mark.parametrize(("owner", "expected"), [(None, DriftGroup.UNMANAGED), ("other", DriftGroup.OTHER_PROJECT)])
def test_flows_of_others_are_reported_by_owner(owner: str | None, expected: DriftGroup) -> None:
    flow = OtherFlow("id", "name", None, owner, True, None, False)

    assert groups(report(other_flows=(flow,))) == [expected]


@pytest.mark.parametrize("group", sorted(drift.FAIL_ON))
def test_a_group_fails_when_it_is_asked_for(group: str) -> None:
    found = DriftReport(HEADER, AS_OF, (drift.DriftEntry(DriftGroup(group)),))

    assert drift.has_failures(found, {group})
    assert not drift.has_failures(found, drift.FAIL_ON - {group})


def test_only_what_the_sandbox_did_fails_unasked() -> None:
    quiet = {"orphans", "pending", "ending", "unmanaged", "other-project"}

    assert quiet == drift.FAIL_ON - drift.DEFAULT_FAILING


def test_an_export_that_has_ended_fails_as_ending() -> None:
    found = report(PlanItem(address("x"), Verb.UNCHANGED, ends=AS_OF - 1))

    assert drift.has_failures(found, {"ending"})
    assert not drift.has_failures(found)


def test_entries_come_by_group_then_in_plan_order() -> None:
    items = [
        PlanItem(address(name), Verb.UPDATE, fields=(change(cause),))
        for name, cause in (("a", Cause.PENDING), ("b", Cause.DRIFT), ("c", Cause.DRIFT))
    ]

    assert [str(e.address) for e in report(*items).entries] == ["exports.b", "exports.c", "exports.a"]


def test_a_quiet_sandbox_is_said_to_be_so() -> None:
    shown = text_drift.render_drift(report())

    assert "Drift: none." in shown
    assert shown.endswith(
        "Exit 0: no findings in drift, conflict, unknown-origin, paused, gone, half-built, duplicates, marker-lost.\n"
    )


def test_a_finding_about_the_plan_stands_alone() -> None:
    assert "\n    error: words  [duplicates]\n" in text_drift.render_drift(
        report(findings=(Finding("duplicates", "words"),))
    )


def test_both_sides_are_shown_without_promising_a_write() -> None:
    shown = text_drift.render_drift(report(PlanItem(address("x"), Verb.UPDATE, fields=(change(Cause.DRIFT),))))

    assert 'path: live "/a", config "/b"' in shown


def test_a_finding_that_does_not_name_its_export_is_reported_under_its_name() -> None:
    lost = Finding("marker-lost", "a person edited its description", level=Level.WARNING)

    shown = text_drift.render_drift(report(PlanItem(address("x"), Verb.MARK, "f-1", findings=(lost,))))

    assert "    exports.x  (flow f-1)  warning: a person edited its description  [marker-lost]\n" in shown


def test_a_workflow_can_ask_for_counts_of_a_plan() -> None:
    named = github_actions.plan_outputs(Plan(HEADER, AS_OF, (PlanItem(address("x"), Verb.CREATE),)))

    assert (named["changes"], named["refused"], named["create"], named["writes"]) == ("true", "false", "1", "0")


def test_a_workflow_can_ask_for_counts() -> None:
    named = github_actions.drift_outputs(report(), failing=False)

    assert (named["failing"], named["drift"], named["half-built"]) == ("false", "0", "0")
