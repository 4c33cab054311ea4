"""
The rows of the emulator's datasets: nothing is kept, every row follows from the dataset's id and the row's number.

A batch says which rows came in and when; the same batch gives the same lines for ever, so a test knows every row of
every file. Rows are lines of JSON: NDJSON files hold them as they are, Parquet files are read from them.
The emulator's users care for how many there are and that all arrive.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import pairwise

from exportctl.emulator.data import events, profiles
from exportctl.emulator.data.columns import Shape, json_text
from exportctl.emulator.data.schema_changes import change_columns, change_line
from exportctl.frozen import dataclass

EVENT, RECORD, SNAPSHOT = "event", "record", "snapshot"
KINDS = (EVENT, RECORD, SNAPSHOT)
COLUMNS: Mapping[str, Mapping[str, Shape]] = {
    EVENT: events.COLUMNS,
    RECORD: profiles.COLUMNS,
    SNAPSHOT: profiles.COLUMNS,
}

_LINE_WRITERS: Mapping[str, Callable[[str, int, bytes, int], str]] = {
    EVENT: events.line,
    RECORD: profiles.line,
    SNAPSHOT: profiles.line,
}


@dataclass(frozen=True)
class Batch:
    """
    `count` rows that came in together, numbered from `first`.

    They were ingested at `at`, whole seconds since 1970 UTC. Of an event dataset they happened, evenly and in order,
    in the `spread` seconds before. A piece of a batch keeps the times of its rows, so it knows how many rows of the
    whole come in front of it (`lead`) and behind it (`tail`).

    With a `version`, which counts from 1, they are new versions of rows that came in before, or say that these are
    `removed`. `schema` is the one of their table then.
    """

    first: int
    count: int
    at: int
    spread: int = 86400
    lead: int = 0
    tail: int = 0
    version: int = 0
    removed: bool = False
    schema: str = ""

    def moment(self, place: int) -> int:
        """When the event at `place`, counted from 0, happened: milliseconds, in [at - spread, at)."""
        whole = self.lead + self.count + self.tail
        return 1000 * (self.at - self.spread) + 1000 * self.spread * (self.lead + place) // whole

    def piece(self, start: int, stop: int) -> Batch:
        """Return the rows from `start` up to and without `stop`, both counted from 0."""
        if start == 0 and stop == self.count:
            return self  # as most pieces of a table with many changes are
        ahead, behind = self.lead + start, self.tail + self.count - stop
        return replace(self, first=self.first + start, count=stop - start, lead=ahead, tail=behind)


def columns(kind: str, schema: str = "") -> Mapping[str, Shape]:
    """Return the columns of a table of this kind and schema."""
    return change_columns(COLUMNS[kind], schema) if schema else COLUMNS[kind]


def lines(dataset: str, kind: str, batch: Batch, schema: str = "") -> Iterator[str]:
    """
    Every row as one line of JSON without its end, in order. `_id` is the dataset's id and the row's number.

    `schema` is the one of the table, which has all changes of the batch's own.
    """
    # rule: rows-made-up
    line, stem = _LINE_WRITERS[kind], json_text(dataset)[1:-1]
    seed = blake2b(dataset.encode(), digest_size=16)
    for place, number in enumerate(range(batch.first, batch.first + batch.count)):
        chance = _draw_bytes(seed, number, batch.version)
        moment = batch.moment(place) if kind == EVENT else 1000 * batch.at + batch.version
        text = line(stem, number, chance, moment)
        yield change_line(text, number, chance[15], batch.schema, schema) if schema else text


def _draw_bytes(seed: blake2b, number: int, version: int) -> bytes:
    """Return sixteen bytes for a row; the first four, which say when it was created, are those of its first version."""
    first = seed.copy()
    first.update(b":%d" % number)
    if not version:
        return first.digest()
    later = first.copy()
    later.update(b":%d" % version)
    return first.digest()[:4] + later.digest()[4:]


def trim_events(batch: Batch, oldest: float) -> Batch | None:
    """Return the events that happened at `oldest` (seconds since 1970 UTC) or later; None if there are none."""
    start = bisect_left(range(batch.count), 1000 * oldest, key=batch.moment)
    return batch.piece(start, batch.count) if start < batch.count else None


def row_count(batches: Iterable[Batch]) -> int:
    """How many rows they hold together."""
    return sum(batch.count for batch in batches)


def split_batches(batches: Sequence[Batch], files: int) -> list[list[Batch]]:
    """
    Return the same rows in the same order, for at most `files` files; their sizes differ by one row at most.

    No file is empty: there are fewer of them when there are fewer rows, and none without rows.
    """
    rows = row_count(batches)
    files = min(files, rows)
    edges = [rows * i // files for i in range(files + 1)] if files else []
    return [list(_pieces_between(batches, start, stop)) for start, stop in pairwise(edges)]


def _pieces_between(batches: Iterable[Batch], start: int, stop: int) -> Iterator[Batch]:
    """Return the pieces that hold the rows from `start` up to `stop`, counted over all batches."""
    passed = 0
    for batch in batches:
        low, high = max(start - passed, 0), min(stop - passed, batch.count)
        if low < high:
            yield batch.piece(low, high)
        passed += batch.count
