"""
Read a list with pages by `start`: the first page says how many items there are, so the others are read in parallel.

`/connectionSpecs/{id}/configs` has such pages, with `pageInfo: {start, end, total, hasNext}` (flow-service.md 6).
Nothing says that `total` is right, or that the list stays as it is between two pages. So the pages must agree: each has
the same total and, except the last one, as many items as the first, and all together have `total` different ids. If
they do not, the list is read once more, page after page, and what either reading found counts: no item is lost because
another one moved. Without `hasNext` a full page is followed by another one. A list that goes on without a new item
is an error.
"""

from __future__ import annotations

from collections.abc import Callable

from exportctl.client.pages import Json, Objects, merge_page
from exportctl.client.reading_pool import ReadingPool
from exportctl.frozen import dataclass

WAVE = 16  # pages that are asked for before the answers are looked at: `total` may be any number


class EndlessList(Exception):
    """A page says that more follow, and has no item that the pages before it do not have."""


@dataclass(frozen=True)
class OffsetPage:
    """
    One page. `total` is the number of items of the whole list, None if the page does not say it.

    `has_more` is None if the page does not say it; `is_full` says that it has as many items as were asked for.
    """

    items: Objects
    total: int | None
    has_more: bool | None
    is_full: bool = False

    def is_followed(self, end: int) -> bool:
        """Say whether more items follow after the `end` items so far; two words of the page may disagree."""
        can_end_here = self.has_more is None and self.is_full
        return bool(self.has_more) or (bool(self.items) and (can_end_here or (self.total or 0) > end))


def read_offset_pages(read_page: Callable[[int], OffsetPage]) -> Objects:
    """
    Return all items, each id once. `read_page` reads the page at a start; an empty one says that none follows.

    Raises:
        EndlessList: the pages do not end.
    """
    found: dict[str, Json] = {}
    first = read_page(0)
    merge_page(found, first.items)
    if not first.is_followed(len(first.items)):
        return [*found.values()]
    if not first.items or first.total is None or first.total <= len(first.items) or not first.has_more:
        _read_one_by_one(read_page, found, first)
    elif not _read_in_parallel(read_page, found, first):
        _read_one_by_one(read_page, found, read_page(0))
    return [*found.values()]


def _read_in_parallel(read_page: Callable[[int], OffsetPage], found: dict[str, Json], first: OffsetPage) -> bool:
    """Add the pages after the first one; return whether all pages agree."""
    size, total = len(first.items), first.total or 0
    starts = range(size, total, size)
    with ReadingPool(min(WAVE, max(1, len(starts)))) as pool:
        for at in range(0, len(starts), WAVE):
            wave = starts[at : at + WAVE]
            pages = [*pool.map(read_page, wave)]
            for page in pages:
                merge_page(found, page.items)
            are_new = len(found) == min(total, wave[-1] + size)  # else a list without end could say that it has one
            if not are_new or not all(_agrees(page, first, start) for page, start in zip(pages, wave, strict=True)):
                return False
    return True


def _agrees(page: OffsetPage, first: OffsetPage, start: int) -> bool:
    total = first.total or 0
    wanted = min(len(first.items), total - start)
    return page.total == total and len(page.items) == wanted and page.has_more == (start + wanted < total)


def _read_one_by_one(read_page: Callable[[int], OffsetPage], found: dict[str, Json], page: OffsetPage) -> None:
    """Add the first page and those after it."""
    seen: set[object] = set()  # ids in this reading
    end = 0
    while True:
        merge_page(found, page.items)
        end += len(page.items)
        if not page.is_followed(end):
            return
        ids = {item.get("id") for item in page.items}
        if ids <= seen:
            raise EndlessList
        seen |= ids
        page = read_page(end)


def page_total(info: object) -> int | None:
    """Return the `total` of a `pageInfo`, None if it has none that is a number of items."""
    total = info.get("total") if isinstance(info, dict) else None
    return total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else None
