"""Files to read, and a reader that holds them in memory: the storage under test is elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO

from exportctl.storage.reader import StorageError, StoredFile


class MemoryReader:
    """A Reader over a mapping. `asked` says what was requested, in order; pieces have `piece` bytes."""

    label = "held"

    def __init__(self, files: Mapping[str, bytes], piece: int = 64 * 1024):
        self._files = files
        self._piece = piece
        self.asked: list[str] = []

    def stored_file(self, path: str = "file") -> StoredFile:
        return StoredFile(path, len(self._files[path]))

    def list(self, prefix: str) -> Iterator[StoredFile]:
        yield from (self.stored_file(path) for path in self._files if path.startswith(prefix))

    def folders(self, prefix: str) -> Iterator[str]:
        yield from ()

    def read(self, path: str, limit: int) -> bytes:
        return self._files[path][:limit]

    def tail(self, path: str, size: int, length: int) -> bytes:
        self.asked.append(f"tail {length}")
        return self._files[path][size - length :][:length]

    def chunks(self, path: str) -> Iterator[bytes]:
        data = self._files[path]
        for at in range(0, len(data), self._piece):
            self.asked.append("piece")
            yield data[at : at + self._piece]

    def close(self) -> None: ...


class CutReader(MemoryReader):
    """A storage whose connection breaks after the first piece."""

    def chunks(self, path: str) -> Iterator[bytes]:
        yield from list(super().chunks(path))[:1]
        raise StorageError("cut", rule="storage-unreachable")


@cache
def parquet(rows: int = 1000, group_rows: int = 300) -> bytes:
    """A file by a writer that shares nothing with us (parquet-rs): a nested column, a text, several row groups."""
    from arro3.core import Array, DataType, Field, Table, struct_array
    from arro3.io import write_parquet

    numbers = Array(range(rows), type=DataType.int64())
    names = Array([f"name {i % 50}" for i in range(rows)], type=DataType.string())
    fields = [Field("number", DataType.int64()), Field("name", DataType.string())]
    nested = struct_array([numbers, names], fields=fields)
    stream = BytesIO()
    table = Table.from_pydict({"id": numbers, "person": nested})
    write_parquet(table, stream, compression="gzip(6)", max_row_group_size=group_rows)
    return stream.getvalue()
