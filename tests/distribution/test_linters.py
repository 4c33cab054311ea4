"""Linters and published schemas, written by others, find nothing in the workflows and in the action."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.distribution.installations import ACTION, ROOT

PROGRAMS = Path(sys.executable).parent
WORKFLOWS = sorted(
    str(file.relative_to(ROOT))
    for folder in (".github/workflows", "examples/ci")
    for file in (ROOT / folder).glob("*.yml")
)
ACTIONLINT = ("actionlint", "-no-color", "-shellcheck", str(PROGRAMS / "shellcheck"))
ZIZMOR = ("zizmor", "--offline", "--no-progress", "--quiet", "--config", ".github/zizmor.yml")
SCHEMA = ("check-jsonschema", "--builtin-schema")


def lint(*command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    program, *arguments = command
    asked = (str(PROGRAMS / program), *arguments)
    return subprocess.run(asked, cwd=ROOT, input=text, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    "command",
    [
        (*ACTIONLINT, *WORKFLOWS),
        (*SCHEMA, "vendor.github-workflows", *WORKFLOWS),
        (*SCHEMA, "vendor.github-actions", "action.yml"),
        (*ZIZMOR, "action.yml", *WORKFLOWS),
    ],
    ids=["actionlint", "the schema of workflows", "the schema of actions", "zizmor"],
)
def test_a_linter_finds_nothing(command: tuple[str, ...]) -> None:
    done = lint(*command)

    assert done.returncode == 0, done.stdout + done.stderr


def test_shellcheck_finds_nothing_in_the_scripts_of_the_action() -> None:
    """Actionlint does not read them."""
    scripts = {step["name"]: step["run"] for step in ACTION["runs"]["steps"] if "run" in step}
    checked = {name: lint("shellcheck", "--shell=bash", "-", text=script) for name, script in scripts.items()}

    assert [name + done.stdout for name, done in checked.items() if done.returncode] == []
    assert len(checked) > 4


@pytest.mark.parametrize(
    ("command", "before", "after"),
    [
        (ACTIONLINT, "ubuntu-latest", "ubuntu-latst"),
        (ACTIONLINT, 'exportctl apply --only-if "$DIGEST"', "exportctl apply --only-if $DIGEST"),
        ((*SCHEMA, "vendor.github-workflows"), "runs-on:", "runs-upon:"),
        (ZIZMOR, '"$DIGEST"', "${{ inputs.digest }}"),
        (ZIZMOR, "actions/checkout@v4", "actions/checkout"),
    ],
)
def test_a_linter_finds_a_fault(command: tuple[str, ...], before: str, after: str, tmp_path: Path) -> None:
    text = (ROOT / "examples" / "ci" / "apply.yml").read_text(encoding="utf-8")
    folder = tmp_path / ".github" / "workflows"  # where zizmor and actionlint expect workflows
    folder.mkdir(parents=True)
    (folder / "apply.yml").write_text(text.replace(before, after), encoding="utf-8")

    assert before in text
    assert lint(*command, str(folder / "apply.yml")).returncode != 0


def test_the_workflows_are_read() -> None:
    assert [name for name in WORKFLOWS if not yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))["jobs"]] == []
    assert len(WORKFLOWS) > 4
