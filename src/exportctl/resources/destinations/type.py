"""
The shape of a destination type: everything that differs between two types is a column here.

Each type is one file beside this one and one entry of `table.TYPES`. No other module knows a name, a key or an id of a
type; it asks for a column. Data only, but for `needs`, which words what the customer must set up.

Sources of all six: flow-service.md 5 and dataset-exports.md 4 in the facts this project was built on, which restate
Adobe's `help/destinations/api/export-datasets.md` ([XD-new]), the batch activation tutorial ([AS]) and
`destinations.yaml` ([D]). Ids are the same in every organization and sandbox. Adobe has moved customers to new specs
before (2022-23), so nothing outside these files knows an id.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum, StrEnum

from exportctl.frozen import dataclass
from exportctl.model.secret import Secrecy

SPEC_VERSION = "1.0"  # [D] answers 422 when it is missing
DATA_LAKE_SPEC = "23598e46-f560-407b-88d5-ea6207e49db0"  # source side of every dataset export [D] [XD-new]
PROFILE_STORE_SPEC = "8a9c3494-9708-43d7-ae3f-cda01e5030e1"  # source side of every audience export [D] [AE]


class Protocol(Enum):
    """How the files of a type are read; `storage/` has one reader for each."""

    S3 = "the S3 API"
    GCS = "the S3 API of Google, or its own"
    AZURE_CONTAINER = "the Blob API, of an account that the caller names"
    AZURE_LAKE = "the Blob API, of the account in an abfss URL"
    SFTP = "SFTP"
    LANDING_ZONE = "credentials that the platform hands out"


class Part(Enum):
    """What a reader needs of a location, an account or its credentials, whatever the type calls it."""

    CONTAINER = "the bucket or container"
    FOLDER = "the folder"
    ENDPOINT = "the address of the account"
    HOST = "the server"
    PORT = "the port"
    USERNAME = "the user"
    ROLE = "a role that only Adobe can assume"
    KEY_ID = "the id of an access key"
    KEY_SECRET = "the secret of an access key"
    CONNECTION_STRING = "a connection string"
    TENANT_ID = "the tenant"
    CLIENT_ID = "the service principal"
    CLIENT_SECRET = "the secret of the service principal"
    PASSWORD = "the password"
    PRIVATE_KEY = "the private key"


FOLDER_KEY = "path"  # what every type of today calls the folder in its location
FormCheck = Callable[[str], str | None]  # says what is wrong with a value, in words that do not hold it; None: nothing


def pattern_check(pattern: str, words: str) -> FormCheck:
    """Return the check of a form that a pattern describes; `words` say what a value of another form is not."""
    return lambda value: None if re.fullmatch(pattern, value, re.ASCII) else f"is not {words}"


def is_base64(text: str) -> bool:
    """Return whether a text is base64 of something, in one line and with its padding."""
    try:
        return len(text) % 4 == 0 and bool(base64.b64decode(text, validate=True))
    except ValueError:  # another letter than ASCII is no binascii.Error
        return False


@dataclass(frozen=True)
class AuthField:
    """One key of `auth` in YAML, or one account key, and its name on the wire."""

    name: str
    wire: str
    secrecy: Secrecy
    hidden: bool = False  # not secret, but a GET may mask or omit it (`format: password` in the published spec)
    form: str | None = None  # a pattern that real values have: tells a value from a mask
    sample: str = "emulated-value"  # a made-up value of that form, for the embedded emulator
    check: FormCheck | None = None  # of a published form; None: no form is published, and `doctor` says so
    lenient: bool = False  # another form only warns, here and in the live spec: the published one refuses real keys
    is_private_key: bool = False  # PEM, several lines; sent as base64
    part: Part | None = None
    description: str = ""  # for the schema, as `example`
    example: str = ""
    aliases: tuple[str, ...] = ()  # keys that people type instead
    url: str = ""  # makes an address of the value, for a parameter that takes one


@dataclass(frozen=True)
class AuthMethod:
    """One way to authenticate: `spec_name` goes out as auth.specName, with every field of `fields`."""

    name: str
    spec_name: str
    fields: tuple[AuthField, ...]
    source: str = ""  # where Adobe states it
    is_named_by_spec: bool = False  # the names on the wire are assumed: the live spec has the ones that are sent

    @property
    def has_hidden_field(self) -> bool:
        """True if the service may hide a value that is compared: then only a digest shows that it changed."""
        return any(f.hidden for f in self.fields)

    @property
    def written_fields(self) -> tuple[AuthField, ...]:
        """What people write under `auth`: without the account keys."""
        return tuple(f for f in self.fields if f.secrecy is not Secrecy.PLAIN)


@dataclass(frozen=True)
class LocationField:
    """One key of a location in YAML and its name in the target connection's params."""

    name: str
    wire: str
    required: bool
    pattern: str | None = None
    rule: str | None = None  # what the pattern asks for, in words
    part: Part | None = None
    description: str = ""
    example: str = ""
    is_sent_empty: bool = False  # without a value the empty text is sent
    is_checked_live: bool = True  # False: the pattern of the live spec is not tried, it backtracks badly


class KeyForm(StrEnum):
    """What the value of an account key looks like."""

    TEXT = "text"
    HOST = "host"
    PORT = "port"


@dataclass(frozen=True)
class AccountKey:
    """One key in YAML that describes the account and stands beside `auth`. `hint` says what is missing without it."""

    name: str
    description: str
    example: str | int
    hint: str
    required: bool = False
    form: KeyForm = KeyForm.TEXT
    default: str | None = None  # what counts where the key is left out
    is_published: bool = True  # False: the published schema of the account lacks it


@dataclass(frozen=True)
class ComposedKey:
    """An account key that may be written in parts, which are account keys too."""

    name: str
    parts: tuple[str, ...]
    template: str  # puts the parts together
    pattern: str  # takes them apart: it has a group for each
    form: str  # what people call the whole value
    shape: str  # how it looks
    whole: str | None = None  # a pattern of further whole values, which cannot be written in parts

    def join(self, values: Mapping[str, str]) -> str:
        return self.template.format(**values)

    def split(self, text: str) -> Mapping[str, str] | None:
        """Return the parts of a whole value; None where it has another form, or cannot be written in parts."""
        found = re.fullmatch(self.pattern, text)
        return found.groupdict() if found else None

    def is_valid(self, text: str) -> bool:
        """Return whether a whole value has one of the forms."""
        return self.split(text) is not None or bool(self.whole and re.fullmatch(self.whole, text))


class Scope(Enum):
    """Within what the name of a bucket or container is unique."""

    WORLD = "no two buckets in the world have one name"
    ACCOUNT = "each account has its own"
    SANDBOX = "each sandbox has one storage"


@dataclass(frozen=True)
class IdentityRule:
    """When two destinations of a type are one storage."""

    scope: Scope
    label: str  # names the storage for people
    location: tuple[str, ...] = ()  # the location fields that belong to the storage's name
    account: tuple[str, ...] = ()  # the auth fields that name the account or server, compared without case
    login: str | None = None  # one more, maybe a reference: in another environment it may mean another account
    other_login: str | None = None  # what takes its place in another way to authenticate


Needs = Callable[[Mapping[str, str], str | None, str], Iterable[str]]  # of location, way to authenticate, organization


def constant_needs(*needs: str) -> Needs:
    """Return the needs of a type that has the same ones for every location and way to authenticate."""
    return lambda location, method, organization: needs


@dataclass(frozen=True)
class DestinationType:
    """One destination type, in full."""

    name: str
    label: str
    connection_spec: str
    flow_spec: str
    audience_flow_spec: str
    location: tuple[LocationField, ...]
    protocol: Protocol
    identity: IdentityRule
    needs: Needs  # what must be true of the customer's storage, in words
    methods: tuple[AuthMethod, ...] = ()
    account_keys: tuple[AccountKey, ...] = ()
    composed_key: ComposedKey | None = None
    folder_key: str = FOLDER_KEY  # the location field that is the folder, which `subpath` of an export extends
    encryption: bool = True
    retention_days: int | None = None  # files are deleted after so many days
    noun: str = "storage"  # what messages call it
    min_connections_percent: int | None = None  # of the datasets exported at once; the server must take so many
    failure_checks: str | None = None  # what to look at, in this order, when a run fails without a known cause
    aliases: tuple[str, ...] = ()  # other names that people type

    def method(self, name: str) -> AuthMethod:
        return next(m for m in self.methods if m.name == name)

    @property
    def auth_fields(self) -> Mapping[str, AuthField]:
        """Every auth field of every way to authenticate, by its name in YAML."""
        return {f.name: f for method in self.methods for f in method.fields}

    def form_problem(self, field: str, value: str) -> str | None:
        """Say what is wrong with the form of a value of an auth field; None if nothing is, or no form is published."""
        known = self.auth_fields.get(field)
        return known.check(value) if known and known.check else None

    @property
    def account_key_names(self) -> tuple[str, ...]:
        return tuple(key.name for key in self.account_keys)

    def account_key(self, name: str) -> AccountKey | None:
        return next((key for key in self.account_keys if key.name == name), None)

    def part_name(self, part: Part) -> str | None:
        """Return what the YAML of this type calls a part; None where it has none."""
        located = next((f.name for f in self.location if f.part is part), None)
        return located or next((f.name for f in self.auth_fields.values() if f.part is part), None)

    def yaml_keys(self, field: str) -> tuple[str, ...]:
        """Return the keys of a destination that may hold an auth field: those under `auth`, or account keys."""
        composed = self.composed_key
        return (field, *composed.parts) if composed and composed.name == field else ("auth", field)
