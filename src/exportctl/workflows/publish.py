"""
Open the host of code that the CI names, with the CI's own variables and token.

    host     chosen by            API                   token                        pull request
    github   GITHUB_ACTIONS=true  GITHUB_API_URL        GITHUB_TOKEN, else GH_TOKEN  GITHUB_REF, GITHUB_EVENT_PATH
    gitlab   GITLAB_CI=true       CI_API_V4_URL         GITLAB_TOKEN                 CI_MERGE_REQUEST_IID
    azure    TF_BUILD=True        SYSTEM_COLLECTIONURI  SYSTEM_ACCESSTOKEN           SYSTEM_PULLREQUEST_PULLREQUESTID

After a merge, `publish comment` finds the pull request that brought the pushed commit: GITHUB_SHA, CI_COMMIT_SHA or
BUILD_SOURCEVERSION. Nothing of this comes from the config or from the command line, except the number of the pull
request and the choice among the three: neither YAML nor an argument decides who gets the token.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path

import httpx

from exportctl import clock as clocks
from exportctl.client.guard import SecretGuard
from exportctl.client.transport import Backoff, RequestSender
from exportctl.clock import Clock
from exportctl.code_hosts.azure_devops import AzureDevOps
from exportctl.code_hosts.github import GitHub
from exportctl.code_hosts.gitlab import GitLab
from exportctl.code_hosts.session import HostSession, api_url
from exportctl.errors import Error, UsageError
from exportctl.frozen import dataclass

TIMEOUT = 30.0  # seconds for one request
_RUN_THERE = "run this in a job of that CI system, or set it"
BACKOFF = Backoff(tries=4, first=0.5, longest=20.0, total=90.0)
Host = GitHub | GitLab | AzureDevOps
_CHOSEN_BY: Mapping[str, tuple[str, str]] = {
    "github": ("GITHUB_ACTIONS", "true"),
    "gitlab": ("GITLAB_CI", "true"),
    "azure": ("TF_BUILD", "true"),
}
HOSTS = tuple(_CHOSEN_BY)


@dataclass(frozen=True)
class CiJob:
    """What a CI job gives: its variables, the number of a pull request if the user names one, and the way out."""

    env: Mapping[str, str]
    guard: SecretGuard
    number: str | None = None
    clock: Clock = field(default_factory=clocks.system_clock)
    transport: httpx.BaseTransport | None = None


def choose_host(env: Mapping[str, str], given: str | None) -> str:
    """
    Return the name of the host: the one that was asked for, else the one whose CI runs this.

    Raises:
        UsageError: the name is unknown, or no CI is recognised.
    """
    if given is not None:
        if given not in HOSTS:
            raise UsageError(f"--on {given}: choose {', '.join(HOSTS)}", rule="usage")
        return given
    for name, (variable, value) in _CHOSEN_BY.items():
        if env.get(variable, "").lower() == value:
            return name
    hint = f"run this in a job of GitHub, GitLab or Azure DevOps, or add --on {'|'.join(HOSTS)} and set its variables"
    raise UsageError("no CI system is recognised, so there is no host to publish on", rule="usage", hint=hint)


@contextmanager
def open_comments(name: str, job: CiJob) -> Iterator[Host]:
    """
    Open a host with the pull request of this job.

    Raises:
        Error: the job has no pull request, or a variable is missing.
    """
    with _open(name, job, comments=True) as host:
        yield host


@contextmanager
def open_issues(name: str, job: CiJob) -> Iterator[Host]:
    """Open a host for the issues of this job's repository, or raise an Error: a variable is missing."""
    with _open(name, job, comments=False) as host:
        yield host


@contextmanager
def _open(name: str, job: CiJob, *, comments: bool) -> Iterator[Host]:
    variable, headers = _ACCESS[name](job.env)
    base = api_url(variable, job.env.get(variable))
    token = next(iter(headers.values()))
    job.guard.hide([token.removeprefix("Bearer ")])
    sender = RequestSender(
        transport=job.transport,
        inward=(base.is_local,),
        clock=job.clock,
        random=random.random,
        timeout=TIMEOUT,
        backoff=BACKOFF,
    )
    try:
        session = HostSession(_NAMES[name], base, {**headers, **_ACCEPT.get(name, {})}, sender, job.guard.mask)
        yield _host_of_pull_request(name, session, job) if comments else _HOSTS[name](session, job, "")
    finally:
        sender.close()


# -- tokens -----------------------------------------------------------------------------------------------------------

_NAMES = {"github": GitHub.name, "gitlab": GitLab.name, "azure": AzureDevOps.name}
_ACCEPT = {"github": {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}}


def _github_access(env: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    token = _token(env, "GITHUB_TOKEN", "GH_TOKEN", hint="env: {GITHUB_TOKEN: ${{ github.token }}}")
    return "GITHUB_API_URL", {"Authorization": f"Bearer {token}"}


def _gitlab_access(env: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    hint = "a job token (CI_JOB_TOKEN) cannot write notes or issues: store a project access token with the scope `api`"
    return "CI_API_V4_URL", {"PRIVATE-TOKEN": _token(env, "GITLAB_TOKEN", hint=hint)}


def _azure_access(env: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    token = _token(env, "SYSTEM_ACCESSTOKEN", hint="env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}")
    return "SYSTEM_COLLECTIONURI", {"Authorization": f"Bearer {token}"}


_ACCESS: Mapping[str, Callable[[Mapping[str, str]], tuple[str, Mapping[str, str]]]] = {
    "github": _github_access,
    "gitlab": _gitlab_access,
    "azure": _azure_access,
}


def _token(env: Mapping[str, str], *names: str, hint: str) -> str:
    """Return the first token that is set, or raise an Error: there is none, or it cannot stand in a header."""
    found = next((env[name] for name in names if env.get(name)), None)
    if found is None:
        raise Error(f"{names[0]} is not set", rule="credentials", hint=hint)
    if not re.fullmatch(r"[!-~]+", found):
        raise Error(f"{names[0]} holds characters that no token has", rule="credentials", hint="check how it is stored")
    return found


# -- hosts ------------------------------------------------------------------------------------------------------------


def _open_github(session: HostSession, job: CiJob, number: str) -> GitHub:
    return GitHub(session, _variable(job.env, "GITHUB_REPOSITORY", r"[\w.-]+/[\w.-]+"), number)


def _open_gitlab(session: HostSession, job: CiJob, number: str) -> GitLab:
    return GitLab(session, _variable(job.env, "CI_PROJECT_ID", r"[0-9]+"), number)


def _open_azure(session: HostSession, job: CiJob, number: str) -> AzureDevOps:
    repository = job.env.get("BUILD_REPOSITORY_ID", "")
    if repository and not re.fullmatch(r"[\w-]+", repository):
        raise Error("BUILD_REPOSITORY_ID has another form than this CI gives it", rule="code-host", hint=_RUN_THERE)
    return AzureDevOps(session, _variable(job.env, "SYSTEM_TEAMPROJECTID", r"[\w-]+"), repository, number)


_HOSTS: Mapping[str, Callable[[HostSession, CiJob, str], Host]] = {
    "github": _open_github,
    "gitlab": _open_gitlab,
    "azure": _open_azure,
}
_PUSHED: Mapping[str, tuple[str, str, str]] = {  # the variable that says that a commit was pushed, its form, the commit
    "github": ("GITHUB_EVENT_NAME", "push", "GITHUB_SHA"),
    "gitlab": ("CI_PIPELINE_SOURCE", "push", "CI_COMMIT_SHA"),
    "azure": ("BUILD_REASON", "IndividualCI|BatchedCI", "BUILD_SOURCEVERSION"),
}


def _host_of_pull_request(name: str, session: HostSession, job: CiJob) -> Host:
    """
    Return the host with the pull request that the user names, that this job runs for, or that brought what was pushed.

    Raises:
        Error: there is none. A job of a schedule has none either: the newest one has nothing to do with it.
    """
    number, host = job.number or _job_number(name, job) or "", _HOSTS[name](session, job, "")
    event, form, commit = _PUSHED[name]
    if not number and re.fullmatch(form, job.env.get(event, "")):
        number = host.find_pull_request(_variable(job.env, commit, "[0-9a-f]{40,64}")) or ""
    if not re.fullmatch(r"[1-9][0-9]{0,18}", number):
        hint = "run this in a job of a pull request, or name it with --number"
        raise Error("this job has no pull request to comment on", rule="code-host", hint=hint)
    return _HOSTS[name](session, job, number)


def _variable(env: Mapping[str, str], name: str, form: str) -> str:
    """Return a variable of the CI that has the given form, or raise an Error."""
    found = env.get(name, "")
    if not re.fullmatch(form, found):
        problem = "is not set" if not found else "has another form than this CI gives it"
        raise Error(f"{name} {problem}", rule="code-host", hint=_RUN_THERE)
    return found


def _job_number(name: str, job: CiJob) -> str | None:
    """Return the number of the pull request for which this job runs; None if it runs for none."""
    if name != "github":
        return job.env.get({"gitlab": "CI_MERGE_REQUEST_IID", "azure": "SYSTEM_PULLREQUEST_PULLREQUESTID"}[name])
    found = re.fullmatch(r"refs/pull/([0-9]+)/(?:merge|head)", job.env.get("GITHUB_REF", ""))
    return found[1] if found else _event_number(job.env.get("GITHUB_EVENT_PATH"))


def _event_number(path: str | None) -> str | None:
    """Return the number of the pull request in the event of a GitHub workflow; None if it has none."""
    try:
        event = json.loads(Path(path or "").read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError):
        return None
    pull = event.get("pull_request") if isinstance(event, dict) else None
    number = pull.get("number") if isinstance(pull, dict) else None
    return str(number) if isinstance(number, int) else None
