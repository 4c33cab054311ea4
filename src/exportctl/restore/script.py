"""
The SQL of a restore as one script: comments that say what it is, the engine's statements, and the query. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sqlglot import ErrorLevel, exp

from exportctl.frozen import dataclass
from exportctl.model.schedule import format_count, format_moment
from exportctl.monitor.backup.report import ChainState
from exportctl.restore.columns import ColumnType, Decimal, MapOf, Scalar, find_column, leaf_types
from exportctl.restore.engine import WAS_EXECUTED, Engine
from exportctl.restore.reading import bigquery, duckdb, snowflake, spark, trino
from exportctl.restore.reading.statements import FileName, Reading
from exportctl.restore.source import RestoreSource
from exportctl.restore.sql import ReadTable, key_column, table_query
from exportctl.restore.table import RestoreTable, map_types

ReadFiles = Callable[..., Reading]
_READINGS: Mapping[Engine, ReadFiles] = {
    Engine.DUCKDB: duckdb.read_files,
    Engine.SPARK: spark.read_files,
    Engine.DATABRICKS: spark.read_databricks,
    Engine.SNOWFLAKE: snowflake.read_files,
    Engine.BIGQUERY: bigquery.read_files,
    Engine.TRINO: trino.read_files,
}
_TYPES: Mapping[Engine, Callable[[Scalar | MapOf], ColumnType]] = {
    Engine.BIGQUERY: bigquery.engine_type,
    Engine.TRINO: trino.engine_type,
}
_UTC: Mapping[Engine, str] = {  # a moment without a zone is of UTC; engines take that of the session
    Engine.DUCKDB: "SET TimeZone = 'UTC'",
    Engine.SPARK: "SET TIME ZONE 'UTC'",
    Engine.DATABRICKS: "SET TIME ZONE 'UTC'",
    Engine.SNOWFLAKE: "ALTER SESSION SET TIMEZONE = 'UTC'",
}
_KEYS: Mapping[Engine, Callable[[str], exp.Expr]] = {Engine.SNOWFLAKE: snowflake.key_column}


@dataclass(frozen=True)
class RestoreScript:
    """Statements to execute in order, and the query that returns the table."""

    statements: tuple[str, ...]
    tables: tuple[ReadTable, ...]
    query: exp.Query
    key: exp.Expr | None  # None: no upsert, or the table has no such column
    notes: tuple[str, ...]


def build_script(source: RestoreSource, table: RestoreTable, engine: Engine, name: FileName) -> RestoreScript:
    """Return the script of an engine; `name` is how it spells a file."""
    has_key = source.key is not None and _is_scalar(find_column(table.columns, source.key))
    key = _KEYS.get(engine, key_column)(source.key) if source.key and has_key else None
    gives_zones = _gives_zones(table)
    if engine in _TYPES:
        table = map_types(table, _TYPES[engine])
    reading = _READINGS[engine](table, source.files, name, by_run=key is not None)
    query = table_query(table, reading.tables, key)
    zone = (_UTC[engine],) if gives_zones and engine in _UTC else ()
    return RestoreScript((*zone, *reading.statements), reading.tables, query, key, reading.notes)


def _gives_zones(table: RestoreTable) -> bool:
    """Check whether a column has a zone in the table, and none in some of its files."""
    zoned = {path for path, type in leaf_types(table.columns).items() if type is Scalar.TIMESTAMP_UTC}
    types = (leaf_types(group.columns) for group in table.groups)
    return any(own[path] is not Scalar.TIMESTAMP_UTC for own in types for path in zoned & own.keys())


def _is_scalar(type: ColumnType | None) -> bool:
    return isinstance(type, Scalar | Decimal)


def query_text(query: exp.Expr, engine: Engine, *, pretty: bool = False) -> str:
    """Return a query in the dialect of an engine; what the dialect cannot say is an error."""
    return query.sql(engine.value, pretty=pretty, unsupported_level=ErrorLevel.RAISE)


def script_comments(source: RestoreSource, script: RestoreScript, engine: Engine) -> Iterator[str]:
    """Yield what the script is, for people."""
    yield f"{source.address}: {source.dataset} at {format_moment(source.as_of)}, for {engine}"
    rule = f"{source.combine} by {source.key}" if source.key else str(source.combine)
    runs, files = format_count(len(source.runs), "run"), format_count(len(source.files), "file")
    yield f"{rule} ({source.combine_source}); {runs}, {files}, {source.size} bytes"
    yield f"the backup up to then: {source.state}"
    yield from source.problems
    if source.state is not ChainState.WHOLE:
        yield "the table may lack rows: see exportctl backup status"
    if engine not in WAS_EXECUTED:
        yield "this dialect was parsed, and never executed by the makers of exportctl: check the result"
        if script.key is not None:
            yield (
                "if the engine spells files in another way, no file finds its run: no row of exportctl_rows may have a "
                "null in exportctl_run, else the newest row is not known"
            )
    yield from script.notes
