"""
Edits between brackets and braces: append a value after the last one, or remove a value. Pure.

    what is alone on its lines    the edit
    the last value                a new value gets its own line, with a comma after it if the last value has one
    the value to remove           its lines are removed, with the comments on them

Everything else stays on its line. No comma remains without a value, so that JSON stays JSON.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from exportctl.yaml_edit.text import find_comma, insert_lines_after, line_end, remove_lines, splice_text, text_before

Part = tuple[int, int]  # from the first character of a value (or of its key) to the last one
_REST = re.compile(r"[ \t]*,?[ \t]*(#.*)?")


def append_value(text: str, opening: int, parts: Sequence[Part], shown: str) -> str:
    """Append a value after the last one; `opening` is the position of the opening bracket."""
    if not parts:
        shown += " " if text[opening + 1 : opening + 2] == "#" else ""
        return splice_text(text, opening + 1, opening + 1, shown)
    start, end = parts[-1]
    if not _is_alone(text, start, end):
        return splice_text(text, end, end, f", {shown}")
    line = text_before(text, start) + shown
    if find_comma(text, end) is not None:
        return insert_lines_after(text, end, [f"{line},"])
    return insert_lines_after(splice_text(text, end, end, ","), end, [line])


def remove_value(text: str, parts: Sequence[Part], number: int) -> str:
    """Remove one of several values."""
    start, end = parts[number]
    comma = find_comma(text, end)
    if _is_alone(text, start, end):
        shorter = remove_lines(text, start, end)
        return shorter if comma is not None else _remove_comma(shorter, parts[number - 1][1])
    if number + 1 < len(parts):
        return splice_text(text, start, parts[number + 1][0], "")
    end_before = parts[number - 1][1]
    if "#" in text[end_before:start]:
        return _remove_comma(splice_text(text, start, end, ""), end_before)
    return splice_text(text, end_before, end, "")


def _is_alone(text: str, start: int, end: int) -> bool:
    """Return whether its lines hold nothing else but its comma and a comment."""
    last, comma = line_end(text, end), find_comma(text, end)
    own = comma is None or comma < last
    return own and not text_before(text, start).strip() and bool(_REST.fullmatch(text[end:last]))


def _remove_comma(text: str, position: int) -> str:
    comma = find_comma(text, position)
    return text if comma is None else splice_text(text, comma, comma + 1, "")
