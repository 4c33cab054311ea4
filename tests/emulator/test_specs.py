"""Specs, exportable datasets, runs and the ad hoc call."""

from __future__ import annotations

import pytest

from exportctl.emulator import Emulator, SeedDataset
from tests.emulator.emulator_api import Api, Json

LAKE = "23598e46-f560-407b-88d5-ea6207e49db0"
CONFIGS = {"outputType": "activationDatasets", "outputField": "datasets"}
CARDS = {
    "Amazon S3": ("4fce964d-3f37-408f-9778-e597338a21ee", "269ba276-16fc-47db-92b0-c1049a3c131f"),
    "Azure Blob Storage": ("6d6b59bf-fb58-4107-9064-4d246c0e5bb2", "95bd8965-fc8a-4119-b9c3-944c2c2df6d2"),
    "Azure Data Lake Gen2": ("be2c3209-53bc-47e7-ab25-145db8b873e1", "17be2013-2549-41ce-96e7-a70363bec293"),
    "Data Landing Zone": ("10440537-2a7b-4583-ac39-ed38d4b848e8", "cd2fc47e-e838-4f38-a581-8fff2f99b63a"),
    "Google Cloud Storage": ("c5d93acb-ea8b-4b14-8f53-02138444ae99", "585c15c4-6cbf-4126-8f87-e26bff78b657"),
    "SFTP": ("36965a81-b1c6-401b-99f8-22508f1e6a26", "354d6aad-4754-46e4-a576-1b384561c440"),
}


@pytest.mark.parametrize("card", CARDS)
def test_each_card_is_served(api: Api, card: str) -> None:
    connection, flow = CARDS[card]

    spec = api.item(f"/connectionSpecs/{connection}")
    flow_spec = api.item(f"/flowSpecs/{flow}")

    target = spec["targetSpec"]["spec"]
    assert (spec["name"], spec["version"]) == (card, "1.0")
    assert {"fileType", "datasetFileType", "compression"} <= set(target["required"])
    assert target["properties"]["fileType"]["conditional"]["value"] == "DATASETS"
    assert flow_spec["targetConnectionSpecIds"] == [connection]
    assert flow_spec["sourceConnectionSpecIds"] == [LAKE]
    assert "DATASETS" in flow_spec["attributes"]["_workflow"]


def test_s3_can_authenticate_in_two_ways(api: Api) -> None:
    ways = api.item(f"/connectionSpecs/{CARDS['Amazon S3'][0]}")["authSpec"]

    assert [way["name"] for way in ways] == ["Access Key", "Assumed Role"]
    assert ways[1]["spec"]["properties"]["s3Role"]["format"] == "password"


def test_specs_are_listed_and_filtered(api: Api) -> None:
    assert len(api.get("/connectionSpecs").json()["items"]) == 8
    assert len(api.get("/flowSpecs").json()["items"]) == 12
    found = api.get("/connectionSpecs", property="name==activation-datalake").json()["items"]
    assert [spec["id"] for spec in found] == [LAKE]
    assert api.code(api.get("/flowSpecs", limit=1)) == "1451-400"
    assert api.code(api.get("/flowSpecs/none")) == "1439-404"
    assert api.code(api.post("/flowSpecs", {})) == "1426-400"


def test_only_eligible_datasets_are_listed(api: Api, emulator: Emulator) -> None:
    emulator.seed(datasets={"dev": [SeedDataset("Hidden", eligible=False), SeedDataset("Events", kind="event")]})

    answer = api.get(f"/connectionSpecs/{LAKE}/configs", **CONFIGS).json()

    assert [item["name"] for item in answer["items"]] == ["Orders", "Events"]
    assert answer["items"][1]["schemaRef"]["id"].endswith("experienceevent")
    assert answer["pageInfo"] == {"start": 0, "end": 1, "total": 2, "hasNext": False}


@pytest.mark.parametrize(
    ("start", "limit", "names", "info"),
    [
        (0, 2, ["Orders", "D1"], (0, 1, 4, True)),
        (2, 2, ["D2", "D3"], (2, 3, 4, False)),
        (3, 100, ["D3"], (3, 3, 4, False)),
        (9, 100, [], (9, 9, 4, False)),
    ],
)
def test_datasets_come_in_slices(
    api: Api, emulator: Emulator, start: int, limit: int, names: list[str], info: tuple[int, int, int, bool]
) -> None:
    emulator.seed(datasets={"dev": [SeedDataset(f"D{n}") for n in (1, 2, 3)]})

    answer = api.get(f"/connectionSpecs/{LAKE}/configs", **CONFIGS, start=start, limit=limit).json()

    assert [item["name"] for item in answer["items"]] == names
    assert tuple(answer["pageInfo"].values()) == info


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": "x"},
        {"start": -1},
        {"outputType": "x"},
        {"surprise": 1},
        {"tags": "x"},
        {"createdUser": "x"},
    ],
)
def test_a_bad_dataset_listing_is_refused(api: Api, params: Json) -> None:
    assert api.get(f"/connectionSpecs/{LAKE}/configs", **{**CONFIGS, **params}).status_code == 400


def test_a_dataset_is_found_by_name_and_cut_down_to_properties(api: Api) -> None:
    found = api.get(f"/connectionSpecs/{LAKE}/configs", **CONFIGS, name="Orders", properties="name").json()

    assert found["items"] == [{"id": "65a1b2c3d4e5f60718293a4b", "name": "Orders"}]
    assert api.get(f"/connectionSpecs/{LAKE}/configs", **CONFIGS, name="Order").json()["items"] == []


def test_other_specs_list_no_datasets(api: Api) -> None:
    assert api.get(f"/connectionSpecs/{CARDS['SFTP'][0]}/configs", **CONFIGS).status_code == 400
    assert api.get("/connectionSpecs/none/configs", **CONFIGS).status_code == 404


def test_seeding_again_renames(api: Api, emulator: Emulator) -> None:
    emulator.seed(datasets={"dev": [SeedDataset("Bestellungen", "65a1b2c3d4e5f60718293a4b")]})

    found = api.get(f"/connectionSpecs/{LAKE}/configs", **CONFIGS).json()

    assert [item["name"] for item in found["items"]] == ["Bestellungen"]


def test_all_datasets_of_a_sandbox_can_be_asked_for(emulator: Emulator) -> None:
    emulator.seed(datasets={"dev": [SeedDataset("Hidden", eligible=False)]})

    assert [dataset["name"] for dataset in emulator.datasets("dev")] == ["Orders", "Hidden"]
    assert emulator.datasets("prod") == []


def test_a_dataset_is_of_a_known_kind(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="event, record, snapshot"):
        emulator.seed(datasets={"dev": [SeedDataset("x", kind="other")]})


def test_runs_can_be_asked_for_and_there_are_none_yet(api: Api) -> None:
    assert api.get("/runs", property="flowId==x", orderby="-createdAt", limit=100).json()["items"] == []
    assert api.code(api.get("/runs", property="nonsense==x")) == "1449-400"
    assert api.code(api.get("/runs/x")) == "1439-404"
    assert api.code(api.post("/runs", {})) == "1427-400"


AD_HOC = "/data/core/activation/disflowprovider/adhocrun"
ACCEPT = {"Accept": "application/vnd.adobe.adhoc.dataset.activation+json; version=1"}


@pytest.mark.parametrize(
    ("flow", "accept", "status", "text"),
    [
        (True, ACCEPT, 400, "not ready for dataset export"),
        (False, ACCEPT, 404, "not found"),
        (True, {}, 400, "Only the dataset variant"),
    ],
)
def test_an_ad_hoc_run_is_never_ready(api: Api, flow: bool, accept: dict[str, str], status: int, text: str) -> None:
    entry = {"flowId": api.flow() if flow else "none", "datasets": [{"id": "x"}]}

    answer = api.call("POST", AD_HOC, json={"activationInfo": {"destinations": [entry]}}, headers=accept)

    assert answer.status_code == status
    assert text in answer.text


def test_an_ad_hoc_body_is_checked(api: Api) -> None:
    assert api.call("POST", AD_HOC, json={"activationInfo": {}}, headers=ACCEPT).status_code == 400
