"""
What is needed to open each kind of storage: values only. `access` makes them, `open` uses them.

Every credential is a Secret, so that none of these values can print one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from exportctl.model import urls
from exportctl.model.secret import Secret
from exportctl.resources.destinations.type import DestinationType, Part
from exportctl.storage.reader import StorageError


@dataclass(frozen=True)
class StorageLocation:
    """
    What to read: the key and type of a destination, its live location, and the fields of its base connection.

    Location and base connection have the names of the YAML, and hold no secrets.
    """

    destination: str
    type: DestinationType
    fields: Mapping[str, str]
    account: Mapping[str, str] = field(default_factory=dict)

    def account_value(self, part: Part) -> str | None:
        """Return a field of the base connection; None if it shows none."""
        name = self.type.part_name(part)
        return self.account.get(name) if name else None


AuthValues = Mapping[str, str | Secret]  # a destination's own auth values by their names in YAML


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
    """
    A bucket.

    `endpoint` None means Amazon's own for the region. `keys` None means a role, from the variables that AWS sets where
    code runs. `metadata` is the address of the instance's own role, used only if it is given. Paths begin below
    `prefix`.
    """

    bucket: str
    region: str
    endpoint: str | None = None
    keys: AwsKeys | None = None
    metadata: str | None = None
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


@dataclass(frozen=True)
class Azure:
    """A container. `endpoint` is that of the Blob API, which also serves accounts with hierarchical folders."""

    account: str
    container: str
    endpoint: str
    credential: SharedKey | Sas | ServicePrincipal | FederatedToken


@dataclass(frozen=True)
class Google:
    bucket: str
    credentials_file: str


@dataclass(frozen=True)
class Sftp:
    """
    An SFTP account, with one of `password`, `private_key` (PEM), `key_file` or `agent` (the agent's socket).

    Paths begin at `root`: `/`, or empty for the home folder of the user.
    """

    host: str
    port: int
    username: str
    known_hosts: str
    root: str
    password: Secret | None = None
    private_key: Secret | None = None
    key_file: str | None = None
    agent: str | None = None


Method = LocalFolder | S3 | Azure | Google | Sftp


@dataclass(frozen=True)
class Access:
    """How to read one location. `label` names it for people, `identity` the variable that gives the credentials."""

    label: str
    method: Method
    identity: str


def no_credentials_error(location: StorageLocation, message: str, hint: str) -> StorageError:
    """Return the error for a storage without credentials: `verify` then continues without it."""
    return StorageError(f"destinations.{location.destination}: {message}", rule="storage-credentials", hint=hint)


def unusable_setting_error(location: StorageLocation, message: str, hint: str) -> StorageError:
    """Return the error for a setting that cannot be used."""
    return StorageError(f"destinations.{location.destination}: {message}", rule="storage-setup", hint=hint)


def location_field(location: StorageLocation, part: Part) -> str:
    """
    Return the field of the live target that reading needs.

    Raises:
        StorageError: the service shows none.
    """
    name = location.type.part_name(part)
    if name and (value := location.fields.get(name)):
        return value
    shown = name or part.value
    raise unusable_setting_error(location, f"its target connection shows no {shown}", "look at it: `exportctl show`")


def has_auth_value(location: StorageLocation, auth: AuthValues, part: Part) -> bool:
    return location.type.part_name(part) in auth


def auth_value(location: StorageLocation, auth: AuthValues, part: Part) -> Secret:
    """
    Return one of the destination's own auth values.

    Raises:
        StorageError: the config has none.
    """
    name = location.type.part_name(part) or part.value
    if value := auth.get(name):
        return value if isinstance(value, Secret) else Secret(value)
    hint = "give the values of its `auth`, or leave `reader: destination` out and use your own identity"
    raise unusable_setting_error(location, f"the config holds no {name} to read its storage with", hint)


def parse_endpoint(location: StorageLocation, url: str, variable: str) -> str:
    """
    Return the address of a service in one spelling.

    Raises:
        StorageError: it is malformed, or plain http to another machine, where others could read along.
    """
    found = urls.parse_url(url)
    if found is None:
        hint = f"set {variable} to scheme, host, port and path only: https://storage.example"
        raise unusable_setting_error(location, f"{variable} is not an http address", hint)
    if found.scheme != "https" and not found.is_local:
        hint = "plain http is for this machine only (localhost, 127.0.0.1, [::1])"
        raise unusable_setting_error(location, f"{variable} is not https: {found}", hint)
    return str(found)
