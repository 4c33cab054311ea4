"""`restore` from its words to its exit code: what comes back, what is refused, and that nothing is written."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

from tests.cli.command_line import CommandLine
from tests.cli.test_verify_cli import HOUR, run_once_with_files


def run_twice_with_files(applied: CommandLine) -> list[Path]:
    """Let the flow of `orders` run twice; its files, the oldest first."""
    first = run_once_with_files(applied)
    with closing(applied.emulator()) as emulator:
        emulator.ingest("demo", "Orders", 50)
        emulator.advance(24 * HOUR)
    return sorted(first.parents[1].rglob("part-*"), key=lambda path: path.parent.name)


def test_a_backup_comes_back_row_by_row(applied: CommandLine) -> None:
    files = run_twice_with_files(applied)
    before = applied.writes()

    ended = applied("restore", "check", "orders")
    document = applied("restore", "check", "orders", "--format", "json").document
    first = applied("restore", "check", "orders", "--as-of", "2027-01-16T02:00:00Z", "--format", "json").document

    assert (ended.code, "Restore: 1 table." in ended.out, ended.err) == (0, True, "")
    (check,) = document["result"]["checks"]
    assert (check["runs"], check["files"], check["rows"], check["restored"]) == (2, len(files), 1100, 1100)
    (check,) = first["result"]["checks"]
    assert (check["runs"], check["restored"]) == (1, 1050)
    assert applied.writes() == before


def test_9_a_file_that_is_no_parquet_is_named(applied: CommandLine) -> None:
    file = run_twice_with_files(applied)[1]
    file.write_bytes(b"x" * file.stat().st_size)

    ended = applied("restore", "check", "orders", "--format", "junit")

    (failure,) = ElementTree.fromstring(ended.out).iter("failure")
    assert (ended.code, file.name in (failure.text or ""), "not a Parquet file" in (failure.text or "")) == (
        9,
        True,
        True,
    )


def test_a_restored_table_is_parquet_in_a_new_folder(
    applied: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    run_twice_with_files(applied)
    to = tmp_path_factory.mktemp("restored") / "orders"

    ended = applied("restore", "write", "orders", "--to", str(to))
    again = applied("restore", "write", "orders", "--to", str(to))

    assert (ended.code, again.code, "exists already" in again.err) == (0, 1, True)
    (count,) = duckdb.sql(f"SELECT count(*) FROM '{to}/*/*.parquet'").fetchall()
    assert count == (1100,)
    assert [path.name for path in to.parent.iterdir()] == ["orders"]


def test_the_printed_sql_restores_the_same_rows(applied: CommandLine) -> None:
    run_twice_with_files(applied)

    ended = applied("restore", "sql", "orders", "--engine", "duckdb")

    assert (ended.code, ended.err) == (0, "")
    assert len(duckdb.connect().execute(ended.out).fetchall()) == 1100
