"""Runs, statuses and forecasts built by hand for the view tests, with everything a view can show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from exportctl.errors import Finding, SourcePosition
from exportctl.model.other_flow import OtherFlow
from exportctl.model.plan import PlanHeader
from exportctl.monitor.forecast import PAUSED, FlowForecast, Forecast, SimultaneousRuns
from exportctl.monitor.runs import FlowRuns, RunsReport
from exportctl.monitor.status import ExportHealth, FlowState, HealthResult, StatusReport
from exportctl.resources.last_run import LastRun
from exportctl.resources.run import Run, RunError, RunStatus
from tests.output.sample_plans import AS_OF, DAY, EVIL, HEADER, address

HOUR = 3600
EMULATED_HEADER = replace(HEADER, platform="embedded", environment=None)
FLOW = "1a5a6f7d-b2a7-461d-a755-8b6e98d71196"
ABORTED_ERROR = RunError("ACTIVATION_BATCH-0000-FAILED", "Job aborted.")
BROKEN_FINDING = Finding(
    "dataset-unknown", "exports.new: no dataset is called so", SourcePosition("exports.yaml", 9, 3), "seed it"
)


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
            run(2, RunStatus.FAILED, errors=(ABORTED_ERROR, RunError("", "NoSuchBucket"), RunError("X-1", "Odd."))),
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


def health(word: HealthResult, state: FlowState = FlowState.ENABLED, **more: Any) -> ExportHealth:
    """A row whose address is its word, in the order of words."""
    name = word.value.lower().replace(" ", "-")
    done = LastRun("r", RunStatus.DONE, AS_OF - 6 * HOUR - 7, AS_OF - 6 * HOUR + 90)
    one = ExportHealth(address(name), FLOW, state, word, done, AS_OF + 18 * HOUR, AS_OF + 180 * DAY)
    return replace(one, **more)


def status_report() -> StatusReport:
    """A row of every word."""
    failed = LastRun("r", RunStatus.FAILED, AS_OF - 30 * HOUR, None)
    rows = (
        health(HealthResult.FAILED, last_run=failed, notes=("the last run failed: see exportctl runs exports.failed",)),
        health(HealthResult.OVERDUE, notes=("a run was due 2026-11-21 20:00 UTC",)),
        health(HealthResult.NEVER_RAN, last_run=None),
        health(HealthResult.PAUSED, FlowState.PAUSED, next_run=None),
        health(HealthResult.EXPIRED, FlowState.EXPIRED, next_run=None, ends=AS_OF - DAY),
        health(HealthResult.ENDING, FlowState.ENDING, ends=AS_OF + 9 * DAY + HOUR, assumed_end=True),
        health(HealthResult.NOT_APPLIED, FlowState.NOT_APPLIED, flow=None, last_run=None, next_run=None, ends=None),
        health(HealthResult.UNKNOWN, FlowState.UNKNOWN, last_run=None, next_run=None, service_state="draft"),
        health(HealthResult.WAITING, last_run=None),
        health(HealthResult.DISABLED, FlowState.DISABLED, next_run=None),
        health(HealthResult.FINISHED, FlowState.FINISHED, next_run=None, ends=None),
        health(HealthResult.OK, last_run=LastRun("r", RunStatus.RUNNING, AS_OF + 5, None)),
    )
    ending = (
        OtherFlow("9f", "Loyalty feed", "amazon-s3", None, True, AS_OF + 3 * DAY, False, "enabled"),
        OtherFlow("8e", 'A "quoted" name', None, "theirs", False, AS_OF + 9 * DAY, True, "disabled"),
    )
    return StatusReport(HEADER, AS_OF, 30 * DAY, rows, 4, ending, (BROKEN_FINDING,))


def forecast_report(days: int = 7) -> Forecast:
    """Lanes with runs, without, with an end, twice at one address; what starts together on two storages."""
    two = tuple(range(AS_OF + DAY, AS_OF + days * DAY, DAY))
    often = tuple(range(AS_OF + HOUR, AS_OF + days * DAY, 3 * HOUR))
    daily = "every 1 day at 02:00 UTC"
    ending = FlowForecast(
        address("ending"), FLOW, daily, "destinations.lake", "amazon-s3", 1, two[:2], AS_OF + 71 * HOUR
    )
    lanes = (
        ending,
        replace(
            ending,
            address=address("off"),
            flow="2b",
            runs=(),
            ends=None,
            no_run_reason=PAUSED,
            is_paused=True,
        ),
        FlowForecast(
            address("orders"),
            "3c",
            daily,
            "destinations.partner",
            "sftp",
            40,
            two,
            first_full_run=two[0],
        ),
        FlowForecast(address("doubled"), "4d", "every 3 hours from 00:00 UTC", '"shared" (x)', "azure-blob", 2, often),
        FlowForecast(address("doubled"), "5e", "", None, None, 0, no_run_reason="no schedule that can be read"),
    )
    together = (
        SimultaneousRuns("destinations.lake", "amazon-s3", ("exports.ending", 'flow 9f "Loyalty feed"'), 2, two[:1]),
        SimultaneousRuns("destinations.partner", "sftp", ("exports.orders",), 40, two),
    )
    return Forecast(EMULATED_HEADER, AS_OF, AS_OF + days * DAY, False, lanes, together)


def empty_reports() -> tuple[RunsReport, StatusReport, Forecast]:
    return (
        RunsReport(HEADER, AS_OF, None, 1, (FlowRuns(address("new"), None, "", None),)),
        StatusReport(HEADER, AS_OF, DAY, (), 0, None),
        Forecast(HEADER, AS_OF, AS_OF + DAY, True, (), (), (BROKEN_FINDING,)),
    )


def evil_reports() -> tuple[RunsReport, StatusReport, Forecast]:
    """Every text that others write, written by an attacker."""
    where = PlanHeader(EVIL, EVIL, EVIL, EVIL, "service")
    error = RunError(EVIL, f"{EVIL} job aborted")
    runs = FlowRuns(None, EVIL, EVIL, "sftp", (run(1, RunStatus.FAILED, id=EVIL, errors=(error,)),))
    row = health(
        HealthResult.OK,
        FlowState.UNKNOWN,
        service_state=EVIL,
        address=address(EVIL),
        flow=EVIL,
        notes=(EVIL,),
        last_run=LastRun(EVIL, RunStatus.DONE, AS_OF, 1),
    )
    stranger = OtherFlow(EVIL, EVIL, EVIL, EVIL, True, AS_OF + DAY, False, EVIL)
    lane = FlowForecast(address(EVIL), EVIL, EVIL, EVIL, "sftp", 2, (AS_OF + HOUR,), no_run_reason=None)
    idle = replace(lane, runs=(), no_run_reason=EVIL)
    together = SimultaneousRuns(EVIL, "sftp", (EVIL, EVIL), 2, (AS_OF + HOUR,))
    broken = (Finding("broken", EVIL, SourcePosition(EVIL), EVIL),)
    return (
        RunsReport(where, AS_OF, None, 1, (runs,)),
        StatusReport(where, AS_OF, DAY, (row,), 1, (stranger,), broken),
        Forecast(where, AS_OF, AS_OF + DAY, False, (lane, idle), (together,), broken),
    )
