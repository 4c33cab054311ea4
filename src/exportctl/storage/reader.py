"""
What `verify` needs from a storage: list below a prefix, and read a small file, a range, or a file in pieces.

A path is relative to the bucket, container or account root, with `/` between folders and none in front.
Implementations read with the caller's own identity, need bounded memory, serve several threads, and raise only
StorageError.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Protocol

from exportctl.errors import Error
from exportctl.frozen import dataclass

PIECE = 1024 * 1024  # bytes that `chunks` yields at once, more or less


class StorageError(Error):
    """
    Storage cannot be read. `rule` says why.

        storage-denied, storage-unreachable
        storage-missing        the bucket, container or root folder does not exist
        storage-credentials    none are given
        storage-setup          those that are given cannot be used
        storage-host-key       the host key of an SFTP server is not known
        storage-extra          the extra is not installed
        storage-read           one object
    """


@dataclass(frozen=True)
class StoredFile:
    """
    One object or file, with its size in bytes.

    `written` is when it was written, in seconds since 1970 UTC, as storage says; None: it does not say. `etag` is what
    the storage gives each version of an object; None: it gives none.
    """

    path: str
    size: int
    written: float | None = field(default=None, compare=False)
    etag: str | None = field(default=None, compare=False)


def printable_path(path: str) -> str:
    """Return a path that can be printed if its bytes are not UTF-8. Such a file is listed but cannot be opened."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def read_up_to(pieces: Iterator[bytes], limit: int) -> bytes:
    """Read the pieces of an object up to the limit. The rest is not fetched."""
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) >= limit:
            break
    return bytes(data[:limit])


class StorageReader(Protocol):
    """One location to read. `label` names it for people, without a credential: `s3://bucket`, `sftp://host:22`."""

    @property
    def label(self) -> str: ...

    def list(self, prefix: str) -> Iterator[StoredFile]:
        """
        Yield everything below a folder (`""`: all), page by page, in any order.

        Folders, and the zero-byte objects that stand for folders, are left out. A prefix that does not exist yields
        nothing.
        """

    def folders(self, prefix: str) -> Iterator[str]:
        """
        Yield every folder below a folder that storage shows, in any order.

        In an object store these are the zero-byte objects that stand for folders: a folder of files alone is only a
        part of their names.
        """

    def read(self, path: str, limit: int) -> bytes:
        """Read a small object, at most `limit` bytes of it."""

    def tail(self, path: str, size: int, length: int) -> bytes:
        """Read the last `length` bytes of an object of `size` bytes, with one range request."""

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield a whole object in pieces."""

    def close(self) -> None: ...
