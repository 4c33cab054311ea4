"""
Rows into one export file, NDJSON or Parquet, chunk by chunk: memory does not grow with the number of rows.

Both formats are made of the same lines: the NDJSON file holds them, and for Parquet they are read into columns. So the
two cannot differ. Equal rows give equal bytes; no file holds the time it was written.
Parquet has nested columns, times as timestamp(ms, UTC), and gzip inside the column chunks (assumed). The arro3 packages
are imported only when a Parquet file is written.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from exportctl.emulator.data import rows
from exportctl.emulator.data.columns import BOOLEAN, DATE, INTEGER, NUMBER, SMALL, TEXT, TIME, MapType, Shape
from exportctl.emulator.data.rows import Batch
from exportctl.emulator.storage.sink import StorageRefused
from exportctl.frozen import dataclass

if TYPE_CHECKING:
    from arro3.core import DataType, Field, RecordBatch
    from typing_extensions import Buffer

CHUNK = 16_384  # rows that are in memory at once, about a kilobyte each
_ROW_GROUP = 8 * CHUNK
_GZIP_LEVEL = 6

_EXTENSIONS: Mapping[tuple[str, str], str] = {  # flow-service.md 10.1
    ("JSON", "NONE"): "json",
    ("JSON", "GZIP"): "json.gz",
    ("PARQUET", "NONE"): "parquet",
    ("PARQUET", "GZIP"): "gz.parquet",
}


@dataclass(frozen=True)
class Encoding:
    """`type` is JSON or PARQUET, `compression` NONE or GZIP, as target connections spell them."""

    type: str
    compression: str

    def __post_init__(self) -> None:
        if (self.type, self.compression) not in _EXTENSIONS:
            raise ValueError(f"no export has type {self.type!r} and compression {self.compression!r}")

    @property
    def extension(self) -> str:
        """How the file's name ends, without a dot in front."""
        return _EXTENSIONS[self.type, self.compression]


def write_file(
    dataset: str, kind: str, batches: Iterable[Batch], encoding: Encoding, path: Path, schema: str = ""
) -> None:
    """
    One file with these rows in this order; without rows, an empty NDJSON file or a Parquet file with columns alone.

    What is left at `path` after an error is no export file; the caller removes it.

    Raises:
        StorageRefused: `extra-missing`, the packages that write Parquet are not installed.
        OSError: the file cannot be written.
    """
    lines = chain.from_iterable(rows.lines(dataset, kind, batch, schema) for batch in batches)
    chunks = iter(lambda: "".join(f"{line}\n" for line in islice(lines, CHUNK)).encode(), b"")
    packed = encoding.compression == "GZIP"
    if encoding.type == "JSON":
        _write_ndjson(chunks, packed, path)
    else:
        _write_parquet(chunks, rows.columns(kind, schema), packed, path)


def _write_ndjson(chunks: Iterator[bytes], packed: bool, path: Path) -> None:
    with path.open("wb") as file:
        if not packed:
            file.writelines(chunks)
            return
        # Neither name nor time in the header: they would make equal rows differ.
        with gzip.GzipFile(filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=file, mtime=0) as stream:
            stream.writelines(chunks)


def _write_parquet(chunks: Iterator[bytes], columns: Mapping[str, Shape], packed: bool, path: Path) -> None:
    try:
        from arro3.core import RecordBatchReader, Schema
        from arro3.io import read_json, write_parquet
    except ImportError as error:
        reason = "writing Parquet needs packages that are not installed: pip install 'exportctl[emulator]'"
        raise StorageRefused("extra-missing", reason) from error
    schema = Schema(_fields(columns))
    with _GuardedFile(path, "wb") as target:
        texts = map(io.BytesIO, takewhile(lambda _: target.error is None, chunks))
        read = chain.from_iterable(read_json(text, schema, batch_size=CHUNK) for text in texts)
        reader = RecordBatchReader.from_batches(schema, target.guard_batches(read))
        compression = f"gzip({_GZIP_LEVEL})" if packed else "uncompressed"
        write_parquet(reader, target, compression=compression, max_row_group_size=_ROW_GROUP)
    if target.error:
        raise target.error


class _GuardedFile(io.FileIO):
    """
    A file that keeps its first error for later, and from then on takes what comes and drops it.

    arro3 panics on whatever is raised through it, a full disk or an interrupt: no `except Exception` catches that, and
    it prints.
    """

    error: BaseException | None = None

    def write(self, data: Buffer) -> int:
        if self.error is None:
            try:
                return super().write(data)
            except BaseException as error:
                self.error = error
        return memoryview(data).nbytes

    def guard_batches(self, batches: Iterator[RecordBatch]) -> Iterator[RecordBatch]:
        """Return the batches up to the first error of making one, which is kept too."""
        try:
            yield from batches
        except BaseException as error:
            self.error = self.error or error


def _fields(columns: Mapping[str, Shape]) -> list[Field]:
    from arro3.core import Field

    return [Field(name, _arrow_type(shape), nullable=True) for name, shape in columns.items()]


def _arrow_type(shape: Shape) -> DataType:
    from arro3.core import DataType, Field

    if isinstance(shape, str):
        return _plain_types()[shape]
    if isinstance(shape, MapType):
        key = Field("key", DataType.string(), nullable=False)
        value = Field("value", _arrow_type(shape.values), nullable=True)
        return DataType.map(key, value, keys_sorted=False)
    if isinstance(shape, list):
        return DataType.list(Field("item", _arrow_type(shape[0]), nullable=True))
    return DataType.struct(_fields(shape))


def _plain_types() -> Mapping[str, DataType]:
    from arro3.core import DataType

    return {
        TEXT: DataType.string(),
        SMALL: DataType.int32(),
        INTEGER: DataType.int64(),
        NUMBER: DataType.float64(),
        TIME: DataType.timestamp("ms", tz="UTC"),
        DATE: DataType.date32(),
        BOOLEAN: DataType.bool(),
    }
