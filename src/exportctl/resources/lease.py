"""
The wire form of a lease: a base connection that only says which run may write for a project. Pure.

The object is an account of the one destination type that has no credentials, the landing zone. The reasons:

    kind                  why not, or why
    flow                  counts to the 100 destinations of a sandbox, and needs connections
    source connection     needs a dataset, and only flow-service.yaml lists its PATCH [F]
    target connection     needs an account
    base connection       both published descriptions list its PATCH with If-Match [D] [F]; a landing zone needs no
                          secret, and an account without a target exports nothing

It has no ownership marker, so no plan takes it for an account of the project. Its description is one line. What a
service that cuts descriptions cuts off is only for people:

    [exportctl-lease/1 acme taken 17 3f9a1c2e] Do not edit. Run: GitHub Actions acme/exports apply 7
                     │ │    │     │  │                           └ who has or had it
                     │ │    │     │  └ eight hex digits, drawn by each run
                     │ │    │     └ counter: every write adds one
                     │ │    └ state
                     │ └ project
                     └ version
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from exportctl.frozen import dataclass
from exportctl.patterns import compile_on_use
from exportctl.resources.destinations.data_landing_zone import DATA_LANDING_ZONE
from exportctl.resources.destinations.type import SPEC_VERSION

MAX_HOLDER = 100  # characters
FILTER = ("property", f"connectionSpec.id=={DATA_LANDING_ZONE.connection_spec}")
LEASE_TYPE = DATA_LANDING_ZONE
_VERSION = 1
_RECORD = compile_on_use(
    r"\[exportctl-lease/(?P<version>[0-9]{1,4}) (?P<project>[a-z0-9-]{1,32}) (?P<state>[a-z]{1,10}) "
    r"(?P<counter>[0-9]{1,9}) (?P<run>[0-9a-f]{8})\](?: Do not edit\. Run:)?(?P<holder>[ -~]{0,200})"
)


class LeaseState(StrEnum):
    """Who may write, and what the next run must wait for."""

    NEW = "new"  # created, and not yet known to be the only one of its project
    TAKEN = "taken"  # a run writes
    FREE = "free"  # no run writes, and lists show what was written
    SETTLING = "settling"  # no run writes, and lists may not show yet what was written
    UNKNOWN = "unknown"  # a later exportctl wrote it


@dataclass(frozen=True)
class LeaseRecord:
    """What the description of a lease object says; two equal ones mean that no run wrote in between."""

    state: LeaseState
    counter: int
    run: str
    holder: str = field(compare=False)  # for people; a service that cuts descriptions may cut it

    @property
    def is_settled(self) -> bool:
        """A run has found that this is the lease of its project."""
        return self.state is not LeaseState.NEW


def lease_name(project: str) -> str:
    return f"exportctl lease ({project})"


def lease_body(project: str, record: LeaseRecord) -> dict[str, Any]:
    """Return the POST body of a lease object."""
    spec = {"id": LEASE_TYPE.connection_spec, "version": SPEC_VERSION}
    return {"name": lease_name(project), "description": format_lease(project, record), "connectionSpec": spec}


def lease_operations(project: str, record: LeaseRecord, live: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the JSON Patch that writes a record."""
    operation = "replace" if "description" in live else "add"
    return [{"op": operation, "path": "/description", "value": format_lease(project, record)}]


def format_lease(project: str, record: LeaseRecord) -> str:
    owner = f"exportctl-lease/{_VERSION} {project} {record.state} {record.counter} {record.run}"
    return f"[{owner}] Do not edit. Run: {printable_holder(record.holder)}".rstrip()


def printable_holder(text: str) -> str:
    """Return a holder as a description keeps it: printable ASCII without brackets, of bounded length."""
    return re.sub(r"[^ -~]|[\[\]]", "?", text).strip()[:MAX_HOLDER].strip()


def is_lease(raw: Mapping[str, Any], project: str) -> bool:
    """Say whether a base connection is a lease of this project: by its record, or by its name if that was edited."""
    found = _RECORD.search(_description(raw))
    if found is not None:
        return found["project"] == project
    return raw.get("name") == lease_name(project)


def parse_lease(raw: Mapping[str, Any]) -> LeaseRecord | None:
    """Return the record of a lease object; None if its description was edited or is not kept."""
    found = _RECORD.search(_description(raw))
    if found is None:
        return None
    known = {state.value: state for state in LeaseState}
    state = known.get(found["state"]) if int(found["version"]) == _VERSION else LeaseState.UNKNOWN
    if state is None:
        return None
    return LeaseRecord(state, int(found["counter"]), found["run"], found["holder"].strip())


def _description(raw: Mapping[str, Any]) -> str:
    text = raw.get("description")
    return text if isinstance(text, str) else ""
