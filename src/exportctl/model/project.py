"""
What the YAML declares, resolved for one environment: names looked up, defaults filled in, groups and splits expanded.

Config makes it, expand and the rules read it. Everything carries the places it was written at, for showing only.
No value of a secret is here: an `AuthValue` holds the reference as written. Plain references are already filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exportctl.errors import SourcePosition
from exportctl.model.secret import Secrecy

READERS = ("caller", "destination", "none")  # whose credentials `verify` reads a storage with; the first is the default


SourcePositions = Mapping[
    str, SourcePosition
]  # YAML key (dotted below the object, e.g. "auth.role_arn") -> place that set it


@dataclass(frozen=True)
class AuthValue:
    """A literal or references as written (`${env:NAME}`, `${file:PATH}`, text around them); never a secret's value."""

    text: str
    secrecy: Secrecy
    at: SourcePosition


@dataclass(frozen=True)
class Account:
    """
    Which base connection a destination uses. Exactly one form:

    method + auth   made by us; `auth` by YAML name, account keys (host, port, endpoint) included as PLAIN values
    existing        title of one made by others: never patched, marked or deleted
    id              id of one made by others, likewise
    of              the account of another destination
    neither         a type without authentication (landing zone), made by us: method None, auth empty
    """

    method: str | None = None
    auth: Mapping[str, AuthValue] = field(default_factory=dict)
    secret_version: str | None = None
    drop: tuple[str, ...] = ()  # live auth keys that may be lost by a whole-object patch
    existing: str | None = None
    id: str | None = None
    of: str | None = None

    @property
    def is_ours(self) -> bool:
        return not (self.existing or self.id or self.of)


@dataclass(frozen=True)
class Format:
    """`type` parquet or json, `compression` gzip or none; `manifest` True, False or "force"."""

    type: str
    compression: str
    manifest: bool | str = False


@dataclass(frozen=True)
class Schedule:
    """
    `unit` "hour", "day" or "once"; `interval` in that unit (0 for once); `at` seconds after midnight UTC (the phase);
    `start` not before, epoch seconds, or None.
    """

    unit: str
    interval: int
    at: int
    start: int | None = None


@dataclass(frozen=True)
class End:
    """
    Either `moment` (epoch seconds UTC) or `rolling` with `renew_before` (seconds), or no end at all. `none`: the YAML
    says on purpose that there is none, which wins over every end that is farther away.
    """

    moment: int | None = None
    rolling: int | None = None
    renew_before: int | None = None
    none: bool = False

    @property
    def is_given(self) -> bool:
        return self.moment is not None or self.rolling is not None


@dataclass(frozen=True)
class Dataset:
    """A dataset as declared: by id, by exact name, or both known once looked up."""

    id: str | None
    name: str | None
    alias: str | None
    at: SourcePosition


@dataclass(frozen=True)
class Expect:
    within: int | None = None  # seconds
    non_empty: bool = False


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
    encryption: AuthValue | None = None  # base64 public key
    reader: str = READERS[0]  # whose credentials `verify` reads with
    renamed_from: str | None = None


@dataclass(frozen=True)
class Export:
    """One flow. `key` is KEY or KEY/PART, `of` the KEY it was declared under."""

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
    enabled: bool | None = None
    protect: bool = False
    expect: Expect | None = None
    adopt: str | None = None
    allow_replace: str | None = None
    keep: str | None = None
    renamed_from: str | None = None
    allow: tuple[AllowEntry, ...] = ()


@dataclass(frozen=True)
class RemovedEntry:
    """Reviewed consent: `root` exports or destinations, `name` KEY or KEY/PART, `do` delete or release."""

    root: str
    name: str
    do: str
    reason: str
    at: SourcePosition


@dataclass(frozen=True)
class AcceptEntry:
    """A difference somebody accepted until `until` (epoch seconds, exclusive); `field` as the plan names it."""

    address: str
    field: str
    reason: str
    owner: str
    until: int
    at: SourcePosition


@dataclass(frozen=True)
class Policy:
    max_deletes: int = 0
    end_warning: int = 30 * 86400  # seconds
    lease: bool = False


@dataclass(frozen=True)
class RuleSetting:
    level: str | None  # off, warning, error
    reason: str
    only: tuple[str, ...]  # address globs; empty: everywhere
    at: SourcePosition


@dataclass(frozen=True)
class PlatformSettings:
    """`url` is `https://platform.adobe.io`, `embedded`, loopback or an allowed host. Credentials are references."""

    organization: str
    sandbox: str
    url: str
    credentials: Mapping[str, AuthValue]  # client_id, client_secret, scopes, access_token as given; may be empty
    at: SourcePosition


@dataclass(frozen=True)
class UnsetReference:
    """A plain reference whose variable is not set: a note in validate, an error in plan."""

    variable: str
    at: SourcePosition


@dataclass(frozen=True)
class Project:
    """One environment's whole declaration. `environment` is None when the config has none."""

    name: str
    repository: str | None
    environment: str | None
    platform: PlatformSettings
    destinations: Mapping[str, Destination]
    exports: Mapping[str, Export]
    removed: tuple[RemovedEntry, ...] = ()
    accept: tuple[AcceptEntry, ...] = ()
    policy: Policy = Policy()
    rules: Mapping[str, RuleSetting] = field(default_factory=dict)
    unset: tuple[UnsetReference, ...] = ()
    files: tuple[str, ...] = ()
