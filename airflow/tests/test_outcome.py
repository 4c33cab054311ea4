"""What an exit code means to Airflow, and what a look at the runs of an export does to a sensor."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl_airflow.delivery import ACCEPTED, State, judge_look
from exportctl_airflow.environment import connection_variables
from exportctl_airflow.outcome import Outcome, Verdict, judge_exit

RETRY, FAIL, DONE, FOUND = Verdict.RETRY, Verdict.FAIL, Verdict.DONE, Verdict.FOUND


@pytest.mark.parametrize(
    ("code", "rules", "verdict"),
    [
        (0, (), DONE),
        (2, (), DONE),
        (3, (), FOUND),
        (9, (), FOUND),
        (1, (), FAIL),
        (1, ("unknown-reference",), FAIL),
        (1, ("unauthorized",), FAIL),
        (1, ("not-reached",), RETRY),
        (1, ("storage-read", "storage-setup"), RETRY),
        (4, (), RETRY),
        (5, (), FAIL),
        (6, (), FAIL),
        (7, (), RETRY),
        (8, (), RETRY),
        (10, (), FAIL),
        (64, (), FAIL),
        (127, (), FAIL),
        (143, (), RETRY),
        (-9, (), RETRY),
    ],
)
def test_an_exit_code_has_one_meaning(code: int, rules: tuple[str, ...], verdict: Verdict) -> None:
    assert judge_exit(code, rules)[0] is verdict


def verdict(result: str, due: int | None = 100, **more: Any) -> dict[str, Any]:
    names = dict.fromkeys(("dataset", "evidence", "rows", "files", "folder", "run", "completed"))
    return {**names, "dataset": "Orders", "result": result, "due": due, "reason": "why", **more}


def look(*verdicts: dict[str, Any], code: int = 0, wait: bool = False, accepted: tuple[str, ...] = ACCEPTED) -> State:
    document = {"errors": [], "result": {"exports": [{"address": "exports.orders", "verdicts": [*verdicts]}]}}
    return judge_look(Outcome("verify", code, document), accepted, wait_after_failure=wait).state


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        ((), State.WAITING),
        ((verdict("MISSING", None),), State.WAITING),
        ((verdict("COMPLETE"),), State.READY),
        ((verdict("EMPTY"),), State.READY),
        ((verdict("COMPLETE", 100), verdict("UNKNOWN", 200)), State.WAITING),
        ((verdict("FAILED", 100), verdict("COMPLETE", 200)), State.READY),
        ((verdict("COMPLETE"), verdict("FILES-MISSING")), State.WAITING),
        ((verdict("COMPLETE"), verdict("FAILED")), State.FAILED),
        ((verdict("UNKNOWN"), verdict("MISMATCH")), State.FAILED),
        ((verdict("LATE"),), State.WAITING),
        ((verdict("LATE", completed=150),), State.FAILED),
    ],
)
def test_the_newest_run_decides(verdicts: tuple[dict[str, Any], ...], state: State) -> None:
    assert look(*verdicts, code=9 if state is State.FAILED else 0) is state


def test_a_failed_run_is_no_end_if_the_sensor_waits_for_the_next() -> None:
    assert look(verdict("FAILED"), code=9, wait=True) is State.WAITING


def test_more_results_can_be_accepted_or_fewer() -> None:
    assert look(verdict("LATE", completed=150), code=9, accepted=("COMPLETE", "LATE")) is State.READY
    assert look(verdict("EMPTY"), accepted=("COMPLETE",)) is State.FAILED


def test_an_error_that_may_pass_is_waited_for_and_another_is_not() -> None:
    def ended(rule: str) -> State:
        error = {"rule": rule, "message": "m", "file": None, "hint": None}
        outcome = Outcome("verify", 1, {"errors": [error], "result": None})
        return judge_look(outcome, ACCEPTED, wait_after_failure=False).state

    assert (ended("not-reached"), ended("unauthorized")) == (State.WAITING, State.FAILED)


def test_an_address_without_an_export_fails() -> None:
    outcome = Outcome("verify", 0, {"errors": [], "result": {"exports": []}})

    assert judge_look(outcome, ACCEPTED, wait_after_failure=False).state is State.FAILED


def test_a_value_that_is_no_text_is_not_shown() -> None:
    with pytest.raises(ValueError, match="LAKE_PORT") as raised:
        connection_variables(None, None, {"LAKE_PORT": 12345})

    assert "12345" not in str(raised.value)
