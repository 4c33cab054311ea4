"""
What a check asks of the rows that an engine read: queries that sqlglot spells for each engine, and their answers. Pure.

No query returns a value of a row but the smallest and the largest timestamp: a report may be public, and keys are data.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from exportctl.restore.columns import Columns, Scalar, find_column
from exportctl.restore.engine import Engine
from exportctl.restore.sql import RUN, ReadTable, numbered_rows
from exportctl.restore.sql_types import quoted_name
from exportctl.restore.table import RestoreTable

TIMESTAMP_COLUMN = "timestamp"  # when an event happened, in every event schema (XDM ExperienceEvent)
_KEY, _COUNT = "exportctl_key", "exportctl_count"
_TIMES = (Scalar.TIMESTAMP, Scalar.TIMESTAMP_UTC, Scalar.DATE, Scalar.TEXT)


def rows_by_file(read: ReadTable, engine: Engine, only: Sequence[str] = ()) -> exp.Select:
    """Ask how many rows each file has, or only these, and read every value of them: a damaged page fails."""
    values = [_use_value(exp.column(quoted_name(one.name)), engine) for one in read.columns]
    counted = [exp.alias_(value, f"exportctl_{number}") for number, value in enumerate(values)]
    file = exp.alias_(read.file.copy(), "exportctl_named")
    inner = exp.select(file, *(exp.column(quoted_name(one.name)) for one in read.columns)).from_(read.name)
    if only:
        inner = inner.where(read.file.copy().isin(*(exp.Literal.string(name) for name in only)))
    return (
        exp.select("exportctl_named", exp.alias_(exp.Count(this=exp.Star()), _COUNT), *counted)
        .from_(inner.subquery("exportctl_read"))
        .group_by("exportctl_named")
    )


def _use_value(column: exp.Expr, engine: Engine) -> exp.Expr:
    """Return an aggregate that needs each value: COUNT looks only at what is null."""
    if engine is Engine.DUCKDB:
        return exp.Max(this=exp.func("HASH", column))
    return exp.Max(this=exp.Length(this=exp.cast(column, exp.DataType.build("TEXT"))))  # Spark hashes no maps


def key_counts(table: RestoreTable, tables: Sequence[ReadTable], key: exp.Expr) -> exp.Select:
    """Ask for the numbers of KeyCounts, in their order, over rows whose files have runs."""
    rows = numbered_rows(table, tables)
    keyed = exp.select(exp.alias_(key.copy(), _KEY), RUN).from_(rows.subquery("exportctl_rows"))
    pairs = (
        exp.select(_KEY, RUN, exp.alias_(exp.Count(this=exp.Star()), _COUNT))
        .from_(keyed.subquery("exportctl_keyed"))
        .group_by(_KEY, RUN)
    )
    has_key = exp.column(_KEY).is_(exp.Null()).not_()
    return exp.select(
        exp.Count(this=exp.Distinct(expressions=[exp.column(_KEY)])),
        _sum_if(exp.and_(has_key, exp.column(_COUNT) > 1), exp.Literal.number(1)),
        _sum_if(exp.column(_KEY).is_(exp.Null()), exp.column(_COUNT)),
    ).from_(pairs.subquery("exportctl_pairs"))


def _sum_if(condition: exp.Expr, value: exp.Expr) -> exp.Expr:
    chosen = exp.Case(ifs=[exp.If(this=condition, true=value)], default=exp.Literal.number(0))
    return exp.Coalesce(this=exp.Sum(this=chosen), expressions=[exp.Literal.number(0)])


def count_rows(query: exp.Query) -> exp.Select:
    """Ask how many rows a query returns."""
    return exp.select(exp.Count(this=exp.Star())).from_(query.subquery("exportctl_table"))


def time_span(query: exp.Query, columns: Columns) -> exp.Select | None:
    """Ask for the smallest and the largest timestamp, as text; None if the table has no column of that name."""
    if find_column(columns, TIMESTAMP_COLUMN) not in _TIMES:
        return None
    moment: exp.Expr = exp.column(quoted_name(TIMESTAMP_COLUMN))
    ends: Sequence[exp.Expr] = [exp.Min(this=moment), exp.Max(this=moment.copy())]
    text = exp.DataType.build("TEXT")
    return exp.select(*(exp.cast(end, text) for end in ends)).from_(query.subquery("exportctl_table"))
