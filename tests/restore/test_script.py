"""The SQL of every engine parses in its dialect, names exactly the files, and stays quick for a long chain."""

from __future__ import annotations

import re
import tracemalloc
from dataclasses import replace

import pytest
import sqlglot
from sqlglot import exp

from exportctl.errors import Error
from exportctl.model.combine import Combination
from exportctl.output.text.restore import render_script
from exportctl.restore.columns import Column, Columns, ColumnType, ListOf, MapOf, Scalar, Struct
from exportctl.restore.engine import Engine
from exportctl.restore.reading.duckdb import escape_pattern
from exportctl.restore.reading.spark import path_list
from exportctl.restore.script import RestoreScript, build_script, query_text, script_comments
from exportctl.restore.source import FileFormat, RestoreFile, RestoreLocation
from exportctl.restore.table import ConflictError, FileColumns, RestoreTable, build_table
from exportctl.restore.uris import base_uri, hadoop_uri
from tests.restore.sample_sources import APPEND, LINES, PARQUET, SNAPSHOT, UPSERT, source_of

S = Scalar
NESTED_KEY = replace(UPSERT, key="_acme.crm.id")
EVIL = 'aep/Data\'s "set" `x` {a,b} 100% \\n/exportTime=1'  # no name of a file ends a literal or means another file


def struct(**members: ColumnType) -> Struct:
    return Struct(tuple(Column(name, type) for name, type in members.items()))


def columns(number: ColumnType, **more: ColumnType) -> Columns:
    acme = struct(crm=struct(id=S.TEXT), list=ListOf(struct(n=number)))
    found = {"_id": S.TEXT, "n": number, "timestamp": S.TIMESTAMP_UTC, "_acme": acme, "map": MapOf(S.TEXT, number)}
    return tuple(Column(name, type) for name, type in (found | more).items())


def file(number: int, format: FileFormat = PARQUET) -> RestoreFile:
    ending = "gz.parquet" if format.type == "parquet" else "json.gz"
    return RestoreFile(f"{EVIL}{number}/part-{number}.{ending}", 100, number, format)


def table(format: FileFormat = PARQUET) -> RestoreTable:
    """Two files: in the second one a column is wider, one is added, and one has a strange name."""
    wide = columns(S.DOUBLE, **{'it\'s "new"': S.DATE, "empty": S.EMPTY_OBJECT})
    return build_table("Orders", [FileColumns(file(1, format), columns(S.INTEGER)), FileColumns(file(2, format), wide)])


def script(engine: Engine, combination: Combination = UPSERT, format: FileFormat = PARQUET) -> RestoreScript:
    source = source_of(
        file(1, format), file(2, format), combination=combination, location=RestoreLocation("x", "s3://acme")
    )
    base = base_uri(source.location, engine)
    return build_script(source, table(format), engine, lambda one: f"{base}/{one.path}")


@pytest.mark.parametrize("format", [PARQUET, LINES], ids=lambda one: one.type)
@pytest.mark.parametrize(
    "combination", [APPEND, UPSERT, NESTED_KEY, SNAPSHOT], ids=lambda one: f"{one.combine} {one.key}"
)
@pytest.mark.parametrize("engine", Engine)
def test_every_statement_parses_in_its_dialect(engine: Engine, combination: Combination, format: FileFormat) -> None:
    made = script(engine, combination, format)

    for statement in (*made.statements, query_text(made.query, engine, pretty=True)):
        (parsed,) = sqlglot.parse(statement, dialect=engine.value)
        assert parsed is not None
        assert not isinstance(parsed, exp.Command), statement  # what sqlglot does not understand
        assert "\n" not in statement or statement.startswith(("WITH", "SELECT"))


@pytest.mark.parametrize("engine", Engine)
def test_a_script_names_each_file_and_no_other(engine: Engine) -> None:
    """Spark and Databricks have one path of alternatives, all others literals that are a file each."""
    made = script(engine, APPEND)
    trees = [tree for statement in made.statements for tree in sqlglot.parse(statement, dialect=engine.value) if tree]
    literals = [literal.name for tree in trees for literal in tree.find_all(exp.Literal) if literal.is_string]

    found = [text for text in literals if "part-" in text]
    if engine in (Engine.SPARK, Engine.DATABRICKS):
        assert [text.count("part-") for text in found] == [1, 1]
        assert all("*" not in text for text in found)
    else:
        assert [text.rpartition("/")[2] for text in found] == ["part-1.gz.parquet", "part-2.gz.parquet"]
        assert all(text.endswith((file(1).path, file(2).path)) for text in found)


@pytest.mark.slow
@pytest.mark.parametrize("engine", Engine)
def test_a_hundred_thousand_files_are_one_script(engine: Engine) -> None:
    """`make test-slow`. Memory: some kilobytes for each file, seven times the text of the script."""
    known = columns(S.LONG)
    files = [
        RestoreFile(f"aep/exportTime={n // 50}/part-{n:06d}.gz.parquet", 1, n // 50 + 1, PARQUET)
        for n in range(100_000)
    ]
    source = source_of(*files, combination=UPSERT, runs=2000, location=RestoreLocation("x", "s3://acme"))
    made = build_table("Orders", [FileColumns(one, known) for one in files])
    tracemalloc.start()

    found = build_script(source, made, engine, lambda one: f"s3://acme/{one.path}")
    text = render_script(script_comments(source, found, engine), [*found.statements, query_text(found.query, engine)])

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400 * 1024 * 1024
    assert text.count("part-") >= 100_000


def test_one_path_of_alternatives_means_exactly_these_files() -> None:
    assert path_list(["s3a://b/x/t=1/a.gz", "s3a://b/x/t=2/b,c.gz"]) == "s3a://b/x/{t=1/a.gz,t=2/b\\,c.gz}"
    assert path_list(["/d[1]/a*.json"]) == "/d\\[1\\]/{a\\*.json}"
    assert escape_pattern("/d[1]/a*?.json") == "/d[[]1]/a[*][?].json"
    assert hadoop_uri("file:///a b/100%/ü{x}") == "file:///a%20b/100%25/ü%7Bx%7D"


@pytest.mark.parametrize(
    ("root", "engine", "uri"),
    [
        ("s3://acme/zone", Engine.SPARK, "s3a://acme/zone"),
        ("s3://acme", Engine.SNOWFLAKE, "s3://acme"),
        ("gs://acme", Engine.SNOWFLAKE, "gcs://acme"),
        ("gs://acme", Engine.BIGQUERY, "gs://acme"),
        ("https://acct.blob.core.windows.net/raw", Engine.SNOWFLAKE, "azure://acct.blob.core.windows.net/raw"),
        ("https://acct.blob.core.windows.net/raw", Engine.SPARK, "wasbs://raw@acct.blob.core.windows.net"),
        ("https://acct.blob.core.windows.net/raw", Engine.DUCKDB, "abfss://acct.dfs.core.windows.net/raw"),
        ("abfss://raw@acct.z01.dfs.storage.azure.net", Engine.TRINO, "abfss://raw@acct.z01.dfs.storage.azure.net"),
    ],
)
def test_the_address_that_an_engine_reads(root: str, engine: Engine, uri: str) -> None:
    assert base_uri(RestoreLocation("x", root), engine) == uri


def test_a_local_folder_is_read_on_this_machine_and_its_storage_elsewhere() -> None:
    here = RestoreLocation("/data", "s3://acme", folder="/data")
    assert [base_uri(here, engine) for engine in (Engine.DUCKDB, Engine.SPARK, Engine.TRINO)] == [
        "/data",
        "file:///data",
        "s3://acme",
    ]


@pytest.mark.parametrize("root", ["sftp://host:22", "az://raw", "weird-type:"])
def test_a_storage_that_an_engine_cannot_read_is_refused_with_the_next_step(root: str) -> None:
    for engine in Engine:
        with pytest.raises(Error) as raised:
            base_uri(RestoreLocation("x", root), engine)
        assert (raised.value.rule, bool(raised.value.hint)) == ("restore-location", True)


def test_a_name_that_a_terminal_obeys_is_in_no_script() -> None:
    with pytest.raises(Error, match="control characters"):
        render_script([], ["SELECT '\x1b[2J'"])
    assert render_script(["two\nlines"], []) == "-- two\\nlines\n"


def test_a_conflict_names_the_column_and_the_first_file_that_has_it() -> None:
    files = [
        FileColumns(file(1), columns(S.LONG)),
        FileColumns(file(2), columns(S.DOUBLE)),
        FileColumns(file(3), columns(S.TEXT)),
        FileColumns(file(4), columns(S.TEXT)),
    ]
    with pytest.raises(ConflictError) as raised:
        build_table("Orders", files)
    assert (raised.value.column, raised.value.file) == ("n", file(3))
    with pytest.raises(ConflictError, match="several types in one file"):
        build_table("Orders", [FileColumns(file(1, LINES), (Column("a", ListOf(S.MIXED)),))])


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ({"Id": S.LONG}, {"id": S.LONG}, "Id and id"),
        ({"a": struct(Id=S.LONG)}, {"a": struct(ID=S.TEXT)}, r"a\.Id and a\.ID"),
        ({"a": ListOf(struct(x=S.LONG))}, {"a": ListOf(struct(X=S.LONG))}, r"a\[\]\.x and a\[\]\.X"),
        ({"a": MapOf(S.TEXT, struct(x=S.LONG, X=S.LONG))}, {}, r"a\{\}\.x and a\{\}\.X"),
    ],
)
def test_names_that_differ_only_in_case_are_a_conflict(
    first: dict[str, ColumnType], second: dict[str, ColumnType], said: str
) -> None:
    """Engines take them for one column, so the table would show the values of one under both names."""
    files = [FileColumns(file(n), columns(S.LONG, **more)) for n, more in ((1, first), (2, second))]
    with pytest.raises(ConflictError, match=f"the names {said} differ only in case"):
        build_table("Orders", files)


@pytest.mark.parametrize("engine", Engine)
def test_a_moment_without_a_zone_is_of_utc_whatever_the_zone_of_the_session(engine: Engine) -> None:
    zoned, plain = columns(S.LONG), columns(S.LONG, timestamp=S.TIMESTAMP)
    source = source_of(file(1), file(2), location=RestoreLocation("x", "s3://acme"))
    for later, sets_zone in ((zoned, False), (plain, engine not in (Engine.BIGQUERY, Engine.TRINO))):
        made = build_table("Orders", [FileColumns(file(1), zoned), FileColumns(file(2), later)])
        first = build_script(source, made, engine, lambda one: one.path).statements[0]
        assert bool(re.fullmatch(r"(SET|ALTER SESSION SET) TIME ?ZONE( =)? 'UTC'", first, re.IGNORECASE)) is sets_zone
        sqlglot.parse_one(first, dialect=engine.value)


def test_files_with_the_same_types_are_one_group() -> None:
    files = [FileColumns(file(n), columns(S.LONG if n % 2 else S.INTEGER)) for n in range(1, 7)]
    made = build_table("Orders", files)
    assert [[one.run for one in group.files] for group in made.groups] == [[1, 3, 5], [2, 4, 6]]
    assert len(build_table("Orders", files[::2]).groups) == 1
