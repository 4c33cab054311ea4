"""What `lastOperation` says of a write that the service accepted."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl.resources.last_operation import LastOperation, parse_last_operation

BROKEN = {"code": "FLOW-1400-500", "message": "no"}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"value": "completed", "errors": []}, LastOperation()),
        ({"value": "COMPLETED"}, LastOperation()),
        ({"value": "a word of next year", "errors": None}, LastOperation()),
        ({"value": "inProgress", "errors": []}, LastOperation(is_unfinished=True)),
        ({"value": "failed", "errors": []}, LastOperation(is_failed=True)),
        ({"value": "completed", "errors": [BROKEN]}, LastOperation(is_failed=True, errors=("FLOW-1400-500: no",))),
        ({"value": "inProgress", "errors": ["?"]}, LastOperation(is_failed=True, errors=("an error without a text",))),
        ({"value": 7}, LastOperation()),
        ("completed", LastOperation()),
        (None, LastOperation()),
    ],
    ids=str,
)
def test_the_word_and_the_errors_decide(status: Any, expected: LastOperation) -> None:
    assert parse_last_operation({"lastOperation": {"status": status}}) == expected


@pytest.mark.parametrize("word", ["inProgress", "PENDING", "started", "Queued", "INITIATED", "running"])
def test_a_write_is_unfinished_under_each_word_for_it(word: str) -> None:
    assert parse_last_operation({"lastOperation": {"status": {"value": word}}}).is_unfinished


@pytest.mark.parametrize("word", ["Failed", "error", "aborted"])
def test_a_write_failed_under_each_word_for_it(word: str) -> None:
    assert parse_last_operation({"lastOperation": {"status": {"value": word}}}).is_failed


def test_a_flow_without_last_operation_has_nothing_against_it() -> None:
    assert parse_last_operation({}) == LastOperation()


def test_only_the_first_errors_are_shown() -> None:
    errors = [{"message": str(number)} for number in range(9)]

    assert parse_last_operation({"lastOperation": {"status": {"errors": errors}}}).errors == ("0", "1", "2")
