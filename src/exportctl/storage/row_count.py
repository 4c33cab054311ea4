"""
How many rows a data file holds: Parquet by its footer alone, NDJSON by every line.

In: a reader, one of the objects that it listed, and the format of the target connection. Out: a number, or a BadFile
that says what is wrong. Memory stays small: one piece of the file and one line at a time.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast

from exportctl.errors import Error
from exportctl.storage import parquet_footer
from exportctl.storage.parquet_footer import DamagedFile
from exportctl.storage.reader import StorageReader, StoredFile

TAIL = 64 * 1024  # bytes asked for first: nearly every footer fits
LINE = 16 * 1024 * 1024  # bytes of one line
_BUFFER = 1024 * 1024


class BadFile(Error):
    """A file that cannot be what the export wrote. `reason` follows its name: `it is cut short: …`."""

    def __init__(self, path: str, reason: str):
        super().__init__(f"{path}: {reason}", rule="storage-content")
        self.path = path
        self.reason = reason


def count_rows(reader: StorageReader, stored: StoredFile, type: str, compression: str) -> int:
    """
    Count the rows of one file. `type` is parquet or json, `compression` gzip or none.

    A JSON file has one object per line (flow-service.md 10.1). Parquet is compressed inside, so that `compression` does
    not matter for it.

    Raises:
        BadFile: it is damaged, cut short or of another format.
        StorageError: it cannot be read.
    """
    try:
        if type == "parquet":
            return _count_parquet_rows(reader, stored)
        return _count_json_rows(reader, stored, packed=compression == "gzip")
    except DamagedFile as error:
        raise BadFile(stored.path, str(error)) from error


def _count_parquet_rows(reader: StorageReader, stored: StoredFile) -> int:
    ending = _read_ending(reader, stored)
    return parquet_footer.count_rows(ending[: -parquet_footer.ENDING], stored.size - len(ending))


def read_footer(reader: StorageReader, stored: StoredFile) -> bytes:
    """Read the footer of a Parquet file with the eight bytes after it; the errors are those of `count_rows`."""
    try:
        return _read_ending(reader, stored)
    except DamagedFile as error:
        raise BadFile(stored.path, str(error)) from error


def _read_ending(reader: StorageReader, stored: StoredFile) -> bytes:
    """Read the end with one range request, and a second one for a footer of more than 64 KiB."""
    tail = _read_tail(reader, stored, min(TAIL, stored.size)) if stored.size >= parquet_footer.SMALLEST else b""
    length = parquet_footer.footer_length(tail[-parquet_footer.ENDING :], stored.size)
    whole = length + parquet_footer.ENDING
    return tail[-whole:] if whole <= len(tail) else _read_tail(reader, stored, whole)


def _read_tail(reader: StorageReader, stored: StoredFile, length: int) -> bytes:
    tail = reader.tail(stored.path, stored.size, length)
    if len(tail) != length:
        raise DamagedFile(f"it changed while it was read: {len(tail)} of its last {length} bytes came")
    return tail


def _count_json_rows(reader: StorageReader, stored: StoredFile, *, packed: bool) -> int:
    if packed and stored.size == 0:
        raise DamagedFile("it is cut short: 0 bytes are not even gzip of nothing")
    count = 0
    stream = cast(BinaryIO, io.BufferedReader(_Pieces(reader.chunks(stored.path)), _BUFFER))
    # Several gzip members in a row are one file, and zeros can follow them.
    with cast(BinaryIO, gzip.GzipFile(fileobj=stream)) if packed else stream as lines:
        for count, line in enumerate(_read_lines(lines), start=1):
            if not _is_object(line):
                raise DamagedFile(f"its line {count} is not a JSON object")
    return count


def _read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield lines with their ends. The last one counts even without an end."""
    number = 0
    try:
        while line := stream.readline(LINE + 1):
            number += 1
            if len(line) > LINE:
                raise DamagedFile(f"its line {number} is longer than {LINE // (1024 * 1024)} MiB")
            yield line
    except EOFError as error:
        raise DamagedFile(f"it is cut short: its gzip data ends after line {number}") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        has_begun = number or isinstance(error, zlib.error)
        raise DamagedFile(f"its gzip data is damaged after line {number}" if has_begun else "it is not gzip") from error


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


# Numbers stay text: their values do not matter here, and Python refuses very long ones, which JSON allows.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse_constant)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(_DECODER.decode(line.decode("utf-8")), dict)
    except (ValueError, RecursionError):
        return False


class _Pieces(io.RawIOBase):
    """Pieces of any length as a stream that `io` can buffer. A piece is kept only until it is read."""

    def __init__(self, pieces: Iterator[bytes]):
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's Buffer has no length
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
