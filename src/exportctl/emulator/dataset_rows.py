"""
The rows of a dataset: which batches came in, and what its table holds at a moment.

On the dataset, `Record.hidden["batches"]` holds the batches. A batch never changes, and batches only come at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b

from exportctl.emulator.data import rows, versions
from exportctl.emulator.data.rows import Batch
from exportctl.emulator.data.schema_changes import CHANGES, add_change
from exportctl.emulator.store import Record

_PLAIN = {name: value for name, value in asdict(Batch(0, 0, 0)).items() if name in ("version", "removed", "schema")}


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


def batches(dataset: Record) -> list[Batch]:
    """Everything that came in, in order."""
    return [Batch(**stored) for stored in dataset.hidden.get("batches", [])]


def row_total(known: list[Batch]) -> int:
    """Return how many rows were added, those that were removed again included."""
    return max((batch.first + batch.count for batch in known), default=0)


def add_arrival(dataset: Record, arrival: Arrival, at: int) -> list[Batch]:
    """
    Let rows come in, change and go; the caller stores the dataset.

    Raises:
        ValueError: the dataset cannot take it.
    """
    known = batches(dataset)
    total = row_total(known)
    _check_arrival(arrival, kind_of(dataset), total)
    if arrival.change is not None:
        dataset.hidden["schema"] = add_change(str(dataset.hidden.get("schema", "")), arrival.change)
    schema = str(dataset.hidden.get("schema", ""))
    made = [Batch(total, arrival.rows, at, arrival.spread, schema=schema)] if arrival.rows else []
    for count, removed in ((arrival.updated, False), (arrival.removed, True)):
        if count:
            version = 1 + sum(batch.version > 0 for batch in (*known, *made))
            first = _draw_place(dataset.id, version, total - count + 1)
            made.append(Batch(first, count, at, arrival.spread, version=version, removed=removed, schema=schema))
    dataset.hidden["batches"] = [_stored_form(batch) for batch in (*known, *made)]
    return made


def table(dataset: Record, moment: float) -> Iterator[str]:
    """Return the rows of the table at a moment, each as one line of JSON, in the order of their numbers."""
    known = [batch for batch in batches(dataset) if batch.at <= moment]
    yield from _lines(dataset, versions.newest_rows(known))


def sent_rows(dataset: Record, moments: Sequence[float]) -> Iterator[str]:
    """
    Return what increments at these moments have sent together: of each row the last version, as lines of JSON.

    A row that went away is still in it, in the version of the last moment at which it was there.
    """
    sent, since = [], float("-inf")
    for moment in moments:
        arrived = [batch for batch in batches(dataset) if since < batch.at <= moment]
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


def _stored_form(batch: Batch) -> dict[str, object]:
    """Return what is kept of a batch: emulators without versions and schemas read it as long as it has none."""
    return {name: value for name, value in asdict(batch).items() if name not in _PLAIN or value != _PLAIN[name]}
