"""
Which rows a run exports: everything the first time, then what was ingested since the last run that succeeded.

On the flow, `Record.hidden["exported"]` holds what was exported: the source connection and the schedule it is true for,
and per dataset how many of its batches are done. A batch never changes, and batches only come at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from exportctl.emulator.data import rows
from exportctl.emulator.data.rows import Batch
from exportctl.emulator.delayed_effects import next_run_time
from exportctl.emulator.store import Record, Store
from exportctl.emulator.switches import Switches
from exportctl.emulator.wire import Json

YEAR = 365 * 86400  # how far back events are exported [GR]
UNCOMPRESSED_MAXIMUM = 1_000_000  # records of a full export in uncompressed Parquet [GR]


@dataclass(frozen=True)
class Increment:
    """The rows of one dataset for one run. `exported_count` batches are exported once it has succeeded."""

    dataset: str
    name: str
    kind: str
    batches: tuple[Batch, ...]
    exported_count: int
    full: bool

    @property
    def count(self) -> int:
        return rows.row_count(self.batches)


def batches(dataset: Record) -> list[Batch]:
    """All rows of a dataset, in the order they came in."""
    return [Batch(**stored) for stored in dataset.hidden.get("batches", [])]


def add_batch(dataset: Record, count: int, at: int, spread: int = 86400) -> Batch:
    """Let rows come in."""
    known = batches(dataset)
    last = known[-1] if known else None
    made = Batch(last.first + last.count if last else 0, count, at, spread)
    dataset.hidden["batches"] = [asdict(batch) for batch in (*known, made)]
    return made


def increment(flow: Record | None, dataset: Record, tick: float, switches: Switches) -> Increment:
    """
    Return the rows of one dataset that the run due at `tick` (seconds) exports.

    Without a flow, in an export on demand, these are all rows, whatever was exported before.
    """
    # rule: increments
    known, done = batches(dataset), None  # of the batches, how many are exported; None: everything is to be exported
    if flow is not None and (flow.doc.get("scheduleParams") or {}).get("interval"):
        done = _exported_counts(flow.hidden, flow.doc, switches).get(dataset.id)
    upto = max(done or 0, sum(batch.at <= tick for batch in known))  # a clock that was set back undoes no export
    chosen: Sequence[Batch] = known[done or 0 : upto]
    kind = str(dataset.hidden.get("kind", rows.RECORD))
    # rule: events-of-a-year
    if kind == rows.EVENT:
        chosen = [kept for batch in chosen if (kept := rows.trim_events(batch, tick - YEAR))]
    return Increment(dataset.id, str(dataset.doc["name"]), kind, tuple(chosen), upto, full=done is None)


def _exported_counts(hidden: Json, doc: Json, switches: Switches) -> dict[str, int]:
    """Of what was exported, what still counts for a flow as `doc` has it: batches per dataset."""
    exported: Json = hidden.get("exported") or {}
    # rule: dataset-change
    if not exported or (switches.dataset_change == "restart" and exported["source"] != _source_id(doc)):
        return {}
    # rule: schedule-change
    if switches.schedule_change == "restart" and exported["schedule"] != _schedule_settings(doc):
        return {}
    counts: dict[str, int] = exported["counts"]
    return counts


def record_exported_batches(flow: Record, ran: Json, done: Sequence[Increment], switches: Switches) -> None:
    """Note on a flow what a run has exported; `ran` is the flow's document as it was when the run began."""
    counts = _exported_counts(flow.hidden, ran, switches) | {one.dataset: one.exported_count for one in done}
    _note_exported(flow, ran, counts)


def lose_rows(store: Store, flow: Record, datasets: Iterable[str], upto: float, switches: Switches) -> None:
    """Count the rows that came in up to a moment as exported, although no run sent them. The caller stores the flow."""
    known = _exported_counts(flow.hidden, flow.doc, switches)
    found = [dataset for id in datasets if (dataset := store.get("datasets", id)) is not None]
    lost = {one.id: max(known.get(one.id, 0), sum(batch.at <= upto for batch in batches(one))) for one in found}
    _note_exported(flow, flow.doc, known | lost)


def lose_missed_rows(store: Store, flow: Record, now: float, switches: Switches) -> None:
    """Lose the rows of the runs that a flow missed while it was disabled; a full export that it missed comes later."""
    # rule: missed-run-rows
    if switches.missed_run_rows != "lost":
        return
    missed, after = None, flow.hidden.get("disabled_at", now)
    while (tick := next_run_time(flow.doc, after)) is not None and tick <= now:
        missed = after = tick
    if missed is not None and "exported" in flow.hidden:
        lose_rows(store, flow, [*_exported_counts(flow.hidden, flow.doc, switches)], missed, switches)


def _note_exported(flow: Record, ran: Json, counts: dict[str, int]) -> None:
    flow.hidden["exported"] = {"source": _source_id(ran), "schedule": _schedule_settings(ran), "counts": counts}


def _source_id(doc: Json) -> str:
    return str(next(iter(doc.get("sourceConnectionIds", ())), ""))


def _schedule_settings(doc: Json) -> list[object]:
    schedule = doc.get("scheduleParams") or {}
    return [schedule.get("exportMode"), schedule.get("timeUnit"), str(schedule.get("interval"))]
