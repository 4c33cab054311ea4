"""
Which rows a run exports: everything the first time, then what was ingested since the last run that succeeded.

On the flow, `Record.hidden["exported"]` holds what was exported: the source connection and the schedule it is true for,
and per dataset how many of its batches are done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exportctl.emulator import dataset_rows
from exportctl.emulator.data import rows, versions
from exportctl.emulator.data.rows import Batch
from exportctl.emulator.delayed_effects import next_run_time
from exportctl.emulator.store import Record, Store
from exportctl.emulator.switches import Switches
from exportctl.emulator.wire import Json
from exportctl.frozen import dataclass

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
    schema: str = ""  # of the table when the run is due

    @property
    def count(self) -> int:
        return rows.row_count(self.batches)


def increment(store: Store, flow: Record | None, dataset: Record, tick: float, switches: Switches) -> Increment:
    """
    Return the rows of one dataset that the run due at `tick` (seconds) exports.

    Without a flow, in an export on demand, these are all rows, whatever was exported before.
    """
    # rule: increments
    kind, done = dataset_rows.kind_of(dataset), None  # of the batches, how many are exported; None: a full export
    if flow is not None and (flow.doc.get("scheduleParams") or {}).get("interval"):
        done = _exported_counts(flow.hidden, flow.doc, switches).get(dataset.id)
    is_full = done is None or kind == rows.SNAPSHOT
    known = dataset_rows.batches(store, dataset, 0 if is_full else done or 0)
    # A clock that was set back undoes no export.
    taken = max(sum(batch.at <= tick for batch in known), done or 0 if is_full else 0)
    chosen, upto = _chosen_rows(kind, known[:taken], tick, switches), taken + (0 if is_full else done or 0)
    schema = dataset_rows.schema_at(store, dataset, upto)
    return Increment(dataset.id, str(dataset.doc["name"]), kind, tuple(chosen), upto, is_full, schema)


def _chosen_rows(kind: str, arrived: Sequence[Batch], tick: float, switches: Switches) -> Sequence[Batch]:
    """Return what a run exports of what arrived. It does not tell of rows that were removed."""
    # rule: events-of-a-year
    if kind == rows.EVENT:
        return [kept for batch in arrived if (kept := rows.trim_events(batch, tick - YEAR))]
    # rule: record-versions
    if kind == rows.RECORD and switches.record_versions == "all":
        return versions.drop_removed_rows(arrived)
    return versions.newest_rows(arrived)


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
    lost = {
        one.id: max(known.get(one.id, 0), sum(batch.at <= upto for batch in dataset_rows.batches(store, one)))
        for one in found
    }
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
