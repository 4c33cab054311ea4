"""Export files hold exactly the rows: read back by readers that share no code with what wrote them."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from exportctl.emulator.data.columns import BOOLEAN, DATE, INTEGER, NUMBER, TEXT, TIME, MapType, Shape
from exportctl.emulator.data.encoding import CHUNK, Encoding, write_file
from exportctl.emulator.data.rows import COLUMNS, EVENT, RECORD, Batch, split_batches
from exportctl.emulator.storage.sink import StorageRefused
from tests.emulator.export_runs import exported_row

if TYPE_CHECKING:
    from arro3.core import Table

DATASET = "65a1b2c3d4e5f60718293a4b"
# Counts that do not divide the seconds: times have milliseconds. The last brings rows that were there before.
BATCHES = (Batch(0, 307, 1767225600), Batch(307, 1, 1767229200), Batch(17, 211, 1767312000, 3600))
ROWS = {
    kind: [exported_row(DATASET, kind, b.first + place, b) for b in BATCHES for place in range(b.count)]
    for kind in (EVENT, RECORD)
}
KINDS = pytest.mark.parametrize("kind", [EVENT, RECORD])
COMPRESSIONS = pytest.mark.parametrize("compression", ["NONE", "GZIP"])
EVERY = [Encoding(*both) for both in product(("JSON", "PARQUET"), ("NONE", "GZIP"))]
Write = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """Writes a file and gives its path."""

    def make(kind: str, encoding: Encoding, batches: Sequence[Batch] = BATCHES, name: str = "part") -> Path:
        path = tmp_path / f"{name}.{encoding.extension}"
        write_file(DATASET, kind, batches, encoding, path)
        return path

    return make


def json_value(value: Any) -> Any:
    """What a reader of Parquet gives, as the object that stands in NDJSON: nulls left out, times as text."""
    match value:
        case dict():
            return {key: json_value(inner) for key, inner in value.items() if inner is not None}
        case [(str(), list()), *_]:
            return {key: json_value(inner) for key, inner in value}
        case list():
            return [json_value(inner) for inner in value]
        case datetime():
            assert value.utcoffset() == timedelta(0)
            return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
    return value


def read_lines(path: Path) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode()


def read_arro3(path: Path) -> Table:
    from arro3.io import read_parquet

    return read_parquet(path).read_all()


def rows_of(table: Table) -> list[Any]:
    return [json_value(each) for batch in table.to_batches() for each in batch.to_struct_array().to_pylist()]


@pytest.mark.parametrize(
    ("type", "compression", "extension"),
    [
        ("JSON", "NONE", "json"),
        ("JSON", "GZIP", "json.gz"),
        ("PARQUET", "NONE", "parquet"),
        ("PARQUET", "GZIP", "gz.parquet"),
    ],
)
def test_extensions_are_those_of_the_service(type: str, compression: str, extension: str) -> None:
    assert Encoding(type, compression).extension == extension


@pytest.mark.parametrize(("type", "compression"), [("CSV", "NONE"), ("JSON", "SNAPPY"), ("parquet", "GZIP")])
def test_there_are_no_other_encodings(type: str, compression: str) -> None:
    with pytest.raises(ValueError, match=type):
        Encoding(type, compression)


@KINDS
@COMPRESSIONS
def test_ndjson_holds_one_row_a_line(written: Write, kind: str, compression: str) -> None:
    text = read_lines(written(kind, Encoding("JSON", compression)))

    assert text.endswith("}\n")
    assert [json.loads(line) for line in text.removesuffix("\n").split("\n")] == ROWS[kind]


@KINDS
@COMPRESSIONS
def test_parquet_holds_the_same_rows(written: Write, kind: str, compression: str) -> None:
    assert rows_of(read_arro3(written(kind, Encoding("PARQUET", compression)))) == ROWS[kind]


@pytest.mark.parametrize("type", ["JSON", "PARQUET"])
def test_rows_of_many_chunks_are_all_there(written: Write, type: str) -> None:
    count = 2 * CHUNK + 1
    path = written(EVENT, Encoding(type, "NONE"), [Batch(0, CHUNK - 1, 1767225600), Batch(CHUNK - 1, CHUNK + 2, 1)])

    if type == "JSON":
        ids = [json.loads(line)["_id"] for line in read_lines(path).splitlines()]
    else:
        ids = read_arro3(path)["_id"].to_pylist()

    assert ids == [f"{DATASET}-{number:012d}" for number in range(count)]


@KINDS
def test_files_of_one_run_hold_what_one_file_would(written: Write, kind: str) -> None:
    files = [
        written(kind, Encoding("JSON", "NONE"), part, f"part-{n}")
        for n, part in enumerate(split_batches(BATCHES, files=7))
    ]

    assert "".join(map(read_lines, files)) == read_lines(written(kind, Encoding("JSON", "NONE")))


@KINDS
@pytest.mark.parametrize("encoding", EVERY)
def test_equal_rows_give_equal_bytes(written: Write, kind: str, encoding: Encoding) -> None:
    one, two = (written(kind, encoding, name=name).read_bytes() for name in ("one", "two"))

    assert one == two


def test_a_gzip_header_holds_neither_name_nor_time(written: Write) -> None:
    content = written(EVENT, Encoding("JSON", "GZIP")).read_bytes()

    assert (content[3], content[4:8]) == (0, bytes(4))


@KINDS
@COMPRESSIONS
def test_ndjson_without_rows_is_empty(written: Write, kind: str, compression: str) -> None:
    assert read_lines(written(kind, Encoding("JSON", compression), [])) == ""


@KINDS
@COMPRESSIONS
def test_parquet_without_rows_has_the_columns(written: Write, kind: str, compression: str) -> None:
    table = read_arro3(written(kind, Encoding("PARQUET", compression), []))

    assert (table.num_rows, table.column_names) == (0, list(COLUMNS[kind]))


def test_compression_makes_files_smaller(written: Write) -> None:
    sizes = {encoding: written(EVENT, encoding).stat().st_size for encoding in EVERY}

    assert all(sizes[Encoding(type, "GZIP")] < sizes[Encoding(type, "NONE")] for type in ("JSON", "PARQUET"))


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is a device of Linux")
@pytest.mark.parametrize("encoding", EVERY)
def test_a_full_disk_is_an_error_of_the_system(
    tmp_path: Path, encoding: Encoding, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "part"
    path.symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left"):
        write_file(DATASET, EVENT, BATCHES, encoding, path)

    assert capfd.readouterr() == ("", "")


def test_parquet_without_its_packages_says_what_to_install(written: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arro3.io", None)  # as if it were not installed

    with pytest.raises(StorageRefused, match=r"pip install 'exportctl\[emulator\]'") as caught:
        written(EVENT, Encoding("PARQUET", "GZIP"))

    assert caught.value.code == "extra-missing"
    assert written(EVENT, Encoding("JSON", "GZIP")).stat().st_size


@pytest.mark.real
@KINDS
@COMPRESSIONS
def test_duckdb_pyarrow_and_polars_read_the_same_rows(written: Write, kind: str, compression: str) -> None:
    import duckdb
    import polars
    from pyarrow import parquet

    path = written(kind, Encoding("PARQUET", compression))
    with duckdb.connect() as session:
        session.execute("set TimeZone = 'UTC'")
        found = session.sql(f"from '{path}'")
        by_duckdb = [dict(zip(found.columns, values, strict=True)) for values in found.fetchall()]

    assert [json_value(each) for each in by_duckdb] == ROWS[kind]
    assert [json_value(each) for each in parquet.read_table(path).to_pylist()] == ROWS[kind]
    assert [json_value(each) for each in polars.read_parquet(path).to_dicts()] == ROWS[kind]


@pytest.mark.real
@KINDS
@pytest.mark.parametrize("batches", [BATCHES, ()])
def test_duckdb_pyarrow_and_polars_see_the_columns_that_are_declared(
    written: Write, kind: str, batches: Sequence[Batch]
) -> None:
    import duckdb
    import polars
    from pyarrow import parquet

    path = written(kind, Encoding("PARQUET", "GZIP"), batches)
    with duckdb.connect() as session:
        found = session.sql(f"from '{path}'")
        by_duckdb = {name: duckdb_shape(type) for name, type in zip(found.columns, found.types, strict=True)}

    assert by_duckdb == COLUMNS[kind]
    assert {field.name: pyarrow_shape(field.type) for field in parquet.read_schema(path)} == COLUMNS[kind]
    assert {name: polars_shape(type) for name, type in polars.read_parquet_schema(path).items()} == COLUMNS[kind]


@pytest.mark.real
@KINDS
@COMPRESSIONS
def test_duckdb_and_polars_count_the_lines_of_ndjson(written: Write, kind: str, compression: str) -> None:
    import duckdb
    import polars

    path = written(kind, Encoding("JSON", compression))
    with duckdb.connect() as session:
        by_duckdb = session.sql(f"select _id from read_ndjson('{path}')").fetchall()

    assert [id for (id,) in by_duckdb] == [each["_id"] for each in ROWS[kind]]
    assert polars.read_ndjson(path, infer_schema_length=None)["_id"].to_list() == [each["_id"] for each in ROWS[kind]]


def duckdb_shape(type: Any) -> Shape:
    match type.id:
        case "struct":
            return {name: duckdb_shape(inner) for name, inner in type.children}
        case "list":
            return [duckdb_shape(type.children[0][1])]
        case "map":
            return MapType(duckdb_shape(dict(type.children)["value"]))
    return {
        "VARCHAR": TEXT,
        "BIGINT": INTEGER,
        "DOUBLE": NUMBER,
        "TIMESTAMP WITH TIME ZONE": TIME,
        "DATE": DATE,
        "BOOLEAN": BOOLEAN,
    }[str(type)]


def pyarrow_shape(type: Any) -> Shape:
    from pyarrow import types

    if types.is_struct(type):
        return {field.name: pyarrow_shape(field.type) for field in type}
    if types.is_list(type):
        return [pyarrow_shape(type.value_type)]
    if types.is_map(type):
        return MapType(pyarrow_shape(type.item_type))
    return {
        "string": TEXT,
        "int64": INTEGER,
        "double": NUMBER,
        "timestamp[ms, tz=UTC]": TIME,
        "date32[day]": DATE,
        "bool": BOOLEAN,
    }[str(type)]


def polars_shape(type: Any) -> Shape:
    import polars

    match type:
        case polars.Struct():
            return {field.name: polars_shape(field.dtype) for field in type.fields}
        case polars.List():
            return [polars_shape(type.inner)]
        case polars.Map():
            return MapType(polars_shape(type.value))
    return {
        polars.String(): TEXT,
        polars.Int64(): INTEGER,
        polars.Float64(): NUMBER,
        polars.Datetime("ms", "UTC"): TIME,
        polars.Date(): DATE,
        polars.Boolean(): BOOLEAN,
    }[type]


class InterruptedBatches:
    """Batches after whose first the writer is interrupted, as by Ctrl-C."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def __iter__(self) -> Iterator[Batch]:
        yield self.batch
        raise KeyboardInterrupt


def test_an_interrupt_while_parquet_is_written_is_the_interrupt_itself(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_file(
            "a" * 24,
            EVENT,
            InterruptedBatches(Batch(0, 40_000, 1_800_000_000)),
            Encoding("PARQUET", "GZIP"),
            tmp_path / "x",
        )

    assert "panicked" not in capfd.readouterr().err
