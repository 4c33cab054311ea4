"""
Text as characters and lines, whatever it means: what edits of YAML cut and paste with. Pure.

A line ends with a line feed, for Git as for us; a carriage return before it belongs to the end. New lines end as the
line does that they follow.
"""

from __future__ import annotations

from collections.abc import Iterable

_BOM = "\ufeff"


def splice_text(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


def remove_lines(text: str, start: int, end: int) -> str:
    """Without the lines from that of `start` to that of `end`, their ends included."""
    first, last = line_start(text, start), line_end(text, end)
    if last == len(text):  # the line before it is the last one then
        return text[: _previous_line_end(text, first)]
    return text[:first] + text[last:].removeprefix("\r").removeprefix("\n")


def _previous_line_end(text: str, start: int) -> int:
    return start - len(newline(text, start - 1)) if start else 0


def insert_lines_after(text: str, place: int, lines: Iterable[str]) -> str:
    """New lines below the line of `place`."""
    end = line_end(text, place)
    return text[:end] + "".join(newline(text, place) + line for line in lines) + text[end:]


def newline(text: str, place: int) -> str:
    """How the line of `place` ends; where it is the last one, how the one before it does."""
    end = text.find("\n", place)
    end = end if end >= 0 else text.rfind("\n", 0, place)
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def line_start(text: str, place: int) -> int:
    return text.rfind("\n", 0, place) + 1


def line_end(text: str, place: int) -> int:
    end = text.find("\n", place)
    end = len(text) if end < 0 else end
    return end - 1 if end > place and text[end - 1] == "\r" else end


def text_before(text: str, place: int) -> str:
    """What stands before it on its line."""
    return text[line_start(text, place) : place].removeprefix(_BOM)


def indentation(text: str, place: int) -> str:
    """As many blanks as stand before it; a dash of a list around it counts as one."""
    return " " * len(text_before(text, place))


def find_comma(text: str, place: int) -> int | None:
    """The comma behind a value between brackets; comments may stand before it."""
    found = _next_character(text, place)
    return found if text[found : found + 1] == "," else None


def find_colon(text: str, place: int) -> int | None:
    """The colon behind a key; there is none behind `? key`, or in `{key, other}`."""
    found = _next_character(text, place)
    return found if text[found : found + 1] == ":" else None


def _next_character(text: str, place: int) -> int:
    """The next character that is neither blank nor in a comment."""
    while place < len(text) and (text[place] == "#" or text[place].isspace()):
        place = line_end(text, place) if text[place] == "#" else place + 1
    return place
