"""
The JSON documents of `drift`, `status`, `runs`, `forecast` and `verify`: every fact of the text output, no list is cut.

Moments are whole seconds since 1970 UTC, sizes are bytes; null stands for what the service does not report, or what was
not counted.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from exportctl.model.json_form import (
    Json,
    JsonObject,
    Member,
    choice,
    counts,
    flag,
    listing,
    mapping,
    nullable,
    number,
    part,
    text,
)
from exportctl.model.plan import Verb
from exportctl.monitor import drift
from exportctl.monitor.delivery.report import DeliveryResult, Evidence, ExportVerdicts, Verdict, VerifyReport
from exportctl.monitor.drift import DriftEntry, DriftGroup, DriftReport
from exportctl.monitor.forecast import FlowForecast, Forecast, SimultaneousRuns
from exportctl.monitor.runs import FlowRuns, RunsReport, error_hints
from exportctl.monitor.status import ExportHealth, FlowState, HealthResult, StatusReport
from exportctl.output.json.envelope import EXPORT_STATE, FLOW_ID, MOMENT, PROJECT, STORAGE, Document, EnvironmentBody
from exportctl.planfile.serialize import ERROR, FIELD, FINDING, OTHER_FLOW, address
from exportctl.resources.last_run import LastRun
from exportctl.resources.run import Run, RunError, RunStatus

_TYPE: Member[Any] = nullable(text("destination type"))

_RUN = JsonObject[tuple[Run, str | None]](
    "one run",
    id=text("run id", lambda pair: pair[0].id),
    status=choice("the result", RunStatus, lambda pair: pair[0].status),
    started=number(MOMENT, lambda pair: pair[0].started),
    completed=nullable(number(MOMENT, lambda pair: pair[0].completed)),
    rows=nullable(number("rows that the service counted", lambda pair: pair[0].rows)),
    dataset_rows=mapping(
        "rows by dataset id, where the run reports them", number("rows"), lambda pair: pair[0].dataset_rows
    ),
    files=nullable(number("files written", lambda pair: pair[0].files)),
    size=nullable(number("bytes written", lambda pair: pair[0].size)),
    errors=listing(
        "errors that the service reports",
        JsonObject[tuple[RunError, str | None]](
            "one error",
            code=text("the service's code; may be empty", lambda pair: pair[0].code),
            message=text("the service's message; may be empty", lambda pair: pair[0].message),
            hint=nullable(text("what to check", lambda pair: pair[1])),
        ),
        lambda pair: zip(pair[0].errors, error_hints(pair[0].errors, pair[1]), strict=True),
    ),
)
RUNS = Document(
    "runs",
    JsonObject[RunsReport](
        "the newest runs of flows",
        project=PROJECT,
        since=nullable(number(f"no runs before this moment, {MOMENT}")),
        limit=nullable(number("maximum of runs for each flow")),
        flows=listing(
            "by address",
            JsonObject[FlowRuns](
                "one flow",
                address=nullable(address()),
                flow=FLOW_ID,
                title=text("the flow's name; empty without a flow"),
                type=_TYPE,
                runs=listing("newest first", _RUN, lambda flow: [(run, flow.type) for run in flow.runs]),
            ),
        ),
    ),
)
STATUS_RESULT = JsonObject[StatusReport](
    "the state of every export",
    project=PROJECT,
    end_warning=number("how early an end is reported, in seconds", lambda s: s.warning),
    counts=counts("exports by result", HealthResult, lambda s: s.counts()),
    exports=listing(
        "by address",
        JsonObject[ExportHealth](
            "one export",
            address=address(),
            flow=FLOW_ID,
            result=choice("the result", HealthResult),
            state=choice("the state of the flow", FlowState),
            service_state=text("the state as the service shows it; empty without a flow"),
            last_run=nullable(
                part(
                    JsonObject[LastRun](
                        "the newest run that the flow reports",
                        id=text("run id; may be empty"),
                        status=choice("the result", RunStatus),
                        started=number(MOMENT),
                        completed=nullable(number(MOMENT)),
                    )
                )
            ),
            next_run=nullable(number(MOMENT)),
            ends=nullable(number(MOMENT)),
            assumed_end=flag("the service shows no end; six months after the creation are assumed"),
            notes=listing("what the result does not say", text("for people")),
        ),
    ),
    orphans=listing("connections of this project that no flow uses", text("for people")),
    unmanaged=number("flows of the sandbox that this config does not manage"),
    ending=nullable(listing("unmanaged flows that end within the warning, soonest first", OTHER_FLOW)),
    expired=nullable(number("number of unmanaged flows with an end in the past")),
)
STATUS = Document("status", STATUS_RESULT)

_ACCOUNT: Member[Any] = text("address of the account; title and id if this config does not declare it")
FORECAST = Document(
    "forecast",
    JsonObject[Forecast](
        "the next runs of exports",
        project=PROJECT,
        days=number("length of the window, which begins at `as_of`"),
        until=number(f"end of the window, {MOMENT}"),
        planned=flag("true: as after the next apply; false: as the flows are now"),
        flows=listing(
            "by address",
            JsonObject[FlowForecast](
                "one flow",
                address=address(),
                flow=nullable(text("flow id; null: not created")),
                schedule=text("for people; empty where it is unknown"),
                account=nullable(_ACCOUNT),
                type=_TYPE,
                datasets=number("datasets that the flow exports"),
                runs=listing("start of each run, in order", number(MOMENT)),
                ends=nullable(number(f"end of the flow, where it is in the window, {MOMENT}")),
                no_run_reason=nullable(text("why there are no runs")),
            ),
        ),
        simultaneous_runs=listing(
            "runs that start at the same moments on one account",
            JsonObject[SimultaneousRuns](
                "runs of the same exports",
                account=_ACCOUNT,
                type=_TYPE,
                members=listing("addresses; ids and names of unmanaged flows", text("for people")),
                datasets=number("datasets that are exported at the same time"),
                moments=listing("starts of the runs", number(MOMENT)),
                min_connections=nullable(number("connections that the server must accept; null: no known limit")),
            ),
        ),
    ),
)

DRIFT_ENTRY = JsonObject[DriftEntry](
    "one result of the comparison",
    group=choice("what it is", DriftGroup),
    address=nullable(address()),
    id=nullable(text("id of the flow or of the account")),
    field=nullable(part(FIELD)),
    finding=nullable(part(FINDING)),
    verb=nullable(choice("what the next apply does to the whole address", Verb)),
    ends=nullable(number(MOMENT)),
    renewal_due=flag("the next apply moves the rolling end"),
    other_flow=nullable(part(OTHER_FLOW, lambda entry: entry.flow)),
)


class _Drift(NamedTuple):
    report: DriftReport
    fail_on: Collection[str]


DRIFT_RESULT = JsonObject[_Drift](
    "where the sandbox differs from what was last applied",
    project=text("the config's project", lambda d: d.report.header.project),
    failing=flag("the exit code is 3", lambda d: drift.has_failures(d.report, d.fail_on)),
    fail_on=listing("groups that make the exit code 3", text("group"), lambda d: sorted(d.fail_on)),
    counts=counts("entries by group", DriftGroup, lambda d: d.report.counts()),
    entries=listing("by group, then in plan order", DRIFT_ENTRY, lambda d: d.report.entries),
    findings=listing("other warnings and notes", FINDING, lambda d: d.report.notes),
)
DRIFT = Document("drift", DRIFT_RESULT)

_VERDICT = JsonObject[Verdict](
    "one dataset and one expected run",
    dataset=text("dataset name"),
    dataset_id=text("dataset id; empty where it is unknown"),
    due=nullable(number(f"when the run was due, {MOMENT}; null: no run was due")),
    result=choice("the result", DeliveryResult),
    failing=flag("the verdict makes the exit code 9", lambda v: v.fails),
    reason=text("for people"),
    hint=nullable(text("what to do")),
    evidence=choice("what the result is based on, weakest first", Evidence),
    run=nullable(text("run id")),
    completed=nullable(number(f"when the run ended, {MOMENT}")),
    folder=nullable(text("the run's folder in storage")),
    objects=listing("objects that the reason is about", text("path in storage")),
    rows=nullable(number("rows in the files, or rows that the run reports")),
    files=nullable(number("data files found")),
    size=nullable(number("bytes of the data files found")),
)
VERIFY = Document(
    "verify",
    JsonObject[VerifyReport](
        "whether the files of each expected run arrived",
        project=PROJECT,
        since=number(f"start of the window, {MOMENT}; `as_of` is its end"),
        deep=flag("file contents were read too"),
        failing=flag("the exit code is 9, unless there are errors", lambda r: r.has_failed),
        counts=counts("verdicts by result", DeliveryResult, lambda r: r.counts()),
        exports=listing(
            "by address",
            JsonObject[ExportVerdicts](
                "one export",
                address=address(),
                flow=FLOW_ID,
                state=EXPORT_STATE,
                storage=STORAGE,
                failing=flag("one of its verdicts fails", lambda e: e.has_failed),
                verdicts=listing("by dataset, then by time", _VERDICT),
                errors=listing("why its storage could not be read", ERROR),
            ),
        ),
    ),
)


def render_runs(report: RunsReport) -> str:
    """Return the document of runs."""
    return RUNS.render(report, header=report.header, as_of=report.as_of)


def render_status(report: StatusReport) -> str:
    """Return the document of the state of every export."""
    return STATUS.render(report, header=report.header, as_of=report.as_of, errors=report.errors)


def render_forecast(report: Forecast) -> str:
    """Return the document of the next runs."""
    return FORECAST.render(report, header=report.header, as_of=report.as_of, errors=report.errors)


def render_drift(report: DriftReport, *, fail_on: Collection[str] = drift.DEFAULT_FAILING) -> str:
    """Return the document of a drift report."""
    return DRIFT.render(_Drift(report, fail_on), header=report.header, as_of=report.as_of, errors=report.errors)


def drift_result(report: DriftReport, fail_on: Collection[str]) -> Json:
    """Return the `result` of a drift report."""
    return DRIFT_RESULT.encode(_Drift(report, fail_on))


def render_verify_report(report: VerifyReport) -> str:
    """Return the document of a verify report."""
    return VERIFY.render(report, header=report.header, as_of=report.as_of, errors=report.errors())


def verify_body(report: VerifyReport) -> EnvironmentBody:
    """Return what the document of one verify report holds."""
    assert VERIFY.result is not None
    return EnvironmentBody(report.header, report.as_of, VERIFY.result.encode(report), report.errors())
