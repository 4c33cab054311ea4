"""
What verification asks of a storage: list below a prefix, read a small file, a range, or a file piece by piece.

A path is relative to the bucket, container or account root, `/` between folders and none in front. Implementations
read with the caller's own identity, hold bounded memory, may be used by several threads, and raise StorageError only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from exportctl.errors import Error

PIECE = 1024 * 1024  # bytes that `chunks` yields at once, more or less


class StorageError(Error):
    """
    Storage cannot be read. `rule` says which: `storage-denied`, `storage-missing` (no such bucket, container or
    folder root), `storage-unreachable`, `storage-credentials` (none given), `storage-setup` (what is given cannot be
    used), `storage-host-key` (an SFTP server nobody vouches for), `storage-extra` (the extra is not installed),
    `storage-read` (one object).
    """


@dataclass(frozen=True)
class StoredFile:
    """One object or file. `modified` in seconds since 1970 UTC."""

    path: str
    size: int
    modified: int


def printable_path(path: str) -> str:
    """A path whose bytes were not UTF-8, fit to print: the file is listed and counted, and cannot be opened."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class StorageReader(Protocol):
    """One place to read. `where` names it for people, without a credential: `s3://bucket`, `sftp://host:22`."""

    @property
    def label(self) -> str: ...

    def list(self, prefix: str) -> Iterator[StoredFile]:
        """
        Everything below a folder (`""`: all), page by page, in no promised order. Folders themselves and the
        zero-byte objects that stand for folders are left out. A prefix that is not there yields nothing.
        """

    def read(self, path: str, limit: int) -> bytes:
        """A small object; at most `limit` bytes of it."""

    def tail(self, path: str, size: int, length: int) -> bytes:
        """The last `length` bytes of an object of `size` bytes, by one ranged request."""

    def chunks(self, path: str) -> Iterator[bytes]:
        """A whole object, piece by piece."""

    def close(self) -> None: ...
