"""
What a patch is asked for: differences of a plan, put together where one edit must accept them all. Pure.

    wish          fields of the plan
    schedule      cadence, phase
    place         place.bucket, place.container, place.path
    format        format.type, format.compression, format.manifest
    auth          auth.host, auth.port, auth.endpoint …, of an account
    any other     the field of that name
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from exportctl.flags import Flags
from exportctl.model import Address, Cause, FieldChange, Plan

MOVED = frozenset({Cause.DRIFT, Cause.CONFLICT, Cause.DIFFERS, Cause.STOPPED})  # the sandbox moved
EITHER = MOVED | {Cause.PENDING, Cause.LAPSED}  # or the YAML did, or time
SETTLED = frozenset({Cause.CONVERGED, Cause.NORMALISED})  # both sides are equal
_TOGETHER: Mapping[str, str] = {"cadence": "schedule", "phase": "schedule"}


@dataclass(frozen=True)
class Wish:
    """`changes` are the differences of one address that are to be accepted together, `before` being what is live."""

    address: Address
    name: str
    changes: tuple[FieldChange, ...]


def wishes(plan: Plan, flags: Flags, causes: Collection[Cause]) -> tuple[Wish, ...]:
    """In plan order; of the addresses that the flags target."""
    found: dict[tuple[Address, str], list[FieldChange]] = {}
    for item in plan.items:
        for change in item.fields if flags.targeted(item.address) else ():
            if change.cause in causes:
                found.setdefault((item.address, together(change.field)), []).append(change)
    return tuple(Wish(address, name, tuple(changes)) for (address, name), changes in found.items())


def together(field: str) -> str:
    """The wish that a field belongs to."""
    return _TOGETHER.get(field, field)
