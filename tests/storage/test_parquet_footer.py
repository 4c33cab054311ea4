"""Rows by the footer: written rows are counted, damage is reported, and no bytes make it fail otherwise."""

from __future__ import annotations

import base64
import cProfile
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exportctl.storage import parquet_footer, row_count
from exportctl.storage.row_count import BadFile
from tests.law_profile import examples
from tests.storage import thrift_compact
from tests.storage.memory_reader import MemoryReader, parquet
from tests.storage.thrift_compact import BINARY, I32, I64, LIST, Chunk, footer, group, integer, structs, varint


def count_rows(data: bytes) -> int:
    reader = MemoryReader({"file": data})
    return row_count.count_rows(reader, reader.stored_file(), "parquet", "gzip")


def reason(data: bytes) -> str:
    with pytest.raises(BadFile) as caught:
        count_rows(data)
    assert caught.value.path == "file"
    return caught.value.reason


WHOLE = thrift_compact.file(footer(12, group(5, Chunk(4, 50)), group(7, Chunk(54, 46, dictionary=60))))


def test_the_rows_of_a_written_file_are_counted() -> None:
    assert count_rows(parquet()) == 1000


def test_the_rows_of_all_row_groups_count() -> None:
    assert count_rows(WHOLE) == 12


def test_a_file_without_rows_has_none() -> None:
    assert count_rows(thrift_compact.file(footer(0))) == 0


def test_only_the_end_of_a_file_is_asked_for_once() -> None:
    reader = MemoryReader({"file": parquet(200_000, 50_000)})

    assert row_count.count_rows(reader, reader.stored_file(), "parquet", "gzip") == 200_000
    assert reader.asked == [f"tail {row_count.TAIL}"]


def test_a_footer_of_more_than_the_first_request_takes_a_second() -> None:
    large = footer(5, group(5, Chunk(4, 50)), more=((6, BINARY, thrift_compact.text("x" * 70_000)),))
    reader = MemoryReader({"file": thrift_compact.file(large)})

    assert row_count.count_rows(reader, reader.stored_file(), "parquet", "gzip") == 5
    assert reader.asked == ["tail 65536", f"tail {len(large) + 8}"]


def test_fields_of_every_type_and_of_later_versions_are_skipped() -> None:
    unknown = (
        (20, 1, b""),  # true
        (21, 3, b"\x07"),
        (22, 7, bytes(8)),
        (23, 13, bytes(16)),
        (24, 10, bytes([0x21]) + b"\1\2"),  # a set of two booleans
        (25, 11, varint(1) + bytes([0x8C]) + thrift_compact.text("key") + thrift_compact.struct((1, 5, integer(-3)))),
        (26, 11, varint(0)),
        (300, LIST, structs(thrift_compact.struct((1, BINARY, thrift_compact.text("deep"))))),
    )

    assert count_rows(thrift_compact.file(footer(5, group(5, Chunk(4, 50)), more=unknown))) == 5


DAMAGED = {
    "nothing": (b"", "it is not a Parquet file: it has 0 bytes"),
    "shorter than any Parquet file": (b"PAR1PAR1", "it is not a Parquet file: it has 8 bytes"),
    "text": (b'{"a": 1}\n' * 5, "it is not a Parquet file, or cut short: PAR1 at its end is missing"),
    "the magic alone at both ends": (b"PAR1" + bytes(4) + b"PAR1", "its footer is damaged"),
    "the end cut off": (WHOLE[:-1], "it is not a Parquet file, or cut short: PAR1 at its end is missing"),
    "bytes lost in the middle, so the footer is too long": (
        b"PAR1" + WHOLE[-20:],
        f"it is cut short: a footer of {len(WHOLE) - 112} bytes in a file of 24",
    ),
    "bytes lost in the middle of the data": (
        b"PAR1" + WHOLE[54:],
        "it is cut short: a column ends at byte 100, the footer begins at 54",
    ),
    "an encrypted footer": (WHOLE[:-4] + b"PARE", "its footer is encrypted"),
    "no number of rows": (
        thrift_compact.file(footer(None, group(5))),
        "its footer is damaged: it does not say how many rows there are",
    ),
    "a negative number of rows": (
        thrift_compact.file(footer(-1)),
        "its footer is damaged: it does not say how many rows there are",
    ),
    "row groups with other rows": (
        thrift_compact.file(footer(6, group(5))),
        "its footer is damaged: 6 rows in all, 5 in its row groups",
    ),
    "a row group of less than nothing": (
        thrift_compact.file(footer(0, group(5), group(-5))),
        "its footer is damaged: a row group of -5 rows",
    ),
    "a column before the data": (
        thrift_compact.file(footer(5, group(5, Chunk(2, 9)))),
        "its footer is damaged: 9 bytes of a column at byte 2",
    ),
    "a column of less than nothing": (
        thrift_compact.file(footer(5, group(5, Chunk(50, -9)))),
        "its footer is damaged: -9 bytes of a column at byte 50",
    ),
    "a list that claims more than there is": (
        thrift_compact.file(thrift_compact.struct((2, LIST, bytes([0xFC]) + varint(2**40)))),
        "its footer is damaged",
    ),
    "a number without an end": (
        thrift_compact.file(thrift_compact.struct((3, 6, b"\xff" * 11))),
        "its footer is damaged",
    ),
    "rows that are a text": (
        thrift_compact.file(thrift_compact.struct((3, 8, thrift_compact.text("5")))),
        "its footer is damaged",
    ),
    "row groups that are no list": (
        thrift_compact.file(thrift_compact.struct((4, 6, integer(5)))),
        "its footer is damaged",
    ),
    "row groups that are numbers": (
        thrift_compact.file(thrift_compact.struct((4, 9, bytes([0x15, 2])))),
        "its footer is damaged",
    ),
    "a type that does not exist": (thrift_compact.file(thrift_compact.struct((9, 14, b""))), "its footer is damaged"),
    "structs in structs without end": (thrift_compact.file(b"\x1c" * 5000), "its footer is damaged"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_damaged_says_how(name: str) -> None:
    data, expected = DAMAGED[name]

    assert reason(data) == expected


def test_a_dictionary_before_the_data_is_where_a_column_begins() -> None:
    chunk = Chunk(at=80, length=94, dictionary=10)

    assert count_rows(thrift_compact.file(footer(5, group(5, chunk)))) == 5


def test_a_page_index_beyond_the_data_is_reported() -> None:
    chunk = thrift_compact.struct((2, I64, integer(0)), (4, I64, integer(90)), (5, I32, integer(20)))
    groups = thrift_compact.struct((1, LIST, structs(chunk)), (3, I64, integer(5)))

    assert reason(thrift_compact.file(footer(5, groups))).startswith("it is cut short: a column ends at byte 110")


def test_columns_of_other_files_and_encrypted_ones_are_not_looked_for() -> None:
    chunks = (Chunk(10**9, 10**9, file="other.parquet"), Chunk(None, 0))

    assert count_rows(thrift_compact.file(footer(5, group(5, *chunks)))) == 5


def test_a_footer_beyond_the_limit_is_not_read() -> None:
    ending = (parquet_footer.LIMIT + 1).to_bytes(4, "little") + b"PAR1"

    with pytest.raises(parquet_footer.DamagedFile, match="more than 67108864"):
        parquet_footer.footer_length(ending, 10**9)


def test_a_file_that_shrinks_while_it_is_read_is_reported() -> None:
    reader = MemoryReader({"file": WHOLE[:50]})

    with pytest.raises(BadFile, match="it changed while it was read: 50 of its last 156"):
        row_count.count_rows(reader, MemoryReader({"file": WHOLE}).stored_file(), "parquet", "gzip")


@given(st.data())
@settings(max_examples=examples(40, swept=100))
def test_a_written_file_cut_anywhere_is_never_taken_for_whole(data: st.DataObject) -> None:
    whole = parquet()
    end = data.draw(st.integers(0, len(whole) - 1))

    assert reason(whole[:end])


@given(st.data())
@settings(max_examples=examples(40, swept=100))
def test_a_written_file_that_lost_bytes_within_is_never_taken_for_whole(data: st.DataObject) -> None:
    whole = parquet()
    length = int.from_bytes(whole[-8:-4], "little") + 8
    begin = data.draw(st.integers(0, len(whole) - length - 1))
    end = data.draw(st.integers(begin + 1, len(whole) - length))

    assert reason(whole[:begin] + whole[end:])


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8))
@settings(max_examples=examples(60, swept=150))
def test_wrong_bytes_in_a_footer_are_reported_or_do_not_matter(changes: list[tuple[int, int]]) -> None:
    whole = bytearray(parquet())
    length = int.from_bytes(whole[-8:-4], "little") + 8
    for at, value in changes:
        whole[-1 - at % length] = value

    try:
        assert count_rows(bytes(whole)) >= 0
    except BadFile as error:
        assert error.reason


@given(st.binary(max_size=2000))
@settings(max_examples=examples(60, swept=150))
def test_any_bytes_for_a_footer_are_reported_or_counted(data: bytes) -> None:
    try:
        assert count_rows(thrift_compact.file(data)) >= 0
    except BadFile as error:
        assert error.reason


def test_the_worst_footer_takes_no_longer_than_its_bytes() -> None:
    """Lists of empty lists: as many steps as any bytes can ask for. Four times the bytes are four times the steps."""
    steps = [calls_to_read(count) for count in (5_000, 20_000)]

    assert steps[0] > 5_000
    assert steps[1] < 4.5 * steps[0]


def calls_to_read(lists: int) -> int:
    """How many functions are called to refuse a footer of so many empty lists."""
    worst = thrift_compact.file(thrift_compact.struct((2, LIST, bytes([0xF9]) + varint(lists) + bytes(lists))))
    profile = cProfile.Profile()
    profile.runcall(reason, worst)
    return sum(entry.callcount for entry in profile.getstats())


def _table(rows: int) -> dict[str, list[object]]:
    return {
        "id": [*range(rows)],
        "name": [f"name {i % 50}" if i % 3 else None for i in range(rows)],
        "tags": [[f"t{i % 5}"] * (i % 4) for i in range(rows)],
        "person": [{"first": "a", "born": {"year": 1900 + i % 100}} for i in range(rows)],
    }


@pytest.mark.real
@pytest.mark.parametrize("version", ["1.0", "2.4", "2.6"])
@pytest.mark.parametrize("compression", ["none", "gzip", "snappy", "zstd", "brotli", "lz4"])
@pytest.mark.parametrize(
    "options", [{}, {"write_page_index": True}, {"use_dictionary": False}, {"data_page_version": "2.0"}]
)
def test_what_pyarrow_writes_is_counted(version: str, compression: str, options: dict[str, object]) -> None:
    import pyarrow
    import pyarrow.parquet

    stream = io.BytesIO()
    pyarrow.parquet.write_table(
        pyarrow.table(_table(1000)), stream, version=version, compression=compression, row_group_size=300, **options
    )

    assert count_rows(stream.getvalue()) == 1000


@pytest.mark.real
def test_what_pyarrow_encrypts_column_by_column_is_counted() -> None:
    import pyarrow
    import pyarrow.parquet
    import pyarrow.parquet.encryption as encryption

    class Keys(encryption.KmsClient):  # type: ignore[misc]  # pyarrow has no types
        def wrap_key(self, key: bytes, master: str) -> bytes:
            return base64.b64encode(key)

        def unwrap_key(self, key: bytes, master: str) -> bytes:
            return base64.b64decode(key)

    factory = encryption.CryptoFactory(lambda _: Keys())
    stream = io.BytesIO()
    table = pyarrow.table({"id": [1, 2, 3], "name": ["a", "b", "c"]})
    for plain in (True, False):
        config = encryption.EncryptionConfiguration("footer", column_keys={"c": ["name"]}, plaintext_footer=plain)
        properties = factory.file_encryption_properties(encryption.KmsConnectionConfig(), config)
        stream = io.BytesIO()
        with pyarrow.parquet.ParquetWriter(stream, table.schema, encryption_properties=properties) as writer:
            writer.write_table(table)
        if plain:
            assert count_rows(stream.getvalue()) == 3
        else:
            assert reason(stream.getvalue()) == "its footer is encrypted"


@pytest.mark.real
@pytest.mark.parametrize("codec", ["uncompressed", "gzip", "snappy", "zstd"])
def test_what_duckdb_writes_is_counted(codec: str, tmp_path: Path) -> None:
    import duckdb

    file = tmp_path / "file.parquet"
    duckdb.sql(
        "copy (select i, {'a': i, 'b': [i, i + 1]} as nested, 'x' || i as name from range(250000) t(i)) "
        f"to '{file}' (format parquet, codec '{codec}', row_group_size 50000)"
    )

    assert count_rows(file.read_bytes()) == 250_000


@pytest.mark.real
@pytest.mark.parametrize("compression", ["uncompressed", "gzip", "zstd"])
def test_what_polars_writes_is_counted(compression: str) -> None:
    import polars

    stream = io.BytesIO()
    polars.DataFrame(_table(1000)).write_parquet(stream, compression=compression, row_group_size=300, statistics="full")

    assert count_rows(stream.getvalue()) == 1000
