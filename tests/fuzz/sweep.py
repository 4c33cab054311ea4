"""
The sweep: `python -m tests.fuzz.sweep --inputs 1000000 --seed 1`. A failure prints the line that draws it again.

An input that takes longer than `--patience` seconds is a hang: it fails too.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from random import Random
from types import FrameType

from exportctl.errors import Error
from tests.fuzz.targets import Target, build_sandbox, build_targets


class Hang(Exception):
    """An input that took too long."""


def _raise_hang(number: int, frame: FrameType | None) -> None:
    raise Hang


def try_input(target: Target, name: str, seed: int, number: int) -> str:
    """Draw and try one input; return `value` or `error`. Any other exception is a fault of exportctl."""
    try:
        target(Random(f"{seed}/{name}/{number}"))
    except Error as error:
        assert error.message and "Traceback" not in error.message
        return "error"
    return "value"


def main() -> int:
    """Run the sweep and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=int, default=20)
    parser.add_argument("--only", help="TARGET or TARGET/NUMBER")
    given = parser.parse_args()
    only, _, number = (given.only or "").partition("/")
    signal.signal(signal.SIGALRM, _raise_hang)
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        targets = build_targets(build_sandbox(Path(folder)))
        for name, (weight, target) in targets.items():
            if only not in ("", name):
                continue
            ended: Counter[str] = Counter()
            for one in [int(number)] if number else range(given.inputs * weight // 1000):
                signal.alarm(given.patience)
                try:
                    ended[try_input(target, name, given.seed, one)] += 1
                except Exception:
                    ended["fault"] += 1
                    again = f"python -m tests.fuzz.sweep --seed {given.seed} --only {name}/{one}"
                    print(f"{again}\n{traceback.format_exc(limit=-6)}", file=sys.stderr)
                signal.alarm(0)
            faults += ended["fault"]
            print(f"{name:10} {sum(ended.values()):8} inputs: {dict(sorted(ended.items()))}", flush=True)
    print(f"{faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
