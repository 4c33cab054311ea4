"""
The values that planner, views, plan files and apply share: addresses, live objects, changes, plans. A leaf.

Everything is frozen and holds no client, no callable, no file. `Fields` are semantic (names and units of our YAML, not
of the wire); `kinds` translates. Times are whole seconds since 1970 UTC unless a name says otherwise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from exportctl.errors import Finding, Level, SourcePosition

Fields = Mapping[str, Any]

EXPORTS = "exports"
DESTINATIONS = "destinations"
MAX_TIMESTAMP = 250_000_000_000  # seconds since 1970, in the year 9892: no moment is later
MARKER_VERSION = 2  # of the ownership markers that this exportctl writes; it reads no digest of a later one


@dataclass(frozen=True, order=True)
class Address:
    """What people call a thing: `exports.orders-daily`. One address may stand for several objects of the service."""

    root: str
    name: str

    def __str__(self) -> str:
        return f"{self.root}.{self.name}"


@dataclass(frozen=True)
class Ref:
    """Stands where an id will stand; apply fills it in once the step `step` has created the object."""

    step: str


@dataclass(frozen=True)
class SensitiveValue:
    """A value that is compared and sent but never shown: str, repr and every saved form say `(sensitive)`."""

    value: str = field(repr=False)

    def __str__(self) -> str:
        return "(sensitive)"

    __repr__ = __str__


class UnknownValue(StrEnum):
    """Stands in for a value nobody can compare."""

    UNSET = "(reference not set: not compared)"
    HIDDEN = "(hidden by the service)"


class Cause(StrEnum):
    """Why YAML and live differ (docs/comparison.md has the table)."""

    CREATE = "create"
    PENDING = "pending"  # the YAML moved
    DRIFT = "drift"  # the sandbox moved
    CONFLICT = "conflict"  # both moved
    UNKNOWN_ORIGIN = "differs"  # nobody knows what was last applied
    ALREADY_MATCHES = "converged"  # equal, but not what was last applied: only the marker is written
    NORMALISED = "normalised"  # the service keeps another spelling of what we sent
    PAUSED = "stopped"  # a stop made by hand: held
    RENEWAL = "renewal"  # a rolling end is due
    EXPIRED = "lapsed"  # a rolling end has passed: moving it on revives the flow
    ACCEPTED = "accepted"  # an `accept` entry covers it


WRITE_CAUSES = frozenset(
    {Cause.CREATE, Cause.PENDING, Cause.DRIFT, Cause.CONFLICT, Cause.UNKNOWN_ORIGIN, Cause.EXPIRED}
)


class Action(StrEnum):
    """What one step does: one request at most, apart from the look-ups its protocol needs."""

    CREATE = "create"
    UPDATE = "update"
    ACT = "act"
    DELETE = "delete"


class Verb(StrEnum):
    """What a plan does to one address, in the order plans list them."""

    CREATE = "create"
    COMPLETE = "complete"  # a creation begun by an interrupted run
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"
    RELEASE = "release"
    CLEAN = "clean"  # leftovers of ours
    MARK = "mark"  # marker only
    RENEW = "renew"  # nothing but a rolling end
    PAUSED = "held"  # nothing but held stops
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Actor:
    """
    Who moved the live side. `by` and `client` as the service records them, None where it no longer says;
    `at` in seconds; `note` says why somebody is missing.
    """

    by: str | None
    client: str | None
    at: int | None
    note: str | None = None


@dataclass(frozen=True)
class FieldChange:
    """One value that differs: `field` is the managed field, `path` the key of the YAML (`location` and `bucket`)."""

    path: str
    field: str
    before: Any
    after: Any
    cause: Cause
    actor: Actor | None = None
    at: SourcePosition | None = None  # which line of YAML set it; for showing only


@dataclass(frozen=True)
class Consequence:
    """What follows from a change: `level` "info", "warning" or "cost" (may send data again)."""

    rule: str
    text: str
    level: str = "info"


@dataclass(frozen=True)
class Refusal:
    """Which gate refused, and the one edit or flag that allows exactly this."""

    safety_check: str
    text: str
    allow: str


@dataclass(frozen=True)
class Marker:
    """
    The ownership marker at the end of a description (marker.py has the text form).

    `kind` "e" (export) or "d" (destination); `applied` maps a managed field to the digests of the value last applied:
    one, or two when the service keeps another spelling. The field `end` holds the value itself in place of a digest.
    `damaged`: the text was recognised but its digests are unusable, so comparison is two-way. `version` is the format
    that was read, `unread` the flags, digests and words in it that have no name here; both make no marker differ.
    """

    project: str
    kind: str
    name: str
    generation: int = 1
    protected: bool = False
    being_replaced: bool = False
    last_seen_enabled: bool = False
    applied: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    damaged: bool = False
    version: int = field(default=MARKER_VERSION, compare=False)
    unread: tuple[str, str, tuple[str, ...]] = field(default=("", "", ()), compare=False)

    @property
    def address(self) -> Address:
        return Address({"e": EXPORTS, "d": DESTINATIONS}.get(self.kind, self.kind), self.name)


@dataclass(frozen=True)
class LiveObject:
    """One object as a list returned it. `text` is the description without our lines; `raw` is the wire form."""

    kind: str
    id: str
    etag: str
    name: str
    text: str
    marker: Marker | None
    raw: Mapping[str, Any]

    @property
    def created_at_ms(self) -> int:
        """createdAt in milliseconds, as the wire has it; 0, which is very old, where it says nothing usable."""
        value = self.raw.get("createdAt")
        return value if type(value) is int and 0 < value < MAX_TIMESTAMP * 1000 else 0

    @property
    def created_at(self) -> int:
        """createdAt in seconds."""
        return self.created_at_ms // 1000


@dataclass(frozen=True)
class ListedDataset:
    """One exportable dataset of the eligibility listing."""

    id: str
    name: str


@dataclass(frozen=True)
class Inventory:
    """
    One sandbox, read with lists only. `objects` by kind; `specs` connection spec id -> the spec's JSON;
    `datasets` is None when nothing asked for them.
    """

    objects: Mapping[str, tuple[LiveObject, ...]]
    datasets: tuple[ListedDataset, ...] | None
    specs: Mapping[str, Mapping[str, Any]]

    def objects_of_kind(self, kind: str) -> tuple[LiveObject, ...]:
        return self.objects.get(kind, ())


@dataclass(frozen=True)
class Step:
    """
    One write. `fields` are what is sent (all for CREATE, the changed ones for UPDATE); `refs` names of references to
    ids or Refs; `act` the operation of an ACT; `seen` digests of what was read, by field: staleness is judged by
    value, never by etag. `secrets` names the references whose values the request needs.
    """

    key: str
    action: Action
    kind: str
    address: Address
    id: str | None = None
    fields: Fields = field(default_factory=dict)
    refs: Mapping[str, Ref | str] = field(default_factory=dict)
    marker: Marker | None = None
    remove_marker: bool = False  # release: the description goes back to the person's own text
    operation: str | None = None
    needs: tuple[str, ...] = ()
    seen: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    type: str = ""  # destination type, for the wire form
    title: str = ""  # name of a created connection
    text: str | None = None  # the person's own description, when the request carries one
    detects_hidden_flow: bool = (
        False  # a deletion that must succeed before anything is built: "still in use" means a hidden user
    )


@dataclass(frozen=True)
class PlanItem:
    """All that a plan says and does about one address."""

    address: Address
    verb: Verb
    id: str | None = None  # of the flow or base connection people would look up
    fields: tuple[FieldChange, ...] = ()
    steps: tuple[Step, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    findings: tuple[Finding, ...] = ()
    ends: int | None = None  # when the export ends after this plan
    schedule: str | None = None
    next_before: tuple[int, ...] = ()
    next_after: tuple[int, ...] = ()
    at: SourcePosition | None = None  # for showing only

    def causes(self) -> frozenset[Cause]:
        return frozenset(f.cause for f in self.fields)

    @property
    def is_paused(self) -> bool:
        return Cause.PAUSED in self.causes()

    @property
    def has_renewal(self) -> bool:
        return Cause.RENEWAL in self.causes()

    @property
    def is_expired(self) -> bool:
        return Cause.EXPIRED in self.causes()


CHANGE_VERBS = frozenset({Verb.CREATE, Verb.COMPLETE, Verb.UPDATE, Verb.REPLACE, Verb.DELETE, Verb.ADOPT, Verb.RELEASE})


@dataclass(frozen=True)
class OtherFlow:
    """A live flow that is not ours: `owner` is the foreign project or None. Shown, never touched."""

    id: str
    name: str
    type: str | None
    owner: str | None
    enabled: bool
    ends: int | None
    assumed_end: bool


PLATFORMS = ("service", "embedded", "loopback")


@dataclass(frozen=True)
class PlanHeader:
    """`platform` is one of `PLATFORMS`: said wherever nothing reaches Adobe."""

    organization: str
    sandbox: str
    environment: str | None
    project: str
    platform: str
    snapshot_at: int | None = None  # when the sandbox was read, in seconds, where that was not for this plan


@dataclass(frozen=True)
class Plan:
    """Sorted where it is made: equal inputs give equal plans, byte for byte."""

    header: PlanHeader
    as_of: int
    items: tuple[PlanItem, ...]
    findings: tuple[Finding, ...] = ()  # about the plan as a whole
    other_flows: tuple[OtherFlow, ...] = ()
    unset: tuple[str, ...] = ()  # references that were not set when it was made
    options: Mapping[str, Any] = field(default_factory=dict)
    targeted_out: int = 0  # addresses that --target left out

    def steps(self) -> tuple[Step, ...]:
        return tuple(step for item in self.items for step in item.steps)

    @property
    def is_empty(self) -> bool:
        """No create, update, replace, delete, adopt or release (held, renewals, marker-only writes do not count)."""
        return not any(item.verb in CHANGE_VERBS for item in self.items)

    @property
    def is_refused(self) -> bool:
        return any(item.refusals for item in self.items)

    def errors(self) -> tuple[Finding, ...]:
        """What keeps this plan from being applied at all: a dataset that is not there, an account not found."""
        found = (*self.findings, *(f for item in self.items for f in item.findings))
        return tuple(f for f in found if f.level is Level.ERROR)

    def counts(self) -> dict[str, int]:
        """The footer's numbers, in its order."""
        verbs = [item.verb for item in self.items]
        return {
            "create": verbs.count(Verb.CREATE) + verbs.count(Verb.COMPLETE),
            "update": verbs.count(Verb.UPDATE) + verbs.count(Verb.RELEASE),
            "replace": verbs.count(Verb.REPLACE),
            "delete": verbs.count(Verb.DELETE),
            "adopt": verbs.count(Verb.ADOPT),
            "held": sum(item.is_paused for item in self.items),
            "renew": sum(item.has_renewal for item in self.items),
            "unchanged": verbs.count(Verb.UNCHANGED) + verbs.count(Verb.MARK) + verbs.count(Verb.CLEAN),
            "marker": verbs.count(Verb.MARK),
            "clean": verbs.count(Verb.CLEAN),
        }


class OutcomeStatus(StrEnum):
    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"  # something it needs failed
    DEFERRED = "left for next time"
    NOT_ATTEMPTED = "not attempted"


@dataclass(frozen=True)
class Outcome:
    """What became of one step. `message` and `hint` for a step that is not done."""

    step: Step
    status: OutcomeStatus
    id: str | None = None
    message: str | None = None
    hint: str | None = None
    rule: str | None = None


def canonical_json(value: Any) -> str:
    """Deterministic JSON of a value as it is, sensitive ones included: for digests, never for people."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_json_value)


def _json_value(value: object) -> object:
    if isinstance(value, SensitiveValue):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"no digest for {type(value).__name__}")


def digest(value: Any) -> str:
    """Four hex digits of a value: enough to tell the cause of a difference, too little to give a value away."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:4]
