"""Jobs on agents whose folders hold the files of other runs, and jobs that leave no file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from exportctl.pipelines.systems import SYSTEMS
from exportctl.workflows.load_config import Setup
from exportctl.workflows.pipelines import read_pipeline
from tests.pipelines.jobs import Step, read_steps, run_text
from tests.pipelines.test_jobs_run import SAMPLES, embedded_config
from tests.pipelines.test_rendered_files import files


def the_text(system: str, command: str, folder: Path) -> Step:
    steps = read_steps(system, SYSTEMS[system].render(read_pipeline(Setup(folder))))
    return next(step for step in steps if step.does(command))


def run(step: Step, system: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    given = {name: SAMPLES[name] for name in step.variables if name in SAMPLES}
    return run_text(system, step.text, folder, {"EXPORTCTL_ENV": "prod", **given, **env})


def test_azure_takes_the_plan_of_its_stage_from_a_folder_with_others_and_says_whether_an_audit_file_exists(
    tmp_path: Path,
) -> None:
    (tmp_path / "exports.yaml").write_text(embedded_config(), encoding="utf-8")
    told = []
    for _ in ("creates", "has nothing to do"):
        planned = run(the_text("azure", "plan", tmp_path), "azure", tmp_path)
        for name in ("plan-dev", "plan-prod"):
            folder = tmp_path / "downloads" / name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "plan.json").write_text("{}", encoding="utf-8")
        (tmp_path / "plan.json").rename(tmp_path / "downloads" / "plan-prod" / "plan.json")
        applied = run(
            the_text("azure", "apply", tmp_path), "azure", tmp_path, PIPELINE_WORKSPACE=str(tmp_path / "downloads")
        )
        assert (planned.returncode, applied.returncode) == (0, 0), planned.stderr + applied.stderr
        told.append("##vso[task.setvariable variable=exportctl_audit]true" in applied.stdout)

    assert told == [True, False]
    assert "eq(variables['exportctl_audit'], 'true')" in files("azure")["azure-pipelines/exportctl.yml"]


def test_azure_comments_on_no_pull_request_of_another_host(tmp_path: Path) -> None:
    (tmp_path / "exports.yaml").write_text(embedded_config(), encoding="utf-8")
    env = {"TF_BUILD": "True", "SYSTEM_PULLREQUEST_PULLREQUESTID": "7", "BUILD_REPOSITORY_PROVIDER": "GitHub"}
    planned = run(the_text("azure", "plan", tmp_path), "azure", tmp_path, **env)

    assert planned.returncode == 0, planned.stderr
    assert "orders-to-partner" in planned.stdout


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_night_that_has_no_report_leaves_none_of_the_night_before(system: str, tmp_path: Path) -> None:
    (tmp_path / "exports.yaml").write_text("version: 1\n", encoding="utf-8")
    (tmp_path / "nightly").mkdir()
    old = tmp_path / "nightly" / "nightly.md"
    old.write_text("all is well", encoding="utf-8")
    activate = tmp_path / ".exportctl-venv" / "bin" / "activate"
    activate.parent.mkdir(parents=True)
    activate.write_text("", encoding="utf-8")
    metrics = tmp_path / "nightly" / "nightly.prom"
    metrics.write_text("# of the night before", encoding="utf-8")
    step = next(one for one in read_steps(system, files(system)) if one.does("nightly"))
    done = run(step, system, tmp_path)

    assert done.returncode == 1, done.stdout + done.stderr
    assert not old.exists() or old.read_text(encoding="utf-8") != "all is well"
    assert metrics.exists()


def test_jenkins_keeps_only_the_report_and_the_audit_file_of_the_same_build() -> None:
    """A person approves after reading the report: one that another build left must not take its place."""
    text = files("jenkins")["Jenkinsfile"]
    plan, *applies = text.split("stage('Apply ")

    for name in ("dev", "no", "1", "prod-eu"):
        assert f"artifacts: 'plan-{name}.md'" in plan
    assert plan.index("rm -f plan.json plan*.md") < plan.index("pip install")
    for one in applies:
        name = one.partition("'")[0]
        assert f"artifacts: 'audit-{name}.jsonl'" in one
        assert one.index(f"rm -f plan.json audit-{name}.jsonl") < one.index("pip install")


def test_the_night_of_gitlab_has_an_environment_whose_variables_it_gets() -> None:
    """Variables of the writer have the scope of an environment: a job without one gets none of them."""
    night = yaml.safe_load(files("gitlab")["exportctl.gitlab-ci.yml"])["exportctl-nightly"]

    assert night["environment"] == {"name": "exportctl-nightly", "action": "access"}


def test_a_job_of_github_that_runs_again_keeps_the_audit_of_the_first_try() -> None:
    texts = files("github")
    audits = [text for name, text in texts.items() if "plan.yml" not in name]

    assert all("${{ github.run_attempt }}" in text.partition("upload-artifact")[2] for text in audits)
    assert "overwrite: true" in texts[".github/workflows/exportctl-plan.yml"]
