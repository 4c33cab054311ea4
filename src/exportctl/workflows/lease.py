"""
Let one run at a time write for a project: take the lease, plan again under it, and give it back.

A plan that was made before the lease was taken may miss what another run wrote in between, so it is made again. Nothing
else depends on the lease: without it, every write is as safe as before.
"""

from __future__ import annotations

import getpass
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from exportctl.apply.lease import Lease
from exportctl.apply.lease_object import LeaseObject, LeaseStore
from exportctl.apply.retry import SETTLE_SECONDS, Retry
from exportctl.apply.take_lease import LeaseTaker
from exportctl.errors import ServiceError
from exportctl.frozen import dataclass
from exportctl.model.masking import build_mask
from exportctl.model.plan_options import PlanOptions
from exportctl.resources.lease import LeaseRecord, LeaseState, printable_holder
from exportctl.workflows.connect import ConnectedPlatform
from exportctl.workflows.load_config import Setup, hidden_values
from exportctl.workflows.plan import ConnectedPlan, plan_again

# The variable by which a CI system is known, its name, and the variables that name the job.
_CI_SYSTEMS = (
    ("GITHUB_ACTIONS", "GitHub Actions", ("GITHUB_REPOSITORY", "GITHUB_JOB", "GITHUB_RUN_ID")),
    ("GITLAB_CI", "GitLab CI", ("CI_PROJECT_PATH", "CI_JOB_NAME", "CI_JOB_ID")),
    ("TF_BUILD", "Azure Pipelines", ("SYSTEM_TEAMPROJECT", "BUILD_DEFINITIONNAME", "BUILD_BUILDID")),
    ("JENKINS_URL", "Jenkins", ("JOB_NAME", "BUILD_NUMBER")),
    ("BITBUCKET_BUILD_NUMBER", "Bitbucket Pipelines", ("BITBUCKET_REPO_FULL_NAME", "BITBUCKET_BUILD_NUMBER")),
    ("CIRCLECI", "CircleCI", ("CIRCLE_PROJECT_REPONAME", "CIRCLE_JOB", "CIRCLE_BUILD_NUM")),
    ("BUILDKITE", "Buildkite", ("BUILDKITE_PIPELINE_SLUG", "BUILDKITE_BUILD_NUMBER")),
)


@dataclass(frozen=True)
class LeasedPlan:
    """A plan to apply, and the lease that it was made under; None if the config asks for none."""

    made: ConnectedPlan
    lease: Lease | None


@contextmanager
def take_lease(
    made: ConnectedPlan, setup: Setup, flags: PlanOptions, *, stop: threading.Event, leave_unset: tuple[str, ...] = ()
) -> Iterator[LeasedPlan]:
    """
    Take the lease of the project and plan again; at the end of the `with` give it back.

    From then on no write starts without the lease. `stop` ends the wait for it.

    Raises:
        LeaseHeld: another run has it.
        Error: the sandbox cannot hold a lease, or the wait was interrupted.
    """
    if not made.project.policy.lease:
        yield LeasedPlan(made, None)
        return
    mask = build_mask(hidden_values(made.project, setup))
    record = LeaseRecord(LeaseState.NEW, 0, secrets.token_hex(4), describe_holder(setup.env, mask))
    client, clock = made.platform.client, made.platform.clock
    settle = SETTLE_SECONDS if setup.settle_seconds is None else setup.settle_seconds
    store = LeaseStore(client, Retry(clock, settle), made.project.name)
    lease = LeaseTaker(store, clock, record, settle, setup.say, stop.is_set).take()
    client.before_request(lease.check_request)
    try:
        yield LeasedPlan(plan_again(made, setup, flags, leave_unset=leave_unset), lease)
    finally:
        client.before_request(None)
        _give_back(lease, setup.say)


def _give_back(lease: Lease, say: Callable[[str], None]) -> None:
    try:
        lease.release()
    except ServiceError as error:
        say(f"The lease was not given back: the next run takes it after some waiting. {error.message}")


def describe_holder(env: Mapping[str, str], mask: Callable[[str], str]) -> str:
    """Return the CI job, or the user and the machine, for the people of another pipeline; secrets are masked."""
    for known_by, name, variables in _CI_SYSTEMS:
        if env.get(known_by):
            return printable_holder(mask(" ".join([name, *(env[v] for v in variables if env.get(v))])))
    return printable_holder(mask(f"{_user_name(env)} on {socket.gethostname()}"))


def _user_name(env: Mapping[str, str]) -> str:
    try:
        return env.get("USER") or getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for the user
        return "a user"


def list_leases(platform: ConnectedPlatform, project: str) -> tuple[LeaseObject, ...]:
    """List the lease objects of a project, the one in use first."""
    found = LeaseStore(platform.client, Retry(platform.clock), project).list_objects()
    return tuple(sorted(found, key=lambda one: not one.is_settled))
