"""
Names that only the live connection spec has: of ways to authenticate and of encryption. Pure.

Adobe announced a service principal for Azure Blob, and encryption on the landing zone, without their names on the wire.
So each parameter is found in the live spec by its role: the tenant, the client, its secret, the storage account, the
public key. A parameter that is required and has no role leaves the form unusable, and the plan refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from exportctl.frozen import dataclass
from exportctl.patterns import compile_on_use
from exportctl.resources.destinations.type import AuthField, AuthMethod, DestinationType, Part

Json = Mapping[str, Any]

_ROLES: tuple[tuple[Part, str], ...] = (  # the first that fits counts; of a name in lower case without signs
    (Part.CLIENT_SECRET, r"secret|principalkey|clientkey|password"),
    (Part.TENANT_ID, r"tenant|directoryid"),
    (Part.CLIENT_ID, r"(client|principal|application|app)id"),
    (Part.ENDPOINT, r"url|uri|endpoint|account"),
)
_URL = compile_on_use(r"url|uri|endpoint", re.IGNORECASE)


@dataclass(frozen=True)
class EncryptionNames:
    """How the live spec calls its encryption: the name, the param of the key, and the values of all other params."""

    spec_name: str
    key: str
    others: Mapping[str, Any]


def published_encryption() -> EncryptionNames:
    """Return the names that Adobe publishes [AS] flow-service.md 5.8."""
    return EncryptionNames("File PGP/GPG Encryption", "publicKey", {"encryptionAlgo": "PGPGPG"})


def live_method(method: AuthMethod, spec: Json) -> AuthMethod | None:
    """Return a way to authenticate with the names of the live spec; None where the spec does not offer it."""
    for entry in _entries(spec, "authSpec"):
        properties, required = _schema(entry)
        named = name_by_roles(method, str(entry.get("name")), properties)
        if named and all(f.wire for f in named.fields) and {f.wire for f in named.fields} >= set(required):
            return named
    return None


def name_by_roles(method: AuthMethod, spec_name: str, params: Iterable[str]) -> AuthMethod | None:
    """
    Return the method with the names that play its roles; None if the client is not among them, or a role is twice.

    A field without a parameter has no name: a GET may leave out a secret.
    """
    names: dict[Part, str] = {}
    for param in params:
        role = _role(param)
        if role is None:
            continue
        if role in names:
            return None
        names[role] = param
    if not {Part.TENANT_ID, Part.CLIENT_ID} <= set(names):
        return None
    fields = tuple(replace(f, wire=names.get(f.part, "") if f.part else "") for f in method.fields)
    return replace(method, spec_name=spec_name, fields=fields)


def _role(param: str) -> Part | None:
    word = re.sub(r"[^a-z0-9]", "", param.lower())
    return next((part for part, pattern in _ROLES if re.search(pattern, word)), None)


def auth_params(method: AuthMethod, auth: Mapping[str, Any]) -> dict[str, Any]:
    rules = {f.name: f for f in method.fields}
    return {rules[name].wire: sent_value(rules[name], value) for name, value in auth.items() if name in rules}


def sent_method(kind: DestinationType, fields: Json) -> AuthMethod:
    """Return the way to authenticate of a write, with the names that the plan took from the live spec."""
    method, found = kind.method(fields["method"]), fields.get("auth_names")
    if not found:
        return method
    spec_name, names = found
    named = tuple(replace(f, wire=names[f.name]) for f in method.fields if f.name in names)
    return replace(method, spec_name=spec_name, fields=named)


def sent_value(field: AuthField, value: str) -> str:
    """Return the value of a field as its parameter takes it: some take the account's name, others its address."""
    if not field.url or not _URL.search(field.wire) or value.startswith("https://"):
        return value
    return f"https://{value}" if "." in value else field.url.format(value)


def shown_value(field: AuthField, value: str) -> str:
    """Return what a live parameter shows, as the YAML has it."""
    found = re.fullmatch(re.escape(field.url).replace(r"\{\}", "([^./]+)") + "/?", value) if field.url else None
    return found[1] if found else value.removeprefix("https://").rstrip("/") if field.url else value


def live_encryption(spec: Json) -> EncryptionNames | None:
    """Return the names of the first encryption of the live spec that takes a public key; None without one."""
    for entry in _entries(spec, "encryptionSpecs"):
        properties, required = _schema(entry)
        keys = [name for name in properties if is_key_param(name)]
        others = {name: _default(rule) for name, rule in properties.items() if name not in keys and name in required}
        if len(keys) == 1 and None not in others.values():
            return EncryptionNames(str(entry.get("name")), keys[0], others)
    return None


def encryption_key(raw: Json) -> str | None:
    """Return the public key with which a live account encrypts its files, None without one."""
    encryption = raw.get("encryptionSpecs")
    params = encryption.get("params") if isinstance(encryption, Mapping) else None
    shown = params if isinstance(params, Mapping) else {}
    return next((str(value) for name, value in sorted(shown.items()) if is_key_param(name)), None)


def is_key_param(name: str) -> bool:
    """Check whether a parameter of an encryption holds the public key."""
    return re.sub(r"[^a-z]", "", name.lower()).endswith("key")


def _default(rule: object) -> object:
    """Return the value that a spec suggests for a param: its default, else the first choice that is not NONE."""
    found = rule if isinstance(rule, Mapping) else {}
    listed = found.get("enum")
    choices = [one for one in listed if one != "NONE"] if isinstance(listed, list) else []
    return found.get("default") or next(iter(choices), None)


def _entries(spec: Json, member: str) -> Iterator[Json]:
    listed = spec.get(member)
    yield from (entry for entry in (listed if isinstance(listed, list) else ()) if isinstance(entry, Mapping))


def _schema(entry: Json) -> tuple[Json, tuple[str, ...]]:
    """Return the properties and the names of the required ones of one entry."""
    found = entry.get("spec")
    schema = found if isinstance(found, Mapping) else {}
    properties, required = schema.get("properties"), schema.get("required")
    names = tuple(str(one) for one in required) if isinstance(required, list) else ()
    return (properties if isinstance(properties, Mapping) else {}), names
