"""
An output stream that may fail: what cannot be written is lost, and the run continues.

A full disk under a log file, a closed descriptor or a reader that went away must not decide what an apply does.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TextIO

from exportctl.output.safe_text import escape_surrogates


class OutputStream:
    """
    A text stream. `lost` is the reason for which it takes no more text, None while it does.

    `reader_left`: it is a pipe whose reader has seen enough, as in `exportctl plan | head`.
    """

    def __init__(self, stream: TextIO | None, name: str):
        self.name = name
        self.lost = "it is closed" if stream is None else None
        self.reader_left = False
        self._stream = stream
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")

    def write(self, text: str) -> bool:
        """Write all of the text at once; return whether it was taken."""
        if self._stream is None:
            return False
        try:
            self._stream.write(escape_surrogates(text))
            self._stream.flush()
        except OSError as error:
            self._lose((error.strerror or "it cannot be written").lower())
            self.reader_left = isinstance(error, BrokenPipeError)
        except ValueError:  # Python's answer to a write after `close`
            self._lose("it is closed")
        return self.lost is None

    def flush(self) -> None:
        """Do nothing: `write` has flushed. Libraries that draw or print on a stream call this."""

    def isatty(self) -> bool:
        return self._stream is not None and self.lost is None and self._stream.isatty()

    def fileno(self) -> int:
        """Return the descriptor, for libraries that ask for the size of the terminal."""
        if self._stream is None:
            raise OSError("closed")
        return self._stream.fileno()

    def columns(self) -> int:
        """Return the columns of the terminal, 0 if it does not say."""
        try:
            return os.get_terminal_size(self.fileno()).columns
        except (OSError, ValueError):  # no descriptor, or none of a terminal
            return 0

    def _lose(self, reason: str) -> None:
        stream, self._stream, self.lost = self._stream, None, reason
        assert stream is not None
        # Python must not try to write the rest of the buffer again when it exits: it would end with code 120.
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
            stream.flush()


def open_missing_descriptors() -> None:
    """
    Open /dev/null on each of the descriptors 0, 1 and 2 that the caller closed.

    Else the next file or connection gets that number, and an error message of a library would be written into it.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
