"""
Edits between brackets and braces: one more value behind the last one, or one value taken out. Pure.

    what stands alone on its lines    what becomes of it
    the last value                    a new one gets a line of its own, with a comma behind it if the last one has one
    the value that goes               its lines go, comments on them too

Everything else stays on the line it is on. A comma is never left over, so that JSON stays JSON.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from exportctl.yaml_edit.text import find_comma, insert_lines_after, line_end, remove_lines, splice_text, text_before

Part = tuple[int, int]  # from the first character of a value, or of its key, to the last one
_REST = re.compile(r"[ \t]*,?[ \t]*(#.*)?")


def append_value(text: str, opening: int, parts: Sequence[Part], shown: str) -> str:
    """One more behind the last one; `opening` is the place of the bracket."""
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
    """Without one of several."""
    start, end = parts[number]
    comma = find_comma(text, end)
    if _is_alone(text, start, end):
        shorter = remove_lines(text, start, end)
        return shorter if comma is not None else _remove_comma(shorter, parts[number - 1][1])
    if number + 1 < len(parts):
        return splice_text(text, start, parts[number + 1][0], "")
    former = parts[number - 1][1]
    if "#" in text[former:start]:
        return _remove_comma(splice_text(text, start, end, ""), former)
    return splice_text(text, former, end, "")


def _is_alone(text: str, start: int, end: int) -> bool:
    """Does nothing else stand on its lines, but its comma and a comment behind it?"""
    last, comma = line_end(text, end), find_comma(text, end)
    own = comma is None or comma < last
    return own and not text_before(text, start).strip() and bool(_REST.fullmatch(text[end:last]))


def _remove_comma(text: str, place: int) -> str:
    comma = find_comma(text, place)
    return text if comma is None else splice_text(text, comma, comma + 1, "")
