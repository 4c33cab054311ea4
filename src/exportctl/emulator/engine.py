"""
Carries out the runs that are due: claims one in the store, exports it without holding the store, and notes what became
of it.

    claim     a transaction: the run object exists, the tick is accounted for; nobody claims it twice
    export    no lock, no transaction: other requests go on meanwhile
    settle    a transaction: metrics, `lastRunDetails`, and what the next run need not export again

A process that dies in between leaves a claimed run. Whoever looks next, and finds that process gone, carries it out
again under the same id and the same names. Runs of one flow follow one another; runs of several, in order of time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from exportctl.emulator import ids, increments, run_objects
from exportctl.emulator.background import schedule_wake
from exportctl.emulator.exporting import ROWS_PER_FILE, Job, Result, export
from exportctl.emulator.increments import Increment
from exportctl.emulator.objects import BACKGROUND_ACTOR, BACKGROUND_CLIENT, Context
from exportctl.emulator.sinks.sink import StorageRefused
from exportctl.emulator.store import Record, Store
from exportctl.emulator.ticks import next_tick
from exportctl.emulator.wire import Json

RUNS_KEPT = 1000  # per flow, the newest; how long the service keeps them is not documented (U19)


class Engine:
    """
    One for each emulator. `now` is its time in seconds, `context` gives what an operation in a sandbox works with.
    `root` is the folder for storage without an endpoint; None: such storage takes everything and keeps nothing.
    """

    def __init__(self, store: Store, now: Callable[[], float], context: Callable[[str], Context], root: Path | None):
        self._store = store
        self._now = now
        self._context = context
        self._root = root
        self._one_at_a_time = threading.Lock()

    def run_due(self, *, wait: bool) -> None:
        """Carry out all that is due; without `wait`, nothing if another thread is at it already."""
        if not self._one_at_a_time.acquire(blocking=wait):
            return
        try:
            while (run := self._claimed()) is not None:
                self._carry_out(run)
        finally:
            self._one_at_a_time.release()

    def _carry_out(self, run: Record) -> None:
        ctx = self._context(run.sandbox)
        with ctx.store.transaction():
            job = self._job(ctx, run)
        result = Result(refused=job) if isinstance(job, StorageRefused) else export(job)
        with ctx.store.transaction():
            made = _empty_job(ctx, run) if isinstance(job, StorageRefused) else job
            _settle(self._context(run.sandbox), run, made, result)

    # -- claim ------------------------------------------------------------------------------------------------------

    def _claimed(self) -> Record | None:
        """The run that comes next: one that was claimed and left, else one of the flow whose tick is the earliest."""
        now = self._now()
        if not self._store.is_due(now):
            return None
        with self._store.transaction():
            due = self._store.due(now)
            runs = [one for one in due if one.collection == "runs"]
            busy = {run.doc["flowId"] for run in runs if _elsewhere(run)}
            waiting = [run for run in runs if not _elsewhere(run)]
            ticks = [
                (tick, flow)
                for flow in due
                if flow.collection == "flows" and flow.id not in busy
                for tick in [next_tick(flow.doc, flow.hidden.get("ticked_at", 0))]
                if tick is not None and tick <= now and "deleted_at" not in flow.hidden
            ]
            earliest = min(ticks, key=lambda one: (one[0], one[1].seq), default=None)
            left = min(waiting, key=lambda run: (run.hidden["tick"], run.seq), default=None)
            if left is not None and (earliest is None or left.hidden["tick"] <= earliest[0]):
                left.hidden["claimed"] = os.getpid()
                self._store.put(left)
                return left
            return None if earliest is None else self._claim(earliest[1], earliest[0])

    def _claim(self, flow: Record, tick: int) -> Record:
        """Make the runs of a tick; the first of them."""
        ctx = self._context(flow.sandbox)
        flow.hidden["ticked_at"] = tick
        flow.wake = schedule_wake(flow)
        ctx.store.put(flow)
        wanted = datasets_of(ctx, flow)
        # rule: run-scope
        groups = [[one] for one in wanted] if ctx.switches.run_scope == "dataset" and wanted else [wanted]
        made = [order(ctx, flow, group, tick) for group in groups]
        return made[0]

    # -- job --------------------------------------------------------------------------------------------------------

    def _job(self, ctx: Context, run: Record) -> Job | StorageRefused:
        flow = ctx.store.get("flows", run.doc["flowId"])
        target = flow and ctx.store.get("targetConnections", next(iter(flow.doc["targetConnectionIds"]), ""))
        base = target and ctx.store.get("connections", str(target.doc.get("baseConnectionId")))
        if flow is None or target is None or base is None:
            return StorageRefused("failed", "the flow, its target connection or its base connection is gone")
        wanted = _increments(ctx, run, flow)
        if isinstance(wanted, StorageRefused):
            return wanted
        return Job(
            run=run.id,
            tick=run.hidden["tick"],
            flow=flow.doc,
            target=target.doc,
            connection=base.doc,
            increments=wanted,
            names=_names(ctx, flow.doc, target.doc),
            switches=ctx.switches,
            settings=ctx.store.setting("storage", {}),
            root=self._root,
            rows_per_file=int(ctx.store.setting("rows_per_file", ROWS_PER_FILE)),
        )


def order(ctx: Context, flow: Record, datasets: Sequence[str], tick: float, *, on_demand: bool = False) -> Record:
    """
    A claimed run of a flow, to be carried out by whoever looks next.

    rule: run-object
    """
    doc = run_objects.begun(ctx, flow.doc, tick)
    hidden: Json = {"tick": tick, "listed_at": tick, "datasets": list(datasets), "claimed": os.getpid()}
    run = Record("runs", doc["id"], flow.sandbox, doc, hidden | ({"on_demand": True} if on_demand else {}), wake=tick)
    ctx.store.put(run)
    return run


def _elsewhere(run: Record) -> bool:
    """Is another process, which lives, at it?"""
    pid = int(run.hidden["claimed"])
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def datasets_of(ctx: Context, flow: Record) -> list[str]:
    source = ctx.store.get("sourceConnections", next(iter(flow.doc["sourceConnectionIds"]), ""))
    listed = source.doc["params"]["datasets"] if source else []
    return [str(entry["dataSetId"]) for entry in listed]


def _increments(ctx: Context, run: Record, flow: Record) -> tuple[Increment, ...] | StorageRefused:
    tick, found = run.hidden["tick"], []
    for id in run.hidden["datasets"]:
        dataset = ctx.store.get("datasets", id)
        # rule: dataset-gone
        if dataset is None or dataset.sandbox != run.sandbox:
            return StorageRefused("no-dataset", f"dataset {id} does not exist")
        on_demand = run.hidden.get("on_demand")
        found.append(
            increments.full(dataset, tick) if on_demand else increments.increment(flow, dataset, tick, ctx.switches)
        )
    return tuple(found)


def _names(ctx: Context, flow: Json, target: Json) -> dict[str, str]:
    """
    What the macros of folders stand for, but for datasets and times.

    rule: folder-macros
    """
    return {
        "DESTINATION": str(target.get("name", "")),
        "DESTINATION_NAME": str(target.get("name", "")),
        "DESTINATION_INSTANCE_ID": flow["id"],
        "DESTINATION_INSTANCE_NAME": str(flow["name"]),
        "SANDBOX_NAME": ctx.sandbox,
        "ORGANIZATION_NAME": ctx.organization.partition("@")[0],
    }


# -- settle -----------------------------------------------------------------------------------------------------------


def _empty_job(ctx: Context, run: Record) -> Job:
    flow = ctx.store.get("flows", run.doc["flowId"])
    nothing: Json = {"id": run.doc["flowId"], "sourceConnectionIds": [], "targetConnectionIds": []}
    doc = flow.doc if flow else nothing
    return Job(run.id, run.hidden["tick"], doc, {}, {}, (), {}, ctx.switches, {}, None)


def _settle(ctx: Context, run: Record, job: Job, result: Result) -> None:
    completed = run.hidden["tick"] + ctx.switches.run_duration
    doc = run_objects.over(run.doc, job, result, completed)
    hidden = {key: value for key, value in run.hidden.items() if key != "claimed"}
    ctx.store.put(replace(run, doc=doc, hidden={**hidden, "completes_at": completed}, wake=None))
    flow = ctx.store.get("flows", run.doc["flowId"])
    if flow is None:
        return
    if result.refused is None and not run.hidden.get("on_demand"):
        increments.settle(flow, job.increments, ctx.switches)
    # rule: last-run
    flow.hidden["run_before"] = flow.doc.get("lastRunDetails")
    flow.doc["lastRunDetails"] = run_objects.last_run(doc)
    # rule: runs-move-etags
    if ctx.switches.runs_move_etags and not run.hidden.get("on_demand"):
        flow.doc["etag"] = flow.doc["version"] = ids.etag(ctx.store.draw())
        flow.doc.update(updatedAt=ctx.now_ms, updatedBy=BACKGROUND_ACTOR, updatedClient=BACKGROUND_CLIENT)
    _forget_oldest(ctx, flow)
    ctx.store.put(flow)


def _forget_oldest(ctx: Context, flow: Record) -> None:
    # rule: runs-kept
    flow.hidden["runs"] = flow.hidden.get("runs", 0) + 1
    if flow.hidden["runs"] > RUNS_KEPT:
        oldest = next((r for r in ctx.store.all("runs", flow.sandbox) if r.doc["flowId"] == flow.id), None)
        if oldest is not None:
            ctx.store.remove("runs", oldest.id)
        flow.hidden["runs"] -= 1
