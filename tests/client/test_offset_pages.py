"""A list with pages by `start` loses no item, whatever its total says and whatever happens between two pages."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.client.offset_pages import EndlessList, OffsetPage, page_total, read_offset_pages

SIZE = 5
TOTALS: dict[str, Callable[[int, int], int | None]] = {  # of (all items, items on this page)
    "right": lambda every, shown: every,
    "absent": lambda every, shown: None,
    "of the page": lambda every, shown: shown,
    "too low": lambda every, shown: every // 2,
    "too high": lambda every, shown: every * 3 + 7,
    "any": lambda every, shown: 10**12,
    "none": lambda every, shown: 0,
}


class PagedList:
    """A list of ids. `events` change it right before the answer with that number; it may show no `hasNext`."""

    def __init__(
        self,
        ids: list[str],
        total: Callable[[int, int], int | None],
        events: dict[int, Callable[[], None]],
        *,
        has_next: bool = True,
    ):
        self.ids = ids
        self.has_next = has_next
        self.starts: list[int] = []
        self._total = total
        self._events = events
        self._lock = threading.Lock()

    def read_page(self, start: int) -> OffsetPage:
        with self._lock:
            self._events.get(len(self.starts), lambda: None)()
            self.starts.append(start)
            shown = self.ids[start : start + SIZE]
            items = [{"id": one} for one in shown]
            has_more = start + len(shown) < len(self.ids) if self.has_next else None
            return OffsetPage(items, self._total(len(self.ids), len(shown)), has_more, len(shown) == SIZE)


def read_ids(source: PagedList) -> set[str]:
    found = [str(item["id"]) for item in read_offset_pages(source.read_page)]
    assert len(found) == len(set(found))
    return set(found)


def ids_of(count: int) -> list[str]:
    return [f"d{number}" for number in range(count)]


@pytest.mark.parametrize("total", TOTALS)
@given(count=st.integers(0, 120), has_next=st.booleans())
def test_whatever_the_total_says_every_item_is_read(total: str, count: int, has_next: bool) -> None:
    assert read_ids(PagedList(ids_of(count), TOTALS[total], {}, has_next=has_next)) == set(ids_of(count))


@pytest.mark.parametrize("total", TOTALS)
@pytest.mark.parametrize("shown", [SIZE, SIZE - 1, 0])
def test_a_list_that_ignores_where_a_page_starts_is_an_error(total: str, shown: int) -> None:
    items = [{"id": one} for one in ids_of(shown)]

    with pytest.raises(EndlessList):
        read_offset_pages(lambda start: OffsetPage(items, TOTALS[total](8 * SIZE, shown), True, shown == SIZE))


@pytest.mark.parametrize("total", TOTALS)
@pytest.mark.parametrize("count", [0, SIZE, 8 * SIZE - 1, 17 * SIZE + 1])
def test_every_item_is_read_of_lists_of_these_lengths(total: str, count: int) -> None:
    assert read_ids(PagedList(ids_of(count), TOTALS[total], {})) == set(ids_of(count))


@given(count=st.integers(SIZE + 1, 120))
def test_a_right_total_costs_each_page_once(count: int) -> None:
    source = PagedList(ids_of(count), TOTALS["right"], {})

    read_ids(source)

    assert sorted(source.starts) == list(range(0, count, SIZE))


@given(count=st.integers(1, 120), moved=st.integers(0, 119), at=st.integers(0, 24), is_gone=st.booleans())
def test_a_list_that_shrinks_or_grows_between_two_pages_hides_nothing_that_stays(
    count: int, moved: int, at: int, is_gone: bool
) -> None:
    ids = ids_of(count)
    moved %= count

    def change() -> None:
        if is_gone:
            ids.remove(f"d{moved}")
        else:
            ids.insert(moved, "new")

    found = read_ids(PagedList(ids, TOTALS["right"], {at: change}))

    assert found >= set(ids) - {"new"}


def test_the_total_of_a_page_is_a_number_of_items() -> None:
    given = [{"total": 149}, {"total": 0}, {"total": -1}, {"total": True}, {"total": "149"}, {}, None, []]
    assert [page_total(one) for one in given] == [149, 0, None, None, None, None, None, None]
