"""
Read a local folder that holds what a bucket holds: a mount, a copy, or the emulator's own storage.

Nothing outside the folder is read: no `..`. A listing leaves out symbolic links, and a link that leads out is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from exportctl.storage.reader import PIECE, StorageError, StoredFile, printable_path


class LocalReader:
    """The folder `root` as a bucket. A folder that does not exist raises a StorageError."""

    def __init__(self, root: Path, where: str):
        self.label = where
        self._root = root.expanduser().resolve()
        self._cut = len(os.path.join(self._root, ""))  # noqa: PTH118 # pathlib drops the slash at the end
        if not self._root.is_dir():
            raise StorageError(
                f"{where} is not a folder", rule="storage-missing", hint="is the mount there, or the path misspelt?"
            )

    def list(self, prefix: str) -> Iterator[StoredFile]:
        for entry in self._entries(prefix):
            if entry.is_file(follow_symlinks=False):
                yield from self._stored_file(entry)

    def folders(self, prefix: str) -> Iterator[str]:
        for entry in self._entries(prefix):
            if entry.is_dir(follow_symlinks=False):
                yield self._path_of(entry)

    def _entries(self, prefix: str) -> Iterator[os.DirEntry[str]]:
        """Yield everything below a folder; a folder before what it holds."""
        top = self._resolve_path(prefix.strip("/"))
        pending = [os.fspath(top)] if top.is_dir() else []
        while pending:
            with self._translate_errors(prefix), suppress(FileNotFoundError), os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    yield entry

    def read(self, path: str, limit: int) -> bytes:
        with self._open_file(path) as stream:
            return stream.read(limit)

    def tail(self, path: str, size: int, length: int) -> bytes:
        with self._open_file(path) as stream:
            stream.seek(size - length)
            return stream.read(length)

    def chunks(self, path: str) -> Iterator[bytes]:
        with self._open_file(path) as stream:
            while piece := stream.read(PIECE):
                yield piece

    def local_path(self, path: str) -> Path:
        """Return the file itself, or raise a StorageError: it is not there, or leads out of the folder."""
        with self._translate_errors(path):
            whole = self._resolve_path(path)
            whole.stat()
            return whole

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def _stored_file(self, entry: os.DirEntry[str]) -> Iterator[StoredFile]:
        """Yield one file, or none if it was removed since its folder was read, such as a temporary file."""
        with suppress(FileNotFoundError):
            found = entry.stat(follow_symlinks=False)
            yield StoredFile(self._path_of(entry), found.st_size, found.st_mtime)

    def _path_of(self, entry: os.DirEntry[str]) -> str:
        return printable_path(entry.path[self._cut :].replace(os.sep, "/"))

    @contextmanager
    def _open_file(self, path: str) -> Iterator[BinaryIO]:
        with self._translate_errors(path), self._resolve_path(path).open("rb") as stream:
            yield stream

    def _resolve_path(self, path: str) -> Path:
        whole = self._root / path
        if Path(path).is_absolute() or ".." in Path(path).parts or not whole.resolve().is_relative_to(self._root):
            raise StorageError(f"{path} leads out of {self.label}", rule="storage-read")
        return whole

    @contextmanager
    def _translate_errors(self, path: str) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            hint = "the account that runs this must be able to read it"
            raise StorageError(
                f"{self.label}: {path or '/'}: permission denied", rule="storage-denied", hint=hint
            ) from error
        except OSError as error:
            raise StorageError(f"{self.label}: {path or '/'}: {error.strerror}", rule="storage-read") from error
