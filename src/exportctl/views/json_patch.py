"""Edits of the YAML as one machine document of kind `patch`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exportctl.planfile import serialize
from exportctl.views import json

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
        "failures": [json.drift_entry(one) for one in failures],
        "refusals": [
            {"address": str(item.address), "safety_check": one.safety_check, "text": one.text, "allow": one.allow}
            for item in shown.targeted_plan.items
            for one in item.refusals
        ],
        "findings": [serialize.finding(one) for one in shown.targeted_plan.errors()],
    }
    return json.envelope("patch", result, header=shown.plan.header, as_of=shown.plan.as_of)
