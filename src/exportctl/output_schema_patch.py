"""The schema of what `drift --patch` and `import --update` say, as a row of `output_schemas.RESULTS`."""

from __future__ import annotations

from exportctl.output_schema_parts import (
    ADDRESS,
    DRIFT_ENTRY,
    flag,
    listing,
    make_nullable,
    number,
    ref,
    strict_object,
    text,
)

_FIELDS = listing("the differences; `before` is what is live", ref("field"))

PATCH = strict_object(
    "edits of the YAML that accept what is live",
    project=text("the config's project"),
    written=flag("the files were edited; else they are as they were"),
    folder=text("where the patch is applied, relative to the working folder"),
    files=listing(
        "files that the edits are in",
        strict_object(
            "one file",
            file=text("its name, relative to the working folder"),
            diff=make_nullable(
                text("unified, named from `folder`; null: a changed line holds a value that is not shown")
            ),
            context=number("unchanged lines beside a change; at 0 `git apply` wants --unidiff-zero"),
        ),
    ),
    accepted=listing(
        "what no longer differs, in plan order",
        strict_object(
            "differences that one edit accepts",
            address=ADDRESS,
            fields=_FIELDS,
            files=listing("where; empty: an edit for another one did it", text("file")),
            allowed=listing("rules that the edit allows on the export", text("rule")),
        ),
    ),
    left=listing(
        "what still differs, in plan order",
        strict_object("differences that no edit accepts", address=ADDRESS, fields=_FIELDS, why=text("for people")),
    ),
    failing=flag("something is left that `drift` fails for"),
    failures=listing("what that is", DRIFT_ENTRY),
    refusals=listing(
        "what apply would refuse",
        strict_object(
            "one refusal",
            address=ADDRESS,
            safety_check=text("which gate"),
            text=text("for people"),
            allow=text("the one edit or flag that allows exactly this"),
        ),
    ),
    findings=listing("errors that keep the config from being applied", ref("finding")),
)
