"""
A run as GET shows it: made when it is claimed, completed when it ends.

Source: flow-service.md 8.1 to 8.3. Names of activities, ids of entities and error codes of dataset runs are assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exportctl.emulator.read_view import Caller, RequestContext
from exportctl.emulator.wire import Json

if TYPE_CHECKING:
    from exportctl.emulator.run_export import Job, RunResult

EXPORTER = Caller("aep_activation_batch@AdobeID", "aep_activation_batch")  # of the dataset sample [XD-new]
ACTIVITIES = (
    ("c4f238e3-7334-4933-8b56-64d7ea43ea54", "Activation Batch XdmProcessor Activity"),
    ("51d82b36-6b8f-11eb-9439-0242ac130002", "Activation Batch Publisher Activity"),
)
ERROR_CODES: Mapping[str, tuple[int, int]] = {  # refusal of a storage -> number and status of its error code (assumed)
    "denied": (3101, 403),
    "read-only": (3101, 403),
    "no-such-bucket": (3102, 404),
    "unknown-host": (3103, 502),
    "unreachable": (3103, 502),
    "cut": (3103, 502),
    "full": (3104, 507),
    "too-large": (3105, 400),
    "no-dataset": (3106, 404),
}


def new_run(ctx: RequestContext, flow: Json, tick: float) -> Json:
    """Return a run of which only the time is known at which it was due: `tick`, in seconds."""
    at_tick = replace(ctx, now=tick, caller=EXPORTER)
    return {
        "id": ctx.store.new_id(),
        **at_tick.stamps(),
        "flowId": flow["id"],
        "flowSpec": flow["flowSpec"],
        "providerRefId": ctx.store.draw_bytes().hex(),
        "etag": ctx.store.new_etag(),
        "metrics": {"durationSummary": {"startedAtUTC": at_tick.now_ms}, "statusSummary": {"status": "Processing"}},
        "activities": [],
    }


def finished_run(doc: Json, job: Job, result: RunResult, completed: float) -> Json:
    """Return the run after it was carried out. `completed` in seconds."""
    # rule: run-object
    stamp = int(completed * 1000)
    metrics = _metrics(doc, job, result, stamp)
    return {
        **doc,
        "updatedAt": stamp,
        "metrics": metrics,
        "activities": [_activity(*one, metrics) for one in ACTIVITIES],
    }


def _activity(id: str, name: str, metrics: Json) -> Json:
    status = {key: value for key, value in metrics["statusSummary"].items() if key != "activityRefs"}
    shown = {**metrics, "latencySummary": {}, "statusSummary": {**status, "extensions": {}}}
    return {"id": id, "name": name, "updatedAtUTC": 0, **shown}


def last_run(doc: Json) -> Json:
    """`lastRunDetails` of the flow [F]."""
    duration = doc["metrics"]["durationSummary"]
    return {
        "id": doc["id"],
        "state": doc["metrics"]["statusSummary"]["status"],
        "startedAtUTC": duration["startedAtUTC"],
        "completedAtUTC": duration["completedAtUTC"],
    }


def _metrics(doc: Json, job: Job, result: RunResult, completed: int) -> Json:
    started = doc["metrics"]["durationSummary"]["startedAtUTC"]
    failed = result.refusal is not None
    read = sum(one.count for one in job.increments)
    size = sum(one.size for one in result.files)
    return {
        "durationSummary": {"startedAtUTC": started, "completedAtUTC": completed},
        "sizeSummary": {"inputBytes": size, "outputBytes": size},
        "recordSummary": {
            **_counts(read, failed),
            "sourceSummaries": [_summary(job, job.flow.get("sourceConnectionIds") or (), failed)],
            "targetSummaries": [_summary(job, job.flow.get("targetConnectionIds") or (), failed)],
        },
        "fileSummary": {"inputFileCount": len(result.files), "outputFileCount": len(result.files)},
        "statusSummary": {
            "status": "failed" if failed else "success",
            "errors": _errors(result),
            "activityRefs": [ACTIVITIES[0][0]],
        },
    }


def _counts(read: int, failed: bool) -> dict[str, Any]:
    written, lost = (0, read) if failed else (read, 0)
    return {
        "inputRecordCount": read,
        "createdRecordCount": written,
        "outputRecordCount": written,
        "skippedRecordCount": 0,
        "failedRecordCount": lost,
    }


def _summary(job: Job, connections: Iterable[str], failed: bool) -> Json:
    read = sum(one.count for one in job.increments)
    summary: Json = {"id": next(iter(connections), ""), **_counts(read, failed)}
    # rule: run-entities
    if job.switches.run_entities == "shown":
        summary["entitySummaries"] = [
            {"id": f"dataset:{one.dataset}", **_counts(one.count, failed)} for one in job.increments
        ]
    return summary


def _errors(result: RunResult) -> list[Json]:
    """Return the generic error of the samples, and the storage's own reason behind it."""
    # rule: run-errors
    if result.refusal is None:
        return []
    if result.refusal.code == "extra-missing":  # the service has no such error: say only what to install
        return [{"code": "EMULATOR-EXTRA-MISSING", "message": result.refusal.reason}]
    number, status = ERROR_CODES.get(result.refusal.code, (3100, 500))
    return [
        {"code": "ACTIVATION_BATCH-0000-FAILED", "message": "Job aborted."},
        {"code": f"CONNECTOR-{number}-{status}", "message": result.refusal.reason},
    ]
