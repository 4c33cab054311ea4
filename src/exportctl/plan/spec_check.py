"""
Check the values to send against the live connection spec: type, enum and pattern of each listed parameter. Pure.

The check ignores `required` and unlisted keys: there the published specs contradict practice (flow-service.md 5.7). The
published pattern of S3 keys refuses real keys, so it only causes a warning.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from exportctl.errors import Finding, Level
from exportctl.model.plan import SensitiveValue
from exportctl.plan.desired import DesiredAccount, DesiredExport, Specs, finding, target_properties
from exportctl.resources import wire
from exportctl.resources.kinds import AUTH, leaf_path

_TYPES: Mapping[str, type | tuple[type, ...]] = {"string": str, "boolean": bool, "integer": int, "number": (int, float)}


def check_export(export: DesiredExport, specs: Specs, changed: Collection[str] | None = None) -> tuple[Finding, ...]:
    """
    Check location and format of one export.

    With `changed`, check only the values at these paths: the service has taken all others already, whatever its spec
    says now.
    """
    spec = specs.get(export.type.connection_spec)
    if spec is None:
        return ()
    sent, listed = wire.target_params(export.type, export.target_fields), target_properties(spec)
    if changed is not None:
        sent = {name: sent[name] for name in _changed_params(export, changed)}
    skipped = {field.wire for field in export.type.location if not field.is_checked_live}
    checked = {name: value for name, value in sorted(sent.items()) if value is not None and name not in skipped}
    paths = {field.wire: field.name for field in export.type.location} | wire.FORMAT_PATHS
    refused = {paths[name]: _mismatch_phrase(paths[name], value, listed.get(name)) for name, value in checked.items()}
    return tuple(_refused_value(export, path, words) for path, words in refused.items() if words)


def _refused_value(export: DesiredExport, path: str, words: str) -> Finding:
    """Report a value where the YAML sets it: a format at the export, a location at its destination."""
    key = next((k for k in (path, path.partition(".")[0]) if k in export.declared.positions), "destination")
    return finding(export, "spec-refuses", words, _HINT, key=key, level=Level.ERROR)


def _changed_params(export: DesiredExport, changed: Collection[str]) -> list[str]:
    """Return the wire names of the parameters that hold the values at these paths."""
    sent = wire.target_params(export.type, export.target_fields)
    without = {
        field: {k: _other_value(v) if leaf_path(field, k) in changed else v for k, v in value.items()}
        for field, value in export.target_fields.items()
        if isinstance(value, Mapping)
    }
    kept = wire.target_params(export.type, {**export.target_fields, **without})
    return sorted(name for name in sent if sent[name] != kept.get(name))


def _other_value(value: object) -> object:
    return f"{value}, not" if isinstance(value, str) else not value


_HINT = "change the value: the service would refuse it, by its own spec of this destination type"


def check_account(account: DesiredAccount, specs: Specs, *, is_new: bool = True) -> tuple[Finding, ...]:
    """Check the comparable auth fields of an account, and the encryption of a new one; no sensitive value is shown."""
    spec = specs.get(account.type.connection_spec)
    if spec is None:
        return ()
    return (*(_encryption_findings(account) if is_new else ()), *_auth_findings(account, spec))


def _encryption_findings(account: DesiredAccount) -> tuple[Finding, ...]:
    """Refuse an encryption that the live spec does not offer: the service would write the files as they are."""
    if account.declared.encryption is None or account.encryption is not None:
        return ()
    text = f"{account.type.label} offers no encryption in this sandbox: its connection spec lists no encryptionSpecs"
    hint = f"remove `encryption` from {account.address}, or ask Adobe to enable it; nothing is written until then"
    return (finding(account, "not-offered", text, hint, key="encryption", level=Level.ERROR),)


def _method_finding(account: DesiredAccount, spec: Mapping[str, Any]) -> Finding:
    """Refuse a way to authenticate that only the live spec could name, and does not."""
    ways = [str(wire.members(one).get("name")) for one in spec.get("authSpec") or ()]
    text = (
        f"{account.type.label} offers no {account.method} in this sandbox: its connection spec lists "
        f"{', '.join(ways) or 'no way to authenticate'}"
    )
    hint = f"use another way in `auth` of {account.address}, or ask Adobe to enable it; nothing is written until then"
    return finding(account, "not-offered", text, hint, key=AUTH, level=Level.ERROR)


def _auth_findings(account: DesiredAccount, spec: Mapping[str, Any]) -> tuple[Finding, ...]:
    if account.method is None:
        return ()
    method = account.live_method
    if method is None:
        return (_method_finding(account, spec),)
    listed = _auth_properties(spec, method.spec_name)
    found = []
    for rule in method.fields:
        value = account.auth.get(rule.name)
        path = leaf_path(AUTH, rule.name)
        known = value.value if isinstance(value, SensitiveValue) else value
        if type(known) is not str:
            continue
        words = _mismatch_phrase(path, known, listed.get(rule.wire), show=not isinstance(value, SensitiveValue))
        if words:
            level = Level.WARNING if rule.lenient else Level.ERROR
            found.append(finding(account, "spec-refuses", words, _HINT, key=path, level=level))
    return tuple(found)


def _auth_properties(spec: Mapping[str, Any], spec_name: str) -> Mapping[str, Any]:
    listed = spec.get("authSpec")
    for auth in map(wire.members, listed if isinstance(listed, list) else ()):
        if auth.get("name") == spec_name:
            return wire.members(wire.members(auth.get("spec")).get("properties"))
    return {}


def _mismatch_phrase(name: str, value: Any, rule: Any, *, show: bool = True) -> str | None:
    """Return why one parameter breaks its rule, None if it does not; an unusable rule refuses nothing."""
    if not isinstance(rule, Mapping):
        return None
    quoted = f'"{value}"' if show else "its value"
    wanted = _TYPES.get(str(rule.get("type")))
    if wanted is not None and (not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool)):
        return f"{name}: {quoted} is not of type {rule['type']}"
    if isinstance(rule.get("enum"), list) and value not in rule["enum"]:
        return f"{name}: {quoted} is not one of {', '.join(map(str, rule['enum']))}"
    pattern = rule.get("pattern")
    if isinstance(pattern, str) and isinstance(value, str) and len(value) <= 512 and not _is_match(pattern, value):
        return f"{name}: {quoted} does not match {pattern}"
    return None


def _is_match(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True  # Python cannot read this pattern
