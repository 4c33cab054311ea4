"""Foreign text without characters that act on a terminal. Pure; every command loads this module."""

from __future__ import annotations

import unicodedata

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def clean_text(text: str) -> str:
    r"""Return foreign text in one line; control, formatting and surrogate characters become `\x1b`, `\u202e`, `\n`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped_char(c) if unicodedata.category(c) in _UNSAFE else c for c in text)


def clean_lines(text: str) -> str:
    """Return the same with line ends kept, for our messages that quote foreign text."""
    return "\n".join(clean_text(part) for part in text.split("\n"))


def escape_surrogates(text: str) -> str:
    """Return text that a terminal or a file can hold; half a character becomes `\\ud83d`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _escaped_char(char: str) -> str:
    code = ord(char)
    if char in _ESCAPES:
        return _ESCAPES[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
