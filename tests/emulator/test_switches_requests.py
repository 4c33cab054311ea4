"""What a request must hold: each switch of `questions/requests.py` changes what it says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.emulator.emulator_api import LAKE, Api, Json

LANDING_ZONE = "10440537-2a7b-4583-ac39-ed38d4b848e8"


def schedule(api: Api, flow: str) -> Json:
    found: Json = api.item(f"/flows/{flow}")["scheduleParams"]
    return found


@pytest.mark.parametrize(("setting", "accepted"), [("accepted", True), ("rejected", False)])
def test_lower_case_enums(build: Callable[..., Api], setting: str, accepted: bool) -> None:
    api = build(lower_case_enums=setting)
    base, small = api.base(), {"datasetFileType": "json", "compression": "gzip"}

    assert api.post("/targetConnections", api.target_body(base, params=small)).is_success is accepted
    lower = {"exportMode": "first_full_then_incremental", "timeUnit": "HOUR"}
    assert api.post("/flows", api.flow_body(api.source(), api.target(base), schedule=lower)).is_success is accepted
    if accepted:
        target = api.item(f"/targetConnections/{api.target(base, params=small)}")
        assert small.items() <= target["params"].items()
        flow = api.flow(schedule=lower)
        assert lower.items() <= schedule(api, flow).items()


@pytest.mark.parametrize(("setting", "status"), [("both", 200), ("data-lake", 400)])
def test_configs_specs(build: Callable[..., Api], setting: str, status: int) -> None:
    api = build(configs_specs=setting)
    wanted = {"outputType": "activationDatasets", "outputField": "datasets"}

    landing_zone = api.get(f"/connectionSpecs/{LANDING_ZONE}/configs", **wanted)

    assert landing_zone.status_code == status
    lake = api.get(f"/connectionSpecs/{LAKE}/configs", **wanted).json()
    assert [row["name"] for row in lake["items"]] == ["Orders"]
    if status == 200:
        assert landing_zone.json() == lake


@pytest.mark.parametrize(("setting", "accepted"), [("optional", True), ("required", False)])
def test_source_data(build: Callable[..., Api], setting: str, accepted: bool) -> None:
    api = build(source_data=setting)

    assert api.post("/sourceConnections", api.source_body()).is_success is accepted
    assert api.post("/sourceConnections", api.source_body(data={"format": "parquet"})).is_success
    made = api.emulator.ui.create_flow("by a person", ["Orders"], sandbox="dev")
    assert api.patch(
        f"/sourceConnections/{made['source']}", {"op": "replace", "path": "/name", "value": "x"}
    ).is_success


@pytest.mark.parametrize(("setting", "accepted"), [("optional", True), ("required", False)])
def test_target_data(build: Callable[..., Api], setting: str, accepted: bool) -> None:
    api = build(target_data=setting)
    base = api.base()

    assert api.post("/targetConnections", api.target_body(base)).is_success is accepted
    assert api.post("/targetConnections", api.target_body(base, data={"format": "parquet"})).is_success


@pytest.mark.parametrize(("setting", "accepted"), [("optional", True), ("required", False)])
def test_action_sub_op(build: Callable[..., Api], setting: str, accepted: bool) -> None:
    api = build(action_sub_op=setting)
    flow = api.flow()

    answer = api.act(flow, "disable")

    assert answer.is_success is accepted
    if not accepted:
        assert api.code(answer) == "2119-400"
        assert "subOp" in answer.json()["errorMessage"]
        path = f"/flows/{flow}/action"
        assert api.call("POST", path, params={"op": "DISABLE", "subOp": "APPLY"}).is_success
    assert api.item(f"/flows/{flow}")["state"] == "disabled"


@pytest.mark.parametrize(("setting", "status"), [("changed", 200), ("whole", 400)])
def test_patch_checks(build: Callable[..., Api], setting: str, status: int) -> None:
    api = build(patch_checks=setting)
    base = api.base()
    account, target = f"/connections/{base}", f"/targetConnections/{api.target(base)}"
    auth, encryption = {"specName": "Web Identity", "params": {"token": "t"}}, {"specName": "Sealed"}
    later_account = {**api.item(account), "auth": auth, "encryptionSpecs": encryption}
    params = {**api.item(target)["params"], "datasetFileType": "Delta", "partitions": ["day"]}
    later_target = {**api.item(target), "params": params}
    api.emulator.ui.load({"connections": [later_account], "targetConnections": [later_target]}, sandbox="dev")

    assert api.replace(account, "/name", "renamed").status_code == status
    assert api.replace(account, "/auth", {**auth, "specName": "Another"}).status_code == 400
    assert api.replace(account, "/encryptionSpecs", {"specName": "Another"}).status_code == 400
    assert api.replace(target, "/name", "renamed").status_code == status
    assert api.replace(target, "/params", {**params, "path": "elsewhere"}).status_code == status
    for wrong in ({"datasetFileType": "Avro"}, {"partitions": ["hour"]}, {"path": 7}):
        assert api.replace(target, "/params", {**params, **wrong}).status_code == 400
    assert api.patch(target, {"op": "remove", "path": "/params/path", "value": ""}).status_code == 400
    assert api.item(target)["params"] == {**params, "path": "elsewhere" if status == 200 else params["path"]}
