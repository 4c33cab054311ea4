"""
The run of a CI system that makes a document: its commit and its address, from the variables that the system sets.

    system            commit                                                   address of the run
    any               EXPORTCTL_COMMIT                                         EXPORTCTL_RUN_URL
    GitHub Actions    head of the pull request in the event, else GITHUB_SHA   GITHUB_SERVER_URL/…/actions/runs/…
    GitLab CI         CI_MERGE_REQUEST_SOURCE_BRANCH_SHA, else CI_COMMIT_SHA   CI_JOB_URL
    Azure Pipelines   SYSTEM_PULLREQUEST_SOURCECOMMITID,                       SYSTEM_COLLECTIONURI…/_build/results…
                      else BUILD_SOURCEVERSION
    Jenkins           GIT_COMMIT                                               BUILD_URL

The first commit of each row is the one that a reviewer sees; the second can be a merge that the system made for a test.
A variable of another form than a commit or an address counts as not set: others can write them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from exportctl.frozen import dataclass
from exportctl.patterns import compile_on_use

_COMMIT = compile_on_use(r"[0-9a-f]{7,64}")
_URL = compile_on_use(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~%/?&=+:@,-]*)?")


@dataclass(frozen=True)
class CiRun:
    """What is known of the run; None: the system does not say it."""

    commit: str | None = None
    url: str | None = None


def read_ci_run(env: Mapping[str, str], event: str | None = None) -> CiRun:
    """Return what the variables say. `event` is the text of the file that GITHUB_EVENT_PATH names."""
    commits, urls = _candidates(env, event)
    return CiRun(
        next((c for c in (env.get("EXPORTCTL_COMMIT"), *commits) if c and _COMMIT.fullmatch(c)), None),
        next((u for u in (env.get("EXPORTCTL_RUN_URL"), *urls) if u and _URL.fullmatch(u)), None),
    )


def _candidates(env: Mapping[str, str], event: str | None) -> tuple[tuple[str | None, ...], tuple[str | None, ...]]:
    """Return the commits and the addresses of the system that runs this, the best first."""
    if env.get("GITHUB_ACTIONS") == "true":
        head = _pull_request_head(event) if env.get("GITHUB_EVENT_NAME") == "pull_request" else None
        return (head, env.get("GITHUB_SHA")), (_github_url(env),)
    if env.get("GITLAB_CI") == "true":
        return (env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"), env.get("CI_COMMIT_SHA")), (env.get("CI_JOB_URL"),)
    if env.get("TF_BUILD", "").lower() == "true":
        return (env.get("SYSTEM_PULLREQUEST_SOURCECOMMITID"), env.get("BUILD_SOURCEVERSION")), (_azure_url(env),)
    return ((env.get("GIT_COMMIT"),), (env.get("BUILD_URL"),)) if env.get("JENKINS_URL") else ((), ())


def _pull_request_head(event: str | None) -> str | None:
    try:
        head = json.loads(event or "")["pull_request"]["head"]["sha"]
    except (ValueError, KeyError, TypeError):
        return None
    return head if isinstance(head, str) else None


def _github_url(env: Mapping[str, str]) -> str | None:
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (env.get(name) for name in names)
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None


def _azure_url(env: Mapping[str, str]) -> str | None:
    collection, project, build = (env.get(n) for n in ("SYSTEM_COLLECTIONURI", "SYSTEM_TEAMPROJECT", "BUILD_BUILDID"))
    if not (collection and project and build):
        return None
    return f"{collection.rstrip('/')}/{quote(project)}/_build/results?buildId={build}"
