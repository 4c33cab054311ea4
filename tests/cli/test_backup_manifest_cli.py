"""`backup manifest` from its words to its file: what is listed, what is refused, and what is left untouched."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

import pytest

from exportctl.workflows.file_lists import load_list
from tests.cli.command_line import CommandLine
from tests.cli.test_verify_cli import run_once_with_files


@pytest.fixture
def exported(applied: CommandLine) -> tuple[CommandLine, Path]:
    """`orders` has run once; the file that it wrote."""
    return applied, run_once_with_files(applied)


def test_a_list_names_each_file_in_both_forms(exported: tuple[CommandLine, Path]) -> None:
    run, file = exported
    before = run.writes()

    first = run("backup", "manifest", "orders", "-o", "first.json")
    again = run("backup", "manifest", "exports.orders", "--dataset", "Orders", "--out", "again.json")
    table = run("backup", "manifest", "orders", "-o", "table.parquet")

    assert {(one.code, one.out) for one in (first, again, table)} == {(0, "")}
    assert first.err.startswith("Orders: 1 complete run, 1 file; last hash ")
    files = [(run.folder / name).read_bytes() for name in ("first.json", "again.json", "table.parquet")]
    listed, same, read = (load_list(data, "it") for data in files)
    assert files[0] == files[1]
    assert listed == same == read
    (found,) = listed.chains[0].files
    assert (found.size, found.etag, found.rows) == (file.stat().st_size, None, None)
    assert found.uri == f"s3://acme-lake/{found.path}"
    assert file.as_posix().endswith(found.path)
    assert run.writes() == before


def test_deep_lists_the_rows_of_each_file(exported: tuple[CommandLine, Path]) -> None:
    run, _ = exported
    assert run("backup", "manifest", "orders", "-o", "deep.json", "--deep").code == 0
    (chain,) = load_list((run.folder / "deep.json").read_bytes(), "it").chains
    assert [one.rows for one in chain.files] == [chain.runs[0].rows]


def test_9_a_chain_that_is_not_whole_is_listed_as_far_as_it_is_complete(exported: tuple[CommandLine, Path]) -> None:
    run, file = exported
    with closing(run.emulator()) as emulator:
        emulator.ingest("demo", "Orders", 5)
        emulator.advance(24 * 3600)
    file.unlink()

    ended = run("backup", "manifest", "orders", "-o", "o.json")

    assert (ended.code, ended.out) == (9, "")
    assert "warning: Orders: the chain is GAP: 1 run of it not listed" in ended.err
    (chain,) = load_list((run.folder / "o.json").read_bytes(), "it").chains
    assert (len(chain.runs), len(chain.incomplete), chain.state) == (1, 1, "GAP")


WRONG: dict[str, tuple[tuple[str, ...], int, str]] = {
    "no file named": (("orders",), 64, "--out"),
    "a misspelt export": (("ordres", "-o", "o.json"), 64, "did you mean exports.orders?"),
    "several exports": (("exports.*", "-o", "o.json"), 64, "names 2 exports, and a list is of one"),
    "no export": (("destinations.lake", "-o", "o.json"), 64, "names 0 exports"),
    "an unknown dataset": (("orders", "-o", "o.json", "--dataset", "Odrers"), 1, "choose one of Orders"),
    "a folder that does not exist": (("orders", "-o", "no/o.json"), 1, "cannot be written: no such file or directory"),
    "a folder": (("orders", "-o", "."), 1, "cannot be written: is a directory"),
    "a pipe without a reader": (("orders", "-o", "pipe"), 1, "no process reads this pipe"),
    "another format": (("orders", "-o", "o.json", "--format", "markdown"), 64, "this command has text"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_listed_or_written_is_named_and_nothing_is_written(
    exported: tuple[CommandLine, Path], name: str
) -> None:
    run, _ = exported
    os.mkfifo(run.folder / "pipe")
    before = set(run.folder.iterdir())
    argv, code, said = WRONG[name]

    ended = run("backup", "manifest", *argv)

    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err
    assert set(run.folder.iterdir()) == before


def test_without_the_extra_parquet_is_refused_before_anything_is_read(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == "arro3"] or ["arro3"]:
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    ended = run("backup", "manifest", "orders", "-o", "o.parquet")
    assert (ended.code, "pip install 'exportctl[restore]'" in ended.err) == (1, True)


def test_nothing_to_list_is_an_error_that_says_why_and_what_shows_more(applied: CommandLine) -> None:
    ended = applied("backup", "manifest", "orders", "-o", "o.json")
    assert (ended.code, (applied.folder / "o.json").exists()) == (1, False)
    assert "exports.orders has no complete run, so there is nothing to list: no run was due" in ended.err
    assert "exportctl backup status --target exports.orders" in ended.err
