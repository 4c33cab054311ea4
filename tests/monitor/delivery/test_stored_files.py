"""What is kept of the objects below a prefix: those of the runs that are looked at, however many there are."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

from exportctl.monitor.delivery.folder_layout import folder_layout
from exportctl.monitor.delivery.stored_files import list_dataset
from exportctl.storage.reader import StoredFile
from tests.monitor.delivery.delivery_states import DAILY, WEB, export_time, part_name, timestamp

OBJECTS = 20_000


def years_of_exports() -> Iterator[StoredFile]:
    """A hundred files a night, the newest night last."""
    for night in range(OBJECTS // 100, 0, -1):
        folder = f"aep/{WEB}/{export_time(timestamp(5, 2) - (night - 1) * 86400)}"
        for number in range(100):
            yield StoredFile(f"{folder}/{part_name(number)}", 2000)


def test_twenty_thousand_objects_cost_the_memory_of_those_that_are_asked_for() -> None:
    shape = folder_layout(DAILY, WEB)
    tracemalloc.start()
    try:
        found = list_dataset(years_of_exports(), shape, timestamp(4), timestamp(6)).folders
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert [len(folder.files) for folder in found.values()] == [100, 100]
    assert peak < 1024 * 1024
