"""
Operations on characters and lines, with which the edits of YAML work. They know nothing of YAML's meaning. Pure.

A line ends with a line feed, as in Git. A carriage return before the line feed is part of the line ending. A new line
gets the same ending as the line above it.
"""

from __future__ import annotations

from collections.abc import Iterable

_BOM = "\ufeff"


def splice_text(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


def remove_lines(text: str, start: int, end: int) -> str:
    """Remove the lines from the line of `start` to the line of `end`, with their endings."""
    first, last = line_start(text, start), line_end(text, end)
    if last == len(text):  # then the line above becomes the last one
        return text[: first - len(newline(text, first - 1)) if first else 0]
    return text[:first] + text[last:].removeprefix("\r").removeprefix("\n")


def insert_lines_after(text: str, position: int, lines: Iterable[str]) -> str:
    """Insert lines below the line of `position`."""
    end = line_end(text, position)
    return text[:end] + "".join(newline(text, position) + line for line in lines) + text[end:]


def newline(text: str, position: int) -> str:
    """Return the ending of the line of `position`, or of the line above where that is the last line."""
    end = text.find("\n", position)
    end = end if end >= 0 else text.rfind("\n", 0, position)
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def line_start(text: str, position: int) -> int:
    return text.rfind("\n", 0, position) + 1


def line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    end = len(text) if end < 0 else end
    return end - 1 if end > position and text[end - 1] == "\r" else end


def text_before(text: str, position: int) -> str:
    """Return the part of the line before `position`."""
    return text[line_start(text, position) : position].removeprefix(_BOM)


def indentation(text: str, position: int) -> str:
    """Return one blank for each character before `position` on its line: the dash of a list counts as a blank."""
    return " " * len(text_before(text, position))


def find_character(text: str, position: int, wanted: str) -> int | None:
    """Find the comma after a value, or the colon after a key; only blanks and comments may stand before it."""
    while position < len(text) and (text[position] == "#" or text[position].isspace()):
        position = line_end(text, position) if text[position] == "#" else position + 1
    return position if text[position : position + 1] == wanted else None
