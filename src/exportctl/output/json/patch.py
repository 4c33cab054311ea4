"""Edits of the YAML as one machine document of kind `patch`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exportctl.output.json import documents
from exportctl.output.json.schema_parts import (
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
from exportctl.planfile import serialize

if TYPE_CHECKING:
    from exportctl.accept.patch_file import Patch
    from exportctl.accept.result import AcceptResult
    from exportctl.monitor.drift import DriftEntry


def render_patch(shown: AcceptResult, patch: Patch, *, written: bool, failures: Sequence[DriftEntry]) -> str:
    """`written`: the files were edited; `failures`: what drift would still fail for."""
    result = {
        "project": shown.plan.header.project,
        "written": written,
        "folder": patch.folder,
        "files": [{"file": one.file, "diff": one.text, "context": one.context_lines} for one in patch.diffs],
        "accepted": [
            {
                "address": str(one.address),
                "fields": [serialize.field(change) for change in one.changes],
                "files": list(one.files),
                "allowed": list(one.allowed_rules),
            }
            for one in shown.accepted
        ],
        "left": [
            {"address": str(one.address), "fields": [serialize.field(c) for c in one.changes], "why": one.reason}
            for one in shown.unaccepted
        ],
        "failing": bool(failures),
        "failures": [documents.drift_entry(one) for one in failures],
        "refusals": [
            {"address": str(item.address), "safety_check": one.safety_check, "text": one.text, "allow": one.allow}
            for item in shown.targeted_plan.items
            for one in item.refusals
        ],
        "findings": [serialize.finding(one) for one in shown.targeted_plan.errors()],
    }
    return documents.envelope("patch", result, header=shown.plan.header, as_of=shown.plan.as_of)


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
