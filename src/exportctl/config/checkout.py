"""
Read regular files of one checkout: no pipe, no device, and nothing that a link or `..` leads to outside.

The checkout is the Git working tree around a folder. Without Git it is a folder that the caller names. A pull request
can add any path and any link. So a file of the config must not make exportctl wait for ever, or read a file that the
reviewers of the repository never saw.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


class UnusableFile(Exception):
    """A file that exportctl does not read. The text says why, as the end of the sentence `FILE …`."""


def checkout_root(folder: Path) -> Path | None:
    """Return the root of the Git working tree around a folder, without links; None if there is none."""
    inner = Path(os.path.realpath(folder))
    return next((one for one in (inner, *inner.parents) if (one / ".git").exists()), None)


def outside_target(path: Path, root: Path) -> str | None:
    """Return the place where a path really is if that is outside the root; None if it is inside."""
    real = os.path.realpath(path)
    return None if Path(real).is_relative_to(os.path.realpath(root)) else real


def read_regular_file(path: Path, limit: int) -> bytes:
    """
    Return the first `limit` bytes of a regular file. It never waits for a pipe or a device.

    Raises:
        FileNotFoundError: nothing has this name.
        UnusableFile: it cannot be read, is not a regular file, or is a link to nothing.
    """
    try:
        check_regular(path)
        # The kind can change until the file is open, and the open itself must not wait.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        with os.fdopen(handle, "rb") as stream:
            _check_mode(os.fstat(handle).st_mode)
            return stream.read(limit)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise UnusableFile(f"cannot be read: {system_reason(error)}") from error


def check_regular(path: Path) -> None:
    """
    Check without opening it that a path leads to a regular file.

    Raises:
        FileNotFoundError: nothing has this name.
        UnusableFile: it is something else, or a link to nothing.
        OSError, ValueError: the system refuses to look, or the path cannot exist.
    """
    try:
        _check_mode(path.stat().st_mode)
    except FileNotFoundError as error:
        if path.is_symlink():
            raise UnusableFile(f"cannot be read: it is a link to {path.readlink()}, which does not exist") from error
        raise


def _check_mode(mode: int) -> None:
    if not stat.S_ISREG(mode):
        what = next((name for test, name in _KINDS if test(mode)), "something else")
        raise UnusableFile(f"cannot be read: it is {what}, not a regular file")


def system_reason(error: Exception) -> str:
    """Return the reason of the system in lower case."""
    return ((error.strerror if isinstance(error, OSError) else None) or str(error)).lower()
