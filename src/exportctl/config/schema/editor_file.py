"""
The JSON Schema of the config as the file that editors read; `schemas/exports.schema.json` is written from here.

A test compares that file with this module. The schemas of what exportctl prints are in `output_schemas`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from exportctl.config.schema.root import SCHEMA as CONFIG

FILES: Mapping[str, Mapping[str, Any]] = {"exports.schema.json": CONFIG}


class WritableFolder(Protocol):
    """What of `pathlib.Path` is needed to write: this module itself touches no disk."""

    def __truediv__(self, name: str) -> Any: ...


def schema_text(schema: Mapping[str, Any]) -> str:
    """One schema as it stands in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_schema_files(folder: WritableFolder) -> None:
    """Write it into `folder`, which exists."""
    for name, schema in FILES.items():
        (folder / name).write_text(schema_text(schema), encoding="utf-8")
