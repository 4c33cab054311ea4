"""
Ctrl-C and SIGTERM before and after a command: while Python imports the program, and while the process ends.

It imports nothing that takes time, so that it is in place first. Before Python runs it, a signal ends the process as it
ends every process: a shell then shows 130 or 143.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

EXIT_CODE = 8  # as in exit_codes, which is not imported yet
TEXT = "error: interrupted; nothing was being written  [interrupted]\n"


def raise_on_termination() -> None:
    """Treat SIGTERM and SIGHUP as Ctrl-C from now on. A SIGHUP that the caller ignores (`nohup`) stays ignored."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _raise_interrupt)


def ignore_signals() -> None:
    """Let the process end with the exit code of its command: that is done, and all is written."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def was_interrupted(error: BaseException) -> bool:
    """Return whether an interrupt is behind an error. Python 3.11 makes a RuntimeError of one while a class is made."""
    return isinstance(error, KeyboardInterrupt) or (error.__cause__ is not None and was_interrupted(error.__cause__))


def end_interrupted_process() -> None:
    """End the process at once: threads that still read wait for a server, and a read changes nothing."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # closed, or there is none
            continue
    os._exit(EXIT_CODE)


def write_interrupted() -> None:
    """Say that an interrupt came before anything began."""
    try:
        os.write(2, TEXT.encode())
    except OSError:  # no stderr: the exit code says it
        return


def _raise_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
