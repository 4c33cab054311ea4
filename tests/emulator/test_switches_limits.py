"""Limits, ends and forms of answers: each switch of `questions/limits.py` changes what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Emulator, SeedDataset, Switches
from tests.emulator.emulator_api import LAKE, START, Api
from tests.emulator.export_runs import ONCE, Exports, exports

DAY, HOUR = 86400, 3600
CONFIGS = f"/connectionSpecs/{LAKE}/configs"
ELIGIBLE = {"outputType": "activationDatasets", "outputField": "datasets"}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., Exports]]:
    with ExitStack() as opened:
        yield lambda **switches: opened.enter_context(exports(tmp_path, **switches))


@pytest.mark.parametrize("setting", [20, 5, 100])
def test_default_limit(connect: Callable[..., Api], setting: int) -> None:

    emulator = Emulator(switches=Switches(default_limit=setting), clock="manual", page_size=100)
    emulator.seed(["dev"])
    api = connect(emulator)
    for number in range(21):
        api.base(f"account {number}")

    assert len(api.get("/connections").json()["items"]) == min(setting, 21)
    emulator.close()


@pytest.mark.parametrize(("setting", "body"), [("keys", {"items": [], "_links": {}}), ("bare", {})])
def test_empty_list(build: Callable[..., Api], setting: str, body: dict[str, Any]) -> None:
    api = build(empty_list=setting)

    assert api.get("/flows").json() == body
    api.base()
    assert ("_links" in api.get("/connections").json()) is (setting == "keys")
    api.base("second")
    api.base("third")
    assert "next" in api.get("/connections").json()["_links"]


@pytest.mark.parametrize(
    ("setting", "totals"),
    [
        ("all", [5, 5, 5]),
        ("page", [2, 2, 1]),
        ("low", [2, 2, 2]),
        ("high", [17, 17, 17]),
        ("shrinking", [5, 3, 1]),
        ("growing", [5, 7, 9]),
        ("absent", [None, None, None]),
    ],
)
def test_configs_total(build: Callable[..., Api], setting: str, totals: list[int | None]) -> None:
    api = build(configs_total=setting)
    api.emulator.seed(["dev"], {"dev": [SeedDataset(f"Dataset {number}") for number in range(4)]})

    pages = [api.get(CONFIGS, **ELIGIBLE, start=start, limit=2).json()["pageInfo"] for start in (0, 2, 4)]

    assert [page.get("total") for page in pages] == totals
    assert [page["hasNext"] for page in pages] == [True, True, False]


@pytest.mark.parametrize(("setting", "shown"), [("shown", {"hasNext": False}), ("absent", {})])
def test_configs_has_next(build: Callable[..., Api], setting: str, shown: dict[str, bool]) -> None:
    page = build(configs_has_next=setting).get(CONFIGS, **ELIGIBLE).json()["pageInfo"]

    assert page == {"start": 0, "end": 0, "total": 1, **shown}


@pytest.mark.parametrize("setting", [404, 400])
def test_not_found_status(build: Callable[..., Api], setting: int) -> None:
    api = build(not_found_status=setting)

    assert api.get(f"/flows/{'0' * 36}").status_code == setting


@pytest.mark.parametrize(("setting", "status"), [(0, 200), (50, 429)])
def test_rate_limit(build: Callable[..., Api], setting: int, status: int) -> None:
    api = build(rate_limit=setting)
    for _ in range(50):
        assert api.get("/flows").status_code == 200

    refused = api.get("/flows")

    assert refused.status_code == status
    if setting:
        assert refused.headers["Retry-After"] == "60"
        api.emulator.advance(60)
        assert api.get("/flows").status_code == 200


@pytest.mark.parametrize(("setting", "accepted"), [(0, True), (365, False)])
def test_longest_end(build: Callable[..., Api], setting: int, accepted: bool) -> None:
    api = build(longest_end=setting)
    base = api.base()

    near, far = ({"endTime": START + days * DAY} for days in (364, 400))
    assert api.post("/flows", api.flow_body(api.source(), api.target(base), schedule=near)).is_success
    answer = api.post("/flows", api.flow_body(api.source(), api.target(base), schedule=far))
    assert answer.is_success is accepted


@pytest.mark.parametrize(
    ("setting", "statuses"), [("write", [400]), ("flow", [201, 400]), ("run", [201, 201])], ids=["write", "flow", "run"]
)
def test_invalid_params(running: Callable[..., Exports], setting: str, statuses: list[int]) -> None:
    made = running(invalid_params=setting, json_uncompressed="rejected")
    api = made.api
    wrong = {"datasetFileType": "JSON", "compression": "NONE"}

    target = api.post("/targetConnections", api.target_body(api.base(), params=wrong))
    found = [target.status_code]
    if target.is_success:
        flow = api.post("/flows", api.flow_body(api.source(), target.json()["id"]))
        found.append(flow.status_code)

    assert found == statuses
    if statuses[-1] == 201:
        made.ingest(3)
        made.emulator.advance(6 * HOUR)
        assert {run["metrics"]["statusSummary"]["status"] for run in made.runs()} == {"failed"}


@pytest.mark.parametrize(("setting", "port"), [("kept", 2222), ("ignored", None), ("refused", None)])
def test_sftp_port(build: Callable[..., Api], setting: str, port: int | None) -> None:
    api = build(sftp_port=setting)
    auth = {"domain": "sftp.example", "username": "u", "password": "a-password", "port": 2222}
    body = {
        "name": "sftp",
        "connectionSpec": {"id": "36965a81-b1c6-401b-99f8-22508f1e6a26", "version": "1.0"},
        "auth": {"specName": "SFTP with Password", "params": auth},
    }

    answer = api.post("/connections", body)

    assert answer.is_success is (setting != "refused")
    if answer.is_success:
        assert api.item(f"/connections/{answer.json()['id']}")["auth"]["params"].get("port") == port


@pytest.mark.parametrize(("setting", "shown"), [("shown", True), ("omitted", False)])
def test_zero_interval(build: Callable[..., Api], setting: str, shown: bool) -> None:
    api = build(zero_interval=setting)
    flow = api.flow(schedule=ONCE)

    assert ("interval" in api.item(f"/flows/{flow}")["scheduleParams"]) is shown
    assert api.emulator.ui.end(flow, START + 9 * DAY)
    assert "interval" in api.item(f"/flows/{api.flow()}")["scheduleParams"]


@pytest.mark.parametrize("setting", ["enabled", "disabled"])
@pytest.mark.parametrize("schedule", [{"endTime": START + 2 * DAY}, ONCE], ids=["past its end", "after its one run"])
def test_ended_flows(running: Callable[..., Exports], setting: str, schedule: dict[str, Any]) -> None:
    made = running(ended_flows=setting, runs_move_etags=False, background_after_write=False)
    flow = made.flow(**schedule)

    assert made.api.item(f"/flows/{flow}")["state"] == "enabled"
    made.emulator.advance(3 * DAY)

    shown = made.api.item(f"/flows/{flow}")
    assert shown["state"] == setting
    assert (shown["updatedClient"] == "acp_foundation_connectors") is (setting == "disabled")
    assert made.api.replace(f"/flows/{flow}", "/name", "renamed").is_success
    made.emulator.advance(DAY)
    assert made.api.item(f"/flows/{flow}")["state"] == setting


@pytest.mark.parametrize(("setting", "caught_up"), [("skipped", 0), ("caught-up", 4)])
def test_missed_runs(running: Callable[..., Exports], setting: str, caught_up: int) -> None:
    made = running(missed_runs=setting)
    flow = made.flow()
    made.emulator.advance(2 * HOUR)
    before = len(made.runs(flow))
    made.api.act(flow, "disable")
    made.emulator.advance(DAY)
    assert len(made.runs(flow)) == before

    made.api.act(flow, "enable")

    made.emulator.advance(1)
    assert len(made.runs(flow)) - before == caught_up


@pytest.mark.parametrize(("setting", "status"), [("accepted", 202), ("refused", 400)])
def test_delete_during_run(running: Callable[..., Exports], setting: str, status: int) -> None:
    made = running(delete_during_run=setting, run_duration=600)
    flow = made.flow()
    made.ingest(3)
    made.emulator.advance(HOUR + 60)

    assert made.api.delete(f"/flows/{flow}").status_code == status
    made.emulator.advance(600)
    if setting == "refused":
        assert made.api.delete(f"/flows/{flow}").is_success


@pytest.mark.parametrize(("setting", "shown"), [(0, 9), (30, 9), (7, 8)])
def test_run_retention(running: Callable[..., Exports], setting: int, shown: int) -> None:
    made = running(run_retention=setting)
    flow = made.flow(timeUnit="day", interval=1)
    made.emulator.advance(HOUR)
    (first,) = made.runs(flow)
    made.emulator.advance(8 * DAY)

    assert len(made.runs(flow)) == shown
    assert made.api.get(f"/runs/{first['id']}").status_code == (200 if shown == 9 else 404)


@pytest.mark.parametrize(("setting", "word"), [("lower", "success"), ("capital", "Success")])
def test_run_status_case(running: Callable[..., Exports], setting: str, word: str) -> None:
    made = running(run_status_case=setting)
    made.flow()
    made.emulator.advance(HOUR)

    assert [run["metrics"]["statusSummary"]["status"] for run in made.runs()] == [word]


@pytest.mark.parametrize("setting", ["completedAtUTC", "stoppedAtUTC"])
def test_run_end_member(running: Callable[..., Exports], setting: str) -> None:
    made = running(run_end_member=setting)
    made.flow()
    made.emulator.advance(HOUR)

    (run,) = made.runs()
    assert set(run["metrics"]["durationSummary"]) == {"startedAtUTC", setting}
