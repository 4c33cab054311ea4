"""What DuckDB says of files, and how it ends."""

from __future__ import annotations

import gzip
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from exportctl.engines.duckdb import DuckDb, open_duckdb
from exportctl.engines.engine import EngineError
from exportctl.errors import Error
from exportctl.restore.columns import Column, Columns, ListOf, Scalar, Struct
from exportctl.restore.source import RestoreFile
from exportctl.restore.table import ConflictError, build_table
from exportctl.storage.row_count import BadFile
from tests.restore.sample_sources import LINES, PARQUET

S = Scalar


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDb]:
    with open_duckdb(tmp_path) as found:
        yield found


def lines(*rows: Any) -> bytes:
    return gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())


def columns_of(engine: DuckDb, folder: Path, content: bytes, name: str = "part-0.json.gz") -> Columns:
    path = folder / name
    path.write_bytes(content)
    file = RestoreFile(name, len(content), 1, LINES if name.endswith(".gz") else PARQUET)
    (found,) = engine.file_columns([(file, str(path))])
    return found.columns


@pytest.mark.parametrize(
    ("rows", "type"),
    [
        ([1, 2], S.LONG),
        ([1, 2.5], S.DOUBLE),
        ([2**70], S.DOUBLE),
        (["2026-11-29", "2026-11-29T00:00:00Z"], S.TEXT),
        (["0B8C5520-9999-4CFF-BDF5-1F32C8C47CB9"], S.TEXT),
        ([True, None], S.BOOLEAN),
        ([None], S.NULL),
        ([[], [1]], ListOf(S.LONG)),
        ([{}, {}], S.EMPTY_OBJECT),
        ([{}, {"b": 1}], Struct((Column("b", S.LONG),))),
        ([[{}]], ListOf(S.EMPTY_OBJECT)),
        ([1, "x"], S.MIXED),
        ([[1, "x"]], ListOf(S.MIXED)),
        ([{}, 1], S.MIXED),
    ],
    ids=str,
)
def test_the_type_of_a_column_of_json(engine: DuckDb, tmp_path: Path, rows: list[Any], type: object) -> None:
    """A text stays a text, whatever it looks like."""
    assert columns_of(engine, tmp_path, lines(*({"a\"'b": row} for row in rows))) == (Column("a\"'b", type),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (lines({"a": 1})[:-3], "part.json.gz", "cut short"),
        (b"no gzip", "part.json.gz", "not gzip"),
        (gzip.compress(b"[1]\n"), "part.json.gz", "not a JSON object"),
        (gzip.compress(b'{"a": 1}\n{"a"\n'), "part.json.gz", "line 2 is not a JSON object"),
        (b"PAR1 and no more than this PAR1", "part.parquet", "footer"),
        (b"", "part.parquet", "not a Parquet file"),
    ],
    ids=["cut", "not packed", "no object", "cut line", "cut Parquet", "empty Parquet"],  # gzip holds a time
)
def test_a_file_that_cannot_be_read_is_named_in_our_own_words(
    engine: DuckDb, tmp_path: Path, content: bytes, name: str, said: str
) -> None:
    with pytest.raises(BadFile, match=said) as raised:
        columns_of(engine, tmp_path, content, name)
    assert raised.value.path == name


def test_a_file_without_rows_has_no_columns(engine: DuckDb, tmp_path: Path) -> None:
    assert columns_of(engine, tmp_path, gzip.compress(b"")) == ()


def test_mixed_values_are_a_conflict_with_the_name_of_their_file(engine: DuckDb, tmp_path: Path) -> None:
    path = tmp_path / "part-0"
    path.write_bytes(lines({"a": {"b": 1}}, {"a": {"b": "x"}}))
    found = list(engine.file_columns([(RestoreFile("part-0", 1, 1, LINES), str(path))]))
    with pytest.raises(ConflictError, match=r"a\.b has values of several types in one file \(part-0 "):
        build_table("Orders", found)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ('1 AS "Id", 2 AS id_1', None),
        ('1 AS "Id", 2 AS id', "two columns id"),
        ("{'Aa': 1, 'b': [{'c': 1}]} AS s, {'x_1': 1} AS t", None),
        ("TIME '10:00' AS z", "column z has the type TIME"),
    ],
)
def test_a_column_that_a_restore_cannot_hold_is_named_with_its_file(
    engine: DuckDb, tmp_path: Path, query: str, said: str | None
) -> None:
    """DuckDB itself shows the second one of `Id` and `id` as `id_1`."""
    path = tmp_path / "part-0.parquet"
    engine.execute(
        f"COPY (SELECT {query.replace(' AS id', ' AS jd') if said == 'two columns id' else query}) TO '{path}'"
    )
    if said == "two columns id":
        path.write_bytes(path.read_bytes().replace(b"jd", b"id"))
    files = [(RestoreFile("part-0.parquet", path.stat().st_size, 1, PARQUET), str(path))]
    if said is None:
        assert list(engine.file_columns(files))
        return
    with pytest.raises(BadFile, match=said) as raised:
        list(engine.file_columns(files))
    assert raised.value.path == "part-0.parquet"


@pytest.mark.parametrize(
    "query",
    [
        "CAST('hush' AS INT)",
        "CAST('hush' AS DATE)",
        "CAST('hush' AS DECIMAL(3, 1))",
        """from_json_strict('{"a": "hush"}', '{"a": "INT"}')""",
        """from_json_strict('{"a": "hush"}', '{"a": "STRUCT(b INT)"}')""",
        """from_json_strict('{"a": {"hush": 1}}', '{"a": "BOOLEAN"}')""",
    ],
)
def test_an_error_repeats_no_value_of_a_row(engine: DuckDb, query: str) -> None:
    with pytest.raises(EngineError) as raised:
        engine.execute(f"SELECT {query}")
    assert "hush" not in str(raised.value)


def test_an_interrupt_ends_a_query(engine: DuckDb) -> None:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt):
            engine.execute("SELECT count(*) FROM range(10000000) a, range(1000) b WHERE a.range % 7 = b.range % 3")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def test_an_error_does_not_repeat_the_statement(engine: DuckDb) -> None:
    with pytest.raises(EngineError) as raised:
        engine.execute("SELECT secret FROM nowhere")
    assert "secret" not in str(raised.value)


def test_no_extension_is_loaded(engine: DuckDb) -> None:
    with pytest.raises(EngineError):
        engine.execute("SELECT * FROM 's3://bucket/a.parquet'")


def test_a_size_that_is_none_is_explained(tmp_path: Path) -> None:
    with pytest.raises(Error) as raised, open_duckdb(tmp_path, "much"):
        pass
    assert (raised.value.rule, "512MB" in (raised.value.hint or "")) == ("restore-engine", True)
