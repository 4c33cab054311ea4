"""
What a `verify` document says about the newest run of an export. Pure.

    document ──▶ ready     every dataset of the newest run has a result that is accepted, such as COMPLETE
             ──▶ failed    a result that no wait changes, such as FAILED or MISMATCH
             ──▶ waiting   anything else; also: no run was due yet, or the export is not applied yet

The newest run counts, as in `verify --wait`. `since` leaves out a run that was there before the DAG run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from exportctl_airflow.outcome import Outcome, Verdict, clean_text, error_line, shorten

ACCEPTED = ("COMPLETE", "EMPTY")
OPEN = frozenset({"UNKNOWN", "MISSING", "FILES-MISSING"})  # the next look may find what is not there yet
KEPT = ("dataset", "result", "evidence", "due", "rows", "files", "folder", "run")  # of a verdict, in the XCom


class State(StrEnum):
    """What a sensor does."""

    READY = "ready"
    FAILED = "failed"
    WAITING = "waiting"


@dataclass(frozen=True)
class Look:
    """What one look found. `runs` has a row for each dataset of the newest run of each export."""

    state: State
    reason: str
    runs: tuple[Mapping[str, Any], ...] = ()

    def event(self) -> dict[str, Any]:
        """Return the look as values that Airflow can store: it holds nothing secret."""
        return {"state": str(self.state), "reason": self.reason, "runs": [dict(run) for run in self.runs]}


def judge_look(outcome: Outcome, accepted: Collection[str], *, wait_after_failure: bool) -> Look:
    """
    Return what a `verify` of one or more exports means to a sensor.

    With `wait_after_failure` a failed run is no end: the service may repeat it, and the next run may be complete.
    """
    if outcome.verdict not in (Verdict.DONE, Verdict.FOUND):
        state = State.WAITING if outcome.verdict is Verdict.RETRY else State.FAILED
        return Look(state, outcome.reason)
    if outcome.errors:  # storage that cannot be read, for example
        return Look(State.WAITING, error_line(outcome.errors[0]))
    exports = outcome.result.get("exports", ())
    if not exports:
        return Look(State.FAILED, "no export has this address")
    runs = tuple(run for export in exports for run in _newest_run(export))
    if missing := [export["address"] for export in exports if not _newest_run(export)]:
        return Look(State.WAITING, shorten(f"{', '.join(missing)}: no run was due yet"), runs)
    states = [_state(run, accepted, wait_after_failure=wait_after_failure) for run in runs]
    for state in (State.FAILED, State.WAITING):
        if state in states:
            return Look(state, shorten(_sentence(runs[states.index(state)])), runs)
    return Look(State.READY, shorten("; ".join(map(_sentence, runs))), runs)


def _newest_run(export: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the verdicts of the newest moment at which a run was due; without any moment, those without one."""
    verdicts = export.get("verdicts", ())
    newest = max((verdict["due"] for verdict in verdicts if verdict["due"] is not None), default=None)
    return list(_rows(export, (verdict for verdict in verdicts if verdict["due"] == newest)))


def _rows(export: Mapping[str, Any], verdicts: Iterator[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for verdict in verdicts:
        is_running = verdict["result"] == "LATE" and verdict["completed"] is None
        kept = {key: verdict[key] for key in KEPT}
        yield {"export": export["address"], **kept, "reason": verdict["reason"], "running": is_running}


def _state(run: Mapping[str, Any], accepted: Collection[str], *, wait_after_failure: bool) -> State:
    if run["running"] or run["result"] in OPEN:
        return State.WAITING
    if run["result"] in accepted:
        return State.READY
    return State.WAITING if wait_after_failure else State.FAILED


def _sentence(run: Mapping[str, Any]) -> str:
    return clean_text(f"{run['export']} {run['dataset']}: {run['result']}: {run['reason']}")
