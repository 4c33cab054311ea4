"""
Files of the config edited in place: as one, as far as a file system can. Every new text is on the disk before the first
file gives way to its own; behind links too, with the mode and the owner that the file has.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from exportctl.errors import Error

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True)
class FileReplacement:
    """A file, what was read from it, and what it shall hold."""

    file: Path
    before: str
    after: str


def replace_files(replacements: Sequence[FileReplacement]) -> None:
    """
    Raises:
        Error: a file is no longer as it was read, or cannot be written; the message names those that were.
    """
    ready: list[Path] = []
    done: list[str] = []
    try:
        for one in replacements:
            with _convert_os_errors(one.file, done):
                _check_unchanged(one)
                _write_beside(one, ready)
        for one, made in zip(replacements, ready, strict=True):
            with _convert_os_errors(one.file, done):
                made.replace(one.file.resolve())
            done.append(str(one.file))
    finally:
        for made in ready:
            made.unlink(missing_ok=True)


@contextmanager
def _convert_os_errors(file: Path, done: Sequence[str]) -> Iterator[None]:
    """
    Raises:
        Error: the file system refused; with what is written by now.
    """
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        written = f"; written were {', '.join(done)}" if done else "; nothing was written"
        raise Error(f"{file} cannot be written: {reason}{written}", rule="file") from error


def _check_unchanged(one: FileReplacement) -> None:
    file = one.file.resolve()
    if file.read_bytes() != one.before.encode("utf-8"):
        hint = "run it again; what was edited meanwhile stays as it is"
        raise Error(
            f"{one.file} has changed while it was worked on; nothing was written", rule="file-changed", hint=hint
        )
    if not file.stat().st_mode & _WRITABLE or not os.access(file, os.W_OK):
        hint = "allow it to be written, or take the patch instead: leave --write out"
        raise Error(f"{one.file} is read-only; nothing was written", rule="file", hint=hint)


def _write_beside(one: FileReplacement, ready: list[Path]) -> None:
    """Put the text beside its file, with the mode and, where that may be, the owner of it."""
    file = one.file.resolve()
    kept = file.stat()
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    ready.append(Path(name))
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
        stream.write(one.after)
        with suppress(PermissionError):
            os.fchown(stream.fileno(), kept.st_uid, kept.st_gid)
        os.fchmod(stream.fileno(), stat.S_IMODE(kept.st_mode))
