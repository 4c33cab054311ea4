"""A probe that is killed, interrupted or refused: what is left, and that a rerun deletes it."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from exportctl.workflows.probe import ProbeRequest, open_probe
from tests.probe.probe_runs import objects_in_sandbox, probe_world, run_probe
from tests.workflows.world import World


class Killed(BaseException):
    """The end of the process: nothing that follows reaches the service."""


class KillingTransport(httpx.BaseTransport):
    """Lets so many requests reach the service, and not one more. The answer to the last one is lost."""

    def __init__(self, made: World, requests: int) -> None:
        self._inside = httpx.WSGITransport(app=made.emulator)
        self._left = requests

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._left > 0:
            answer = self._inside.handle_request(request)
        self._left -= 1
        if self._left <= 0:
            raise Killed
        return answer


class CountingTransport(httpx.WSGITransport):
    """Counts the requests."""

    count = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        return super().handle_request(request)


def requests_of_a_probe(folder: Path) -> int:
    made = probe_world(folder)
    counting = CountingTransport(app=made.emulator)
    run_probe(made, counting)
    return counting.count


def assert_nothing_is_left_after_a_rerun(folder: Path, killed_at: int, **settings: Any) -> None:
    made = probe_world(folder, **settings)
    with pytest.raises(Killed):
        run_probe(made, KillingTransport(made, killed_at))
    result, _ = run_probe(made)
    assert (result.remaining, objects_in_sandbox(made)) == ({}, []), killed_at


def test_after_a_kill_nothing_is_left_after_a_rerun(tmp_path: Path) -> None:
    for killed_at in range(1, requests_of_a_probe(tmp_path), 37):
        assert_nothing_is_left_after_a_rerun(tmp_path, killed_at)


@pytest.mark.slow
def test_after_a_kill_at_every_request_nothing_is_left_after_a_rerun(tmp_path: Path) -> None:
    for killed_at in range(1, requests_of_a_probe(tmp_path)):
        assert_nothing_is_left_after_a_rerun(tmp_path, killed_at, list_lag=60, delete_lag=5, name_unique=True)


@pytest.mark.parametrize("share", [0.5, 0.6, 0.7])
def test_after_a_kill_of_an_export_nothing_is_left_after_a_rerun(tmp_path: Path, share: float) -> None:
    """The flow that exports is deleted too, although it is enabled and has run."""
    whole = probe_world(tmp_path)
    counting = CountingTransport(app=whole.emulator)
    run_probe(whole, counting, ("Orders",))
    made = probe_world(tmp_path)
    with pytest.raises(Killed):
        run_probe(made, KillingTransport(made, int(counting.count * share)), ("Orders",))
    assert any(name.endswith("-runs") for name in objects_in_sandbox(made))
    result, _ = run_probe(made)

    assert (result.remaining, objects_in_sandbox(made)) == ({}, [])


def test_a_kill_leaves_objects_behind(tmp_path: Path) -> None:
    made = probe_world(tmp_path)
    with pytest.raises(Killed):
        run_probe(made, KillingTransport(made, requests_of_a_probe(tmp_path) // 2))

    assert objects_in_sandbox(made) != []


class StoppingTransport(httpx.WSGITransport):
    """Sets an event after so many writes, as the handler of a signal does."""

    def __init__(self, made: World, stop: Event, writes: int) -> None:
        super().__init__(app=made.emulator)
        self._stop, self._writes = stop, writes

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._writes -= request.method != "GET"
        if self._writes < 0:
            self._stop.set()
        return super().handle_request(request)


@pytest.mark.parametrize("asked_before", [1, 5, 20])
def test_an_interrupt_ends_the_questions_and_deletes_everything(tmp_path: Path, asked_before: int) -> None:
    made = probe_world(tmp_path)
    stop = Event()
    transport = StoppingTransport(made, stop, asked_before)
    with open_probe(made.setup(now=None, transport=transport), ProbeRequest("Orders"), int(made.emulator.now)) as probe:
        result = probe.run(stop, lambda line: None)

    assert (result.interrupted, result.remaining, objects_in_sandbox(made)) == (True, {}, [])


def test_only_objects_of_probes_are_deleted(tmp_path: Path) -> None:
    made = probe_world(tmp_path)
    made.apply()
    before = objects_in_sandbox(made)
    run_probe(made)

    assert objects_in_sandbox(made) == before


def test_a_flow_of_the_probe_never_runs(tmp_path: Path) -> None:
    made = probe_world(tmp_path)
    with pytest.raises(Killed):
        run_probe(made, KillingTransport(made, requests_of_a_probe(tmp_path) * 3 // 4))
    made.emulator.advance(29 * 86400)

    assert [flow for flow in made.emulator.snapshot("demo")["flows"] if "lastRunDetails" in flow] == []


def test_the_objects_that_remain_are_counted(tmp_path: Path) -> None:
    """A credential that may create and not delete: the probe says what is left."""
    made = probe_world(tmp_path)
    refusing = RefusingTransport(app=made.emulator)
    result, _ = run_probe(made, refusing)

    assert set(result.remaining) == {"/connections", "/sourceConnections", "/targetConnections", "/flows"}


class RefusingTransport(httpx.WSGITransport):
    """Refuses every DELETE as a gateway does without the permission."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            return httpx.Response(403, json={"error_code": "403000", "message": "Forbidden"})
        return super().handle_request(request)
