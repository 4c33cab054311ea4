"""Compare the chain of a dataset with the policy of its export. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.model.project import BackupPolicy
from exportctl.model.schedule import format_moment
from exportctl.monitor.backup.report import Chain, ChainState
from exportctl.monitor.delivery.verdict import duration_text


def policy_failures(chain: Chain, policy: BackupPolicy, as_of: int) -> tuple[str, ...]:
    """Return why a chain does not fulfil the policy; nothing if it does."""
    return tuple(_failures(chain, policy, as_of))


def _failures(chain: Chain, policy: BackupPolicy, as_of: int) -> Iterator[str]:
    if chain.state is not ChainState.WHOLE:
        yield f"the backup is {chain.state}: {chain.reason}"
    if policy.max_age is not None and chain.covered_to is not None and as_of - chain.covered_to > policy.max_age:
        when, age = format_moment(chain.covered_to), duration_text(as_of - chain.covered_to)
        yield f"the newest complete run was due {when}, {age} ago; `max_age` is {duration_text(policy.max_age)}"
    if policy.covered_from is not None and chain.covered_from is not None and chain.covered_from >= policy.covered_from:
        first, wanted = format_moment(chain.covered_from), format_moment(policy.covered_from)
        yield f"the first complete run was due {first}; `covered_from` asks for one before {wanted}"
