"""Edits of the YAML as one machine document of kind `patch`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exportctl.saved import document
from exportctl.views import json

if TYPE_CHECKING:
    from exportctl.patching.report import Patched
    from exportctl.patching.unified import Diff


def patched(shown: Patched, diffs: Sequence[Diff], *, written: bool, failing: bool) -> str:
    """`written`: the files were edited; `failing`: something is left that drift fails for."""
    result = {
        "project": shown.plan.header.project,
        "written": written,
        "files": [{"file": one.file, "diff": one.text, "context": one.around} for one in diffs],
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
        "failing": failing,
    }
    return json.envelope("patch", result, header=shown.plan.header, as_of=shown.plan.as_of)
