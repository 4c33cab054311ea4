"""
What the exporting side asks of a storage: put a whole file, take it away again, say clearly why not.

A key is relative to the bucket, container or account root, `/` between folders and none in front.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class StorageRefused(Exception):
    """
    The storage refused an object.

    `code` is a short stable word: `denied`, `no-such-bucket`, `unreachable`, `full`, `cut`, `read-only`,
    `unknown-host`, `extra-missing`, `not-allowed`, `failed`. `reason` is for people and holds no credential.
    """

    def __init__(self, code: str, reason: str):
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Sink(Protocol):
    """
    One place to write to, opened for one run.

    Every method raises StorageRefused, and nothing else, when the storage refuses or is not there.
    """

    def put(self, key: str, source: Path) -> None:
        """Write the whole file under `key`, or nothing: a reader never sees a part. Memory does not grow with size."""

    def make_folder(self, key: str) -> None:
        """Return an empty folder; on object stores a zero-byte object whose key ends in `/`."""

    def remove(self, key: str) -> None:
        """Take a file away; one that is not there is no error."""

    def close(self) -> None:
        """Let connections go."""
