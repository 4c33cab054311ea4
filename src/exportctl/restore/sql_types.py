"""Column types as SQL: read from DuckDB's spelling, and built as expressions that every dialect spells. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.errors import SqlglotError

from exportctl.errors import Error
from exportctl.restore.columns import Column, Columns, ColumnType, Decimal, ListOf, MapOf, Scalar, Struct

_DType = exp.DType
_READ: Mapping[exp.DType, ColumnType] = {
    _DType.NULL: Scalar.NULL,
    _DType.BOOLEAN: Scalar.BOOLEAN,
    _DType.TINYINT: Scalar.BYTE,
    _DType.SMALLINT: Scalar.SHORT,
    _DType.INT: Scalar.INTEGER,
    _DType.BIGINT: Scalar.LONG,
    _DType.INT128: Scalar.HUGE,
    _DType.UTINYINT: Scalar.SHORT,
    _DType.USMALLINT: Scalar.INTEGER,
    _DType.UINT: Scalar.LONG,
    _DType.UBIGINT: Scalar.HUGE,
    _DType.UINT128: Scalar.HUGE,
    _DType.FLOAT: Scalar.FLOAT,
    _DType.DOUBLE: Scalar.DOUBLE,
    _DType.TEXT: Scalar.TEXT,
    _DType.VARCHAR: Scalar.TEXT,
    _DType.UUID: Scalar.TEXT,
    _DType.VARBINARY: Scalar.BINARY,
    _DType.DATE: Scalar.DATE,
    _DType.TIMESTAMP: Scalar.TIMESTAMP,
    _DType.TIMESTAMPNTZ: Scalar.TIMESTAMP,
    _DType.TIMESTAMP_S: Scalar.TIMESTAMP,
    _DType.TIMESTAMP_MS: Scalar.TIMESTAMP,
    _DType.TIMESTAMP_NS: Scalar.TIMESTAMP,
    _DType.TIMESTAMPTZ: Scalar.TIMESTAMP_UTC,
}
_WRITTEN: Mapping[ColumnType, str] = {
    Scalar.NULL: "TEXT",  # nothing but nulls: any type holds them
    Scalar.BOOLEAN: "BOOLEAN",
    Scalar.BYTE: "TINYINT",
    Scalar.SHORT: "SMALLINT",
    Scalar.INTEGER: "INT",
    Scalar.LONG: "BIGINT",
    Scalar.HUGE: "DECIMAL(38, 0)",
    Scalar.FLOAT: "FLOAT",
    Scalar.DOUBLE: "DOUBLE",
    Scalar.TEXT: "TEXT",
    Scalar.BINARY: "VARBINARY",
    Scalar.DATE: "DATE",
    Scalar.TIMESTAMP: "TIMESTAMPNTZ",
    Scalar.TIMESTAMP_UTC: "TIMESTAMPTZ",
    Scalar.EMPTY_OBJECT: "MAP(TEXT, TEXT)",
}


def parse_column(name: str, text: str) -> Column:
    """
    Return a column by its name and its type as DuckDB spells it.

    Raises:
        Error: the type has no counterpart.
    """
    try:
        return Column(name, _column_type(exp.DataType.build(text, dialect="duckdb")))
    except (SqlglotError, KeyError) as error:
        message = f"column {name} has the type {text}, which a restore does not know"
        raise Error(
            message, rule="restore-type", hint="export this dataset as JSON, or read its files by hand"
        ) from error


def _column_type(found: exp.DataType) -> ColumnType:
    if found.this is _DType.STRUCT:
        return Struct(tuple(Column(one.name, _column_type(one.args["kind"])) for one in found.expressions))
    if found.this in (_DType.LIST, _DType.ARRAY):
        return ListOf(_column_type(found.expressions[0]))
    if found.this is _DType.MAP:
        key, value = found.expressions
        return MapOf(_column_type(key), _column_type(value))
    if found.this is _DType.DECIMAL:
        precision, scale = (int(one.name) for one in found.expressions)
        return Decimal(precision, scale)
    return _READ[found.this]


def sql_type(type: ColumnType) -> exp.DataType:
    """Return a type as an expression. MIXED has none: no column can have it."""
    if isinstance(type, Struct):
        members = [exp.ColumnDef(this=quoted_name(one.name), kind=sql_type(one.type)) for one in type.columns]
        return exp.DataType(this=_DType.STRUCT, nested=True, expressions=members)
    if isinstance(type, ListOf):
        return exp.DataType(this=_DType.ARRAY, nested=True, expressions=[sql_type(type.element)])
    if isinstance(type, MapOf):
        return exp.DataType(this=_DType.MAP, nested=True, expressions=[sql_type(type.key), sql_type(type.value)])
    if isinstance(type, Decimal):
        return exp.DataType.build(f"DECIMAL({type.precision}, {type.scale})")
    return exp.DataType.build(_WRITTEN[type])


def quoted_name(name: str) -> exp.Identifier:
    """Return a name in the quotes of the dialect, whatever it holds."""
    return exp.to_identifier(name, quoted=True)


def column_definitions(columns: Columns) -> list[exp.ColumnDef]:
    return [exp.ColumnDef(this=quoted_name(one.name), kind=sql_type(one.type)) for one in columns]
