"""A list of files against what storage and chain hold now: what each difference is called, and what is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from exportctl.model.schedule import DAY
from exportctl.model.storage_address import StorageAddress
from exportctl.monitor.backup.compare_list import ListSubject, common_folder, compare_chain
from exportctl.monitor.backup.list_report import ListComparison, ListFaultKind, StoredNow
from exportctl.monitor.backup.report import Chain, ChainStart, ChainState, Gap
from exportctl.storage.reader import StoredFile
from tests.monitor.backup.sample_file_lists import (
    FIRST,
    FLOW,
    LAKE,
    ORDERS,
    chain_of,
    chain_run,
    file_list,
    list_of_days,
    stored_file,
)

LISTED = list_of_days(3).chains[0]
CHAIN = chain_of(*(chain_run(day) for day in range(3)))
THERE = {f.path: StoredFile(f.path, f.size, etag=f.etag) for run in CHAIN.runs for f in run.files}
MIDDLE = stored_file(1)
ROWS: Mapping[str, int | str] = dict.fromkeys(THERE, 7)


def compare(
    now: StoredNow, chain: Chain | None = CHAIN, flow: str | None = FLOW, listed: object = LISTED
) -> ListComparison:
    assert isinstance(listed, type(LISTED))
    return compare_chain(listed, ListSubject("orders.json", ORDERS, flow, chain, now))


def with_file(**changes: object) -> StoredNow:
    """The storage with another middle file; `size=None` deletes it."""
    stored = StoredFile(**{**vars(THERE[MIDDLE.path]), **changes})
    return StoredNow(LAKE, {**THERE, MIDDLE.path: stored})


@dataclass(frozen=True)
class FaultCase:
    now: StoredNow
    kind: ListFaultKind
    said: str
    is_of_file: bool = True
    chain: Chain | None = CHAIN
    flow: str | None = FLOW
    listed: object = field(default_factory=lambda: LISTED)


WITHOUT = {path: one for path, one in THERE.items() if path != MIDDLE.path}
CHANGED = replace(
    chain_of(chain_run(0), chain_run(1, ChainState.CHANGED), chain_run(2)),
    gaps=(Gap(ChainState.CHANGED, FIRST, FIRST + DAY, FIRST + DAY, 1, "strange: not in the manifest", "", ""),),
)
LATER = replace(chain_of(chain_run(2)), starts=(ChainStart(FIRST + 2 * DAY - 60, "its datasets changed"),))
UNCOUNTED = file_list(
    chain_of(*(replace(run, files=tuple(replace(f, rows=None) for f in run.files)) for run in CHAIN.runs))
).chains[0]

CASES: dict[str, FaultCase] = {
    "gone": FaultCase(StoredNow(LAKE, WITHOUT), ListFaultKind.DELETED, "the file is gone"),
    "cut": FaultCase(with_file(size=50), ListFaultKind.SIZE, "50 bytes, the list says 101"),
    "replaced by another of equal size": FaultCase(
        with_file(etag='"other"'), ListFaultKind.WRITTEN_AGAIN, 'changed or written again: its ETag is not "etag-1-0"'
    ),
    "other rows": FaultCase(
        StoredNow(LAKE, THERE, {**ROWS, MIDDLE.path: 6}), ListFaultKind.ROWS, "6 rows, the list says 7"
    ),
    "damaged": FaultCase(
        StoredNow(LAKE, THERE, {**ROWS, MIDDLE.path: "its footer is damaged"}), ListFaultKind.DAMAGED, "its footer"
    ),
    "other rows of a run, by a list without rows": FaultCase(
        StoredNow(LAKE, THERE, {**ROWS, MIDDLE.path: 6}),
        ListFaultKind.ROWS,
        "13 rows in its files, the list says 14",
        is_of_file=False,
        listed=UNCOUNTED,
    ),
    "a file of another program": FaultCase(
        StoredNow(LAKE, THERE), ListFaultKind.CHANGED, "CHANGED now: strange", is_of_file=False, chain=CHANGED
    ),
    "another run": FaultCase(
        StoredNow(LAKE, THERE),
        ListFaultKind.NOT_IN_CHAIN,
        "another run wrote for this moment: rerun",
        is_of_file=False,
        chain=replace(CHAIN, runs=(CHAIN.runs[0], replace(CHAIN.runs[1], run="rerun"), CHAIN.runs[2])),
    ),
    "no run any more": FaultCase(
        StoredNow(LAKE, THERE),
        ListFaultKind.NOT_IN_CHAIN,
        "the chain has no run that was due then",
        is_of_file=False,
        chain=chain_of(chain_run(0), chain_run(2)),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_not_as_listed_is_named_with_its_run_and_window(name: str) -> None:
    case = CASES[name]
    (fault,) = compare(case.now, case.chain, case.flow, case.listed).faults
    assert (fault.kind, fault.due, fault.after, fault.run) == (case.kind, FIRST + DAY, FIRST, "run-1")
    assert fault.path == (MIDDLE.path if case.is_of_file else None)
    assert case.said in fault.reason


@pytest.mark.parametrize(
    ("flow", "chain", "said"),
    [
        ("another flow", CHAIN, "exports.orders has the flow another flow now, so its chain began again"),
        (None, None, "exports.orders has no flow now"),
    ],
)
def test_a_replaced_flow_is_said_once_and_the_files_are_compared_all_the_same(
    flow: str | None, chain: Chain | None, said: str
) -> None:
    again, gone = compare(StoredNow(LAKE, WITHOUT), chain, flow).faults
    assert (again.kind, again.due, said in again.reason) == (ListFaultKind.NOT_IN_CHAIN, None, True)
    assert (gone.kind, gone.path) == (ListFaultKind.DELETED, MIDDLE.path)


def test_a_chain_that_begins_later_names_its_start() -> None:
    first, second = compare(StoredNow(LAKE, THERE), LATER).faults
    assert {first.kind, second.kind} == {ListFaultKind.NOT_IN_CHAIN}
    assert "the chain begins at 2027-01-17 07:59 UTC now: its datasets changed" in first.reason


# what storage holds, by how much it was compared -> by_etag, by_size, by_rows
CLEAN: dict[str, tuple[StoredNow, tuple[int, int, int]]] = {
    "by ETag": (StoredNow(LAKE, THERE), (6, 0, 0)),
    "by ETag and rows": (StoredNow(LAKE, THERE, ROWS), (6, 0, 6)),
    "without ETags": (StoredNow(LAKE, {p: replace(f, etag=None) for p, f in THERE.items()}), (0, 6, 0)),
    "with one ETag less": (with_file(etag=None), (5, 1, 0)),
    "other files too": (StoredNow(LAKE, {**THERE, "aep/x": StoredFile("aep/x", 1)}), (6, 0, 0)),
}


@pytest.mark.parametrize("name", CLEAN)
def test_what_is_as_listed_is_counted_by_what_was_compared(name: str) -> None:
    now, counts = CLEAN[name]
    made = compare(now)
    assert (made.faults, made.runs, made.files) == ((), 3, 6)
    assert (made.by_etag, made.by_size, made.by_rows) == counts


def test_rows_of_a_list_without_rows_are_compared_with_those_of_the_run() -> None:
    assert compare(StoredNow(LAKE, THERE, ROWS), listed=UNCOUNTED).by_rows == 6


def test_later_runs_and_runs_that_the_service_forgot_are_no_fault() -> None:
    forgotten = replace(chain_run(1, ChainState.UNPROVEN), run=None)
    later = chain_of(chain_run(0), forgotten, *(chain_run(day) for day in range(2, 9)))
    assert compare(StoredNow(LAKE, THERE), later).faults == ()


def test_a_listed_run_from_a_time_of_which_nothing_is_known_any_more_is_no_fault() -> None:
    unknown = Gap(ChainState.UNPROVEN, None, FIRST - 60, FIRST + DAY + 60, 0, "the schedule begins later", "", "")
    chain = replace(chain_of(chain_run(2)), gaps=(unknown,))
    assert compare(StoredNow(LAKE, THERE), chain).faults == ()
    assert len(compare(StoredNow(LAKE, THERE), replace(chain, gaps=(replace(unknown, last=FIRST),))).faults) == 1


def test_a_storage_that_was_not_read_is_one_fault() -> None:
    made = compare(StoredNow(LAKE, unread="no credentials"))
    assert [(one.kind, one.due) for one in made.faults] == [(ListFaultKind.NOT_READ, None)]
    assert (made.by_etag, made.by_size) == (0, 0)


def test_files_at_a_former_location_are_not_called_deleted() -> None:
    made = compare(StoredNow(StorageAddress("s3://new-lake"), THERE))
    assert {(one.kind, one.path) for one in made.faults} == {(ListFaultKind.NOT_READ, None)}
    assert "2 files not where the export writes now: s3://acme-lake/aep/" in made.faults[0].reason


@pytest.mark.parametrize(
    ("paths", "folder"),
    [
        ([], ""),
        (["a.json"], ""),
        (["aep/d/1/x", "aep/d/1/y"], "aep/d/1"),
        (["aep/d/1/x", "aep/d/12/y", "aep/d/1/z"], "aep/d"),
        (["aep/d/x", "aep/d/x/y"], "aep/d"),
        (["one/x", "two/x"], ""),
    ],
)
def test_one_listing_of_the_deepest_folder_shows_all_files(paths: list[str], folder: str) -> None:
    assert common_folder(paths) == folder
    assert all(path.startswith(f"{folder}/") for path in paths if folder)
