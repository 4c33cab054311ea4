"""
The composite action run by act, a runner of workflows that shares no code with ours.

It runs the steps on this machine, without a container. The actions of GitHub that ours uses are not at hand here, so
their steps are switched off by inputs, and act finds empty actions in their place.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.distribution.installations import ROOT

WORKFLOW = """
on: push
env: {EXPORTCTL_VAR_BUCKET: lake-of-the-job, LAKE_ROLE_ARN: "arn:aws:iam::123456789012:role/lake"}
jobs:
  plan:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: acme/exportctl@v0
        id: plan
        with: {command: plan, python-version: "", cache: "false", plan-file: plan.json}
      - uses: acme/exportctl@v0
        with: {command: apply, python-version: "", cache: "false", plan-file: plan.json}
      - run: echo "changes=$CHANGES digest=$DIGEST code=$CODE"; exportctl --version; exportctl plan --detailed-exitcode
        env:
          CHANGES: ${{ steps.plan.outputs.changes }}
          DIGEST: ${{ steps.plan.outputs.digest }}
          CODE: ${{ steps.plan.outputs.exit-code }}
"""
CONFIG = """
version: 1
project: acme-exports
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: dev, url: embedded}
schedules: {nightly: {every: 1 day, at: "02:00"}}
destinations:
  lake: {type: amazon-s3, bucket: "${env:EXPORTCTL_VAR_BUCKET}", path: aep, auth: {role_arn: "${env:LAKE_ROLE_ARN}"}}
exports:
  web: {datasets: [Web Events], destination: lake, schedule: nightly, end: {rolling: 180 days, renew_before: 30 days}}
"""


def repository(folder: Path) -> Path:
    """A repository with a config and a workflow, and below it empty actions in place of GitHub's."""
    (folder / ".github" / "workflows").mkdir(parents=True)
    (folder / ".github" / "workflows" / "plan.yml").write_text(WORKFLOW, encoding="utf-8")
    (folder / "exports.yaml").write_text(CONFIG, encoding="utf-8")
    who = ("-c", "user.name=jane", "-c", "user.email=jane@acme.example")
    for asked in (("init", "-q", "."), ("add", "."), (*who, "commit", "-qm", "exports")):
        subprocess.run(("git", *asked), cwd=folder, check=True)
    return folder


@pytest.mark.ecosystem
def test_a_workflow_installs_plans_applies_and_reads_the_outputs(tmp_path: Path) -> None:
    folder, action = repository(tmp_path / "repository"), tmp_path / "action"
    left_out = shutil.ignore_patterns(".*", "build", "tests", "__pycache__")
    shutil.copytree(ROOT, action, ignore=left_out)
    (empty := tmp_path / "empty").mkdir()
    (empty / "action.yml").write_text("name: empty\nruns: {using: composite, steps: []}\n", encoding="utf-8")
    replaced = {"acme/exportctl@v0": action, "actions/setup-python@v5": empty, "actions/cache@v4": empty}
    local = [f"--local-repository={name}={where}" for name, where in replaced.items()]
    asked = ("push", "--platform", "ubuntu-latest=-self-hosted", "--action-offline-mode", "--json", *local)
    python = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": python, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    act = str(Path(sys.executable).with_name("act"))
    done = subprocess.run((act, *asked), cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False)

    log = "".join(json.loads(line)["msg"] for line in done.stdout.splitlines() if line.startswith("{"))
    assert done.returncode == 0, log + done.stderr
    assert "lake-of-the-job" in log
    assert "changes=true digest=" in log
    assert "code=2" in log
    assert "No changes." in log
