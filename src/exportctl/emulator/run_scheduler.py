"""
Execute the runs that are due.

    claim     a transaction: creates the run object and marks its run time as used, so that no run is claimed twice
    export    no lock and no transaction: other requests continue
    settle    a transaction: writes metrics, `lastRunDetails`, and which rows the next run leaves out

A process that dies between two of these steps leaves a claimed run. The next process sees that it is gone and executes
the run again, with the same id and the same names. Runs of one flow follow one another. Runs of several flows follow
in order of time.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from exportctl.emulator import run_rows, run_view, validation
from exportctl.emulator.delayed_effects import next_run_time, next_wake_time, record_background_write
from exportctl.emulator.read_view import RequestContext
from exportctl.emulator.run_rows import Increment
from exportctl.emulator.storage.sink import StorageRefused
from exportctl.emulator.store import Record, Store
from exportctl.emulator.wire import Json, RequestRefused
from exportctl.frozen import dataclass

if TYPE_CHECKING:
    from exportctl.emulator.run_export import Job, RunResult

CLAIM_TIMEOUT = 3600  # seconds of this machine's clock after which a claim ends: process ids are used again
RUNS_KEPT = 10_000  # per flow, the newest: those of a year, every hour. What the service keeps is not documented (U19)

# Who is at work on a file in this process: two emulators of one file have one process id, so claims are not enough.
_LOCKS_BY_FILE: WeakValueDictionary[Path, threading.Lock] = WeakValueDictionary()


@dataclass(frozen=True)
class _Claim:
    """A run that is ours to carry out, or why it cannot be."""

    ctx: RequestContext
    run: Record
    job: Job | StorageRefused


class RunScheduler:
    """
    The scheduler of one emulator.

    `now` gives its time in seconds. `context` gives the request context of a sandbox. `root` is the folder for storage
    without an endpoint. None: such storage accepts everything and keeps nothing.
    """

    def __init__(
        self, store: Store, now: Callable[[], float], context: Callable[[str], RequestContext], root: Path | None
    ):
        self._store = store
        self._now = now
        self._context = context
        self._root = root
        lock = threading.Lock()
        self._one_at_a_time = lock if store.path is None else _LOCKS_BY_FILE.setdefault(store.path, lock)

    def execute_due_runs(self, *, wait: bool) -> None:
        """
        Execute all runs that are due.

        Without `wait`, while another thread executes them, only claim them: a later write can move a schedule, and the
        run time before it would be lost.
        """
        if not self._one_at_a_time.acquire(blocking=wait):
            self._claim_due_runs()
            return
        try:
            while (claim := self._claim_next_run()) is not None:
                self._execute_claim(claim)
        finally:
            self._one_at_a_time.release()

    def _execute_claim(self, claim: _Claim) -> None:
        from exportctl.emulator.run_export import RunResult, export

        job = claim.job
        result = RunResult(refusal=job) if isinstance(job, StorageRefused) else export(job)
        with self._store.transaction():
            ctx = replace(claim.ctx, now=self._now())
            run = self._store.get("runs", claim.run.id)
            # It may be gone with everything else: the emulator was reset meanwhile.
            if run is not None:
                _record_result(ctx, run, _empty_job(ctx, run) if isinstance(job, StorageRefused) else job, result)

    def _claim_next_run(self) -> _Claim | None:
        """Claim the next run: one that a dead process left, or one of the earliest run time."""
        now = self._now()
        if not self._store.is_due(now):
            return None
        ctx: RequestContext | None = None
        with self._store.transaction():
            while (found := _earliest_due_record(self._store.due_records(now), now)) is not None:
                tick, record = found
                ctx = ctx if ctx and ctx.sandbox == record.sandbox else self._context(record.sandbox)
                if record.collection == "flows":
                    _claim_runs(ctx, record, tick)
                    continue
                if record.hidden["claimed"] != os.getpid():
                    record.hidden |= _claim_stamp()
                    self._store.put(record)
                try:
                    return _Claim(ctx, record, self._build_job(ctx, record))
                except StorageRefused as refused:
                    return _Claim(ctx, record, refused)
        return None

    def _claim_due_runs(self) -> None:
        """Claim the ticks that are due, for whoever is at work."""
        now = self._now()
        if not self._store.is_due(now):
            return
        with self._store.transaction():
            for flow in [found for found in self._store.due_records(now) if found.collection == "flows"]:
                while (tick := _due_run_time(flow, now)) is not None:
                    _claim_runs(self._context(flow.sandbox), flow, tick)

    def _build_job(self, ctx: RequestContext, run: Record) -> Job:
        from exportctl.emulator.run_export import ROWS_PER_FILE, Job

        flow = ctx.store.get("flows", run.doc["flowId"])
        target = flow and ctx.store.get("targetConnections", _connection_id(flow, "targetConnectionIds"))
        base = target and ctx.store.get("connections", str(target.doc.get("baseConnectionId")))
        if flow is None or target is None or base is None or "params" not in target.doc:
            raise StorageRefused("failed", "the flow, its target connection or its base connection is gone")
        # rule: invalid-params
        if ctx.switches.invalid_params == "run":
            try:
                validation.check_target_params(target.doc, ctx.switches)
            except RequestRefused as refused:
                raise StorageRefused("failed", "the params of the target connection are not valid") from refused
        return Job(
            run=run.id,
            due_at=run.hidden["due_at"],
            flow=flow.doc,
            target=target.doc,
            connection=base.doc,
            increments=tuple(_increment(ctx, run, flow, id) for id in run.hidden["datasets"]),
            macro_values=_macro_values(ctx, flow.doc, target.doc, base.doc),
            switches=ctx.switches,
            settings=ctx.store.get_setting("storage", {}),
            root=self._root,
            rows_per_file=int(ctx.store.get_setting("rows_per_file", ROWS_PER_FILE)),
        )


def _earliest_due_record(due: Iterable[Record], now: float) -> tuple[float, Record] | None:
    """
    Return the waiting run or the flow with the earliest run time.

    At an equal run time, waiting runs come first. `due` is in order of `wake`, which is never later than the run time.
    """
    first: tuple[float, bool, int, Record] | None = None
    busy = set()
    for record in due:
        if first is not None and (record.wake or 0) > first[0]:
            break
        is_flow = record.collection == "flows"
        if record.collection == "runs" and _is_run_by_other_process(record):
            busy.add(record.doc["flowId"])
        tick = _due_run_time(record, now) if is_flow else record.hidden.get("due_at")
        if tick is None or record.doc.get("flowId") in busy:
            continue
        candidate = (tick, is_flow, record.seq, record)
        first = candidate if first is None or candidate[:3] < first[:3] else first
    return None if first is None else (first[0], first[3])


def _due_run_time(flow: Record, now: float) -> int | None:
    going = not flow.hidden.keys() & {"deleted_at", "ended"}
    tick = next_run_time(flow.doc, flow.hidden.get("runs_claimed_until", 0)) if going else None
    return tick if tick is not None and tick <= now else None


def _claim_runs(ctx: RequestContext, flow: Record, tick: float) -> None:
    """Make the runs of a tick, and account for it."""
    flow.hidden["runs_claimed_until"] = tick
    flow.wake = next_wake_time(flow)
    ctx.store.put(flow)
    wanted = datasets_of(ctx, flow)
    # rule: run-scope
    groups = [[one] for one in wanted] if ctx.switches.run_scope == "dataset" and wanted else [wanted]
    for group in groups:
        create_run(ctx, flow, group, tick)


def create_run(
    ctx: RequestContext, flow: Record, datasets: Sequence[str], tick: float, *, on_demand: bool = False
) -> Record:
    """Create a claimed run of a flow; the scheduler that looks next executes it."""
    # rule: run-object
    doc = run_view.new_run(ctx, flow.doc, tick)
    hidden: Json = {"due_at": tick, "listed_at": tick, "datasets": list(datasets), **_claim_stamp()}
    hidden["written"] = ctx.store.next_number("edits")
    run = Record("runs", doc["id"], flow.sandbox, doc, hidden | ({"on_demand": True} if on_demand else {}), wake=tick)
    ctx.store.put(run)
    return run


def _claim_stamp() -> Json:
    return {"claimed": os.getpid(), "claimed_at": time.time()}


def _is_run_by_other_process(run: Record) -> bool:
    """Say whether another process, which is alive, executes the run."""
    pid = int(run.hidden["claimed"])
    if pid == os.getpid() or time.time() - run.hidden.get("claimed_at", 0) > CLAIM_TIMEOUT:
        return False
    try:
        os.kill(pid, 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return True


def datasets_of(ctx: RequestContext, flow: Record) -> list[str]:
    source = ctx.store.get("sourceConnections", _connection_id(flow, "sourceConnectionIds"))
    listed = (source.doc.get("params") or {}).get("datasets", []) if source else []
    return [str(entry["dataSetId"]) for entry in listed]


def _connection_id(flow: Record, key: str) -> str:
    """Return the one connection of a flow at that end; a flow that was loaded as it is may have none."""
    return str(next(iter(flow.doc.get(key) or ()), ""))


def _increment(ctx: RequestContext, run: Record, flow: Record, id: str) -> Increment:
    dataset = ctx.store.get("datasets", id)
    # rule: dataset-gone
    if dataset is None or dataset.sandbox != run.sandbox:
        raise StorageRefused("no-dataset", f"dataset {id} does not exist")
    counted = None if run.hidden.get("on_demand") else flow
    return run_rows.increment(ctx.store, counted, dataset, run.hidden["due_at"], ctx.switches)


def _macro_values(ctx: RequestContext, flow: Json, target: Json, base: Json) -> dict[str, str]:
    """Return what the macros of folders stand for, but for datasets and times."""
    # rule: folder-macros
    named = {"target": target, "base": base, "flow": flow}[ctx.switches.destination_macro]
    destination = str(named.get("name", ""))
    return {
        "DESTINATION": destination,
        "DESTINATION_NAME": destination,
        "DESTINATION_INSTANCE_ID": flow["id"],
        "DESTINATION_INSTANCE_NAME": str(flow["name"]),
        "SANDBOX_NAME": ctx.sandbox,
        "ORGANIZATION_NAME": ctx.organization.partition("@")[0],
    }


def _empty_job(ctx: RequestContext, run: Record) -> Job:
    from exportctl.emulator.run_export import Job

    flow = ctx.store.get("flows", run.doc["flowId"])
    nothing: Json = {"id": run.doc["flowId"], "sourceConnectionIds": [], "targetConnectionIds": []}
    doc = flow.doc if flow else nothing
    return Job(run.id, run.hidden["due_at"], doc, {}, {}, (), {}, ctx.switches, {}, None)


def _record_result(ctx: RequestContext, run: Record, job: Job, result: RunResult) -> None:
    completed = run.hidden["due_at"] + ctx.switches.run_duration
    doc = run_view.finished_run(run.doc, job, result, completed)
    hidden = {key: value for key, value in run.hidden.items() if key != "claimed"}
    ctx.store.put(replace(run, doc=doc, hidden={**hidden, "completes_at": completed}, wake=None))
    flow = ctx.store.get("flows", run.doc["flowId"])
    if flow is None:
        return
    _note_rows(ctx, flow, run, job, result)
    # rule: last-run
    before = flow.doc.get("lastRunDetails")
    # Of runs at the same moment none has ended before the others began.
    if before is None or before["completedAtUTC"] <= doc["createdAt"]:
        flow.hidden["run_before"] = before
    flow.doc["lastRunDetails"] = run_view.last_run(doc)
    # rule: runs-move-etags
    if ctx.switches.runs_move_etags and not run.hidden.get("on_demand"):
        record_background_write(ctx.store, flow, ctx.now)
    _delete_oldest_run(ctx, flow, run)
    ctx.store.put(flow)


def _note_rows(ctx: RequestContext, flow: Record, run: Record, job: Job, result: RunResult) -> None:
    """Note which rows the next run leaves out."""
    if run.hidden.get("on_demand"):
        return
    if result.refusal is None:
        run_rows.record_exported_batches(flow, job.flow, job.increments, ctx.switches)
        return
    # rule: failed-run-rows
    if ctx.switches.failed_run_rows == "lost":
        run_rows.lose_rows(ctx.store, flow, run.hidden["datasets"], run.hidden["due_at"], ctx.switches)


def _delete_oldest_run(ctx: RequestContext, flow: Record, run: Record) -> None:
    """Keep the newest runs of a flow: a ring of slots, in which a new run removes the run that had its slot."""
    # rule: runs-kept
    flow.hidden["runs"] = number = flow.hidden.get("runs", 0) + 1
    kept = int(ctx.store.get_setting("runs_kept", RUNS_KEPT))
    place = f"{flow.id}/{number % kept}"
    oldest = ctx.store.get("runsKept", place)
    if oldest is not None:
        ctx.store.remove("runs", oldest.doc["run"])
    ctx.store.put(Record("runsKept", place, flow.sandbox, {"run": run.id}))
