"""The modules that a command imports, and the CPU of a plan as a multiple of that of validating its config."""

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
HEAVY_MODULES = ("typer", "yaml", "jsonschema_rs", "jsonschema", "httpx", "deepdiff", "rich.console", "sqlite3")
_COUNT = """
import os, sys
before = set(sys.modules)
sys.argv[0] = "exportctl"
out, sys.stdout = sys.stdout, open(os.devnull, "w")
from exportctl.cli import run
try:
    run()
except SystemExit:
    pass
print(*sorted(set(sys.modules) - before), file=out)
"""
_CONFIG = """version: 1
project: bench
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: bench, url: embedded}
destinations: {lake: {type: data-landing-zone, path: bench}}
exports: {one: {datasets: [One], destination: lake, schedule: {every: once, at: "02:00"}}}
"""


@dataclass(frozen=True)
class ImportCost:
    """`modules` beyond those of a bare interpreter, and the heavy ones among them."""

    modules: int
    heavy: tuple[str, ...]


def measure_imports() -> Mapping[str, ImportCost]:
    """Each command in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "exports.yaml").write_text(_CONFIG, encoding="utf-8")
        found = {}
        for command in COMMANDS:
            modules = _modules(folder, command)
            heavy = tuple(name for name in HEAVY_MODULES if name in modules)
            found[f"exportctl {command}"] = ImportCost(len(modules), heavy)
        return found


def _modules(folder: str, command: str) -> set[str]:
    words = [sys.executable, "-c", _COUNT, command]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    return set(done.stdout.split())


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
