"""
Lines that fit a terminal: how many cells a text takes, and where a line that is too long is broken.

A line is broken at blanks, with a hanging indent. A word is never broken: one that no line can hold, such as a long
path, stays whole, and the terminal wraps it itself, so that a reader can copy it. A moment stays on one line where it
fits. A command of ours that takes several lines gets the `\\` of a shell at their ends, so that it can be pasted.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from exportctl.patterns import compile_on_use

NO_LIMIT = 1_000_000  # the width of a pipe or a file: tables are whole there
PAGE = 120  # the longest line of prose, however wide the terminal is
_HANGING = "  "
_COLOR = compile_on_use(r"\x1b\[[0-9;]*m")
_HEAD = compile_on_use(r"(?: |\x1b\[[0-9;]*m)*")  # the blanks before a line may stand after the ink of the whole line
_WORD = compile_on_use(r" *(?:\d\d:\d\d(?::\d\d)? UTC|[^ ])+")
_WORD_OR_MOMENT = compile_on_use(r" *(?:\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)? UTC|[^ ])+")
_COMMAND = compile_on_use(r"(?:(?<=: )|(?<=^)|(?<=  ))exportctl (?:(?![.,;] )[^`])*$")  # and no sentence after it
_COMMENTED = compile_on_use(r"( *)(exportctl .*?) +# (.*)")
_CONTINUED = " \\"
_SHELL_WORD = compile_on_use(r""" *(?:'[^']*'|"[^"]*"|[^ '"]|['"])+""")
_WIDTHLESS = frozenset({"Mn", "Me", "Cf", "Cc"})
_EMOJI_FORM = "\ufe0f"  # the character before it is shown as an emoji, which takes two cells
_MOMENT_CELLS = 20


def page_width(width: int) -> int:
    """Return the width for prose and pictures: that of the terminal, and that of a page without one."""
    return PAGE if width >= NO_LIMIT else width


def count_cells(text: str) -> int:
    """Count the cells of a terminal that a text takes: two for wide characters and emoji, none for accents and ink."""
    if text.isascii() and text.isprintable():
        return len(text)
    shown = _COLOR.sub("", text)
    return sum(_char_cells(c) for c in shown) + sum(_is_widened(pair) for pair in pairwise(shown))


@lru_cache(maxsize=4096)
def _char_cells(char: str) -> int:
    if unicodedata.category(char) in _WIDTHLESS or "\u1160" <= char <= "\u11ff":  # the later parts of a Korean letter
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _is_widened(pair: tuple[str, str]) -> bool:
    return pair[1] == _EMOJI_FORM and _char_cells(pair[0]) == 1


def wrap_text(text: str, width: int) -> str:
    """Break each line that is wider than the terminal. Documents, such as YAML and patches, must not come here."""
    if width >= NO_LIMIT:
        return text
    return "\n".join(part for line in text.split("\n") for part in wrap_line(line, width))


def wrap_line(line: str, width: int) -> list[str]:
    """Return a line in parts; each but the first is indented further than the line."""
    if count_cells(line) <= width:
        return [line]
    head = line.removesuffix(_HEAD.sub("", line, count=1))
    indent = _COLOR.sub("", head)
    if commented := _COMMENTED.fullmatch(line):
        comment = f"{indent}{_HANGING}# "
        return [*wrap_line(indent + commented[2], width), *wrap_words(commented[3], width, comment, comment)]
    command = _COMMAND.search(line)
    if command is None:
        return wrap_words(line[len(head) :], width, head, indent + _HANGING)
    before, deeper = line[len(head) : command.start()].strip(" "), indent + _HANGING
    if not before:
        return wrap_words(command[0], width, head, deeper, _CONTINUED)
    shown = [deeper + command[0]] if count_cells(deeper + command[0]) <= width else []
    return [
        *wrap_words(before, width, head, deeper),
        *(shown or wrap_words(command[0], width, deeper, deeper + _HANGING, _CONTINUED)),
    ]


def wrap_words(words: str, width: int, indent: str, further: str, mark: str = "") -> list[str]:
    """Return words in lines: the first after `indent`, the others after `further`; `mark` ends each but the last."""
    wide = width - len(further) >= _MOMENT_CELLS
    pattern = _SHELL_WORD if mark else _WORD_OR_MOMENT if wide else _WORD
    lines, line, begun = [], indent, False
    for token in pattern.findall(words):
        if begun and count_cells(line + token) > width - len(mark):
            lines.append(line + mark)
            line, token = further, token.lstrip(" ")
        line, begun = line + token, True
    return [*lines, line] if begun else []


def break_words(text: str, width: int) -> str:
    """Return a text in which no word takes more than `width` cells: a part of a word ends with a `\\`, and a blank."""
    return " ".join(part for word in text.split(" ") for part in _word_parts(word, width))


def _word_parts(word: str, width: int) -> Iterator[str]:
    while count_cells(word) > width:
        size = 1  # at least one character, however wide it is
        while count_cells(word[: size + 1]) < width:
            size += 1
        yield word[:size] + "\\"
        word = word[size:]
    yield word
