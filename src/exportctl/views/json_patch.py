"""Edits of the YAML as one machine document of kind `patch`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exportctl.saved import document
from exportctl.views import json

if TYPE_CHECKING:
    from exportctl.drift_report import Entry
    from exportctl.patching.report import Patched
    from exportctl.patching.unified import Patch


def patched(shown: Patched, patch: Patch, *, written: bool, failures: Sequence[Entry]) -> str:
    """`written`: the files were edited; `failures`: what drift would still fail for."""
    result = {
        "project": shown.plan.header.project,
        "written": written,
        "folder": patch.folder,
        "files": [{"file": one.file, "diff": one.text, "context": one.around} for one in patch.diffs],
        "accepted": [
            {
                "address": str(one.address),
                "fields": [document.field(change) for change in one.changes],
                "files": list(one.files),
                "allowed": list(one.allowed),
            }
            for one in shown.accepted
        ],
        "left": [
            {"address": str(one.address), "fields": [document.field(c) for c in one.changes], "why": one.why}
            for one in shown.left
        ],
        "failing": bool(failures),
        "failures": [json.entry(one) for one in failures],
        "refusals": [
            {"address": str(item.address), "gate": one.gate, "text": one.text, "allow": one.allow}
            for item in shown.targeted.items
            for one in item.refusals
        ],
        "findings": [document.finding(one) for one in shown.targeted.errors()],
    }
    return json.envelope("patch", result, header=shown.plan.header, as_of=shown.plan.as_of)
