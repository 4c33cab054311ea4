"""An import as one machine document of kind `import`: the YAML as text, every flow in it and every flow left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exportctl.output.json import documents
from exportctl.output.json.schema_parts import (
    ADDRESS,
    choice,
    counts,
    flag,
    listing,
    make_nullable,
    strict_object,
    text,
)

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
    return documents.envelope("import", result, header=shown.header, as_of=shown.as_of)


REASONS = (
    "declared",
    "other-project",
    "audience",
    "foreign-card",
    "marked-target",
    "several-connections",
    "hidden",
    "shared-connections",
    "encrypted",
    "not-expressible",
    "rule",
)

IMPORT = strict_object(
    "YAML for flows that were made elsewhere",
    project=text("the config's project"),
    file=make_nullable(text("where the YAML was written; null: nowhere")),
    yaml=text("a config file to lie beside the others; empty when there is nothing to import"),
    exports=listing(
        "in the YAML, by address",
        strict_object(
            "one flow to adopt",
            address=ADDRESS,
            id=text("flow id"),
            name=text("the flow's name"),
            kept=listing(
                "what it has that no config describes, and every patch keeps: names, never values",
                text("like labels, scheduleParams.frequency or target params.csvOptions"),
            ),
        ),
    ),
    left_out=listing(
        "by name",
        strict_object(
            "one flow that is not in the YAML",
            id=text("flow id"),
            name=text("the flow's name"),
            reason=choice("which kind of reason", REASONS),
            text=text("why, for people; follows the name"),
        ),
    ),
    counts=counts("flows left out by reason", REASONS),
    incomplete=flag("something is left out that an import should have: exit code 4 with --strict"),
)
