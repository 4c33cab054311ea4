"""
Runs, status and forecast as machine documents: every fact of the text views, no list cut.

Moments are whole seconds since 1970 UTC, sizes bytes; null is what the service does not say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exportctl.monitor.run_error_hints import error_hints
from exportctl.monitor.status import FlowState, HealthResult
from exportctl.output.json import documents
from exportctl.output.json.documents import Json
from exportctl.output.json.schema_parts import (
    ADDRESS,
    choice,
    counts,
    flag,
    listing,
    make_nullable,
    mapping,
    number,
    ref,
    strict_object,
    text,
)
from exportctl.planfile import serialize
from exportctl.resources.run import RunStatus

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
    return documents.envelope("runs", result, header=report.header, as_of=report.as_of)


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
    return documents.envelope(
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
    return documents.envelope("forecast", result, header=report.header, as_of=report.as_of, errors=report.errors)


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


_MOMENT = "seconds since 1970 UTC"
_STATUS = choice("what became of it", RunStatus)

_RUN = strict_object(
    "one run",
    id=text("run id"),
    status=_STATUS,
    started=number(_MOMENT),
    completed=make_nullable(number(_MOMENT)),
    rows=make_nullable(number("as the service counted them")),
    dataset_rows=mapping("rows by dataset id, as far as the run tells them apart", number("rows")),
    files=make_nullable(number("written")),
    size=make_nullable(number("bytes written")),
    errors=listing(
        "in the service's words",
        strict_object(
            "one error",
            code=text("the service's own; may be empty"),
            message=text("the service's own; may be empty"),
            hint=make_nullable(text("what to look at")),
        ),
    ),
)
RUNS = strict_object(
    "the newest runs of flows",
    project=text("the config's project"),
    since=make_nullable(number(f"no older ones, {_MOMENT}")),
    limit=make_nullable(number("runs of each flow at most")),
    flows=listing(
        "by address",
        strict_object(
            "one flow",
            address=make_nullable(ADDRESS),
            flow=make_nullable(text("flow id; null: not applied")),
            title=text("the flow's name; empty without a flow"),
            type=make_nullable(text("destination type")),
            runs=listing("newest first", _RUN),
        ),
    ),
)

STATUS = strict_object(
    "how every export fares",
    project=text("the config's project"),
    warning=number("how early an end is worth a word, in seconds"),
    counts=counts("exports by word", HealthResult),
    exports=listing(
        "by address",
        strict_object(
            "one export",
            address=ADDRESS,
            flow=make_nullable(text("flow id; null: not applied")),
            word=choice("how it fares", HealthResult),
            state=choice("what the flow is", FlowState),
            last_run=make_nullable(
                strict_object(
                    "the newest run, as the flow tells it",
                    id=text("run id; may be empty"),
                    status=_STATUS,
                    started=number(_MOMENT),
                    completed=make_nullable(number(_MOMENT)),
                )
            ),
            next_run=make_nullable(number(_MOMENT)),
            ends=make_nullable(number(_MOMENT)),
            assumed_end=flag("the service shows no end; six months after its creation is assumed"),
            notes=listing("what the word leaves out", text("for people")),
        ),
    ),
    unmanaged=number("flows of the sandbox that are not of this config"),
    ending=make_nullable(listing("those of them that end within the warning, soonest first", ref("unmanaged"))),
    ended=make_nullable(number("how many of them have ended")),
)


FORECAST = strict_object(
    "when exports run next",
    project=text("the config's project"),
    days=number("length of the window, which begins at `as_of`"),
    until=number(f"its end, {_MOMENT}"),
    planned=flag("as after the next apply; else as the flows are now"),
    flows=listing(
        "by address",
        strict_object(
            "one flow",
            address=ADDRESS,
            flow=make_nullable(text("flow id; null: not made yet")),
            schedule=text("for people; empty where it is not known"),
            account=make_nullable(text("address of the account, or title and id of one made by others")),
            type=make_nullable(text("destination type")),
            datasets=number("how many it exports"),
            runs=listing("when runs start, in their order", number(_MOMENT)),
            ends=make_nullable(number(f"if it ends in the window, {_MOMENT}")),
            why=make_nullable(text("why there are no runs")),
        ),
    ),
    together=listing(
        "runs that start at the same moments on one account",
        strict_object(
            "the same ones",
            account=text("address of the account, or title and id of one made by others"),
            type=make_nullable(text("destination type")),
            members=listing("addresses, or ids and names of flows of others", text("for people")),
            datasets=number("exported at once"),
            moments=listing("when", number(_MOMENT)),
            least_connections=make_nullable(number("connections the server must take; null: no limit is known")),
        ),
    ),
)
