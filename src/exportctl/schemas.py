"""
The JSON Schemas that users and programs may rely on, by file name; `schemas/` is written from here.

`python -m exportctl.schemas schemas` writes them; a test compares the folder with this module.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, Protocol

from exportctl.config_schema import SCHEMA as CONFIG

FILES: Mapping[str, Mapping[str, Any]] = {"exports.schema.json": CONFIG}


class Folder(Protocol):
    """What of `pathlib.Path` is needed to write: this module itself touches no disk."""

    def __truediv__(self, name: str) -> Any: ...


def as_text(schema: Mapping[str, Any]) -> str:
    """One schema as it stands in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write(folder: Folder) -> None:
    """Write every schema into `folder`."""
    for name, schema in FILES.items():
        (folder / name).write_text(as_text(schema), encoding="utf-8")


if __name__ == "__main__":
    from pathlib import Path

    write(Path(sys.argv[1] if len(sys.argv) > 1 else "schemas"))
