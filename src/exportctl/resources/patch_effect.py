"""Tell from a live object whether a JSON Patch arrived whose answer was lost. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def is_patch_applied(ops: Sequence[Mapping[str, Any]], raw: Mapping[str, Any]) -> bool:
    """Did these operations arrive? Auth params are shown masked, but the marker changes together with them."""
    return all(
        _is_value_shown(op["value"], raw.get(str(op["path"]).lstrip("/"))) for op in ops if op["path"] != "/auth/params"
    )


def _is_value_shown(sent: Any, shown: Any) -> bool:
    if isinstance(sent, Mapping):
        return isinstance(shown, Mapping) and all(_is_value_shown(value, shown.get(key)) for key, value in sent.items())
    return bool(sent == shown or str(sent) == str(shown))  # numbers may be shown as text
