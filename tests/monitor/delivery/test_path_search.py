"""The search of a whole path is bounded, lists only for missing files, and says where it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from exportctl.monitor.delivery import path_search
from exportctl.monitor.delivery.stored_files import ExportFiles
from exportctl.monitor.delivery.verdict import dues_with_missing_files
from exportctl.storage.reader import StoredFile
from tests.monitor.delivery.delivery_states import APP, DAILY, WEB, DeliveryState, part_name, succeeded_run, timestamp

NIGHT = timestamp(5, 2)


def other_objects(count: int) -> Iterator[StoredFile]:
    yield from (StoredFile(f"aep/logs/{number}.txt", 1) for number in range(count))


def test_the_search_ends_at_its_limit_and_the_result_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path_search, "MAX_OBJECTS", 3)
    objects = other_objects(1_000)
    found = path_search.add_unreadable_folders(ExportFiles(), objects, DAILY, [NIGHT])
    assert found.searched == 3
    assert next(objects).path == "aep/logs/4.txt"
    scene = DeliveryState(runs=[succeeded_run(1, NIGHT + 30)])
    scene.objects = {stored.path: stored.size for stored in other_objects(9)}
    (verdict,) = scene.build_verdicts()
    assert verdict.result == "FILES-MISSING"
    assert "searched only 3 objects of aep for folders that it cannot read" in verdict.reason


def test_the_path_is_searched_only_for_the_times_of_missing_files() -> None:
    scene = DeliveryState(runs=[succeeded_run(day, timestamp(day, 2, 1)) for day in (4, 5)])
    scene.put_files(timestamp(4, 2))
    judged = scene.build_verdicts(since=timestamp(4))

    assert dues_with_missing_files([*judged, replace(judged[0], due=None)]) == (NIGHT,)


def test_a_search_that_sees_all_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path_search, "MAX_OBJECTS", 3)
    assert path_search.add_unreadable_folders(ExportFiles(), other_objects(3), DAILY, [NIGHT]).searched is None


def test_a_folder_that_the_first_listing_found_is_named_once() -> None:
    scene = DeliveryState(runs=[succeeded_run(1, NIGHT + 30)])
    scene.objects = {f"aep/{WEB}/2026/{part_name(number)}": 1 for number in range(2)}
    (verdict,) = scene.build_verdicts()
    assert verdict.result == "UNKNOWN"
    assert verdict.objects == (f"aep/{WEB}/2026",)


def test_a_folder_with_the_name_of_another_dataset_of_the_flow_is_not_of_this_one() -> None:
    both = replace(DAILY, datasets={WEB: "Web Events", APP: "App Events"})
    scene = DeliveryState(both, runs=[succeeded_run(1, NIGHT + 30, files=3)])
    scene.put_files(NIGHT, dataset=APP)
    for name, expected in (("App Events", "FILES-MISSING"), ("Web Events", "UNKNOWN")):
        path = f"aep/{name}/exportTime=202603050200/{part_name(0)}"
        scene.objects[path] = 1
        (web,) = [v for v in scene.build_verdicts() if v.dataset_id == WEB]
        assert web.result == expected
        del scene.objects[path]
