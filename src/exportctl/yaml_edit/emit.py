"""
Values -> YAML text, in the subset of YAML that `config` reads. Pure.

In: texts, booleans, whole numbers, lists, maps, and blocks of keys. Out: text that `config` reads as the same values.

    the value is                         it is written
    a text that needs no quotes          as it is
    any other text                       in double quotes, with escapes
    a text with `${`                     with `$${`, because `${` would begin a reference
    a map                                in braces, on one line
    a list                               in brackets if it fits on the line, else one item a line
    a Block                              one key a line, indented, with its comments above

`config` reads `on`, `1.5` and `12:00` as text, but other YAML readers do not. They are in quotes too, because editors
read these files as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from exportctl.frozen import dataclass
from exportctl.model.references import escape_references

WIDTH = 100  # columns in which a list stays on one line
_INDENT = "  "
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`")  # they have a meaning of their own at the beginning of a text
_AMBIGUOUS = re.compile(  # a reader of YAML 1.1 or 1.2 does not read these as text
    r"""
    null | ~ | true | false | yes | no | on | off | y | n | << | =
    | [-+]? ( [0-9][0-9_,]* | 0x[0-9a-f_]+ | 0o[0-7]+ | 0b[01_]+ | \.inf )    | \.nan
    | [-+]? ( [0-9][0-9_]* )? \.? [0-9_]* ( e[-+]?[0-9]+ )?
    | [-+]? [0-9][0-9_]* ( :[0-5]?[0-9] )+ ( \.[0-9_]* )?
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2} ( [t\ ] .* )?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True)
class Block:
    """A map written one key a line, with comments above; each comment is one line of any text."""

    entries: Mapping[str, object]
    comments: tuple[str, ...] = ()


@dataclass(frozen=True)
class CommentedItem:
    """An item of a list with a comment after it."""

    value: object
    comment: str


def document_text(head: Sequence[str], sections: Mapping[str, Mapping[str, object]]) -> str:
    """Return a whole file: comments, then each section that is not empty, with an empty line in between."""
    parts = ["".join(f"{_comment(line)}\n" for line in head)]
    for name, entries in sections.items():
        if entries:
            parts.append("\n".join((f"{name}:", *lines(entries, _INDENT))) + "\n")
    return "\n".join(part for part in parts if part)


def scalar_text(text: str, *, flow: bool = False) -> str:
    """Write one text; `flow` means that it stands between brackets or braces."""
    return escape_references(text) if _can_be_plain(escape_references(text), flow) else quoted_text(text)


def quoted_text(text: str) -> str:
    """Write one text in double quotes."""
    return '"' + "".join(_escape_character(char) for char in escape_references(text)) + '"'


def is_writable(value: object) -> bool:
    """Return whether a YAML file can hold all texts in a value: it cannot hold half a surrogate pair, as JSON can."""
    if isinstance(value, Block | Mapping):
        return all(is_writable(one) for one in (value.entries if isinstance(value, Block) else value).values())
    if isinstance(value, list | tuple):
        return all(is_writable(one) for one in value)
    return not isinstance(value, str) or not any("\ud800" <= char <= "\udfff" for char in value)


def lines(entries: Mapping[str, object], indent: str) -> Iterator[str]:
    """Write one key a line, each line beginning with `indent`."""
    for key, value in entries.items():
        if isinstance(value, Block):
            yield f"{indent}{scalar_text(key)}:"
            yield from (f"{indent}{_INDENT}{_comment(line)}" for line in value.comments)
            yield from lines(value.entries, indent + _INDENT)
        elif isinstance(value, list | tuple) and not _fits_on_line(f"{indent}{key}: ", value):
            yield f"{indent}{scalar_text(key)}:"
            yield from (f"{indent}{_INDENT}- {item_text(item)}" for item in value)
        else:
            yield f"{indent}{scalar_text(key)}: {inline_text(value, flow=False)}"


def _fits_on_line(before: str, items: Sequence[object]) -> bool:
    """Return whether a list fits on its line; a list with maps or comments never does."""
    short = not any(isinstance(item, CommentedItem | Mapping) for item in items)
    return short and len(before) + len(inline_text(items, flow=True)) <= WIDTH


def item_text(item: object) -> str:
    """Write an item of a list on its own line, with its comment."""
    if isinstance(item, CommentedItem):
        return f"{inline_text(item.value, flow=False)} {_comment(item.comment)}"
    return inline_text(item, flow=False)


def inline_text(value: object, *, flow: bool) -> str:
    """Write a value on one line, without comments; `flow` means that it stands between brackets or braces."""
    match value:
        case Block():
            return inline_text(value.entries, flow=flow)
        case CommentedItem():
            return inline_text(value.value, flow=flow)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return scalar_text(value, flow=flow)
        case Mapping():
            inside = (f"{key}: {inline_text(one, flow=True)}" for key, one in value.items())
            return f"{{{', '.join(inside)}}}"
        case list() | tuple():
            return f"[{', '.join(inline_text(one, flow=True) for one in value)}]"
    raise TypeError(f"cannot write {type(value).__name__} as YAML")


def _can_be_plain(text: str, flow: bool) -> bool:
    """Return whether the text needs no quotes."""
    if not text or text != text.strip() or not text.isprintable() or text[0] in _INDICATORS:
        return False
    if ": " in text or " #" in text or text.endswith(":") or _AMBIGUOUS.fullmatch(text):
        return False
    return not (flow and re.search(r"[,\[\]{}:?]", text))


def _escape_character(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _comment(text: str) -> str:
    """Write a text as a comment of one line."""
    return "# " + "".join(char if char.isprintable() else " " for char in text)
