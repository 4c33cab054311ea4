"""The word for a run, and the state of each resource: a truth table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exportctl.errors import Finding
from exportctl.model.apply_report import LEASE_LOST, ApplyReport, ResourceState, ResultWord
from exportctl.model.hold import FREEZE, Hold
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import Action, Address, Plan, PlanItem, Refusal, Step, Verb
from exportctl.model.verdict import judge
from tests.planfile.approval_plans import AS_OF, HEADER

ORDERS = Address("exports", "orders")
SOURCE, FLOW = (
    Step(f"exports.orders/{kind}/create", Action.CREATE, kind, ORDERS) for kind in ("source_connection", "flow")
)
ITEM = PlanItem(ORDERS, Verb.CREATE, steps=(SOURCE, FLOW))
OTHER = PlanItem(Address("exports", "other"), Verb.UPDATE, "f-9", steps=(replace(FLOW, key="x", action=Action.UPDATE),))


def plan_of(*items: PlanItem, **rest: object) -> Plan:
    return replace(Plan(HEADER, AS_OF, items), **rest)  # type: ignore[arg-type]


NOTHING, CHANGE = plan_of(), plan_of(ITEM)


def ended(first: OutcomeStatus, second: OutcomeStatus | None, rule: str | None = None) -> tuple[Outcome, ...]:
    return (Outcome(SOURCE, first), *((Outcome(FLOW, second, rule=rule),) if second else ()))


DONE, FAILED = OutcomeStatus.DONE, OutcomeStatus.FAILED
ALL_DONE = ended(DONE, DONE)
STATES = {
    "all requests are done, and nothing remains": (ALL_DONE, NOTHING, ResourceState.DONE),
    "all requests are done, and the final check finds something": (ALL_DONE, CHANGE, ResourceState.LEFT),
    "all requests are done, and there was no final check": (ALL_DONE, None, ResourceState.DONE),
    "a request failed": (ended(DONE, FAILED), NOTHING, ResourceState.FAILED),
    "a request was not sent": (ended(DONE, OutcomeStatus.NOT_ATTEMPTED), NOTHING, ResourceState.LEFT),
    "a request needs one that failed": (ended(FAILED, OutcomeStatus.BLOCKED), NOTHING, ResourceState.FAILED),
    "an orphan is left": (ended(DONE, OutcomeStatus.DEFERRED), NOTHING, ResourceState.LEFT),
    "a request has no outcome": (ended(DONE, None), NOTHING, ResourceState.LEFT),
    "no request has an outcome": ((), None, ResourceState.LEFT),
}


@pytest.mark.parametrize("name", STATES)
def test_a_resource_is_done_only_if_all_its_requests_are_and_nothing_remains(name: str) -> None:
    outcomes, remaining, state = STATES[name]
    verdict = judge(remaining, outcomes) if remaining else None

    report = ApplyReport(CHANGE, outcomes, remaining, verdict)

    assert [(one.address, one.state, one.at) for one in report.resources] == [("exports.orders", state, None)]
    assert report.counts() == {each: int(each == state) for each in ("failed", "left", "done")}
    assert len(report.of_state(state)) == 1


def test_what_remains_elsewhere_is_left_too() -> None:
    remaining = plan_of(OTHER)

    report = ApplyReport(CHANGE, ALL_DONE, remaining, judge(remaining))

    assert [(one.address, one.state) for one in report.resources] == [
        ("exports.orders", ResourceState.DONE),
        ("exports.other", ResourceState.LEFT),
    ]


def test_a_request_beside_the_plan_is_no_resource_of_it() -> None:
    deletion = Step("exports.second/flow/delete", Action.DELETE, "flow", Address("exports", "second"), "f-2")

    report = ApplyReport(CHANGE, (*ALL_DONE, Outcome(deletion, DONE)), NOTHING, judge(NOTHING))

    assert [one.address for one in report.resources] == ["exports.orders"]


REFUSED = plan_of(replace(ITEM, refusals=(Refusal("protect", "no", "allow"),)))
WRONG = plan_of(ITEM, findings=(Finding("dataset-missing", "no dataset"),))
HELD = plan_of(ITEM, holds=(Hold(FREEZE, "xmas", None, "a freeze", "--allow-freeze xmas"),))
COMPLETE = ApplyReport(CHANGE, ALL_DONE, NOTHING, judge(NOTHING))
RESULTS = {
    "complete": (COMPLETE, ResultWord.DONE),
    "something remains": (replace(COMPLETE, verdict=judge(CHANGE)), ResultWord.INCOMPLETE),
    "no final check": (replace(COMPLETE, verdict=None), ResultWord.INCOMPLETE),
    "the lease is lost": (
        ApplyReport(CHANGE, ended(DONE, FAILED, LEASE_LOST), NOTHING, judge(NOTHING)),
        ResultWord.LEASE_HELD,
    ),
    "an error after the writes": (replace(COMPLETE, errors=(Finding("service", "no"),)), ResultWord.FAILED),
    "a signal, and an error": (
        replace(COMPLETE, interrupted=True, errors=(Finding("service", "no"),)),
        ResultWord.INTERRUPTED,
    ),
    "nothing to do": (ApplyReport(NOTHING, verdict=judge(NOTHING), was_started=False), ResultWord.DONE),
    "a dry run": (ApplyReport(CHANGE, verdict=judge(CHANGE), was_started=False), ResultWord.DONE),
    "nothing that apply can do": (
        ApplyReport(plan_of(replace(OTHER, steps=())), was_started=False),
        ResultWord.INCOMPLETE,
    ),
    "a safety check": (ApplyReport(REFUSED, was_started=False), ResultWord.BLOCKED),
    "a freeze": (ApplyReport(HELD, was_started=False), ResultWord.BLOCKED),
    "an error of the plan": (ApplyReport(WRONG, was_started=False), ResultWord.FAILED),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_run_has_one_word(name: str) -> None:
    report, word = RESULTS[name]

    assert report.result is word


def test_every_word_but_stale_is_in_the_table() -> None:
    assert {word for _, word in RESULTS.values()} == set(ResultWord) - {ResultWord.STALE}
