"""The floors of branch coverage: a package below its floor, or without one, is named with what it misses."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.branch_coverage import (
    FLOORS,
    check,
    earlier_floors,
    failures,
    floor_of,
    floors_to_raise,
    lowered_floors,
    package_figures,
    package_of,
    read_floors,
)
from tests.layout import ROOT

PURE = ("model", "resources", "plan", "planfile", "rules")  # packages with 100 %

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


def test_a_package_below_its_floor_is_named() -> None:
    assert failures(report(plan=HALF), {"plan": 50.1}) == ["plan: 50.0 %, and its floor is 50.1 %"]


def test_a_package_of_which_all_must_run_is_named_with_what_did_not() -> None:
    assert failures(report(plan=HALF), {"plan": 100}) == [
        "plan: 50.0 %, and its floor is 100 %",
        "    src/exportctl/plan/part.py: lines [7], branches 3->7",
    ]


def test_a_package_without_a_floor_is_a_failure() -> None:
    assert failures(report(plan=FULL), {}) == ["plan: 100.0 %, and it has no floor in coverage.toml"]


def test_a_package_that_is_not_measured_is_below_its_floor() -> None:
    assert failures(report(), {"plan": 100.0}) == ["plan: 0.0 %, and its floor is 100.0 %"]


def test_a_floor_that_is_lower_than_it_was_is_a_failure() -> None:
    earlier = [{"plan": 90, "client": 76}, {"plan": 98, "client": 70, "gone": 50}]

    assert lowered_floors({"plan": 97, "client": 76, "new": 1}, earlier) == ["plan: its floor fell from 98 % to 97 %"]


@pytest.mark.parametrize(("figure", "floor"), [(100, 100), (99.9, 99), (99.4, 98), (98.5, 98)])
def test_a_floor_is_half_a_percent_below_its_figure_or_all(figure: float, floor: int) -> None:
    assert floor_of(figure) == floor


def test_a_floor_that_may_rise_is_shown() -> None:
    measured = report(plan={"covered_lines": 299, "covered_branches": 0, "num_statements": 300, "num_branches": 0})

    assert floors_to_raise(measured, {"plan": 98}) == ["plan: its floor may rise from 98 % to 99 %"]
    assert floors_to_raise(measured, {"plan": 99}) == []


def test_the_floors_of_every_commit_are_read_and_none_outside_git(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True)

    file = tmp_path / "tests" / FLOORS.name
    file.parent.mkdir()
    file.write_text("[floors]\nplan = 98\n", encoding="utf-8")
    assert earlier_floors(tmp_path) == []

    git("init")
    for floor in (98, 99):
        file.write_text(f"[floors]\nplan = {floor}\n", encoding="utf-8")
        git("add", "tests")
        git("commit", "-m", f"Raise the floor to {floor}")
    git("rm", "-r", "tests")
    git("commit", "-m", "Remove the floors")

    assert earlier_floors(tmp_path) == [{"plan": 99}, {"plan": 98}]


@pytest.mark.parametrize(
    ("covered", "code", "line"),
    [
        (3, 0, "branch coverage: no package is below its floor"),
        (2, 1, "plan: 75.0 %, and its floor is 100 %"),
    ],
    ids=["every line ran", "a line did not run"],
)
def test_the_check_ends_with_1_if_a_package_is_below_its_floor(
    covered: int, code: int, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    floors = read_floors(FLOORS.read_text(encoding="utf-8"))
    measured = report(**dict.fromkeys(floors, FULL) | {"plan": FULL | {"covered_lines": covered}})
    (tmp_path / "coverage.json").write_text(json.dumps(measured), encoding="utf-8")

    assert check(tmp_path / "coverage.json") == code
    assert line in capsys.readouterr().out.splitlines()


def test_every_package_has_a_floor_and_no_other_name_has_one() -> None:
    packages = {package_of(f"src/exportctl/{path.relative_to(ROOT).as_posix()}") for path in ROOT.rglob("*.py")}

    assert set(read_floors(FLOORS.read_text(encoding="utf-8"))) == packages


def test_a_pure_package_has_no_branch_that_no_test_runs() -> None:
    floors = read_floors(FLOORS.read_text(encoding="utf-8"))

    assert {package: floors[package] for package in PURE} == dict.fromkeys(PURE, 100)


def test_no_floor_fell_since_an_earlier_commit() -> None:
    assert lowered_floors(read_floors(FLOORS.read_text(encoding="utf-8")), earlier_floors(FLOORS.parents[1])) == []
