"""The composite action: its steps are run as they stand, against the embedded emulator."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.code_hosts.fake_hosts import FakeGitHub
from tests.code_hosts.fake_server import Faults, serve
from tests.distribution.installations import ACTION, ROOT, install_before
from tests.distribution.step_runner import Job, Result, new_job, run_action, run_steps
from tests.examples.example_projects import EXAMPLES

FORK = {"pull_request": {"head": {"repo": {"full_name": "mallory/aep-exports"}}}}
DELETED_FORK = {"pull_request": {"head": {"repo": None}}}
CHANGES = (  # of the config, and the exit code of its plan
    (("path: aep\n", "path: aep-v2\n"), 0),
    (("path: aep-v2\n", "formt: x\n"), 1),
    (("formt: x\n", "path: aep\n"), 0),
)
SHELL = "$(touch pwned) `touch pwned`; touch pwned #"
OWN = {"pull_request": {"head": {"repo": {"full_name": "acme/aep-exports"}}}}


def checkout(tmp_path: Path, event: dict[str, Any] | None = None) -> Job:
    """A job whose workspace has a config in the folder `aep`, for the emulator, with exportctl installed."""
    job = new_job(tmp_path / "workspace", tmp_path / "temp", event=event, EXPORTCTL_ENV="local")
    (job.workspace / "aep").mkdir()
    shutil.copy(EXAMPLES / "environments" / "exports.yaml", job.workspace / "aep")
    install_before(job)
    return job


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return checkout(tmp_path)


def run(job: Job, command: str, **given: str) -> Result:
    inputs = {name.replace("_", "-"): value for name, value in given.items()}
    return run_action(job, ROOT, {"command": command, "folder": "aep", **inputs})


def passed(job: Job, command: str, **given: str) -> dict[str, str]:
    done = run(job, command, **given)
    assert done.exit_code == 0, job.log
    return done.outputs


def edit(job: Job, before: str, after: str) -> None:
    file = job.workspace / "aep" / "exports.yaml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


def command_line(job: Job, *asked: str) -> None:
    env = {**job.env, "PYTHONPATH": str(ROOT / "src")}
    whole = (sys.executable, "-m", "exportctl", *asked)
    subprocess.run(whole, cwd=job.workspace / "aep", env=env, check=True, capture_output=True, timeout=60)


def test_a_reviewed_plan_is_applied_and_leaves_nothing_to_do(job: Job) -> None:
    planned = passed(job, "plan", plan_file="plan.json")
    applied = passed(job, "apply", plan_file="plan.json", args="--audit=audit.jsonl")
    after = passed(job, "plan")
    audit = json.loads((job.workspace / "aep" / "audit.jsonl").read_text(encoding="utf-8").splitlines()[-1])

    assert (planned["exit-code"], planned["changes"], planned["refused"]) == ("2", "true", "false")
    assert planned["digest"] in Path(planned["report"]).read_text(encoding="utf-8")
    assert "exports.web-to-lake" in job.summary
    assert (audit["digest"], audit["outcome"]) == (planned["digest"], "done")
    assert (applied["exit-code"], applied["result"], applied["failed"], applied["left"]) == ("0", "done", "0", "0")
    assert (after["exit-code"], after["changes"], json.loads(after["all"])["create"]) == ("0", "false", "0")


def test_a_plan_that_no_longer_fits_fails_and_its_successor_is_applied_by_digest(job: Job) -> None:
    passed(job, "plan", plan_file="plan.json")
    edit(job, "every: 3 hours", "every: 6 hours")
    stale = run(job, "apply", plan_file="plan.json")
    applied = passed(job, "apply", digest=passed(job, "plan")["digest"])

    assert (stale.exit_code, stale.outputs["exit-code"]) == (6, "6")
    assert applied["changes"] == "true"


def test_a_refused_plan_fails_with_its_outputs_and_its_report(job: Job) -> None:
    passed(job, "apply", args="--auto-approve")
    edit(job, "  orders-to-lake: {datasets: [Orders, Returns]}\n", "")
    edit(job, "      orders-to-lake: null # not exported in dev\n", "")
    refused = run(job, "plan", plan_file="plan.json")

    assert refused.exit_code == 5
    assert refused.outcomes["Run exportctl"] == "success"
    assert refused.outputs["refused"] == "true"
    assert "removed:" in Path(refused.outputs["report"]).read_text(encoding="utf-8")
    assert not (job.workspace / "aep" / "plan.json").exists()


def test_an_apply_that_nobody_approved_is_refused(job: Job) -> None:
    done = run(job, "apply")

    assert done.exit_code == 64
    assert "there is no terminal" in job.log


def test_variables_reach_exportctl_alone_and_are_masked(job: Job) -> None:
    edit(job, "bucket: acme-aep-${environment}", 'bucket: "${env:EXPORTCTL_VAR_BUCKET}"')
    variables = {
        "EXPORTCTL_VAR_BUCKET": "acme-lake",
        "LAKE_ROLE_ARN": "arn:aws:iam::123456789012:role/lake",
        "X": "100%\nab",
    }
    planned = passed(job, "plan", variables=json.dumps(variables))

    assert "acme-lake" in Path(planned["report"]).read_text(encoding="utf-8")
    assert "::add-mask::acme-lake\n" in job.log
    assert "::add-mask::100%25\n" in job.log
    assert "::add-mask::ab" not in job.log
    assert "EXPORTCTL_VAR_BUCKET" not in job.env


@pytest.mark.parametrize("variables", ["BUCKET=acme-lake", '["acme-lake"]', '{"BUCKET": {"name": "acme-lake"}}'])
def test_variables_of_another_form_are_refused_and_not_shown(variables: str, job: Job) -> None:
    done = run(job, "plan", variables=variables)

    assert done.exit_code == 1
    assert "variables: give one JSON object" in job.log
    assert "acme-lake" not in job.log


def test_one_comment_shows_the_newest_plan_also_a_refused_one_and_then_what_apply_did(tmp_path: Path) -> None:
    """The comment is kept on a server that plays GitHub. The last comment is that of the merge, which has no event."""
    job, github = checkout(tmp_path, OWN), FakeGitHub()
    seen = []
    with serve(github, Faults()) as address:
        job.env |= {**github.env, "GITHUB_API_URL": address}
        job.github = {**job.github, "token": job.env.pop("GITHUB_TOKEN")}
        for change, code in CHANGES:
            edit(job, *change)
            assert run(job, "plan", comment="true").exit_code == code, job.log
            seen.append(github.comments())
        job.env["GITHUB_REF"] = "refs/heads/main"
        passed(job, "apply", args="--auto-approve", comment="true", pull_request="7")

    assert [len(comments) for comments in seen] == [1, 1, 1]
    assert "exportctl plan failed" in seen[1][0]
    assert "aep-v2" in seen[0][0]
    assert "aep-v2" not in seen[2][0]
    assert "exportctl apply" in github.comments()[-1]


def test_one_issue_is_open_while_the_night_finds_something(job: Job) -> None:
    passed(job, "apply", args="--auto-approve")
    github = FakeGitHub()
    states = []
    with serve(github, Faults()) as address:
        job.env |= {**github.env, "GITHUB_API_URL": address}
        job.github = {**job.github, "token": job.env.pop("GITHUB_TOKEN")}
        for path in ("elsewhere", "aep"):
            command_line(job, "emulator", "ui", "path", "web-to-lake", path, "--as", "jane", "--env", "local")
            night = passed(job, "nightly", args="--runs-only", issue="true")
            states.append((night["exit-code"], [state for state, _, _ in github.issues()]))

    assert states == [("3", ["open"]), ("0", ["closed"])]


def test_drift_fails_unless_its_code_is_one_that_passes(job: Job) -> None:
    passed(job, "apply", args="--auto-approve")
    quiet = passed(job, "drift")
    command_line(job, "emulator", "ui", "path", "web-to-lake", "elsewhere", "--as", "jane", "--env", "local")
    found = run(job, "drift")
    reported = passed(job, "drift", passing_codes="3 4")

    assert (quiet["failing"], found.exit_code, found.outputs["failing"]) == ("false", 3, "true")
    assert "elsewhere" in Path(reported["report"]).read_text(encoding="utf-8")


def test_renew_verify_and_probe_run(job: Job) -> None:
    passed(job, "apply", args="--auto-approve")
    renewed = passed(job, "renew")
    command_line(job, "emulator", "clock", "advance", "1 day", "--env", "local")
    verified = passed(job, "verify", args="--since\n1 day\n\n--target\nexports.web-to-lake")
    passed(job, "probe", args="--dataset=Orders\n--auto-approve")

    assert renewed["changes"] == "false"
    assert (verified["failing"], verified["errors"]) == ("false", "0")
    assert (job.workspace / "aep" / "service-profile.json").exists()


@pytest.mark.parametrize(("command", "event"), [("plan", FORK), ("apply", FORK), ("probe", DELETED_FORK)])
def test_the_config_of_a_fork_is_only_validated(command: str, event: dict[str, Any], tmp_path: Path) -> None:
    job = checkout(tmp_path, event)
    done = passed(job, command, args="--auto-approve", plan_file="plan.json", digest="0")

    assert (done["command"], done["exit-code"], done["changes"]) == ("validate", "0", "")
    assert "::notice title=exportctl::This pull request comes from a fork" in job.log
    assert not (job.workspace / "aep" / ".exportctl").exists()


def test_a_pull_request_of_a_branch_is_planned(tmp_path: Path) -> None:
    done = passed(checkout(tmp_path, OWN), "plan")

    assert (done["command"], done["changes"]) == ("plan", "true")


def test_a_config_that_is_not_valid_fails_with_annotations_at_its_lines(job: Job) -> None:
    edit(job, "project: acme-exports", "projekt: acme-exports")
    failed = [run(job, command).exit_code for command in ("validate", "plan")]

    assert failed == [1, 1]
    assert job.log.count("::error file=aep/exports.yaml,line=10,col=1,") == 2


def test_an_input_is_never_read_as_shell(job: Job) -> None:
    others = dict.fromkeys(("files", "environment", "plan-file", "digest", "args", "variables", "passing-codes"), SHELL)
    for given in ({"folder": SHELL}, others):
        run_action(job, ROOT, {"command": "apply", **given})

    assert [path.name for path in job.workspace.rglob("*") if path.name == "pwned"] == []


def test_an_unknown_command_is_refused_before_anything_is_installed(job: Job) -> None:
    done = run(job, "destroy")

    assert done.exit_code == 64
    assert done.outcomes["Install exportctl"] == "skipped"


def test_a_job_that_only_installs_calls_exportctl_and_keeps_its_own_python(job: Job) -> None:
    passed(job, "install")
    script = "exportctl --version; command -v python3"
    later = [{"name": "Later", "run": script, "shell": "bash"}]
    job.log = ""
    run_steps(job, later, {}, {})

    assert job.log.startswith("exportctl ")
    assert str(job.temp) not in job.log


def test_the_action_gives_every_output_that_it_names(job: Job) -> None:
    given = (passed(job, "plan"), passed(job, "apply", args="--auto-approve"), passed(job, "drift"))

    assert [name for name in ACTION["outputs"] if not any(outputs[name] for outputs in given)] == []


def test_inputs_and_outputs_are_described() -> None:
    assert [
        name for kind in ("inputs", "outputs") for name, one in ACTION[kind].items() if not one["description"]
    ] == []
