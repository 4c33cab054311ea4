"""A run as the service shows it, read into a value: complete, under way, empty, odd."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl.resources.run import Run, RunError, RunStatus, parse_run, run_status, seconds_from_ms

ORDERS, RETURNS = "a" * 24, "0123456789abcdef01234567"
COMPLETE: dict[str, Any] = {
    "id": "run-1",
    "flowId": "flow-1",
    "createdAt": 1_800_000_000_000,
    "metrics": {
        "durationSummary": {"startedAtUTC": 1_800_000_005_999, "completedAtUTC": 1_800_000_100_000},
        "recordSummary": {
            "outputRecordCount": 12,
            "targetSummaries": [
                {"entitySummaries": [{"id": f"dataset:{ORDERS}", "outputRecordCount": 5}]},
                {"entitySummaries": [{"id": RETURNS.upper(), "outputRecordCount": "4"}]},
                {"entitySummaries": [{"id": ORDERS, "outputRecordCount": 3}]},
            ],
        },
        "fileSummary": {"outputFileCount": 2},
        "sizeSummary": {"outputBytes": 4096},
        "statusSummary": {"status": "success"},
    },
}


def with_metrics(**changes: Any) -> dict[str, Any]:
    return {**COMPLETE, "metrics": {**COMPLETE["metrics"], **changes}}


def parsed(raw: dict[str, Any]) -> Run:
    run = parse_run(raw)
    assert run is not None
    return run


def test_a_complete_run_is_read_with_its_rows_by_dataset() -> None:
    assert parse_run(COMPLETE) == Run(
        id="run-1",
        flow="flow-1",
        status=RunStatus.DONE,
        started=1_800_000_005,
        completed=1_800_000_100,
        rows=12,
        files=2,
        size=4096,
        dataset_rows={ORDERS: 8, RETURNS: 4},
    )


def test_a_run_without_metrics_has_started_when_it_was_created_and_is_running() -> None:
    run = parse_run({"id": "run-1", "flowId": "flow-1", "createdAt": 1_800_000_000_000})

    assert run == Run("run-1", "flow-1", RunStatus.RUNNING, 1_800_000_000)


@pytest.mark.parametrize(
    "raw",
    [
        {**COMPLETE, "id": None},
        {**COMPLETE, "flowId": 7},
        {"id": "run-1", "flowId": "flow-1", "createdAt": 0},
    ],
    ids=["no id", "a flow that is not text", "no moment"],
)
def test_a_run_that_cannot_be_placed_is_no_run(raw: dict[str, Any]) -> None:
    assert parse_run(raw) is None


def test_a_run_that_was_stopped_has_completed_at_that_moment() -> None:
    stopped = with_metrics(durationSummary={"startedAtUTC": 1_800_000_005_000, "stoppedAtUTC": 1_800_000_050_000})

    assert parsed(stopped).completed == 1_800_000_050


def test_the_errors_of_a_run_are_kept_as_the_service_wrote_them() -> None:
    errors = [{"code": "CONNECTOR-1", "message": "no access"}, {"message": None}, "odd"]
    failed = parsed(with_metrics(statusSummary={"status": "failed", "errors": errors}))

    assert failed.status is RunStatus.FAILED
    assert failed.errors == (RunError("CONNECTOR-1", "no access"), RunError("", ""), RunError("", ""))


@pytest.mark.parametrize(
    "entity",
    [
        {"id": ORDERS, "outputRecordCount": -1},
        {"id": ORDERS},
        {"id": "a" * 23, "outputRecordCount": 5},
        {"id": "g" * 24, "outputRecordCount": 5},
        {"outputRecordCount": 5},
        "odd",
    ],
    ids=["a negative number", "no number", "a short id", "an id of other letters", "no id", "no object"],
)
def test_rows_of_what_is_no_dataset_are_not_counted_for_one(entity: Any) -> None:
    shown = with_metrics(recordSummary={"targetSummaries": [{"entitySummaries": [entity]}, "odd"]})

    assert parsed(shown).dataset_rows == {}


STATUSES: dict[str, tuple[object, int | None, RunStatus]] = {
    "success": ("success", 1, RunStatus.DONE),
    "another word for it": ("Completed", None, RunStatus.DONE),
    "done with errors": ("partialSuccess", 1, RunStatus.PARTIAL),
    "failed": ("FAILED", 1, RunStatus.FAILED),
    "under way": ("inProgress", None, RunStatus.RUNNING),
    "an unknown word": ("paused", 1, RunStatus.RUNNING),
    "no word and no moment": (None, None, RunStatus.RUNNING),
    "no word, but it has completed": (None, 1, RunStatus.DONE),
}


@pytest.mark.parametrize("row", STATUSES)
def test_the_status_of_a_run(row: str) -> None:
    word, completed, expected = STATUSES[row]

    assert run_status(word, completed) is expected


@pytest.mark.parametrize(
    ("status", "finished", "succeeded"),
    [
        (RunStatus.DONE, True, True),
        (RunStatus.PARTIAL, True, False),
        (RunStatus.FAILED, True, False),
        (RunStatus.RUNNING, False, False),
    ],
)
def test_only_a_run_without_errors_has_succeeded(status: RunStatus, finished: bool, succeeded: bool) -> None:
    run = Run("run-1", "flow-1", status, 1)

    assert (run.is_finished, run.has_succeeded) == (finished, succeeded)


@pytest.mark.parametrize(
    ("shown", "seconds"),
    [(1999, 1), ("1999", 1), (0, None), (None, None), (1.5, None)],
    ids=["a number", "a number as text", "the zero of samples", "nothing", "a fraction"],
)
def test_a_moment_in_milliseconds_is_whole_seconds(shown: object, seconds: int | None) -> None:
    assert seconds_from_ms(shown) == seconds
