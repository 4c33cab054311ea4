"""Which version of a row a table has is what a dictionary that is filled batch by batch says."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from exportctl.emulator.data.rows import Batch
from exportctl.emulator.data.versions import drop_removed_rows, newest_rows

CHANGE = st.tuples(st.integers(0, 12), st.integers(1, 8), st.booleans())
Version = tuple[int, int]  # of a row: its number and its version


def arrived(changes: list[tuple[int, int, bool]]) -> list[Batch]:
    """Twenty rows in two batches, and what changed of them later."""
    later = [
        Batch(first, count, 100 + number, version=number, removed=removed)
        for number, (first, count, removed) in enumerate(changes, 1)
    ]
    return [Batch(0, 9, 1), Batch(9, 11, 2), *later]


def held(batches: Iterable[Batch]) -> list[Version]:
    return [(number, batch.version) for batch in batches for number in range(batch.first, batch.first + batch.count)]


@given(st.lists(CHANGE, max_size=8))
def test_the_newest_version_of_each_row_is_found(changes: list[tuple[int, int, bool]]) -> None:
    batches = arrived(changes)
    expected: dict[int, int] = {}
    for batch in batches:
        for number, version in held([batch]):
            expected.pop(number, None)
            if not batch.removed:
                expected[number] = version

    assert held(newest_rows(batches)) == sorted(expected.items())


@given(st.lists(CHANGE, max_size=8))
def test_all_versions_since_a_row_was_removed_are_kept(changes: list[tuple[int, int, bool]]) -> None:
    batches = arrived(changes)
    expected: list[Version] = []
    for batch in batches:
        if batch.removed:
            gone = {number for number, _ in held([batch])}
            expected = [one for one in expected if one[0] not in gone]
        else:
            expected += held([batch])

    assert held(drop_removed_rows(batches)) == expected
