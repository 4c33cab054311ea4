"""`python -m tests.sweeps kills|corrupted|edits [--seed N] [--cases N] [--only WORDS]`: play a sweep in full."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from random import Random

from tests.sweeps import corrupted, edits, kills
from tests.sweeps.runner import run_cases

SWEEPS = {"kills": kills.cases, "corrupted": corrupted.cases, "edits": edits.cases}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps", description=__doc__)
    parser.add_argument("sweep", choices=SWEEPS)
    parser.add_argument("--seed", type=int, default=1, help="the order, and which ones --cases takes")
    parser.add_argument("--cases", type=int, help="a sample of so many (default: all)")
    parser.add_argument("--only", default="", help="words in the names of the cases to play")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cases = [*SWEEPS[given.sweep](Path(folder))]
    Random(given.seed).shuffle(cases)
    return run_cases(given.sweep, cases[: given.cases], seed=given.seed, only=given.only)


if __name__ == "__main__":
    raise SystemExit(main())
