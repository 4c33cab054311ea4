"""Which commit and which run a document names, from the variables of each CI system."""

from __future__ import annotations

import json

import pytest

from exportctl.output.ci_run import CiRun, read_ci_run

HEAD, MERGE = "a" * 40, "b" * 40
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_EVENT_NAME": "pull_request",
    "GITHUB_SHA": MERGE,
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/exports",
    "GITHUB_RUN_ID": "77",
}
GITHUB_RUN = "https://github.com/acme/exports/actions/runs/77"
EVENT = json.dumps({"pull_request": {"head": {"sha": HEAD}}})
GITLAB = {"GITLAB_CI": "true", "CI_COMMIT_SHA": MERGE, "CI_JOB_URL": "https://gitlab.example/acme/-/jobs/5"}
AZURE = {
    "TF_BUILD": "True",
    "BUILD_SOURCEVERSION": MERGE,
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/acme/",
    "SYSTEM_TEAMPROJECT": "Data platform",
    "BUILD_BUILDID": "9",
}
AZURE_RUN = "https://dev.azure.com/acme/Data%20platform/_build/results?buildId=9"
JENKINS = {"JENKINS_URL": "https://ci.example/", "GIT_COMMIT": MERGE, "BUILD_URL": "https://ci.example/job/exports/4/"}


@pytest.mark.parametrize(
    ("env", "event", "expected"),
    [
        ({}, None, CiRun()),
        (GITHUB, EVENT, CiRun(HEAD, GITHUB_RUN)),
        (GITHUB, "no JSON", CiRun(MERGE, GITHUB_RUN)),
        (GITHUB, '{"pull_request": []}', CiRun(MERGE, GITHUB_RUN)),
        ({**GITHUB, "GITHUB_EVENT_NAME": "push"}, EVENT, CiRun(MERGE, GITHUB_RUN)),
        (GITLAB, None, CiRun(MERGE, "https://gitlab.example/acme/-/jobs/5")),
        ({**GITLAB, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD}, None, CiRun(HEAD, GITLAB["CI_JOB_URL"])),
        ({**GITLAB, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": ""}, None, CiRun(MERGE, GITLAB["CI_JOB_URL"])),
        (AZURE, None, CiRun(MERGE, AZURE_RUN)),
        ({**AZURE, "SYSTEM_PULLREQUEST_SOURCECOMMITID": HEAD}, None, CiRun(HEAD, AZURE_RUN)),
        (JENKINS, None, CiRun(MERGE, "https://ci.example/job/exports/4/")),
        ({"GIT_COMMIT": MERGE}, None, CiRun()),  # without a CI system, any shell can have set it
        (
            {**GITHUB, "EXPORTCTL_COMMIT": "c" * 7, "EXPORTCTL_RUN_URL": "https://ci.example/1"},
            EVENT,
            CiRun("c" * 7, "https://ci.example/1"),
        ),
    ],
)
def test_a_document_names_the_commit_that_a_reviewer_sees(
    env: dict[str, str], event: str | None, expected: CiRun
) -> None:
    assert read_ci_run(env, event) == expected


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://x/> @acme", "https://x/)", "https://x/\n", "ftp://x"])
def test_a_variable_that_is_no_address_or_no_commit_counts_as_not_set(url: str) -> None:
    assert read_ci_run({"EXPORTCTL_RUN_URL": url, "EXPORTCTL_COMMIT": "@acme"}) == CiRun()
