"""
Files that only report on a run, and files that are no regular files: nothing here waits for ever.

A pipe can have no reader, or one that has stopped to read. Neither may hold up an apply.
"""

from __future__ import annotations

import errno
import os
import select
import stat
from pathlib import Path

from exportctl.output.safe_text import escape_surrogates

PATIENCE = 30.0  # seconds in which a reader must take something: a slow one loses nothing
_NO_READER = "no process reads this pipe"


class SecondaryFiles:
    """The files of one run that get a text several times."""

    def __init__(self) -> None:
        self._open: dict[Path, int] = {}
        self._stuck: dict[Path, str] = {}

    def append(self, file: Path, text: str) -> None:
        """
        Append to a file, or raise an OSError.

        A pipe or a device stays open until `close`: a reader takes the first close for the end of all text. After
        a reader has stopped to read, no later text is tried: each would wait again.
        """
        if file in self._stuck:
            raise TimeoutError(errno.ETIMEDOUT, self._stuck[file])
        handle = self._open.pop(file, None)
        if handle is None:
            handle = open_at_once(file, os.O_APPEND | os.O_CREAT)
        stays_open = False
        try:
            write_all(handle, escape_surrogates(text).encode("utf-8"))
            stays_open = not stat.S_ISREG(os.fstat(handle).st_mode)
        except TimeoutError as error:
            self._stuck[file] = str(error.strerror)
            raise
        finally:
            if stays_open:
                self._open[file] = handle
            else:
                os.close(handle)

    def close(self) -> None:
        for handle in self._open.values():
            os.close(handle)
        self._open.clear()


def open_at_once(file: Path, flags: int = 0) -> int:
    """Open a file to write, or raise an OSError. It does not wait for the reader of a pipe."""
    try:
        return os.open(file, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | flags, 0o666)
    except OSError as error:
        if error.errno == errno.ENXIO and file.is_fifo():
            raise OSError(errno.ENXIO, _NO_READER) from error
        raise


def write_all(handle: int, data: bytes) -> None:
    """Write all bytes, or raise an OSError: the reader is gone, or takes nothing for a long time."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(handle, rest) :]
        except BlockingIOError:
            _wait_for_room(handle)
        except BrokenPipeError as error:
            raise OSError(errno.EPIPE, _NO_READER) from error


def _wait_for_room(handle: int) -> None:
    poll = select.poll()
    poll.register(handle, select.POLLOUT)
    if not poll.poll(PATIENCE * 1000):
        raise TimeoutError(errno.ETIMEDOUT, f"its reader has taken nothing for {PATIENCE:g} s")
