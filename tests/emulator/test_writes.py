"""Create, patch, act, delete: what is accepted, what is filled in, and each refusal with its code."""

from __future__ import annotations

import re

import pytest

from exportctl.emulator import Emulator
from tests.emulator.emulator_api import Api, Json

DATASET = "65a1b2c3d4e5f60718293a4b"
SPECS = {
    "Azure Blob Storage": "6d6b59bf-fb58-4107-9064-4d246c0e5bb2",
    "Azure Data Lake Gen2": "be2c3209-53bc-47e7-ab25-145db8b873e1",
    "Data Landing Zone": "10440537-2a7b-4583-ac39-ed38d4b848e8",
    "Google Cloud Storage": "c5d93acb-ea8b-4b14-8f53-02138444ae99",
    "SFTP": "36965a81-b1c6-401b-99f8-22508f1e6a26",
}
SFTP = {"domain": "sftp.example", "username": "acme"}


def test_a_create_answers_id_and_etag(api: Api) -> None:
    answer = api.post("/connections", api.base_body())

    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "etag"}
    assert re.fullmatch(r'"[0-9a-f]{8}-0000-0200-0000-[0-9a-f]{12}"', answer.json()["etag"])
    assert answer.headers["Location"].endswith(f"/flowservice/connections/{answer.json()['id']}")


def test_the_service_fills_in_a_base_connection(api: Api) -> None:
    item = api.item(f"/connections/{api.base(description='mine')}")

    assert item["createdBy"] == item["createdClient"] == item["updatedClient"] == "emulator-client"
    assert item["createdAt"] == item["updatedAt"] == 1767225600000
    assert item["etag"] == item["version"]
    assert item["state"] == "enabled"
    assert item["auth"]["params"]["authorizedDate"] == "2026-01-01"
    assert (item["sandboxName"], item["imsOrgId"]) == ("dev", api.emulator.organization)


def test_a_source_gets_a_base_connection_that_all_sources_of_the_sandbox_share(api: Api) -> None:
    first, second = (api.item(f"/sourceConnections/{api.source()}") for _ in range(2))

    assert first["baseConnectionId"] == second["baseConnectionId"]
    assert first["inheritedAttributes"]["baseConnection"]["id"] == first["baseConnectionId"]


def test_the_service_fills_in_a_flow(api: Api) -> None:
    base, source = api.base(), api.source()
    target = api.target(base)
    flow = api.create("flows", api.flow_body(source, target))

    item = api.item(f"/flows/{flow}")

    inherited = item["inheritedAttributes"]
    assert inherited["properties"] == {"isDestinationFlow": True}
    assert [entry["id"] for entry in inherited["sourceConnections"]] == [source]
    assert inherited["targetConnections"][0]["baseConnection"]["id"] == base
    assert item["runs"] == f"/runs?property=flowId=={flow}"
    assert item["lastOperation"]["operation"] == "create"
    assert item["state"] == "enabled"


@pytest.mark.parametrize(
    ("card", "auth", "place"),
    [
        (
            "Azure Blob Storage",
            ("ConnectionString", {"connectionString": "x"}),
            {"container": "exports", "path": "a"},
        ),
        (
            "Azure Data Lake Gen2",
            (
                "Azure Service Principal Auth",
                {"url": "u", "servicePrincipalId": "i", "servicePrincipalKey": "k", "tenant": "t"},
            ),
            {"path": "any path %"},
        ),
        ("Data Landing Zone", None, {"path": "a"}),
        (
            "Google Cloud Storage",
            ("Google Cloud Storage authentication credentials", {"accessKeyId": "i", "secretAccessKey": "k"}),
            {"bucketName": "acme_exports", "path": ""},
        ),
        ("SFTP", ("SFTP with Password", {**SFTP, "password": "p"}), {"remotePath": "/in"}),
        ("SFTP", ("SFTP with Password", {**SFTP, "password": "p", "port": "2222"}), {"remotePath": "/in"}),
        ("SFTP", ("SFTP with SSH Key", {**SFTP, "sshKey": "a2V5", "port": 22}), {"remotePath": "/in"}),
    ],
    ids=["blob", "lake", "landing zone", "gcs", "sftp", "sftp with port", "sftp with key"],
)
def test_each_card_takes_its_auth_and_place(api: Api, card: str, auth: tuple[str, Json] | None, place: Json) -> None:
    spec = {"id": SPECS[card], "version": "1.0"}
    body = {"name": "x", "connectionSpec": spec}
    if auth:
        body["auth"] = {"specName": auth[0], "params": auth[1]}
    base = api.create("connections", body)
    params = {**place, "mode": "Server-to-server", "datasetFileType": "JSON", "compression": "GZIP"}

    made = api.create(
        "targetConnections", {"name": "x", "baseConnectionId": base, "connectionSpec": spec, "params": params}
    )

    assert api.item(f"/targetConnections/{made}")["params"] == params


def test_s3_takes_a_role(api: Api) -> None:
    auth = {"specName": "Assumed Role", "params": {"s3Role": "arn:aws:iam::123456789012:role/x"}}

    assert api.post("/connections", api.base_body(auth=auth)).status_code == 201


def test_the_landing_zone_takes_null_and_no_other_auth(api: Api) -> None:
    spec = {"id": SPECS["Data Landing Zone"], "version": "1.0"}
    body = {"name": "x", "connectionSpec": spec, "auth": None}

    assert api.post("/connections", body).status_code == 201
    assert api.code(api.post("/connections", {**body, "auth": {"specName": "x", "params": {}}})) == "1415-400"


S3_KEY, S3_SECRET = {"s3AccessKey": "A" * 20}, {"s3SecretKey": "b" * 40}


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        ({"name": ""}, 400, "name is required"),
        ({"name": None}, 400, "name is required"),
        ({"description": 1}, 400, "description"),
        ({"labels": "x"}, 400, "labels"),
        ({"surprise": 1}, 400, "surprise"),
        ({"id": "x"}, 400, "'id'"),
        ({"state": "disabled"}, 400, "'state'"),
        ({"connectionSpec": {"id": "4fce964d-3f37-408f-9778-e597338a21ee"}}, 422, "version"),
        ({"connectionSpec": {"id": "4fce964d-3f37-408f-9778-e597338a21ee", "version": "2"}}, 400, "1.0"),
        ({"auth": None}, 400, "auth"),
        ({"auth": {"specName": "Access Key"}}, 400, "auth.params"),
        ({"auth": {"specName": "Access Key", "params": S3_KEY}}, 400, "'s3SecretKey' is required"),
        ({"auth": {"specName": "Access Key", "params": {**S3_KEY, **S3_SECRET, "x": 1}}}, 400, "'x'"),
        (
            {"auth": {"specName": "Access Key", "params": {"s3AccessKey": "A" * 19 + "0", **S3_SECRET}}},
            400,
            "'s3AccessKey' breaks the rule pattern",
        ),
        ({"auth": {"specName": "Access Key", "params": {"s3AccessKey": 1, **S3_SECRET}}}, 400, "rule type"),
    ],
)
def test_a_base_connection_is_refused(api: Api, change: Json, status: int, text: str) -> None:
    answer = api.post("/connections", {**api.base_body(), **change})

    assert answer.status_code == status
    assert text in answer.json()["errorMessage"]


def test_a_refusal_does_not_repeat_a_secret(api: Api) -> None:
    auth = {"specName": "Access Key", "params": {**S3_KEY, "s3SecretKey": "too-short-secret"}}

    answer = api.post("/connections", api.base_body(auth=auth))

    assert answer.status_code == 400
    assert "too-short-secret" not in answer.text


@pytest.mark.parametrize(
    ("collection", "change", "text"),
    [
        ("connections", {"auth": {"specName": ["Access Key"], "params": {}}}, "not known"),
        ("sourceConnections", {"baseConnectionId": 1}, "baseConnectionId"),
        ("sourceConnections", {"connectionSpec": {"id": SPECS["SFTP"], "version": "1.0"}}, "valid spec id"),
        ("targetConnections", {"baseConnectionId": None}, "baseConnectionId"),
        ("targetConnections", {"params": []}, "params is required"),
        ("flows", {"scheduleParams": {"startTime": 10**30}}, "not supported"),
    ],
)
def test_values_of_the_wrong_type_are_refused(api: Api, collection: str, change: Json, text: str) -> None:
    bodies = {
        "connections": api.base_body(),
        "sourceConnections": api.source_body(),
        "targetConnections": api.target_body("x"),
        "flows": api.flow_body(api.source(), api.target()),
    }

    answer = api.post(f"/{collection}", {**bodies[collection], **change})

    assert answer.status_code == 400
    assert text in answer.text


def test_an_audience_flow_may_have_transformations_and_a_schedule_of_its_own(api: Api, emulator: Emulator) -> None:
    made = emulator.ui.create_flow("theirs", sandbox="dev", audience=True, schedule={"frequency": "x"})
    path = f"/flows/{made['id']}"

    assert api.replace(path, "/transformations", [{"name": "x"}]).status_code == 200
    assert api.replace(path, "/scheduleParams", []).status_code == 400
    assert api.item(path)["scheduleParams"] == {"frequency": "x"}


@pytest.mark.parametrize("spec", [None, "x", {}, {"id": "none", "version": "1.0"}])
def test_an_unknown_connection_spec_has_a_body_of_its_own(api: Api, spec: Json | str | None) -> None:
    answer = api.post("/connections", {**api.base_body(), "connectionSpec": spec})

    assert (answer.status_code, answer.json()) == (400, {"message": "Please provide a valid spec id"})


def test_an_unknown_auth_spec_has_a_code(api: Api) -> None:
    body = api.base_body(auth={"specName": "Basic Authentication for sftp", "params": {}})

    assert api.code(api.post("/connections", body)) == "1415-400"


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"datasets": []}, "non-empty"),
        ({"datasets": [{"name": "x"}]}, "dataSetId"),
        ({"datasets": [{"datasetId": DATASET}]}, "dataSetId and name"),
        ({"datasets": [{"dataSetId": DATASET}, {"dataSetId": DATASET}]}, "twice"),
        ({"datasets": [{"dataSetId": DATASET}], "x": 1}, "all that params"),
        (None, "params.datasets"),
    ],
)
def test_a_source_connection_is_refused(api: Api, params: Json | None, text: str) -> None:
    answer = api.post("/sourceConnections", {**api.source_body(), "params": params})

    assert answer.status_code == 400
    assert text in answer.json()["errorMessage"]


def test_a_source_needs_no_dataset_names(api: Api) -> None:
    assert api.post("/sourceConnections", api.source_body(params={"datasets": [{"dataSetId": DATASET}]})).is_success


@pytest.mark.parametrize(
    ("params", "accepted"),
    [
        ({"bucketName": "Upper"}, False),
        ({"bucketName": "1.2.3.4"}, False),
        ({"bucketName": "ab"}, False),
        ({"bucketName": "a.b-c"}, True),
        ({"path": "with space"}, False),
        ({"path": "%DATASET_ID%"}, False),
        ({"path": "x%SEGMENT_NAME%/%SEGMENT_ID%"}, True),
        ({"path": "%SEGMENT_ID%/" * 50 + "%"}, False),
        ({"path": ""}, True),
        ({"datasetFileType": "json"}, True),
        ({"datasetFileType": "csv"}, False),
        ({"datasetFileType": "CSV"}, False),
        ({"compression": "gzip"}, True),
        ({"compression": None}, False),
        ({"mode": "FTP"}, True),
        ({"mode": "other"}, False),
        ({"surprise": 1}, False),
        ({"includeFileManifest": True}, True),
        ({"includeFileManifest": "yes"}, False),
        ({"fileType": "JSON"}, True),
    ],
)
def test_target_params_follow_the_spec(api: Api, params: Json, accepted: bool) -> None:
    answer = api.post("/targetConnections", api.target_body(api.base(), params=params))

    assert answer.is_success is accepted, answer.text


def test_target_params_without_file_type_are_refused(api: Api) -> None:
    body = api.target_body(api.base())
    del body["params"]["datasetFileType"]

    assert "'datasetFileType' is required" in api.post("/targetConnections", body).json()["errorMessage"]


@pytest.mark.parametrize("collection", ["targetConnections", "flows"])
def test_what_a_body_names_must_be_there(api: Api, collection: str) -> None:
    bodies = {"targetConnections": api.target_body("none"), "flows": api.flow_body(api.source(), "none")}

    answer = api.post(f"/{collection}", bodies[collection])

    assert api.code(answer) == "1439-400"
    assert answer.json()["report"]["id"] == "none"


def test_a_target_has_the_spec_of_its_base(api: Api) -> None:
    body = {**api.target_body(api.base()), "connectionSpec": {"id": SPECS["SFTP"], "version": "1.0"}}
    body["params"] = {"remotePath": "/", "datasetFileType": "JSON", "compression": "GZIP"}

    assert "differs" in api.post("/targetConnections", body).json()["errorMessage"]


def test_a_flow_spec_takes_its_own_targets_only(api: Api) -> None:
    body = api.flow_body(api.source(), api.target())
    body["flowSpec"]["id"] = "354d6aad-4754-46e4-a576-1b384561c440"

    assert "does not fit" in api.post("/flows", body).json()["errorMessage"]


@pytest.mark.parametrize(
    ("change", "code"),
    [({"state": "disabled"}, "1410-400"), ({"flowSpec": {"id": "none", "version": "1.0"}}, "1413-400")],
)
def test_a_flow_is_refused_with_a_code(api: Api, change: Json, code: str) -> None:
    body = {**api.flow_body(api.source(), api.target()), **change}

    assert api.code(api.post("/flows", body)) == code


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"sourceConnectionIds": []}, "sourceConnectionIds"),
        ({"targetConnectionIds": "x"}, "targetConnectionIds"),
        ({"sourceConnectionIds": ["a", "b"]}, "exactly one"),
        ({"transformations": [{}]}, "empty"),
        ({"transformations": {}}, "array"),
        ({"scheduleParams": None}, "scheduleParams is required"),
    ],
)
def test_a_flow_is_refused(api: Api, change: Json, text: str) -> None:
    answer = api.post("/flows", {**api.flow_body(api.source(), api.target()), **change})

    assert answer.status_code == 400
    assert text in answer.json()["errorMessage"]


ONCE = {"exportMode": "DAILY_FULL_EXPORT", "timeUnit": "day", "interval": 0}
DAILY = {"timeUnit": "day", "interval": 1}


@pytest.mark.parametrize(
    ("schedule", "accepted"),
    [
        (ONCE, True),
        ({**ONCE, "interval": 1}, False),
        ({**ONCE, "timeUnit": "hour"}, False),
        (DAILY, True),
        ({**DAILY, "interval": 2}, True),
        ({**DAILY, "interval": 0}, False),
        ({"interval": 3}, True),
        ({"interval": "12"}, True),
        ({"interval": "x"}, False),
        ({"interval": True}, False),
        ({"interval": 4}, True),
        ({"interval": 0}, False),
        ({"interval": 10_001}, False),
        ({"interval": 8}, True),
        ({"exportMode": "FULL"}, False),
        ({"timeUnit": "week"}, False),
        ({"timeUnit": []}, False),
        ({"startTime": "1767229200"}, True),
        ({"startTime": "soon"}, False),
        ({"startTime": True}, False),
        ({"exportMode": "daily_full_export", "timeUnit": "DAY", "interval": 0}, True),
        ({"startTime": -1}, False),
        ({"startTime": 1}, True),
        ({"endTime": 1}, False),
        ({"endTime": 10**15}, False),
        ({"folderNameTemplate": "/"}, False),
        ({"foldernameTemplate": ""}, False),
        ({"surprise": 1}, False),
        ({"frequency": "hour"}, True),
    ],
)
def test_a_schedule_follows_the_rules(api: Api, schedule: Json, accepted: bool) -> None:
    answer = api.post("/flows", api.flow_body(api.source(), api.target(), schedule=schedule))

    assert answer.is_success is accepted, answer.text


@pytest.mark.parametrize("missing", ["startTime", "interval", "timeUnit"])
def test_a_schedule_needs(api: Api, missing: str) -> None:
    body = api.flow_body(api.source(), api.target())
    del body["scheduleParams"][missing]

    assert api.post("/flows", body).status_code == 400


def test_a_schedule_needs_no_mode_template_or_end(api: Api) -> None:
    body = api.flow_body(api.source(), api.target())
    for key in ("exportMode", "endTime", "foldernameTemplate"):
        del body["scheduleParams"][key]
    flow = api.create("flows", body)

    assert api.item(f"/flows/{flow}")["scheduleParams"] == body["scheduleParams"]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{}", {"Content-Type": "text/plain"}, 400),
        (b"{}", {}, 400),
        (b"{", {"Content-Type": "application/json"}, 400),
        (b'{"name": NaN}', {"Content-Type": "application/json"}, 400),
        (b"[" * 100_000, {"Content-Type": "application/json"}, 400),
        (b"[]", {"Content-Type": "application/json"}, 400),
        (b"", {"Content-Type": "application/json"}, 400),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(api: Api, content: bytes, headers: Json, status: int) -> None:
    assert api.call("POST", "/connections", content=content, headers=headers).status_code == status


def test_a_patch_changes_and_moves_the_etag(api: Api) -> None:
    flow = api.flow()
    before = api.item(f"/flows/{flow}")

    answer = api.patch(
        f"/flows/{flow}",
        {"op": "Replace", "path": "/name", "value": "new"},
        {"op": "ADD", "path": "/description", "value": "text"},
    )

    after = api.item(f"/flows/{flow}")
    assert (answer.status_code, answer.json()["id"]) == (200, flow)
    assert (after["name"], after["description"]) == ("new", "text")
    assert after["etag"] != before["etag"]
    assert [op["path"] for op in after["lastOperation"]["ops"]] == ["/name", "/description"]
    assert after["lastOperation"]["operation"] == "update"


@pytest.mark.parametrize("etag", ["stale", "unquoted", "weak", "any"])
def test_a_patch_with_another_etag_is_412(api: Api, etag: str) -> None:
    path = f"/connections/{api.base()}"
    current = api.item(path)["etag"]
    sent = {"stale": f'"{"0" * 36}"', "unquoted": current.strip('"'), "weak": f"W/{current}", "any": "*"}[etag]

    answer = api.patch(path, {"op": "replace", "path": "/name", "value": "x"}, etag=sent)

    assert api.code(answer) == "1404-412"
    expected = f"Supplied version=[ {sent} ] does not match the current version on entity=[ {current} ]"
    assert answer.json()["errorMessage"] == expected
    assert api.item(path)["name"] == "account"


def test_the_etag_of_a_create_is_stale_once_the_background_client_has_been(api: Api) -> None:
    made = api.post("/connections", api.base_body()).json()

    answer = api.patch(
        f"/connections/{made['id']}", {"op": "replace", "path": "/name", "value": "x"}, etag=made["etag"]
    )

    assert api.code(answer) == "1404-412"


def test_a_patch_without_if_match_has_a_code(api: Api) -> None:
    assert api.code(api.call("PATCH", f"/flows/{api.flow()}", json=[])) == "1403-400"


@pytest.mark.parametrize(
    ("operations", "code"),
    [
        ([], "1405-400"),
        ([{"op": "move", "from": "/name", "path": "/x", "value": 1}], None),
        ([{"op": "test", "path": "/name", "value": "x"}], "1434-400"),
        ([{"op": "replace", "path": "/nothing", "value": 1}], "1455-400"),
        ([{"op": "remove", "path": "/description", "value": ""}], "1455-400"),
        ([{"op": "replace", "path": "/name/deeper", "value": 1}], "1455-400"),
        ([{"op": "replace", "path": "/sourceConnectionIds/7", "value": "x"}], "1455-400"),
        ([{"op": "add", "path": "/sourceConnectionIds/7", "value": "x"}], "1455-400"),
        ([{"op": "replace", "path": "/state", "value": "disabled"}], "1456-400"),
        ([{"op": "remove", "path": "/name"}], None),
        ([{"op": "remove", "path": "/name", "value": ""}], None),
        ([{"op": "replace", "path": "name", "value": "x"}], None),
        ([{"op": "replace", "path": "/name", "value": "x", "from": "y"}], None),
        ({"op": "replace", "path": "/name", "value": "x"}, None),
        ([{"op": "replace", "path": "/createdAt", "value": 1}], None),
        ([{"op": "replace", "path": "/id", "value": "x"}], None),
        ([{"op": "add", "path": "/surprise", "value": 1}], None),
        ([{"op": "replace", "path": "/scheduleParams", "value": {"interval": "x"}}], None),
        ([{"op": "replace", "path": "/scheduleParams/interval", "value": -5}], None),
        ([{"op": "replace", "path": "/sourceConnectionIds", "value": ["none"]}], "1439-400"),
        ([{"op": "replace", "path": "/targetConnectionIds", "value": ["none"]}], None),
        ([{"op": "add", "path": "/sourceConnectionIds/-", "value": "x"}], None),
    ],
)
def test_a_patch_of_a_flow_is_refused(api: Api, operations: Json | list[Json], code: str | None) -> None:
    flow = api.flow()
    before = api.item(f"/flows/{flow}")

    answer = api.call("PATCH", f"/flows/{flow}", json=operations, headers={"If-Match": before["etag"]})

    assert answer.status_code == 400
    assert code is None or api.code(answer) == code
    assert api.item(f"/flows/{flow}") == before


def test_an_empty_patch_body_has_a_code(api: Api) -> None:
    path = f"/flows/{api.flow()}"

    assert api.code(api.call("PATCH", path, headers={"If-Match": api.item(path)["etag"]})) == "1405-400"


def test_list_elements_and_escaped_names_can_be_patched(api: Api) -> None:
    path = f"/connections/{api.base(labels=['core/C1', 'core/C2'])}"

    answer = api.patch(
        path,
        {"op": "remove", "path": "/labels/0", "value": {}},
        {"op": "add", "path": "/labels/-", "value": "core/C3"},
        {"op": "add", "path": "/labels/0", "value": "core/C0"},
        {"op": "replace", "path": "/labels/1", "value": "core/C9"},
    )

    assert answer.status_code == 200
    assert api.item(path)["labels"] == ["core/C0", "core/C9", "core/C3"]
    assert api.code(api.replace(path, "/auth/params/a~1b~0c", 1)) == "1455-400"


@pytest.mark.parametrize(
    ("collection", "pointer", "value", "code"),
    [
        ("connections", "/connectionSpec", {"id": SPECS["SFTP"], "version": "1.0"}, "1414-400"),
        ("targetConnections", "/connectionSpec", {"id": SPECS["SFTP"], "version": "1.0"}, "1414-400"),
        ("targetConnections", "/baseConnectionId", "other", None),
        ("sourceConnections", "/params/datasets", [{"dataSetId": "0" * 24}], None),
        ("sourceConnections", "/params/datasets/0/name", "other", None),
        ("flows", "/flowSpec", {"id": "354d6aad-4754-46e4-a576-1b384561c440", "version": "1.0"}, None),
        ("targetConnections", "/params/bucketName", "Upper", None),
        ("connections", "/auth/params/s3SecretKey", "short", None),
    ],
)
def test_what_cannot_change_is_refused(
    api: Api, collection: str, pointer: str, value: Json | list[Json] | str, code: str | None
) -> None:
    flow = api.flow()
    item = api.item(f"/flows/{flow}")
    ids = {
        "flows": flow,
        "sourceConnections": item["sourceConnectionIds"][0],
        "targetConnections": item["targetConnectionIds"][0],
        "connections": item["inheritedAttributes"]["targetConnections"][0]["baseConnection"]["id"],
    }

    answer = api.replace(f"/{collection}/{ids[collection]}", pointer, value)

    assert answer.status_code == 400
    assert code is None or api.code(answer) == code


def test_auth_params_are_replaced_whole_and_dated(api: Api, emulator: Emulator) -> None:
    path = f"/connections/{api.base()}"
    emulator.advance(86400)

    assert api.patch(path, {"op": "add", "path": "/auth/params", "value": {**S3_KEY}}).status_code == 400
    assert api.patch(path, {"op": "add", "path": "/auth/params", "value": {**S3_KEY, **S3_SECRET}}).status_code == 200
    assert api.item(path)["auth"]["params"]["authorizedDate"] == "2026-01-02"


def test_datasets_change_by_another_source(api: Api) -> None:
    flow, source = api.flow(), api.source("0" * 24)

    assert api.replace(f"/flows/{flow}", "/sourceConnectionIds", [source]).status_code == 200

    item = api.item(f"/flows/{flow}")
    assert item["sourceConnectionIds"] == [source]
    assert [entry["id"] for entry in item["inheritedAttributes"]["sourceConnections"]] == [source]


@pytest.mark.parametrize("op", ["disable", "DISABLE", "Disable"])
def test_an_action_changes_the_state(api: Api, op: str) -> None:
    flow = api.flow()

    assert api.act(flow, op).json()["id"] == flow
    assert api.item(f"/flows/{flow}")["state"] == "disabled"
    assert api.code(api.act(flow, op)) == "1422-400"
    assert api.act(flow, "enable").status_code == 200
    assert api.item(f"/flows/{flow}")["state"] == "enabled"


@pytest.mark.parametrize(
    ("op", "code"),
    [("enable", "1422-400"), ("explode", "1434-400"), ("publish", "1444-400"), ("FINALIZE", "1402-400")],
)
def test_an_action_is_refused(api: Api, op: str, code: str) -> None:
    assert api.code(api.act(api.flow(), op)) == code


def test_an_action_needs_its_name_and_a_current_etag_if_any(api: Api) -> None:
    flow = api.flow()

    assert api.code(api.call("POST", f"/flows/{flow}/action")) == "2119-400"
    assert api.code(api.act(flow, "disable", **{"If-Match": '"old"'})) == "1404-412"
    assert api.act(flow, "disable", **{"If-Match": api.item(f"/flows/{flow}")["etag"]}).status_code == 200


def test_a_deleted_flow_is_answered_for_a_while_and_its_connections_stay(api: Api, emulator: Emulator) -> None:
    flow = api.flow()

    answer = api.delete(f"/flows/{flow}")

    assert (answer.status_code, answer.content) == (202, b"")
    assert api.item(f"/flows/{flow}")["state"] == "delete-finalizing"
    assert api.code(api.delete(f"/flows/{flow}")) == "1458-400"
    assert api.code(api.act(flow, "disable")) == "1421-400"
    assert api.code(api.replace(f"/flows/{flow}", "/name", "x")) == "1457-400"
    text = api.replace(f"/flows/{flow}", "/name", "x").json()["errorMessage"]
    assert text == "Operation update cannot be applied in state delete-finalizing."
    emulator.advance(1)
    answer = api.get(f"/flows/{flow}")
    assert api.code(answer) == "1439-404"
    assert answer.json()["report"] == {
        "detailed-message": f"flows not found with id = [{flow}]",
        "id": flow,
        "request-id": answer.headers["x-request-id"],
        "type": "flows",
    }
    assert [len(api.names(kind)) for kind in ("connections", "sourceConnections", "targetConnections")] == [1, 1, 1]


def test_what_is_in_use_cannot_be_deleted(api: Api, emulator: Emulator) -> None:
    flow = api.flow()
    item = api.item(f"/flows/{flow}")
    source, target = item["sourceConnectionIds"][0], item["targetConnectionIds"][0]
    base = api.item(f"/targetConnections/{target}")["baseConnectionId"]

    assert api.code(api.delete(f"/sourceConnections/{source}")) == "1447-400"
    assert api.code(api.delete(f"/targetConnections/{target}")) == "1447-400"
    assert api.code(api.delete(f"/connections/{base}")) == "1418-400"
    api.delete(f"/flows/{flow}")
    assert api.code(api.delete(f"/sourceConnections/{source}")) == "1447-400"
    emulator.advance(1)
    assert api.delete(f"/sourceConnections/{source}").status_code == 202
    assert api.code(api.delete(f"/connections/{base}")) == "1418-400"
    assert api.delete(f"/targetConnections/{target}").status_code == 202
    assert api.delete(f"/connections/{base}").status_code == 202
    assert api.code(api.delete(f"/connections/{base}")) == "1439-404"


def test_names_may_repeat(api: Api) -> None:
    assert api.base("same") != api.base("same")


def test_parameters_of_single_objects_are_refused(api: Api) -> None:
    assert api.code(api.get(f"/connections/{api.base()}", limit=1)) == "1451-400"
    assert api.code(api.call("POST", "/flows?mode=final", json={})) == "1454-400"
    assert api.code(api.call("POST", "/flows?validate=true", json={})) == "1451-400"


def test_a_schedule_that_stays_as_it_was_is_not_judged_again(api: Api, emulator: Emulator) -> None:
    flow = api.flow()
    shown = api.item(f"/flows/{flow}")
    weekly = {**shown["scheduleParams"], "timeUnit": "week", "interval": 1}
    emulator.ui.load({"flows": [{**shown, "scheduleParams": weekly}]}, sandbox="dev")

    assert api.replace(f"/flows/{flow}", "/name", "renamed").status_code == 200
    later = {**weekly, "endTime": weekly["endTime"] + 86400}
    assert api.replace(f"/flows/{flow}", "/scheduleParams", later).status_code == 200
    assert api.replace(f"/flows/{flow}", "/scheduleParams", {**later, "interval": 2}).status_code == 400
    assert api.item(f"/flows/{flow}")["scheduleParams"] == later
