"""
One run of a flow as the service shows it, read into a value. Pure; nothing a service may show can stop a reading.

Source: flow-service.md 8, dataset-exports.md 12. Every member may be missing, in runs under way and in empty ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from exportctl.frozen import dataclass
from exportctl.resources import wire

Json = Mapping[str, Any]


class RunStatus(StrEnum):
    """What became of a run. `PARTIAL` is done with errors."""

    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    RUNNING = "running"


@dataclass(frozen=True)
class RunError:
    """`code` and `message` as the service wrote them, or empty."""

    code: str
    message: str


@dataclass(frozen=True)
class Run:
    """One run; moments are seconds since 1970 UTC, None where the service does not say."""

    id: str
    flow: str
    status: RunStatus
    started: int  # else createdAt
    completed: int | None = None
    rows: int | None = None
    files: int | None = None
    size: int | None = None  # bytes
    dataset_rows: Mapping[str, int] = field(default_factory=dict)  # by id, as far as the run tells them apart
    errors: tuple[RunError, ...] = ()

    @property
    def is_finished(self) -> bool:
        return self.status is not RunStatus.RUNNING

    @property
    def has_succeeded(self) -> bool:
        return self.status is RunStatus.DONE


def parse_run(raw: Json) -> Run | None:
    """Return the value of one run object; None if it lacks an id, a flow or any moment."""
    metrics = wire.members(raw.get("metrics"))
    duration, records = wire.members(metrics.get("durationSummary")), wire.members(metrics.get("recordSummary"))
    files, sizes = wire.members(metrics.get("fileSummary")), wire.members(metrics.get("sizeSummary"))
    identity, flow = raw.get("id"), raw.get("flowId")
    started = seconds_from_ms(duration.get("startedAtUTC")) or seconds_from_ms(raw.get("createdAt"))
    if not isinstance(identity, str) or not isinstance(flow, str) or started is None:
        return None
    completed = seconds_from_ms(duration.get("completedAtUTC")) or seconds_from_ms(duration.get("stoppedAtUTC"))
    summary = wire.members(metrics.get("statusSummary"))
    return Run(
        id=identity,
        flow=flow,
        status=run_status(summary.get("status"), completed),
        started=started,
        completed=completed,
        rows=non_negative_count(records.get("outputRecordCount")),
        files=non_negative_count(files.get("outputFileCount")),
        size=non_negative_count(sizes.get("outputBytes")),
        dataset_rows=_rows_by_dataset(records),
        errors=tuple(_errors(summary)),
    )


def run_status(shown: object, completed: int | None) -> RunStatus:
    """
    Return the status, compared without case; what is not known counts as running (flow-service.md 8.2).

    A run without a status that has completed is done: the sample of a run under way lacks the moment, not the word.
    """
    word = str(shown or "").lower()
    if word.startswith("partial"):
        return RunStatus.PARTIAL
    words = {"success": RunStatus.DONE, "completed": RunStatus.DONE, "failed": RunStatus.FAILED}
    return RunStatus.DONE if not word and completed is not None else words.get(word, RunStatus.RUNNING)


def seconds_from_ms(milliseconds: object) -> int | None:
    """Return the wire's milliseconds in whole seconds; None for 0, which samples hold, and for what is no number."""
    number = wire.integer(milliseconds)
    return number // 1000 if number else None


def non_negative_count(value: object) -> int | None:
    number = wire.integer(value)
    return number if number is not None and number >= 0 else None


def _rows_by_dataset(records: Json) -> dict[str, int]:
    """Return the rows by dataset, from the entity summaries."""
    # The form of their ids is not published: the last 24 characters count if they look as an id (flow-service.md 8.1).
    found: dict[str, int] = {}
    for summary in _json_objects(records.get("targetSummaries")):
        for entity in _json_objects(summary.get("entitySummaries")):
            identity = str(entity.get("id") or "")[-24:].lower()
            rows = non_negative_count(entity.get("outputRecordCount"))
            if rows is not None and len(identity) == 24 and all(c in "0123456789abcdef" for c in identity):
                found[identity] = found.get(identity, 0) + rows
    return found


def _errors(summary: Json) -> list[RunError]:
    errors = _json_objects(summary.get("errors"))
    return [RunError(str(e.get("code") or ""), str(e.get("message") or "")) for e in errors]


def _json_objects(value: object) -> list[Json]:
    return [wire.members(entry) for entry in value] if isinstance(value, list) else []
