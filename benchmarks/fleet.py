"""
`fleet drift` over many sandboxes behind a slow service, against the ideal of one rate budget: time, and peak memory.

`python -m benchmarks.fleet [--sandboxes 100] [--exports 90] [--latency 0.2]` measures the command against a
`delayed_service`. The sandboxes are one and the same behind their names: what a client reads does not depend on it, and
nothing takes an hour to set up. It prints, and writes no file beside a temporary one.

The ideal is what the budget alone costs: no request waits for anything else, and nothing is computed. The command's
time holds its start-up, all of its own work, and its last request.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.delayed_service import DelayedService, delayed_service
from benchmarks.request_counts import config
from benchmarks.tables import machine_class, table
from exportctl.client.rate_budget import PARALLEL, PER_SECOND

HEAD = (
    "requests per second",
    "parallel",
    "requests",
    "most in flight",
    "ideal s",
    "took s",
    "ratio",
    "CPU s",
    "peak RSS, MiB",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--sandboxes", type=int, default=100)
    parser.add_argument("--exports", type=int, default=90)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds of each answer")
    parser.add_argument("--per-second", type=float, action="append", help="budgets; default: that of fleet, and twice")
    asked = parser.parse_args()
    budgets = asked.per_second or (PER_SECOND, 2 * PER_SECOND)
    lines = fleet_drift(budgets, asked.sandboxes, asked.exports, asked.latency)
    print(f"{machine_class()}\n\n{table(HEAD, lines)}")


def fleet_drift(
    budgets: Sequence[float] = (PER_SECOND,), sandboxes: int = 100, exports: int = 90, latency: float = 0.2
) -> list[tuple[object, ...]]:
    """Measure the command with each budget of requests per second. Each line has the columns of HEAD."""
    with tempfile.TemporaryDirectory(prefix="fleet-") as name, delayed_service(exports) as service:
        write_projects(Path(name), service, sandboxes, exports)
        return [measure_drift(service, Path(name), budget, latency) for budget in budgets]


def write_projects(folder: Path, service: DelayedService, sandboxes: int, exports: int) -> None:
    """Write a project for each sandbox, and apply one: behind their names all sandboxes are the same."""
    for number in range(sandboxes):
        own = folder / f"box-{number:03}"
        own.mkdir()
        text = config(exports, 1, sandbox=own.name, url=service.url)
        (own / "exports.yaml").write_text(text, encoding="utf-8")
    service.run(folder / "box-000", "apply", "--auto-approve", "--parallelism", "8")


def measure_drift(service: DelayedService, folder: Path, per_second: float, latency: float) -> tuple[object, ...]:
    """Return one line: what the budget alone costs, and what the command took."""
    service.measure(latency)
    begun = time.monotonic()
    used = service.run(folder, "fleet", "drift", ".", "--requests-per-second", str(per_second))
    took = time.monotonic() - begun
    seen = service.measure()
    lists = seen.requests - 1  # the token is outside of the budget
    ideal = max((lists - PARALLEL) / per_second, lists * latency / PARALLEL) + latency
    ratio = f"{took / ideal:.2f}"
    figures = f"{ideal:.1f}", f"{took:.1f}", ratio, f"{used.cpu:.1f}", used.peak
    return f"{per_second:g}", PARALLEL, seen.requests, seen.most, *figures


if __name__ == "__main__":
    main()
