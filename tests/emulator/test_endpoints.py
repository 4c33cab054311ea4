"""Endpoints that exportctl does not use, but other clients do: searches, checks, drafts, actions of runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exportctl.emulator import Fault
from tests.emulator.emulator_api import DATASET, HOUR, S3, Api, Json


def search(api: Api, collection: str, body: Json, **params: Any) -> Json:
    answer = api.call("POST", f"/{collection}/search", json=body, params=params)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


@pytest.fixture
def three(api: Api) -> Api:
    for name in "abc":
        api.base(name)
        api.emulator.advance(1)
    return api


@pytest.mark.parametrize("text", ["name==a,b", "property=name==a,b", "property=name==a,b&property=state==enabled"])
def test_a_search_filters(three: Api, text: str) -> None:
    found = search(three, "connections", {"queryString": text, "orderby": "name"})

    assert [item["name"] for item in found["items"]] == ["a", "b"]


def test_a_search_has_pages_and_counts_and_is_no_write(three: Api) -> None:
    three.emulator.forget_requests()
    first = search(three, "connections", {"orderby": "name", "limit": 1000})
    token = first["_links"]["next"]["href"].partition("continuationToken=")[2]

    second = search(three, "connections", {"orderby": "name", "limit": 1000}, continuationToken=token)

    assert [item["name"] for page in (first, second) for item in page["items"]] == ["a", "b", "c"]
    assert search(three, "connections", {"count": True}) == {"count": 3}
    assert three.emulator.writes() == []


def test_a_search_of_flows_shows_the_fields_that_it_is_asked_for(api: Api) -> None:
    flow = api.flow("mine")

    found = search(api, "flows", {"queryString": "name==mine", "projectionFields": "name, state"})

    assert found["items"] == [{"id": flow, "name": "mine", "state": "enabled"}]


def test_a_search_of_flow_specs_filters(api: Api) -> None:
    found = search(api, "flowSpecs", {"queryString": f"targetConnectionSpecIds[]=={S3}", "projectionFields": "id"})

    assert len(found["items"]) == 2
    assert search(api, "flowSpecs", {"count": True})["count"] > 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"limit": 1001}, "1454-400"),
        ({"limit": 5, "count": True}, "1401-400"),
        ({"queryString": "nothing==1"}, "1449-400"),
        ({"queryString": "property=name==a&limit=3"}, "1451-400"),
        ({"orderby": "nothing"}, "1433-400"),
        ({"surprise": 1}, None),
        ({"limit": "5"}, None),
        ([], None),
    ],
)
def test_a_search_refuses_what_a_list_refuses(api: Api, body: Any, code: str | None) -> None:
    answer = api.call("POST", "/flows/search", json=body)

    assert answer.status_code == 400
    if code:
        assert api.code(answer) == code


def test_a_test_of_a_connection_tells_a_mask_from_a_secret(api: Api) -> None:
    base = api.base()
    assert api.get(f"/connections/{base}/test").json() == {"result": True}

    shown = api.item(f"/connections/{base}")["auth"]["params"]
    auth = {"specName": "Assumed Role", "params": {"s3Role": shown["s3SecretKey"]}}

    masked = api.base("masked", auth=auth)
    assert api.get(f"/connections/{masked}/test").json() == {"result": False}
    assert api.get("/connections/none/test").status_code == 404
    assert api.get(f"/connections/{base}/test", deep=1).status_code == 400


def test_a_connection_lists_the_folders_of_its_targets(api: Api) -> None:
    base = api.base()
    api.target(base, params={"path": "exports/a"}), api.target(params={"path": "elsewhere"})

    found = api.get(f"/connections/{base}/explore", objectType="root").json()

    assert [(one["type"], one["path"]) for one in found] == [("folder", "exports/a")]
    assert api.get(f"/connections/{base}/explore", objectType="TABLE").json() == []
    assert api.get(f"/connections/{base}/explore", objectType="planet").status_code == 400


@pytest.mark.parametrize("collection", ["connections", "sourceConnections", "targetConnections", "flows"])
def test_a_draft_is_published(api: Api, collection: str) -> None:
    bodies = {
        "connections": lambda: api.base_body(),
        "sourceConnections": lambda: api.source_body(),
        "targetConnections": lambda: api.target_body(api.base()),
        "flows": lambda: api.flow_body(api.source(), api.target()),
    }
    made = api.call("POST", f"/{collection}", params={"mode": "draft"}, json=bodies[collection]())
    path = f"/{collection}/{made.json()['id']}"
    assert api.item(path)["state"] == "draft"

    answer = api.call("POST", f"{path}/action", params={"op": "PUBLISH"})

    assert set(answer.json()) == {"id", "etag"}
    assert api.item(path)["state"] == "enabled"
    again = api.call("POST", f"{path}/action", params={"op": "publish"})
    assert api.code(again) == ("1444-400" if collection == "flows" else "1422-400")


def test_a_draft_flow_does_not_run_and_cannot_be_enabled(api: Api) -> None:
    body = api.flow_body(api.source(), api.target())
    flow = api.call("POST", "/flows", params={"mode": "draft"}, json=body).json()["id"]

    assert api.code(api.act(flow, "enable")) == "1422-400"
    api.emulator.advance(10 * HOUR)
    assert api.get("/runs", property=f"flowId=={flow}").json()["items"] == []
    assert api.call("POST", "/flows", params={"mode": "final"}, json=body).status_code == 400


@pytest.mark.parametrize(
    ("collection", "params", "code"),
    [
        ("flows", {"op": "FINALIZE"}, "1402-400"),
        ("connections", {"op": "FINALIZE_UPDATE", "subOp": "APPLY"}, "1402-400"),
        ("connections", {"op": "ENABLE"}, "1434-400"),
        ("sourceConnections", {"op": "FINALIZE"}, "1434-400"),
        ("targetConnections", {}, "2119-400"),
        ("flows", {"op": "DISABLE", "subOp": "PROGRESS"}, "1436-400"),
        ("flows", {"op": "DISABLE", "subOp": "REVERSE"}, "1435-400"),
    ],
)
def test_actions_are_refused_by_the_error_table(api: Api, collection: str, params: Json, code: str) -> None:
    made = {
        "connections": api.base,
        "sourceConnections": api.source,
        "targetConnections": api.target,
        "flows": api.flow,
    }
    id = made[collection]()

    assert api.code(api.call("POST", f"/{collection}/{id}/action", params=params)) == code


def run_of(api: Api, flow: str) -> Json:
    (run,) = api.get("/runs", property=f"flowId=={flow}").json()["items"]
    assert isinstance(run, dict)
    return run


def test_a_failed_run_is_repeated(api: Api) -> None:
    source = api.source("f" * 24)
    flow = api.create("flows", api.flow_body(source, api.target()))
    api.emulator.advance(HOUR)
    failed = run_of(api, flow)
    assert failed["metrics"]["statusSummary"]["status"] == "failed"

    answer = api.call("POST", f"/runs/{failed['id']}/action", params={"op": "RE_TRIGGER"})

    assert (answer.status_code, answer.json()["flowId"]) == (200, flow)
    assert answer.json()["id"] != failed["id"]
    assert len(api.get("/runs", property=f"flowId=={flow}").json()["items"]) == 2


def test_a_run_that_succeeded_is_not_repeated_and_no_run_is_changed(api: Api) -> None:
    flow = api.flow()
    api.emulator.advance(HOUR)
    run = run_of(api, flow)
    path = f"/runs/{run['id']}"

    assert api.code(api.call("POST", f"{path}/action", params={"op": "RE_TRIGGER"})) == "1422-400"
    assert api.code(api.call("POST", f"{path}/action", params={"op": "STOP"})) == "1434-400"
    assert api.code(api.call("PUT", path, json={"flowId": flow})) == "1403-400"
    assert api.code(api.call("PUT", path, json={}, headers={"If-Match": '"x"'})) == "1404-412"
    etag = {"If-Match": run["etag"]}
    assert api.code(api.call("PUT", path, headers=etag)) == "1405-400"
    assert api.code(api.call("PUT", path, json={"flowId": flow}, headers=etag)) == "1427-400"
    assert api.code(api.post("/runs", {"flowId": flow})) == "1427-400"


def test_the_address_of_an_on_demand_run_is_on_the_host_that_was_asked(api: Api) -> None:
    flow = api.flow()
    api.emulator.advance(600)
    body = {"activationInfo": {"destinations": [{"flowId": flow, "datasets": [{"id": DATASET}]}]}}
    headers = {"Accept": "application/vnd.adobe.adhoc.dataset.activation+json; version=1"}

    made = api.call("POST", "/data/core/activation/disflowprovider/adhocrun", json=body, headers=headers).json()

    url = made["destinations"][0]["datasets"][0]["statusURL"]
    assert url.startswith("http://emulator.test/data/foundation/flowservice/runs/")
    assert api.http.get(url).json()["items"][0]["flowId"] == flow


def test_a_search_can_be_struck_by_a_fault(three: Api) -> None:
    three.emulator.add_fault(Fault("reserved-token", path="/search"))

    found = search(three, "connections", {"orderby": "name"})

    assert "%3D" in found["_links"]["next"]["href"]


def test_a_client_without_permissions_may_do_none_of_it(build: Callable[..., Api]) -> None:
    api = build()
    base, flow = api.base(), api.flow()
    api.emulator.register_client("nobody", "secret", [])
    api.http.headers.update({"x-api-key": "nobody", "Authorization": f"Bearer {api.emulator.issue_token('nobody')}"})

    for method, path in (
        ("POST", "/flows/search"),
        ("GET", f"/connections/{base}/test"),
        ("GET", f"/connections/{base}/explore"),
        ("POST", f"/connections/{base}/action?op=PUBLISH"),
        ("POST", f"/flows/{flow}/action?op=DISABLE"),
        ("POST", "/runs/x/action?op=RE_TRIGGER"),
        ("PUT", "/runs/x"),
    ):
        assert api.code(api.call(method, path)) == "2118-403", path
