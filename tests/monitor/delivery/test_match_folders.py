"""Which folder belongs to which run: by the moment in its name, else by the time in which the run wrote."""

from __future__ import annotations

from dataclasses import replace

from exportctl.monitor.delivery.due_runs import due_runs
from exportctl.monitor.delivery.report import DeliveryResult
from exportctl.monitor.delivery.stored_files import ExportFiles, match_folders
from tests.monitor.delivery.delivery_states import (
    DAILY,
    FLOW,
    WEB,
    DeliveryState,
    export_time,
    part_name,
    run_id,
    succeeded_run,
    timestamp,
)

AS_OF = timestamp(9)


def _matched(state: DeliveryState, since: int = timestamp(5)) -> dict[int, str]:
    dues = due_runs(state.expectation, state.runs, since, AS_OF)
    return {due: folder.path for (_, due), folder in match_folders(state.expectation, dues, _held(state)).items()}


def _held(state: DeliveryState) -> ExportFiles:
    return state.holdings(deep=False)


def _state(*runs: tuple[int, int, int], folders: tuple[int, ...]) -> DeliveryState:
    """Runs as (number, day, hour); folders by the moments in their names."""
    state = DeliveryState(runs=[succeeded_run(n, timestamp(day, hour)) for n, day, hour in runs], until=AS_OF)
    for moment in folders:
        state.put_files(moment)
    return state


def _path(moment: int) -> str:
    return f"aep/{WEB}/{export_time(moment)}"


def test_a_folder_named_after_the_start_of_a_late_run_belongs_to_it() -> None:
    late = timestamp(5, 2, 40)
    state = _state((1, 5, 3), folders=(late,))

    assert _matched(state) == {timestamp(5, 2): _path(late)}


def test_the_latest_of_several_folders_in_the_time_of_a_run_counts() -> None:
    first, second = timestamp(5, 2, 10), timestamp(5, 2, 40)

    assert _matched(_state((1, 5, 3), folders=(first, second))) == {timestamp(5, 2): _path(second)}


def test_a_folder_that_is_named_after_another_due_run_is_not_taken_twice() -> None:
    state = _state((1, 5, 2), (2, 6, 3), folders=(timestamp(5, 2),))

    assert _matched(state) == {timestamp(5, 2): _path(timestamp(5, 2))}


def test_a_run_of_a_whole_day_does_not_take_the_folder_of_the_next_run() -> None:
    following = timestamp(6, 2)
    state = _state((1, 5, 2), (2, 6, 2), folders=(following,))
    state.runs[0] = replace(state.runs[0], completed=timestamp(6, 3))

    assert _matched(state) == {following: _path(following)}


def test_a_due_run_without_a_run_gets_no_folder_of_its_time() -> None:
    state = _state(folders=(timestamp(5, 2, 40),))

    assert _matched(state) == {}


def test_a_folder_of_the_last_second_of_a_run_is_its_own_and_a_later_one_is_not() -> None:
    end = timestamp(5, 3, 2)  # two minutes after the start
    inside, outside = _state((1, 5, 3), folders=(end,)), _state((1, 5, 3), folders=(end + 60,))

    assert _matched(inside) == {timestamp(5, 2): _path(end)}
    assert _matched(outside) == {}


def test_a_manifest_of_this_flow_and_this_run_tells_which_of_two_folders_is_ours() -> None:
    """Two folders have one moment where the template holds more than the time: another flow writes beside us."""
    wanted = replace(DAILY, folder="%DATASET_ID%/%FLOW_RUN_ID%-%EXPORT_TIME%")
    moment = timestamp(5, 2)
    ours, theirs = (f"aep/{WEB}/{word}-{export_time(moment)}" for word in ("zzz", "aaa"))
    state = DeliveryState(expectation=wanted, runs=[succeeded_run(1, moment)], until=AS_OF)
    for folder, owner, run in ((ours, FLOW, run_id(1)), (theirs, FLOW[::-1], run_id(1))):
        state.objects[f"{folder}/{part_name(0)}"] = 100
        state.objects[f"{folder}/{part_name(1)}"] = 100
        state.objects[f"{folder}/manifest-{owner}-{run}.json"] = 10
    assert _matched(state) == {moment: ours}

    del state.objects[f"{theirs}/manifest-{FLOW[::-1]}-{run_id(1)}.json"]
    state.objects[f"{theirs}/manifest-{FLOW}-{run_id(7)}.json"] = 10  # of this flow, and of another run
    assert _matched(state) == {moment: ours}


def test_without_a_time_in_the_folder_a_run_without_rows_needs_no_file_and_one_row_does() -> None:
    undated = replace(DAILY, folder="%DATASET_ID%")
    results = [
        DeliveryState(undated, [succeeded_run(1, timestamp(5, 2), rows, files)], until=AS_OF).build_verdicts()[0].result
        for rows, files in ((0, 0), (1, 1))
    ]

    assert results == [DeliveryResult.EMPTY, DeliveryResult.FILES_MISSING]


def test_a_manifest_without_entries_is_right_for_a_run_without_rows_and_wrong_for_one_with_rows() -> None:
    found = []
    for rows in (0, 100):
        state = DeliveryState(replace(DAILY, manifest=True), [succeeded_run(1, timestamp(5, 2), rows, 0)], until=AS_OF)
        state.put_manifest(f"{_path(timestamp(5, 2))}/manifest-{FLOW}-{run_id(1)}.json", 1, [])
        found.append(state.build_verdicts()[0].result)

    assert found == [DeliveryResult.EMPTY, DeliveryResult.FILES_MISSING]


def test_a_manifest_of_another_run_beside_ours_makes_a_folder_no_less_ours() -> None:
    wanted = replace(DAILY, folder="%DATASET_ID%/%FLOW_RUN_ID%-%EXPORT_TIME%")
    moment = timestamp(5, 2)
    ours, theirs = (f"aep/{WEB}/{word}-{export_time(moment)}" for word in ("zzz", "aaa"))
    state = DeliveryState(expectation=wanted, runs=[succeeded_run(1, moment)], until=AS_OF)
    for folder in (ours, theirs):
        state.objects |= {f"{folder}/{part_name(number)}": 100 for number in range(2)}
    state.objects |= {f"{ours}/manifest-{FLOW}-{run_id(number)}.json": 10 for number in (1, 7)}

    assert _matched(state) == {moment: ours}


def test_a_run_under_an_earlier_schedule_may_have_a_folder_from_before_the_time_of_today() -> None:
    before = timestamp(5, 1, 30)
    state = _state((1, 5, 2), folders=(before,))
    assert _matched(state) == {}

    state.expectation = replace(DAILY, changed=timestamp(5, 8))
    assert _matched(state) == {timestamp(5, 2): _path(before)}
