"""Which job of `init --ci` gets which credential: that of its own environment, under a name that no other job has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from exportctl.pipelines.pipeline import Environment, Pipeline
from exportctl.pipelines.systems import SYSTEMS
from tests.cli.command_line import CommandLine
from tests.pipelines.jobs import read_steps

TWO_CREDENTIALS = """\
version: 1
project: acme
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg}
defaults: {destination: lake, schedule: {every: 1 day}, end: {rolling: 180 days}}
destinations:
  lake: {type: amazon-s3, bucket: "acme-${environment}", path: aep, auth: {role_arn: "${env:LAKE_ROLE_ARN}"}}
exports: {orders: {datasets: [Orders]}}
environments:
  dev: {platform: {sandbox: dev}}
  prod:
    platform: {sandbox: prod, credentials: {client_id: "${env:PROD_ID}", client_secret: "${env:PROD_SECRET}"}}
"""


FILES = {"azure": "azure-pipelines/exportctl.yml", "jenkins": "Jenkinsfile"}
STAGES = {
    ("azure", "plan"): "- job: plan_{}\n",
    ("azure", "apply"): "- stage: apply_{}\n",
    ("jenkins", "plan"): "stage('Plan {}')",
    ("jenkins", "apply"): "stage('Apply {}')",
}
# Names of environments that were names of something else, or could be.
NAMES = ("reader", "nightly", "plan", "apply", "a", "plan-a", "apply-a", "plan-nightly", "apply-nightly")
ODD = Pipeline("acme", tuple(Environment(name, True) for name in NAMES), "exportctl")


@pytest.fixture
def run(tmp_path: Path) -> CommandLine:
    command_line = CommandLine(tmp_path)
    command_line.write(TWO_CREDENTIALS)
    return command_line


def text_of(run: CommandLine, system: str, file: str) -> str:
    done = run("init", "--ci", system)
    assert done.code == 0, done.err
    return (run.folder / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(("system", "work"), STAGES)
def test_the_job_of_an_environment_gets_no_credential_of_another(run: CommandLine, system: str, work: str) -> None:
    text = text_of(run, system, FILES[system])
    role = {"plan": "READER", "apply": "WRITER"}[work]
    dev, prod = text.partition(STAGES[system, work].format("dev"))[2].split(STAGES[system, work].format("prod"))
    prod = prod.partition("Apply dev")[0]

    assert f"AEP_{role}_CLIENT_SECRET" in dev
    assert "PROD_SECRET" not in dev
    assert f"{role}_PROD_SECRET" in prod
    assert "CLIENT_SECRET" not in prod
    assert "LAKE_ROLE_ARN" in dev and "LAKE_ROLE_ARN" in prod


def test_a_plan_at_github_has_the_environment_that_holds_its_credential(run: CommandLine) -> None:
    text = text_of(run, "github", ".github/workflows/exportctl-plan.yml")
    dev, prod = text.partition("#   exportctl-plan-dev:\n")[2].split("#   exportctl-plan-prod:\n")
    environment = yaml.safe_load(text)["jobs"]["plan"]["environment"]

    assert environment == {"name": "exportctl-plan-${{ matrix.environment }}", "deployment": False}
    assert "READER_PROD_SECRET" not in dev
    assert "READER_PROD_SECRET" in prod.partition("GitHub gives no secrets")[0]
    assert "AEP_READER_CLIENT_SECRET" not in prod.partition("GitHub gives no secrets")[0]


def test_a_plan_at_gitlab_has_the_scope_of_its_credential(run: CommandLine) -> None:
    text = text_of(run, "gitlab", "exportctl.gitlab-ci.yml")
    dev, prod = text.partition("#   exportctl-plan-dev:\n")[2].split("#   exportctl-plan-prod:\n")
    environment = yaml.safe_load(text)["exportctl-plan"]["environment"]

    assert environment == {"name": "exportctl-plan-$EXPORTCTL_ENV", "action": "access"}
    assert "READER_PROD_SECRET" not in dev
    assert "READER_PROD_SECRET" in prod.partition("Of the credential that writes")[0]


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_night_says_that_it_has_the_credentials_of_all_environments(system: str) -> None:
    text = "".join(SYSTEMS[system].render(ODD).values()).replace("\n//", "").replace("\n#", "")

    assert "so it has the credential of each" in text


def groups(node: Any) -> set[str]:
    """The variable groups below a node of an Azure pipeline."""
    if isinstance(node, dict):
        return {node["group"]} if "group" in node else set().union(*map(groups, node.values()))
    return set().union(*map(groups, node)) if isinstance(node, list) else set()


def test_no_name_of_an_environment_makes_two_variable_groups_one() -> None:
    files = SYSTEMS["azure"].render(ODD)
    stages = yaml.safe_load(files["azure-pipelines/exportctl.yml"])["stages"]
    jobs = [*stages[0]["jobs"], *stages[1:], yaml.safe_load(files["azure-pipelines/exportctl-nightly.yml"])]
    found = [name for job in jobs for name in groups(job)]

    assert len(found) == len(set(found)) == 2 * len(NAMES) + 1


def test_no_name_of_an_environment_makes_two_credentials_of_jenkins_one() -> None:
    steps = read_steps("jenkins", SYSTEMS["jenkins"].render(ODD))
    ids = {(step.job, name): key for step in steps for name, key in step.variables.items()}

    assert len(set(ids.values())) == len(ids) == 2 * (2 * len(NAMES) + 1)


@pytest.mark.parametrize("name", ["exportctl-nightly", "exportctl-plan-dev"])
def test_an_environment_with_the_name_of_a_place_of_the_jobs_is_refused(name: str, run: CommandLine) -> None:
    run.edit("  dev: {platform", f"  {name}: {{platform")
    done = run("init", "--ci", "github")

    assert done.code == 1
    assert f"the jobs need the name of the environment {name} for themselves" in done.err
    assert not (run.folder / ".github").exists()
