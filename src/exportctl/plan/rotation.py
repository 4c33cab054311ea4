"""
Send the secrets of one account again: find the account of a destination, and the flows that then need a good run. Pure.

In: the project and the live objects. Out: an address, or the reason why there is nothing to send; and the flows on a
base connection with their next run. `accounts` plans the write itself.
"""

from __future__ import annotations

from exportctl.errors import RefusedError
from exportctl.frozen import dataclass
from exportctl.model import schedule
from exportctl.model.plan import DESTINATIONS, EXPORTS, Address, Inventory, Plan, Verb
from exportctl.model.project import Destination, Project
from exportctl.model.secret import Secrecy
from exportctl.plan.ownership import LiveFlow, build_ownership
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.kinds import ENABLED, END, EVERY, START


@dataclass(frozen=True)
class AccountFlow:
    """
    One flow on the account.

    `address` is None for a flow that this config does not declare, such as a flow of audiences. `next_run` is in
    seconds since 1970 UTC, None if the flow does not run or its schedule is unreadable.
    """

    flow: str
    name: str
    address: Address | None
    next_run: int | None


def rotated_account_address(project: Project, key: str) -> Address:
    """
    Return the address of the account that destination `key` uses; `account: {of: …}` names another destination.

    Raises:
        RefusedError: exportctl does not manage the account, or the account has no secret.
    """
    declared = project.destinations[key]
    if declared.account.of:
        declared = project.destinations[declared.account.of]  # the rules refuse chains
    named = declared.account.existing or declared.account.id
    if named:
        raise RefusedError(
            f'{DESTINATIONS}.{key} uses the account "{named}", which exportctl does not manage and never changes',
            rule="account-not-managed",
            hint="change its secrets in the UI, or ask its owner",
            at=declared.at,
        )
    if not any(value.secrecy is Secrecy.SECRET for value in declared.account.auth.values()):
        raise RefusedError(
            f"{DESTINATIONS}.{key} has no secret to send",
            rule="no-secret",
            hint=_no_secret_hint(declared),
            at=declared.at,
        )
    return Address(DESTINATIONS, declared.key)


def _no_secret_hint(declared: Destination) -> str:
    if declared.account.method is None:
        return f"{TYPES[declared.type].label}: Adobe owns the storage and its keys"
    names = " and ".join(sorted(declared.account.auth))
    return f"it authenticates with {names}: change that in the YAML and run `exportctl apply`"


def check_rotation(plan: Plan, project: Project, address: Address) -> None:
    """
    Check that the account of `address` exists and is not replaced.

    Raises:
        RefusedError: apply creates or replaces the account, and then sends the secrets that are set.
    """
    item = next((i for i in plan.items if i.address == address), None)
    if item is None or item.verb in (Verb.CREATE, Verb.REPLACE):
        what, does = "does not exist yet", "creates it for the first export that uses it"
        if item and item.verb is Verb.REPLACE:
            what, does = "will be replaced", "replaces it"
        raise RefusedError(
            f"the account of {address} {what}, so exportctl cannot send its secrets again",
            rule="no-account",
            hint=f"`exportctl apply` {does}, with the secrets that are set then",
            at=project.destinations[address.name].at,
        )


def account_flows(live: Inventory, project: Project, base: str, as_of: int) -> tuple[AccountFlow, ...]:
    """Return every flow on the base connection `base`: ours by address, then the others by name."""
    ownership = build_ownership(live, project.name)
    found = [_account_flow(live_flow, project, as_of) for live_flow in ownership.flows_on(base)]
    return tuple(sorted(found, key=lambda p: (p.address is None, str(p.address), p.name, p.flow)))


def _account_flow(live_flow: LiveFlow, project: Project, as_of: int) -> AccountFlow:
    owner, read, next_run = live_flow.marker, live_flow.fields, None
    declared = {Address(EXPORTS, key) for key in project.exports} if live_flow.is_owned_by(project.name) else set()
    address = owner.address if owner and owner.address in declared else None
    is_known = live_flow.unknown_end is None and read[EVERY] is not None and read[START] is not None
    if read[ENABLED] and is_known:
        next_run = next(schedule.run_times(read[EVERY], read[START], read[END], as_of), None)
    return AccountFlow(live_flow.flow.id, live_flow.flow.name, address, next_run)
