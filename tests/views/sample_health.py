"""Runs, statuses and forecasts built by hand for the view tests, with everything a view can show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from exportctl.errors import Finding, Location
from exportctl.health.forecast import Forecast, Lane, Together
from exportctl.health.observed import LastRun
from exportctl.health.past_runs import FlowRuns, RunsReport
from exportctl.health.status import ExportHealth, State, StatusReport, Word
from exportctl.model import Header, Unmanaged
from exportctl.runs import Run, RunError, RunStatus
from tests.views.sample_plans import AS_OF, DAY, EVIL, HEADER, address

HOUR = 3600
EMULATED = replace(HEADER, platform="embedded", environment=None)
FLOW = "1a5a6f7d-b2a7-461d-a755-8b6e98d71196"
ABORTED = RunError("ACTIVATION_BATCH-0000-FAILED", "Job aborted.")
BROKEN = Finding("dataset-unknown", "exports.new: no dataset is called so", Location("exports.yaml", 9, 3), "seed it")


def run(number: int, status: RunStatus = RunStatus.DONE, **more: Any) -> Run:
    started = AS_OF - number * DAY
    full = Run(f"run-{number}", FLOW, status, started, started + 200, 1200, 4, 4_300_000, {"5" * 24: 1200})
    return replace(full, **more)


def runs_report() -> RunsReport:
    """A run of every status, one that says nothing, a flow without runs, one that is not applied, one of others."""
    first = FlowRuns(
        address("web-to-lake"),
        FLOW,
        "web-to-lake",
        "sftp",
        (
            run(0, RunStatus.RUNNING, completed=None, rows=None, files=None, size=None),
            run(1),
            run(2, RunStatus.FAILED, errors=(ABORTED, RunError("", "NoSuchBucket"), RunError("X-1", "Odd."))),
            run(3, RunStatus.PARTIAL, completed=AS_OF - 3 * DAY + 2 * HOUR + 60, errors=(RunError("", ""),)),
            run(4, rows=0, files=0, size=0, dataset_rows={}, completed=AS_OF - 4 * DAY + 9),
        ),
    )
    others = (
        FlowRuns(address("new"), None, "", None),
        FlowRuns(address("quiet"), "2b", "quiet", "amazon-s3"),
        FlowRuns(None, "3c", "Loyalty feed", None, (replace(run(1), flow="3c", dataset_rows={}),)),
    )
    return RunsReport(HEADER, AS_OF, AS_OF - 7 * DAY, 10, (first, *others))


def health(word: Word, state: State = State.ENABLED, **more: Any) -> ExportHealth:
    """A row whose address is its word, in the order of words."""
    name = word.value.lower().replace(" ", "-")
    done = LastRun("r", RunStatus.DONE, AS_OF - 6 * HOUR - 7, AS_OF - 6 * HOUR + 90)
    one = ExportHealth(address(name), FLOW, state, word, done, AS_OF + 18 * HOUR, AS_OF + 180 * DAY)
    return replace(one, **more)


def status_report() -> StatusReport:
    """A row of every word."""
    failed = LastRun("r", RunStatus.FAILED, AS_OF - 30 * HOUR, None)
    rows = (
        health(Word.FAILED, last=failed, notes=("the last run failed: see exportctl runs exports.failed",)),
        health(Word.OVERDUE, notes=("a run was due 2026-11-21 20:00 UTC",)),
        health(Word.NEVER_RAN, last=None),
        health(Word.STOPPED, State.STOPPED, next_run=None),
        health(Word.EXPIRED, State.EXPIRED, next_run=None, ends=AS_OF - DAY),
        health(Word.ENDING, State.ENDING, ends=AS_OF + 9 * DAY + HOUR, assumed_end=True),
        health(Word.NOT_APPLIED, State.NOT_APPLIED, flow=None, last=None, next_run=None, ends=None),
        health(Word.UNKNOWN, State.UNKNOWN, last=None, next_run=None),
        health(Word.WAITING, last=None),
        health(Word.DISABLED, State.DISABLED, next_run=None),
        health(Word.FINISHED, State.FINISHED, next_run=None, ends=None),
        health(Word.OK, last=LastRun("r", RunStatus.RUNNING, AS_OF + 5, None)),
    )
    ending = (
        Unmanaged("9f", "Loyalty feed", "amazon-s3", None, True, AS_OF + 3 * DAY, False),
        Unmanaged("8e", 'A "quoted" name', None, "theirs", False, AS_OF + 9 * DAY, True),
    )
    return StatusReport(HEADER, AS_OF, 30 * DAY, rows, 4, ending, (BROKEN,))


def forecast_report(days: int = 7) -> Forecast:
    """Lanes with runs, without, with an end, twice at one address; what starts together on two storages."""
    two = tuple(range(AS_OF + DAY, AS_OF + days * DAY, DAY))
    often = tuple(range(AS_OF + HOUR, AS_OF + days * DAY, 3 * HOUR))
    daily = "every 1 day at 02:00 UTC"
    ending = Lane(address("ending"), FLOW, daily, "destinations.lake", "amazon-s3", 1, two[:2], AS_OF + 71 * HOUR)
    lanes = (
        ending,
        replace(ending, address=address("off"), flow="2b", runs=(), ends=None, why="switched off by hand"),
        Lane(address("orders"), "3c", daily, "destinations.partner", "sftp", 40, two),
        Lane(address("twin"), "4d", "every 3 hours from 00:00 UTC", '"shared" (x)', "azure-blob", 2, often),
        Lane(address("twin"), "5e", "", None, None, 0, why="no schedule that can be read"),
    )
    together = (
        Together("destinations.lake", "amazon-s3", ("exports.ending", 'flow 9f "Loyalty feed"'), 2, two[:1]),
        Together("destinations.partner", "sftp", ("exports.orders",), 40, two),
    )
    return Forecast(EMULATED, AS_OF, AS_OF + days * DAY, False, lanes, together)


def empty_reports() -> tuple[RunsReport, StatusReport, Forecast]:
    return (
        RunsReport(HEADER, AS_OF, None, 1, (FlowRuns(address("new"), None, "", None),)),
        StatusReport(HEADER, AS_OF, DAY, (), 0, None),
        Forecast(HEADER, AS_OF, AS_OF + DAY, True, (), (), (BROKEN,)),
    )


def evil_reports() -> tuple[RunsReport, StatusReport, Forecast]:
    """Every text that others write, written by somebody who means ill."""
    where = Header(EVIL, EVIL, EVIL, EVIL, "service")
    error = RunError(EVIL, f"{EVIL} job aborted")
    runs = FlowRuns(None, EVIL, EVIL, "sftp", (run(1, RunStatus.FAILED, id=EVIL, errors=(error,)),))
    row = health(Word.OK, address=address(EVIL), flow=EVIL, notes=(EVIL,), last=LastRun(EVIL, RunStatus.DONE, AS_OF, 1))
    stranger = Unmanaged(EVIL, EVIL, EVIL, EVIL, True, AS_OF + DAY, False)
    lane = Lane(address(EVIL), EVIL, EVIL, EVIL, "sftp", 2, (AS_OF + HOUR,), why=None)
    idle = replace(lane, runs=(), why=EVIL)
    together = Together(EVIL, "sftp", (EVIL, EVIL), 2, (AS_OF + HOUR,))
    broken = (Finding("broken", EVIL, Location(EVIL), EVIL),)
    return (
        RunsReport(where, AS_OF, None, 1, (runs,)),
        StatusReport(where, AS_OF, DAY, (row,), 1, (stranger,), broken),
        Forecast(where, AS_OF, AS_OF + DAY, False, (lane, idle), (together,), broken),
    )
