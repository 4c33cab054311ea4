"""
The floors of branch coverage, one for each package: `python -m tests.branch_coverage FILE` reads the JSON of coverage.

`make coverage` makes that file. It runs no law: each commit draws other examples, so a figure that rests on them would
move by itself. It runs the tests that stay in one process, because only those are measured.

A floor only rises: one that is lower than in an earlier commit is a failure, as far back as the clone reaches.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FLOORS = ROOT / "tests" / "coverage.toml"
WHOLE = 100  # percent


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
    """What is below its floor, with what did not run where all must; what has no floor, and what has no code."""
    figures = package_figures(report)
    below = [package for package, floor in floors.items() if figures.get(package, 0.0) < floor]
    lines = [f"{p}: {figures.get(p, 0.0)} %, and its floor is {floors[p]} %" for p in below]
    lines += [f"    {part}" for p in below if floors[p] == WHOLE for part in missing_parts(report, p)]
    return [*lines, *(f"{p}: {figures[p]} %, and it has no floor in {FLOORS.name}" for p in figures if p not in floors)]


def lowered_floors(floors: Mapping[str, float], earlier: Iterable[Mapping[str, float]]) -> list[str]:
    """What has a lower floor than it had before; a package that is gone needs none."""
    highest: dict[str, float] = {}
    for version in earlier:
        highest |= {package: max(floor, highest.get(package, 0)) for package, floor in version.items()}
    return [
        f"{package}: its floor fell from {highest[package]} % to {floor} %"
        for package, floor in floors.items()
        if floor < highest.get(package, 0)
    ]


def floor_of(figure: float) -> int:
    """The floor of a figure: half a percent lower, rounded down, since threads do not end in one order in every run."""
    return WHOLE if figure == WHOLE else int(figure - 0.5)


def floors_to_raise(report: Mapping[str, Any], floors: Mapping[str, float]) -> list[str]:
    """What may have a higher floor from now on."""
    found = {package: floor_of(figure) for package, figure in package_figures(report).items()}
    return [
        f"{p}: its floor may rise from {floors[p]} % to {found[p]} %" for p in floors if found.get(p, 0) > floors[p]
    ]


def read_floors(text: str) -> Mapping[str, float]:
    floors: Mapping[str, float] = tomllib.loads(text)["floors"]
    return floors


def earlier_floors(folder: Path) -> list[Mapping[str, float]]:
    """The floors in every commit that changed them; none outside Git, and fewer in a shallow clone."""
    file = FLOORS.relative_to(ROOT).as_posix()
    commits = _git(folder, "log", "--format=%H", "--", file).split()
    return [read_floors(text) for commit in commits if (text := _git(folder, "show", f"{commit}:{file}"))]


def _git(folder: Path, *arguments: str) -> str:
    """The answer of Git; empty where it has none, as for a file that a commit removed."""
    asked = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    return asked.stdout if asked.returncode == 0 else ""


def check(file: Path) -> int:
    report, floors = json.loads(file.read_text(encoding="utf-8")), read_floors(FLOORS.read_text(encoding="utf-8"))
    found = [*failures(report, floors), *lowered_floors(floors, earlier_floors(ROOT))]
    summary = ["branch coverage: no package is below its floor", *floors_to_raise(report, floors)]
    sys.stdout.write("".join(f"{line}\n" for line in found or summary))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(check(Path(sys.argv[1])))
