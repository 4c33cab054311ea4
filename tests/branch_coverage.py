"""
The floors of branch coverage, one for each package: `python -m tests.branch_coverage FILE` reads the JSON of coverage.

`make coverage` makes that file. It runs no law: each commit draws other examples, so a figure that rests on them would
move by itself. It runs the tests that stay in one process, because only those are measured.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FLOORS = ROOT / "tests" / "coverage.toml"


def package_of(path: str) -> str:
    """The package of a file; `root` for those that stand beside the packages."""
    package, _, rest = path.split("exportctl/", 1)[1].partition("/")
    return package if rest else "root"


def package_figures(report: Mapping[str, Any]) -> Mapping[str, float]:
    """Lines and branches that ran, in percent with one decimal rounded down, for each package."""
    covered, whole = Counter[str](), Counter[str]()
    for path, found in report["files"].items():
        package, summary = package_of(path), found["summary"]
        covered[package] += summary["covered_lines"] + summary["covered_branches"]
        whole[package] += summary["num_statements"] + summary["num_branches"]
    return {package: covered[package] * 1000 // max(whole[package], 1) / 10 for package in sorted(whole)}


def missing_parts(report: Mapping[str, Any], package: str) -> list[str]:
    """The lines and branches of a package that no counted test runs."""
    parts = []
    for path, found in report["files"].items():
        if package_of(path) == package and (found["missing_lines"] or found["missing_branches"]):
            branches = ", ".join(f"{start}->{end}" for start, end in found["missing_branches"])
            parts.append(f"{path}: lines {found['missing_lines']}, branches {branches or 'none'}")
    return parts


def failures(report: Mapping[str, Any], floors: Mapping[str, float]) -> list[str]:
    """What is below its floor, what has no floor, and what has a floor and no code."""
    figures = package_figures(report)
    below = [package for package, floor in floors.items() if figures.get(package, 0.0) < floor]
    lines = [f"{p}: {figures.get(p, 0.0)} %, and its floor is {floors[p]} %" for p in below]
    lines += [f"    {part}" for package in below for part in missing_parts(report, package)]
    return [*lines, *(f"{p}: {figures[p]} %, and it has no floor in {FLOORS.name}" for p in figures if p not in floors)]


def check(file: Path) -> int:
    report = json.loads(file.read_text(encoding="utf-8"))
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))["floors"]
    found = failures(report, floors)
    sys.stdout.write("".join(f"{line}\n" for line in found or ["branch coverage: no package is below its floor"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(check(Path(sys.argv[1])))
