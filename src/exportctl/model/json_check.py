"""
Check a JSON value from outside against the schemas that `json_form` builds, before any code relies on its form.

In: a schema, the definitions that it uses, a value. Out: what is wrong first, or None. It knows only what `json_form`
writes: types, enum, const, anyOf, properties, items, additionalProperties and $ref. Where a schema leaves the type
open, a value may be any JSON without decimal fractions: our documents hold none. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from exportctl.model.timestamps import MAX_TIMESTAMP

Schema = Mapping[str, Any]
Definitions = Mapping[str, Schema]  # by the name behind #/$defs/
MAX_DEPTH = 100  # objects and lists inside each other
_TYPES: Mapping[str, type] = {"string": str, "boolean": bool, "object": dict, "array": list, "null": type(None)}


def is_too_deep(value: object) -> bool:
    """Check whether objects and lists are nested deeper than any document of ours. It is a loop: no depth breaks it."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for one in level for inner in _inner_values(one)]
        if not level:
            return False
    return True


def find_problem(schema: Schema, definitions: Definitions, value: Any, path: str = "") -> str | None:
    """Return `PATH: what is wrong` for the first part that does not fit; None if all fits."""
    return next(_problems(schema, definitions, value, path), None)


def _problems(schema: Schema, definitions: Definitions, value: Any, path: str) -> Iterator[str]:
    where = path or "the content"
    if "$ref" in schema:
        yield from _problems(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions, value, path)
    elif "anyOf" in schema:
        found = [find_problem(one, definitions, value, path) for one in schema["anyOf"]]
        if None not in found:
            yield next(problem for problem in found if problem)
    elif "enum" in schema:
        if not isinstance(value, str) or value not in schema["enum"]:
            yield f"{where} has an unknown value"
    elif "type" not in schema:
        if any(not _is_plain(one) for one in _all_values(value)):
            yield f"{where} has a number that no plan holds"
    elif schema["type"] == "integer":
        if not isinstance(value, int) or isinstance(value, bool) or not _is_plain(value):
            yield f"{where} is not a whole number within the limits"
    elif not isinstance(value, _TYPES[schema["type"]]):
        yield f"{where} is not {schema['type']}"
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _problems(schema.get("items", {}), definitions, item, f"{path}[{number}]")
    elif isinstance(value, dict):
        yield from _object_problems(schema, definitions, value, path)


def _object_problems(schema: Schema, definitions: Definitions, value: Mapping[str, Any], path: str) -> Iterator[str]:
    known, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{path}.{name} is missing".lstrip(".")
    for name, inner in value.items():
        below = f"{path}.{name}".lstrip(".")
        if name in known:
            yield from _problems(known[name], definitions, inner, below)
        elif more is False:
            yield f"{below} is not a member of it"
        elif isinstance(more, Mapping):
            yield from _problems(more, definitions, inner, below)


def _is_plain(value: object) -> bool:
    """Check a number: no fraction, no NaN, and no larger than a moment in milliseconds."""
    return not isinstance(value, float) and (not isinstance(value, int) or abs(value) <= MAX_TIMESTAMP * 1000)


def _all_values(value: object) -> Iterator[object]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += _inner_values(one)


def _inner_values(value: object) -> list[object]:
    return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
