"""
How the CPU of a plan grows with the number of exports: the exponent between two sizes. 1: twice as many, twice the CPU.

Run from the repository: `python -m benchmarks.growth [SIZE ...]`. It reads no service: each plan
is made in this process from lists in memory, so the figures are those of exportctl alone. Prints.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable

from tests.plan.sized_sandboxes import SANDBOXES, SizedSandbox

SIZES = (500, 1000, 2000)
ROUNDS = 3
MEASURED = ("nothing to change", "all to create", "all to update", "all removed", "all datasets moved on")


def main() -> None:
    sizes = tuple(map(int, sys.argv[1:])) or SIZES
    for name in MEASURED:
        print(f"{name:24}", *(f"{exponent:.2f}" for exponent in exponents(SANDBOXES[name], sizes)), flush=True)


def exponents(make: Callable[[int], SizedSandbox], sizes: tuple[int, ...]) -> list[float]:
    """Return the exponent between each two neighbours of `sizes`: the least CPU of some rounds counts."""
    costs = [plan_cpu(make(size)) for size in sizes]
    pairs = zip(zip(sizes, costs, strict=True), zip(sizes[1:], costs[1:], strict=True), strict=False)
    return [math.log(after / before) / math.log(large / small) for (small, before), (large, after) in pairs]


def plan_cpu(sandbox: SizedSandbox) -> float:
    """CPU of one plan in seconds, the least of some rounds."""
    costs = []
    for _ in range(ROUNDS):
        before = time.process_time()
        sandbox.build_plan()
        costs.append(time.process_time() - before)
    return min(costs)


if __name__ == "__main__":
    main()
