"""The schema of what `import` says, as a row of `output_schemas.RESULTS`."""

from __future__ import annotations

from exportctl.output_schema_parts import ADDRESS, choice, counts, flag, listing, make_nullable, strict_object, text

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
