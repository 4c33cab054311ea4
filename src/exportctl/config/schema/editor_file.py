"""
The JSON Schema of the config as the file that editors read: `schemas/exports.schema.json`.

A test compares that file with this module. `output.json` has the schemas of the JSON documents.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from exportctl.config.schema.root import SCHEMA as CONFIG

FILES: Mapping[str, Mapping[str, Any]] = {"exports.schema.json": CONFIG}


def schema_text(schema: Mapping[str, Any]) -> str:
    """Return the text of one schema file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
