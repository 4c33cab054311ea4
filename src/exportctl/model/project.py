"""
The declarations of the YAML for one environment: with defaults, resolved names, and expanded groups and splits.

config builds a Project; rules and plan read it. Every value has the source positions that set it, for display only.
A Project contains no value of a secret: an `AuthValue` has the reference as written. Plain references are filled in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cached_property

from exportctl.errors import SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.combine import Combine
from exportctl.model.freeze import Freeze
from exportctl.model.secret import Secrecy

READERS = ("caller", "destination", "none")  # the credentials with which `verify` reads a storage; default first
SourcePositions = Mapping[str, SourcePosition]  # YAML key below the object ("auth.role_arn") -> the line that sets it
Variables = Mapping[str, tuple[str, ...]]  # the same keys -> the references to variables and files in their values


@dataclass(frozen=True)
class AuthValue:
    """A literal, or references as written (`${env:NAME}`, `${file:PATH}`, with text around them); never a secret."""

    text: str
    secrecy: Secrecy
    at: SourcePosition


@dataclass(frozen=True)
class Account:
    """
    The base connection that a destination uses, in exactly one of these forms.

    method + auth   exportctl creates it; `auth` by YAML name, with the account keys (host, port, endpoint) as PLAIN
    existing        title of an account that exportctl did not create: it never patches, marks or deletes it
    id              the same, by id
    of              the account of another destination
    none of these   a type without authentication (landing zone), created by exportctl: method None, auth empty
    """

    method: str | None = None
    auth: Mapping[str, AuthValue] = field(default_factory=dict)
    secret_version: str | None = None
    drop: tuple[str, ...] = ()  # live auth keys that a patch of the whole object may remove
    existing: str | None = None
    id: str | None = None
    of: str | None = None

    @property
    def is_ours(self) -> bool:
        return not (self.existing or self.id or self.of)


@dataclass(frozen=True)
class Format:
    """The file format: `type` parquet or json, `compression` gzip or none, `manifest` True, False or "force"."""

    type: str
    compression: str
    manifest: bool | str = False


@dataclass(frozen=True)
class Schedule:
    """When an export runs."""

    unit: str  # "hour", "day" or "once"
    interval: int  # of that unit; 0 for once
    at: int  # seconds after midnight UTC
    start: int | None = None  # the earliest start, in epoch seconds


@dataclass(frozen=True)
class End:
    """The end of an export: a `moment` (epoch seconds UTC), or `rolling` with `renew_before` (seconds), or no end."""

    moment: int | None = None
    rolling: int | None = None
    renew_before: int | None = None
    none: bool = False  # the YAML says on purpose that there is no end: it overrides a default or a group

    @property
    def is_given(self) -> bool:
        return self.moment is not None or self.rolling is not None


@dataclass(frozen=True)
class Dataset:
    """A dataset as declared, by id or by exact name."""

    id: str | None
    name: str | None
    alias: str | None
    at: SourcePosition
    variables: tuple[str, ...] = field(default=(), compare=False)  # for display only
    key: str | None = None  # the column that identifies a row, with dots between levels: `_acme.crm.id`
    combine: Combine | None = None  # None: the Catalog says it
    key_at: SourcePosition | None = field(default=None, compare=False)
    combine_at: SourcePosition | None = field(default=None, compare=False)


@dataclass(frozen=True)
class FormerLocation:
    """Where an export wrote before `until` (epoch seconds). What is None was as in the entry after it, or as now."""

    until: int
    path: str | None  # the whole path of the target, with what `subpath` was
    folder: str | None  # the template
    at: SourcePosition
    storage: Mapping[str, str] = field(default_factory=dict)  # other fields of the location, by YAML name: the bucket


@dataclass(frozen=True)
class FormerSchedule:
    """When an export ran before `until` (epoch seconds): from the end of the entry before it, or since it was made."""

    until: int
    schedule: Schedule
    at: SourcePosition


@dataclass(frozen=True)
class BackupPolicy:
    """What the backup of each dataset of an export must hold; at least one of these."""

    max_age: int | None = None  # seconds since the newest complete run was due
    covered_from: int | None = None  # seconds since 1970 UTC: the first complete run was due by then
    at: SourcePosition | None = field(default=None, compare=False)  # of the export or of the defaults
    drilled_within: int | None = None  # seconds since the last drill that restored it


@dataclass(frozen=True)
class Expect:
    within: int | None = None  # seconds
    non_empty: bool = False
    backup: BackupPolicy | None = None


@dataclass(frozen=True)
class AllowEntry:
    rule: str
    reason: str
    at: SourcePosition


@dataclass(frozen=True)
class Destination:
    key: str
    type: str
    title: str | None
    description: str
    location: Mapping[str, str]  # the target's own fields by YAML name, `path` included if given
    account: Account
    at: SourcePosition
    positions: SourcePositions = field(default_factory=dict)
    variables: Variables = field(default_factory=dict)
    encryption: AuthValue | None = None  # base64 public key
    reader: str = READERS[0]  # the credentials with which `verify` reads
    renamed_from: str | None = None

    @property
    def address(self) -> str:
        return f"destinations.{self.key}"


@dataclass(frozen=True)
class Export:
    """One flow. `key` is KEY or KEY/PART; `declared_key` is the KEY in the YAML."""

    key: str
    declared_key: str
    title: str
    description: str
    destination: str
    datasets: tuple[Dataset, ...]
    schedule: Schedule
    end: End
    format: Format
    folder: str
    subpath: str
    at: SourcePosition
    positions: SourcePositions = field(default_factory=dict)
    variables: Variables = field(default_factory=dict)
    enabled: bool | None = None
    protect: bool = False
    readers: tuple[str, ...] = ()  # who reads the files, for people
    expect: Expect | None = None
    adopt: str | None = None
    allow_replace: str | None = None
    keep: str | None = None
    renamed_from: str | None = None
    former_locations: tuple[FormerLocation, ...] = ()  # oldest first
    former_schedules: tuple[FormerSchedule, ...] = ()  # oldest first
    allow: tuple[AllowEntry, ...] = ()
    plain: Mapping[str, object] = field(default_factory=dict)  # by name: fields that only a row of the kinds knows

    @property
    def address(self) -> str:
        return f"exports.{self.key}"


@dataclass(frozen=True)
class RemovedEntry:
    """A reviewed removal: `root` exports or destinations, `name` KEY or KEY/PART, `do` delete or release."""

    root: str
    name: str
    do: str
    reason: str
    at: SourcePosition

    @property
    def address(self) -> str:
        return f"{self.root}.{self.name}"


@dataclass(frozen=True)
class MoveEntry:
    """A flow that moves here from `export` (KEY or KEY/PART) of another project; `to` is the key in this project."""

    project: str
    export: str
    flow: str
    to: str
    reason: str
    at: SourcePosition


@dataclass(frozen=True)
class AcceptEntry:
    """A difference that is accepted until `until` (epoch seconds, exclusive), or for good; `field` as in the plan."""

    address: str
    field: str
    reason: str
    owner: str
    until: int | None  # None: `never` reported again
    at: SourcePosition

    def is_in_force(self, as_of: int) -> bool:
        return self.until is None or as_of < self.until


@dataclass(frozen=True)
class Policy:
    max_deletes: int = 0
    end_warning: int = 30 * 86400  # seconds
    lease: bool = False
    freeze: tuple[Freeze, ...] = ()
    run_distance: int | None = None  # seconds from a run within which its flow is not changed; None: any


@dataclass(frozen=True)
class RuleSetting:
    level: str | None  # off, warning, error
    reason: str
    only: tuple[str, ...]  # address globs; empty: everywhere
    at: SourcePosition


@dataclass(frozen=True)
class PlatformSettings:
    """The service: `url` is `https://platform.adobe.io`, `embedded`, loopback or an allowed host."""

    organization: str
    sandbox: str
    url: str
    credentials: Mapping[str, AuthValue]  # references: client_id, client_secret, scopes, access_token; may be empty
    at: SourcePosition


@dataclass(frozen=True)
class UnsetReference:
    """A plain reference to a variable that is not set: a note in validate, an error in plan."""

    variable: str
    at: SourcePosition


@dataclass(frozen=True)
class Project:
    """The whole declaration of one environment. `environment` is None when the config has no environments."""

    name: str
    repository: str | None
    environment: str | None
    platform: PlatformSettings
    destinations: Mapping[str, Destination]
    exports: Mapping[str, Export]
    removed: tuple[RemovedEntry, ...] = ()
    move_from: tuple[MoveEntry, ...] = ()
    accept: tuple[AcceptEntry, ...] = ()
    policy: Policy = Policy()
    rules: Mapping[str, RuleSetting] = field(default_factory=dict)
    unset: tuple[UnsetReference, ...] = ()
    files: tuple[str, ...] = ()

    @cached_property
    def declared_keys(self) -> frozenset[str]:
        """Every KEY under `exports`."""
        return frozenset(e.declared_key for e in self.exports.values())

    @cached_property
    def removed_places(self) -> Mapping[tuple[str, str], int]:
        """The place in `removed` of the first entry for a root and a name."""
        return {(r.root, r.name): n for n, r in reversed(tuple(enumerate(self.removed)))}

    @cached_property
    def exports_with_allow(self) -> Mapping[str, tuple[int, Export]]:
        """The exports with `allow`, by address, each with its place among all of them."""
        return {e.address: (n, e) for n, e in enumerate(self.exports.values()) if e.allow}

    def moves_to(self, key: str) -> Sequence[MoveEntry]:
        """Return the entries of `move_from` that move something to this export."""
        return self._moves.get(key, ())

    @cached_property
    def _moves(self) -> Mapping[str, Sequence[MoveEntry]]:
        found: dict[str, list[MoveEntry]] = {}
        for entry in self.move_from:
            found.setdefault(entry.to, []).append(entry)
        return found
