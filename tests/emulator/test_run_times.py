"""When exports run: in order of time, never twice, not while disabled, not at the end or later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from exportctl.emulator import SeedDataset, Switches
from tests.emulator.emulator_api import Api
from tests.emulator.export_runs import (
    CLICKS,
    DAY,
    HOUR,
    ONCE,
    ORDERS,
    RETURNS,
    START,
    Exports,
    Json,
    exports,
    start_offset,
    status,
)


@pytest.fixture
def nowhere() -> Iterator[Exports]:
    with exports(None) as made:
        yield made


def starts(made: Exports, flow: str | None = None) -> list[int]:
    return [start_offset(run) // HOUR for run in made.runs(flow)]


def test_ticks_of_several_flows_run_in_order_of_time_when_the_clock_jumps(nowhere: Exports) -> None:
    quick = nowhere.flow(interval=3, startTime=START + 2 * HOUR)
    slow = nowhere.flow(CLICKS, interval=1, timeUnit="day", startTime=START + 5 * HOUR)

    nowhere.emulator.advance(3 * DAY)

    in_order = [(start_offset(run) // HOUR, run["flowId"]) for run in _run_documents(nowhere)]
    expected = [(hour, quick) for hour in range(2, 73, 3)] + [(hour, slow) for hour in (5, 29, 53)]
    assert in_order == sorted(expected, key=lambda one: (one[0], [quick, slow].index(one[1])))


def test_order_of_time_holds_however_late_a_client_reads(nowhere: Exports) -> None:
    """The later flow has the write of a background client before it, which is due at once."""
    later = nowhere.flow(startTime=START + 3 * HOUR)
    sooner = nowhere.flow(startTime=START + 2 * HOUR)
    assert nowhere.api.replace(f"/flows/{later}", "/name", "renamed").is_success

    nowhere.move_clock_only(4 * HOUR)
    nowhere.api.get("/flows")

    assert [run["flowId"] for run in _run_documents(nowhere)] == [sooner, later]


def _run_documents(made: Exports) -> list[Json]:
    """Run documents in the order in which they came into the store."""
    return [record.doc for record in made.emulator.store.list_records("runs")]


def test_one_jump_and_many_small_steps_give_the_same_runs(tmp_path: Path) -> None:
    def seen(steps: Sequence[int], name: str) -> tuple[list[int], list[int], Counter[str]]:
        with exports(tmp_path / name) as made:
            made.flow(ORDERS, CLICKS, interval=3)
            made.flow(ORDERS, interval=12)
            for dataset in (ORDERS, CLICKS):
                made.ingest(5, dataset)
            for seconds in steps:
                made.emulator.advance(seconds)
            counts = [r["metrics"]["recordSummary"]["outputRecordCount"] for r in made.runs()]
            return starts(made), counts, made.row_counts()

    assert seen([2 * DAY], "jump") == seen([HOUR] * 48, "steps")


def test_the_end_is_excluded(nowhere: Exports) -> None:
    flow = nowhere.flow(interval=3, endTime=START + 7 * HOUR)

    nowhere.emulator.advance(30 * DAY)

    assert starts(nowhere, flow) == [1, 4]


def test_without_an_end_a_flow_ends_six_months_after_its_creation(nowhere: Exports) -> None:
    api = nowhere.api
    body = api.flow_body(api.source(), api.target(), schedule={"interval": 1, "timeUnit": "day"})
    del body["scheduleParams"]["endTime"]
    flow = api.create("flows", body)

    nowhere.emulator.advance(400 * DAY)

    runs = nowhere.runs(flow)
    assert len(runs) == 181  # 2026-01-01 01:00 to 2026-06-30 01:00
    assert start_offset(runs[-1]) == 180 * DAY + HOUR


def test_an_export_that_runs_once_runs_once(nowhere: Exports) -> None:
    flow = nowhere.flow(**ONCE)

    nowhere.emulator.advance(30 * DAY)

    assert starts(nowhere, flow) == [1]


def test_a_disabled_flow_skips_and_does_not_catch_up(nowhere: Exports) -> None:
    flow = nowhere.flow(interval=3)
    nowhere.emulator.advance(2 * HOUR)
    nowhere.api.act(flow, "disable")
    nowhere.emulator.advance(9 * HOUR)
    nowhere.api.act(flow, "enable")

    nowhere.emulator.advance(6 * HOUR)

    assert starts(nowhere, flow) == [1, 13, 16]


def test_a_schedule_that_was_moved_is_followed_from_then_on(nowhere: Exports) -> None:
    flow = nowhere.flow(interval=3)
    nowhere.emulator.advance(5 * HOUR)
    path = f"/flows/{flow}"
    moved = {**nowhere.api.item(path)["scheduleParams"], "startTime": START + 8 * HOUR, "interval": 6}
    assert nowhere.api.replace(path, "/scheduleParams", moved).is_success

    nowhere.emulator.advance(16 * HOUR)

    assert starts(nowhere, flow) == [1, 4, 8, 14, 20]


def test_a_deleted_flow_runs_no_more_and_its_runs_stay(nowhere: Exports) -> None:
    nowhere.emulator.switches = Switches(delete_lag=10)
    flow = nowhere.flow(interval=3)
    nowhere.emulator.advance(HOUR)

    nowhere.api.delete(f"/flows/{flow}")
    nowhere.emulator.advance(DAY)

    assert starts(nowhere, flow) == [1]


def test_audience_flows_do_not_run(nowhere: Exports) -> None:
    schedule = {"interval": 3, "timeUnit": "hour", "startTime": START + HOUR}
    nowhere.emulator.ui.create_flow("theirs", sandbox="dev", audience=True, schedule=schedule)

    nowhere.emulator.advance(DAY)

    assert nowhere.runs() == []


def test_runs_of_sandboxes_are_apart(nowhere: Exports, connect: Callable[..., Api]) -> None:
    nowhere.emulator.seed(["stage"], {"stage": [SeedDataset("Theirs", "d" * 24, rows=3)]})
    other = connect(nowhere.emulator, "stage")
    flow = nowhere.flow(RETURNS)
    theirs = other.create("flows", other.flow_body(other.source("d" * 24), other.target()))

    nowhere.emulator.advance(HOUR)

    ours = nowhere.runs()
    (seen,) = other.get("/runs").json()["items"]
    assert [run["flowId"] for run in ours] == [flow]
    assert (seen["flowId"], seen["sandboxName"], status(seen)) == (theirs, "stage", "success")
    assert other.get(f"/runs/{ours[0]['id']}").status_code == 404


def test_a_flow_that_was_loaded_without_its_ends_fails_and_stops_nothing(nowhere: Exports) -> None:
    good = nowhere.flow()
    spec = nowhere.api.item(f"/flows/{good}")["flowSpec"]
    schedule = nowhere.api.schedule()
    loaded = {"id": "loaded", "name": "loaded", "flowSpec": spec, "scheduleParams": schedule}
    nowhere.emulator.ui.load({"flows": [loaded]}, sandbox="dev")

    nowhere.emulator.advance(HOUR)

    assert {run["flowId"]: status(run) for run in nowhere.runs()} == {good: "success", "loaded": "failed"}


@pytest.mark.parametrize("part", ["auth", "params"])
def test_a_flow_whose_connections_were_loaded_without_a_part_fails_and_stops_nothing(tmp_path: Path, part: str) -> None:
    """What is copied from a real sandbox holds no secrets, and may hold less."""
    with exports(tmp_path) as made:
        good = made.flow()
        made.ingest(2)
        ui = made.emulator.ui
        theirs = ui.create_flow("theirs", ["Orders"], sandbox="dev", destination="SFTP", schedule=made.api.schedule())
        base, target = theirs["base"], theirs["target"]
        collection, id = ("connections", base) if part == "auth" else ("targetConnections", target)
        doc = {**made.api.item(f"/{collection}/{id}"), part: {}}
        ui.load({collection: [doc]}, sandbox="dev")

        made.emulator.advance(HOUR)

        found = {run["flowId"]: status(run) for run in made.runs()}
        assert found == {good: "success", theirs["id"]: "failed" if part == "auth" else "success"}
