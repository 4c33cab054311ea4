"""What tests of import share: a config that declares nothing, an import of its sandbox, and what must not change."""

from __future__ import annotations

import json
from typing import Any

from exportctl import marker
from exportctl.config.nodes import plain, tree
from exportctl.importing.report import Imported, Selection
from exportctl.kinds import KINDS
from exportctl.taking_over import taken_over
from tests.loop.world import ORGANIZATION, SANDBOX, START, URL, World

EVERYTHING = Selection()
FILE = "exports/imported.yaml"
VOLATILE = ("etag", "version", "updatedAt", "updatedBy", "updatedClient", "lastOperation")  # each write moves them
COLLECTIONS = {kind.path.removeprefix("/"): kind for kind in KINDS.values()}


def bare(**changes: Any) -> dict[str, Any]:
    """A config that declares nothing but its project and place."""
    platform = {"organization": ORGANIZATION, "sandbox": SANDBOX, "url": URL}
    return {"version": 1, "project": "acme", "repository": "https://github.com/acme/x", "platform": platform, **changes}


def imported(world: World, selection: Selection = EVERYTHING) -> Imported:
    made, _ = taken_over(world.setup(), selection, wall=lambda: START)
    return made


def written(world: World, made: Imported) -> None:
    file = world.folder / FILE
    file.parent.mkdir(exist_ok=True)
    file.write_text(made.text, encoding="utf-8")


def content(made: Imported) -> Any:
    """The YAML as values."""
    root, findings = tree(FILE, made.text.encode())
    assert root is not None
    assert findings == ()
    return plain(root)


def export(made: Imported, key: str) -> Any:
    return content(made)["exports"][key]


def kept(world: World) -> dict[str, str]:
    """Every object as stored, id -> JSON, without what each write moves and without our lines in descriptions."""
    found = {}
    for collection, docs in world.emulator.snapshot(SANDBOX).items():
        for doc in docs if collection in COLLECTIONS else ():
            text, _ = marker.read(doc.get("description"), COLLECTIONS[collection])
            shown = {key: value for key, value in doc.items() if key not in VOLATILE} | {"description": text}
            found[doc["id"]] = json.dumps(shown, sort_keys=True)
    return found
