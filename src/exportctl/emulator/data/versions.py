"""
Which version of each row a table has, after later batches changed rows of earlier ones or removed them.

In: batches in the order in which they came in. Out: pieces of them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from itertools import pairwise

from exportctl.emulator.data.rows import Batch


def newest_rows(batches: Sequence[Batch]) -> list[Batch]:
    """Return the last version of each row, in the order of their numbers; a row that was removed last is left out."""
    if not any(batch.version for batch in batches):
        return list(batches)
    starts = sorted(range(len(batches)), key=lambda place: batches[place].first)
    edges = sorted({edge for batch in batches for edge in (batch.first, batch.first + batch.count)})
    found: list[Batch] = []
    open: list[int] = []  # places of the batches that hold the row, the last batch first
    opened = 0
    for low, high in pairwise(edges):
        while opened < len(starts) and batches[starts[opened]].first <= low:
            heappush(open, -starts[opened])
            opened += 1
        while open and _end(batches[-open[0]]) <= low:
            heappop(open)
        if open and not batches[-open[0]].removed:
            batch = batches[-open[0]]
            found.append(batch.piece(low - batch.first, high - batch.first))
    return found


def drop_removed_rows(batches: Iterable[Batch]) -> list[Batch]:
    """Return all versions of the rows that were not removed later, in the order in which they came in."""
    found: list[Batch] = []
    for batch in batches:
        if batch.removed:
            found = [piece for one in found for piece in _pieces_outside(one, batch)]
        else:
            found.append(batch)
    return found


def _end(batch: Batch) -> int:
    return batch.first + batch.count


def _pieces_outside(batch: Batch, removed: Batch) -> Iterable[Batch]:
    low = min(max(removed.first - batch.first, 0), batch.count)
    high = min(max(_end(removed) - batch.first, low), batch.count)
    return [batch.piece(*edges) for edges in ((0, low), (high, batch.count)) if edges[0] < edges[1]]
