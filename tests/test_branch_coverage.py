"""The floors of branch coverage: a package below its floor, or without one, is named with what it misses."""

from __future__ import annotations

import tomllib

from tests.branch_coverage import FLOORS, failures, package_figures
from tests.layout import ROOT

FULL = {"covered_lines": 3, "covered_branches": 1, "num_statements": 3, "num_branches": 1}
HALF = {"covered_lines": 2, "covered_branches": 0, "num_statements": 3, "num_branches": 1}


def report(**summaries: dict[str, int]) -> dict[str, object]:
    files = {
        f"src/exportctl/{package}/part.py": {"summary": one, "missing_lines": [7], "missing_branches": [[3, 7]]}
        for package, one in summaries.items()
    }
    return {"files": files}


def test_lines_and_branches_count_together() -> None:
    assert package_figures(report(plan=HALF, model=FULL)) == {"model": 100.0, "plan": 50.0}


def test_a_package_at_its_floor_passes() -> None:
    assert failures(report(plan=HALF), {"plan": 50.0}) == []


def test_a_package_below_its_floor_is_named_with_what_it_misses() -> None:
    assert failures(report(plan=HALF), {"plan": 50.1}) == [
        "plan: 50.0 %, and its floor is 50.1 %",
        "    src/exportctl/plan/part.py: lines [7], branches 3->7",
    ]


def test_a_package_without_a_floor_is_a_failure() -> None:
    assert failures(report(plan=FULL), {}) == ["plan: 100.0 %, and it has no floor in coverage.toml"]


def test_a_package_that_is_not_measured_is_below_its_floor() -> None:
    assert failures(report(), {"plan": 100.0}) == ["plan: 0.0 %, and its floor is 100.0 %"]


def test_every_package_has_a_floor() -> None:
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))["floors"]

    assert set(floors) >= {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()} - {"emulator"}
