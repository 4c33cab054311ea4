"""
The rows of a dataset: which batches came in, and what its table holds at a moment.

Each batch is an object of a collection of the dataset, so that one more costs the same however many there are. A batch
never changes, and batches only come at the end. On the dataset, `Record.hidden["arrived"]` counts them, and their rows
and versions. `hidden["batches"]` has those of a store that kept them there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b

from exportctl.emulator.data import rows, versions
from exportctl.emulator.data.rows import Batch
from exportctl.emulator.data.schema_changes import CHANGES, add_change
from exportctl.emulator.store import Record, Store
from exportctl.emulator.wire import Json
from exportctl.frozen import dataclass


@dataclass(frozen=True)
class Arrival:
    """
    What comes into a dataset at once.

    New rows, new versions of rows that it has, and rows that go away, in this order. Events happened in the `spread`
    seconds before. From now on the rows have the schema after `change`.
    """

    rows: int = 0
    updated: int = 0
    removed: int = 0
    spread: int = 86400
    change: str | None = None


def kind_of(dataset: Record) -> str:
    return str(dataset.hidden.get("kind", rows.RECORD))


def batches(store: Store, dataset: Record, start: int = 0) -> list[Batch]:
    """Everything that came in, in order, from the batch with this number on."""
    stored = dataset.hidden.get("batches", [])[start:]
    later = store.list_from(_collection(dataset), _batch_id(start))
    return [Batch(**doc) for doc in (*stored, *(record.doc for record in later))]


def schema_at(store: Store, dataset: Record, count: int) -> str:
    """Return the schema of the table after so many batches."""
    if "schema" not in dataset.hidden or not count:
        return ""
    return batches(store, dataset, count - 1)[0].schema


def row_total(dataset: Record) -> int:
    """Return how many rows were added, those that were removed again included."""
    return int(_arrival_counts(dataset)["rows"])


def add_arrival(store: Store, dataset: Record, arrival: Arrival, at: int) -> list[Batch]:
    """
    Let rows come in, change and go; the caller stores the dataset.

    Raises:
        ValueError: the dataset cannot take it.
    """
    count = _arrival_counts(dataset)
    _check_arrival(arrival, kind_of(dataset), count["rows"])
    if arrival.change is not None:
        dataset.hidden["schema"] = add_change(str(dataset.hidden.get("schema", "")), arrival.change)
    made = _new_batches(dataset, arrival, at, count)
    for place, batch in enumerate(made, count["batches"]):
        store.put(Record(_collection(dataset), _batch_id(place), dataset.sandbox, _stored_form(batch)))
    dataset.hidden["arrived"] = {
        "batches": count["batches"] + len(made),
        "rows": count["rows"] + arrival.rows,
        "versions": count["versions"] + sum(batch.version > 0 for batch in made),
    }
    return made


def _new_batches(dataset: Record, arrival: Arrival, at: int, count: Json) -> list[Batch]:
    total, version, schema = count["rows"], count["versions"], str(dataset.hidden.get("schema", ""))
    made = [Batch(total, arrival.rows, at, arrival.spread, schema=schema)] if arrival.rows else []
    for changed, removed in ((arrival.updated, False), (arrival.removed, True)):
        if changed:
            version += 1
            first = _draw_place(dataset.id, version, total - changed + 1)
            made.append(Batch(first, changed, at, arrival.spread, version=version, removed=removed, schema=schema))
    return made


def _arrival_counts(dataset: Record) -> Json:
    """Return how many batches, rows and versions came in."""
    stored = dataset.hidden.get("batches", [])
    rows = sum(batch["count"] for batch in stored)
    counts: Json = dataset.hidden.get("arrived", {"batches": len(stored), "rows": rows, "versions": 0})
    return counts


def _collection(dataset: Record) -> str:
    return f"batches/{dataset.id}"


def _batch_id(place: int) -> str:
    return f"{place:09d}"


def table(store: Store, dataset: Record, moment: float) -> Iterator[str]:
    """Return the rows of the table at a moment, each as one line of JSON, in the order of their numbers."""
    known = [batch for batch in batches(store, dataset) if batch.at <= moment]
    yield from _lines(dataset, versions.newest_rows(known))


def sent_rows(store: Store, dataset: Record, moments: Sequence[float]) -> Iterator[str]:
    """
    Return what increments at these moments have sent together: of each row the last version, as lines of JSON.

    A row that went away is still in it, in the version of the last moment at which it was there.
    """
    known, sent, since = batches(store, dataset), [], float("-inf")
    for moment in moments:
        arrived = [batch for batch in known if since < batch.at <= moment]
        sent += versions.newest_rows(arrived)
        since = moment
    yield from _lines(dataset, versions.newest_rows(sent))


def _lines(dataset: Record, pieces: Sequence[Batch]) -> Iterator[str]:
    schema = max((piece.schema for piece in pieces), key=len, default="")  # changes only ever add to it
    for piece in pieces:
        yield from rows.lines(dataset.id, kind_of(dataset), piece, schema)


def _check_arrival(arrival: Arrival, kind: str, total: int) -> None:
    if arrival.change is not None and arrival.change not in CHANGES:
        raise ValueError(f"no change of a schema is called {arrival.change!r}; there are {', '.join(CHANGES)}")
    if kind == rows.EVENT and (arrival.updated or arrival.removed):
        raise ValueError("events do not change and do not go away: name a dataset of kind record or snapshot")
    if max(arrival.updated, arrival.removed) > total:
        raise ValueError(f"the dataset has {total} rows: no more of them can change or go away")


def _draw_place(dataset: str, version: int, places: int) -> int:
    """Return a number below `places` that follows from the dataset and the version."""
    return int.from_bytes(blake2b(f"{dataset}:{version}".encode(), digest_size=8).digest()) % places


def _stored_form(batch: Batch) -> Json:
    plain = vars(Batch(0, 0, 0))
    needed = ("first", "count", "at")
    return {name: value for name, value in vars(batch).items() if name in needed or value != plain[name]}
