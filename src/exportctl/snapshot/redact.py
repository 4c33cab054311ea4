"""
Remove from objects of the service what a snapshot must not contain. Pure.

    value                                                    replaced by
    an auth param that is not plain, or not known            `HIDDEN`
    any other member with the name of such a param           `HIDDEN`
    the value of a JSON Patch operation on `/auth…`          `HIDDEN`
    in any other text: a SAS signature, the key of a         `HIDDEN` for that part of the text
    connection string, a private key, also in base64

`wire` reads `HIDDEN` as a value that the service does not show, so the planner does not compare it. Everything else
stays as the service returned it: ids, etags, the ids of people in createdBy and updatedBy (drift shows them), public
keys.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from exportctl.model.plan import UnknownValue
from exportctl.model.secret import Secrecy
from exportctl.patterns import compile_on_use
from exportctl.resources import wire
from exportctl.resources.destinations.table import TYPES

Json = dict[str, Any]

HIDDEN = UnknownValue.HIDDEN.value
_NAMES = frozenset(
    field.wire
    for kind in TYPES.values()
    for method in kind.methods
    for field in method.fields
    if field.secrecy is not Secrecy.PLAIN
)
_KEYS = r"AccountKey|SharedAccessKey|SharedAccessSignature|sig"  # in connection strings and in URLs with a SAS
_KEYED = compile_on_use(rf"\b({_KEYS})=(?!{re.escape(HIDDEN)})[^;&\s\"']+", re.IGNORECASE)
_TITLE = r"[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?"  # PEM, OpenSSH, PGP; RFC 4716 has four dashes and blanks
_PRIVATE_KEY = compile_on_use(rf"-{{4,5}} ?BEGIN {_TITLE}-{{4,5}}.*?(?:-{{4,5}} ?END {_TITLE}-{{4,5}}|\Z)", re.DOTALL)
# The base64 of `-----BEGIN `: SFTP accounts take their keys in this form.
_MARK = "LS0tLS1CRUdJTi"
_ENCODED = compile_on_use(rf"{_MARK}(?:[A-Za-z0-9+/=_-]|\r?\n)+")


def redact_object(raw: Mapping[str, Any]) -> Json:
    """Return one object as a snapshot contains it; an object without secrets stays the same."""
    if str(raw.get("path", "")).startswith("/auth"):
        return {name: HIDDEN if name == "value" else _redact_value(value) for name, value in raw.items()}
    cleaned = {name: HIDDEN if name in _NAMES else _redact_value(value) for name, value in raw.items()}
    if "auth" in raw:
        cleaned["auth"] = _redact_auth(raw)
    return cleaned


def _redact_auth(raw: Mapping[str, Any]) -> Any:
    auth = wire.members(raw["auth"])
    if not isinstance(auth.get("params"), Mapping):
        return HIDDEN if raw["auth"] is not None else None
    method = wire.auth_method(raw)
    plain = {f.wire for f in method.fields if f.secrecy is Secrecy.PLAIN} if method else set()
    params = {name: _redact_value(value) if name in plain else HIDDEN for name, value in auth["params"].items()}
    return {"specName": auth.get("specName"), "params": params}


def _redact_value(value: Any) -> Any:
    if isinstance(value, str):
        if "=" not in value and "BEGIN " not in value and _MARK not in value:
            return value  # each pattern has one of these
        return _ENCODED.sub(_redact_encoded_key, _PRIVATE_KEY.sub(HIDDEN, _KEYED.sub(rf"\1={HIDDEN}", value)))
    if isinstance(value, Mapping):
        return redact_object(value)
    if isinstance(value, list):
        return [_redact_value(part) for part in value]
    return value


def _redact_encoded_key(found: re.Match[str]) -> str:
    """Hide an encoded private key; keep a public key or a certificate."""
    head = "".join(found.group().split()).partition("=")[0][:64]
    title = b64decode(head[: len(head) // 4 * 4], altchars=b"-_")
    return HIDDEN if b"PRIVATE KEY" in title else found.group()
