"""
How Snowflake reads a list of files: a stage, and COPY INTO a table of one VARIANT per row. Pure; only parsed.

COPY takes at most 1,000 files by name. A VARIANT holds any row, so widened types need no groups. Objects, lists and
maps stay VARIANT in the result.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from exportctl.restore.columns import Column, Columns, Decimal, Scalar
from exportctl.restore.reading.statements import (
    PATH,
    READ,
    FileName,
    Reading,
    create_files_table,
    files_table,
    text_literal,
    text_literals,
)
from exportctl.restore.source import FileFormat, RestoreFile
from exportctl.restore.sql import ReadTable
from exportctl.restore.sql_types import quoted_name, sql_type
from exportctl.restore.table import RestoreTable

DIALECT = "snowflake"
STAGE, INTEGRATION = "exportctl_stage", "your_storage_integration"
_LINE, _RECORD, _LOADED = "exportctl_line", "record", "exportctl_loaded"
_FILES_AT_ONCE = 1000


def read_files(table: RestoreTable, files: tuple[RestoreFile, ...], name: FileName, *, by_run: bool) -> Reading:
    """Return a stage, tables of the rows, and views with the columns."""
    root = _stage_root(files[0], name)
    made = files_table(files, lambda file: file.path, DIALECT) if by_run else None
    statements = list(create_files_table(made, "CREATE OR REPLACE TEMPORARY TABLE")) if made else []
    url = text_literal(f"{root}/", DIALECT)
    statements.append(f"CREATE OR REPLACE TEMPORARY STAGE {STAGE} URL = {url} STORAGE_INTEGRATION = {INTEGRATION}")
    tables = []
    for number, format in enumerate(dict.fromkeys(file.format for file in files), start=1):
        own = [file for file in files if file.format == format]
        loaded, view = f"{_LOADED}_{number}", f"{READ}_{number}"
        statements += _load(loaded, own, format)
        statements.append(_view(view, loaded, table.columns))
        tables.append(ReadTable(view, table.columns, exp.column(PATH), exp.column(_LINE)))
    notes = (
        f"put the name of your storage integration in the place of {INTEGRATION}; objects and lists stay VARIANT",
        "METADATA$FILENAME is taken to be the path from the bucket on (assumed: the documentation says the full path)",
    )
    return Reading(tuple(statements), tuple(tables), notes)


def _stage_root(file: RestoreFile, name: FileName) -> str:
    """Return the address of the storage: that of a file without its path."""
    return name(file).removesuffix(file.path).rstrip("/")


def _load(table: str, files: list[RestoreFile], format: FileFormat) -> Iterator[str]:
    yield f"CREATE OR REPLACE TEMPORARY TABLE {table} ({_RECORD} VARIANT, {PATH} VARCHAR, {_LINE} INT)"
    kind = "TYPE = PARQUET" if format.type == "parquet" else f"TYPE = JSON COMPRESSION = {format.compression.upper()}"
    for first in range(0, len(files), _FILES_AT_ONCE):
        names = text_literals((file.path for file in files[first : first + _FILES_AT_ONCE]), DIALECT)
        yield (
            f"COPY INTO {table} ({_RECORD}, {PATH}, {_LINE}) FROM (SELECT $1, METADATA$FILENAME, "
            f"METADATA$FILE_ROW_NUMBER FROM @{STAGE}) FILES = ({names}) FILE_FORMAT = ({kind}) "
            "ON_ERROR = ABORT_STATEMENT"
        )


def _view(view: str, loaded: str, columns: Columns) -> str:
    chosen = exp.select(*(_column(one) for one in columns)).select(PATH, _LINE).from_(loaded)
    return f"CREATE OR REPLACE TEMPORARY VIEW {view} AS {chosen.sql(DIALECT)}"


def key_column(key: str) -> exp.Expr:
    """Return a column by its path with dots between levels: below the first one, members of a VARIANT."""
    first, *others = key.split(".")
    found: exp.Expr = exp.column(quoted_name(first))
    for name in others:
        found = exp.Bracket(this=found, expressions=[exp.Literal.string(name)])
    return exp.cast(found, exp.DataType.build("TEXT")) if others else found


def _column(one: Column) -> exp.Expr:
    """Return a member of the record; a plain one with its type."""
    found = exp.Bracket(this=exp.column(_RECORD), expressions=[exp.Literal.string(one.name)])
    is_plain = isinstance(one.type, Decimal | Scalar) and one.type is not Scalar.EMPTY_OBJECT
    value = exp.cast(found, sql_type(one.type)) if is_plain else found
    return exp.alias_(value, quoted_name(one.name))
