"""What tests of import share: a config that declares nothing, an import of its sandbox, and what must not change."""

from __future__ import annotations

import json
from typing import Any

from exportctl.config.yaml_nodes import parse_tree, plain_value
from exportctl.importing.result import ImportResult, Selection
from exportctl.resources import marker
from exportctl.resources.kinds import KINDS
from exportctl.workflows.import_and_accept import import_from_sandbox
from tests.workflows.world import ORGANIZATION, SANDBOX, START, URL, World

EVERYTHING = Selection()
FILE = "exports/imported.yaml"
VOLATILE_KEYS = ("etag", "version", "updatedAt", "updatedBy", "updatedClient", "lastOperation")  # each write moves them
COLLECTIONS = {kind.path.removeprefix("/"): kind for kind in KINDS.values()}


def empty_config(**changes: Any) -> dict[str, Any]:
    """A config that declares nothing but its project and place."""
    platform = {"organization": ORGANIZATION, "sandbox": SANDBOX, "url": URL}
    return {"version": 1, "project": "acme", "repository": "https://github.com/acme/x", "platform": platform, **changes}


def run_import(world: World, selection: Selection = EVERYTHING) -> ImportResult:
    return import_from_sandbox(world.setup(), selection, wall=lambda: START)


def write_import(world: World, made: ImportResult) -> None:
    file = world.folder / FILE
    file.parent.mkdir(exist_ok=True)
    file.write_text(made.text, encoding="utf-8")


def content(made: ImportResult) -> Any:
    """The YAML as values."""
    root, findings = parse_tree(FILE, made.text.encode())
    assert root is not None
    assert findings == ()
    return plain_value(root)


def export(made: ImportResult, key: str) -> Any:
    return content(made)["exports"][key]


def stored_objects(world: World) -> dict[str, str]:
    """Every object as stored, id -> JSON, without what each write moves and without our lines in descriptions."""
    found = {}
    for collection, docs in world.emulator.snapshot(SANDBOX).items():
        for doc in docs if collection in COLLECTIONS else ():
            text, _ = marker.parse_marker(doc.get("description"), COLLECTIONS[collection])
            shown = {key: value for key, value in doc.items() if key not in VOLATILE_KEYS} | {"description": text}
            found[doc["id"]] = json.dumps(shown, sort_keys=True)
    return found
