"""
How Trino reads a list of files: external tables of the Hive connector over the folder of all files. Pure; only parsed.

A Hive table is a folder. So the rows of exactly these files are chosen by `"$path"`, which Trino checks before it opens
a file. Hive has no timestamp with a zone: such a column is a timestamp, of UTC.
"""

from __future__ import annotations

from sqlglot import exp

from exportctl.restore.columns import ColumnType, MapOf, Scalar
from exportctl.restore.reading.statements import (
    PATH,
    READ,
    FileName,
    Reading,
    files_table,
    text_literal,
    text_literals,
)
from exportctl.restore.source import RestoreFile
from exportctl.restore.sql import FILES, ReadTable
from exportctl.restore.sql_types import column_definitions
from exportctl.restore.table import RestoreTable

DIALECT = "trino"
SCHEMA = "hive.your_schema"
_FOLDER = "exportctl_folder"
LONGEST_QUERY = 1_000_000  # characters, the default of query.max-length


def read_files(table: RestoreTable, files: tuple[RestoreFile, ...], name: FileName, *, by_run: bool) -> Reading:
    """Return external tables, and views of the rows of exactly these files."""
    statements = [f"USE {SCHEMA}"]
    if by_run:
        made = files_table(files, name, DIALECT)
        statements.append(
            f"CREATE OR REPLACE VIEW {FILES} AS SELECT * FROM (VALUES {', '.join(made.rows)}) AS {made.head}"
        )
    tables = []
    for number, group in enumerate(table.groups, start=1):
        names = [name(file) for file in group.files]
        folder, view = f"{_FOLDER}_{number}", f"{READ}_{number}"
        definitions = ", ".join(one.sql(DIALECT) for one in column_definitions(group.columns))
        where = text_literal(common_folder(names), DIALECT)
        statements.append(
            f"CREATE TABLE {folder} ({definitions}) WITH (external_location = {where}, "
            f"format = '{group.format.type.upper()}')"
        )
        statements.append(
            f'CREATE OR REPLACE VIEW {view} AS SELECT *, "$path" AS {PATH} FROM {folder} '
            f'WHERE "$path" IN ({text_literals(names, DIALECT)})'
        )
        tables.append(ReadTable(view, group.columns, exp.column(PATH)))
    notes = [
        f"put your catalog and schema in the place of {SCHEMA}, and drop the tables and views afterwards",
        "the Hive connector must read folders in folders: hive.recursive-directories=true",
    ]
    if any(len(statement) > LONGEST_QUERY for statement in statements):
        notes.append(f"a statement has more than {LONGEST_QUERY} characters: raise query.max-length")
    return Reading(tuple(statements), tuple(tables), tuple(notes))


def engine_type(type: Scalar | MapOf) -> ColumnType:
    """Return what Hive has in the place of a plain type."""
    return Scalar.TIMESTAMP if type is Scalar.TIMESTAMP_UTC else type


def common_folder(names: list[str]) -> str:
    """Return the deepest folder that holds all of these."""
    first, last = min(names), max(names)
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[: first.rfind("/", 0, same) + 1]
