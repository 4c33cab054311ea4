"""`python -m tests.sweeps kills|corrupted|edits [--seed N] [--cases N] [--only WORDS]`: play a sweep in full."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random

from tests.sweeps import corrupted, edits, kills
from tests.sweeps.runner import Case, run_cases
from tests.workflows.test_faults import WRITES
from tests.workflows.test_going_back import CHANGES

# name -> the scenarios, the cases of one
SWEEPS: Mapping[str, tuple[tuple[str, ...], Callable[[str, Path], Iterator[Case]]]] = {
    "kills": (tuple(CHANGES), kills.cases),
    "corrupted": (tuple(WRITES), corrupted.cases),
    "edits": (tuple(CHANGES), edits.cases),
}


def main() -> int:
    """Play the cases in an order that the seed decides."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps", description=__doc__)
    parser.add_argument("sweep", choices=SWEEPS)
    parser.add_argument("--seed", type=int, default=1, help="the order, and which ones --cases takes")
    parser.add_argument("--cases", type=int, help="a sample of so many (default: all)")
    parser.add_argument("--only", default="", help="words in the names of the cases to play")
    given = parser.parse_args()
    scenarios, cases = SWEEPS[given.sweep]
    with tempfile.TemporaryDirectory() as folder:
        found = [case for name in scenarios for case in cases(name, Path(folder)) if given.only in case.name]
    Random(given.seed).shuffle(found)
    return run_cases(given.sweep, found[: given.cases], f"seed {given.seed}, {len(scenarios)} scenarios")


if __name__ == "__main__":
    raise SystemExit(main())
