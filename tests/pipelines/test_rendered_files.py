"""The files of `init --ci`: what they say for a config, and that the checkers of each CI system accept them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from exportctl.pipelines.pipeline import Environment, Pipeline
from exportctl.pipelines.systems import SYSTEMS
from tests.pipelines.jobs import Step, read_steps

SECRETS = ("LAKE_SECRET_KEY", "PARTNER_SSH_KEY")
SENSITIVE = ("LAKE_ROLE_ARN",)
PIPELINE = Pipeline(
    "acme",
    (Environment("dev", False), Environment("no", False), Environment("1", False), Environment("prod-eu", True)),
    "exportctl[storage]==1.0",
    secrets=SECRETS,
    sensitive=SENSITIVE,
    settings=("EXPORTCTL_VAR_TEAM",),
)
SINGLE = Pipeline("acme", (Environment(None, True),), "exportctl[storage]==1.0", secrets=SECRETS)
BELOW = replace(PIPELINE, folder="data/acme_1")
PIPELINES = {"several environments": PIPELINE, "no environments": SINGLE, "a folder of the repository": BELOW}


def files(system: str, pipeline: Pipeline = PIPELINE) -> Mapping[str, str]:
    return SYSTEMS[system].render(pipeline)


def steps(system: str, pipeline: Pipeline = PIPELINE) -> list[Step]:
    return read_steps(system, files(system, pipeline))


@pytest.mark.parametrize("pipeline", PIPELINES.values(), ids=[*PIPELINES])
@pytest.mark.parametrize("system", SYSTEMS)
def test_only_an_apply_sees_a_secret_of_a_destination(system: str, pipeline: Pipeline) -> None:
    for step in steps(system, pipeline):
        if set(SECRETS) & {*step.variables, *step.variables.values()}:
            assert step.does("apply") or "Fetch" in step.text or "pip install" in step.text or "gh api" in step.text
    assert not set(SECRETS) & {name for step in steps(system) if step.does("plan") for name in step.variables}
    assert not set(SECRETS) & {name for step in steps(system) if step.does("nightly") for name in step.variables}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_plan_reads_with_the_credential_that_only_reads(system: str) -> None:
    for step in steps(system):
        values = " ".join(step.variables.values())
        if step.does("plan"):
            assert "AEP_READER_CLIENT_SECRET" in values
            assert "WRITER" not in values
        if step.does("apply plan.json") or step.does("nightly"):
            assert "AEP_WRITER_CLIENT_SECRET" in values
            assert "READER" not in values


@pytest.mark.parametrize("pipeline", PIPELINES.values(), ids=[*PIPELINES])
@pytest.mark.parametrize("system", SYSTEMS)
def test_no_shell_text_holds_an_expression_or_a_value(system: str, pipeline: Pipeline) -> None:
    """What others wrote must come as a variable: an expression would be pasted into the shell text."""
    for step in steps(system, pipeline):
        assert "${{" not in step.text
        assert not [name for name in ("dev", "prod-eu") if f'"{name}"' in step.text]


@pytest.mark.parametrize("system", ["github", "gitlab", "azure"])
def test_names_that_yaml_reads_as_something_else_stay_names(system: str) -> None:
    text = json.dumps([yaml.safe_load(text) for text in files(system).values()], default=str)

    assert '"no"' in text
    assert '"1"' in text
    assert '"EXPORTCTL_ENV": false' not in text


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_job_that_plans_gets_what_is_no_secret(system: str) -> None:
    shared = {"EXPORTCTL_VAR_TEAM", *SENSITIVE}
    if system == "gitlab":  # it gives every variable of the project to every job
        assert all(f"#     {name}\n" in files(system)["exportctl.gitlab-ci.yml"] for name in shared)
        return
    for step in steps(system):
        if step.does("plan") or step.does("apply plan.json") or step.does("nightly"):
            assert shared <= {*step.variables}


@pytest.mark.parametrize("system", SYSTEMS)
def test_only_environments_of_production_ask_a_person(system: str) -> None:
    text = "".join(files(system).values())
    direct = "".join(files(system, Pipeline("acme", (Environment("dev", False),), "exportctl")).values())
    marks = {
        "github": "prod-eu, with a reviewer",
        "gitlab": "when: manual",
        "azure": "exportctl-prod-eu, with approvals",
        "jenkins": "Apply the plan of prod-eu?",
    }

    assert text.count(marks[system]) == 1
    assert marks[system].replace("prod-eu", "dev") not in direct


@pytest.mark.parametrize("system", SYSTEMS)
def test_one_apply_of_an_environment_runs_at_a_time(system: str) -> None:
    marks = {
        "github": 'group: "exportctl-${{ matrix.environment }}", queue: max',
        "gitlab": "resource_group: exportctl-writes",
        "azure": "lockBehavior: sequential",
        "jenkins": "disableConcurrentBuilds()",
    }

    assert marks[system] in "".join(files(system).values())


@pytest.mark.parametrize("pipeline", [PIPELINE, SINGLE], ids=["several environments", "no environments"])
def test_a_night_at_github_waits_for_an_apply_of_production_and_no_plan_waits_for_it(pipeline: Pipeline) -> None:
    read = {name.rpartition("-")[2]: yaml.safe_load(text) for name, text in files("github", pipeline).items()}
    night = read["nightly.yml"]["concurrency"]
    apply = read["apply.yml"]["jobs"]["apply"]["concurrency"]
    plan = read["plan.yml"]["jobs"]["plan"]["concurrency"]
    last = pipeline.environments[-1].label

    assert night == {**apply, "group": apply["group"].replace("${{ matrix.environment }}", last)}
    assert night["queue"] == "max"  # else GitHub cancels the one that waits when a third comes
    assert plan["group"].startswith("exportctl-plan-") and plan["group"] != night["group"]


def test_a_night_at_gitlab_and_an_apply_run_one_after_the_other() -> None:
    read = yaml.safe_load(files("gitlab")["exportctl.gitlab-ci.yml"])
    writing = [name for name, job in read.items() if job.get("resource_group") == "exportctl-writes"]

    assert writing == ["exportctl-apply", "exportctl-apply-reviewed", "exportctl-nightly"]
    assert "resource_group" not in read["exportctl-plan"]


def test_a_quote_in_the_requirement_ends_no_word_of_the_shell() -> None:
    one = Pipeline("acme", (Environment(None, True),), "exportctl @ git+https://example.com/o'hara.git@1")
    install = next(step.text for step in steps("github", one) if "pip install" in step.text)

    assert "'exportctl @ git+https://example.com/o'\\''hara.git@1'" in install


# -- what others check -------------------------------------------------------------------------------------------------

# A tag can move, so zizmor asks for commits; which commit a team trusts is its own decision, and the files say so.
ZIZMOR = 'rules: {unpinned-uses: {config: {policies: {"*": ref-pin}}}}\n'
CHECKERS = {
    "github": [
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
        ["actionlint"],
        ["zizmor", "--offline", "--quiet", "--config", "zizmor.yml"],
    ],
    "gitlab": [["check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]],
    # Azure's schema has an escape that only the regular expressions of Python take
    "azure": [["check-jsonschema", "--builtin-schema", "vendor.azure-pipelines", "--regex-variant", "python"]],
}


@pytest.mark.parametrize("system", CHECKERS)
def test_the_checkers_of_the_system_find_nothing(system: str, tmp_path: Path) -> None:
    written = []
    for name, pipeline in PIPELINES.items():
        folder = name.replace(" ", "-")
        written += [f"{folder}/{file}" for file in write(files(system, pipeline), tmp_path / folder)]
    (tmp_path / "zizmor.yml").write_text(ZIZMOR, encoding="utf-8")
    for command in CHECKERS[system]:
        done = subprocess.run(
            [str(Path(sys.executable).parent / command[0]), *command[1:], *written],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("pipeline", PIPELINES.values(), ids=[*PIPELINES])
@pytest.mark.parametrize("system", SYSTEMS)
def test_shellcheck_finds_nothing_in_a_shell_text(system: str, pipeline: Pipeline) -> None:
    shell = "sh" if system in ("gitlab", "jenkins") else "bash"
    for text in {step.text for step in steps(system, pipeline)}:
        done = subprocess.run(
            [str(Path(sys.executable).parent / "shellcheck"), f"--shell={shell}", "--exclude=SC1091", "-"],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, text + done.stdout


@pytest.mark.parametrize("pipeline", PIPELINES.values(), ids=[*PIPELINES])
def test_a_jenkinsfile_is_groovy(pipeline: Pipeline) -> None:
    import tree_sitter
    import tree_sitter_groovy

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_groovy.language()))
    for text in files("jenkins", pipeline).values():
        assert not parser.parse(text.encode()).root_node.has_error
        assert parser.parse(text.replace("pipeline {", "pipeline {{").encode()).root_node.has_error


def write(rendered: Mapping[str, str], folder: Path) -> list[str]:
    for name, text in rendered.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return [*rendered]
