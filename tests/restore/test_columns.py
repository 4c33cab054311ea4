"""What columns two files make together: a truth table, and laws over drawn types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.restore.columns import (
    Column,
    ColumnType,
    Decimal,
    ListOf,
    MapOf,
    Scalar,
    Struct,
    TypeConflict,
    find_column,
    leaf_types,
    merge_columns,
    merge_types,
)
from exportctl.restore.sql_types import parse_column, sql_type

S = Scalar


def struct(**members: ColumnType) -> Struct:
    return Struct(tuple(Column(name, type) for name, type in members.items()))


@pytest.mark.parametrize(
    ("before", "after", "merged"),
    [
        (S.LONG, S.LONG, S.LONG),
        (S.NULL, S.TEXT, S.TEXT),
        (S.BYTE, S.LONG, S.LONG),
        (S.LONG, S.HUGE, S.HUGE),
        (S.LONG, S.DOUBLE, S.DOUBLE),
        (S.FLOAT, S.DOUBLE, S.DOUBLE),
        (S.FLOAT, S.SHORT, S.DOUBLE),
        (Decimal(5, 2), Decimal(15, 4), Decimal(15, 4)),
        (Decimal(5, 2), S.LONG, Decimal(21, 2)),
        (Decimal(38, 0), Decimal(38, 30), S.DOUBLE),
        (Decimal(5, 2), S.DOUBLE, S.DOUBLE),
        (S.DATE, S.TIMESTAMP, S.TIMESTAMP),
        (S.TIMESTAMP, S.TIMESTAMP_UTC, S.TIMESTAMP_UTC),
        (S.EMPTY_OBJECT, struct(a=S.TEXT), struct(a=S.TEXT)),
        (S.EMPTY_OBJECT, MapOf(S.TEXT, S.LONG), MapOf(S.TEXT, S.LONG)),
        (struct(a=S.LONG), struct(b=S.TEXT, a=S.DOUBLE), struct(a=S.DOUBLE, b=S.TEXT)),
        (ListOf(S.NULL), ListOf(struct(a=S.LONG)), ListOf(struct(a=S.LONG))),
        (MapOf(S.TEXT, S.LONG), MapOf(S.TEXT, S.DOUBLE), MapOf(S.TEXT, S.DOUBLE)),
    ],
    ids=str,
)
def test_the_widest_type(before: ColumnType, after: ColumnType, merged: ColumnType) -> None:
    assert merge_types(before, after, "c") == merged


@pytest.mark.parametrize(
    ("before", "after", "column"),
    [
        (S.LONG, S.TEXT, "c"),
        (S.TEXT, struct(a=S.TEXT), "c"),
        (S.BOOLEAN, S.LONG, "c"),
        (S.TEXT, S.TIMESTAMP, "c"),
        (ListOf(S.TEXT), S.TEXT, "c"),
        (struct(a=ListOf(S.TEXT)), struct(a=ListOf(S.LONG)), "c.a[]"),
        (MapOf(S.TEXT, S.LONG), MapOf(S.TEXT, S.TEXT), "c{}"),
        (S.EMPTY_OBJECT, S.TEXT, "c"),
    ],
    ids=str,
)
def test_a_conflict_is_named_with_its_column(before: ColumnType, after: ColumnType, column: str) -> None:
    for one, other in ((before, after), (after, before)):
        with pytest.raises(TypeConflict) as raised:
            merge_columns((Column("c", one),), (Column("c", other),))
        assert raised.value.column == column


plain = st.sampled_from([s for s in Scalar if s not in (S.MIXED, S.EMPTY_OBJECT)]) | st.builds(
    Decimal, st.integers(10, 20), st.integers(0, 9)
)
types: st.SearchStrategy[ColumnType] = st.recursive(
    plain,
    lambda inner: (
        st.builds(ListOf, inner)
        | st.builds(MapOf, st.just(S.TEXT), inner)
        | st.dictionaries(st.sampled_from(["ab", "c"]), inner, min_size=1).map(lambda members: struct(**members))
    ),
    max_leaves=5,
)


@given(types, types)
def test_a_merge_holds_both_sides_and_is_stable(one: ColumnType, other: ColumnType) -> None:
    try:
        merged = merge_types(one, other, "c")
    except TypeConflict:
        with pytest.raises(TypeConflict):
            merge_types(other, one, "c")
        return
    assert merge_types(merged, one, "c") == merge_types(merged, other, "c") == merged
    paths = set(leaf_types((Column("c", merged),)))
    assert all(type is S.NULL or path in paths for path, type in leaf_types((Column("c", one),)).items())


@given(types)
def test_a_type_is_read_as_it_is_written(type: ColumnType) -> None:
    """HUGE is written as a decimal of 38 digits, and a column of nulls alone as text."""
    read = parse_column("c", sql_type(type).sql("duckdb")).type
    assert sql_type(read) == sql_type(type)


def test_a_column_is_found_by_its_path() -> None:
    columns = (Column("_acme", struct(crm=struct(id=S.TEXT))), Column("_id", S.LONG))
    assert find_column(columns, "_acme.crm.id") is S.TEXT
    assert find_column(columns, "_acme.crm.no") is find_column(columns, "_id.no") is find_column(columns, "no") is None
