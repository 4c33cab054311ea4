"""
What the exporting side asks of a storage: put a whole file, take it away again, say clearly why not.

A key is relative to the bucket, container or account root, `/` between folders and none in front.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from exportctl.patterns import compile_on_use

MEANINGS = {
    "denied": "wrong or missing credentials, or credentials without the right to write there",
    "no-such-bucket": "the bucket or container does not exist",
    "unreachable": "nothing answers at that address",
    "unknown-host": "the host name or the SFTP server's key is not known",
    "cut": "the connection broke after the storage had answered",
    "full": "no space, or a quota is used up",
    "read-only": "the storage takes no writes",
    "not-allowed": "the storage is not on this machine, and --allow-real-storage was not given",
    "extra-missing": "exportctl[emulator] is not installed",
    "too-large": "more rows than an export of this kind may have",
    "no-dataset": "a dataset of the flow does not exist any more",
    "failed": "anything else",
}
_CONTROL = compile_on_use(r"[\x00-\x1f\x7f]")


class StorageRefused(Exception):
    """The storage refused an object: `code` is one of `MEANINGS`, `reason` is for people and holds no credential."""

    def __init__(self, code: str, reason: str):
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Sink(Protocol):
    """One place to write to, opened for one run; if it refuses or is not there, each method raises StorageRefused."""

    def put(self, key: str, source: Path) -> None:
        """Write the whole file under `key`, or nothing: a reader never sees a part. Memory does not grow with size."""

    def make_folder(self, key: str) -> None:
        """Make an empty folder; on object stores a zero-byte object whose key ends in `/`."""

    def remove(self, key: str) -> None:
        """Take a file away; one that is not there is no error."""

    def close(self) -> None:
        """Let connections go."""


def key_segments(key: str) -> list[str]:
    """
    Return the parts of a key between its slashes.

    A target's path is free text where no pattern is published, so no key may lead out of its root.

    Raises:
        StorageRefused: a part is empty, `.` or `..`, or holds a control character.
    """
    parts = key.split("/")
    if any(part in ("", ".", "..") or _CONTROL.search(part) for part in parts):
        raise StorageRefused(
            "failed", f"the path {_CONTROL.sub('?', key)!r} cannot be written: it has a part that is no name"
        )
    return parts
