"""
The JSON Schema of the config as the file that editors read: `schemas/exports.schema.json`.

A test compares that file with this module. `output.json` has the schemas of the JSON documents.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from exportctl.config.schema.root import SCHEMA as CONFIG

FILES: Mapping[str, Mapping[str, Any]] = {"exports.schema.json": CONFIG}


class WritableFolder(Protocol):
    """The part of `pathlib.Path` that writing needs; this module itself opens no file."""

    def __truediv__(self, name: str) -> Any: ...


def schema_text(schema: Mapping[str, Any]) -> str:
    """Return the text of one schema file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_schema_files(folder: WritableFolder) -> None:
    """Write the schema file into an existing folder."""
    for name, schema in FILES.items():
        (folder / name).write_text(schema_text(schema), encoding="utf-8")
