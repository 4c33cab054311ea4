"""
The columns of the restored table, and the groups of files that an engine reads with one schema each. Pure.

Most engines read a Parquet column only as the type that it has in the file. So files with another type of a column are
another group, which is read as it is and cast to the table's type. A column or member that the files of a group lack
is read as null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from exportctl.errors import Error
from exportctl.frozen import dataclass
from exportctl.restore.columns import (
    Column,
    Columns,
    ColumnType,
    ListOf,
    MapOf,
    Scalar,
    Struct,
    TypeConflict,
    find_equal_names,
    leaf_types,
    merge_columns,
)
from exportctl.restore.source import FileFormat, RestoreFile


@dataclass(frozen=True)
class FileColumns:
    """A file, and the columns that it has."""

    file: RestoreFile
    columns: Columns


@dataclass(frozen=True)
class FileGroup:
    """
    Files that are read with one schema: that of the table, with the types that the columns have in these files.

    `present` are the columns that at least one of the files has.
    """

    format: FileFormat
    columns: Columns
    files: tuple[RestoreFile, ...]
    present: frozenset[str]


@dataclass(frozen=True)
class AddedColumn:
    """A column that the first file lacks, and the first file that has it."""

    column: str
    file: RestoreFile


@dataclass(frozen=True)
class RestoreTable:
    """The columns of the table, what was added after its first file, and the files to read."""

    columns: Columns
    groups: tuple[FileGroup, ...]
    added: tuple[AddedColumn, ...] = ()
    schemas: int = 1  # how many different schemas the files have


class ConflictError(Error):
    """A column has types that no table has both; `file` is the first one with the other type."""

    def __init__(self, dataset: str, conflict: TypeConflict, file: RestoreFile):
        message = f"{dataset}: {conflict} ({file.path} is the first that differs)"
        hint = "no table holds both: restore a moment before this run, or start a new chain from a new full export"
        super().__init__(message, rule="restore-conflict", hint=hint)
        self.file = file
        self.column = conflict.column


def build_table(dataset: str, files: Sequence[FileColumns]) -> RestoreTable:
    """
    Return the table of files in the order of their runs.

    Raises:
        ConflictError: a column has two types that do not fit, or two names differ only in case.
    """
    merged: Columns = ()
    added: list[AddedColumn] = []
    known: dict[Columns, None] = {}
    last: Columns | None = None
    for one in files:
        is_same, last = one.columns is last, one.columns
        if is_same or one.columns in known:  # in this order: hashing deep columns takes its time
            continue
        _check_mixed(dataset, one)
        try:
            after = merge_columns(merged, one.columns)
        except TypeConflict as conflict:
            raise ConflictError(dataset, conflict, one.file) from conflict
        _check_names(dataset, after, one.file)
        if known:
            names = set(leaf_types(after)) - set(leaf_types(merged))
            added += [AddedColumn(name, one.file) for name in sorted(names)]
        merged = after
        known[one.columns] = None
    return RestoreTable(merged, tuple(_groups(merged, files)), tuple(added), len(known))


def _check_mixed(dataset: str, one: FileColumns) -> None:
    for path, type in leaf_types(one.columns).items():
        if type is Scalar.MIXED:
            raise ConflictError(dataset, _MixedFile(path), one.file)


def _check_names(dataset: str, columns: Columns, file: RestoreFile) -> None:
    names = find_equal_names(columns)
    if names is not None:
        raise ConflictError(dataset, _EqualNames(*names), file)


class _EqualNames(TypeConflict):
    def __init__(self, column: str, other: str):
        super().__init__(other, Scalar.MIXED, Scalar.MIXED)
        self.names = (column, other)

    def __str__(self) -> str:
        return (
            f"the names {self.names[0]} and {self.names[1]} differ only in case, and engines take them for one column"
        )


class _MixedFile(TypeConflict):
    def __init__(self, column: str):
        super().__init__(column, Scalar.MIXED, Scalar.MIXED)

    def __str__(self) -> str:
        return f"{self.column} has values of several types in one file"


def map_types(table: RestoreTable, change: Callable[[Scalar | MapOf], ColumnType]) -> RestoreTable:
    """Return the table with other types in the place of plain types and of maps, at every level."""
    groups = (replace(one, columns=_map_columns(one.columns, change)) for one in table.groups)
    return replace(table, columns=_map_columns(table.columns, change), groups=tuple(groups))


def _map_columns(columns: Columns, change: Callable[[Scalar | MapOf], ColumnType]) -> Columns:
    return tuple(Column(one.name, _map_type(one.type, change)) for one in columns)


def _map_type(type: ColumnType, change: Callable[[Scalar | MapOf], ColumnType]) -> ColumnType:
    if isinstance(type, Struct):
        return Struct(_map_columns(type.columns, change))
    if isinstance(type, ListOf):
        return ListOf(_map_type(type.element, change))
    if isinstance(type, MapOf):
        return change(MapOf(_map_type(type.key, change), _map_type(type.value, change)))
    return change(type) if isinstance(type, Scalar) else type


@dataclass
class _OpenGroup:
    format: FileFormat
    types: dict[str, ColumnType]
    present: set[str]
    files: list[RestoreFile]

    def has_room_for(self, format: FileFormat, types: dict[str, ColumnType]) -> bool:
        return format == self.format and all(self.types.get(path, type) == type for path, type in types.items())


def _groups(table: Columns, files: Sequence[FileColumns]) -> Iterator[FileGroup]:
    """Yield groups, each as large as it can be: JSON is read with the table's types, whatever a file has."""
    found: list[_OpenGroup] = []
    leaves: dict[Columns, dict[str, ColumnType]] = {}
    group_of: dict[tuple[FileFormat, int], _OpenGroup] = {}  # by identity: hashing deep columns takes its time
    for one in files:
        group = group_of.get((one.file.format, id(one.columns)))
        if group is None:
            own = leaves.setdefault(one.columns, leaf_types(one.columns)) if one.file.format.type != "json" else {}
            group = next((known for known in found if known.has_room_for(one.file.format, own)), None)
            if group is None:
                group = _OpenGroup(one.file.format, {}, set(), [])
                found.append(group)
            group.types |= own
            group.present |= {column.name for column in one.columns}
            group_of[one.file.format, id(one.columns)] = group
        group.files.append(one.file)
    for known in found:
        columns = _with_types(table, known.types)
        yield FileGroup(known.format, columns, tuple(known.files), frozenset(known.present))


def _with_types(columns: Columns, types: dict[str, ColumnType], inside: str = "") -> Columns:
    return tuple(Column(one.name, _with_type(one.type, types, f"{inside}{one.name}")) for one in columns)


def _with_type(type: ColumnType, types: dict[str, ColumnType], path: str) -> ColumnType:
    if isinstance(type, Struct):
        return Struct(_with_types(type.columns, types, f"{path}."))
    if isinstance(type, ListOf):
        return ListOf(_with_type(type.element, types, f"{path}[]"))
    if isinstance(type, MapOf):
        return MapOf(_with_type(type.key, types, f"{path}{{key}}"), _with_type(type.value, types, f"{path}{{}}"))
    own = types.get(path, type)
    return type if own is Scalar.NULL else own
