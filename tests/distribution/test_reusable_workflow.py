"""
The reusable workflow: its job is run as it stands, against the embedded emulator.

The program `gh` is not at hand. A script with its name answers as GitHub would, so that step proves only which plan it
asks for and where the plan goes.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.code_hosts.fake_hosts import FakeGitHub
from tests.code_hosts.fake_server import Faults, serve
from tests.distribution.installations import ROOT, install_before
from tests.distribution.step_runner import Job, Result, new_job, run_job
from tests.examples.example_projects import EXAMPLES

WORKFLOW = ROOT / ".github" / "workflows" / "exportctl.yml"
BRANCH = {"pull_request": {"head": {"sha": "3" * 40, "repo": {"full_name": "acme/aep-exports"}}}}
FORK = {"pull_request": {"head": {"sha": "3" * 40, "repo": {"full_name": "mallory/aep-exports"}}}}
READER = {"AEP_CLIENT_ID": "reader", "AEP_CLIENT_SECRET": "secret-of-the-reader"}
WRITER = {
    "AEP_CLIENT_ID": "writer",
    "AEP_CLIENT_SECRET": "secret-of-the-writer",
    "EXPORTCTL_SECRETS": json.dumps({"PARTNER_SSH_KEY": "key-of-the-partner"}),
}
GH = """#!/bin/sh
echo "gh $*" >> "$GH_LOG"
case "$2" in
  */pulls) echo "$GH_HEAD" ;;
  *artifacts*) if [ -n "$GH_PLAN" ]; then echo 77; fi ;;
  download) cp "$GH_PLAN" "$7/plan.json" ;;
esac
"""


def checkout(folder: Path, event: dict[str, Any] | None = None) -> Job:
    """A job in the repository with the config; the sandbox is that of all jobs."""
    job = new_job(folder / "workspace", folder / "temp", event=event, PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")
    shutil.copy(EXAMPLES / "environments" / "exports.yaml", job.workspace)
    install_before(job)
    (folder / "gh").write_text(GH)
    (folder / "gh").chmod(0o755)
    job.env |= {"GH_LOG": str(folder / "gh.log"), "GH_HEAD": "3" * 40, "GH_PLAN": ""}
    return job


def run(job: Job, mode: str, secrets: dict[str, str], **given: str) -> Result:
    return run_job(job, WORKFLOW, {"mode": mode, "environment": "local", **given}, secrets)


def test_a_plan_is_kept_and_the_merge_applies_it(tmp_path: Path) -> None:
    pull_request = checkout(tmp_path / "a", BRANCH)
    github = FakeGitHub()
    with serve(github, Faults()) as address:
        pull_request.env |= {**github.env, "GITHUB_API_URL": address}
        pull_request.github = {**pull_request.github, "token": pull_request.env.pop("GITHUB_TOKEN")}
        planned = run(pull_request, "plan", READER)
    merge = checkout(tmp_path / "b")
    (tmp_path / "plan.json").write_text(pull_request.artifacts["exportctl-plan-local"], encoding="utf-8")
    merge.env["GH_PLAN"] = str(tmp_path / "plan.json")
    applied = run(merge, "apply", WRITER)
    asked = (tmp_path / "b" / "gh.log").read_text(encoding="utf-8")

    assert (planned.exit_code, planned.outputs["changes"]) == (0, "true"), pull_request.log
    assert applied.exit_code == 0, merge.log
    assert planned.outputs["digest"] in github.comments()[0]
    assert planned.outputs["digest"] in merge.artifacts["exportctl-audit-local-1"]
    assert "::add-mask::key-of-the-partner" in merge.log
    assert f"repos/acme/aep-exports/commits/{'1' * 40}/pulls" in asked
    assert "artifacts?name=exportctl-plan-local&per_page=100" in asked


@pytest.mark.parametrize(("head", "words"), [("", "no pull request led to"), ("3" * 40, "no plan of 333")])
def test_without_a_reviewed_plan_nothing_is_applied(head: str, words: str, tmp_path: Path) -> None:
    job = checkout(tmp_path)
    job.env["GH_HEAD"] = head
    done = run(job, "apply", WRITER)

    assert (done.exit_code, done.outcomes["Apply"]) == (1, "skipped")
    assert words in job.log


def test_a_plan_is_applied_by_its_digest(tmp_path: Path) -> None:
    planned = run(checkout(tmp_path / "a", BRANCH), "plan", READER, publish="false")
    merge = checkout(tmp_path / "b")
    applied = run(merge, "apply", WRITER, digest=planned.outputs["digest"])

    assert (applied.exit_code, applied.outcomes["Fetch the reviewed plan"]) == (0, "skipped"), merge.log
    again = checkout(tmp_path / "c")  # the job is started again: the artifacts of the first try stay
    again.artifacts, again.github = merge.artifacts, {**again.github, "run_attempt": "2"}
    assert run(again, "apply", WRITER, digest=planned.outputs["digest"]).exit_code == 0, again.log
    assert [*again.artifacts] == ["exportctl-audit-local-1", "exportctl-audit-local-2"]


def test_a_fork_is_validated_and_leaves_no_plan(tmp_path: Path) -> None:
    job = checkout(tmp_path, FORK)
    done = run(job, "plan", {})

    assert (done.exit_code, done.outputs["changes"], job.artifacts) == (0, "", {})


def test_the_night_renews_and_reports_and_keeps_its_record(tmp_path: Path) -> None:
    """Nothing was applied, so nothing arrived: that is 9. No issue is written here, so the job fails with it."""
    job = checkout(tmp_path)
    done = run(job, "nightly", WRITER, publish="false")

    assert (done.exit_code, done.outcomes["Apply"], done.outcomes["Plan"]) == (9, "skipped", "skipped")
    assert "exportctl nightly" in job.log


def test_two_folders_of_a_run_keep_their_plans_apart(tmp_path: Path) -> None:
    job = checkout(tmp_path, BRANCH)
    folder = job.workspace / "data" / "acme"
    folder.mkdir(parents=True)
    (job.workspace / "exports.yaml").rename(folder / "exports.yaml")
    done = run(job, "plan", READER, folder="data/acme", publish="false")

    assert done.exit_code == 0, job.log
    assert [*job.artifacts] == ["exportctl-plan-local-data-acme"]


def test_an_unknown_mode_is_refused(tmp_path: Path) -> None:
    assert run(checkout(tmp_path), "destroy", {}).exit_code == 64


def test_jobs_that_write_to_a_sandbox_wait_for_each_other() -> None:
    job = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]["exportctl"]

    assert job["concurrency"]["group"].endswith("inputs.mode == 'plan' && github.ref || 'writes' }}")
    assert job["concurrency"]["cancel-in-progress"] == "${{ inputs.mode == 'plan' }}"
