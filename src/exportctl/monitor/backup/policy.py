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
    if policy.drilled_within is not None:
        yield from _drill_failures(chain, policy.drilled_within, as_of)


def _drill_failures(chain: Chain, within: int, as_of: int) -> Iterator[str]:
    asked = f"`drilled_within` is {duration_text(within)}"
    if chain.drills is None:
        yield f"no drill is known, because no audit file was read: name it with --audit FILE; {asked}"
    elif chain.drills.restored is None:
        yield f"no drill has restored it yet; {asked}"
    elif as_of - chain.drills.restored.as_of > within:
        when, age = format_moment(chain.drills.restored.as_of), duration_text(as_of - chain.drills.restored.as_of)
        yield f"the last drill that restored it was {when}, {age} ago; {asked}"
