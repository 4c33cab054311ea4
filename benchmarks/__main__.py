"""
Counts requests and compares costs, in one run on one machine, and writes results.md. No seconds: ratios and counts.

Run from the repository: `make bench`, or `python -m benchmarks`.
"""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from benchmarks.costs import measure_imports, plan_cpu_ratio
from benchmarks.request_counts import creation_requests, no_change_requests

RESULTS = Path(__file__).with_name("results.md")
SIZES = (10, 90, 300)


def main() -> None:
    text = "\n".join((_HEAD.format(machine=machine_class()), _requests(), _writes(), _imports(), _cpu()))
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


_HEAD = """# Results

Written by `python -m benchmarks` on {machine}. [README.md](README.md) says what is counted and how.
"""


def machine_class() -> str:
    """The class of the machine, and nothing that names it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = f"{sys.implementation.name} {platform.python_version()}"
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, {python}"


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)


def _requests() -> str:
    found = {size: no_change_requests(size) for size in SIZES}
    names = list(dict.fromkeys(name for counted in found.values() for name in counted))
    rows: list[tuple[object, ...]] = [(name, *(found[size][name] for size in SIZES)) for name in names]
    rows.append(("**all**", *(found[size].total() for size in SIZES)))
    head = ("request", *(f"{size} exports" for size in SIZES))
    return f"## A plan without changes\n\n{table(head, rows)}"


def _writes() -> str:
    rows: list[tuple[object, ...]] = []
    for exports, accounts in ((1, 1), (10, 1), (10, 3), (90, 6)):
        counted = creation_requests(exports, accounts)
        writes = [counted[f"POST /{name}"] for name in _KINDS]
        rows.append((exports, accounts, *writes, sum(writes)))
    return f"## Creating everything\n\n{table(('flows', 'accounts', *_KINDS, 'writes'), rows)}"


_KINDS = ("connections", "sourceConnections", "targetConnections", "flows")


def _imports() -> str:
    rows: list[tuple[object, ...]] = []
    for name, found in measure_imports().items():
        rows.append((f"`{name}`", found.modules, ", ".join(found.heavy) or "none", f"{found.ratio:.1f}"))
    head = ("command", "modules", "heavy ones among them", "CPU, bare interpreter = 1")
    return f"## What is imported\n\n{table(head, rows)}"


def _cpu() -> str:
    rows: list[tuple[object, ...]] = [(size, f"{plan_cpu_ratio(size):.1f}") for size in SIZES]
    return f"## CPU of a plan without changes, validate = 1\n\n{table(('exports', 'plan'), rows)}"


if __name__ == "__main__":
    main()
