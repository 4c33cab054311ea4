"""What Catalog and the Schema Registry say of datasets: how their data behaves, and which field is the identity."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl.emulator import SeedDataset
from tests.emulator.emulator_api import Api

CATALOG = "/data/foundation/catalog/dataSets"
DESCRIPTORS = "/data/foundation/schemaregistry/tenant/descriptors"
OBJECTS = "application/vnd.adobe.xdm+json"
PAGED = "application/vnd.adobe.xdm-v2+json"
PROFILE = "https://ns.adobe.com/xdm/context/profile"


def seed(api: Api, *datasets: SeedDataset) -> list[str]:
    return list(api.emulator.seed(datasets={"dev": datasets})["dev"].values())


def behavior(api: Api, id: str) -> object:
    shown = api.get(f"{CATALOG}/{id}").json()
    return shown[id].get("classification", {}).get("dataBehavior")


def descriptors(api: Api, accept: str = OBJECTS, **params: Any) -> Any:
    answer = api.call("GET", DESCRIPTORS, params=params, headers={"Accept": accept})
    assert answer.status_code == 200, answer.text
    return answer.json()


def primary_paths(api: Api, schema: str) -> list[str]:
    found = descriptors(api, property=["@type==xdm:descriptorIdentity", f"xdm:sourceSchema=={schema}"])
    return [one["xdm:sourceProperty"] for one in found.get("xdm:descriptorIdentity", []) if one["xdm:isPrimary"]]


def test_a_dataset_may_have_another_behavior_or_none(api: Api) -> None:
    ids = seed(api, SeedDataset("Ad hoc", behavior="adhoc"), SeedDataset("Old", behavior=""))

    assert [behavior(api, id) for id in ids] == ["adhoc", None]


def test_a_snapshot_dataset_is_managed_by_the_system(api: Api) -> None:
    ids = seed(api, SeedDataset("Snapshot", kind="snapshot"), SeedDataset("People"))

    assert [api.get(f"{CATALOG}/{id}").json()[id]["classification"]["managedBy"] for id in ids] == [
        "SYSTEM",
        "CUSTOMER",
    ]


def test_an_unknown_dataset_and_that_of_another_sandbox_are_not_found(api: Api) -> None:
    other = api.emulator.seed(["other"], {"other": [SeedDataset("Theirs")]})["other"]["Theirs"]

    for id in ("none", other):
        answer = api.get(f"{CATALOG}/{id}")
        assert (answer.status_code, answer.json()["title"]) == (404, "NotFound")


def test_the_list_is_cut_into_pages_and_shows_what_is_asked_for(api: Api) -> None:
    ids = seed(api, *(SeedDataset(f"d{number}") for number in range(25)))
    pages = [api.get(CATALOG, start=start, properties="schemaRef, name").json() for start in (0, 20, 40)]

    assert [len(page) for page in pages] == [20, 6, 0]  # the fixture has one more
    assert set(ids) <= set(pages[0] | pages[1])
    assert {key for page in pages for one in page.values() for key in one} == {"schemaRef", "name"}
    assert [*api.get(CATALOG, name="d7").json()] == [ids[7]]
    assert api.get(CATALOG, limit=0).status_code == api.get(CATALOG, orderBy="name").status_code == 400


def test_only_the_primary_identity_of_the_schema_is_found(api: Api) -> None:
    own, none = seed(api, SeedDataset("Loyal", identity="/loyalty/loyaltyID"), SeedDataset("Keyless", identity=""))
    schemas = [api.get(f"{CATALOG}/{id}").json()[id]["schemaRef"]["id"] for id in (own, none)]

    assert primary_paths(api, schemas[0]) == ["/loyalty/loyaltyID"]
    assert primary_paths(api, schemas[1]) == []
    assert primary_paths(api, "https://ns.adobe.com/xdm/context/experienceevent") == []
    seed(api, SeedDataset("People"))
    assert primary_paths(api, PROFILE) == ["/personalEmail/address"]


def test_the_accept_header_decides_the_form(api: Api) -> None:
    seed(api, SeedDataset("Loyal", identity="/loyalty/loyaltyID"))
    filter = "xdm:sourceProperty==/loyalty/loyaltyID"
    (one,) = descriptors(api, property=filter)["xdm:descriptorIdentity"]

    by_id = descriptors(api, "application/vnd.adobe.xdm-id+json", property=filter)
    by_link = descriptors(api, "application/vnd.adobe.xdm-link+json", property=filter)
    assert by_id == {"xdm:descriptorIdentity": [one["@id"]]}
    assert by_link == {"xdm:descriptorIdentity": [f"/tenant/descriptors/{one['@id']}"]}
    assert descriptors(api, PAGED, property=filter)["results"] == [one]
    assert descriptors(api, property="@type==xdm:descriptorOneToOne") == {}
    assert api.get(DESCRIPTORS).status_code == 406


@pytest.mark.parametrize("order", ["@id", "-@id", "updated"])
def test_following_the_pages_shows_every_descriptor_once(api: Api, order: str) -> None:
    seed(api, *(SeedDataset(f"d{number}", identity=f"/key{number}") for number in range(7)))
    every = descriptors(api)["xdm:descriptorIdentity"]
    found, start = [], None
    while True:
        page = descriptors(api, PAGED, orderby=order, limit=3, **({"start": start} if start else {}))
        found += page["results"]
        if (start := page["_page"]["next"]) is None:
            break

    assert sorted(one["@id"] for one in found) == sorted(one["@id"] for one in every)
    assert api.call("GET", DESCRIPTORS, params={"limit": 3}, headers={"Accept": PAGED}).status_code == 400


@pytest.mark.parametrize(("left", "path"), [("View Datasets", f"{CATALOG}/x"), ("View Schemas", DESCRIPTORS)])
def test_a_credential_without_the_permission_is_refused(api: Api, left: str, path: str) -> None:
    others = [name for name in api.emulator.credentials()[0]["permissions"] if name != left]
    api.emulator.register_client("reader", "secret", others)
    api.http.headers.update({"x-api-key": "reader", "Authorization": f"Bearer {api.emulator.issue_token('reader')}"})

    answer = api.call("GET", path, headers={"Accept": OBJECTS})

    assert (answer.status_code, answer.json()["title"]) == (403, "Forbidden")
    assert left in answer.json()["detail"]
