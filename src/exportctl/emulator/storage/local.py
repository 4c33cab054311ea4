"""
A folder on this machine that stands for a bucket, a container or an account; and no storage at all.

A file appears under its name when it is whole: it is written beside it and then renamed.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from exportctl.emulator.storage.sink import StorageRefused, key_segments

_CODES = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EFBIG: "full",
    errno.EROFS: "read-only",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
}


class LocalSink:
    """Writes below `root`, which is made when the first file comes."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, source: Path) -> None:
        *folders, name = key_segments(key)
        folder = self._root.joinpath(*folders)
        # The same name for every attempt: one that was killed leaves nothing that the next does not replace.
        part = folder / f".{name}.part"
        with _translate_errors(key):
            folder.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(source, part)
                times = source.stat()
                os.utime(part, ns=(times.st_atime_ns, times.st_mtime_ns))
                part.replace(folder / name)
            except OSError:
                with suppress(OSError):
                    part.unlink(missing_ok=True)
                raise

    def make_folder(self, key: str) -> None:
        with _translate_errors(key):
            self._root.joinpath(*key_segments(key.rstrip("/"))).mkdir(parents=True, exist_ok=True)

    def remove(self, key: str) -> None:
        with _translate_errors(key):
            self._root.joinpath(*key_segments(key)).unlink(missing_ok=True)

    def close(self) -> None:
        """Do nothing: no file stays open between two calls."""


class NullSink:
    """Takes everything and keeps nothing: for an emulator in memory."""

    def put(self, key: str, source: Path) -> None:
        key_segments(key)

    def make_folder(self, key: str) -> None:
        key_segments(key.rstrip("/"))

    def remove(self, key: str) -> None:
        key_segments(key)

    def close(self) -> None:
        """Do nothing: no file stays open between two calls."""


@contextmanager
def _translate_errors(key: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise refusal_of_error(error, key) from error


def refusal_of_error(error: OSError, key: str) -> StorageRefused:
    """Return what an error of the file system means; names the key and not where the folder lies."""
    why = os.strerror(error.errno).lower() if error.errno else "it failed"
    return StorageRefused(_CODES.get(error.errno or 0, "failed"), f"the local folder did not take {key!r}: {why}")
