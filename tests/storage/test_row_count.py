"""NDJSON: every line is an object and counts, packed or not; a cut, damage or bad JSON is reported with its line."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exportctl.storage import row_count
from exportctl.storage.reader import StorageError, StoredFile
from exportctl.storage.row_count import LINE, BadFile
from tests.law_profile import examples
from tests.storage.memory_reader import CutReader, MemoryReader

ROWS = b"".join(json.dumps({"id": i, "name": "ä" * (i % 7)}).encode() + b"\n" for i in range(500))


def count_rows(data: bytes, compression: str, piece: int = 64 * 1024) -> int:
    reader = MemoryReader({"file": data}, piece)
    return row_count.count_rows(reader, reader.stored_file(), "json", compression)


def reason(data: bytes, compression: str, piece: int = 64 * 1024) -> str:
    with pytest.raises(BadFile) as caught:
        count_rows(data, compression, piece)
    return caught.value.reason


GOOD = {
    "no lines": (b"", 0),
    "one line": (b'{"a": 1}\n', 1),
    "a last line without an end": (b'{"a": 1}\n{"a": 2}', 2),
    "line ends of another system": (b'{"a": 1}\r\n{"a": 2}\r\n', 2),
    "a number too long for Python": (b'{"a": ' + b"9" * 10_000 + b"}\n", 1),
    "objects in objects": (b'{"a": {"b": [1, null, {"c": true}]}}\n', 1),
}


@pytest.mark.parametrize("piece", [1, 7, 65536], ids=lambda n: f"in pieces of {n}")
@pytest.mark.parametrize("name", GOOD)
def test_lines_are_counted(name: str, piece: int) -> None:
    data, expected = GOOD[name]

    assert count_rows(data, "none", piece) == expected
    assert count_rows(gzip.compress(data), "gzip", piece) == expected


BAD = {
    "a list": (b'{"a": 1}\n[1]\n', "its line 2 is not a JSON object"),
    "an empty line": (b'{"a": 1}\n\n{"a": 2}\n', "its line 2 is not a JSON object"),
    "a line cut short": (b'{"a": 1}\n{"a": ', "its line 2 is not a JSON object"),
    "two objects in a line": (b'{"a": 1}{"a": 2}\n', "its line 1 is not a JSON object"),
    "no number": (b'{"a": NaN}\n', "its line 1 is not a JSON object"),
    "bytes that are no UTF-8": (b'{"a": "\xff"}\n', "its line 1 is not a JSON object"),
    "brackets without end": (b"[" * 200_000 + b"\n", "its line 1 is not a JSON object"),
    "a line of 16 MiB and a byte": (b" " * (LINE + 1), "its line 1 is longer than 16 MiB"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_line_that_is_no_object_is_named(name: str) -> None:
    data, expected = BAD[name]

    assert reason(data, "none") == expected
    assert reason(gzip.compress(data), "gzip") == expected


PACKED = gzip.compress(ROWS)


def test_several_gzip_members_are_one_file() -> None:
    assert count_rows(PACKED + gzip.compress(b"") + PACKED, "gzip", 100) == 1000


def test_zeros_after_gzip_data_do_not_matter() -> None:
    assert count_rows(PACKED + bytes(512), "gzip") == 500


@pytest.mark.parametrize("end", [2, 9, 10, 11, len(PACKED) // 2, len(PACKED) - 9, len(PACKED) - 8, len(PACKED) - 1])
def test_gzip_data_without_an_end_is_cut_short(end: int) -> None:
    assert reason(PACKED[:end], "gzip").startswith("it is cut short: its gzip data ends after line ")


def test_an_empty_file_is_no_gzip_of_nothing() -> None:
    assert reason(b"", "gzip") == "it is cut short: 0 bytes are not even gzip of nothing"


def test_a_file_that_is_not_packed_is_reported() -> None:
    assert reason(ROWS, "gzip") == "it is not gzip"


def test_a_packed_file_where_none_is_expected_is_no_json() -> None:
    assert reason(PACKED, "none") == "its line 1 is not a JSON object"


def test_a_wrong_checksum_is_damage() -> None:
    wrong = PACKED[:-8] + bytes(4) + PACKED[-4:]

    assert reason(wrong, "gzip") == "its gzip data is damaged after line 500"


def test_something_else_after_gzip_data_is_damage() -> None:
    assert reason(PACKED + b"more", "gzip") == "its gzip data is damaged after line 500"


@given(st.data())
@settings(max_examples=examples(30, swept=80))
def test_any_damage_to_a_packed_file_is_reported_or_leaves_the_rows_as_they_were(data: st.DataObject) -> None:
    damaged = bytearray(PACKED)
    damaged[data.draw(st.integers(0, len(PACKED) - 1))] ^= data.draw(st.integers(1, 255))

    try:
        assert count_rows(bytes(damaged), "gzip") == 500  # a byte of its head: a time, a file name
    except BadFile as error:
        assert error.reason


def test_an_error_of_the_storage_is_not_taken_for_a_bad_file() -> None:
    reader = CutReader({"file": ROWS}, piece=100)

    with pytest.raises(StorageError) as caught:
        row_count.count_rows(reader, reader.stored_file(), "json", "none")
    assert caught.value.rule == "storage-unreachable"


class _EndlessReader(MemoryReader):
    """As much NDJSON as is asked for, without holding it."""

    def chunks(self, path: str) -> Iterator[bytes]:
        piece = (b'{"id": 1, "name": "' + b"x" * 1000 + b'"}\n') * 100
        for _ in range(100):
            yield piece


def test_memory_stays_flat_however_long_a_file_is() -> None:
    tracemalloc.start()
    try:
        rows = row_count.count_rows(_EndlessReader({}), StoredFile("file", 1), "json", "none")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert rows == 10_000  # 10 MB
    assert most < 3_000_000


def test_memory_stays_flat_however_far_a_file_expands() -> None:
    bomb = gzip.compress((b'{"a":"' + b"x" * 1000 + b'"}\n') * 10_000)  # 10 MB from a few kilobytes, in one piece
    tracemalloc.start()
    try:
        rows = count_rows(bomb, "gzip", piece=len(bomb))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert rows == 10_000
    assert most < 3_000_000
