"""
Runs, status and forecast as machine documents: every fact of the text views, no list cut.

Moments are whole seconds since 1970 UTC, sizes bytes; null is what the service does not say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exportctl.monitor.run_error_hints import error_hints
from exportctl.planfile import serialize
from exportctl.views import json
from exportctl.views.json import Json

if TYPE_CHECKING:
    from exportctl.monitor.flow_view import LastRun
    from exportctl.monitor.forecast import FlowForecast, Forecast, SimultaneousRuns
    from exportctl.monitor.run_list import FlowRuns, RunsReport
    from exportctl.monitor.status import ExportHealth, StatusReport
    from exportctl.resources.run import Run


def render_runs(report: RunsReport) -> str:
    result = {
        "project": report.header.project,
        "since": report.since,
        "limit": report.limit,
        "flows": [_flow(flow) for flow in report.flows],
    }
    return json.envelope("runs", result, header=report.header, as_of=report.as_of)


def _flow(shown: FlowRuns) -> Json:
    return {
        "address": str(shown.address) if shown.address else None,
        "flow": shown.flow,
        "title": shown.title,
        "type": shown.type,
        "runs": [_run(run, shown.type) for run in shown.runs],
    }


def _run(shown: Run, type_name: str | None) -> Json:
    return {
        "id": shown.id,
        "status": shown.status.value,
        "started": shown.started,
        "completed": shown.completed,
        "rows": shown.rows,
        "dataset_rows": dict(sorted(shown.dataset_rows.items())),
        "files": shown.files,
        "size": shown.size,
        "errors": [
            {"code": error.code, "message": error.message, "hint": found}
            for error, found in zip(shown.errors, error_hints(shown.errors, type_name), strict=True)
        ],
    }


def render_status(report: StatusReport) -> str:
    return json.envelope(
        "status", status_result(report), header=report.header, as_of=report.as_of, errors=report.errors
    )


def status_result(report: StatusReport) -> Json:
    return {
        "project": report.header.project,
        "warning": report.warning,
        "counts": dict(report.counts()),
        "exports": [_health(one) for one in report.exports],
        "unmanaged": report.unmanaged,
        "ended": report.expired,
        "ending": None if report.ending is None else [serialize.other_flow(flow) for flow in report.ending],
    }


def _health(shown: ExportHealth) -> Json:
    return {
        "address": str(shown.address),
        "flow": shown.flow,
        "word": shown.result.value,
        "state": shown.state.value,
        "last_run": _last_run(shown.last_run) if shown.last_run else None,
        "next_run": shown.next_run,
        "ends": shown.ends,
        "assumed_end": shown.assumed_end,
        "notes": list(shown.notes),
    }


def _last_run(shown: LastRun) -> Json:
    return {
        "id": shown.id,
        "status": shown.status.value,
        "started": shown.started,
        "completed": shown.completed,
    }


def render_forecast(report: Forecast) -> str:
    result = {
        "project": report.header.project,
        "days": report.days,
        "until": report.until,
        "planned": report.planned,
        "flows": [_lane(lane) for lane in report.flows],
        "together": [_simultaneous_runs(one) for one in report.simultaneous_runs],
    }
    return json.envelope("forecast", result, header=report.header, as_of=report.as_of, errors=report.errors)


def _lane(shown: FlowForecast) -> Json:
    return {
        "address": str(shown.address),
        "flow": shown.flow,
        "schedule": shown.schedule,
        "account": shown.account,
        "type": shown.type,
        "datasets": shown.datasets,
        "runs": list(shown.runs),
        "ends": shown.ends,
        "why": shown.no_run_reason,
    }


def _simultaneous_runs(shown: SimultaneousRuns) -> Json:
    return {
        "account": shown.account,
        "type": shown.type,
        "members": list(shown.members),
        "datasets": shown.datasets,
        "moments": list(shown.moments),
        "least_connections": shown.min_connections,
    }
