"""Which rows an upsert keeps, what is counted, and what the report says of it: by files written by hand."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exportctl.engines.duckdb import open_duckdb
from exportctl.restore import questions
from exportctl.restore.engine import Engine
from exportctl.restore.report import KeyCounts, RestoreCheck, TableFacts, judge_table, unreadable_table
from exportctl.restore.script import build_script, query_text
from exportctl.restore.source import RestoreFile, RestoreSource
from exportctl.restore.table import build_table
from tests.restore.sample_sources import APPEND, GAP, LINES, UPSERT, source_of

Row = dict[str, Any]


def restore(folder: Path, runs: list[list[list[Row]]], key: str | None = "_id") -> tuple[list[Any], RestoreCheck]:
    """The rows of the column `v`, and the check: of runs, each with files, each with rows."""
    files = []
    for run, contents in enumerate(runs, start=1):
        for number, rows in enumerate(contents):
            path = folder / f"run-{run}-part-{number}.json.gz"
            path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
            files.append(RestoreFile(str(path), path.stat().st_size, run, LINES))
    combination = replace(UPSERT, key=key) if key else APPEND
    source = source_of(*files, combination=combination, runs=len(runs))
    with open_duckdb(folder) as engine:
        table = build_table("Orders", list(engine.file_columns((file, file.path) for file in files)))
        script = build_script(source, table, Engine.DUCKDB, lambda file: file.path)
        for statement in script.statements:
            engine.execute(statement)
        kept = engine.execute(f"SELECT v FROM ({query_text(script.query, Engine.DUCKDB)}) ORDER BY v")
        counted = None
        if script.key is not None:
            question = questions.key_counts(table, script.tables, script.key)
            ((keys, ambiguous, without),) = engine.execute(query_text(question, Engine.DUCKDB))
            counted = KeyCounts(keys, ambiguous, without)
    facts = TableFacts({file.path: 0 for file in files}, len(kept), counted)
    return [one[0] for one in kept], judge_table(source, table, facts, accept_incomplete=False)


def row(key: str | None, value: int) -> Row:
    return {"_id": key, "v": value}


@pytest.mark.parametrize(
    ("runs", "kept", "said"),
    [
        ([[[row("a", 1), row("b", 2)]], [[row("a", 3)]]], [2, 3], ()),
        ([[[row("a", 9)]], [[row("b", 1)]], [[row("a", 2)]]], [1, 2], ()),
        ([[[row("a", 1)], [row("a", 2)]]], [2], ("one run holds a key _id in several rows, 1 time",)),
        ([[[row("a", 1)], [row("a", 2)]], [[row("a", 3)]]], [3], ("one run holds a key _id in several rows, 1 time",)),
        ([[[row(None, 1), row(None, 2), row("a", 3)]]], [1, 2, 3], ("2 rows without a value of the key _id",)),
        ([[[]], [[row("a", 1)]]], [1], ()),
    ],
    ids=["newer run", "no order in time of values", "twice in a run", "decided later", "no key", "empty file"],
)
def test_the_newest_row_of_each_key_stays(
    tmp_path: Path, runs: list[list[list[Row]]], kept: list[int], said: tuple[str, ...]
) -> None:
    found, check = restore(tmp_path, runs)
    assert found == kept
    assert [failure.partition(":")[0] for failure in check.failures] == list(said)


def test_a_key_inside_an_object(tmp_path: Path) -> None:
    rows = [{"_acme": {"crm": {"id": "x"}}, "v": 1}, {"_acme": {"crm": {"id": "y"}}, "v": 2}]
    newer = [{"_acme": {"crm": {"id": "x"}, "new": True}, "v": 3}]
    found, check = restore(tmp_path, [[rows], [newer]], key="_acme.crm.id")
    assert (found, check.keys, check.failures) == ([2, 3], 2, ())


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("no", "the key no is no column of these files"),
        ("_acme", "the key _acme is of type object, which identifies no row"),
    ],
)
def test_a_key_that_is_no_column_fails(tmp_path: Path, key: str, said: str) -> None:
    _, check = restore(tmp_path, [[[{"_acme": {"a": 1}, "v": 1}]]], key=key)
    assert [failure.partition(" (")[0] for failure in check.failures] == [said]


def test_without_a_key_all_rows_stay(tmp_path: Path) -> None:
    assert restore(tmp_path, [[[row("a", 1)]], [[row("a", 2)]]], key=None)[0] == [1, 2]


def judged(source: RestoreSource, rows: int, **more: Any) -> tuple[str, ...]:
    table = build_table("Orders", [])
    facts = TableFacts({file.path: rows for file in source.files}, rows)
    return judge_table(source, table, facts, accept_incomplete=more.get("accept", False)).failures


def test_rows_that_a_run_did_not_write_and_a_broken_chain_fail() -> None:
    source = source_of(RestoreFile("part-0", 1, 1, LINES), RestoreFile("part-1", 1, 1, LINES), runs=1)
    counted = replace(source, runs=(replace(source.runs[0], rows=4),))
    assert judged(source, 3) == judged(counted, 2) == ()
    assert judged(counted, 3)[0].endswith("wrote 4 rows, its files hold 6: part-0 and 1 more")

    broken = replace(counted, state=GAP, problems=("GAP: a file is gone",))
    assert ["the backup is GAP up to" in failure for failure in judged(broken, 2)] == [True]
    assert judged(broken, 2, accept=True) == ()
    assert unreadable_table(broken, "why", accept_incomplete=True).failures == ("why",)


def test_a_name_with_pattern_characters_means_its_own_file_and_no_other(tmp_path: Path) -> None:
    """`a[1]*?` as a pattern would find the folders beside it."""
    for name in ("a1x", "a[1]*?", "a1*? {x,y} 100%'s"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run-1-part-0.json.gz").write_bytes(gzip.compress(b'{"_id": "other", "v": 99}\n'))
    for name in ("a[1]*?", "a1*? {x,y} 100%'s"):
        assert restore(tmp_path / name, [[[row("a", 1)]], [[row("a", 2)]]])[0] == [2]


def test_empty_objects_and_nulls_alone_have_a_type(tmp_path: Path) -> None:
    rows = [{"_id": "a", "v": 1, "empty": {}, "none": None, "list": []}, {"_id": "b", "v": 2}]
    found, check = restore(tmp_path, [[rows]])
    assert (found, check.columns, check.failures) == ([1, 2], 5, ())
