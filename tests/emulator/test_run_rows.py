"""Which rows a run exports: first all, then what is new, each row once however the flow is treated meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exportctl.emulator import Switches, dataset_rows, run_rows
from exportctl.emulator.data.rows import Batch
from exportctl.emulator.dataset_rows import Arrival
from exportctl.emulator.store import Record, Store
from tests.emulator.export_runs import (
    CLICKS,
    DAY,
    HOUR,
    NAMES,
    ONCE,
    ORDERS,
    RETURNS,
    START,
    Exports,
    Json,
    exported_row,
    exports,
    status,
)
from tests.law_profile import examples

YEAR = 365 * DAY


def kind(dataset: str) -> str:
    return "event" if dataset == CLICKS else "record"


def ids(dataset: str, *batches: Batch) -> list[str]:
    """The `_id`s of all rows of batches."""
    numbered = [(batch, batch.first + place) for batch in batches for place in range(batch.count)]
    return [str(exported_row(dataset, kind(dataset), number, batch)["_id"]) for batch, number in numbered]


def written_rows(run: Json) -> int:
    return int(run["metrics"]["recordSummary"]["outputRecordCount"])


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Exports]:
    with exports(tmp_path) as found:
        yield found


def test_first_all_rows_are_exported_and_then_what_is_new(made: Exports) -> None:
    made.ingest(5)
    made.emulator.advance(600)
    flow = made.flow()
    made.ingest(4)
    made.emulator.advance(HOUR)
    made.ingest(3)
    made.emulator.advance(6 * HOUR)
    made.emulator.advance(6 * HOUR)

    assert [written_rows(run) for run in made.runs(flow)] == [9, 3, 0]
    assert made.row_counts() == Counter(ids(ORDERS, *made.emulator.batches("dev", "Orders")))


def test_rows_that_come_in_at_the_moment_of_a_run_wait_for_the_next(made: Exports) -> None:
    flow = made.flow()
    made.emulator.advance(HOUR)
    made.ingest(3)

    made.emulator.advance(6 * HOUR)

    assert [written_rows(run) for run in made.runs(flow)] == [0, 3]


def test_two_flows_of_one_dataset_each_export_all_of_it(made: Exports) -> None:
    flows = [made.flow(foldernameTemplate=f"{name}/%EXPORT_TIME%") for name in ("one", "two")]
    made.ingest(3)
    made.emulator.advance(HOUR)
    made.ingest(2)
    made.emulator.advance(6 * HOUR)

    for flow, name in zip(flows, ("one", "two"), strict=True):
        assert [written_rows(run) for run in made.runs(flow)] == [3, 2]
        assert made.row_counts(f"/{name}/") == Counter(ids(ORDERS, *made.emulator.batches("dev", "Orders")))


def test_a_run_in_the_past_of_a_jump_does_not_see_later_rows(made: Exports) -> None:
    """All of a day's ticks are caught up in one step, each with what had come in by then."""
    flow = made.flow(interval=3)
    made.ingest(2)
    made.emulator.advance(2 * HOUR)
    made.ingest(3)

    made.emulator.advance(DAY)

    assert [written_rows(run) for run in made.runs(flow)][:3] == [2, 3, 0]


def test_rows_that_came_in_before_anybody_looked_at_a_run_are_not_in_it(made: Exports) -> None:
    flow = made.flow(interval=3)
    made.ingest(2)
    made.move_clock_only(2 * HOUR)
    made.ingest(3)

    made.emulator.advance(3 * HOUR)

    assert [written_rows(run) for run in made.runs(flow)] == [2, 3]


@pytest.mark.parametrize("spread", [0, 30 * DAY, 800 * DAY])
def test_events_of_more_than_a_year_ago_are_left_out(made: Exports, spread: int) -> None:
    made.flow(CLICKS)
    made.ingest(40, CLICKS, spread=spread)

    made.emulator.advance(HOUR)

    (batch,) = made.emulator.batches("dev", CLICKS)
    oldest = START + HOUR - YEAR
    expected = [
        row["_id"]
        for number in range(40)
        for row in [exported_row(CLICKS, "event", number, batch)]
        if datetime.fromisoformat(str(row["timestamp"])).timestamp() >= oldest
    ]
    assert 0 < len(expected) < 40 if spread == 800 * DAY else len(expected) == 40
    assert made.row_counts() == Counter(expected)


def test_records_are_exported_however_old(made: Exports) -> None:
    made.ingest(5)
    made.emulator.advance(800 * DAY)
    made.flow()

    made.emulator.advance(HOUR)

    assert made.row_counts().total() == 5


@pytest.mark.parametrize(("setting", "expected"), [("new-only", [5, 7]), ("restart", [5, 12])])
def test_datasets_that_were_added_are_exported_in_full(made: Exports, setting: str, expected: list[int]) -> None:
    made.emulator.switches = Switches(dataset_change=setting)
    flow = made.flow(interval=3)
    made.ingest(5), made.ingest(7, CLICKS)
    made.emulator.advance(HOUR)
    made.emulator.ui.datasets(flow, [ORDERS, CLICKS])

    made.emulator.advance(3 * HOUR)

    assert [written_rows(run) for run in made.runs(flow)] == expected


@pytest.mark.parametrize("scope", ["flow", "dataset"])
@pytest.mark.parametrize(("setting", "expected"), [("continue", 8), ("restart", 16)])
def test_another_interval_restarts_the_full_export_or_not(
    made: Exports, setting: str, expected: int, scope: str
) -> None:
    made.emulator.switches = Switches(schedule_change=setting, run_scope=scope)
    flow = made.flow(ORDERS, CLICKS, interval=3)
    made.ingest(4), made.ingest(4, CLICKS)
    made.emulator.advance(HOUR)
    made.emulator.ui.schedule(flow, {"interval": 6})

    made.emulator.advance(12 * HOUR)

    assert sum(written_rows(run) for run in made.runs(flow)) == expected


@pytest.mark.parametrize("scope", ["flow", "dataset"])
def test_what_was_exported_once_is_not_forgotten_when_the_export_becomes_incremental(made: Exports, scope: str) -> None:
    made.emulator.switches = Switches(run_scope=scope)
    flow = made.flow(ORDERS, CLICKS, **ONCE)
    made.ingest(4), made.ingest(4, CLICKS)
    made.emulator.advance(HOUR)
    made.emulator.ui.schedule(flow, {"exportMode": "FIRST_FULL_THEN_INCREMENTAL", "timeUnit": "hour", "interval": 3})
    made.ingest(1), made.ingest(2, CLICKS)

    made.emulator.advance(DAY)

    assert sum(written_rows(run) for run in made.runs(flow)) == 11


def test_a_schedule_that_changes_while_a_run_is_under_way_counts_for_the_next() -> None:
    """The run began under the old interval, so the new one is still to restart."""
    switches = Switches(schedule_change="restart")
    store, dataset = Store(None), Record("datasets", ORDERS, "dev", {"name": "Orders"})
    dataset_rows.add_arrival(store, dataset, Arrival(5), START)
    ran = {"sourceConnectionIds": ["s"], "scheduleParams": {"timeUnit": "hour", "interval": 3}}
    flow = Record("flows", "f", "dev", {**ran, "scheduleParams": {"timeUnit": "hour", "interval": 6}})
    first = run_rows.increment(store, Record("flows", "f", "dev", ran), dataset, START, switches)

    run_rows.record_exported_batches(flow, ran, [first], switches)

    assert run_rows.increment(store, flow, dataset, START + 1, switches).count == 5
    assert (
        run_rows.increment(store, Record("flows", "f", "dev", ran, flow.hidden), dataset, START + 1, switches).count
        == 0
    )


def test_a_clock_that_was_set_back_brings_no_row_twice() -> None:
    store, dataset = Store(None), Record("datasets", ORDERS, "dev", {"name": "Orders"})
    for at in (START, START + HOUR):
        dataset_rows.add_arrival(store, dataset, Arrival(5), at)
    flow = Record("flows", "f", "dev", {"scheduleParams": {"interval": 3}})
    for tick in (START + HOUR, START, START + 2 * HOUR):
        found = run_rows.increment(store, flow, dataset, tick, Switches())
        run_rows.record_exported_batches(flow, flow.doc, [found], Switches())
        assert found.count == (10 if tick == START + HOUR else 0)
        assert found.full is False or not found.count or tick == START + HOUR


def test_batches_follow_one_another_without_gaps() -> None:
    store, dataset = Store(None), Record("datasets", ORDERS, "dev", {"name": "Orders"})

    made = [one for n in (3, 1, 5) for one in dataset_rows.add_arrival(store, dataset, Arrival(n), START + n)]

    assert (
        made
        == dataset_rows.batches(store, dataset)
        == [Batch(0, 3, START + 3), Batch(3, 1, START + 1), Batch(4, 5, START + 5)]
    )


def test_batches_of_an_older_store_come_first() -> None:
    old = [{"first": 0, "count": 3, "at": START, "spread": 9, "lead": 0, "tail": 0}]
    store, dataset = Store(None), Record("datasets", ORDERS, "dev", {"name": "Orders"}, {"batches": old})

    dataset_rows.add_arrival(store, dataset, Arrival(2), START + 1)

    assert dataset_rows.batches(store, dataset) == [Batch(0, 3, START, 9), Batch(3, 2, START + 1)]
    assert dataset_rows.batches(store, dataset, 1) == [Batch(3, 2, START + 1)]


# -- the law ----------------------------------------------------------------------------------------------------------

RUN_SWITCHES = (
    "run_scope",
    "run_duration",
    "manifest_last",
    "manifest_location",
    "empty_run",
    "empty_manifest",
    "dataset_change",
    "schedule_change",
    "runs_move_etags",
    "interval_type",
    "list_lag",
)
CHOICES = Switches.choices()
SOME_SWITCHES = st.fixed_dictionaries({name: st.sampled_from(CHOICES[name]) for name in RUN_SWITCHES})
DATASETS = st.sampled_from(sorted(NAMES))
STEP = st.one_of(
    st.tuples(st.just("ingest"), DATASETS, st.integers(1, 4)),
    st.tuples(st.just("advance"), st.sampled_from([1800, HOUR, 2 * HOUR, 3 * HOUR, 7 * HOUR, DAY])),
    st.tuples(st.just("datasets"), st.sets(DATASETS, min_size=1).map(sorted)),
    st.tuples(st.just("interval"), st.sampled_from([("hour", 3), ("hour", 6), ("hour", 12), ("day", 1)])),
    st.tuples(st.just("storage")),
    st.tuples(st.just("switch")),
    st.tuples(st.just("on demand")),
)


class FlowHistory:
    """A flow, what was done to it, and per batch the runs that were there before it came in."""

    def __init__(self, made: Exports) -> None:
        self.made = made
        self.flow = made.flow(*sorted(NAMES), params={"includeFileManifest": True})
        self.came: list[tuple[str, list[str], set[str]]] = []
        self.on_demand: set[str] = set()

    def run_ids(self) -> set[str]:
        return {run["id"] for run in self.made.runs()}

    def ingest(self, dataset: str, count: int) -> None:
        before = self.run_ids()
        self.made.ingest(count, dataset)
        batch = self.made.emulator.batches("dev", dataset)[-1]
        self.came.append((dataset, ids(dataset, batch), before))

    def advance(self, seconds: int) -> None:
        self.made.emulator.advance(seconds)

    def datasets(self, wanted: list[str]) -> None:
        self.made.emulator.ui.datasets(self.flow, wanted)

    def interval(self, interval: tuple[str, int]) -> None:
        self.made.emulator.ui.schedule(self.flow, {"timeUnit": interval[0], "interval": interval[1]})

    def storage(self) -> None:
        """It breaks, or it works again: a file stands where the bucket was."""
        bucket = self.made.bucket
        aside = bucket.with_name("aside")
        bucket.parent.mkdir(parents=True, exist_ok=True)
        if bucket.is_file():
            bucket.unlink()
            aside.rename(bucket)
        else:
            bucket.mkdir(exist_ok=True)
            bucket.rename(aside)
            bucket.write_text("in the way")

    def switch(self) -> None:
        state = self.made.api.item(f"/flows/{self.flow}")["state"]
        ui = self.made.emulator.ui
        (ui.disable if state == "enabled" else ui.enable)(self.flow)

    def repair_storage(self) -> None:
        if self.made.bucket.is_file():
            self.storage()


def _export_on_demand(life: FlowHistory) -> None:
    source = life.made.emulator.snapshot("dev")["flows"][0]["sourceConnectionIds"][0]
    listed = life.made.api.item(f"/sourceConnections/{source}")["params"]["datasets"]
    answer = life.made.export_on_demand(life.flow, listed[0]["dataSetId"])
    if answer.status_code == 200:
        life.on_demand.add(answer.json()["destinations"][0]["datasets"][0]["statusURL"].rpartition("/")[2])


@settings(max_examples=examples(30))
@given(SOME_SWITCHES, st.lists(STEP, max_size=16))
def test_every_row_arrives_once_however_the_flow_is_treated(switches: Json, steps: list[tuple[Any, ...]]) -> None:
    with TemporaryDirectory() as folder, exports(Path(folder) / "s", **switches) as made:
        life = FlowHistory(made)
        for name, *rest in steps:
            _export_on_demand(life) if name == "on demand" else getattr(life, name)(*rest)
        made.emulator.advance(700)
        life.repair_storage()

        runs = made.runs(life.flow)
        good = [run for run in runs if status(run) == "success"]
        arrived = made.row_counts()
        assert arrived.total() == sum(written_rows(run) for run in good)
        assert len(made.files()) == sum(run["metrics"]["fileSummary"]["outputFileCount"] for run in good)
        assert {status(run) for run in runs} <= {"success", "failed"}
        twice = Counter[str]()
        for dataset, rows_, before in life.came:
            later = [run for run in good if run["id"] not in before and _is_exported(run, dataset)]
            scheduled = [run for run in later if run["id"] not in life.on_demand]
            twice.update(dict.fromkeys(rows_, len(later) - len(scheduled)))
            if scheduled:
                assert all(arrived[row] >= 1 for row in rows_)
            if "restart" not in (switches["dataset_change"], switches["schedule_change"]):
                assert {arrived[row] - twice[row] for row in rows_} == {1 if scheduled else 0}


def _is_exported(run: Json, dataset: str) -> bool:
    (summary,) = run["metrics"]["recordSummary"]["targetSummaries"]
    return any(one["id"].endswith(dataset) for one in summary["entitySummaries"])


def test_rows_of_a_dataset_that_was_taken_off_arrive_when_it_comes_back(tmp_path: Path) -> None:
    with exports(tmp_path) as made:
        life = FlowHistory(made)
        life.ingest(RETURNS, 2)
        life.datasets([ORDERS])
        life.advance(DAY)
        assert made.row_counts().total() == 0
        life.datasets([ORDERS, RETURNS])

        life.advance(DAY)

        assert made.row_counts() == Counter(life.came[0][1])
