"""Plain fields on the wire: those that only a row of the kinds describes stand in the JSON as in the YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exportctl.model.plan import Fields
from exportctl.resources.kinds import Kind


def read_values(kind: Kind, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a live object shows of its plain fields; a field that it lacks has its default."""
    found: dict[str, Any] = {}
    for rule in kind.plain_fields:
        holder, member = rule.pointer_keys
        shown = raw.get(holder)
        value = shown.get(member) if isinstance(shown, Mapping) else None
        found[rule.name] = rule.default if value is None else value
    return found


def wire_members(kind: Kind, fields: Fields) -> dict[str, dict[str, Any]]:
    """Return the plain fields among `fields` as the service has them: object -> member -> value."""
    found: dict[str, dict[str, Any]] = {}
    for rule in kind.plain_fields:
        if rule.name in fields:
            holder, member = rule.pointer_keys
            found.setdefault(holder, {})[member] = fields[rule.name]
    return found


def known_members(kind: Kind, holder: str) -> frozenset[str]:
    """Return the members of one object of the wire that hold plain fields."""
    return frozenset(rule.pointer_keys[1] for rule in kind.plain_fields if rule.pointer_keys[0] == holder)
