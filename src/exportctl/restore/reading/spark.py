"""
How Spark and Databricks read a list of files. Pure.

Spark: a temporary view with given columns. SQL has one path for it, so the list is written as alternatives in braces,
each with every pattern character escaped: exactly these files. Where a file lacks a column it is null. A type that got
wider is another group, because Spark 3.5 reads a Parquet column only as the type that it has in the file.

Databricks: `read_files` with the same path and a given schema. It was only parsed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from exportctl.restore.reading.statements import PATH, READ, FileName, Reading, files_table, text_literal
from exportctl.restore.source import RestoreFile
from exportctl.restore.sql import ReadTable
from exportctl.restore.sql_types import column_definitions
from exportctl.restore.table import RestoreTable
from exportctl.restore.uris import hadoop_uri

_PATTERN = re.compile(r"([\\*?\[\]{},^])")
_INPUT_FILE = exp.Anonymous(this="INPUT_FILE_NAME")


def read_files(table: RestoreTable, files: tuple[RestoreFile, ...], name: FileName, *, by_run: bool) -> Reading:
    """Return temporary views of the files; with `by_run` also the table of files, which is a view too."""
    statements = list(_files_view(files, name)) if by_run else []
    tables = []
    for number, group in enumerate(table.groups, start=1):
        made = f"{READ}_{number}"
        columns = ", ".join(one.sql("spark") for one in column_definitions(group.columns))
        options = {"path": path_list([name(file) for file in group.files]), "recursiveFileLookup": "true"}
        if group.format.type == "json":
            options["mode"] = "FAILFAST"  # a line that does not fit is an error, no row of nulls
        shown = ", ".join(f"{key} {text_literal(value, 'spark')}" for key, value in options.items())
        statements.append(
            f"CREATE OR REPLACE TEMPORARY VIEW {made} ({columns}) USING {group.format.type} OPTIONS ({shown})"
        )
        tables.append(ReadTable(made, group.columns, _INPUT_FILE.copy()))
    return Reading(tuple(statements), tuple(tables))


def _files_view(files: Sequence[RestoreFile], name: FileName) -> Sequence[str]:
    """Return the table of files as a view of literals: a session without a warehouse can hold no table."""
    rows = files_table(files, lambda file: hadoop_uri(name(file)), "spark")
    return [f"CREATE OR REPLACE TEMPORARY VIEW {rows.head} AS SELECT * FROM VALUES {', '.join(rows.rows)}"]


def read_databricks(table: RestoreTable, files: tuple[RestoreFile, ...], name: FileName, *, by_run: bool) -> Reading:
    """Return temporary views of the files in the dialect of Databricks."""
    statements = list(_files_view(files, name)) if by_run else []
    tables = []
    for number, group in enumerate(table.groups, start=1):
        made = f"{READ}_{number}"
        options = {
            "format": group.format.type,
            "schema": ", ".join(one.sql("databricks") for one in column_definitions(group.columns)),
            "partitionColumns": "",
            "mode": "FAILFAST",
        }
        shown = ", ".join(f"{key} => {text_literal(value, 'databricks')}" for key, value in options.items())
        paths = text_literal(path_list([name(file) for file in group.files]), "databricks")
        statements.append(
            f"CREATE OR REPLACE TEMPORARY VIEW {made} AS SELECT *, _metadata.file_path AS {PATH} "
            f"FROM READ_FILES({paths}, {shown})"
        )
        tables.append(ReadTable(made, group.columns, exp.column(PATH)))
    note = "file paths of _metadata are taken to be percent-encoded, as in Apache Spark (assumed)"
    return Reading(tuple(statements), tuple(tables), (note,) if by_run else ())


def path_list(paths: Sequence[str]) -> str:
    """Return one path of Hadoop that means exactly these: alternatives in braces, without another pattern."""
    base = _common_folder(paths)
    rest = ",".join(_escape(path[len(base) :]) for path in paths)
    return f"{_escape(base)}{{{rest}}}"


def _escape(text: str) -> str:
    return _PATTERN.sub(r"\\\1", text)


def _common_folder(paths: Sequence[str]) -> str:
    first, last = min(paths), max(paths)
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[: first.rfind("/", 0, same) + 1]
