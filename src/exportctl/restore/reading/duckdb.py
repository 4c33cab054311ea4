"""
How DuckDB reads a list of files. Pure.

Parquet: `union_by_name` merges columns, members and widths itself, so all files are one group. JSON: with the columns
given, since a guess would turn texts that look like dates or UUIDs into other values. Folders such as `exportTime=…`
are names only. A pattern character in a name stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from exportctl.restore.reading.statements import (
    PATH,
    READ,
    FileName,
    Reading,
    create_files_table,
    files_table,
    present_columns,
    text_literal,
    text_literals,
)
from exportctl.restore.source import FileFormat, RestoreFile
from exportctl.restore.sql import ReadTable
from exportctl.restore.sql_types import sql_type
from exportctl.restore.table import FileGroup, RestoreTable

DIALECT = "duckdb"
LINE = 16 * 1024 * 1024  # bytes of a JSON line, as `verify --deep` takes them
_PATTERN = re.compile(r"([*?\[])")


def read_files(table: RestoreTable, files: tuple[RestoreFile, ...], name: FileName, *, by_run: bool) -> Reading:
    """Return views of the files; with `by_run` also the table of files."""
    made = files_table(files, name, DIALECT) if by_run else None
    statements = list(create_files_table(made, "CREATE OR REPLACE TEMP TABLE")) if made else []
    tables = []
    for number, group in enumerate(_groups(table), start=1):
        view = f"{READ}_{number}"
        statements.append(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM {_read_call(group, name)}")
        row = exp.column("file_row_number") if group.format.type == "parquet" else None
        tables.append(ReadTable(view, group.columns, exp.column(PATH), row))
    return Reading(tuple(statements), tuple(tables))


def _groups(table: RestoreTable) -> Iterator[FileGroup]:
    """Yield all Parquet files as one group with the table's types, then the JSON files by compression."""
    parquet = [group for group in table.groups if group.format.type == "parquet"]
    if parquet:
        present = frozenset(name for group in parquet for name in group.present)
        files = tuple(file for group in parquet for file in group.files)
        yield present_columns(FileGroup(FileFormat("parquet", ""), table.columns, files, present))
    yield from (group for group in table.groups if group.format.type != "parquet")


def _read_call(group: FileGroup, name: FileName) -> str:
    paths = text_literals((escape_pattern(name(file)) for file in group.files), DIALECT)
    common = f"filename = '{PATH}', hive_partitioning = FALSE"
    if group.format.type == "parquet":
        return f"READ_PARQUET([{paths}], union_by_name = TRUE, file_row_number = TRUE, {common})"
    types = ", ".join(
        f"{text_literal(one.name, DIALECT)}: {text_literal(sql_type(one.type).sql(DIALECT), DIALECT)}"
        for one in group.columns
    )
    packed = text_literal(group.format.compression, DIALECT)
    return (
        f"READ_JSON([{paths}], columns = {{{types}}}, format = 'newline_delimited', compression = {packed}, "
        f"maximum_object_size = {LINE}, {common})"
    )


def escape_pattern(path: str) -> str:
    """Return a path in which DuckDB finds no pattern."""
    return _PATTERN.sub(r"[\1]", path)
