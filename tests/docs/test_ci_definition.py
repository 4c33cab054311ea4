"""What runs on the project itself: the CI workflow, the pre-commit hooks and the issue forms call what exists."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOW = ".github/workflows/ci.yml"
HOOKS = ".pre-commit-config.yaml"
FORMS = ("bug", "feature")
PYTHONS = ("3.11", "3.12", "3.13")


def document(name: str) -> dict[Any, Any]:
    """A YAML file of the project."""
    found: dict[Any, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return found


def matrix() -> list[dict[str, str]]:
    """The rows of the job that runs the tests."""
    rows: list[dict[str, str]] = document(WORKFLOW)["jobs"]["test"]["strategy"]["matrix"]["include"]
    return rows


def workflow_commands() -> Iterator[str]:
    """Every command of the workflow, with the values of the matrix in it."""
    for job in document(WORKFLOW)["jobs"].values():
        for step in job["steps"]:
            if step.get("run") == "${{ matrix.command }}":
                yield from (row["command"] for row in matrix())
            elif "run" in step:
                yield step["run"]


def hook_commands() -> list[str]:
    return [hook["entry"] for repo in document(HOOKS)["repos"] for hook in repo["hooks"]]


def commands() -> list[str]:
    return sorted({*workflow_commands(), *hook_commands()})


def planned_steps(target: str) -> subprocess.CompletedProcess[str]:
    """What make would run for a target; nothing is run."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", "--dry-run", "--no-print-directory", target],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_workflow_or_of_a_hook_exists(command: str) -> None:
    program, *arguments = command.split()

    if program == "make":
        (target,) = arguments
        assert planned_steps(target).returncode == 0, planned_steps(target).stderr
    else:
        assert arguments == []
        assert os.access(ROOT / program, os.X_OK)


def test_a_target_that_does_not_exist_is_noticed() -> None:
    assert planned_steps("no-such-target").returncode == 2


def test_the_workflow_tests_each_supported_python_and_runs_everything_on_one() -> None:
    assert tuple(row["python"] for row in matrix()) == PYTHONS
    assert sorted(row["command"] for row in matrix()) == [".ci/run", "make test", "make test"]
    (test,) = (step for step in document(WORKFLOW)["jobs"]["test"]["steps"] if step.get("name") == "Test")
    assert test["env"] == {"PYTHON": "python${{ matrix.python }}"}


def test_the_workflow_may_only_read() -> None:
    jobs = document(WORKFLOW)["jobs"].values()

    assert document(WORKFLOW)["permissions"] == {"contents": "read"}
    assert [job for job in jobs if "permissions" in job] == []


def test_the_package_names_the_pythons_that_are_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = re.findall(r"Programming Language :: Python :: (3\.\d+)", "\n".join(project["classifiers"]))

    assert tuple(named) == PYTHONS
    assert project["requires-python"] == f">={PYTHONS[0]}"


def test_the_guide_says_how_to_run_the_tests_on_each_python() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

    assert [python for python in PYTHONS if f"PYTHON=python{python}" not in guide] == []


def test_the_hooks_run_the_tools_of_make_check() -> None:
    (needed,) = re.findall(r"(?m)^check: ([a-z -]+)", (ROOT / "Makefile").read_text(encoding="utf-8"))

    assert {f"make {target}" for target in needed.split()} == set(hook_commands())
    assert {repo["repo"] for repo in document(HOOKS)["repos"]} == {"local"}


@pytest.mark.parametrize("form", FORMS)
def test_an_issue_form_asks_for_text_under_distinct_ids_and_warns_of_secrets(form: str) -> None:
    issue = document(f".github/ISSUE_TEMPLATE/{form}.yml")
    fields = [part for part in issue["body"] if part["type"] != "markdown"]

    assert issue["name"]
    assert issue["description"]
    assert {part["type"] for part in fields} <= {"input", "textarea", "dropdown", "checkboxes"}
    assert len({part["id"] for part in fields}) == len(fields)
    assert "secrets" in fields[-1]["attributes"]["options"][0]["label"]
    assert fields[-1]["attributes"]["options"][0]["required"] is True


def test_security_faults_are_reported_in_private_and_not_as_an_issue() -> None:
    assert document(".github/ISSUE_TEMPLATE/config.yml") == {"blank_issues_enabled": False}
    assert "SECURITY.md" in (ROOT / ".github/ISSUE_TEMPLATE/bug.yml").read_text(encoding="utf-8")
    policy = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "Report a vulnerability" in policy
    assert [link for link in re.findall(r"\]\(([^)]+)\)", policy) if not (ROOT / link).exists()] == []
