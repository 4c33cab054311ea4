"""Play the cases of a sweep, each with a bound of time, and count the faults by their kind."""

from __future__ import annotations

import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from tests.sweeps.judgement import BrokenPromise, FaultKind

PATIENCE = 300  # seconds of this machine; the cases wait on the clock of the emulator, which costs none


class Case(NamedTuple):
    """One case of a sweep: `play` gets an empty folder and raises what is at fault."""

    name: str
    play: Callable[[Path], None]


class Hang(BaseException):
    """A case took too long. No handler of errors may take it for one."""


def _raise_hang(number: int, frame: FrameType | None) -> None:
    raise Hang


def find_fault(case: Case) -> tuple[FaultKind, str] | None:
    """Play a case; return what is at fault with the traceback, None if nothing is."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            case.play(Path(folder))
        except BrokenPromise as error:
            return error.kind, str(error)
        except Hang:
            return FaultKind.HANG, traceback.format_exc()
        except Exception:
            return FaultKind.TRACEBACK, traceback.format_exc(limit=-8)
    return None


def run_cases(name: str, cases: Sequence[Case], drawn: str) -> int:
    """Play all cases; return 1 if there is a fault. The last line has the figures, and how the cases were `drawn`."""
    signal.signal(signal.SIGALRM, _raise_hang)
    faults = Counter[FaultKind]()
    for number, case in enumerate(cases, start=1):
        signal.alarm(PATIENCE)
        found = find_fault(case)
        signal.alarm(0)
        if found:
            faults[found[0]] += 1
            print(f"FAULT in {case.name!r}\n{found[1]}\n", file=sys.stderr, flush=True)
        if number % 50 == 0:
            print(f"{number} of {len(cases)} cases, {faults.total()} faults", flush=True)
    counts = ", ".join(f"{faults[kind]} {kind}" for kind in FaultKind)
    print(f"{name}: {drawn}, {len(cases):,} cases: {counts}")
    return 1 if faults else 0
