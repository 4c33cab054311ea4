"""
Differences that an `accept` entry of the config covers: neither reported as drift nor put back until its date. Pure.

An entry names an address, of a split export also the whole, and a field as the plan does: `place` or `place.path`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from exportctl.model.plan import WRITE_CAUSES, Cause, FieldChange
from exportctl.model.project import AcceptEntry

_COVERED = WRITE_CAUSES | {Cause.PAUSED}


def apply_accept_entries(
    change: FieldChange, names: Collection[str], accept: Sequence[AcceptEntry], as_of: int
) -> FieldChange:
    """The same, or as accepted; `names` are those by which an entry may call its address."""
    covered = any(a.address in names and a.field in (change.field, change.path) and as_of < a.until for a in accept)
    return replace(change, cause=Cause.ACCEPTED) if covered and change.cause in _COVERED else change
