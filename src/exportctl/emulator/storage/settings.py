"""
Which storages the emulator writes to: the setting `storage` of the store, checked. Pure.

    {"endpoints": {"amazon-s3": {"url": "http://127.0.0.1:9000"}, ...}, "allowed_hosts": ["storage.example"]}

A destination type without an endpoint is written to a local folder. An endpoint says where, and holds what stands in
for a cloud's identity service; the credentials themselves come from the base connection.

    endpoint                        written to
    http(s) or SFTP on loopback     always
    https or SFTP elsewhere         only if its host is in allowed_hosts
    http elsewhere                  never: credentials and data would travel in the clear
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

from exportctl.emulator.storage import signing
from exportctl.emulator.storage.sink import StorageRefused
from exportctl.emulator.wire import Json
from exportctl.frozen import dataclass
from exportctl.patterns import compile_on_use

_URL = compile_on_use(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(?::([0-9]{1,5}))?(?:/[A-Za-z0-9._/-]*)?")
_HOST = compile_on_use(r"[A-Za-z0-9.-]+|[0-9a-fA-F:]+")
SECRET = "(secret)"


@dataclass(frozen=True)
class Option:
    """A member of an endpoint: text, or with `members` a table of objects that have exactly these."""

    name: str
    text: str
    required: bool = False
    secret: bool = False
    members: tuple[str, ...] = ()


_URL_OPTION = Option("url", "the URL of the service", required=True)
_ACCOUNT_URL_OPTION = Option(
    "url", "the URL of the account; includes the account's name if it is part of the path", required=True
)
OPTIONS: Mapping[str, tuple[Option, ...]] = {
    "amazon-s3": (
        _URL_OPTION,
        Option("region", "default us-east-1"),
        Option("roles", "keys by role ARN", secret=True, members=("access_key_id", "secret_access_key")),
    ),
    "azure-blob": (_ACCOUNT_URL_OPTION,),
    "azure-data-lake": (
        _ACCOUNT_URL_OPTION,
        Option("principals", "account keys by service principal id", secret=True, members=("key", "account_key")),
    ),
    "data-landing-zone": (
        _ACCOUNT_URL_OPTION,
        Option("account", "the account's name", required=True),
        Option("container", "default dlz-destination"),
        Option(
            "account_key", "signs requests and the credentials that the emulator gives out; or use sas", secret=True
        ),
        Option("sas", "to read, create, write, delete and list", secret=True),
    ),
    "google-cloud-storage": (_URL_OPTION, Option("region", "default auto")),
    "sftp": (
        Option("host", "replaces the domain of every base connection", required=True),
        Option("port", "default that of the base connection, or 22"),
        Option("known_hosts", "the server's public key, as OpenSSH writes it; needed beyond this machine"),
    ),
}


@dataclass(frozen=True)
class Endpoint:
    """One storage; `values` are the members of its endpoint, of which the required ones are there."""

    type: str
    values: Mapping[str, Any]

    @property
    def host(self) -> str:
        """Lower case, without port and brackets."""
        found = _URL.fullmatch(self.values.get("url", ""))
        return (found[2] if found else str(self.values["host"])).strip("[]").lower()

    @property
    def is_loopback(self) -> bool:
        """Whether the host names this machine."""
        return is_loopback(self.host)

    def masked_json(self) -> Json:
        """For people: secret members masked."""
        secret = {option.name for option in OPTIONS[self.type] if option.secret}
        return {name: SECRET if name in secret else value for name, value in self.values.items()}


@dataclass(frozen=True)
class StorageSettings:
    """The endpoints by destination type, and the hosts beyond this machine that may be written to."""

    endpoints: Mapping[str, Endpoint]
    allowed_hosts: tuple[str, ...]

    def endpoint(self, type: str) -> Endpoint | None:
        """Return where a type is written, None for a local folder; a host that is not allowed is StorageRefused."""
        found = self.endpoints.get(type)
        if found is None or found.is_loopback or found.host in self.allowed_hosts:
            return found
        reason = f"{found.host} is not on this machine; to write there, --allow-real-storage {found.host} must be given"
        raise StorageRefused("not-allowed", reason)

    def merge(self, more: StorageSettings) -> StorageSettings:
        """Add hosts, and endpoints in place of those of the same type; a host that is not allowed is StorageRefused."""
        hosts = sorted({*self.allowed_hosts, *more.allowed_hosts})
        whole = StorageSettings({**self.endpoints, **more.endpoints}, tuple(hosts))
        for type in more.endpoints:
            whole.endpoint(type)
        return whole

    def remove_endpoint(self, type: str) -> StorageSettings:
        """Write a type locally again, an empty one stands for all; forget the hosts that nothing is written to."""
        if type:
            _check_type(type)
        kept = {name: endpoint for name, endpoint in self.endpoints.items() if type not in ("", name)}
        hosts = {endpoint.host for endpoint in kept.values()}
        return StorageSettings(kept, tuple(host for host in self.allowed_hosts if host in hosts))

    def to_json(self) -> Json:
        endpoints = {type: dict(endpoint.values) for type, endpoint in self.endpoints.items()}
        return {"endpoints": endpoints, "allowed_hosts": list(self.allowed_hosts)}

    def masked_json(self) -> Json:
        """As `to_json`, secrets masked."""
        endpoints = {type: endpoint.masked_json() for type, endpoint in self.endpoints.items()}
        return {"endpoints": endpoints, "allowed_hosts": list(self.allowed_hosts)}


def parse_location(text: str) -> Json:
    """Parse a URL into the members of an endpoint that say where it is; an SFTP URL has a host and a port only."""
    parts = urlsplit(text)
    if parts.scheme != "sftp":
        return {"url": text}
    try:
        port = {"port": parts.port} if parts.port else {}
    except ValueError:
        port = None
    if port is None or not parts.hostname or parts.username or parts.path.strip("/"):
        raise ValueError("an SFTP URL is sftp://HOST or sftp://HOST:PORT")
    return {"host": parts.hostname, **port}


def format_location(endpoint: Mapping[str, Any]) -> tuple[str, Json]:
    """Return the URL of an endpoint and its other members."""
    members = dict(endpoint)
    return members.pop("url", None) or f"sftp://{members.pop('host')}", members


def parse_settings(value: Json) -> StorageSettings:
    """
    Return the setting as a value; `{}` is what it is until it is set.

    Raises:
        ValueError: names the type and the member that is unknown, missing or malformed, and never its value.
    """
    _check_members(value, ("endpoints", "allowed_hosts"), "storage")
    endpoints = _check_object(value.get("endpoints", {}), "endpoints")
    hosts = value.get("allowed_hosts", [])
    if not isinstance(hosts, list) or not all(isinstance(host, str) and _HOST.fullmatch(host) for host in hosts):
        raise ValueError("allowed_hosts takes a list of host names, without port")
    for type in endpoints:
        _check_type(type)
    return StorageSettings(
        {type: _parse_endpoint(type, _check_object(given, type)) for type, given in endpoints.items()},
        tuple(sorted({host.lower() for host in hosts})),
    )


def is_loopback(host: str) -> bool:
    """Whether a host can only mean this machine: localhost, ::1 or 127.0.0.0/8, and no other spelling of them."""
    if host == "localhost":
        return True
    try:
        found = ip_address(host)
    except ValueError:
        return False
    # Python 3.13 also calls ::ffff:127.0.0.1 a loopback address.
    return found.is_loopback if isinstance(found, IPv4Address) else found == IPv6Address("::1")


def _check_type(type: str) -> None:
    if type not in OPTIONS:
        raise ValueError(f"no destination type {type!r}; there are {', '.join(OPTIONS)}")


def _parse_endpoint(type: str, given: Json) -> Endpoint:
    _check_members(given, tuple(option.name for option in OPTIONS[type]), type)
    for option in OPTIONS[type]:
        if option.name in given:
            _check_option(f"{type}.{option.name}", option, given[option.name])
        elif option.required:
            raise ValueError(f"{type}: {option.name} is required")
    endpoint = Endpoint(type, given)
    if given.get("url", "").startswith("http:") and not endpoint.is_loopback:
        raise ValueError(f"{type}.url must be https: plain http is for this machine only")
    if type == "data-landing-zone" and ("account_key" in given) == ("sas" in given):
        raise ValueError(f"{type} takes account_key or sas")
    if type == "data-landing-zone" and "account_key" in given:
        signing.decode_account_key(given["account_key"])
    return endpoint


def _check_option(where: str, option: Option, value: object) -> None:
    if option.members:
        for key, entry in _check_object(value, where).items():
            _check_members(_check_object(entry, f"{where}.{key}"), option.members, where)
            if len(entry) != len(option.members) or not all(isinstance(v, str) and v for v in entry.values()):
                raise ValueError(f"{where}: each takes {' and '.join(option.members)}, both text")
    elif option.name == "port":
        if not isinstance(value, int) or not 0 < value < 65536:
            raise ValueError(f"{where} must be a port number")
    elif not isinstance(value, str) or not value:
        raise ValueError(f"{where} must be text")
    elif option.name == "host" and not _HOST.fullmatch(value):
        raise ValueError(f"{where} must be a host name")
    elif option.name == "url" and not _is_url(value):
        raise ValueError(f"{where} must be an address like http://127.0.0.1:9000, without user and query")


def _is_url(text: str) -> bool:
    found = _URL.fullmatch(text)
    return found is not None and int(found[3] or 1) < 65536


def _check_object(value: object, where: str) -> Json:
    if not isinstance(value, dict):
        raise ValueError(f"{where} must be an object")
    return value


def _check_members(value: Json, known: tuple[str, ...], where: str) -> None:
    unknown = sorted(set(value) - set(known))
    if unknown:
        raise ValueError(f"{where} has no member {unknown[0]!r}; it takes {', '.join(known)}")
