"""Edits by people: they pass the same rules, and leave a person and the UI's client behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exportctl.emulator import Emulator, SeedDataset
from exportctl.emulator.ui_edits import EditRefused, Ui
from tests.emulator.emulator_api import Api

JANE: dict[str, Any] = {"as_person": "jane@acme.example"}
OTHER = "0" * 24


@pytest.fixture
def ui(emulator: Emulator) -> Ui:
    return emulator.ui


def test_an_edit_leaves_a_person_behind(api: Api, ui: Ui) -> None:
    flow = api.flow()

    receipt = ui.rename(flow, "new", **JANE)

    item = api.item(f"/flows/{flow}")
    assert item["name"] == "new"
    assert (item["updatedBy"], item["updatedClient"]) == ("jane@AdobeID", "exc_app")
    assert item["createdClient"] == "emulator-client"
    assert receipt == {"id": flow, "etag": item["etag"]}


def test_the_person_stays_visible_until_a_run_passes(api: Api, ui: Ui, emulator: Emulator) -> None:
    flow = api.flow()
    ui.disable(flow, **JANE)
    ui.enable(flow, **JANE)

    assert api.item(f"/flows/{flow}")["updatedBy"] == "jane@AdobeID"
    emulator.advance(3600)
    assert api.item(f"/flows/{flow}")["updatedBy"] == "acp_foundation_connectors@AdobeID"


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_flow_is_named_by_id_or_unique_name(api: Api, ui: Ui, by: str) -> None:
    flow = api.flow("mine")

    ui.disable(flow if by == "id" else "mine")

    assert api.item(f"/flows/{flow}")["state"] == "disabled"


def test_a_name_that_is_unknown_or_not_unique_is_refused(
    api: Api, ui: Ui, connect: Callable[..., Api], emulator: Emulator
) -> None:
    api.flow("twice")
    connect(emulator, "prod").flow("twice")

    with pytest.raises(EditRefused, match="no flow called 'none'"):
        ui.disable("none")
    with pytest.raises(EditRefused, match="more than one flow"):
        ui.disable("twice")
    ui.disable("twice", sandbox="prod")
    assert api.names("flows", property="state==enabled") == ["twice"]


def test_each_edit_changes_its_field(api: Api, ui: Ui, emulator: Emulator) -> None:
    flow = api.flow()
    end = api.item(f"/flows/{flow}")["scheduleParams"]["endTime"]

    ui.describe(flow, "by hand")
    ui.end(flow, end - 3600)
    ui.schedule(flow, {"interval": 12, "foldernameTemplate": None})
    ui.path(flow, "elsewhere", **JANE)
    ui.disable(flow)

    item = api.item(f"/flows/{flow}")
    target = api.item(f"/targetConnections/{item['targetConnectionIds'][0]}")
    assert (item["description"], item["state"]) == ("by hand", "disabled")
    assert item["scheduleParams"]["endTime"] == end - 3600
    assert item["scheduleParams"]["interval"] == 12
    assert "foldernameTemplate" not in item["scheduleParams"]
    assert target["params"]["path"] == "elsewhere"
    assert target["params"]["bucketName"] == "acme-exports"
    assert target["updatedBy"] == "jane@AdobeID"


def test_other_datasets_leave_the_former_source_behind(api: Api, ui: Ui, emulator: Emulator) -> None:
    flow = api.flow()
    before = api.item(f"/flows/{flow}")["sourceConnectionIds"]
    emulator.seed(datasets={"dev": [SeedDataset("Web", OTHER)]})

    ui.datasets(flow, ["Web", "65a1b2c3d4e5f60718293a4b"], **JANE)

    after = api.item(f"/flows/{flow}")["sourceConnectionIds"]
    source = api.item(f"/sourceConnections/{after[0]}")
    assert source["params"]["datasets"] == [
        {"dataSetId": OTHER, "name": "Web"},
        {"dataSetId": "65a1b2c3d4e5f60718293a4b", "name": "Orders"},
    ]
    assert source["createdBy"] == "jane@AdobeID"
    assert before != after
    assert api.item(f"/sourceConnections/{before[0]}")


def test_a_deleted_flow_goes_as_over_the_api(api: Api, ui: Ui, emulator: Emulator) -> None:
    flow = api.flow()

    ui.delete(flow)

    assert api.item(f"/flows/{flow}")["state"] == "delete-finalizing"
    emulator.advance(1)
    assert api.get(f"/flows/{flow}").status_code == 404
    with pytest.raises(EditRefused, match="no flow"):
        ui.delete(flow)


def test_the_rules_hold_for_people_too(api: Api, ui: Ui) -> None:
    flow = api.flow()

    with pytest.raises(EditRefused, match="FLOW-1422-400"):
        ui.enable(flow)
    with pytest.raises(EditRefused, match="endTime must be after"):
        ui.end(flow, 1)
    with pytest.raises(EditRefused, match="breaks the rule pattern"):
        ui.path(flow, "not allowed")
    assert api.item(f"/flows/{flow}")["lastOperation"]["operation"] == "create"


def test_edits_are_no_requests(api: Api, ui: Ui, emulator: Emulator) -> None:
    flow = api.flow()
    emulator.forget_requests()

    ui.rename(flow, "new")

    assert emulator.requests() == []


@pytest.mark.parametrize(
    "card",
    ["Amazon S3", "Azure Blob Storage", "Azure Data Lake Gen2", "Data Landing Zone", "Google Cloud Storage", "SFTP"],
)
@pytest.mark.parametrize("audience", [False, True], ids=["datasets", "audiences"])
def test_people_make_flows_of_every_card(api: Api, ui: Ui, card: str, audience: bool) -> None:
    made = ui.create_flow("theirs", ["Orders"], sandbox="dev", destination=card, audience=audience, **JANE)

    item = api.item(f"/flows/{made['id']}")
    source = api.item(f"/sourceConnections/{made['source']}")
    assert (item["createdBy"], item["createdClient"]) == ("jane@AdobeID", "exc_app")
    assert item["targetConnectionIds"] == [made["target"]]
    assert ("params" in source) is not audience
    assert item["inheritedAttributes"]["targetConnections"][0]["baseConnection"]["id"] == made["base"]


def test_a_flow_made_by_hand_takes_what_it_is_given(api: Api, ui: Ui) -> None:
    first = ui.create_flow("one", ["Orders"], sandbox="dev")
    schedule = {"timeUnit": "hour", "interval": 8, "startTime": 1767229200}

    second = ui.create_flow(
        "two",
        [OTHER],
        sandbox="dev",
        base=first["base"],
        schedule=schedule,
        params={"path": "theirs", "compression": "NONE"},
        description="by hand",
    )

    item = api.item(f"/flows/{second['id']}")
    assert second["base"] == first["base"]
    assert (item["scheduleParams"], item["description"]) == (schedule, "by hand")
    assert api.item(f"/targetConnections/{second['target']}")["params"]["path"] == "theirs"
    with pytest.raises(EditRefused, match="no destination"):
        ui.create_flow("x", ["Orders"], sandbox="dev", destination="Marketo")


def test_a_refused_flow_leaves_nothing_behind(ui: Ui, emulator: Emulator) -> None:
    with pytest.raises(EditRefused):
        ui.create_flow("x", ["Orders"], sandbox="dev", schedule={"interval": 5})

    assert not any(emulator.snapshot().values())


def test_anything_can_be_loaded_as_it_is(api: Api, ui: Ui) -> None:
    flow = {
        "id": "f",
        "name": "unmanaged",
        "etag": '"e"',
        "createdBy": "them@AdobeID",
        "state": "disabled",
        "flowSpec": {"id": "unknown", "version": "1.0"},
        "sourceConnectionIds": ["s"],
        "targetConnectionIds": ["t", "u"],
        "scheduleParams": {"interval": 1},
    }
    auth = {"specName": "y", "params": {"k": 1}}
    base = {"name": "card", "connectionSpec": {"id": "x", "version": "1.0"}, "auth": auth}

    ui.load({"flows": [flow], "connections": [base]}, sandbox="dev")

    item = api.item("/flows/f")
    assert {key: item[key] for key in flow} == flow
    assert item["sandboxName"] == "dev"
    assert api.names("connections") == ["card"]
    with pytest.raises(EditRefused, match="no collection"):
        ui.load({"runs": []}, sandbox="dev")


def test_labels_move_the_etag_only(api: Api, ui: Ui) -> None:
    path = f"/connections/{api.base()}"
    before = api.item(path)

    ui.label("connections", before["id"], ["core/C1"])

    after = api.item(path)
    assert after["labels"] == ["core/C1"]
    assert after["etag"] != before["etag"]
    assert after["updatedBy"] == before["updatedBy"]
    with pytest.raises(EditRefused, match="no connections with id"):
        ui.label("connections", "none", [])
