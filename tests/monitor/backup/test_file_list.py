"""The list of the files of a backup: equal chains give equal bytes, and whatever is edited in a list is noticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.errors import Error
from exportctl.model.plan import canonical_json
from exportctl.model.storage_address import StorageAddress
from exportctl.monitor.backup.file_list import FileList, first_edited_run
from exportctl.monitor.backup.file_list_json import (
    content_digest,
    decode_file_list,
    dump_file_list,
    encode_file_list,
    load_file_list,
)
from exportctl.monitor.backup.file_list_table import COLUMNS, file_list_header, file_list_rows, read_file_list_rows
from exportctl.monitor.backup.report import ChainState
from tests.monitor.backup.sample_file_lists import (
    FIRST,
    chain_of,
    chain_run,
    file_list,
    list_of_days,
    mix_files,
    stored_file,
)

LISTED = list_of_days(3)
TEXT = dump_file_list(LISTED)


def test_equal_chains_give_equal_bytes_in_whatever_order_they_were_listed() -> None:
    orders = chain_of(*(chain_run(day, files=3) for day in range(4)))
    web = chain_of(chain_run(0, dataset="d-2"), dataset="Web", dataset_id="d-2")
    assert dump_file_list(file_list(orders, web)) == dump_file_list(file_list(web, mix_files(orders, (2, 0, 1))))


@given(st.integers(0, 5), st.integers(1, 5))
def test_a_longer_chain_has_the_older_list_as_its_beginning(days: int, more: int) -> None:
    older, later = list_of_days(days).chains[0], list_of_days(days + more).chains[0]
    assert later.runs[:days] == older.runs
    assert [run.previous for run in later.runs[1:]] == [run.hash for run in later.runs[:-1]]


def test_a_new_name_and_a_new_location_keep_the_older_list_as_the_beginning() -> None:
    runs = [chain_run(day) for day in range(2)]
    moved = file_list(chain_of(*runs, dataset="Orders, renamed"), folder="new/path")
    assert moved.chains[0].runs == list_of_days(2).chains[0].runs
    assert moved.chains[0].location == "s3://acme-lake/new/path"


@pytest.mark.parametrize(
    "other",
    [
        file_list(chain_of(chain_run(0)), flow="another flow"),
        file_list(chain_of(chain_run(0), dataset_id="another dataset")),
        file_list(chain_of(chain_run(0)), storage=StorageAddress("s3://another-bucket")),
    ],
    ids=["flow", "dataset", "storage"],
)
def test_no_run_of_another_owner_or_storage_fits_into_a_list(other: FileList) -> None:
    assert other.chains[0].runs[0].hash != LISTED.chains[0].runs[0].hash


def test_only_complete_runs_are_listed_and_the_list_says_what_is_not() -> None:
    made = file_list(chain_of(chain_run(0), chain_run(1, ChainState.UNPROVEN), chain_run(2)))
    (chain,) = made.chains
    assert [run.due for run in chain.runs] == [FIRST, FIRST + 2 * 86400]
    assert (made.is_whole, chain.state, [(one.run, one.state) for one in chain.incomplete]) == (
        False,
        ChainState.UNPROVEN,
        [("run-1", ChainState.UNPROVEN)],
    )
    assert load_file_list(dump_file_list(made), "it") == made


def test_a_file_of_two_datasets_is_refused() -> None:
    both = chain_of(chain_run(0)), chain_of(chain_run(0), dataset="Web", dataset_id="d-2")
    with pytest.raises(Error, match=r"may hold rows of Orders and of Web") as caught:
        file_list(*both)
    assert caught.value.rule == "file-list-shared"


# -- both forms -------------------------------------------------------------------------------------------------------

LISTS = {
    "one chain": LISTED,
    "a run without files": file_list(chain_of(chain_run(0), chain_run(1, files=0), chain_run(2))),
    "two chains": file_list(
        chain_of(chain_run(0)), chain_of(chain_run(0, dataset="d-2"), dataset="Web", dataset_id="d-2")
    ),
    "no etags, no rows": file_list(
        chain_of(
            replace(chain_run(0), run=None, rows=None, files=(replace(stored_file(0), etag=None, rows=None),)),
        )
    ),
    "nothing complete": file_list(chain_of(chain_run(0, ChainState.GAP))),
    "odd names": file_list(
        chain_of(replace(chain_run(0), run='"\udcff\n', files=(replace(stored_file(0), path="ä b"),)))
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_back_from_both_forms(name: str) -> None:
    listed = LISTS[name]
    assert load_file_list(dump_file_list(listed), "it") == listed
    assert read_file_list_rows(file_list_header(listed), file_list_rows(listed), "it") == listed


# -- edits ------------------------------------------------------------------------------------------------------------


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every value of a document that holds no other one, and every list."""
    if isinstance(value, dict):
        return [found for key in value for found in places(value[key], (*path, key))]
    if isinstance(value, list):
        return [path, *(found for n, one in enumerate(value) for found in places(one, (*path, n)))]
    return [path]


def parent(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        document = document[key]
    return document


DOCUMENT = encode_file_list(LISTED)


@given(st.sampled_from(places(DOCUMENT)), st.one_of(st.none(), st.booleans(), st.integers(-1, 3 * 10**9), st.text()))
def test_no_value_of_a_list_can_be_edited(path: tuple[Any, ...], value: object) -> None:
    edited = json.loads(TEXT)
    before = parent(edited, path)[path[-1]]
    if canonical_json(before) != canonical_json(value):
        parent(edited, path)[path[-1]] = value
        with pytest.raises(Error):
            load_file_list(dump_like(edited), "it")
        with pytest.raises(Error):
            decode_file_list(edited, "it")


def dump_like(document: Any) -> str:
    """An edited document as exportctl would write it: only its values differ."""
    from exportctl.monitor.backup.file_list_json import _lines

    return "".join(_lines(document, 0)) + "\n"


@given(st.integers(0, len(TEXT) - 1), st.characters(min_codepoint=32, max_codepoint=126))
def test_no_character_of_a_list_can_be_edited_dropped_or_added(position: int, character: str) -> None:
    for edited in (
        TEXT[:position] + character + TEXT[position + 1 :],
        TEXT[:position] + TEXT[position + 1 :],
        TEXT[:position] + character + TEXT[position:],
        TEXT[:position],
    ):
        if edited != TEXT:
            with pytest.raises(Error) as caught:
                load_file_list(edited, "orders.json")
            assert caught.value.message.startswith("orders.json ")


Edit = Callable[[list[Any]], object]
RUN_EDITS: dict[str, tuple[Edit, str]] = {
    "a size": (lambda runs: runs[1]["files"][0].update(size=1), "due 2027-01-16"),
    "a run dropped from the middle": (lambda runs: runs.pop(1), "due 2027-01-17"),
    "the first run dropped": (lambda runs: runs.pop(0), "due 2027-01-16"),
    "the last run dropped": (lambda runs: runs.pop(), "what stands around its runs"),
    "a run twice": (lambda runs: runs.insert(1, runs[0]), "due 2027-01-15"),
    "two runs swapped": (lambda runs: runs.reverse(), "due 2027-01-17"),
    "a file dropped": (lambda runs: runs[2]["files"].pop(), "due 2027-01-17"),
}


@pytest.mark.parametrize("name", RUN_EDITS)
def test_the_message_names_the_first_run_that_was_edited(name: str) -> None:
    edit, said = RUN_EDITS[name]
    document = json.loads(TEXT)
    edit(document["chains"][0]["runs"])
    with pytest.raises(Error, match=said) as caught:
        load_file_list(dump_like(document), "it")
    assert caught.value.rule == "file-list-edited"


@given(st.integers(0, len(file_list_rows(LISTED)) - 1), st.sampled_from(list(COLUMNS)), st.integers(0, 3 * 10**9))
def test_no_cell_of_a_table_can_be_edited(row: int, column: str, value: int) -> None:
    rows, index = file_list_rows(LISTED), list(COLUMNS).index(column)
    edited: object = value if isinstance(rows[row][index], int) else str(value)
    if edited != rows[row][index]:
        rows[row] = (*rows[row][:index], edited, *rows[row][index + 1 :])
        with pytest.raises(Error):
            read_file_list_rows(file_list_header(LISTED), rows, "it")


@pytest.mark.parametrize("header", [None, "", "{", "[]", "5", '{"chains": 5}', '{"chains": [{}]}', '{"kind": "x"}'])
def test_a_table_without_a_header_of_ours_is_no_list(header: str | None) -> None:
    with pytest.raises(Error) as caught:
        read_file_list_rows(header, [], "it")
    assert caught.value.rule == "file-list-kind"


WRONG: dict[str, tuple[str, str]] = {
    "no JSON": ("version: 1\n", "file-list-json"),
    "cut": (TEXT[:-20], "file-list-json"),
    "too deep": ("[" * 200 + "]" * 200, "file-list-json"),
    "far too deep": ("[" * 200_000, "file-list-json"),
    "another document": ('{"kind": "snapshot"}', "file-list-kind"),
    "a list of numbers": ("[1, 2]", "file-list-kind"),
    "another version": (TEXT.replace('"format_version": 1', '"format_version": 2'), "file-list-version"),
    "a moment beyond all calendars": (TEXT.replace(str(FIRST), str(10**14)), "file-list-edited"),
    "other line ends": (TEXT.replace("\n", "\r\n"), "file-list-edited"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_list_is_refused_with_the_reason(name: str) -> None:
    text, rule = WRONG[name]
    with pytest.raises(Error) as caught:
        load_file_list(text, "it")
    assert (caught.value.rule, bool(caught.value.hint)) == (rule, True)


def test_whoever_computes_all_hashes_again_is_not_noticed_without_a_hash_kept_elsewhere() -> None:
    """What the docs say of a list: it is no signature."""
    forged = list_of_days(2)
    assert first_edited_run(forged) is None
    assert forged.last_hash(forged.chains[0]) != LISTED.last_hash(LISTED.chains[0])
    assert content_digest(forged) != content_digest(LISTED)
