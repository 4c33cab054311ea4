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

from exportctl.patching.characters import (
    before,
    comma_after,
    line_end,
    lines_after,
    spliced,
    without_lines,
)

Part = tuple[int, int]  # from the first character of a value, or of its key, to the last one
_REST = re.compile(r"[ \t]*,?[ \t]*(#.*)?")


def with_value(text: str, opening: int, parts: Sequence[Part], shown: str) -> str:
    """One more behind the last one; `opening` is the place of the bracket."""
    if not parts:
        shown += " " if text[opening + 1 : opening + 2] == "#" else ""
        return spliced(text, opening + 1, opening + 1, shown)
    start, end = parts[-1]
    if not _alone(text, start, end):
        return spliced(text, end, end, f", {shown}")
    line = before(text, start) + shown
    if comma_after(text, end) is not None:
        return lines_after(text, end, [f"{line},"])
    return lines_after(spliced(text, end, end, ","), end, [line])


def without_value(text: str, parts: Sequence[Part], number: int) -> str:
    """Without one of several."""
    start, end = parts[number]
    comma = comma_after(text, end)
    if _alone(text, start, end):
        shorter = without_lines(text, start, end)
        return shorter if comma is not None else _without_comma(shorter, parts[number - 1][1])
    if number + 1 < len(parts):
        return spliced(text, start, parts[number + 1][0], "")
    former = parts[number - 1][1]
    if "#" in text[former:start]:
        return _without_comma(spliced(text, start, end, ""), former)
    return spliced(text, former, end, "")


def _alone(text: str, start: int, end: int) -> bool:
    """Does nothing else stand on its lines, but its comma and a comment behind it?"""
    last, comma = line_end(text, end), comma_after(text, end)
    own = comma is None or comma < last
    return own and not before(text, start).strip() and bool(_REST.fullmatch(text[end:last]))


def _without_comma(text: str, place: int) -> str:
    comma = comma_after(text, place)
    return text if comma is None else spliced(text, comma, comma + 1, "")
