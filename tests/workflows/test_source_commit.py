"""The commit that links of the report lead to: from Git, else from the CI system, and only inside a checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from exportctl.model.source_commit import SourceCommit
from exportctl.workflows.source_commit import VARIABLES, read_source_commit

GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
ID = "0123456789abcdef0123456789abcdef01234567"


def git(folder: Path, *command: str) -> str:
    done = subprocess.run((*GIT, *command), cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A folder of a checkout with a config in it, committed."""
    folder = tmp_path / "aep" / "prod"
    folder.mkdir(parents=True)
    (folder / "exports.yaml").write_text("version: 1\n", encoding="utf-8")
    for command in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "a")):
        git(tmp_path, *command)
    return folder


def test_git_says_the_commit_and_where_the_folder_is(config: Path) -> None:
    found = read_source_commit(config, ("exports.yaml",), {"GITHUB_SHA": ID})

    assert found == SourceCommit(git(config, "rev-parse", "HEAD"), "aep/prod", is_edited=False)


def test_a_config_with_changes_is_edited(config: Path) -> None:
    (config / "exports.yaml").write_text("version: 1\n# more\n", encoding="utf-8")

    found = read_source_commit(config, ("exports.yaml",), {})

    assert found is not None
    assert found.is_edited


@pytest.mark.parametrize("variable", VARIABLES)
def test_in_a_checkout_without_a_commit_the_ci_system_says_it(tmp_path: Path, variable: str) -> None:
    git(tmp_path, "init", "-q")

    assert read_source_commit(tmp_path, (), {variable: ID}) == SourceCommit(ID, "")


@pytest.mark.parametrize("given", ["", "main", "<b>"])
def test_what_is_no_commit_counts_as_none(tmp_path: Path, given: str) -> None:
    git(tmp_path, "init", "-q")

    assert read_source_commit(tmp_path, (), {"GITHUB_SHA": given}) is None


def test_outside_a_checkout_there_is_none(tmp_path: Path) -> None:
    assert read_source_commit(tmp_path, ("exports.yaml",), {"GITHUB_SHA": ID}) is None
