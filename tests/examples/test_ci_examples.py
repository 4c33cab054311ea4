"""
The workflows of examples/ci: their shell texts are run as they stand, against the embedded emulator.

A step that needs GitHub or a package index is not run here; it is named below with the reason, so that none is left out
unnoticed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.code_hosts.fake_hosts import FakeGitHub
from tests.code_hosts.fake_server import Faults, serve
from tests.examples.example_projects import EXAMPLES
from tests.preloaded import preloaded_exportctl

CI = EXAMPLES / "ci"
WORKFLOWS = ("plan.yml", "apply.yml", "nightly.yml", "drill.yml")
NOT_RUN = {
    "Install": "needs a package index",
    "Fetch the reviewed plan": "needs GitHub",
    "Fetch the record": "needs GitHub",
}
RUN = {
    "Validate",
    "Plan",
    "Comment",
    "Pass or fail",
    "Apply the reviewed plan",
    "Apply the plan of this digest",
    "Night",
    "Keep the issue up to date",
    "Fail if a part could not be done",
    "Drill",
    "Show when each backup was last restored",
}
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")  # what GitHub runs for `shell: bash`
DESTINATION_SECRETS = {"LAKE_ROLE_ARN", "PARTNER_SSH_KEY"}


def load_workflow(name: str) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load((CI / name).read_text(encoding="utf-8"))
    return found


def steps() -> dict[str, dict[str, Any]]:
    """Every named step of all workflows; those of one name are the same."""
    named = [s for w in WORKFLOWS for job in load_workflow(w)["jobs"].values() for s in job["steps"] if "run" in s]
    return {step["name"]: step for step in named}


@dataclass
class Runner:
    """A checkout in which steps are run one after the other; `outputs` is what the last one wrote."""

    folder: Path
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""

    def run(self, name: str, **env: str) -> subprocess.CompletedProcess[str]:
        files = {key: self.folder / key.lower() for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        done = subprocess.run(
            [*BASH, steps()[name]["run"]],
            cwd=self.folder,
            env={**runner_environment(), **{key: str(file) for key, file in files.items()}, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.outputs = outputs(files["GITHUB_OUTPUT"].read_text(encoding="utf-8"))
        self.summary = files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        return done

    def run_successfully(self, name: str, **env: str) -> str:
        done = self.run(name, **env)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def edit(self, before: str, after: str) -> None:
        file = self.folder / "exports.yaml"
        text = file.read_text(encoding="utf-8")
        assert before in text
        file.write_text(text.replace(before, after), encoding="utf-8")

    def call(self, *what: str) -> None:
        subprocess.run(
            ("exportctl", *what), cwd=self.folder, env=runner_environment(), check=True, capture_output=True, timeout=60
        )


def runner_environment() -> Mapping[str, str]:
    """A runner's environment, with the local environment of the config in place of the real one."""
    path = os.pathsep.join((str(preloaded_exportctl().parent), str(Path(sys.executable).parent), os.environ["PATH"]))
    return {"PATH": path, "HOME": "/nonexistent", "CI": "true", "GITHUB_ACTIONS": "true", "EXPORTCTL_ENV": "local"}


def outputs(text: str) -> dict[str, str]:
    """GITHUB_OUTPUT as GitHub reads it: `name=value`, or `name<<END` with lines up to END."""
    found = {
        m["name"]: m["value"]
        for m in re.finditer(r"(?ms)^(?P<name>\w+)<<(?P<end>\S+)\n(?P<value>.*?)\n(?P=end)$", text)
    }
    rest = re.sub(r"(?ms)^\w+<<(\S+)\n.*?\n\1$", "", text)
    return found | dict(line.split("=", 1) for line in rest.splitlines() if "=" in line)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    shutil.copy(EXAMPLES / "environments" / "exports.yaml", tmp_path)
    return Runner(tmp_path)


def test_every_step_is_run_here_or_left_out_for_a_reason() -> None:
    assert set(steps()) == RUN | set(NOT_RUN)


def test_a_pull_request_is_planned_and_the_merge_does_what_was_reviewed(runner: Runner) -> None:
    runner.run_successfully("Validate")
    runner.run_successfully("Plan")
    planned = dict(runner.outputs)
    comment = (runner.folder / "plan.md").read_text(encoding="utf-8")
    runner.run_successfully("Apply the reviewed plan")
    audit = json.loads((runner.folder / "audit.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    runner.run_successfully("Plan")

    assert planned["code"] == "2"
    assert "exports.web-to-lake" in comment
    assert planned["digest"] in comment
    assert (audit["digest"], audit["outcome"]) == (planned["digest"], "done")
    assert runner.outputs["code"] == "0"


def test_a_plan_that_no_longer_fits_is_not_applied_but_its_successor_is_by_digest(runner: Runner) -> None:
    runner.run_successfully("Plan")
    runner.edit("every: 3 hours", "every: 6 hours")
    stale = runner.run("Apply the reviewed plan")
    runner.run_successfully("Plan")
    runner.run_successfully("Apply the plan of this digest", DIGEST=runner.outputs["digest"])
    runner.run_successfully("Plan")

    assert stale.returncode == 6
    assert runner.outputs["code"] == "0"


def test_a_refused_plan_comments_and_then_fails(runner: Runner) -> None:
    runner.run_successfully("Plan")
    runner.run_successfully("Apply the reviewed plan")
    runner.edit("  orders-to-lake: {datasets: [Orders, Returns]}\n", "")
    runner.edit("      orders-to-lake: null # not exported in dev\n", "")
    (runner.folder / "plan.json").unlink()
    runner.run_successfully("Plan")

    assert runner.outputs["code"] == "5"
    assert "removed:" in (runner.folder / "plan.md").read_text(encoding="utf-8")
    assert not (runner.folder / "plan.json").exists()
    assert runner.run("Pass or fail", CODE="5").returncode == 5


def test_a_plan_that_fails_replaces_the_comment_of_the_one_before(runner: Runner) -> None:
    played = FakeGitHub()
    with serve(played, Faults()) as address:
        host = {**played.env, "GITHUB_API_URL": address}
        runner.run_successfully("Plan")
        runner.run_successfully("Comment", **host)
        runner.edit("every: 3 hours", "evry: 3 hours")
        runner.run_successfully("Plan")
        runner.run_successfully("Comment", **host)

    (comment,) = played.comments()
    assert "evry" in comment
    assert runner.run("Pass or fail", CODE="1").returncode == 1


def test_at_night_one_issue_lives_as_long_as_something_was_changed_by_hand(runner: Runner) -> None:
    """dev and prod on the emulator; the issue is kept on a server that plays GitHub."""
    text = (runner.folder / "exports.yaml").read_text(encoding="utf-8")
    text = re.sub(r"(?ms)^  (stage|local):\n.*?(?=^  \w|\Z)", "", text)
    (runner.folder / "exports.yaml").write_text(text.replace("platform: {org", "platform: {url: embedded, org"))
    runner.call("plan", "--all-environments")  # the first call seeds the emulator for all of them
    for name in ("dev", "prod"):
        runner.call("apply", "--auto-approve", "--env", name)
    played = FakeGitHub()
    with serve(played, Faults()) as address:
        nights = []
        for edited in ("elsewhere", "aep"):
            runner.call("emulator", "ui", "path", "exports.web-to-lake", edited, "--as", "jane", "--env", "prod")
            runner.run_successfully("Night")
            code = runner.outputs["code"]
            runner.run_successfully("Keep the issue up to date", **played.env, GITHUB_API_URL=address, CODE=code)
            nights.append((code, [state for state, _, _ in played.issues()]))
            assert runner.run("Fail if a part could not be done", CODE=code).returncode == 0

    assert nights == [("3", ["open"]), ("0", ["closed"])]
    assert len(played.remarks()) == 1
    assert runner.run("Fail if a part could not be done", CODE="4").returncode == 4


def test_every_week_backups_are_restored_and_the_record_says_when(runner: Runner) -> None:
    runner.run_successfully("Plan")
    runner.run_successfully("Apply the reviewed plan")
    nothing = runner.run("Drill")
    asked = ("exportctl", "emulator", "clock", "advance", "1 day")
    subprocess.run(asked, cwd=runner.folder, env=runner_environment(), check=True, capture_output=True, timeout=60)
    runner.run_successfully("Drill")
    drilled = dict(runner.outputs)
    runner.run_successfully("Show when each backup was last restored")

    assert nothing.returncode == 9
    assert (drilled["failing"], drilled["restored"]) == ("false", "2")
    assert "last drill: " in runner.summary
    record = [json.loads(line) for line in (runner.folder / "drills.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["failing"] for line in record] == [True, False]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_job_has_no_more_rights_than_it_names(name: str) -> None:
    workflow = load_workflow(name)

    assert workflow["permissions"] == {}
    assert all("permissions" in job for job in workflow["jobs"].values())
    assert "pull_request_target" not in workflow[True]  # YAML 1.1 reads the key `on` as true


def artifacts(name: str) -> list[dict[str, Any]]:
    uploads = [s for job in load_workflow(name)["jobs"].values() for s in job["steps"] if "upload" in s.get("uses", "")]
    assert uploads
    return uploads


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_job_that_is_started_again_can_keep_its_files(name: str) -> None:
    """GitHub takes a name once in a run, also if the run has several attempts."""
    for step in artifacts(name):
        given = step["with"]
        assert "${{ github.run_attempt }}" in given["name"] or given.get("overwrite") is True


def test_a_night_and_an_apply_run_one_after_the_other_and_none_is_cancelled() -> None:
    groups = [load_workflow(name)["concurrency"] for name in ("apply.yml", "nightly.yml")]

    assert groups == [{"group": "apply-prod", "queue": "max"}] * 2


def test_a_record_of_drills_that_could_not_be_fetched_is_not_replaced_by_an_empty_one() -> None:
    (upload,) = artifacts("drill.yml")

    assert upload["if"] == "always() && steps.record.outcome == 'success'"


def test_destination_secrets_are_in_apply_only_and_behind_an_environment() -> None:
    live_flow = {
        (name, key, job.get("environment"))
        for name in WORKFLOWS
        for key, job in load_workflow(name)["jobs"].items()
        if DESTINATION_SECRETS & set(job.get("env", {}))
    }

    assert live_flow == {("apply.yml", "apply", "production")}


@pytest.mark.parametrize("name", sorted(steps()))
def test_no_shell_text_holds_an_expression(name: str) -> None:
    """What others wrote must come as a variable: an expression would be pasted into the shell text."""
    assert "${{" not in steps()[name]["run"]
