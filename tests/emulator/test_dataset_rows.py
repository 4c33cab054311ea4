"""Rows that change and go away, and columns that change: what runs export, and what the table holds at each moment."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from exportctl.emulator import SeedDataset
from exportctl.emulator.data.schema_changes import CHANGES
from tests.emulator.export_runs import HOUR, NDJSON, START, Exports, exports

PLAIN_PARQUET = {"datasetFileType": "PARQUET", "compression": "NONE"}
STEPS: list[dict[str, Any]] = [
    {"rows": 30},
    {"rows": 5, "update": 12},
    {"rows": 0, "update": 20, "remove": 4},
    {"rows": 3, "remove": 2},
    {"rows": 0, "update": 1},
]
Row = dict[str, Any]


@pytest.fixture
def made(tmp_path: Path) -> Iterable[Exports]:
    with exports(tmp_path / "storage") as found:
        yield found


def seed(made: Exports, kind: str, **more: Any) -> str:
    return made.emulator.seed(datasets={"dev": [SeedDataset("Data", kind=kind, **more)]})["dev"]["Data"]


def keyed(lines: Iterable[str]) -> dict[str, Row]:
    rows = [json.loads(line) for line in lines]
    assert len({row["_id"] for row in rows}) == len(rows)
    return {row["_id"]: row for row in rows}


def table(made: Exports, moment: float | None = None) -> dict[str, Row]:
    return keyed(made.emulator.table("dev", "Data", moment))


def read_parquet(query: str, path: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as database:
        rows: list[tuple[Any, ...]] = database.execute(query, [str(path)]).fetchall()
        return rows


def run_with(made: Exports, flow: str, **arrived: Any) -> list[Row]:
    """Let rows come in, and return what the next run exports."""
    made.emulator.advance(1)  # what comes in at the very moment of a run, after it, is for the next run
    made.emulator.ingest("dev", "Data", **arrived)
    before = set(made.files())
    made.emulator.advance(HOUR if len(made.runs(flow)) == 0 else 6 * HOUR)
    new = [path for path in made.files() if path not in before]
    return [json.loads(line) for path in new for line in gzip.decompress(path.read_bytes()).splitlines()]


def test_the_increments_of_a_record_dataset_are_its_table(made: Exports) -> None:
    flow = made.flow(seed(made, "record"))
    backup: dict[str, Row] = {}
    moments: list[float] = []
    for step in STEPS:
        before = dict(backup)
        exported = run_with(made, flow, **step)
        assert len({row["_id"] for row in exported}) == len(exported)
        backup |= {row["_id"]: row for row in exported}
        moments.append(made.emulator.now)

        assert backup == keyed(made.emulator.sent_rows("dev", "Data", moments))
        assert all(backup[id] == row for id, row in table(made).items())
        later = {id for id, row in backup.items() if id in before and row != before[id]}
        assert all(row_time(backup[id]) > row_time(before[id]) for id in later)
    assert 0 < len(backup) - len(table(made)) <= 6
    assert table(made, START) == {}


def row_time(row: Row) -> str:
    return str(row["_repo"]["modifyDate"])


def test_each_run_of_a_snapshot_dataset_is_the_table_then(made: Exports) -> None:
    flow = made.flow(seed(made, "snapshot"))
    moments = []
    for step in STEPS:
        exported = run_with(made, flow, **step)
        moments.append((made.emulator.now, {row["_id"]: row for row in exported}))
        assert len(exported) == len(moments[-1][1])

    for moment, snapshot in moments:
        assert table(made, moment) == snapshot
    assert len(moments[-1][1]) < 38


def test_one_more_arrival_costs_no_more_after_many(made: Exports) -> None:
    """Neither the dataset nor its older batches are written again."""
    id = seed(made, "record", rows=10)
    sizes = []
    for _ in range(2):
        for _ in range(20):
            made.emulator.ingest("dev", "Data", 1, update=1)
        dataset = made.emulator.store.get("datasets", id)
        assert dataset is not None
        sizes.append(len(json.dumps(dataset.hidden)))

    assert sizes[0] == sizes[1]
    assert len(made.emulator.batches("dev", "Data")) == 81


def test_events_neither_change_nor_go_away(made: Exports) -> None:
    seed(made, "event", rows=5)

    refusals: list[dict[str, Any]] = [{"update": 1}, {"remove": 1}]
    for refused in refusals:
        with pytest.raises(ValueError, match="events do not change"):
            made.emulator.ingest("dev", "Data", 1, **refused)
    assert len(table(made)) == 5


def test_what_cannot_come_in_is_refused(made: Exports) -> None:
    seed(made, "record", rows=5)

    with pytest.raises(ValueError, match="has 5 rows"):
        made.emulator.ingest("dev", "Data", 0, update=6)
    with pytest.raises(ValueError, match="there are added, nested"):
        made.emulator.ingest("dev", "Data", 1, change="wide")
    with pytest.raises(ValueError, match="one of them from 1"):
        made.emulator.ingest("dev", "Data", 0)
    assert len(table(made)) == 5


@pytest.mark.parametrize("kind", ["event", "record"])
def test_a_change_of_the_schema_shows_in_the_files_that_follow(made: Exports, kind: str) -> None:
    id = seed(made, kind)
    flow = made.flow(id, params=PLAIN_PARQUET)
    types = {}
    for change in (None, *CHANGES):
        made.emulator.ingest("dev", "Data", 40, change=change)
        before = set(made.files())
        made.emulator.advance(6 * HOUR)
        (path,) = set(made.files()) - before
        types[change] = {row[0]: row[1] for row in read_parquet("DESCRIBE SELECT * FROM read_parquet(?)", path)}

    assert [types[name]["score"] for name in CHANGES] == ["INTEGER", "INTEGER", "BIGINT", "DOUBLE", "VARCHAR"]
    assert "score" not in types[None]
    parent = "device" if kind == "event" else "person"
    assert [" rank " in types[name][parent].replace("(", " ") for name in (None, "added", "nested")] == [
        False,
        False,
        True,
    ]
    points = [str(types[name]).count("points BIGINT") for name in ("long", "double")]
    assert points[0] > points[1] == 0
    assert len(made.runs(flow)) == 6


@pytest.mark.parametrize("changes", [("added",), ("nested",), ("long",), ("added", "double"), ("double", "text")])
def test_json_and_parquet_hold_the_same_rows_after_a_change(made: Exports, changes: tuple[str, ...]) -> None:
    """A snapshot has rows from before the change and after it in one file."""
    id = seed(made, "snapshot", rows=30)
    made.flow(id, params=NDJSON)
    made.flow(id, params=PLAIN_PARQUET)
    for change in changes:
        made.emulator.ingest("dev", "Data", 30, change=change)
    made.emulator.advance(HOUR)

    ((packed, columns),) = zip(made.files("*.json.gz"), made.files("*.parquet"), strict=True)
    rows = [json.loads(line) for line in gzip.decompress(packed.read_bytes()).splitlines()]
    assert rows == list(table(made).values())
    names = [row[0] for row in read_parquet("DESCRIBE SELECT * FROM read_parquet(?)", columns)]
    read = [dict(zip(names, row, strict=True)) for row in read_parquet("SELECT * FROM read_parquet(?)", columns)]
    assert [row.get("score") for row in read] == [row.get("score") for row in rows]
    assert [row["person"].get("rank") for row in read] == [row["person"].get("rank") for row in rows]
    points = [(row["loyalty"] or {}).get("points") for row in read]
    assert points == [row.get("loyalty", {}).get("points") for row in rows]
    has_score = changes != ("nested",)
    assert [("score" in row) for row in rows] == [False] * 30 + [has_score] * (len(rows) - 30)


def test_a_dataset_may_have_a_change_from_the_beginning(made: Exports) -> None:
    seed(made, "record", rows=3, change="added")

    assert all(type(row["score"]) is int for row in table(made).values())
