"""`backup manifest` and `backup check --against`: what is listed, what is found later, and what is refused."""

from __future__ import annotations

import json
import os
import shlex
import sys
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

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


def test_the_printed_command_is_one_for_a_shell(exported: tuple[CommandLine, Path]) -> None:
    run, _ = exported
    said = run("backup", "manifest", "orders", "-o", "my list.json").err.strip().rpartition("later: exportctl ")[2]
    assert run(*shlex.split(said)).code == 0
    run.edit(", sandbox: demo", "")
    run.edit("platform: {", "environments: {dev: {platform: {sandbox: demo}}}\nplatform: {")
    said = run("backup", "manifest", "orders", "--env", "dev", "-o", "list.json").err
    assert "exportctl backup check --env dev --against list.json" in said


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


# -- check --against --------------------------------------------------------------------------------------------------

AGAINST = ("backup", "check", "--target", "orders", "--against")


@pytest.fixture
def listed(exported: tuple[CommandLine, Path]) -> tuple[CommandLine, Path]:
    """Two lists of `orders`, in each form; no policy in the YAML."""
    run, file = exported
    for name in ("o.json", "o.parquet"):
        assert run("backup", "manifest", "orders", "-o", name).code == 0
    return run, file


def test_no_policy_is_needed_to_compare_with_lists_and_9_when_a_file_is_gone(listed: tuple[CommandLine, Path]) -> None:
    run, file = listed
    same = run(*AGAINST, "o.json", "--against", "o.parquet")
    file.unlink()
    gone = run(*AGAINST, "o.json", "--against", "o.parquet")

    assert (same.code, same.err) == (0, "")
    assert same.out.endswith("Backup: 1 whole. No difference from the lists.\n")
    assert same.out.count("an equal size proves nothing; --deep also counts rows") == 2
    assert gone.code == 9
    assert gone.out.endswith("Backup: 1 gap. 2 differences from the lists.\n")
    assert gone.out.count("DELETED: the run due 2027-01-16 02:00 UTC (run ") == 2
    assert file.name in gone.out


def test_each_format_names_the_file_and_its_run(listed: tuple[CommandLine, Path]) -> None:
    run, file = listed
    file.write_bytes(file.read_bytes()[:-5])

    document = run(*AGAINST, "o.json", "--format", "json").document
    suites = ElementTree.fromstring(run(*AGAINST, "o.json", "--format", "junit").out)
    markdown = run(*AGAINST, "o.json", "--format", "markdown")
    actions = run(*AGAINST, "o.json", GITHUB_ACTIONS="true")

    (found,) = document["result"]["lists"]
    (fault,) = found["faults"]
    assert (document["result"]["failing"], found["file"], fault["kind"]) == (True, "o.json", "SIZE")
    assert fault["path"].endswith(file.name)
    cases = {case.attrib["name"]: case[0] for case in suites.iter("testcase")}
    assert (cases["Orders against o.json"].tag, cases["Orders against o.json"].attrib["type"]) == ("failure", "SIZE")
    assert (markdown.code, "**Not as the lists say**" in markdown.out) == (9, True)
    assert actions.err.count("::error title=backup-list::exports.orders: Orders is not as o.json says: SIZE") == 1


def test_deep_reads_the_files_that_have_no_etag(listed: tuple[CommandLine, Path]) -> None:
    run, file = listed
    whole = file.read_bytes()
    file.write_bytes(bytes(len(whole) - 8) + whole[-8:])  # its footer is damaged, its size is the same

    assert run(*AGAINST, "o.json").code == 0
    deep = run(*AGAINST, "o.json", "--deep")
    assert (deep.code, "DAMAGED: the run due" in deep.out) == (9, True)


def test_a_policy_that_is_not_fulfilled_counts_beside_a_list(listed: tuple[CommandLine, Path]) -> None:
    run, _ = listed
    run.edit("defaults:", "defaults:\n  expect: {backup: {max_age: 1 hour}}")
    ended = run(*AGAINST, "o.json")
    assert (ended.code, "policy: the newest complete run was due" in ended.out) == (9, True)


def edit_list(folder: Path, before: str, after: str) -> None:
    text = (folder / "o.json").read_text()
    assert before in text
    (folder / "o.json").write_text(text.replace(before, after, 1))


def test_1_an_edited_list_and_which_entry_of_it(listed: tuple[CommandLine, Path]) -> None:
    run, file = listed
    size = file.stat().st_size
    edit_list(run.folder, f'"size":{size}', f'"size":{size + 1}')

    ended = run(*AGAINST, "o.json")

    assert (ended.code, ended.out) == (1, "")
    assert "o.json was edited: the run of Orders that was due 2027-01-16 02:00 UTC" in ended.err
    junit = run(*AGAINST, "o.json", "--format", "junit")
    assert (junit.code, ElementTree.fromstring(junit.out).attrib["errors"]) == (1, "1")


BAD_LISTS: dict[str, tuple[tuple[str, ...], int, str]] = {
    "no such file": ((*AGAINST, "none.json"), 1, "none.json does not exist"),
    "a folder": ((*AGAINST, "."), 1, "it is a folder, not a regular file"),
    "no JSON": ((*AGAINST, "exports.yaml"), 1, "exports.yaml is not JSON"),
    "another document": ((*AGAINST, "other.json"), 1, "other.json is no list of files of a backup"),
    "a cut list": ((*AGAINST, "cut.json"), 1, "cut.json is not JSON: it may be cut"),
    "a cut table": ((*AGAINST, "cut.parquet"), 1, "cut.parquet was edited or cut, or another program wrote it"),
    "a list of another export": (
        ("backup", "check", "--target", "returns", "--against", "o.json"),
        1,
        "o.json is a list of exports.orders, which is not among the exports that were checked",
    ),
    "all environments": (("backup", "check", "--all-environments", "--against", "o.json"), 64, "is of one sandbox"),
}


@pytest.mark.parametrize("name", BAD_LISTS)
def test_what_is_no_list_of_this_backup_is_named(listed: tuple[CommandLine, Path], name: str) -> None:
    run, _ = listed
    (run.folder / "other.json").write_text(json.dumps({"kind": "snapshot"}))
    for form in ("json", "parquet"):
        data = (run.folder / f"o.{form}").read_bytes()
        (run.folder / f"cut.{form}").write_bytes(data[: len(data) // 2])
    argv, code, said = BAD_LISTS[name]

    ended = run(*argv)

    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err
