"""What a config says about its pipelines, through `init --ci`."""

from __future__ import annotations

from pathlib import Path

import pytest

from exportctl.pipelines.pipeline import Pipeline, reader_name, writer_name
from exportctl.workflows import pipelines as pipeline_workflow
from exportctl.workflows.load_config import Setup
from tests.cli.command_line import CommandLine
from tests.examples.example_projects import EXAMPLES

ENVIRONMENTS = (EXAMPLES / "environments" / "exports.yaml").read_text(encoding="utf-8")


@pytest.fixture
def run(tmp_path: Path) -> CommandLine:
    command_line = CommandLine(tmp_path)
    command_line.write(ENVIRONMENTS)
    return command_line


def pipeline(run: CommandLine) -> Pipeline:
    return pipeline_workflow.read_pipeline(Setup(run.folder))


def environments(run: CommandLine) -> list[tuple[str | None, bool]]:
    return [(one.name, one.needs_approval) for one in pipeline(run).environments]


def test_the_environments_of_the_service_come_in_the_order_of_their_danger(run: CommandLine) -> None:
    assert environments(run) == [("dev", False), ("stage", False), ("prod", True)]


def test_without_a_name_of_production_a_person_approves_all(run: CommandLine) -> None:
    run.write(ENVIRONMENTS.replace("prod", "north"))

    assert environments(run) == [("dev", True), ("north", True), ("stage", True)]


def test_emulators_stay_if_there_is_nothing_else(run: CommandLine) -> None:
    head = ENVIRONMENTS.split("environments:\n  dev:")[0].replace("[prod]", "[local]")
    run.write(head + "environments:\n  local: {platform: {sandbox: dev, url: embedded}}\n")

    assert environments(run) == [("local", True)]


def test_a_config_without_environments_has_one_that_a_person_approves(run: CommandLine) -> None:
    run.folder.joinpath("exports.yaml").unlink()
    run("init")

    assert environments(run) == [(None, True)]


def test_the_names_of_variables_come_from_the_config(run: CommandLine) -> None:
    run.edit("bucket: acme-aep-${environment}", 'bucket: "acme-${env:EXPORTCTL_VAR_TEAM}"')
    found = pipeline(run)

    assert (found.sensitive, found.secrets) == (("LAKE_ROLE_ARN",), ("PARTNER_SSH_KEY",))
    assert found.settings == ("EXPORTCTL_VAR_TEAM",)
    assert found.credentials == ("AEP_CLIENT_ID", "AEP_CLIENT_SECRET")


def test_credentials_of_the_config_replace_the_usual_ones(run: CommandLine) -> None:
    run.edit(
        "platform: {organization: 0123456789ABCDEF01234567@AdobeOrg}",
        "platform:\n  organization: 0123456789ABCDEF01234567@AdobeOrg\n"
        '  credentials: {client_id: "${env:ACME_ID}", client_secret: "${env:ACME_SECRET}"}',
    )

    assert pipeline(run).credentials == ("ACME_ID", "ACME_SECRET")


def test_files_of_secrets_are_named_because_a_runner_does_not_have_them(run: CommandLine) -> None:
    run.edit("${env:PARTNER_SSH_KEY}", "${file:keys/partner.pem}")
    done = run("init", "--ci", "gitlab")

    assert done.code == 0
    assert "keys/partner.pem" in done.err


@pytest.mark.parametrize(
    ("variable", "reader", "writer"),
    [
        ("AEP_CLIENT_ID", "AEP_READER_CLIENT_ID", "AEP_WRITER_CLIENT_ID"),
        ("ACME_ID", "READER_ACME_ID", "WRITER_ACME_ID"),
    ],
)
def test_a_credential_has_two_names(variable: str, reader: str, writer: str) -> None:
    assert (reader_name(variable), writer_name(variable)) == (reader, writer)


def test_init_names_what_it_wrote_and_what_to_do_next(run: CommandLine) -> None:
    done = run("init", "--ci", "azure")

    assert done.code == 0
    assert "azure-pipelines/exportctl.yml" in done.out
    assert "Next: create the variable groups" in done.out
    assert "note: the jobs install exportctl by its version" in done.err  # a checkout is no address for a runner
    assert (run.folder / "azure-pipelines" / "exportctl-nightly.yml").exists()


def test_init_overwrites_no_file_and_writes_none_beside_it(run: CommandLine) -> None:
    run("init", "--ci", "jenkins")
    (run.folder / "Jenkinsfile.nightly").unlink()
    done = run("init", "--ci", "jenkins")

    assert done.code == 1
    assert "Jenkinsfile already exists; nothing was written" in done.err
    assert not (run.folder / "Jenkinsfile.nightly").exists()


def test_a_system_without_jobs_is_wrong_usage(run: CommandLine) -> None:
    done = run("init", "--ci", "travis")

    assert done.code == 64
    assert "github, gitlab, azure or jenkins" in done.err


def test_a_wrong_config_is_shown_and_nothing_is_written(run: CommandLine) -> None:
    run.write("version: 1\nexport: {}\n")
    done = run("init", "--ci", "github")

    assert done.code == 1
    assert "exports.yaml:2:1" in done.err
    assert not (run.folder / ".github").exists()


@pytest.mark.parametrize(
    ("noted", "address"),
    [
        (
            {"url": "https://example.com/e.git", "vcs_info": {"vcs": "git", "commit_id": "ab"}},
            "git+https://example.com/e.git@ab",
        ),
        (
            {"url": "ssh://git@example.com/e.git", "vcs_info": {"vcs": "git", "commit_id": "ab"}},
            "git+ssh://git@example.com/e.git@ab",
        ),
        ({"url": "file:///home/jane/e", "vcs_info": {"vcs": "git", "commit_id": "ab"}}, None),
        ({"url": "file:///home/jane/e", "dir_info": {"editable": True}}, None),
    ],
)
def test_a_runner_installs_the_commit_that_pip_noted_if_it_can_reach_it(
    noted: dict[str, object], address: str | None
) -> None:
    assert pipeline_workflow.git_address(noted) == address
