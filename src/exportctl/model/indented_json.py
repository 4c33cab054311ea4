"""
Write indented JSON as `json.dumps` does with sorted keys, ASCII and an indent, in less time and memory. Pure.

With an indent, `json` uses its encoder in Python, which keeps every comma and bracket of a document as a text of its
own until the end. Here each object becomes one text as soon as it is complete, and the parts of the document can be
made one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def indented_json(value: Any, indent: int, level: int = 0) -> str:
    """Return the JSON of a value that stands `level` levels deep; keys are texts."""
    if type(value) is str:
        return json.dumps(value)
    if isinstance(value, dict):
        members = ((json.dumps(k), indented_json(value[k], indent, level + 1)) for k in sorted(value))
        return "".join(object_parts(((key, (text,)) for key, text in members), indent, level))
    if isinstance(value, list | tuple):
        return "".join(array_parts((indented_json(one, indent, level + 1) for one in value), indent, level))
    return json.dumps(value)


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


def document_parts(value: Mapping[str, Any], indent: int) -> Iterator[str]:
    """Yield the JSON of an object in parts: each item of its lists, two levels deep, is one part."""

    def parts(one: Any, level: int) -> Iterator[str]:
        if isinstance(one, dict) and level < 3:
            yield from object_parts(((json.dumps(k), parts(one[k], level + 1)) for k in sorted(one)), indent, level)
        elif isinstance(one, list | tuple):
            yield from array_parts((indented_json(item, indent, level + 1) for item in one), indent, level)
        else:
            yield indented_json(one, indent, level)

    return parts(value, 0)
