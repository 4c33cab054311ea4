"""
How the CPU of a plan grows with the number of exports: the exponent between two sizes. 1: twice as many, twice the CPU.

Run from the repository: `python -m benchmarks.growth [SIZE ...]`. It reads no service: each plan is made and shown in
this process from lists in memory, so the figures are those of exportctl alone, without its start. It prints a line as
soon as it has one; all lines take a few minutes of CPU.
"""

from __future__ import annotations

import gc
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import TypeVar

from exportctl.cli import OBJECTS_BETWEEN_COLLECTIONS
from exportctl.model.plan import Plan
from exportctl.output.json import documents
from exportctl.output.markdown import plan as markdown_plan
from exportctl.output.text import plan as text_plan
from tests.plan.sized_sandboxes import SANDBOXES, SizedSandbox

T = TypeVar("T")
SIZES = (1000, 5000)
ROUNDS = 4
MEASURED = ("nothing to change", "all to create", "all to update", "all removed", "all datasets moved on")
OUTPUTS: Mapping[str, Callable[[Plan], object]] = {
    "text": text_plan.render_plan,
    "json": documents.render_plan,
    "markdown": markdown_plan.render_plan,
}


def main() -> None:
    sizes = tuple(map(int, sys.argv[1:])) or SIZES
    for name in MEASURED:
        for output, found in exponents(SANDBOXES[name], sizes).items():
            print(f"{name:24}{output:10}", *(f"{exponent:.2f}" for exponent in found), flush=True)


def exponents(make: Callable[[int], SizedSandbox], sizes: Sequence[int] = SIZES) -> dict[str, list[float]]:
    """
    Return, for each output, the exponents of a plan that is made and shown.

    First between each two neighbours of `sizes`, then, of more than two sizes, between the first and the last. The
    least CPU of some rounds counts. Each round measures every size, so that a slow minute slows them all.
    """
    sandboxes = {size: make(size) for size in sizes}
    rounds = [{size: _measure(sandbox) for size, sandbox in sandboxes.items()} for _ in range(ROUNDS)]
    costs = {size: {output: min(one[size][output] for one in rounds) for output in OUTPUTS} for size in sizes}
    pairs = [*pairwise(sizes), *([(sizes[0], sizes[-1])] if len(sizes) > 2 else [])]
    return {
        output: [_exponent(costs[small][output], costs[large][output], large / small) for small, large in pairs]
        for output in OUTPUTS
    }


def _exponent(before: float, after: float, growth: float) -> float:
    return math.log(after / before) / math.log(growth)


def _measure(sandbox: SizedSandbox) -> dict[str, float]:
    """CPU of one plan and of each output of it in seconds."""
    plan, planning = _cpu_of(sandbox.build_plan)
    return {output: planning + _cpu_of(partial(render, plan))[1] for output, render in OUTPUTS.items()}


def _cpu_of(work: Callable[[], T]) -> tuple[T, float]:
    """Return what the work makes, and its CPU in seconds. Garbage is collected as rarely as in a command."""
    former = gc.get_threshold()
    gc.collect()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    try:
        before = time.process_time()
        made = work()
        return made, time.process_time() - before
    finally:
        gc.set_threshold(*former)


if __name__ == "__main__":
    main()
