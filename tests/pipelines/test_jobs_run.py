"""
The shell texts of the jobs, run as they stand against the embedded emulator and a played host of the code.

`pip install`, `gh` and the steps of the CI system itself are left out: NOT_RUN says why. Each job gets the variables of
its file, under the names that the file gives them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exportctl.pipelines.systems import SYSTEMS
from exportctl.workflows.load_config import Setup
from exportctl.workflows.pipelines import read_pipeline
from tests.code_hosts.fake_hosts import FakeAzureDevOps, FakeGitHub, FakeGitLab, PlayedHost
from tests.code_hosts.fake_server import Faults, serve
from tests.examples.example_projects import EXAMPLES
from tests.pipelines.jobs import SHELLS, Step, read_steps, run_text, the_step

CONFIG = (EXAMPLES / "environments" / "exports.yaml").read_text(encoding="utf-8")
HOSTS = {"github": FakeGitHub, "gitlab": FakeGitLab, "azure": FakeAzureDevOps}
PULL_REQUEST = ("GITHUB_REF", "CI_MERGE_REQUEST_IID", "SYSTEM_PULLREQUEST_PULLREQUESTID")
# Values of the variables that jobs get. The emulator makes a key of its own in place of PARTNER_SSH_KEY.
SAMPLES = {
    "AEP_CLIENT_ID": "a-client-id",
    "AEP_CLIENT_SECRET": "a-client-secret",
    "LAKE_ROLE_ARN": "arn:aws:iam::123456789012:role/acme",
}
NOT_RUN = {"pip install": "needs a package index", "gh run download": "needs GitHub"}


def embedded_config() -> str:
    """One environment, on the emulator: each further one costs processes and shows nothing new."""
    head = CONFIG.split("environments:\n  dev:")[0]
    return head + "environments:\n  prod: {platform: {sandbox: prod, url: embedded}}\n"


@dataclass
class Repository:
    """A checkout with the jobs of one CI system; `env` is what this system tells every job."""

    system: str
    folder: Path
    host: PlayedHost | None
    env: dict[str, str]
    steps: list[Step] = field(default_factory=list)

    def edit(self, before: str, after: str) -> None:
        file = self.folder / "exports.yaml"
        text = file.read_text(encoding="utf-8")
        assert before in text
        file.write_text(text.replace(before, after), encoding="utf-8")

    def run(self, command: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run the text that has this command, in its job's environment."""
        step = the_step(self.steps, command)
        given = {name: SAMPLES[name] for name in step.variables if name in SAMPLES}
        if command != "nightly":  # a night is about all environments
            given["EXPORTCTL_ENV"] = "prod"
        return run_text(self.system, step.text, self.folder, given | self.env | env)

    def merged(self) -> None:
        """From now on the jobs run on the main branch."""
        self.env = {name: value for name, value in self.env.items() if name not in PULL_REQUEST}

    def emulator(self, *what: str) -> None:
        """Run a command of the emulator, as a person would."""
        env = {"EXPORTCTL_ENV": "prod", "PYTHONPATH": os.pathsep.join(sys.path)}
        asked = [str(Path(sys.executable).parent / "exportctl"), "emulator", *what]
        subprocess.run(asked, cwd=self.folder, env=env, check=True, capture_output=True)


@pytest.fixture(params=SHELLS)
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Repository]:
    system = request.param
    (tmp_path / "exports.yaml").write_text(embedded_config(), encoding="utf-8")
    steps = read_steps(system, SYSTEMS[system].render(read_pipeline(Setup(tmp_path))))
    if system not in HOSTS:
        activate = tmp_path / ".exportctl-venv" / "bin" / "activate"
        activate.parent.mkdir(parents=True)
        activate.write_text("", encoding="utf-8")  # the exportctl of the tests is in PATH already
        yield Repository(system, tmp_path, None, {}, steps)
        return
    host = HOSTS[system]()
    with serve(host, Faults()) as address:
        yield Repository(system, tmp_path, host, {**host.env, host.address_variable: address}, steps)


def read_text(repository: Repository, name: str, environment: str = "prod") -> str:
    """A file of a job, by the name under which its system keeps it."""
    plain, named = repository.folder / name, repository.folder / name.replace(".", f"-{environment}.")
    return (named if named.exists() else plain).read_text(encoding="utf-8")


def test_every_text_is_run_here_or_left_out_for_a_reason(repository: Repository) -> None:
    commands = ("validate", "plan", "apply plan.json", "apply --only-if", "nightly")
    others = [s.text for s in repository.steps if not any(s.does(command) for command in commands)]

    assert [text for text in others if not any(known in text for known in NOT_RUN)] == []


def test_a_config_is_validated(repository: Repository) -> None:
    if repository.system == "jenkins":
        pytest.skip("its text installs exportctl first")
    assert repository.run("validate").returncode == 0


def test_a_plan_passes_with_changes_and_its_apply_does_them(repository: Repository) -> None:
    planned = repository.run("plan")
    shown = read_text(repository, "plan.md")
    repository.merged()
    applied = repository.run("apply plan.json", PIPELINE_WORKSPACE=artifact(repository), NUMBER="7")
    repository.env |= dict.fromkeys(PULL_REQUEST, "7") | {"GITHUB_REF": "refs/pull/7/merge"}
    left = repository.run("plan")

    assert planned.returncode == 0, planned.stderr
    assert "orders-to-partner" in shown
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert left.returncode == 0
    assert json.loads((repository.folder / "plan.json").read_text(encoding="utf-8"))["plan"]["empty"]


def artifact(repository: Repository) -> str:
    """The folder to which Azure downloads the plan of the first stage."""
    folder = repository.folder / "artifacts" / "plan-prod"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_bytes((repository.folder / "plan.json").read_bytes())
    return str(folder.parent)


@pytest.mark.parametrize("repository", HOSTS, indirect=True)
def test_a_plan_that_fails_fails_the_job_and_replaces_the_comment(repository: Repository) -> None:
    repository.run("plan")
    repository.edit("every: 3 hours", "evry: 3 hours")
    failed = repository.run("plan")

    assert failed.returncode == 1
    assert repository.host is not None
    (comment,) = repository.host.comments()
    assert "evry" in comment
    assert "exports.yaml:" in comment


@pytest.mark.parametrize("repository", ["github"], indirect=True)
def test_a_config_that_changed_after_its_plan_is_not_applied(repository: Repository) -> None:
    repository.run("plan")
    repository.merged()
    repository.edit("every: 3 hours", "every: 6 hours")
    applied = repository.run("apply plan.json", PIPELINE_WORKSPACE=artifact(repository), NUMBER="7")

    assert applied.returncode == 6
    assert repository.host is not None
    assert any("every" in comment for comment in repository.host.comments())


@pytest.mark.parametrize("repository", ["github", "jenkins"], indirect=True)  # the text of the others is GitHub's
def test_a_night_keeps_one_issue_open_while_something_needs_attention(repository: Repository) -> None:
    planned = repository.run("plan")
    applied = repository.run("apply plan.json", PIPELINE_WORKSPACE=artifact(repository), NUMBER="7")
    assert (planned.returncode, applied.returncode) == (0, 0), planned.stderr + applied.stdout + applied.stderr
    repository.merged()
    quiet = repository.run("nightly")
    repository.emulator("ui", "path", "web-to-lake", "elsewhere", "--as", "jane")
    found = repository.run("nightly")

    assert quiet.returncode == 0, quiet.stdout + quiet.stderr
    assert found.returncode == 3, found.stdout + found.stderr
    assert "elsewhere" in (repository.folder / "nightly" / "nightly.md").read_text(encoding="utf-8")
    if repository.host is not None:
        assert [state for state, _, _ in repository.host.issues()] == ["open"]
        repository.emulator("ui", "path", "web-to-lake", "aep", "--as", "jane")
        assert repository.run("nightly").returncode == 0
        assert [state for state, _, _ in repository.host.issues()] == ["closed"]


def test_a_night_of_gitlab_and_azure_has_the_text_of_github(tmp_path: Path) -> None:
    (tmp_path / "exports.yaml").write_text(embedded_config(), encoding="utf-8")
    pipeline = read_pipeline(Setup(tmp_path))
    texts = {name: the_step(read_steps(name, SYSTEMS[name].render(pipeline)), "nightly").text for name in HOSTS}

    assert texts["gitlab"] == texts["github"]
    assert texts["azure"].endswith(texts["github"])


def test_azure_refuses_a_variable_that_its_group_does_not_have(tmp_path: Path) -> None:
    (tmp_path / "exports.yaml").write_text(embedded_config(), encoding="utf-8")
    steps = read_steps("azure", SYSTEMS["azure"].render(read_pipeline(Setup(tmp_path))))
    step = the_step(steps, "apply plan.json")
    done = run_text("azure", step.text, tmp_path, {"PARTNER_SSH_KEY": "$(PARTNER_SSH_KEY)"})

    assert done.returncode == 64
    assert "PARTNER_SSH_KEY is not in the variable group" in done.stderr
