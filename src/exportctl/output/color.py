"""ANSI colors as data: one function, so that plain output is the same text without them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Paint = Callable[[str, str], str]

_CODES: Mapping[str, str] = {
    "create": "32",
    "update": "33",
    "delete": "31",
    "refused": "1;31",
    "other": "36",
    "warning": "33",
    "error": "1;31",
    "good": "32",
    "bold": "1",
    "dim": "2",
}


def paint(color: bool) -> Paint:
    """Return a function `(style, text) -> text`; without color it returns the text as it is."""
    if not color:
        return lambda _, text: text
    return lambda style, text: f"\x1b[{_CODES[style]}m{text}\x1b[0m" if text else text
