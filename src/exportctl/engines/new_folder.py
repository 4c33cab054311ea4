"""
A new folder that appears with everything in it, or not at all.

What is written goes to a folder beside it, `.NAME.partial-…`, which is renamed at the end. After a kill that one is
left, and its name says that it is no whole table.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from exportctl.errors import Error


def check_new_folder(folder: Path, storages: Sequence[Path]) -> None:
    """
    Refuse a folder that exists, has no parent, or is inside a storage of a destination.

    Raises:
        Error: it is one of these.
    """
    hint = "choose a new folder with --to"
    if folder.exists() or folder.is_symlink():
        raise Error(f"--to {folder}: it exists already, and nothing was written", rule="restore-folder", hint=hint)
    if not folder.parent.is_dir():
        message = f"--to {folder}: the folder {folder.parent} does not exist"
        raise Error(message, rule="restore-folder", hint="make it, or choose another one")
    whole = folder.parent.resolve() / folder.name
    for storage in storages:
        if whole.is_relative_to(storage.resolve()):
            message = f"--to {folder}: it is inside {storage}, which exports write to"
            raise Error(message, rule="restore-folder", hint=hint)


@contextmanager
def open_new_folder(folder: Path) -> Iterator[Path]:
    """
    Give a folder to write to, and rename it to `folder` at the end; after an error nothing is left.

    Raises:
        Error: it cannot be made or renamed.
    """
    partial = folder.parent / f".{folder.name}.partial-{token_hex(4)}"
    try:
        partial.mkdir()
        try:
            yield partial
            _flush_files(partial)
            partial.rename(folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    except OSError as error:
        message = f"{folder} cannot be written: {(error.strerror or str(error)).lower()}"
        raise Error(message, rule="restore-folder") from error


def _flush_files(folder: Path) -> None:
    """Wait until everything is on the disk: a rename must not survive a power cut that the files do not survive."""
    for path in (*(p for p in folder.rglob("*")), folder):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
