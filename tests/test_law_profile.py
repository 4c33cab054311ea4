"""The laws' profile: one commit always draws the same examples, another one draws others, a failure prints the seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests.law_profile import FACTOR, LENGTH, SEED, WITHOUT_COMMIT, examples, law_seed

TESTS = Path(__file__).parent
PLUGINS = ("tests.law_profile", "_hypothesis_pytestplugin", "xdist")  # others take long to load
LAW = """
from pathlib import Path
from hypothesis import Phase, given, settings, strategies as st

@settings(phases=[Phase.generate])  # to make a failure smaller and explain it takes long
@given(st.integers(), st.text(), st.sampled_from(range(1000)))
def test_law(number, text, one):
    with Path("drawn").open("a") as drawn:
        print(ascii((number, text, one)), file=drawn)
    assert number != FORBIDDEN
"""


def run_law(
    folder: Path, *options: str, seed: str, forbidden: str = "None", **env: str
) -> subprocess.CompletedProcess[str]:
    """A law in a project of its own, run by a pytest of its own with this project's profile."""
    folder.mkdir()
    (folder / "test_law.py").write_text(LAW.replace("FORBIDDEN", forbidden))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", SEED))}
    path = os.pathsep.join([str(TESTS.parent), inherited.get("PYTHONPATH", "")])
    constants = str(TESTS.parent / ".hypothesis")  # found in the modules once, not in each run
    plugins = [word for name in PLUGINS for word in ("-p", name)]
    own = {"PYTHONPATH": path, "HYPOTHESIS_STORAGE_DIRECTORY": constants, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "-p", "no:cacheprovider", *options, "test_law.py"],
        cwd=folder,
        env={**inherited, **own, SEED: seed, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def examples_of(ran: subprocess.CompletedProcess[str], folder: Path) -> list[str]:
    """The examples that the law of a run has drawn."""
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return (folder / "drawn").read_text().splitlines()


def commit(folder: Path, text: str) -> None:
    """A commit of its own in a new repository."""
    folder.mkdir(exist_ok=True)
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], [*who, "commit", "-q", "--allow-empty", "-m", text]):
        subprocess.run(["git", "-C", str(folder), *command], check=True)


def test_one_seed_draws_the_same_examples_and_another_one_draws_others(tmp_path: Path) -> None:
    one, again, other = tmp_path / "one", tmp_path / "again", tmp_path / "other"
    first = examples_of(run_law(one, seed="0123abcd", PYTHONHASHSEED="1"), one)
    quiet = run_law(again, "-q", "-n", "1", seed="0123abcd", PYTHONHASHSEED="2", CI="true")
    second = examples_of(run_law(other, seed="4567abcd", PYTHONHASHSEED="1"), other)

    assert len(first) >= settings().max_examples
    assert examples_of(quiet, again) == first
    assert len(set(second) & set(first)) < len(first) / 2
    assert "EXPORTCTL_TEST_SEED=0123abcd" in quiet.stdout, "a quiet run prints it too"


def test_a_law_that_fails_prints_the_seed_that_draws_the_same_examples(tmp_path: Path) -> None:
    ran = run_law(tmp_path / "failing", seed="0123abcd", forbidden="number")

    assert ran.returncode == 1
    before, failure = ran.stdout.split("FAILURES")
    assert "EXPORTCTL_TEST_SEED=0123abcd" in before, "the header names it too"
    assert "EXPORTCTL_TEST_SEED=0123abcd" in failure
    assert "reproduce_failure" in failure


def test_each_commit_has_its_own_seed(tmp_path: Path) -> None:
    commit(tmp_path, "first")
    first = law_seed({}, tmp_path)
    commit(tmp_path, "second")

    assert law_seed({}, tmp_path) != first
    assert len(first) == LENGTH
    assert int(first, 16) >= 0


def test_the_environment_names_another_seed(tmp_path: Path) -> None:
    assert law_seed({SEED: "0123abcd"}, tmp_path) == "0123abcd"


def test_the_long_sweep_draws_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FACTOR, raising=False)
    assert examples(12) == examples(12, swept=20) == 12
    monkeypatch.setenv(FACTOR, "25")
    assert examples(12) == 300
    assert examples(12, swept=20) == 500


def test_outside_git_the_seed_is_fixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    assert law_seed({}, tmp_path) == WITHOUT_COMMIT


def test_this_run_uses_the_profile(pytestconfig: pytest.Config) -> None:
    assert settings.get_current_profile_name() == "exportctl"
    assert settings().database is None
    assert pytestconfig.option.hypothesis_seed
