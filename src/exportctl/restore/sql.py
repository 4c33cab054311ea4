"""
The query that makes one table of the files that an engine reads. Pure.

    append, snapshot    every row of every file
    upsert              per key the row of the newest run; rows without a key stay, all of them

In: the plain tables that the engine's own statements made, one for each group of files. Out: an expression of sqlglot,
which spells it in the dialect of the engine. Where one run holds a key twice, the last file by name wins, and in it the
last row where the engine numbers rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from exportctl.frozen import dataclass
from exportctl.restore.columns import Column, Columns
from exportctl.restore.sql_types import quoted_name, sql_type
from exportctl.restore.table import RestoreTable

FILES, RUN, FILE, PLACE, ROW, RANK = (f"exportctl_{name}" for name in ("files", "run", "file", "place", "row", "rank"))
_ROWS, _RANKED = "exportctl_rows", "exportctl_ranked"


@dataclass(frozen=True)
class ReadTable:
    """
    The plain table that an engine's statements made of a group of files, with those columns that the group has.

    `file` says which file a row comes from, spelled as in the table of files. `row` numbers the rows of a file; None:
    the engine does not number them.
    """

    name: str
    columns: Columns
    file: exp.Expr
    row: exp.Expr | None = None


def table_query(table: RestoreTable, reads: Sequence[ReadTable], key: exp.Expr | None) -> exp.Query:
    """Return the query over what was read. With a key the newest row of each stays; it needs the table of files."""
    if key is None:
        return _union([_select_columns(table.columns, read) for read in reads])
    rows = _union([_select_numbered(table.columns, read) for read in reads])
    window = exp.Window(
        this=exp.RowNumber(),
        partition_by=[key.copy()],
        order=exp.Order(expressions=[exp.Ordered(this=exp.column(name), desc=True) for name in (PLACE, ROW)]),
    )
    ranked = exp.select(exp.Star(), exp.alias_(window, RANK)).from_(_ROWS)
    is_newest = exp.column(RANK).eq(1)
    return (
        exp.select(*(exp.column(quoted_name(one.name)) for one in table.columns))
        .from_(_RANKED)
        .where(exp.or_(is_newest, exp.Is(this=key.copy(), expression=exp.Null())))
        .with_(_ROWS, as_=rows)
        .with_(_RANKED, as_=ranked)
    )


def numbered_rows(table: RestoreTable, reads: Sequence[ReadTable]) -> exp.Query:
    """Return every row of every file, with the number of its run and the place of its file in the order of runs."""
    return _union([_select_numbered(table.columns, read) for read in reads])


def key_column(key: str) -> exp.Expr:
    """Return a column by its path with dots between levels."""
    first, *others = key.split(".")
    found: exp.Expr = exp.column(quoted_name(first))
    for name in others:
        found = exp.Dot(this=found, expression=quoted_name(name))
    return found


def _union(queries: Sequence[exp.Query]) -> exp.Query:
    first, *others = queries
    for other in others:
        first = exp.union(first, other, distinct=False)
    return first


def _select_columns(columns: Columns, read: ReadTable) -> exp.Select:
    own = {one.name: one for one in read.columns}
    return exp.select(*(_cast_column(one, own.get(one.name)) for one in columns)).from_(read.name)


def _select_numbered(columns: Columns, read: ReadTable) -> exp.Select:
    """Return the rows with their runs. An inner query takes file and row, where engines know them."""
    inner = exp.select(exp.Star(), exp.alias_(read.file.copy(), FILE))
    inner = inner.select(exp.alias_(read.row.copy() if read.row else exp.Literal.number(0), ROW))
    own = {one.name: one for one in read.columns}
    return (
        exp.select(*(_cast_column(one, own.get(one.name)) for one in columns))
        .select(exp.column(RUN, FILES), exp.column(PLACE, FILES), exp.column(ROW, _ROWS))
        .from_(inner.from_(read.name).subquery(_ROWS))
        .join(exp.to_table(FILES), on=exp.column(FILE, FILES).eq(exp.column(FILE, _ROWS)), join_type="left")
    )


def _cast_column(column: Column, own: Column | None) -> exp.Expr:
    """Return a column of a group as the table has it: cast where its type is narrower, null where it is absent."""
    found: exp.Expr = exp.column(quoted_name(column.name)) if own else exp.Null()
    if own is not None and own.type == column.type:
        return found
    return exp.alias_(exp.cast(found, sql_type(column.type)), column.name, quoted=True)
