"""What public clients and tutorials do works against a served emulator, with the results that they expect."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from exportctl.emulator import Emulator, SeedDataset
from exportctl.emulator.server import bind_server, close_server
from tests.emulator.public_client import YEAR, PublicClient

DATASET, NOW, HOUR, DAY = "65a1b2c3d4e5f60718293a4b", 1_800_000_000, 3600, 86400


@dataclass
class Served:
    emulator: Emulator
    client: PublicClient

    def wait(self, seconds: float) -> None:
        self.emulator.advance(seconds)

    def item(self, path: str) -> dict[str, Any]:
        (item,) = self.client.get(path)["items"]
        assert isinstance(item, dict)
        return item

    def target_of(self, flow: str) -> str:
        return str(self.item(f"/flows/{flow}")["targetConnectionIds"][0])


@pytest.fixture
def served() -> Iterator[Served]:
    emulator = Emulator(clock=NOW)
    emulator.seed(["dev"], {"dev": [SeedDataset("Orders", DATASET, rows=7)]})
    running = bind_server(emulator, 0)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{running.effective_port}", timeout=30) as http:
        login = (emulator.organization, "dev", "emulator-client", "emulator-client-secret")
        yield Served(emulator, PublicClient(http, *login))
    close_server(running)
    thread.join(5)
    emulator.close()


def test_both_token_endpoints_answer(served: Served) -> None:
    tokens = served.client.tokens

    assert len(set(tokens.values())) == 2
    for token in tokens.values():
        served.client.headers["Authorization"] = f"Bearer {token}"
        assert served.client.get("/flows") == {"items": [], "_links": {}}
    assert not any(token in str(served.emulator.requests()) for token in tokens.values())


def test_three_hundred_flows_are_paged_through(served: Served) -> None:
    flow = served.emulator.ui.create_flow("first", [DATASET], sandbox="dev")
    stored = served.emulator.snapshot("dev")["flows"][0]
    copies = [
        {**stored, "id": f"{number:08}-0000-4000-8000-000000000000", "name": f"n{number}"} for number in range(299)
    ]
    served.emulator.ui.load({"flows": copies}, sandbox="dev")
    accounts = [
        {"id": f"c{number}", "name": "x", "connectionSpec": {"id": "x", "version": "1.0"}} for number in range(45)
    ]
    served.emulator.ui.load({"connections": accounts}, sandbox="dev")

    everything = served.client.flows()
    chosen = served.client.flows(property="inheritedAttributes.properties.isDestinationFlow==true")

    assert len(everything) == len({one["id"] for one in everything}) == 300
    assert flow["id"] in {one["id"] for one in everything}
    assert len(chosen) == 300
    assert len({one["id"] for one in served.client.connections()}) == 46


def test_datasets_are_paged_through_under_the_landing_zone(served: Served) -> None:
    served.emulator.seed(datasets={"dev": [SeedDataset(f"d{number}") for number in range(204)]})

    assert len(served.client.exportable_datasets("10440537-2a7b-4583-ac39-ed38d4b848e8")) == 205


def test_the_export_of_one_call_is_created_and_runs(served: Served) -> None:
    flow = served.client.export_to_landing_zone(DATASET, str(NOW + HOUR))

    schedule = served.item(f"/flows/{flow}")["scheduleParams"]
    assert (schedule["interval"], schedule["startTime"], schedule["frequency"]) == (1, NOW + HOUR, "hour")
    served.wait(HOUR)
    (run,) = served.client.get("/runs", {"property": f"flowId=={flow}", "limit": 10})["items"]
    assert run["metrics"]["statusSummary"]["status"] == "success"
    assert run["metrics"]["recordSummary"]["outputRecordCount"] == 7
    assert run["metrics"]["fileSummary"]["outputFileCount"] > 0


def test_a_parked_export_runs_on_demand_and_is_parked_again(served: Served) -> None:
    flow = served.client.parked_export(DATASET, NOW)
    before = served.item(f"/flows/{flow}")

    run = served.client.run_on_demand(flow, DATASET, served.wait)
    served.client.park_again(flow, NOW + DAY)

    assert run["flowId"] == flow
    assert run["metrics"]["recordSummary"]["outputRecordCount"] == 7
    after = served.item(f"/flows/{flow}")
    assert after["state"] == "disabled"
    assert after["scheduleParams"] == {**before["scheduleParams"], "startTime": NOW + DAY + YEAR}
    params = served.item(f"/targetConnections/{served.target_of(flow)}")["params"]
    assert (params["compression"], params["datasetFileType"]) == ("gzip", "parquet")


def test_edits_of_the_tutorials_change_what_they_name_and_nothing_else(served: Served) -> None:
    flow = served.client.export_to_landing_zone(DATASET, str(NOW + DAY))
    target = served.target_of(flow)
    before = served.item(f"/targetConnections/{target}")["params"]

    assert set(served.client.edit_location(target, "elsewhere")) == {"id", "etag"}
    served.client.edit_texts(flow, "renamed", "by a script")

    assert served.item(f"/targetConnections/{target}")["params"] == {**before, "path": "elsewhere"}
    item = served.item(f"/flows/{flow}")
    assert (item["name"], item["description"]) == ("renamed", "by a script")
    account = served.client.s3_account()
    served.client.edit_account(account, "B" * 20, "c" * 40)
    stored = {one["id"]: one for one in served.emulator.snapshot("dev")["connections"]}[account]["auth"]["params"]
    assert (stored["s3AccessKey"], stored["s3SecretKey"]) == ("B" * 20, "c" * 40)


def test_a_flow_is_disabled_enabled_and_deleted(served: Served) -> None:
    flow = served.client.export_to_landing_zone(DATASET, str(NOW + DAY))

    served.client.act(flow, "disable")
    assert served.item(f"/flows/{flow}")["state"] == "disabled"
    served.client.act(flow, "enable")
    assert served.item(f"/flows/{flow}")["state"] == "enabled"
    target = served.target_of(flow)
    assert served.client.delete(f"/flows/{flow}") == 200  # it is being deleted for a second
    served.wait(2)
    assert "items" not in served.client.get(f"/flows/{flow}")
    assert served.client.delete(f"/targetConnections/{target}") == 404
