"""
Resolve destinations: the keys that their type has, the location, and the account with its way to authenticate. Pure.

All facts about a type come from its file in resources/destinations; this module names no type. Account keys (`host`,
`endpoint` …) become plain auth values beside the fields of `auth`, because the service has both in one object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from exportctl.config.scalars import NAME
from exportctl.config.schema.destinations import AUTH_OPTIONS
from exportctl.config.schema_check import unknown_key
from exportctl.config.section import Section
from exportctl.config.yaml_nodes import ScalarNode
from exportctl.errors import SourcePosition
from exportctl.model.project import READERS, Account, AuthValue, Destination
from exportctl.model.references import escape_references
from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.destinations.type import AccountKey, AuthMethod, ComposedKey, DestinationType, KeyForm
from exportctl.resources.kinds import AUTH, leaf_path

_COMMON_KEYS = ("type", "title", "description", "auth", "account", "format", "encryption", "reader", "renamed_from")
_POSITIONED_KEYS = ("title", "description", "encryption", "reader", "renamed_from")
Positions = dict[str, SourcePosition]


def destination(key: str, section: Section) -> Destination | None:
    """Resolve one destination; None (with a finding) if its type is missing or unknown."""
    name = section.required_text("type", f"the types are {', '.join(TYPES)}")
    kind = TYPES.get(name or "")
    if kind is None:
        return None
    _refuse_keys_of_other_types(section, kind)
    where: Positions = section.positions(f.name for f in kind.location if f.name in section)
    where |= section.positions(k for k in _POSITIONED_KEYS if k in section)
    account = _account(section, kind, where)
    return Destination(
        key=key,
        type=kind.name,
        title=section.optional_text("title"),
        description=section.text("description"),
        location=_location_values(section, kind),
        account=account,
        at=section.at,
        positions=where,
        variables=_variables(section, kind),
        encryption=_encryption(section, kind),
        reader=section.optional_text("reader") or READERS[0],
        renamed_from=_former_key(section),
    )


def _variables(section: Section, kind: DestinationType) -> dict[str, tuple[str, ...]]:
    """Return the references to variables and files behind each value, by the same keys as its position."""
    found = {key: section.variables(key) for key in section.names()}
    inner, composed = section.section(AUTH), kind.composed_key
    found[AUTH] = section.variables(AUTH, *kind.account_key_names)
    found |= {leaf_path(AUTH, name): inner.variables(name) for name in inner.names()} if inner else {}
    found |= {leaf_path(AUTH, key): section.variables(key) for key in kind.account_key_names}
    if composed:
        found[leaf_path(AUTH, composed.name)] = section.variables(composed.name, *composed.parts)
    return found


def check_shared_accounts(destinations: Mapping[str, Destination], declared: Mapping[str, Section]) -> None:
    """Report an `account: {of: …}` that does not name another destination of the same type with its own account."""
    places = {name: section.at for name, section in declared.items()}
    for key, one in destinations.items():
        if one.account.of is None:
            continue
        section = declared[key]
        at = one.positions["account"]
        other = destinations.get(one.account.of)
        if one.account.of not in declared:
            section.fail_unknown_name("destination", one.account.of, at, places)
        elif other and (other.account.of or other.key == key):
            owner = other.account.of
            hint = "name the destination with `auth`" if owner in (None, key) else f"write `of: {owner}`"
            message = f'{section.owner} shares the account of "{other.key}", which has no account of its own'
            section.fail("account-chain", message, at, hint)
        elif other and other.type != one.type:
            whose = f'the account of "{other.key}", which is {other.type}'
            message = f"{section.owner} is {one.type} and cannot share {whose}"
            hint = f"write `auth` instead of `account`, or name a destination of type {one.type}"
            section.fail("account-type", message, at, hint)


def _refuse_keys_of_other_types(section: Section, kind: DestinationType) -> None:
    own = [*(f.name for f in kind.location), *kind.account_key_names]
    for key in section.names():
        if key not in _COMMON_KEYS and key not in own:
            owner = f"{section.owner} ({kind.name})"
            section.report.findings.append(unknown_key(key, section.key_position(key), own, owner))


def _location_values(section: Section, kind: DestinationType) -> dict[str, str]:
    for field in kind.location:
        if field.required:
            rule = f": {field.rule}" if field.rule else ""
            section.required_text(field.name, f"write `{field.name}: …`; {kind.label} needs it{rule}")
    found = {field.name: section.optional_text(field.name) for field in kind.location}
    return {name: text for name, text in found.items() if text is not None}


def _encryption(section: Section, kind: DestinationType) -> AuthValue | None:
    inner = section.section("encryption")
    if inner is None:
        return None
    if not kind.encryption:
        message = f"{section.owner}: {kind.label} does not support encryption"
        section.fail("unknown-key", message, section.key_position("encryption"), "remove it")
        return None
    inner.required_text("public_key", "write `public_key: …`, the key in base64")
    return _plain_value(inner, "public_key")


def _former_key(section: Section) -> str | None:
    name = section.optional_text("renamed_from")
    if name is None or re.fullmatch(NAME, name):
        return name
    message = f'"renamed_from" of {section.owner} is not the key of a destination: {name}'
    section.fail("bad-name", message, section.position("renamed_from"), "write its former key, for example `lake`")
    return None


def _plain_value(section: Section, key: str) -> AuthValue | None:
    text = section.optional_text(key)
    if text is None:
        return None
    return AuthValue(text if section.is_unset(key) else escape_references(text), Secrecy.PLAIN, section.position(key))


def _account(section: Section, kind: DestinationType, where: Positions) -> Account:
    if "account" in section:
        return _existing_account(section, kind, where)
    values = _account_values(section, kind)
    inner = section.section("auth")
    if not kind.methods:
        if inner:
            message = f"{section.owner}: {kind.label} has no `auth`, because the storage belongs to Adobe"
            section.fail("unknown-key", message, section.key_position("auth"), "remove it")
        return Account()
    where |= {leaf_path(AUTH, name): value.at for name, value in values.items()}
    if inner is None:
        section.required_text("auth", _auth_methods_hint(kind.methods))
        return Account()
    where["auth"] = inner.at
    method = _method(inner, kind)
    if method is None:
        return Account()
    if not _fits_account_keys(section, kind, method, values):
        return Account()
    values |= dict(_auth_values(inner, method))
    where |= {leaf_path(AUTH, name): value.at for name, value in values.items()}
    where |= {leaf_path(AUTH, name): inner.position(name) for name in AUTH_OPTIONS if name in inner}
    version = inner.optional_text("secret_version")
    return Account(method=method.name, auth=values, secret_version=version, drop=inner.texts("drop"))


def _fits_account_keys(
    section: Section, kind: DestinationType, method: AuthMethod, values: Mapping[str, AuthValue]
) -> bool:
    """Check that the account keys are those of the way to authenticate."""
    names = {f.name for f in method.fields}
    for name in sorted(values.keys() - names):
        message = f'{section.owner}: "{name}" belongs to another way to authenticate'
        fitting = [m for m in kind.methods if name in {f.name for f in m.fields}]
        hint = f"remove it, or sign in another way: {_auth_methods_hint(fitting)}"
        section.fail("account-keys", message, section.key_position(name), hint)
    missing = [
        key
        for key in kind.account_keys
        if kind.composed_key is None and key.name in names and key.name not in values
        if not key.required and key.default is None
    ]
    for key in missing:
        message = f'{section.owner} needs "{key.name}" for this way to authenticate'
        section.fail("missing-key", message, section.at, f"write {key.hint}, for example `{key.name}: {key.example}`")
    return not missing and not values.keys() - names


def _existing_account(section: Section, kind: DestinationType, where: Positions) -> Account:
    where["account"] = section.position("account")
    for key in kind.account_key_names:
        if key in section:
            message = f'{section.owner}: "{key}" belongs to the account, but `account` names an existing one'
            hint = "remove it, or write `auth` instead of `account`"
            section.fail("account-keys", message, section.key_position(key), hint)
    if "auth" in section:
        message = f"{section.owner} has both `auth` and `account`"
        hint = "keep one; in an overlay, `auth: null` removes it"
        section.fail("account-and-auth", message, section.key_position("auth"), hint)
    inner = section.section("account")
    if inner is None:
        return Account()
    if not inner.names():
        inner.fail("missing-key", f"{inner.owner} names no account", inner.at, "write one of existing, id and of")
    return Account(existing=inner.optional_text("existing"), id=inner.optional_text("id"), of=inner.optional_text("of"))


def _account_values(section: Section, kind: DestinationType) -> dict[str, AuthValue]:
    """Return the account keys as auth values: each by itself, or all of them as one composed value."""
    if kind.composed_key:
        value = _composed_value(section, kind, kind.composed_key)
        return {kind.composed_key.name: value} if value else {}
    found: dict[str, AuthValue] = {}
    for key in kind.account_keys:
        if key.required:
            section.required_text(key.name, f"write `{key.name}: …`, {key.hint}; {kind.label} needs it")
        if value := _plain_value(section, key.name):
            found[key.name] = value
            _check_port(section, key, value)
    return found


def _check_port(section: Section, key: AccountKey, value: AuthValue) -> None:
    is_checked = key.form is KeyForm.PORT and not section.is_unset(key.name)
    if is_checked and not (value.text.isdigit() and 0 < int(value.text[:6]) < 65536):
        message = f'"{key.name}" of {section.owner} is not a port: {value.text}'
        section.fail("bad-value", message, value.at, "write a number from 1 to 65535")


def _composed_value(section: Section, kind: DestinationType, composed: ComposedKey) -> AuthValue | None:
    """Return a value that the YAML has as a whole or in parts."""
    written = [key for key in composed.parts if key in section]
    in_parts = " and ".join(f"`{part}`" for part in composed.parts)
    if composed.name in section:
        if written:
            message = f"{section.owner} has both `{composed.name}` and `{written[0]}`"
            hint = f"keep one: the {composed.name} contains both"
            section.fail("bad-value", message, section.key_position(written[0]), hint)
        whole = _plain_value(section, composed.name)
        if whole and not section.is_unset(composed.name) and not composed.is_valid(whole.text):
            message = f'"{composed.name}" of {section.owner} is not an {composed.form}'
            hint = f"write {composed.shape} (or the domain of another cloud), or {in_parts}"
            section.fail("bad-value", message, whole.at, hint)
        return whole
    if not written:
        hint = f"write {in_parts}, or `{composed.name}` with an {composed.form}"
        section.required_text(composed.parts[0], hint)
        return None
    keys = [key for key in kind.account_keys if key.name in composed.parts]
    values = {key.name: section.required_text(key.name, f"write `{key.name}: …`, {key.hint}") for key in keys}
    texts = {name: text for name, text in values.items() if text is not None}
    if len(texts) < len(composed.parts):
        return None
    pending = any(section.is_unset(part) for part in composed.parts)
    text = composed.join(texts)
    return AuthValue(text if pending else escape_references(text), Secrecy.PLAIN, section.position(composed.parts[0]))


def _auth_methods_hint(methods: Sequence[AuthMethod]) -> str:
    """Name the fields of each way to authenticate: `write role_arn, or access_key_id and secret_access_key`."""
    names = [[f.name for f in method.written_fields] for method in methods]
    return "write " + ", or ".join(" and ".join(filter(None, [", ".join(n[:-1]), n[-1]])) for n in names)


def _method(inner: Section, kind: DestinationType) -> AuthMethod | None:
    """Return the way to authenticate that has the written fields; None (with a finding) if there is none."""
    known = list(dict.fromkeys(f.name for m in kind.methods for f in m.written_fields))
    written = [key for key in inner.names() if key not in AUTH_OPTIONS]
    unknown = [key for key in written if key not in known]
    for key in unknown:
        finding = unknown_key(key, inner.key_position(key), [*known, *AUTH_OPTIONS], f"{inner.owner} ({kind.name})")
        inner.report.findings.append(finding)
    if unknown:
        return None
    fitting = [m for m in kind.methods if set(written) <= {f.name for f in m.written_fields}]
    if not fitting:
        message = f"{inner.owner} mixes two ways to authenticate: {', '.join(written)}"
        inner.fail("mixed-auth", message, inner.at, _auth_methods_hint(kind.methods))
        return None
    method = min(fitting, key=lambda m: len(m.written_fields) - len(written))
    missing = [f.name for f in method.written_fields if f.name not in inner]
    if not missing:
        return method
    wanted = f'"{missing[0]}"' if written or len(kind.methods) == 1 else "a way to authenticate"
    inner.fail("missing-key", f"{inner.owner} needs {wanted}", inner.at, _auth_methods_hint(kind.methods))
    return None


def _auth_values(inner: Section, method: AuthMethod) -> Iterator[tuple[str, AuthValue]]:
    for field in method.written_fields:
        node = inner.get(field.name)
        if isinstance(node, ScalarNode) and node.value is not None:
            yield field.name, AuthValue(str(node.value), field.secrecy, node.at)
