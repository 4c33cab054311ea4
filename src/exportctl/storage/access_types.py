"""
What is needed to open each kind of storage, and AccessInputs, from which `access` makes it. Values only.

Every credential is a Secret, so that none of these values can print one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from exportctl.frozen import dataclass
from exportctl.model import urls
from exportctl.model.secret import Secret
from exportctl.resources.destinations.type import DestinationType, Part
from exportctl.storage.reader import StorageError

PREFIX = "EXPORTCTL_READER_"


@dataclass(frozen=True)
class LocalFolder:
    path: Path


@dataclass(frozen=True)
class AwsKeys:
    access_key_id: Secret
    secret_access_key: Secret
    session_token: Secret | None = None


@dataclass(frozen=True)
class S3:
    """A bucket. Paths begin below `prefix`."""

    bucket: str
    region: str
    endpoint: str | None = None  # None: Amazon's own for the region
    keys: AwsKeys | None = None  # None: a role, from the variables that AWS sets where code runs
    metadata: str | None = None  # the address of the instance's own role, used only if it is given
    prefix: str = ""


@dataclass(frozen=True)
class SharedKey:
    key: Secret


@dataclass(frozen=True)
class Sas:
    """A shared access signature as Azure writes it: a query string, percent-encoded, without `?`."""

    token: Secret


@dataclass(frozen=True)
class ServicePrincipal:
    tenant_id: str
    client_id: str
    client_secret: Secret


@dataclass(frozen=True)
class FederatedToken:
    tenant_id: str
    client_id: str
    token_file: str


AzureCredential = SharedKey | Sas | ServicePrincipal | FederatedToken


@dataclass(frozen=True)
class Azure:
    """A container. `endpoint` is that of the Blob API, which also serves accounts with hierarchical folders."""

    account: str
    container: str
    endpoint: str
    credential: AzureCredential


@dataclass(frozen=True)
class Google:
    bucket: str
    credentials_file: str


@dataclass(frozen=True)
class Sftp:
    """An SFTP account, with one of the four ways to log in."""

    host: str
    port: int
    username: str
    known_hosts: str
    root: str  # where paths begin: `/`, or empty for the home folder of the user
    password: Secret | None = None
    private_key: Secret | None = None  # PEM
    key_file: str | None = None
    agent: str | None = None  # the agent's socket


Method = LocalFolder | S3 | Azure | Google | Sftp


@dataclass(frozen=True)
class Access:
    """How to read one location. `label` names it for people, `identity` the variable that gives the credentials."""

    label: str
    method: Method
    identity: str


@dataclass(frozen=True)
class VariableGroup:
    """The variables that are set, by plain name. `prefix` stands before each: empty for plain ones."""

    values: Mapping[str, str]
    prefix: str

    def missing_names(self, *names: str) -> list[str]:
        """Return those of `names` that are not set, with the prefix."""
        return [self.prefix + name for name in names if name not in self.values]


@dataclass(frozen=True)
class AccessInputs:
    """
    What says how to read the storage of one destination. Its fields have the names of the YAML.

    Variables of the destination itself come before the plain ones:

        EXPORTCTL_READER_LAKE_AWS_ACCESS_KEY_ID     of the destination `lake` alone
        AWS_ACCESS_KEY_ID                           of every destination that has no credential of its own

    Credentials come in groups. A destination that has one variable of a group has the whole group: half a key of its
    own must not be completed with half of another key. An empty variable counts as not set.
    """

    destination: str  # its key
    type: DestinationType
    fields: Mapping[str, str]  # its live location
    account: Mapping[str, str] = field(default_factory=dict)  # the fields of its base connection, without secrets
    environment: Mapping[str, str] = field(default_factory=dict)  # the variables of the caller
    auth: Mapping[str, str | Secret] | None = None  # its own auth values; None: the caller's own identity
    landing_zone: Callable[[], Mapping[str, Any] | None] | None = None  # asks the platform for its credentials

    @property
    def prefix(self) -> str:
        return f"{PREFIX}{self.destination.upper().replace('-', '_')}_"

    def own_value(self, name: str) -> str | None:
        """Return the variable of this destination alone."""
        return self.environment.get(self.prefix + name) or None

    def plain_value(self, name: str) -> str | None:
        return self.environment.get(name) or None

    def setting(self, *names: str) -> tuple[str, str] | None:
        """Return (variable, value) of the first that is set: own variables in this order, then the plain ones."""
        known = (*(self.prefix + name for name in names), *names)
        return next(((name, value) for name in known if (value := self.environment.get(name))), None)

    def group(self, names: Iterable[str]) -> VariableGroup:
        known = tuple(names)
        own = {name: value for name in known if (value := self.own_value(name))}
        if own:
            return VariableGroup(own, self.prefix)
        return VariableGroup({name: value for name in known if (value := self.plain_value(name))}, "")

    def account_value(self, part: Part) -> str | None:
        """Return a field of the base connection; None if it shows none."""
        return self.account.get(self.type.part_name(part) or "")

    def location_value(self, part: Part) -> str:
        """Return the field of the live target that reading needs, or raise a StorageError."""
        name = self.type.part_name(part)
        if name and (value := self.fields.get(name)):
            return value
        message = f"its target connection shows no {name or part.value}"
        raise self.setting_error(message, "look at the flow in the UI; `exportctl plan` shows what the config declares")

    def has_auth_value(self, part: Part) -> bool:
        return self.type.part_name(part) in (self.auth or {})

    def has_auth(self, part: Part) -> bool:
        """Say whether the destination's own auth has a value for a part."""
        return bool((self.auth or {}).get(self.type.part_name(part) or ""))

    def auth_value(self, part: Part) -> Secret:
        """Return one of the destination's own auth values; one that the config does not hold raises a StorageError."""
        name = self.type.part_name(part) or part.value
        if value := (self.auth or {}).get(name):
            return value if isinstance(value, Secret) else Secret(value)
        hint = "give the values of its `auth`, or leave `reader: destination` out and use your own identity"
        raise self.setting_error(f"the config holds no {name} to read its storage with", hint)

    def parse_endpoint(self, url: str, variable: str) -> str:
        """
        Return the address of a service in one spelling.

        Raises:
            StorageError: it is malformed, or plain http to another machine, where others could read along.
        """
        found = urls.parse_url(url)
        if found is None:
            hint = f"set {variable} to scheme, host, port and path only: https://storage.example"
            raise self.setting_error(f"{variable} is not an http address", hint)
        if found.scheme != "https" and not found.is_local:
            hint = "plain http is for this machine only (localhost, 127.0.0.1, [::1])"
            raise self.setting_error(f"{variable} is not https: {found}", hint)
        return str(found)

    def no_credentials_error(self, message: str, hint: str) -> StorageError:
        """Return the error for a storage without credentials: `verify` then continues without it."""
        return StorageError(f"destinations.{self.destination}: {message}", rule="storage-credentials", hint=hint)

    def setting_error(self, message: str, hint: str) -> StorageError:
        """Return the error for a setting that cannot be used."""
        return StorageError(f"destinations.{self.destination}: {message}", rule="storage-setup", hint=hint)
