"""
The words of a hint, for the tests that follow hints.

A row of their tables takes each hint apart: what a reader does, with the edit; what only explains (`SAYS`); and what
nobody can do with exportctl (`Outside`, with the reason). «…» marks what the edit takes from the hint: `{0}` in the
edit stands for the first of these words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

SAYS: tuple[str, ...] = ()


class Outside(str):
    """Why exportctl cannot help with these words."""


def plain(words: str) -> str:
    """Words of a hint without the marks around what an edit takes from it."""
    return words.replace("«", "").replace("»", "")


def unexplained(hint: str, words: Iterable[str]) -> str:
    """What is left of a hint without these words and without punctuation."""
    rest = hint
    for part in sorted(map(plain, words), key=len, reverse=True):
        assert part in rest, part
        rest = rest.replace(part, "", 1)
    return re.sub(r"[\s.,;:]", "", rest)


def filled(words: str, edit: str) -> str:
    """The edit with the marked words of the hint in it."""
    for number, value in enumerate(re.findall("«(.*?)»", words)):
        edit = edit.replace(f"{{{number}}}", value.strip("`"))
    return edit
