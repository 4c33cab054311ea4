"""What is kept of the objects below a prefix: those of the runs that are looked at, however many there are."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

from exportctl.storage.reader import Stored
from exportctl.verification.evidence import folders
from exportctl.verification.layout import layout
from tests.verification.situations import DAILY, WEB, at, export_time, part

OBJECTS = 100_000


def years_of_exports() -> Iterator[Stored]:
    """A hundred files a night, the newest night last."""
    for night in range(OBJECTS // 100, 0, -1):
        folder = f"aep/{WEB}/{export_time(at(5, 2) - (night - 1) * 86400)}"
        for number in range(100):
            yield Stored(f"{folder}/{part(number)}", 2000, 0)


def test_a_hundred_thousand_objects_cost_the_memory_of_those_that_are_asked_for() -> None:
    shape = layout(DAILY, WEB)
    tracemalloc.start()
    try:
        found = folders(years_of_exports(), shape, at(4))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert [len(folder.files) for folder in found.values()] == [100, 100]
    assert peak < 1024 * 1024
