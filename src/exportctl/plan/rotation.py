"""
Sending the secrets of one account again: which account a destination means, and the flows that then need a good run.

Goes in: the project, what is live. Comes out: an address or the reason why there is nothing to send, and the flows on a
base connection with the moment of their next run. The write itself is planned with all others, in `accounts`. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from exportctl.errors import RefusedError
from exportctl.model import schedule
from exportctl.model.plan import DESTINATIONS, EXPORTS, Address, Inventory, Plan, Verb
from exportctl.model.project import Destination, Project
from exportctl.model.secret import Secrecy
from exportctl.plan.ownership import LiveFlow, Ownership, build_ownership
from exportctl.resources import wire
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.kinds import EVERY, FLOW, START


@dataclass(frozen=True)
class AccountFlow:
    """
    One flow on the account. `address` is None for one that this config does not declare, audiences among them; `next`
    is when it runs next, in seconds since 1970 UTC, None if it does not run or its schedule cannot be read.
    """

    flow: str
    name: str
    address: Address | None
    next_run: int | None


def rotated_account_address(project: Project, key: str) -> Address:
    """
    The address of the account whose secrets destination `key` sends; with `account: {of: …}` that is another's.

    Raises:
        RefusedError: the account is somebody else's, or has no secret.
    """
    declared = project.destinations[key]
    if declared.account.of:
        declared = project.destinations[declared.account.of]  # chains are refused when the config is read
    named = declared.account.existing or declared.account.id
    if named:
        raise RefusedError(
            f'{DESTINATIONS}.{key} uses the account "{named}", which others made: it is never written',
            rule="account-of-others",
            hint="change its secrets where it was made, in the UI or by its owner",
            at=declared.at,
        )
    if not _has_secrets(declared):
        raise RefusedError(
            f"{DESTINATIONS}.{key} has no secret to send",
            rule="no-secret",
            hint=_no_secret_hint(declared),
            at=declared.at,
        )
    return Address(DESTINATIONS, declared.key)


def _has_secrets(declared: Destination) -> bool:
    return any(value.secrecy is Secrecy.SECRET for value in declared.account.auth.values())


def _no_secret_hint(declared: Destination) -> str:
    if declared.account.method is None:
        return f"{TYPES[declared.type].label}: the storage and its keys are Adobe's"
    return f"it signs in with {' and '.join(sorted(declared.account.auth))}; another one is a change of the config"


def check_rotation(plan: Plan, project: Project, address: Address) -> None:
    """
    Is `address` an account that is there and stays the same one?

    Raises:
        RefusedError: it has yet to be made, or is replaced; both send the secrets that are set then.
    """
    item = next((i for i in plan.items if i.address == address), None)
    if item is None or item.verb in (Verb.CREATE, Verb.REPLACE):
        what, does = ("has yet to be made", "makes it for the first export that uses it")
        if item and item.verb is Verb.REPLACE:
            what, does = ("is to be replaced by another", "does that")
        raise RefusedError(
            f"the account of {address} {what}: there is nothing to send again",
            rule="no-account",
            hint=f"`exportctl apply` {does}, with the secrets that are set then",
            at=project.destinations[address.name].at,
        )


def account_flows(live: Inventory, project: Project, base: str, as_of: int) -> tuple[AccountFlow, ...]:
    """Every flow on the base connection `base`, ours by address and then the others by name."""
    ownership = build_ownership(live, project.name)
    found = [_account_flow(live_flow, ownership, project, as_of) for live_flow in ownership.flows_on(base)]
    return tuple(sorted(found, key=lambda p: (p.address is None, str(p.address), p.name, p.flow)))


def _account_flow(live_flow: LiveFlow, ownership: Ownership, project: Project, as_of: int) -> AccountFlow:
    marker = live_flow.marker
    ours = marker is not None and marker.project == ownership.project and marker.address.root == EXPORTS
    declared = marker.address if marker and ours and marker.name in project.exports else None
    return AccountFlow(live_flow.flow.id, live_flow.flow.name, declared, _next_run(live_flow, as_of))


def _next_run(live_flow: LiveFlow, as_of: int) -> int | None:
    read = wire.read_fields(FLOW.name, live_flow.flow.raw)
    if not read["enabled"] or read[EVERY] is None or read[START] is None:
        return None
    return next(iter(schedule.next_runs(read[EVERY], read[START], read["end"], as_of, 1)), None)
