"""
The entries of `former_locations` that keep a backup provable when a plan moves an export. Pure.

Only for exports whose backup the YAML asks for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from exportctl.model.next_steps import NextStep
from exportctl.model.plan import EXPORTS, WRITE_CAUSES, Address, PlanItem, Verb
from exportctl.model.project import Export, Project
from exportctl.plan.desired import DesiredExport
from exportctl.resources.kinds import FOLDER, LOCATION

_KEY = "former_locations"


def former_location_steps(
    items: Iterable[PlanItem], exports: Mapping[Address, DesiredExport], project: Project, as_of: int
) -> tuple[NextStep, ...]:
    """Return the whole block of YAML with the former location of each export that this plan moves."""
    moved: dict[str, dict[str, str]] = {}
    for item in items:
        export = exports.get(item.address)
        former = _former_location(item, export) if export else {}
        if export and former and not _is_stated(export.declared, former, export.type.folder_key):
            moved[export.declared.declared_key] = former
    if not moved:
        return ()
    names = "exports" if len(moved) > 1 else "export"
    text = f"so that `backup` finds the earlier files of the {names}, add this to the config"
    return (NextStep(text, "\n".join(former_value_lines(_KEY, moved, project.environment, as_of))),)


def _former_location(item: PlanItem, export: DesiredExport) -> dict[str, str]:
    """Return the live values that the plan overwrites, by YAML key; none if nothing moves."""
    expect = export.declared.expect
    if item.verb is not Verb.UPDATE or expect is None or expect.backup is None:
        return {}
    moved = (c for c in item.fields if c.field in (LOCATION, FOLDER) and c.cause in WRITE_CAUSES)
    return {c.path: str(c.before or "") for c in moved}


def _is_stated(declared: Export, former: Mapping[str, str], folder_key: str) -> bool:
    if not declared.former_locations:
        return False
    newest = declared.former_locations[-1]
    stated = {folder_key: newest.path, FOLDER: newest.folder, **newest.storage}
    return all(stated.get(name) == value for name, value in former.items())


def former_value_lines(
    list_key: str, former: Mapping[str, Mapping[str, str]], environment: str | None, as_of: int
) -> Iterable[str]:
    """Yield the lines of YAML that give each export an entry of a list of former values, until now."""
    until = datetime.fromtimestamp(as_of, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    indent = ""
    if environment:
        yield from ("environments:", f"  {environment}:")
        indent = "    "
    yield f"{indent}{EXPORTS}:"
    for key, values in sorted(former.items()):
        pairs = [("until", until), *values.items()]
        entry = ", ".join(f"{name}: {json.dumps(value)}" for name, value in pairs)
        yield from (f"{indent}  {key}:", f"{indent}    {list_key}:", f"{indent}      - {{{entry}}}")
