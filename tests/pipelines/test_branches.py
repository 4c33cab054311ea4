"""The branch whose merges the jobs apply: that of --branch, the default branch of `origin`, or the current one."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.cli.command_line import CommandLine
from tests.pipelines.test_jobs_run import embedded_config

SYSTEMS = ("github", "azure", "jenkins")


@pytest.fixture
def run(tmp_path: Path) -> CommandLine:
    command_line = CommandLine(tmp_path)
    command_line.write(embedded_config())
    return command_line


def git(folder: Path, *words: str) -> None:
    env = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(("git", *words), cwd=folder, env=env, check=True, capture_output=True, timeout=60)


def branches(folder: Path) -> dict[str, set[str]]:
    """What each written file says, for each system that names a branch."""
    apply = yaml.safe_load((folder / ".github/workflows/exportctl-apply.yml").read_text())
    azure = [yaml.safe_load(file.read_text()) for file in (folder / "azure-pipelines").iterdir()]
    listed = [
        one for file in azure for one in (file["trigger"], file["pr"], *file.get("schedules", ())) if one != "none"
    ]
    conditions = re.findall("refs/heads/([^']+)", str(azure))
    return {
        "github": set(apply[True]["push"]["branches"]),  # YAML 1.1 reads the key `on` as true
        "azure": {*conditions, *(b for one in listed for b in one.get("branches", one)["include"])},
        "jenkins": set(re.findall(r"branch '(.+)'", (folder / "Jenkinsfile").read_text())),
    }


def test_the_default_branch_of_the_remote_counts_before_the_current_one(run: CommandLine) -> None:
    git(run.folder, "init", "--quiet", "--initial-branch", "my-change")
    git(run.folder, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/releases/trunk")
    done = [run("init", "--ci", system, GIT_DIR=str(run.folder / "absent")) for system in SYSTEMS]

    assert [*branches(run.folder).values()] == [{"releases/trunk"}] * 3
    assert not any("note: the jobs apply what is on" in one.err for one in done)


def test_without_a_remote_the_current_branch_counts_and_is_named(run: CommandLine) -> None:
    git(run.folder, "init", "--quiet", "--initial-branch", "no")
    done = [run("init", "--ci", system) for system in SYSTEMS]

    assert [*branches(run.folder).values()] == [{"no"}] * 3  # in YAML a word for false
    assert all("note: the jobs apply what is on no." in one.err for one in done)


def test_a_checkout_of_a_commit_is_on_no_branch_and_variables_of_a_hook_name_no_other_repository(
    run: CommandLine,
) -> None:
    git(run.folder, "init", "--quiet", "--initial-branch", "my-change")
    person = ("-c", "user.name=jane", "-c", "user.email=jane@acme.example")
    git(run.folder, *person, "commit", "--quiet", "--allow-empty", "--message", "Nothing")
    git(run.folder, "checkout", "--quiet", "--detach")
    done = [run("init", "--ci", system, GIT_DIR=str(run.folder / "absent")) for system in SYSTEMS]

    assert [*branches(run.folder).values()] == [{"main"}] * 3
    assert all("note: the jobs apply what is on main." in one.err for one in done)


def test_without_git_it_is_main(run: CommandLine) -> None:
    done = [run("init", "--ci", system) for system in SYSTEMS]

    assert [*branches(run.folder).values()] == [{"main"}] * 3
    assert all("note: the jobs apply what is on main." in one.err for one in done)


def test_an_option_names_another_one(run: CommandLine) -> None:
    git(run.folder, "init", "--quiet", "--initial-branch", "my-change")
    done = [run("init", "--ci", system, "--branch", "trunk") for system in SYSTEMS]

    assert [*branches(run.folder).values()] == [{"trunk"}] * 3
    assert not any("note: the jobs apply" in one.err for one in done)


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (("--ci", "gitlab", "--branch", "trunk"), 64, "GitLab CI tells its jobs what the default branch is"),
        (("--branch", "trunk"), 64, "it belongs to the jobs of --ci"),
        (("--ci", "github", "--branch", "it's"), 1, "no job can name the branch it's as it is"),
        (("--ci", "jenkins", "--branch", "release/*"), 1, "no job can name the branch release/* as it is"),
    ],
)
def test_a_branch_that_no_job_can_have_is_refused(
    argv: tuple[str, ...], code: int, words: str, run: CommandLine
) -> None:
    done = run("init", *argv)

    assert done.code == code
    assert words in done.err
    assert [file.name for file in run.folder.iterdir()] == ["exports.yaml"]


def test_gitlab_is_told_no_branch_and_says_none(run: CommandLine) -> None:
    git(run.folder, "init", "--quiet", "--initial-branch", "my-change")
    done = run("init", "--ci", "gitlab")

    assert "my-change" not in done.err
    assert "$CI_DEFAULT_BRANCH" in (run.folder / "exportctl.gitlab-ci.yml").read_text()
