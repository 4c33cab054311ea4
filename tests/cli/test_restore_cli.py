"""`restore` from its words to its exit code: what comes back, what is refused, and that nothing is written."""

from __future__ import annotations

import gzip
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

from exportctl.emulator import SeedDataset
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
    relative = applied("restore", "write", "orders", "--to", "restored", "--work", ".")

    assert (ended.code, again.code, "exists already" in again.err) == (0, 1, True)
    (count,) = duckdb.sql(f"SELECT count(*) FROM '{to}/*/*.parquet'").fetchall()
    assert count == (1100,)
    assert [path.name for path in to.parent.iterdir()] == ["orders"]
    assert (relative.code, (applied.folder / "restored").is_dir()) == (0, True)


def test_the_printed_sql_restores_the_same_rows(applied: CommandLine) -> None:
    run_twice_with_files(applied)

    ended = applied("restore", "sql", "orders", "--engine", "duckdb")

    assert (ended.code, ended.err) == (0, "")
    assert len(duckdb.connect().execute(ended.out).fetchall()) == 1100


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (
            ("sql", "orders", "--engine", "oracle"),
            "choose one of duckdb, spark, databricks, snowflake, bigquery, trino",
        ),
        (("sql", "orders"), "--engine"),
        (("check", "orders", "--engine", "trino"), "choose one of duckdb, spark"),
        (("check", "orders", "--engine", "spark"), "--master"),
        (("check", "orders", "--master", "local"), "add --engine spark"),
        (("check", "ordres"), "did you mean exports.orders?"),
        (("check", "orders", "--as-of", "soon"), "--as-of"),
        (("check", "orders", "--as-of", "2099-01-01"), "is in the future"),
        (("check", "orders", "--format", "markdown"), "this command has text, json, junit"),
        (("write", "orders"), "--to"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_64_wrong_usage(run: CommandLine, argv: tuple[str, ...], said: str) -> None:
    ended = run("restore", *argv)
    assert (ended.code, ended.out, said in ended.err) == (64, "", True), ended.err


def test_1_there_is_nothing_to_restore_yet(applied: CommandLine) -> None:
    ended = applied("restore", "check", "orders", "--format", "junit")
    assert (ended.code, "[restore-nothing]" in ended.err) == (1, True)
    assert ElementTree.fromstring(ended.out).attrib["errors"] == "1"


@pytest.mark.parametrize(
    ("argv", "rule", "hint"),
    [
        (("--as-of", "2027-01-15T09:00:00Z"), "restore-before-chain", "choose that moment or a later one"),
        (("--dataset", "Returns"), "restore-dataset", "it has Orders"),
        (("--work", "/no/such/folder"), "restore-folder", "--work"),
        (("--memory", "much"), "restore-engine", "512MB"),
        (("--memory", "1MB"), "restore-memory", "--memory, such as 2GB"),
    ],
)
def test_1_what_cannot_be_restored_says_the_next_step(
    applied: CommandLine, argv: tuple[str, ...], rule: str, hint: str
) -> None:
    run_once_with_files(applied)
    ended = applied("restore", "check", "orders", *argv)
    assert (ended.code, f"[{rule}]" in ended.err, hint in ended.err) == (1, True, True), ended.err


def test_1_a_storage_that_cannot_be_read(applied: CommandLine) -> None:
    bucket = next(folder for folder in run_once_with_files(applied).parents if folder.name == "acme-lake")
    bucket.rename(bucket.with_name("aside"))
    bucket.write_text("a file stands where the bucket was")

    ended = applied("restore", "check", "orders")

    assert (ended.code, ended.out, "is not a folder" in ended.err) == (1, "", True), ended.err


def test_9_a_gap_is_refused_until_it_is_accepted(
    applied: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = run_twice_with_files(applied)
    files[1].unlink()
    to = tmp_path_factory.mktemp("restored") / "orders"

    refused = applied("restore", "write", "orders", "--to", str(to), "--as-of", "2027-01-17T03:00:00Z")
    script = applied("restore", "sql", "orders", "--engine", "trino", "--as-of", "2027-01-17T03:00:00Z")
    newest = applied("restore", "check", "orders")

    assert (refused.code, "the backup is GAP" in refused.out, to.exists()) == (9, True, False)
    assert ("warning: " in script.err, "-- the backup up to then: GAP" in script.out, script.code) == (True, True, 0)
    assert newest.code == 0
    accepted = ("--as-of", "2027-01-17T03:00:00Z", "--accept-incomplete")
    ended = applied("restore", "write", "orders", "--to", str(to), *accepted)
    assert (ended.code, "table: 1050 rows" in ended.out, to.exists()) == (0, True, True), ended.out


def test_1_nothing_is_written_into_a_storage(applied: CommandLine) -> None:
    file = run_once_with_files(applied)
    before = sorted(file.parents[2].rglob("*"))

    ended = applied("restore", "write", "orders", "--to", str(file.parent / "restored"))

    assert (ended.code, "which exports write to" in ended.err) == (1, True)
    assert sorted(file.parents[2].rglob("*")) == before


def test_9_a_damaged_page_in_the_middle_of_a_file(applied: CommandLine) -> None:
    """The footer is whole, so only reading every value finds it."""
    file = run_twice_with_files(applied)[0]
    content = bytearray(file.read_bytes())
    content[2000:2600] = bytes(600)
    file.write_bytes(content)

    ended = applied("restore", "check", "orders")

    assert (ended.code, file.name in ended.out) == (9, True), ended.out


def test_a_dataset_needs_a_key_or_a_rule(applied: CommandLine) -> None:
    run_once_with_files(applied)
    applied.edit("exports:\n", "datasets:\n  o: {name: Orders, combine: unknown}\nexports:\n")
    unknown = applied("restore", "check", "orders")
    applied.edit("combine: unknown", "combine: upsert, key: no.such")
    no_column = applied("restore", "check", "orders")
    script = applied("restore", "sql", "orders", "--engine", "duckdb")

    assert (unknown.code, "[restore-combine]" in unknown.err or "unknown" in unknown.err) == (1, True)
    assert (no_column.code, "the key no.such is no column of these files" in no_column.out) == (9, True)
    assert (script.code, script.out, "[restore-key]" in script.err) == (1, "", True)


def test_1_files_that_may_be_of_two_datasets(run: CommandLine) -> None:
    run.edit("{datasets: [Orders]}", "{datasets: [Orders, Web], folder: all/%EXPORT_TIME%}")
    with closing(run.emulator()) as emulator:
        emulator.seed([], {"demo": [SeedDataset("Web", rows=10)]})
    run("emulator", "switches", "set", "run_entities=hidden")  # so no count of rows shows it
    assert run("apply", "--auto-approve").code == 0
    with closing(run.emulator()) as emulator:
        emulator.advance(24 * HOUR)

    ended = run("restore", "check", "orders", "--dataset", "Orders")
    drill = run("backup", "drill", "--target", "orders", "--count", "2")

    assert (ended.code, "[restore-shared]" in ended.err, "%DATASET_ID%" in ended.err) == (1, True, True), ended
    assert (drill.code, "Drill: 2 failed." in drill.out) == (9, True)


def test_9_a_value_that_an_engine_cannot_take_is_in_no_report(applied: CommandLine) -> None:
    applied.edit("format: parquet", "format: json")
    applied("apply", "--auto-approve")
    file = run_once_with_files(applied)
    file.write_bytes(gzip.compress(b'{"_id": "a", "n": %d}\n' % (2**63 + 4711)))

    ended = applied("restore", "check", "orders")

    assert (ended.code, file.name in ended.out, str(2**63 + 4711) in ended.out) == (9, True, False), ended.out


def test_1_a_missing_extra_is_named_with_its_command(applied: CommandLine) -> None:
    """In a process of its own, in which the package cannot be imported."""
    run_once_with_files(applied)
    for package in ("sqlglot", "duckdb"):
        code = f"import sys; sys.modules[{package!r}] = None; from exportctl.cli import run; run()"
        ended = subprocess.run(
            [sys.executable, "-c", code, "-C", str(applied.folder), "restore", "check", "orders"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ended.returncode, "pip install 'exportctl[restore]'" in ended.stderr) == (1, True), ended.stderr
