"""
A temporary folder for rows of customers: only its owner may look into it, and nothing of it is left at the end.

It is removed after an error and after an interrupt too. A kill that no process can catch (SIGKILL, a power cut) leaves
it; its name says what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from exportctl.errors import Error

PREFIX = "exportctl-drill-"


@contextmanager
def open_drill_folder(parent: str | None, storages: Sequence[Path]) -> Iterator[Path]:
    """
    Make a folder, and remove it with all that is in it.

    Raises:
        Error: it cannot be made, is inside a storage of a destination, or cannot be removed.
    """
    hint = "choose another folder with --work"
    within = Path(parent or gettempdir()).resolve()
    for storage in storages:
        if within.is_relative_to(storage.resolve()):
            message = f"the temporary folder {within} is inside {storage}, which exports write to"
            raise Error(message, rule="drill-folder", hint=hint)
    try:
        made = TemporaryDirectory(prefix=PREFIX, dir=parent, ignore_cleanup_errors=True)
    except OSError as error:
        message = f"no temporary folder can be made in {within}: {error.strerror}"
        raise Error(message, rule="drill-folder", hint=hint) from error
    try:
        yield Path(made.name)
    finally:
        _remove_folder(made)


def _remove_folder(made: TemporaryDirectory[str]) -> None:
    """Remove the folder, twice if an interrupt comes meanwhile: only the first signal raises."""
    try:
        made.cleanup()
    except KeyboardInterrupt:
        made.cleanup()
        raise
    finally:
        if Path(made.name).exists():
            message = f"{made.name} holds restored rows and could not be removed"
            raise Error(message, rule="drill-folder", hint="remove it by hand")
