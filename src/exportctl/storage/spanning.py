"""A storage, and others in which an export wrote before: there the path of an object is its URI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from exportctl.model.storage_address import StorageAddress
from exportctl.storage.reader import StorageReader, StoredFile


class SpanningReader:
    """Lists below a folder of now, or below the URI of a former one. Whoever opened the readers closes them."""

    def __init__(self, now: StorageReader, others: Mapping[StorageAddress, StorageReader]):
        self._now = now
        self._others = dict(others)

    @property
    def label(self) -> str:
        return self._now.label

    def list(self, prefix: str) -> Iterator[StoredFile]:
        for address, reader in self._others.items():
            own = address.path_of(f"{prefix}/")
            if own is not None:
                listed = reader.list(own.rstrip("/"))
                return (replace(stored, path=address.uri(stored.path)) for stored in listed)
        return self._now.list(prefix)

    def folders(self, prefix: str) -> Iterator[str]:
        return self._now.folders(prefix)

    def read(self, path: str, limit: int) -> bytes:
        reader, own = self._locate(path)
        return reader.read(own, limit)

    def tail(self, path: str, size: int, length: int) -> bytes:
        reader, own = self._locate(path)
        return reader.tail(own, size, length)

    def chunks(self, path: str) -> Iterator[bytes]:
        reader, own = self._locate(path)
        return reader.chunks(own)

    def is_former(self, path: str) -> bool:
        """Check whether a path is that of an object in another storage than the one of now."""
        return any(address.path_of(path) is not None for address in self._others)

    def close(self) -> None:
        """Leave the readers open: they are not its own."""

    def _locate(self, path: str) -> tuple[StorageReader, str]:
        """Return the reader of a path, and the path in it."""
        for address, reader in self._others.items():
            own = address.path_of(path)
            if own is not None:
                return reader, own
        return self._now, path
