"""Two environments side by side as one machine document of kind `diff-environments`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exportctl.environments import Cause, Comparison
from exportctl.saved import document as plan_document
from exportctl.views import json


def compared(shown: Comparison) -> str:
    """The same facts as the text."""
    result = {
        "left": shown.left,
        "right": shown.right,
        "only": [{"address": o.address, "environment": o.environment, "causes": _causes(o.causes)} for o in shown.only],
        "differences": [
            {
                "address": d.address,
                "path": d.path,
                "left": plan_document.value(d.left),
                "right": plan_document.value(d.right),
                "unsaid": d.unsaid,
                "causes": _causes(d.causes),
            }
            for d in shown.differences
        ],
        "same": shown.same,
        "unsaid": shown.unsaid,
    }
    return json.envelope("diff-environments", result, header=None, as_of=None)


def _causes(causes: Sequence[Cause]) -> list[dict[str, Any]]:
    return [
        {
            "origin": c.origin.value,
            "at": plan_document.location(c.at),
            "environment": c.environment,
            "written": c.written,
        }
        for c in causes
    ]
