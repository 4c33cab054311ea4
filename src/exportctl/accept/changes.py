"""
The differences to accept, in groups that one edit must accept together, and the result of accept. Pure.

    group         fields of the plan
    schedule      schedule.every, schedule.at
    location      bucket, container, path
    format        format.type, format.compression, format.manifest
    auth          host, port, endpoint, auth.username …, of an account
    any other     the field of that name
"""

from __future__ import annotations

from collections.abc import Collection

from exportctl.frozen import dataclass
from exportctl.model.plan import Address, Cause, FieldChange, Plan
from exportctl.model.plan_options import PlanOptions
from exportctl.resources.kinds import SCHEDULE, SCHEDULE_FIELDS

LIVE_CHANGED_CAUSES = frozenset(  # the sandbox moved
    {Cause.DRIFT, Cause.CONFLICT, Cause.UNKNOWN_ORIGIN, Cause.NOT_COMPARABLE, Cause.PAUSED}
)
DIFFERING_CAUSES = LIVE_CHANGED_CAUSES | {Cause.PENDING, Cause.OLDER_CONFIG, Cause.EXPIRED}  # or the YAML did, or time
MATCHING_CAUSES = frozenset({Cause.ALREADY_MATCHES, Cause.NORMALISED})  # both sides are equal


@dataclass(frozen=True)
class AcceptRequest:
    """
    The differences to accept: those with one of `causes`, at addresses that the flags target.

    `include_accounts` adds the differences of the accounts that these addresses need; `drift` reports them too.
    """

    causes: Collection[Cause]
    flags: PlanOptions
    include_accounts: bool = True


@dataclass(frozen=True)
class ChangeGroup:
    """
    The differences of one address that one edit must accept together; `before` is the live value.

    `id` is the id of the flow or account that the plan compared.
    """

    address: Address
    name: str
    changes: tuple[FieldChange, ...]
    id: str | None


def change_groups(plan: Plan, request: AcceptRequest) -> tuple[ChangeGroup, ...]:
    """Group the differences to accept, in plan order; `plan` is made with the flags of the request."""
    found: dict[tuple[Address, str], list[FieldChange]] = {}
    for item in plan.items:
        for change in item.fields if request.include_accounts or request.flags.is_targeted(item.address) else ():
            if change.cause in request.causes:
                found.setdefault((item.address, group_name(change.field)), []).append(change)
    ids = {item.address: item.id for item in plan.items}
    return tuple(ChangeGroup(address, name, tuple(changes), ids[address]) for (address, name), changes in found.items())


def group_name(field: str) -> str:
    """Return the name of the group that a field belongs to."""
    return SCHEDULE if field in SCHEDULE_FIELDS else field


# -- the result -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AcceptedChanges:
    """
    Differences that one edit accepts in `files`; no files if an edit for other differences accepts them too.

    `allowed_rules` are the rules that the edit allows on the export.
    """

    address: Address
    changes: tuple[FieldChange, ...]
    files: tuple[str, ...] = ()
    allowed_rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnacceptedChanges:
    """Differences that remain, and why no edit of the YAML accepts them."""

    address: Address
    changes: tuple[FieldChange, ...]
    reason: str


@dataclass(frozen=True)
class EditedFile:
    """The full text of one file before and after the edits."""

    file: str
    before: str
    after: str


@dataclass(frozen=True)
class AcceptResult:
    """
    The edits and their effect.

    `plan` is the plan of the edited config, `targeted_plan` its part for the requested addresses. `edited_files` has
    only files that changed.
    """

    plan: Plan
    targeted_plan: Plan
    edited_files: tuple[EditedFile, ...]
    accepted: tuple[AcceptedChanges, ...]
    unaccepted: tuple[UnacceptedChanges, ...]
