"""
The sweep: `python -m tests.fuzz.sweep --inputs 1000000 --seed 1`. A failure prints the line that draws it again.

An input that takes longer than `--patience` seconds is a hang: it fails too. `--processes` share the inputs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from random import Random
from types import FrameType
from typing import NamedTuple

from exportctl.errors import Error
from tests.fuzz.targets import Target, build_sandbox, build_targets

CHUNK = 500  # inputs that one process tries before it takes more


class Hang(Exception):
    """An input that took too long."""


class Chunk(NamedTuple):
    """The inputs of one target that one process tries in a row."""

    name: str
    numbers: range
    seed: int
    patience: int


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


@cache
def own_targets() -> Mapping[str, tuple[int, Target]]:
    """Return the targets of this process: each has a sandbox of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return build_targets(build_sandbox(Path(folder)))


def try_chunk(chunk: Chunk) -> tuple[str, Counter[str], list[str]]:
    """Try the inputs of a chunk; return the name, how they ended, and how to draw each fault again."""
    ended: Counter[str] = Counter()
    faults = []
    _, target = own_targets()[chunk.name]
    signal.signal(signal.SIGALRM, _raise_hang)
    for number in chunk.numbers:
        signal.alarm(chunk.patience)
        try:
            ended[try_input(target, chunk.name, chunk.seed, number)] += 1
        except Exception as error:
            ended["hang" if isinstance(error, Hang) else "fault"] += 1
            again = f"python -m tests.fuzz.sweep --seed {chunk.seed} --only {chunk.name}/{number}"
            faults.append(f"{again}\n{traceback.format_exc(limit=-6)}")
        signal.alarm(0)
    return chunk.name, ended, faults


def chunks(given: argparse.Namespace) -> Iterator[Chunk]:
    """Share the inputs out among the targets, and cut the share of each."""
    only, _, number = (given.only or "").partition("/")
    for name, (weight, _) in own_targets().items():
        if only not in ("", name):
            continue
        share = range(int(number), int(number) + 1) if number else range(given.inputs * weight // 1000)
        for first in range(0, len(share), CHUNK):
            yield Chunk(name, share[first : first + CHUNK], given.seed, given.patience)


def main() -> int:
    """Run the sweep and print the figures; the last line sums them up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=int, default=20)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", help="TARGET or TARGET/NUMBER")
    given = parser.parse_args()
    by_name: dict[str, Counter[str]] = {}
    with multiprocessing.get_context("spawn").Pool(given.processes) as pool:
        for name, ended, faults in pool.imap_unordered(try_chunk, chunks(given)):
            by_name.setdefault(name, Counter()).update(ended)
            if (tried := sum(each.total() for each in by_name.values())) % 50_000 == 0:
                print(f"{tried:,} inputs tried, now {name}", flush=True)
            for fault in faults:
                print(fault, file=sys.stderr, flush=True)
    for name, ended in by_name.items():
        print(f"{name:10} {ended.total():8} inputs: {dict(sorted(ended.items()))}")
    total = sum(by_name.values(), Counter())
    print(f"fuzz: seed {given.seed}, {total.total()} inputs, {total['fault']} faults, {total['hang']} hangs")
    return 1 if total["fault"] + total["hang"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
