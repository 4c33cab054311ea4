"""
Read the values behind references: sensitive values for a plan, and before the first write all that the plan needs.

On the embedded emulator unset variables get placeholder values of the right form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from exportctl.config.read_references import ReferenceKey, read_references
from exportctl.errors import ConfigError, Finding, StalePlan
from exportctl.frozen import dataclass
from exportctl.model.digests import long_digest
from exportctl.model.plan import DESTINATIONS, Fields, Marker, Plan, SensitiveValue, Step, digest
from exportctl.model.project import Project
from exportctl.model.secret import Secrecy, Secret
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.kinds import AUTH, BASE_CONNECTION

FilledStep = tuple[Fields, Marker | None]


@dataclass(frozen=True)
class KnownValues:
    """Sensitive values by address and field; `unset` are the variables that are not set."""

    values: Mapping[ReferenceKey, str]
    unset: tuple[str, ...]
    uses_placeholders: bool


def read_values_for_plan(
    project: Project, env: Mapping[str, str], folder: Path, *, invent: bool, leave_unset: Sequence[str] = ()
) -> KnownValues:
    """
    Read sensitive values, never a secret.

    `leave_unset` are variables that count as not set, because they were not set for the saved plan.
    """
    seen = {k: v for k, v in env.items() if k not in leave_unset}
    read = read_references(project, seen, folder, classes=(Secrecy.SENSITIVE,))
    values = {where: _text(value) for where, value in read.values.items()}
    unset = {where: u.variable for where, u in read.unset.items() if where[0] != "platform"}
    if invent:
        values |= {where: _placeholder(project, where) for where in unset}
    return KnownValues(values, () if invent else tuple(sorted(set(unset.values()))), invent and bool(unset))


def read_values_for_apply(
    project: Project, env: Mapping[str, str], folder: Path, plan: Plan, *, invent: bool
) -> tuple[Callable[[Step], FilledStep], tuple[str, ...]]:
    """
    Read every reference that this plan needs, and no other.

    Returns the function that fills the fields of a step, and the values that must never be shown.

    Raises:
        ConfigError: variables are not set; it names each with its position; nothing was written.
        StalePlan: a value that the plan was made with is another one now.
        Error: a value is too short, or a private key is not usable.
    """
    needing = {str(s.address) for s in plan.steps() if s.kind == BASE_CONNECTION.name and AUTH in s.fields}
    read = read_references(project, env, folder, addresses=tuple(sorted(needing)))
    values = {where: _text(value) for where, value in read.values.items()}
    if read.unset and not invent:
        missing = [
            (f"{u.variable} is not set; {where[0]} needs it for {where[1]}", u.at)
            for where, u in sorted(read.unset.items())
        ]
        hint = "set the variable where apply runs; nothing was written"
        raise ConfigError([Finding("reference-unset", text, at, hint) for text, at in missing])
    values |= {where: _placeholder(project, where) for where in read.unset}
    _check_known_values(plan, values)
    hidden = tuple(_text(v) for v in read.values.values() if isinstance(v, Secret))
    return lambda step: fill_step(step, values), hidden


def _check_known_values(plan: Plan, values: Mapping[ReferenceKey, str]) -> None:
    """Check that apply sends the sensitive values of the plan: a file may have changed while a person read the plan."""
    for step in plan.steps():
        for name, known in step.known.items():
            if isinstance(known, SensitiveValue) and values.get((str(step.address), name)) != known.value:
                text = f"the value behind {name} of {step.address} changed after the plan was made; nothing was written"
                raise StalePlan(text, rule="stale", hint="make a new plan")


def read_values_for_rehearsal(
    project: Project, env: Mapping[str, str], folder: Path, known: Mapping[ReferenceKey, str]
) -> Callable[[Step], FilledStep]:
    """
    Read plain references only, for a rehearsal: it sends nothing to the service.

    `known` are the values that the plan already has; all others are placeholders.
    """
    read = read_references(project, env, folder, classes=(Secrecy.PLAIN,))
    plain = {where: _text(value) for where, value in read.values.items()}
    every = [(f"{DESTINATIONS}.{key}", name) for key, one in project.destinations.items() for name in one.account.auth]
    values = {where: _placeholder(project, where) for where in every} | dict(known) | plain
    return lambda step: fill_step(step, values)


def fill_step(step: Step, values: Mapping[ReferenceKey, str]) -> FilledStep:
    """
    Fill the references in the fields of a step; return the fields and their marker.

    The digest of an account covers the values that are sent, not those that the planner could compare.
    """
    if step.kind != BASE_CONNECTION.name or AUTH not in step.fields:
        return step.fields, step.marker
    address = str(step.address)
    auth = {name: values[address, name] for name in step.fields[AUTH]}
    fields: dict[str, Any] = {**step.fields, AUTH: auth}
    if "encryption" in fields:
        fields["encryption"] = values[address, "encryption.public_key"]
    if step.marker is None or fields["method"] is None:
        return fields, step.marker
    method = TYPES[step.type].method(fields["method"])
    secret = {f.name for f in method.fields if f.secrecy is Secrecy.SECRET}
    shown = {name: value for name, value in auth.items() if name not in secret}
    marker = step.marker.with_digests({AUTH: (digest(shown),)})
    if not method.has_hidden_field:
        return fields, marker
    return fields, replace(marker, long_digests={**marker.long_digests, AUTH: long_digest(shown)})


def _placeholder(project: Project, where: ReferenceKey) -> str:
    key = where[0].removeprefix(f"{DESTINATIONS}.")
    account = project.destinations[key].account
    if account.method is None:
        return "emulated-value"
    method = TYPES[project.destinations[key].type].method(account.method)
    return next((f.sample for f in method.fields if f.name == where[1]), "ZW11bGF0ZWQta2V5")


def _text(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value
