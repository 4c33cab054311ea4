"""
A small table as one Parquet file that shows every edit: rows in, bytes out, and back. Nothing is read or written here.

The digest of all bytes stands in the file itself, before its header in the metadata of the footer, and counts as zeros
there. There is one entry of metadata, because arro3 writes several in any order. The digest is checked before anything
else reads the bytes: the Parquet reader of arro3 ends the whole process at some damaged files. Other tools see plain
Parquet. Equal rows give equal bytes with one version of arro3.

The arro3 packages are imported only when such a file is written or read.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from exportctl.errors import Error
from exportctl.frozen import dataclass

if TYPE_CHECKING:
    from arro3.core import DataType

MAGIC = b"PAR1"
TEXT, NUMBER, MOMENT = "text", "number", "moment"  # kinds of columns; a moment is in whole seconds since 1970 UTC
_SEAL = "sha256:"
_SEALED = re.compile(rb"sha256:([0-9a-f]{64})\n")
_NO_DIGEST = "0" * 64
_DIGEST_ENDS = len(f"{_SEAL}{_NO_DIGEST}\n")
_ROWS_AT_ONCE = 16_384


class EditedTable(ValueError):
    """The bytes are no Parquet file of exportctl, or not as exportctl wrote them."""


@dataclass(frozen=True)
class SealedTable:
    """`header` is a text without line ends, under the name `header_name` in the metadata."""

    columns: Mapping[str, str]  # name -> kind
    rows: Sequence[tuple[Any, ...]]
    header_name: str
    header: str


def dump_table(table: SealedTable) -> bytes:
    """
    Return the file.

    Raises:
        Error: the extra is not installed.
    """
    require_extra()
    from arro3.core import Array, Field, RecordBatch, Schema
    from arro3.io import write_parquet

    schema = Schema([Field(name, _arrow_type(kind), nullable=True) for name, kind in table.columns.items()])
    values: list[list[Any]] = [list(column) for column in zip(*table.rows, strict=True)] or [[] for _ in table.columns]
    arrays = [
        Array([None if one is None else one * 1000 for one in column], type=_arrow_type(NUMBER)).cast(_arrow_type(kind))
        if kind == MOMENT
        else Array(column, type=_arrow_type(kind))
        for column, kind in zip(values, table.columns.values(), strict=True)
    ]
    file = io.BytesIO()
    metadata = {table.header_name: f"{_SEAL}{_NO_DIGEST}\n{table.header}"}
    batch = RecordBatch.from_arrays(arrays, schema=schema)
    write_parquet(batch, file, compression="zstd(3)", key_value_metadata=metadata, created_by="exportctl")
    return _seal(file.getvalue())


def require_extra() -> None:
    """Raise an Error if the extra is not installed, before the work for the rows is done."""
    try:
        import arro3.core
        import arro3.io  # noqa: F401
    except ModuleNotFoundError as error:
        raise _extra_error() from error


def load_table(data: bytes, columns: Mapping[str, str], header_name: str) -> tuple[str | None, list[tuple[Any, ...]]]:
    """
    Return the header and the rows of a file that `dump_table` wrote.

    Raises:
        EditedTable: it was edited, cut, or written by another program.
        Error: the extra is not installed.
    """
    _check_seal(data)
    require_extra()
    from arro3.io import read_parquet

    reader = read_parquet(io.BytesIO(data), batch_size=_ROWS_AT_ONCE)
    found = {name: reader.schema.field(name).type for name in reader.schema.names}
    if list(found.items()) != [(name, _arrow_type(kind)) for name, kind in columns.items()]:
        raise EditedTable("it has other columns")
    header = reader.schema.metadata.get(header_name.encode())
    rows = [
        row for batch in reader for row in zip(*(_values(batch.column(c), columns[c]) for c in columns), strict=True)
    ]
    return header.decode()[_DIGEST_ENDS:] if header is not None else None, rows


def _values(column: Any, kind: str) -> list[Any]:
    if kind != MOMENT:
        return list(column.to_pylist())
    return [None if one is None else one // 1000 for one in column.cast(_arrow_type(NUMBER)).to_pylist()]


def _seal(data: bytes) -> bytes:
    first, last = _find_seal(data)
    return data[:first] + hashlib.sha256(data).hexdigest().encode() + data[last:]


def _check_seal(data: bytes) -> None:
    first, last = _find_seal(data)
    open_data = data[:first] + _NO_DIGEST.encode() + data[last:]
    if hashlib.sha256(open_data).hexdigest().encode() != data[first:last]:
        raise EditedTable("its digest does not match")


def _find_seal(data: bytes) -> tuple[int, int]:
    """Return where the digest stands: in the footer, behind all rows and what is known of them."""
    *_, found = [None, *_SEALED.finditer(data)]
    if found is None:
        raise EditedTable("it has no digest of exportctl")
    return found.span(1)


def _arrow_type(kind: str) -> DataType:
    from arro3.core import DataType

    kinds = {TEXT: DataType.string(), NUMBER: DataType.int64(), MOMENT: DataType.timestamp("ms", tz="UTC")}
    return kinds[kind]


def _extra_error() -> Error:
    hint = "pip install 'exportctl[restore]'; or use a list whose name ends in .json"
    return Error("a list as Parquet needs packages that are not installed", rule="extra-missing", hint=hint)
