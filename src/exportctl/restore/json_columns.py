"""The columns of JSON lines, by what DuckDB's `json_group_structure` says of them. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from exportctl.restore.columns import Column, Columns, ColumnType, ListOf, Scalar, Struct

_TYPES: Mapping[str, Scalar] = {
    "NULL": Scalar.NULL,
    "BOOLEAN": Scalar.BOOLEAN,
    "BIGINT": Scalar.LONG,
    "UBIGINT": Scalar.LONG,  # what it calls every whole number that is not negative
    "HUGEINT": Scalar.HUGE,
    "DOUBLE": Scalar.DOUBLE,
    "VARCHAR": Scalar.TEXT,
    "JSON": Scalar.MIXED,  # values of several types, or nothing but empty objects
}


def parse_structure(text: str | None) -> Columns | None:
    """Return the columns of a file; none for a file without lines, None if a line is no object."""
    if text is None:
        return ()
    found = json.loads(text)
    return _columns(found) if isinstance(found, dict) else None


def _columns(found: Mapping[str, object]) -> Columns:
    return tuple(Column(name, _type(value)) for name, value in found.items())


def _type(value: object) -> ColumnType:
    if isinstance(value, dict):
        return Struct(_columns(value))
    if isinstance(value, list):
        return ListOf(_type(value[0]) if value else Scalar.NULL)
    return _TYPES.get(str(value), Scalar.TEXT)


def mixed_paths(columns: Columns) -> tuple[str, ...]:
    """Return the JSON path of each value that is MIXED so far: an empty object, or really mixed."""
    return tuple(path for column in columns for path in _list_mixed_paths(column.type, f"$.{json.dumps(column.name)}"))


def _list_mixed_paths(type: ColumnType, path: str) -> tuple[str, ...]:
    if isinstance(type, Struct):
        return tuple(p for one in type.columns for p in _list_mixed_paths(one.type, f"{path}.{json.dumps(one.name)}"))
    if isinstance(type, ListOf):
        return _list_mixed_paths(type.element, f"{path}[*]")
    return (path,) if type is Scalar.MIXED else ()


def mark_empty_objects(columns: Columns, empty: frozenset[str]) -> Columns:
    """Return the columns with EMPTY_OBJECT at these JSON paths."""
    return tuple(Column(one.name, _mark_type(one.type, f"$.{json.dumps(one.name)}", empty)) for one in columns)


def _mark_type(type: ColumnType, path: str, empty: frozenset[str]) -> ColumnType:
    if isinstance(type, Struct):
        members = (
            Column(one.name, _mark_type(one.type, f"{path}.{json.dumps(one.name)}", empty)) for one in type.columns
        )
        return Struct(tuple(members))
    if isinstance(type, ListOf):
        return ListOf(_mark_type(type.element, f"{path}[*]", empty))
    return Scalar.EMPTY_OBJECT if path in empty else type
