"""
How BigQuery reads a list of files: external tables with a given schema. Pure; only parsed.

An external table takes at most 10,000 addresses. A type that got wider is another table. Maps are lists of keys and
values, as BigQuery reads them from Parquet.
"""

from __future__ import annotations

from sqlglot import exp

from exportctl.restore.columns import Column, ColumnType, ListOf, MapOf, Scalar, Struct
from exportctl.restore.reading.statements import (
    READ,
    FileName,
    Reading,
    create_files_table,
    files_table,
    text_literals,
)
from exportctl.restore.source import RestoreFile
from exportctl.restore.sql import ReadTable
from exportctl.restore.sql_types import column_definitions
from exportctl.restore.table import RestoreTable

DIALECT = "bigquery"
DATASET = "your_dataset"
_ADDRESSES_AT_ONCE = 10_000
_FORMATS = {"parquet": "PARQUET", "json": "NEWLINE_DELIMITED_JSON"}


def read_files(table: RestoreTable, files: tuple[RestoreFile, ...], name: FileName, *, by_run: bool) -> Reading:
    """Return external tables of the files; with `by_run` also the table of files."""
    made = files_table(files, name, DIALECT) if by_run else None
    statements = list(create_files_table(made, "CREATE TEMP TABLE")) if made else []
    tables: list[ReadTable] = []
    for group in table.groups:
        for first in range(0, len(group.files), _ADDRESSES_AT_ONCE):
            some = group.files[first : first + _ADDRESSES_AT_ONCE]
            external = f"{DATASET}.{READ}_{len(tables) + 1}"
            definitions = ", ".join(one.sql(DIALECT) for one in column_definitions(group.columns))
            packed = (
                ", compression = 'GZIP'" if group.format.type == "json" and group.format.compression == "gzip" else ""
            )
            statements.append(
                f"CREATE OR REPLACE EXTERNAL TABLE {external} ({definitions}) OPTIONS (format = "
                f"'{_FORMATS[group.format.type]}'{packed}, uris = [{text_literals(map(name, some), DIALECT)}])"
            )
            tables.append(ReadTable(external, group.columns, exp.column("_FILE_NAME")))
    notes = [f"put the name of your dataset in the place of {DATASET}; drop its tables {READ}_… afterwards"]
    if not name(files[0]).startswith("gs://"):
        notes.append(
            "outside Google Cloud Storage this needs BigQuery Omni: add WITH CONNECTION to each external table"
        )
    if any(_has_maps(one.type) for one in table.columns):
        notes.append("maps are lists of keys and values; an empty object of JSON is one too, which BigQuery may refuse")
    return Reading(tuple(statements), tuple(tables), tuple(notes))


def engine_type(type: Scalar | MapOf) -> ColumnType:
    """Return what BigQuery has in the place of a type: a map is a list of keys and values."""
    if type is Scalar.EMPTY_OBJECT:
        return engine_type(MapOf(Scalar.TEXT, Scalar.TEXT))
    if isinstance(type, MapOf):
        pair = Struct((Column("key", type.key), Column("value", type.value)))
        return Struct((Column("key_value", ListOf(pair)),))
    return type


def _has_maps(type: ColumnType) -> bool:
    if isinstance(type, Struct):
        return any(one.name == "key_value" or _has_maps(one.type) for one in type.columns)
    return isinstance(type, ListOf) and _has_maps(type.element)
