"""
Write JSON as `json.dumps` does with sorted keys and ASCII, in less time and memory. Pure.

With an indent, `json` uses its encoder in Python, which keeps every comma and bracket of a document as a text of its
own until the end. Here each object becomes one text as soon as it is complete, and the parts of the document can be
made one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

_quote = json.JSONEncoder().encode  # without the choices that `json.dumps` makes on each call
_one_line = json.JSONEncoder(sort_keys=True).encode


def indented_json(value: Any, indent: int, level: int = 0) -> str:
    """Return the JSON of a value that stands `level` levels deep; keys are texts."""
    made: list[str] = []
    _write(value, " " * indent, "\n" + " " * (indent * level), made.append)
    return "".join(made)


def _write(value: Any, step: str, outer: str, add: Callable[[str], object]) -> None:
    """Add the JSON of a value in parts; `outer` is the line end and the indent of the line in which it stands."""
    if isinstance(value, str):
        add(_quote(value))
    elif isinstance(value, dict):
        before = "{" + (inner := outer + step)
        for key in sorted(value):
            found = value[key]
            if type(found) is str:
                add(f"{before}{_quote(key)}: {_quote(found)}")
            else:
                add(f"{before}{_quote(key)}: ")
                _write(found, step, inner, add)
            before = "," + inner
        add(outer + "}" if value else "{}")
    elif isinstance(value, list | tuple):
        before = "[" + (inner := outer + step)
        for item in value:
            add(before)
            _write(item, step, inner, add)
            before = "," + inner
        add(outer + "]" if value else "[]")
    else:
        add(int.__repr__(value) if type(value) is int else json.dumps(value))


def object_parts(members: Iterable[tuple[str, Iterable[str]]], indent: int, level: int) -> Iterator[str]:
    """Yield the JSON of an object in parts; each member is its key as JSON, and its value in parts."""
    inner = "\n" + " " * (indent * (level + 1))
    before = "{" + inner
    for key, parts in members:
        yield f"{before}{key}: "
        yield from parts
        before = "," + inner
    yield "{}" if before[0] == "{" else "\n" + " " * (indent * level) + "}"


def array_parts(items: Iterable[str], indent: int, level: int) -> Iterator[str]:
    """Yield the JSON of an array in parts."""
    inner = "\n" + " " * (indent * (level + 1))
    before = "[" + inner
    for item in items:
        yield before + item
        before = "," + inner
    yield "[]" if before[0] == "[" else "\n" + " " * (indent * level) + "]"


def document_parts(value: Mapping[str, Any], indent: int, *, has_one_line_items: bool = False) -> Iterator[str]:
    """
    Yield the JSON of an object in parts: each item of its lists, two levels deep, is one part.

    With `has_one_line_items` the indents end there, so that the encoder in C writes what is deeper.
    """

    def parts(one: Any, level: int) -> Iterator[str]:
        if isinstance(one, dict) and level < 3:
            yield from object_parts(((_quote(k), parts(one[k], level + 1)) for k in sorted(one)), indent, level)
        elif isinstance(one, list | tuple):
            yield from array_parts((item_text(item, level + 1) for item in one), indent, level)
        else:
            yield item_text(one, level)

    def item_text(item: Any, level: int) -> str:
        return _one_line(item) if has_one_line_items else indented_json(item, indent, level)

    return parts(value, 0)
