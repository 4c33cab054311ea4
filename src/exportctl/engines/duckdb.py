"""
DuckDB on this machine: what columns files have, and queries over them, in bounded memory.

It gets local paths only and loads no extension, so it asks no network. Sorting spills into the temporary folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exportctl.engines.engine import EngineError, Rows, hide_values
from exportctl.errors import Error
from exportctl.restore.columns import Columns, column_names
from exportctl.restore.json_columns import mark_empty_objects, mixed_paths, parse_structure
from exportctl.restore.reading.duckdb import DIALECT, LINE, escape_pattern
from exportctl.restore.reading.statements import text_literal
from exportctl.restore.request import MEMORY
from exportctl.restore.source import RestoreFile
from exportctl.restore.sql_types import parse_column
from exportctl.restore.table import FileColumns
from exportctl.storage.local import LocalReader
from exportctl.storage.reader import StoredFile
from exportctl.storage.row_count import BadFile, count_rows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

INSTALL = "pip install 'exportctl[restore]'"
_THREADS = 2
_SPILL_FILE = "duckdb_temp"  # how DuckDB begins the names of files to which it spills
_NUMBERED = re.compile(r"_\d+$")


class DuckDb:
    """One connection in memory."""

    def __init__(self, connection: DuckDBPyConnection):
        self._connection = connection
        self._known: dict[object, Columns] = {}  # equal schemas are one value, however many files have them

    def execute(self, statement: str) -> Rows:
        """
        Execute one statement and return its rows; an interrupt of the process ends it.

        Raises:
            EngineError: DuckDB refuses the statement, or cannot read a file.
            Error: it has not enough memory, or no room to spill. That says nothing about a file.
        """
        import duckdb

        try:
            rows: Rows = self._connection.execute(statement).fetchall()
            return rows
        except RuntimeError as error:
            if "interrupted" in str(error).lower():  # what it makes of KeyboardInterrupt
                raise KeyboardInterrupt from None
            raise
        except duckdb.Error as error:
            if isinstance(error, duckdb.OutOfMemoryException) or _SPILL_FILE in str(error):
                raise _no_room_error(error) from error
            raise EngineError(error_text(error), str(error)) from error

    def file_columns(self, files: Iterable[tuple[RestoreFile, str]]) -> Iterator[FileColumns]:
        """Yield the columns of each file, given with its local path, or raise BadFile: it cannot be read."""
        for file, path in files:
            yield FileColumns(file, self._columns(file, path))

    def write_parquet(self, query: str, folder: Path) -> int:
        """Write the rows of a query as Parquet files into a new folder, and return how many these files hold."""
        named = text_literal(str(folder), DIALECT)
        self.execute(f"COPY ({query}) TO {named} (FORMAT parquet, PER_THREAD_OUTPUT TRUE)")
        written = text_literal(f"{escape_pattern(str(folder))}/*.parquet", DIALECT)
        ((rows,),) = self.execute(f"SELECT COUNT(*) FROM READ_PARQUET({written}, hive_partitioning = FALSE)")
        return int(rows)

    def _columns(self, file: RestoreFile, path: str) -> Columns:
        try:
            if file.format.type == "parquet":
                return self._parquet_columns(path)
            return self._json_columns(file, path)
        except EngineError as error:
            raise BadFile(file.path, find_damage(file, Path(path)) or str(error)) from error

    def _parquet_columns(self, path: str) -> Columns:
        named = text_literal(escape_pattern(path), DIALECT)
        described = self.execute(f"DESCRIBE SELECT * FROM READ_PARQUET([{named}], hive_partitioning = FALSE)")
        rows = tuple((row[0], row[1]) for row in described)
        if rows not in self._known:
            self._known[rows] = _parse_columns(rows)
        self._check_names(named, self._known[rows])
        return self._known[rows]

    def _check_names(self, named: str, columns: Columns) -> None:
        """Raise an EngineError if two names differ only in case: DuckDB then shows the second one with a number."""
        numbered = {name for name in column_names(columns) if _NUMBERED.search(name)}
        if numbered:
            written = {row[0] for row in self.execute(f"SELECT name FROM PARQUET_SCHEMA({named})")}
            if made := sorted(numbered - written):
                name = _NUMBERED.sub("", made[0])
                raise EngineError(f"it has two columns {name}, in equal letters but for their case")

    def _json_columns(self, file: RestoreFile, path: str) -> Columns:
        lines = _json_lines(file, path)
        ((structure,),) = self.execute(f"SELECT JSON_GROUP_STRUCTURE(json) FROM {lines}")
        columns = parse_structure(structure)
        if columns is None:
            raise EngineError("a line is not a JSON object")
        empty = frozenset(path for path in mixed_paths(columns) if self._is_empty(lines, path))
        return self._known.setdefault((structure, empty), mark_empty_objects(columns, empty))

    def _is_empty(self, lines: str, path: str) -> bool:
        """Check whether the values at a path are nothing but objects."""
        types = f"JSON_TYPE(json, {text_literal(path, DIALECT)})"
        types = f"UNNEST({types})" if "[*]" in path else types
        rows = self.execute(f"SELECT DISTINCT {types} FROM {lines}")
        return {row[0] for row in rows} <= {"OBJECT", "NULL", None}


def _parse_columns(described: Iterable[tuple[str, str]]) -> Columns:
    try:
        return tuple(parse_column(name, type) for name, type in described)
    except Error as error:
        raise EngineError(f"{error}: {error.findings()[0].hint}") from error


@contextmanager
def open_duckdb(work: Path, memory: str = MEMORY) -> Iterator[DuckDb]:
    """
    Open a connection that keeps to so much memory for its buffers.

    Raises:
        Error: the extra is not installed, or `memory` is no size.
    """
    try:
        import duckdb
    except ModuleNotFoundError as error:
        raise missing_extra_error("duckdb", INSTALL) from error
    settings: dict[str, Any] = {
        "memory_limit": memory,
        "threads": _THREADS,
        "temp_directory": str(work / "spill"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
    }
    try:
        connection = duckdb.connect(":memory:", config=settings)
    except duckdb.Error as error:
        message = f"DuckDB cannot start: {error_text(error)}"
        raise Error(message, rule="restore-engine", hint="write --memory as 512MB or 2GB") from error
    try:
        connection.execute("SET TimeZone = 'UTC'")
        yield DuckDb(connection)
    finally:
        connection.close()


def _no_room_error(error: Exception) -> Error:
    hint = "give it more with --memory, such as 2GB, and choose a folder on a larger disk with --work"
    return Error(f"DuckDB ran out of room: {error_text(error)}", rule="restore-memory", hint=hint)


def missing_extra_error(package: str, install: str) -> Error:
    return Error(f"a restore needs the package {package}", rule="restore-extra", hint=install)


def error_text(error: Exception) -> str:
    """Return the first line of what DuckDB says, without values of rows; the other lines repeat the statement."""
    return hide_values(str(error).strip().partition("\n")[0])[:500]


def find_damage(file: RestoreFile, path: Path) -> str | None:
    """Return what our own strict reading says of a local file; None: it finds nothing wrong."""
    reader = LocalReader(path.parent, str(path.parent))
    try:
        count_rows(reader, StoredFile(path.name, path.stat().st_size), file.format.type, file.format.compression)
    except BadFile as error:
        return error.reason
    return None


def _json_lines(file: RestoreFile, path: str) -> str:
    named = text_literal(escape_pattern(path), DIALECT)
    return (
        f"READ_JSON_OBJECTS([{named}], format = 'newline_delimited', compression = "
        f"{text_literal(file.format.compression, DIALECT)}, maximum_object_size = {LINE}, hive_partitioning = FALSE)"
    )
