"""What a newcomer and CI begin with: the locks and the scripts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.txt", "requirements-build.txt", "requirements-dev.txt", "requirements-site.txt")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins(lock: str) -> dict[str, str]:
    """Name -> version, of a lock file."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"(?m)^([a-z0-9-]+)==([^ ;\\]+)", text))


def names(requirements: list[str]) -> set[str]:
    found = {re.split(r"[\[<>=;]", wanted)[0].strip().lower().replace("_", "-") for wanted in requirements}
    return found - {PROJECT["project"]["name"]}


def test_the_locks_hold_what_the_project_asks_for() -> None:
    runtime = names(PROJECT["project"]["dependencies"])
    extras = PROJECT["project"]["optional-dependencies"]

    assert (runtime | names(extras["emulator"])) - set(pins("requirements.txt")) == set()
    assert names(extras["dev"]) - set(pins("requirements-dev.txt")) == set()
    assert names(extras["real"]) - set(pins("requirements-real.txt")) == set()
    assert names(extras["site"]) - set(pins("requirements-site.txt")) == set()
    assert names(PROJECT["dependency-groups"]["build"]) - set(pins("requirements-build.txt")) == set()


def test_the_tests_run_with_the_versions_that_are_shipped() -> None:
    development = pins("requirements-dev.txt")

    assert {n: development.get(n) for n in pins("requirements.txt")} == pins("requirements.txt")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_of_a_lock_has_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.split(r"(?m)^(?=\S)", text)[1:]

    assert [entry.partition(" ")[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", 0),
        ("--index-url https://packages.example/simple\n", 1),
        ("# from https://packages.example/simple\n", 1),
        ("--find-links /srv/wheels\n", 1),
    ],
)
def test_a_lock_that_names_an_index_is_found(line: str, code: int, tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "check-locks", tmp_path / ".ci")
    (tmp_path / "requirements.txt").write_text(line + (ROOT / "requirements.txt").read_text(encoding="utf-8"))

    done = subprocess.run((tmp_path / ".ci" / "check-locks",), capture_output=True, text=True, check=False)

    assert done.returncode == code, done.stderr


@pytest.mark.parametrize("script", ["run", "find-python", "check-locks"])
def test_a_script_of_ci_can_be_run(script: str) -> None:
    assert os.access(ROOT / ".ci" / script, os.X_OK)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("install-browser", ("sudo apt-get install chromium", "EXPORTCTL_TEST_CHROMIUM")),
        ("install-programs", ("sudo apt-get install zsh fish curl jq",)),
    ],
)
def test_a_machine_without_a_program_is_told_how_to_get_it(script: str, said: tuple[str, ...], tmp_path: Path) -> None:
    for name in ("sh", "dirname", "id", "tr"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)

    done = subprocess.run(
        (f".ci/{script}",), cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert [words for words in said if words not in done.stderr] == []
