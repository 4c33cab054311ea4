"""
Build the desired state from the config: every export and every account in managed fields. Pure.

In: a `Project`, the known values of its sensitive fields (address and field -> value), and the connection specs of the
sandbox. Out: a `DesiredState`. Dataset names stay names: `dataset_lookup` finds their ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import Any

from exportctl.errors import Finding, Level
from exportctl.frozen import dataclass
from exportctl.model import schedule
from exportctl.model.plan import DESTINATIONS, EXPORTS, Address, Fields, SensitiveValue, UnknownValue
from exportctl.model.project import Destination, Export, Project, SourcePositions, Variables
from exportctl.model.references import parse_references
from exportctl.model.secret import Secrecy
from exportctl.resources import kinds, wire
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.destinations.type import AuthMethod, DestinationType
from exportctl.resources.kinds import AT, AUTH, EVERY, FLOW, FORMAT, LOCATION, START, TARGET_CONNECTION, Kind
from exportctl.resources.spec_names import EncryptionNames, live_encryption, live_method
from exportctl.resources.wire import MANIFEST

REPLACEMENT = "replacement"  # the name of a change that needs a new flow
_SET_BY = {EVERY: "schedule", AT: "schedule", START: "schedule", LOCATION: "destination"}  # managed field -> YAML key
Specs = Mapping[str, Mapping[str, Any]]
Values = Mapping[tuple[str, str], str]  # ("destinations.lake", "role_arn") -> value


@dataclass(frozen=True)
class AccountUse:
    """The account of an export: our own account by address, or an account of others by title or id."""

    own: Address | None = None
    existing: str | None = None
    id: str | None = None


@dataclass(frozen=True)
class DesiredAccount:
    """
    A base connection of ours.

    `auth` has the values that can be compared: text, SensitiveValue, or UnknownValue.UNSET. `auth_to_send` has every
    field as written, with unfilled references, for apply. `secrets` are the references of secret fields.
    """

    address: Address
    type: DestinationType
    declared: Destination
    title: str
    method: str | None
    auth: Fields
    auth_to_send: Fields
    secrets: tuple[str, ...]
    secret_version: str
    live_method: AuthMethod | None = None  # with the names of the live spec; None: it does not offer the way
    encryption: EncryptionNames | None = None  # what the live spec offers; None: nothing, or the spec is unknown


@dataclass(frozen=True)
class DesiredExport:
    """One export in managed fields, without its datasets; `start_rule` computes its start."""

    address: Address
    type: DestinationType
    declared: Export
    account: AccountUse
    flow_fields: Fields
    target_fields: Fields
    start_rule: Fields
    positions: SourcePositions
    variables: Variables = field(default_factory=dict)  # by the same names
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class DesiredState:
    """Everything that the config declares for one sandbox."""

    project: Project
    accounts: Mapping[Address, DesiredAccount]
    exports: Mapping[Address, DesiredExport]

    @cached_property
    def parts(self) -> Mapping[str, Sequence[str]]:
        """The parts of each export KEY that is split."""
        found: dict[str, list[str]] = {}
        for key, slash, part in (address.name.partition("/") for address in self.exports):
            if slash:
                found.setdefault(key, []).append(part)
        return found


def finding(
    of: DesiredExport | DesiredAccount, rule: str, text: str, hint: str, *, key: str = "", level: Level = Level.WARNING
) -> Finding:
    """Make a finding about an export or account, at the line of YAML that sets `key`."""
    at = of.declared.positions.get(key, of.declared.at)
    return Finding(rule, f"{of.address}: {text}", at, hint, level)


def build_desired_state(project: Project, values: Values, specs: Specs) -> DesiredState:
    """Build every declared account and export, unused accounts too: apply creates them when an export needs them."""
    accounts = [_account(project, d, values, specs) for d in project.destinations.values() if d.account.is_ours]
    shared: dict[Any, Variables] = {}  # most exports have equal ones: each is in memory once
    exports = [_export(project, e, specs, shared) for e in project.exports.values()]
    return DesiredState(project, {a.address: a for a in accounts}, {e.address: e for e in exports})


def _account(project: Project, declared: Destination, values: Values, specs: Specs) -> DesiredAccount:
    account = declared.account
    compared: dict[str, Any] = {}
    sent: dict[str, Any] = {}
    for name, value in sorted(account.auth.items()):
        if value.secrecy is Secrecy.SENSITIVE:
            known = values.get((f"{DESTINATIONS}.{declared.key}", name))
            compared[name] = UnknownValue.UNSET if known is None else SensitiveValue(known)
            sent[name] = SensitiveValue(value.text)
            continue
        sent[name] = value.text
        if value.secrecy is Secrecy.PLAIN:
            compared[name] = "".join(part for part in parse_references(value.text) if isinstance(part, str))
    return DesiredAccount(
        address=Address(DESTINATIONS, declared.key),
        type=TYPES[declared.type],
        declared=declared,
        title=declared.title or f"{declared.key} ({project.name})",
        method=account.method,
        auth=compared,
        auth_to_send=sent,
        secrets=tuple(sorted(v.text for v in account.auth.values() if v.secrecy is Secrecy.SECRET)),
        secret_version=account.secret_version or "",
        live_method=_live_method(declared, specs),
        encryption=live_encryption(specs.get(TYPES[declared.type].connection_spec, {})),
    )


def _live_method(declared: Destination, specs: Specs) -> AuthMethod | None:
    kind = TYPES[declared.type]
    if declared.account.method is None:
        return None
    method = kind.method(declared.account.method)
    return live_method(method, specs.get(kind.connection_spec, {})) if method.is_named_by_spec else method


def _account_use(project: Project, declared: Destination) -> AccountUse:
    account = declared.account
    if account.of:
        return _account_use(project, project.destinations[account.of])  # the rules refuse chains and cycles
    if account.is_ours:
        return AccountUse(own=Address(DESTINATIONS, declared.key))
    return AccountUse(existing=account.existing, id=account.id)


def _export(project: Project, declared: Export, specs: Specs, shared: dict[Any, Variables]) -> DesiredExport:
    destination = project.destinations[declared.destination]
    kind = TYPES[destination.type]
    every = schedule.canonical_every(declared.schedule)
    manifest, findings = _manifest(declared, kind, specs)
    flow_fields = {
        kinds.TITLE: declared.title,
        kinds.DESCRIPTION: declared.description,
        EVERY: every,
        AT: schedule.grid_offset(declared.schedule.at, every),
        START: declared.schedule.start,
        kinds.FOLDER: declared.folder,
        kinds.ENABLED: declared.enabled,
        **_plain_values(FLOW, declared),
    }
    form = {"type": declared.format.type, "compression": declared.format.compression, "manifest": manifest}
    location = _location(destination, kind.folder_key, declared.subpath)
    variables = _variables(declared, destination)
    return DesiredExport(
        address=Address(EXPORTS, declared.key),
        type=kind,
        declared=declared,
        account=_account_use(project, destination),
        flow_fields=flow_fields,
        target_fields={LOCATION: location, FORMAT: form, **_plain_values(TARGET_CONNECTION, declared)},
        positions=_source_positions(declared, destination),
        variables=shared.setdefault(tuple(variables.items()), variables),
        start_rule={"every": every, "at": declared.schedule.at, "not_before": declared.schedule.start},
        findings=findings,
    )


def _plain_values(kind: Kind, declared: Export) -> Fields:
    return {rule.name: declared.plain.get(rule.name, rule.default) for rule in kind.plain_fields}


def _source_positions(declared: Export, destination: Destination) -> SourcePositions:
    """Return the position in the YAML that sets each managed field, or one key of its location."""
    where = {name: at for name, at in declared.positions.items() if "." not in name}
    where |= {name: destination.positions[name] for name in destination.location if name in destination.positions}
    if declared.subpath and "subpath" in where:
        where[TYPES[destination.type].folder_key] = where["subpath"]
    return {name: where[key] for name, key in _SET_BY.items() if key in where} | where


def _variables(declared: Export, destination: Destination) -> Variables:
    """Return the references to variables and files behind each managed field, and each key of the location."""
    found = {**declared.variables}
    location = {name: destination.variables.get(name, ()) for name in destination.location}
    folder = TYPES[destination.type].folder_key
    location[folder] = location.get(folder, ()) + found.get("subpath", ())
    chosen = found.get("destination", ())
    found |= {name: chosen + variables for name, variables in location.items()}
    behind_account = (destination.variables.get(key, ()) for key in ("type", "account", AUTH))
    found[REPLACEMENT] = chosen + tuple(one for each in behind_account for one in each)
    return {name: found[key] for name, key in _SET_BY.items() if key in found} | found


def _location(destination: Destination, folder: str, subpath: str) -> Fields:
    location = {name: value for name, value in sorted(destination.location.items()) if value}
    if subpath:
        parts = (location.get(folder, "").rstrip("/"), subpath.strip("/"))
        location[folder] = "/".join(part for part in parts if part)
    return location


def _manifest(declared: Export, kind: DestinationType, specs: Specs) -> tuple[bool, tuple[Finding, ...]]:
    """Send `manifest: true` only if the live target spec has this parameter; `force` always sends it."""
    wanted = declared.format.manifest
    if wanted == "force" or not wanted:
        return bool(wanted), ()
    if MANIFEST in target_properties(specs.get(kind.connection_spec, {})):
        return True, ()
    text = f"exports.{declared.key} asks for a manifest file, but {kind.label} does not offer it here; it is not sent"
    hint = "remove `manifest`, or write `manifest: force` to send it anyway"
    at = declared.positions.get("format", declared.at)
    return False, (Finding("manifest-not-offered", text, at, hint, Level.WARNING),)


def target_properties(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parameters in the targetSpec of a connection spec, by wire name."""
    return wire.members(wire.members(wire.members(spec.get("targetSpec")).get("spec")).get("properties"))
