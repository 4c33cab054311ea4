"""
The columns of files, and of the one table that they make: names by union, types by the widest. Pure.

    both sides                               the table's type
    one is absent, or only nulls             the other
    whole numbers                            the one with more bits
    a whole number and a fraction            double
    decimals                                 with all digits of both, up to 38
    a date and a timestamp                   timestamp
    timestamps with and without a zone       with a zone (of UTC)
    an empty object and an object or map     the object or map
    two objects                              the union of their members, member by member
    two lists, two maps                      of the merged elements
    anything else                            a conflict: no table has both
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from exportctl.frozen import dataclass


class Scalar(StrEnum):
    """A plain type. EMPTY_OBJECT and MIXED come from JSON: `{}` alone, and values of several types."""

    NULL = "null"
    BOOLEAN = "boolean"
    BYTE = "byte"
    SHORT = "short"
    INTEGER = "integer"
    LONG = "long"
    HUGE = "huge"
    FLOAT = "float"
    DOUBLE = "double"
    TEXT = "text"
    BINARY = "binary"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIMESTAMP_UTC = "timestamp with time zone"
    EMPTY_OBJECT = "empty object"
    MIXED = "mixed"


@dataclass(frozen=True)
class Decimal:
    precision: int
    scale: int

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})"


@dataclass(frozen=True)
class ListOf:
    element: ColumnType

    def __str__(self) -> str:
        return "list"


@dataclass(frozen=True)
class MapOf:
    key: ColumnType
    value: ColumnType

    def __str__(self) -> str:
        return "map"


@dataclass(frozen=True)
class Struct:
    columns: tuple[Column, ...]

    def __str__(self) -> str:
        return "object"


ColumnType = Scalar | Decimal | ListOf | MapOf | Struct


@dataclass(frozen=True)
class Column:
    name: str
    type: ColumnType


Columns = tuple[Column, ...]

_WHOLE = (Scalar.BYTE, Scalar.SHORT, Scalar.INTEGER, Scalar.LONG, Scalar.HUGE)  # by bits
_FRACTIONS = (Scalar.FLOAT, Scalar.DOUBLE)
_MOMENTS = (Scalar.DATE, Scalar.TIMESTAMP, Scalar.TIMESTAMP_UTC)
_DIGITS = {Scalar.BYTE: 3, Scalar.SHORT: 5, Scalar.INTEGER: 10, Scalar.LONG: 19, Scalar.HUGE: 38}
MOST_DIGITS = 38


class TypeConflict(Exception):
    """Two types that no column can have both. `column` has dots between levels, `[]` for the elements of a list."""

    def __init__(self, column: str, before: ColumnType, after: ColumnType):
        super().__init__(f"{column} is {after}, and {before} in earlier files")
        self.column = column
        self.before = before
        self.after = after


def merge_columns(before: Columns, after: Columns, inside: str = "") -> Columns:
    """
    Return the columns of both, those of `before` first.

    Raises:
        TypeConflict: a column has two types that do not fit.
    """
    if before == after:
        return before
    later = {column.name: column.type for column in after}
    merged = [
        Column(one.name, merge_types(one.type, later.pop(one.name), f"{inside}{one.name}"))
        if one.name in later
        else one
        for one in before
    ]
    return (*merged, *(Column(name, type) for name, type in later.items()))


def merge_types(before: ColumnType, after: ColumnType, column: str) -> ColumnType:
    """Return the widest of two types, or raise TypeConflict."""
    if before == after or after is Scalar.NULL:
        return before
    if before is Scalar.NULL:
        return after
    if isinstance(before, Struct) and isinstance(after, Struct):
        return Struct(merge_columns(before.columns, after.columns, f"{column}."))
    if isinstance(before, ListOf) and isinstance(after, ListOf):
        return ListOf(merge_types(before.element, after.element, f"{column}[]"))
    if isinstance(before, MapOf) and isinstance(after, MapOf):
        key = merge_types(before.key, after.key, f"{column}{{key}}")
        return MapOf(key, merge_types(before.value, after.value, f"{column}{{}}"))
    merged = _merge_empty_objects(before, after) or _merge_plain_types(before, after)
    if merged is None:
        raise TypeConflict(column, before, after)
    return merged


def _merge_empty_objects(before: ColumnType, after: ColumnType) -> ColumnType | None:
    for one, other in ((before, after), (after, before)):
        if one is Scalar.EMPTY_OBJECT and isinstance(other, Struct | MapOf):
            return other
    return None


def _merge_plain_types(before: ColumnType, after: ColumnType) -> ColumnType | None:
    both = (before, after)
    if all(one in _WHOLE for one in both):
        return max(both, key=lambda one: _WHOLE.index(one))
    if all(one in _MOMENTS for one in both):
        return max(both, key=lambda one: _MOMENTS.index(one))
    is_number = [one in _WHOLE or one in _FRACTIONS or isinstance(one, Decimal) for one in both]
    if not all(is_number):
        return None
    if any(one in _FRACTIONS for one in both):
        return Scalar.DOUBLE
    return _merge_decimals([_as_decimal(one) for one in both])


def _as_decimal(one: ColumnType) -> Decimal:
    return one if isinstance(one, Decimal) else Decimal(_DIGITS[Scalar(str(one))], 0)


def _merge_decimals(both: Iterable[Decimal]) -> ColumnType | None:
    known = list(both)
    scale = max(one.scale for one in known)
    whole = max(one.precision - one.scale for one in known)
    return Decimal(whole + scale, scale) if whole + scale <= MOST_DIGITS else Scalar.DOUBLE


def column_names(columns: Columns) -> Iterator[str]:
    """Yield the name of each column and of each member, at every level."""
    for column in columns:
        yield column.name
        yield from _member_names(column.type)


def _member_names(type: ColumnType) -> Iterator[str]:
    if isinstance(type, Struct):
        yield from column_names(type.columns)
    elif isinstance(type, ListOf):
        yield from _member_names(type.element)
    elif isinstance(type, MapOf):
        yield from _member_names(type.value)


def find_equal_names(columns: Columns, inside: str = "") -> tuple[str, str] | None:
    """Return the paths of two columns whose names differ only in case, at any level: engines take them for one."""
    known: dict[str, str] = {}
    for column in columns:
        path = f"{inside}{column.name}"
        other = known.setdefault(column.name.lower(), path)
        if other != path:
            return other, path
        if found := _find_equal_members(column.type, path):
            return found
    return None


def _find_equal_members(type: ColumnType, path: str) -> tuple[str, str] | None:
    if isinstance(type, Struct):
        return find_equal_names(type.columns, f"{path}.")
    if isinstance(type, ListOf):
        return _find_equal_members(type.element, f"{path}[]")
    return _find_equal_members(type.value, f"{path}{{}}") if isinstance(type, MapOf) else None


def find_column(columns: Columns, path: str) -> ColumnType | None:
    """Return the type of a column by its path with dots between levels; None if there is none."""
    names = path.split(".")
    for number, name in enumerate(names):
        found = next((column.type for column in columns if column.name == name), None)
        if found is None or number == len(names) - 1:
            return found
        columns = found.columns if isinstance(found, Struct) else ()
    return None


def leaf_types(columns: Columns, inside: str = "") -> dict[str, ColumnType]:
    """Return the plain type of each level that has one, by its path."""
    found: dict[str, ColumnType] = {}
    for column in columns:
        found |= _leaves(column.type, f"{inside}{column.name}")
    return found


def _leaves(type: ColumnType, path: str) -> dict[str, ColumnType]:
    if isinstance(type, Struct):
        return leaf_types(type.columns, f"{path}.")
    if isinstance(type, ListOf):
        return _leaves(type.element, f"{path}[]")
    if isinstance(type, MapOf):
        return _leaves(type.key, f"{path}{{key}}") | _leaves(type.value, f"{path}{{}}")
    return {path: type}
