"""An import as one machine document of kind `import`: the YAML as text, every flow in it and every flow left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exportctl.output_schema_import import REASONS
from exportctl.views import json

if TYPE_CHECKING:
    from exportctl.importing.result import ImportResult


def render_import(shown: ImportResult, *, file: str | None) -> str:
    """`file` is where the YAML was written."""
    count = {str(reason): number for reason, number in shown.counts().items()}
    result = {
        "project": shown.header.project,
        "file": file,
        "yaml": shown.text,
        "exports": [
            {"address": str(one.address), "id": one.id, "name": one.name, "kept": list(one.kept)}
            for one in shown.exports
        ],
        "left_out": [
            {"id": one.id, "name": one.name, "reason": str(one.reason), "text": one.text} for one in shown.left_out
        ],
        "counts": {reason: count.get(reason, 0) for reason in REASONS},
        "incomplete": shown.is_incomplete,
    }
    return json.envelope("import", result, header=shown.header, as_of=shown.as_of)
