"""What commands cost, as ratios of CPU time within one run, and as modules imported."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.request_counts import NOW, benchmark_project
from exportctl.workflows import load_config

ROUNDS = 5
COMMANDS = ("--version", "--help", "validate", "plan")
HEAVY_MODULES = ("typer", "yaml", "jsonschema", "httpx", "deepdiff", "rich.console", "sqlite3")
_COUNT = """
import os, sys, time
before = set(sys.modules)
if sys.argv[1:]:
    sys.argv[0] = "exportctl"
    out = sys.stdout
    sys.stdout = open(os.devnull, "w")
    from exportctl.cli import run
    try:
        run()
    except SystemExit:
        pass
    sys.stdout = out
print(time.process_time(), *sorted(set(sys.modules) - before))
"""
_CONFIG = """version: 1
project: bench
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: bench, url: embedded}
destinations: {lake: {type: data-landing-zone, path: bench}}
exports: {one: {datasets: [One], destination: lake, schedule: {every: once, at: "02:00"}}}
"""


@dataclass(frozen=True)
class ImportCost:
    """`modules` beyond those of a bare interpreter; `ratio` of CPU time to a bare interpreter's."""

    modules: int
    heavy: tuple[str, ...]
    ratio: float


def measure_imports() -> Mapping[str, ImportCost]:
    """Each command in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "exports.yaml").write_text(_CONFIG, encoding="utf-8")
        bare, _ = _cheapest_run(folder)
        found = {}
        for command in COMMANDS:
            cost, modules = _cheapest_run(folder, command)
            heavy = tuple(name for name in HEAVY_MODULES if name in modules)
            found[f"exportctl {command}"] = ImportCost(len(modules), heavy, cost / bare)
        return found


def _cheapest_run(folder: str, *argv: str) -> tuple[float, set[str]]:
    """The least CPU time of some rounds, and the modules."""
    done = [
        subprocess.run(
            [sys.executable, "-c", _COUNT, *argv],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
            stdin=subprocess.DEVNULL,
        ).stdout.split()
        for _ in range(ROUNDS)
    ]
    return min(float(words[0]) for words in done), set(done[0][1:])


def plan_cpu_ratio(exports: int) -> float:
    """CPU time of a plan without changes over that of validating the same config, both in this process."""
    with benchmark_project(exports) as made:
        made.apply()
        plan = _cpu_seconds(made.is_plan_empty)
        validate = _cpu_seconds(lambda: load_config.validate_config(made.setup, NOW))
    return plan / validate


def _cpu_seconds(work: Callable[[], object]) -> float:
    costs = []
    for _ in range(ROUNDS):
        before = time.process_time()
        work()
        costs.append(time.process_time() - before)
    return min(costs)
