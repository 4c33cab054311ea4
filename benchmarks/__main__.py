"""
Counts requests and compares costs, in one run on one machine. No seconds: ratios and counts.

Run from the repository: `make bench`, or `python -m benchmarks`. It takes about twenty minutes.
It tells what it measures, and writes results.md, and the table of goals into docs/performance.md.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from benchmarks import fleet, growth, round_trips
from benchmarks.costs import measure_imports, plan_cpu_ratio
from benchmarks.goals import HEAD as GOALS_HEAD
from benchmarks.goals import Goal, growth_goals, round_trip_goals, start_up_goals
from benchmarks.request_counts import creation_requests, no_change_requests
from benchmarks.start_up import PACKAGES, StartUp, start_up_ratios
from benchmarks.tables import machine_class, table
from benchmarks.whole_plans import page_cpu, plan_cost, plan_exponents
from tests.plan.sized_sandboxes import SANDBOXES

RESULTS = Path(__file__).with_name("results.md")
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
SIZES = ((10, 10), (90, 90), (90, 1000), (300, 300))  # exports, datasets
GROWTH = (1000, 2000, 5000)
_SPANS = (*pairwise(GROWTH), (GROWTH[0], GROWTH[-1]))
_HEAD = """# Results

Written by `python -m benchmarks` on {machine}. [README.md](README.md) says what is counted and how.
"""


def main() -> None:
    _tell("whole plans and pages")  # first: a process starts with the memory of the one that starts it
    whole = _whole_plan_goals()
    _tell("fleet")
    found = fleet.fleet_drift()
    _tell("requests")
    counts = _requests() + "\n" + _writes()
    _tell("start-up")
    start_up = start_up_ratios()
    imports = _imports() + "\n" + _cpu()
    _tell("round trips")
    costs = list(round_trips.all_costs())
    _tell("growth")
    exponents = {name: growth.exponents(SANDBOXES[name], GROWTH) for name in growth.MEASURED}
    goals = [*round_trip_goals(costs), *whole, *growth_goals(exponents), *start_up_goals(start_up)]
    goals += _fleet_goals(found)
    reached = table(GOALS_HEAD, (one.row for one in goals))
    sections = (
        _HEAD.format(machine=machine_class()),
        f"## Goals\n\n{reached}",
        f"## Round trips\n\n{table(round_trips.HEAD, (one.row for one in costs))}",
        counts,
        _growth(exponents),
        _start_up(start_up),
        imports,
        f"## fleet drift over 100 sandboxes\n\n{table(fleet.HEAD, found)}",
    )
    text = "\n".join(sections)
    RESULTS.write_text(text, encoding="utf-8")
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), reached), encoding="utf-8")
    print(text)


def with_table(page: str, goals: str) -> str:
    """Return the page with another table of goals, the only table that starts with their head."""
    first = re.escape(table(GOALS_HEAD, ()).splitlines()[0])
    new, found = re.subn(rf"^{first}\n(?:\|.*\n)*", lambda _: goals, page, flags=re.MULTILINE)
    if found != 1:
        raise ValueError(f"{found} tables of goals in the page")
    return new


def _tell(what: str) -> None:
    print(f"measuring {what} ...", file=sys.stderr, flush=True)


def _whole_plan_goals() -> list[Goal]:
    cpu, peak = "exponent of CPU: `plan` of exports, all ", "MiB at the most: "
    return [
        Goal(f"{cpu}applied, beyond its start", "1.6 to 1.9", 1.1, max(plan_exponents(applied=True).values())),
        Goal(f"{cpu}new, beyond its start", "1.6 to 1.9", 1.1, max(plan_exponents(applied=False).values())),
        Goal(f"{peak}a plan of 5,000 new exports", "286", 150, plan_cost(5000, False, "text").peak),
        Goal(f"{peak}a plan of 5,000 applied exports", "286", 150, plan_cost(5000, True, "text").peak),
        Goal(f"{peak}JSON of 5,000 creations", "434", 200, plan_cost(5000, False, "json").peak),
        Goal("CPU ms of the emulator's page of 100, 10,000 objects", "240", 10, 1000 * page_cpu(10_000)),
    ]


def _fleet_goals(found: list[tuple[object, ...]]) -> list[Goal]:
    one = dict(zip(fleet.HEAD, found[0], strict=True))
    ratio, peak = float(str(one["ratio"])), float(str(one["peak RSS, MiB"]))
    return [
        Goal("fleet drift, 100 sandboxes × 90 exports, the ideal of its rate budget = 1", "", 1.3, ratio),
        Goal("MiB at the most: that fleet drift", "", 200, peak),
    ]


def _requests() -> str:
    found = {size: no_change_requests(*size) for size in SIZES}
    names = list(dict.fromkeys(name for counted in found.values() for name in counted))
    rows: list[tuple[object, ...]] = [(name, *(found[size][name] for size in SIZES)) for name in names]
    rows.append(("**all**", *(found[size].total() for size in SIZES)))
    head = ("request", *(f"{exports} exports, {datasets} datasets" for exports, datasets in SIZES))
    return f"## A plan without changes\n\n{table(head, rows)}"


def _writes() -> str:
    rows: list[tuple[object, ...]] = []
    for exports, accounts in ((1, 1), (10, 1), (10, 3), (90, 6)):
        counted = creation_requests(exports, accounts)
        writes = [counted[f"POST /{name}"] for name in _KINDS]
        rows.append((exports, accounts, *writes, sum(writes)))
    return f"## Creating everything\n\n{table(('flows', 'accounts', *_KINDS, 'writes'), rows)}"


_KINDS = ("connections", "sourceConnections", "targetConnections", "flows")


def _growth(exponents: Mapping[str, Mapping[str, list[float]]]) -> str:
    head = ("plan", "output", *(f"{small} to {large} exports" for small, large in _SPANS))
    rows = [
        (name, output, *(f"{one:.2f}" for one in found))
        for name, outputs in exponents.items()
        for output, found in outputs.items()
    ]
    return f"## Exponent of CPU\n\n{table(head, rows)}"


def _start_up(found: Mapping[str, StartUp]) -> str:
    head = ("command", "an empty Python = 1", "the import of its packages = 1", "packages")
    rows = [
        (f"`{name}`", f"{one.of_empty_python:.1f}", f"{one.of_packages:.2f}", PACKAGES[name])
        for name, one in found.items()
    ]
    return f"## CPU of a start\n\n{table(head, rows)}"


def _imports() -> str:
    rows: list[tuple[object, ...]] = []
    for name, found in measure_imports().items():
        rows.append((f"`{name}`", found.modules, ", ".join(found.heavy) or "none"))
    return f"## What is imported\n\n{table(('command', 'modules', 'heavy ones among them'), rows)}"


def _cpu() -> str:
    rows: list[tuple[object, ...]] = [(exports, f"{plan_cpu_ratio(exports):.1f}") for exports in (10, 90, 300)]
    return f"## CPU of a plan without changes, validate = 1\n\n{table(('exports', 'plan'), rows)}"


if __name__ == "__main__":
    main()
