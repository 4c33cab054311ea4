"""What an exit code means to Airflow, and what a look at the runs of an export does to a sensor."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl_airflow.delivery import ACCEPTED, State, judge_look
from exportctl_airflow.environment import connection_variables
from exportctl_airflow.outcome import FORMAT_VERSION, OLDEST, REASON, Outcome, Verdict, document_fault, judge_exit

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


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ('{"LAKE_PORT": 12345}', "the value of LAKE_PORT in the extra of the connection is not text"),
        ('{"LAKE_KEY": "12345",}', "is not JSON, line 1 column 2"),
        ("LAKE_KEY=12345", "is not JSON, line 1 column 1"),
        ('["12345"]', "is not a JSON object"),
    ],
)
def test_an_extra_that_is_wrong_is_named_without_its_values(extra: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as raised:
        connection_variables(None, None, extra)

    assert "12345" not in str(raised.value)


def test_a_connection_without_an_extra_has_its_two_fields() -> None:
    expected = {"AEP_CLIENT_ID": "id", "AEP_CLIENT_SECRET": "secret"}

    assert connection_variables("id", "secret", None) == connection_variables("id", "secret", "{}") == expected


@pytest.mark.parametrize(
    ("code", "document", "words"),
    [
        (0, {}, "it printed no document"),
        (3, {"result": {}}, "it printed no document"),
        (0, {"format_version": FORMAT_VERSION - 1}, f"upgrade exportctl to {OLDEST} or later"),
        (9, {"format_version": FORMAT_VERSION + 1}, "upgrade exportctl-airflow"),
        (0, {"format_version": None}, "upgrade exportctl to"),
        (0, {"format_version": FORMAT_VERSION}, None),
        (64, {}, None),
    ],
)
def test_work_that_is_done_needs_a_document_that_can_be_read(
    code: int, document: dict[str, Any], words: str | None
) -> None:
    fault = document_fault(Outcome("plan", code, document))

    assert (words is None and fault is None) or str(words) in str(fault)


def test_text_of_the_service_begins_no_line_and_colours_none() -> None:
    error = {"rule": "service", "message": "no\x1b[31m\n2026-01-01 ERROR \u202eforged é", "file": None, "hint": None}
    outcome = Outcome("plan", 1, {"errors": [error], "result": {"items": [{"address": "exports.a\nb", "verb": "+"}]}})
    lines = [*outcome.lines(), outcome.reason]

    assert lines[0] == "no\\x1b[31m\\n2026-01-01 ERROR \\u202eforged é [service]"
    assert [line for line in lines if not line.isprintable()] == []


def test_a_long_reason_is_cut_for_the_database() -> None:
    error = {"rule": "service", "message": "x" * 100_000, "file": None, "hint": None}
    document = {"errors": [error, error]}
    look = judge_look(Outcome("verify", 1, document), ACCEPTED, wait_after_failure=False)
    many = [verdict("COMPLETE", dataset=f"Orders {number}", reason="every file is there") for number in range(1000)]
    exports = {"errors": [], "result": {"exports": [{"address": "exports.orders", "verdicts": many}]}}
    ready = judge_look(Outcome("verify", 0, exports), ACCEPTED, wait_after_failure=False)

    assert look.reason.endswith("… (and 1 more)")
    assert max(len(look.reason), len(ready.reason)) < REASON + 20
