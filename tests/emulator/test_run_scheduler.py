"""Many at once: threads, processes that died, and what is done to a flow while its run is under way."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from exportctl.emulator import Emulator, Switches
from exportctl.emulator.store import Record
from tests.emulator.emulator_api import Api
from tests.emulator.export_runs import (
    CLICKS,
    DAY,
    HOUR,
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
def made(tmp_path: Path) -> Iterator[Exports]:
    with exports(tmp_path / "storage", tmp_path / "org.sqlite") as found:
        yield found


def test_threads_that_look_at_one_moment_run_nothing_twice(made: Exports) -> None:
    flows = [made.flow(dataset, interval=3) for dataset in (ORDERS, CLICKS, RETURNS)]
    for dataset in (ORDERS, CLICKS, RETURNS):
        made.ingest(20, dataset)
    made.move_clock_only(8 * HOUR)
    start = threading.Barrier(8)

    def look(number: int) -> int:
        start.wait()
        return made.api.get("/runs").status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(look, range(8), timeout=60))

    assert answers == [200] * 8
    assert [[start_offset(run) // HOUR for run in made.runs(flow)] for flow in flows] == [[1, 4, 7]] * 3
    assert (made.row_counts().total(), set(made.row_counts().values())) == (60, {1})


# -- processes --------------------------------------------------------------------------------------------------------


def dead_pid() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@pytest.fixture
def living_pid() -> Iterator[int]:
    process = subprocess.Popen(["sleep", "60"])
    yield process.pid
    process.kill()
    process.wait()


def stored_record(made: Exports, collection: str, id: str) -> Record:
    found = made.emulator.store.get(collection, id)
    assert found is not None
    return found


def leave_claimed_run(made: Exports, run: Json, pid: int) -> None:
    """The state of a run in the middle: claimed by a process, some of its files written, nothing settled."""
    store = made.emulator.store
    with store.transaction():
        record = stored_record(made, "runs", run["id"])
        record.hidden = {key: value for key, value in record.hidden.items() if key != "completes_at"} | {"claimed": pid}
        record.wake = record.hidden["due_at"]
        store.put(record)
        flow = stored_record(made, "flows", run["flowId"])
        del flow.hidden["exported"]
        store.put(flow)
    for path in made.files()[:1]:
        path.unlink()


def contents(made: Exports) -> dict[str, bytes]:
    return {path.relative_to(made.bucket).as_posix(): path.read_bytes() for path in made.files("*")}


def test_a_run_of_a_process_that_died_is_carried_out_again_under_the_same_names(made: Exports) -> None:
    flow = made.flow(ORDERS, CLICKS, params={"includeFileManifest": True})
    made.ingest(8), made.ingest(8, CLICKS)
    made.emulator.advance(HOUR)
    (first,), before = made.runs(flow), contents(made)
    leave_claimed_run(made, first, dead_pid())

    assert made.runs(flow) == [first]

    assert contents(made) == before
    made.emulator.advance(6 * HOUR)
    assert [run["metrics"]["recordSummary"]["outputRecordCount"] for run in made.runs(flow)] == [16, 0]


def test_a_run_of_another_process_that_lives_is_left_alone(made: Exports, living_pid: int) -> None:
    flow, other = made.flow(), made.flow(RETURNS)
    made.ingest(8)
    made.emulator.advance(HOUR)
    (run,) = made.runs(flow)
    leave_claimed_run(made, run, living_pid)
    before = contents(made)

    made.emulator.advance(6 * HOUR)

    assert contents(made) == before
    assert stored_record(made, "runs", run["id"]).hidden["claimed"] == living_pid
    assert [start_offset(found) // HOUR for found in made.runs(other)] == [1, 7]
    later = made.runs(flow)[-1]
    assert (start_offset(later) // HOUR, status(later)) == (7, "Processing")


def test_what_waited_for_a_process_goes_on_once_that_is_gone(made: Exports) -> None:
    process = subprocess.Popen(["sleep", "60"])
    flow = made.flow()
    made.ingest(8)
    made.emulator.advance(HOUR)
    leave_claimed_run(made, made.runs(flow)[0], process.pid)
    made.emulator.advance(6 * HOUR)
    process.kill()
    process.wait()

    counts = [run["metrics"]["recordSummary"]["outputRecordCount"] for run in made.runs(flow)]

    assert counts == [8, 0]
    assert (made.row_counts().total(), set(made.row_counts().values())) == (8, {1})


def test_a_run_of_our_own_that_was_cut_short_is_taken_up(made: Exports) -> None:
    flow = made.flow()
    made.ingest(8)
    made.emulator.advance(HOUR)
    leave_claimed_run(made, made.runs(flow)[0], os.getpid())

    assert [status(run) for run in made.runs(flow)] == ["success"]
    assert len(made.files()) == 1


# -- while a run is under way -----------------------------------------------------------------------------------------


class BlockingStore(ThreadingHTTPServer):
    """An object store that takes every file, but only once the gate is open."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _BlockingHandler)
        self.reached, self.opened = threading.Event(), threading.Event()
        self.keys: list[str] = []
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self.thread.start()

    def stop(self) -> None:
        self.opened.set()
        self.shutdown()
        self.thread.join()
        self.server_close()


class _BlockingHandler(BaseHTTPRequestHandler):
    server: BlockingStore

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.reached.set()
        self.server.opened.wait(30)
        self.server.keys.append(self.path)
        self.send_response(200)
        self.send_header("ETag", '"etag"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Not on stderr."""


class SlowExports:
    """Exports to a gated store; `advancing` lets time pass in another thread, up to the gate."""

    def __init__(self, made: Exports, gate: BlockingStore, pool: ThreadPoolExecutor) -> None:
        self.made, self.gate, self._pool = made, gate, pool

    def start_advance(self, seconds: float) -> Future[float]:
        future = self._pool.submit(self.made.emulator.advance, seconds)
        assert self.gate.reached.wait(10)
        return future

    def open_store(self, future: Future[float]) -> None:
        self.gate.opened.set()
        future.result(30)


@pytest.fixture
def slow(made: Exports) -> Iterator[SlowExports]:
    gate = BlockingStore()
    with made.emulator.store.transaction():
        endpoint = {"url": f"http://127.0.0.1:{gate.server_address[1]}"}
        made.emulator.store.set_setting("storage", {"endpoints": {"amazon-s3": endpoint}})
    with ThreadPoolExecutor(4) as pool:
        yield SlowExports(made, gate, pool)
        gate.opened.set()
    gate.stop()


def test_other_requests_are_answered_while_a_long_export_runs(slow: SlowExports, made: Exports) -> None:
    """A server's threads call the application as these two do: one waits for the storage, the others go on."""
    flow = made.flow()
    made.ingest(4)
    future = slow.start_advance(HOUR)

    (run,) = made.runs(flow)
    made.api.base("written meanwhile")
    assert made.api.http.get("/_emulator/").status_code == 200
    assert not future.done()
    assert status(run) == "Processing"
    slow.open_store(future)

    (over,) = made.runs(flow)
    assert (over["id"], status(over), len(slow.gate.keys)) == (run["id"], "success", 1)


def test_two_emulators_of_one_file_run_nothing_twice(
    slow: SlowExports, made: Exports, tmp_path: Path, connect: Callable[..., Api]
) -> None:
    flow = made.flow()
    made.ingest(4)
    future = slow.start_advance(HOUR)
    other = Emulator(tmp_path / "org.sqlite", storage=tmp_path / "storage")

    (seen,) = connect(other, "dev").get("/runs").json()["items"]
    slow.open_store(future)

    (run,) = made.runs(flow)
    assert (seen["id"], status(seen), status(run)) == (run["id"], "Processing", "success")
    assert len(slow.gate.keys) == 1
    other.close()


Treat = Callable[[Exports, str], object]


@pytest.mark.parametrize("lag", [0, 10])
@pytest.mark.parametrize(
    "treat",
    [
        lambda made, flow: made.api.delete(f"/flows/{flow}"),
        lambda made, flow: made.api.act(flow, "disable"),
        lambda made, flow: made.api.replace(f"/flows/{flow}", "/name", "renamed"),
        lambda made, flow: made.emulator.ui.datasets(flow, [CLICKS]),
    ],
    ids=["deleted", "disabled", "renamed", "of other datasets"],
)
def test_what_happens_to_a_flow_does_not_touch_the_run_under_way(
    slow: SlowExports, made: Exports, treat: Callable[[Exports, str], object], lag: int
) -> None:
    made.emulator.switches = Switches(delete_lag=lag)
    flow = made.flow()
    made.ingest(4)
    future = slow.start_advance(HOUR)

    treat(made, flow)
    slow.open_store(future)

    (run,) = made.runs(flow)
    assert (status(run), run["metrics"]["recordSummary"]["outputRecordCount"]) == ("success", 4)


def test_whoever_takes_a_run_up_puts_its_own_name_on_it(slow: SlowExports, made: Exports) -> None:
    flow = made.flow()
    made.ingest(4)
    slow.open_store(slow.start_advance(HOUR))
    (run,) = made.runs(flow)
    slow.gate.reached.clear()
    slow.gate.opened.clear()
    leave_claimed_run(made, run, dead_pid())

    future = slow.start_advance(0)

    assert stored_record(made, "runs", run["id"]).hidden["claimed"] == os.getpid()
    slow.open_store(future)
    assert made.runs(flow) == [run]
    assert len(set(slow.gate.keys)) == 1


def test_a_reset_in_the_middle_leaves_nothing(slow: SlowExports, made: Exports) -> None:
    made.flow()
    made.ingest(4)
    future = slow.start_advance(HOUR)

    made.emulator.reset()
    slow.open_store(future)

    assert made.emulator.store.list_records("runs") == []


def test_a_tick_that_waits_for_another_run_is_not_lost_when_its_flow_is_changed(
    slow: SlowExports, made: Exports
) -> None:
    first, second = made.flow(), made.flow(RETURNS, startTime=START + 2 * HOUR)
    made.ingest(4)
    future = slow.start_advance(3 * HOUR)

    assert made.api.replace(f"/flows/{second}", "/name", "renamed").is_success
    slow.open_store(future)

    assert [start_offset(run) // HOUR for run in made.runs(first)] == [1]
    assert [(start_offset(run) // HOUR, status(run)) for run in made.runs(second)] == [(2, "success")]


def test_an_export_on_demand_waits_for_the_run_under_way(slow: SlowExports, made: Exports) -> None:
    first, second = made.flow(), made.flow(RETURNS, startTime=START + DAY)
    made.ingest(4), made.ingest(2, RETURNS)
    future = slow.start_advance(HOUR)

    assert "already exists" in made.export_on_demand(first).text
    assert made.export_on_demand(second, RETURNS).status_code == 200
    assert [status(run) for run in made.runs(second)] == ["Processing"]
    slow.open_store(future)

    assert [status(run) for run in made.runs(second)] == ["success"]
    assert len(slow.gate.keys) == 2


def test_rows_that_come_in_while_a_run_is_under_way_come_with_the_next(slow: SlowExports, made: Exports) -> None:
    flow = made.flow(interval=3)
    made.ingest(4)
    future = slow.start_advance(HOUR)
    made.ingest(3)
    slow.open_store(future)

    made.emulator.advance(3 * HOUR)

    assert [run["metrics"]["recordSummary"]["outputRecordCount"] for run in made.runs(flow)] == [4, 3]


def test_a_claim_of_long_ago_counts_for_nothing_whoever_has_its_process_id_now(made: Exports, living_pid: int) -> None:
    flow = made.flow(ORDERS)
    made.ingest(8)
    made.emulator.advance(HOUR)
    (run,), before = made.runs(flow), contents(made)
    leave_claimed_run(made, run, living_pid)
    with made.emulator.store.transaction():
        record = stored_record(made, "runs", run["id"])
        record.hidden["claimed_at"] = 0
        made.emulator.store.put(record)

    assert made.runs(flow) == [run]
    assert contents(made) == before
