"""
The values that plan, apply, planfile and output share: addresses, live objects, changes, plans.

Everything is frozen and contains no client, no callable and no file. `Fields` have the names and units of the YAML,
not those of the wire; `resources/wire` translates. Times are whole seconds since 1970 UTC unless a name says otherwise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from enum import StrEnum
from typing import Any

from exportctl.errors import Finding, Level, SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.address import DESTINATIONS as DESTINATIONS
from exportctl.model.address import EXPORTS as EXPORTS
from exportctl.model.address import Address as Address
from exportctl.model.bound_values import BoundValues
from exportctl.model.consequence import Consequence as Consequence
from exportctl.model.hold import Hold
from exportctl.model.loss import Loss
from exportctl.model.next_steps import MoveOffer, NextStep
from exportctl.model.other_flow import OtherFlow
from exportctl.model.profile_note import ProfileNote
from exportctl.model.ref import Ref
from exportctl.model.timestamps import MAX_TIMESTAMP as MAX_TIMESTAMP
from exportctl.model.volume import Volume

Fields = Mapping[str, Any]

MARKER_VERSION = 2  # of the ownership markers that this exportctl writes; it does not read digests of a later version


@dataclass(frozen=True)
class SensitiveValue:
    """A value that is compared and sent but never shown: str, repr and JSON say `(sensitive)`."""

    value: str = field(repr=False)

    def __str__(self) -> str:
        return "(sensitive)"

    __repr__ = __str__


class UnknownValue(StrEnum):
    """A placeholder for a value that cannot be compared."""

    UNSET = "(variable not set: not compared)"
    HIDDEN = "(hidden by the service)"


class Cause(StrEnum):
    """The reason why YAML and live differ (docs/comparison.md has the table)."""

    CREATE = "create"
    PENDING = "pending"  # the YAML changed since the last apply
    OLDER_CONFIG = "older-config"  # the YAML differs because it is older than the one last applied
    DRIFT = "drift"  # the sandbox changed since the last apply
    CONFLICT = "conflict"  # both changed
    UNKNOWN_ORIGIN = "unknown-origin"  # the value last applied is unknown
    ALREADY_MATCHES = "already-matches"  # equal, but not what was last applied: only the marker is written
    NORMALISED = "normalised"  # the service keeps another spelling of what we sent
    NOT_COMPARABLE = "not-comparable"  # the live value has words that exportctl cannot read: it stays as it is
    PAUSED = "paused"  # paused by hand: exportctl leaves it so
    RENEWAL = "renewal"  # a rolling end is due
    EXPIRED = "expired"  # the rolling end is in the past: moving it makes the flow run again
    ACCEPTED = "accepted"  # an `accept` entry covers it


WRITE_CAUSES = frozenset(
    {Cause.CREATE, Cause.PENDING, Cause.DRIFT, Cause.CONFLICT, Cause.UNKNOWN_ORIGIN, Cause.EXPIRED, Cause.OLDER_CONFIG}
)


class Action(StrEnum):
    """The write of one step: at most one write request, plus the reads that its protocol needs."""

    CREATE = "create"
    UPDATE = "update"
    ACT = "act"
    DELETE = "delete"


class Verb(StrEnum):
    """What a plan does to one address, in the order of the output."""

    CREATE = "create"
    COMPLETE = "complete"  # a creation begun by an interrupted run
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"
    MOVE = "move"  # from another project: markers only
    RELEASE = "release"
    CLEAN = "clean"  # deletes orphans only
    MARK = "mark"  # marker only
    RENEW = "renew"  # nothing but a rolling end
    PAUSED = "paused"  # nothing but fields that are left paused
    BLOCKED = "blocked"  # the address has duplicates, or a flow that cannot be compared
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Actor:
    """The last editor of the live value, as the service records it: None where it no longer does."""

    by: str | None
    client: str | None
    at: int | None  # seconds
    note: str | None = None  # why the editor is unknown


@dataclass(frozen=True)
class FieldChange:
    """One value that differs: `field` is the managed field, `path` the key of the YAML (`location` and `bucket`)."""

    path: str
    field: str
    before: Any
    after: Any
    cause: Cause
    actor: Actor | None = None
    at: SourcePosition | None = None  # the line of YAML that sets it; for display only
    note: str | None = None  # more about the cause, for display only


@dataclass(frozen=True)
class Refusal:
    """The safety check that blocks a change, and the edit or the flag that allows exactly this change."""

    safety_check: str
    text: str
    allow: str
    moves: tuple[MoveOffer, ...] = ()  # the flows that `move_from` can take over instead


@dataclass(frozen=True)
class Marker:
    """
    The ownership marker at the end of a description (resources/marker.py has the text form).

    `applied` maps a managed field to the digests of the last applied value: one, or two when the service stores another
    spelling. The field `end` has the value itself instead of a digest.
    """

    project: str
    kind: str  # "e" (export) or "d" (destination)
    name: str
    generation: int = 1
    protected: bool = False
    being_replaced: bool = False
    last_seen_enabled: bool = False
    disables: bool = False  # exportctl disabled the flow, or was about to
    enables: bool = False  # exportctl enabled the flow, or was about to
    applied: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    damaged: bool = False  # the digests are not usable: YAML and live are compared without them
    version: int = field(default=MARKER_VERSION, compare=False)  # the format that was read
    committed_at: int | None = field(default=None, compare=False)  # of the config last applied: commit time, seconds
    unread: tuple[str, str, tuple[str, ...]] = field(default=("", "", ()), compare=False)  # of another version
    moved_from: str | None = field(default=None, compare=False)  # trace of the former project (resources/marker.trace)
    long_digests: Mapping[str, str] = field(default_factory=dict, compare=False)  # of fields that no read returns

    @property
    def address(self) -> Address:
        return Address({"e": EXPORTS, "d": DESTINATIONS}.get(self.kind, self.kind), self.name)

    def with_digests(self, digests: Mapping[str, tuple[str, ...]]) -> Marker:
        """Return the marker with other digests for some fields, without an intent to enable that was carried out."""
        return replace(self, enables=False, applied={**self.applied, **digests})


@dataclass(frozen=True)
class LiveObject:
    """One object of a list. `text` is the description without the lines of exportctl; `raw` is the wire form."""

    kind: str
    id: str
    etag: str
    name: str
    text: str
    marker: Marker | None
    raw: Mapping[str, Any]

    @property
    def created_at_ms(self) -> int:
        """createdAt in milliseconds; 0, which counts as very old, where the value is missing or not usable."""
        value = self.raw.get("createdAt")
        return value if type(value) is int and 0 < value < MAX_TIMESTAMP * 1000 else 0

    @property
    def created_at(self) -> int:
        """createdAt in seconds."""
        return self.created_at_ms // 1000


@dataclass(frozen=True)
class ListedDataset:
    """One dataset that can be exported."""

    id: str
    name: str


@dataclass(frozen=True)
class Inventory:
    """One sandbox, read with lists only."""

    objects: Mapping[str, tuple[LiveObject, ...]]  # by kind
    datasets: tuple[ListedDataset, ...] | None  # None: not read
    specs: Mapping[str, Mapping[str, Any]]  # the JSON of each connection spec, by id

    def objects_of_kind(self, kind: str) -> tuple[LiveObject, ...]:
        return self.objects.get(kind, ())


@dataclass(frozen=True)
class Step:
    """One write."""

    key: str
    action: Action
    kind: str
    address: Address
    id: str | None = None
    fields: Fields = field(default_factory=dict)  # what is sent: all for CREATE, those that change for UPDATE
    refs: Mapping[str, Ref | str] = field(default_factory=dict)  # ids or Refs, by reference field
    marker: Marker | None = None
    remove_marker: bool = False  # release: only the person's own text stays in the description
    operation: str | None = None  # the action of an ACT
    needs: tuple[str, ...] = ()
    seen: Mapping[str, str] = field(default_factory=dict)  # digests of what was read: they show a stale plan, not etags
    secrets: tuple[str, ...] = ()  # the references with values that the request needs
    type: str = ""  # destination type, for the wire form
    title: str = ""  # name of a created connection
    text: str | None = None  # the person's own description, when the request carries one
    detects_hidden_flow: bool = False  # a deletion before all creations: "still in use" means that a flow is hidden
    known: Fields = field(default_factory=dict)  # values behind the references of `auth` that the plan read, or UNSET


@dataclass(frozen=True)
class PlanItem:
    """Everything that a plan says and does about one address."""

    address: Address
    verb: Verb
    id: str | None = None  # of the flow or the base connection
    fields: tuple[FieldChange, ...] = ()
    steps: tuple[Step, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    findings: tuple[Finding, ...] = ()
    ends: int | None = None  # when the export ends after this plan
    schedule: str | None = None
    next_before: tuple[int, ...] = ()
    next_after: tuple[int, ...] = ()
    at: SourcePosition | None = None  # for display only
    service_state: str | None = None  # the flow's state as the service shows it, if it says neither on nor off
    lost: Loss | None = None  # of a deleted or replaced flow, or of a deleted account; for display only
    volume: Volume | None = None  # of a full export, as far as runs tell it; for display only
    bound: BoundValues | None = None  # only in documents (planfile/binding.py), and then `seen` of steps is salted too

    def add(
        self,
        consequences: Iterable[Consequence] = (),
        refusals: Iterable[Refusal] = (),
        findings: Iterable[Finding] = (),
    ) -> PlanItem:
        """Return the item with more of these; the item itself if there are none."""
        said, refused, found = (
            (*self.consequences, *consequences),
            (*self.refusals, *refusals),
            (*self.findings, *findings),
        )
        is_same = (said, refused, found) == (self.consequences, self.refusals, self.findings)
        return self if is_same else replace(self, consequences=said, refusals=refused, findings=found)

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


CHANGE_VERBS = frozenset(
    {Verb.CREATE, Verb.COMPLETE, Verb.UPDATE, Verb.REPLACE, Verb.DELETE, Verb.ADOPT, Verb.MOVE, Verb.RELEASE}
)


PROTECT_RULES = ("protect-removed", "protect-set")  # of consequences: the marker gets another `protect`
END_RULE = "unknown-end"  # of the finding about an end that exportctl cannot read
UNKNOWN_RULES = ("flow-state", "unknown-schedule", END_RULE)  # of findings about values that exportctl cannot read
PLATFORMS = ("service", "embedded", "loopback")


@dataclass(frozen=True)
class PlanHeader:
    """
    The sandbox of a plan. `platform` is one of `PLATFORMS`; only "service" reaches Adobe.

    `profile` is for display only. `url` and `repository` are only for saved plans and digests: apply uses both.
    """

    organization: str
    sandbox: str
    environment: str | None
    project: str
    platform: str
    snapshot_at: int | None = None  # for a plan against a snapshot: when the sandbox was read, in seconds
    profile: ProfileNote | None = None
    url: str = ""
    repository: str | None = None  # apply writes it into descriptions


@dataclass(frozen=True)
class Plan:
    """A whole plan, sorted by the planner: equal inputs give equal plans, byte for byte."""

    header: PlanHeader
    as_of: int
    items: tuple[PlanItem, ...]
    findings: tuple[Finding, ...] = ()  # about the plan as a whole
    other_flows: tuple[OtherFlow, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    unset: tuple[str, ...] = ()  # variables that were not set when the plan was made
    options: Mapping[str, Any] = field(default_factory=dict)
    targeted_out: int = 0  # addresses that --target left out
    excluded: tuple[str, ...] = ()  # addresses that --exclude left out
    holds: tuple[Hold, ...] = ()  # what keeps an apply from writing at `as_of`; no part of the approval
    unapproved: tuple[str, ...] = ()  # addresses with a renewal, a marker or orphans that a saved plan does not hold

    def steps(self) -> tuple[Step, ...]:
        return tuple(step for item in self.items for step in item.steps)

    @property
    def is_empty(self) -> bool:
        """True without a change verb and without a deletion; renewals and markers do not count."""
        deletes = any(step.action is Action.DELETE for step in self.steps())
        return not deletes and not any(item.verb in CHANGE_VERBS for item in self.items)

    @property
    def is_refused(self) -> bool:
        return any(item.refusals for item in self.items)

    def errors(self) -> tuple[Finding, ...]:
        """Return the errors that prevent an apply, for example a dataset or an account that does not exist."""
        found = (*self.findings, *(f for item in self.items for f in item.findings))
        return tuple(f for f in found if f.level is Level.ERROR)

    def counts(self) -> dict[str, int]:
        """Return the numbers of the footer, in its order."""
        verbs = [item.verb for item in self.items]
        return {
            "create": verbs.count(Verb.CREATE) + verbs.count(Verb.COMPLETE),
            "update": verbs.count(Verb.UPDATE) + verbs.count(Verb.RELEASE),
            "replace": verbs.count(Verb.REPLACE),
            "delete": verbs.count(Verb.DELETE),
            "adopt": verbs.count(Verb.ADOPT),
            "move": verbs.count(Verb.MOVE),
            "paused": sum(item.is_paused for item in self.items),
            "renew": sum(item.has_renewal for item in self.items),
            "blocked": verbs.count(Verb.BLOCKED),
            "unchanged": verbs.count(Verb.UNCHANGED) + verbs.count(Verb.MARK) + verbs.count(Verb.CLEAN),
            "marker": verbs.count(Verb.MARK),
            "clean": verbs.count(Verb.CLEAN),
        }


def canonical_json(value: Any) -> str:
    """Return deterministic JSON of a value, with sensitive values unmasked: for digests, never for people."""
    return _CANONICAL.encode(value)


def _json_value(value: object) -> object:
    if isinstance(value, SensitiveValue):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"cannot make a digest of a {type(value).__name__}")


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_json_value)


def digest(value: Any) -> str:
    """Return four hex digits of a value: enough to find the cause of a difference, too few to reveal a value."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:4]
