"""Tokens, headers, sandboxes and permissions: what stands before the Flow Service."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exportctl.emulator import Emulator
from tests.emulator.emulator_api import Api, Json

FORM = {
    "grant_type": "client_credentials",
    "client_id": "emulator-client",
    "client_secret": "emulator-client-secret",
    "scope": "openid",
}


@pytest.mark.parametrize("where", ["data", "params"], ids=["in a form", "in the query"])
def test_a_registered_client_gets_a_bearer_token(api: Api, where: str) -> None:
    sent: Json = {where: FORM}
    answer = api.http.post("/ims/token/v3", **sent)

    assert answer.status_code == 200
    token = answer.json()
    assert (token["token_type"], token["expires_in"]) == ("bearer", 86399)
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    assert api.call("GET", "/flows", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "unknown-client"}, 401, "invalid_client"),
        ({"scope": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_the_token_endpoint_refuses(api: Api, change: Json, status: int, error: str) -> None:
    answer = api.http.post("/ims/token/v3", data={**FORM, **change})

    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"{}", "application/json"), (b"\xff\xfe", "application/x-www-form-urlencoded")],
    ids=["JSON", "no text"],
)
def test_the_token_endpoint_takes_forms_only(api: Api, content: bytes, kind: str) -> None:
    answer = api.http.post("/ims/token/v3", content=content, headers={"Content-Type": kind})

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_the_token_of_a_client_that_is_gone_is_refused(api: Api, emulator: Emulator) -> None:
    with emulator.store.transaction():
        emulator.store.remove("credentials", "emulator-client")

    assert api.get("/flows").json()["error_code"] == "403003"


def test_a_token_expires_by_the_clock_of_the_emulator(api: Api, emulator: Emulator) -> None:
    emulator.set_token_lifetime(100)
    token = api.http.post("/ims/token/v3", data=FORM).json()["access_token"]
    api.http.headers["Authorization"] = f"Bearer {token}"
    assert api.get("/flows").status_code == 200

    emulator.advance(100)

    answer = api.get("/flows")
    assert (answer.status_code, answer.json()["error_code"]) == (401, "401013")


@pytest.mark.parametrize(
    ("header", "value", "status", "error"),
    [
        ("Authorization", None, 403, "403010"),
        ("Authorization", "Basic x", 403, "403010"),
        ("Authorization", "Bearer x", 401, "401013"),
        ("x-api-key", None, 403, "403000"),
        ("x-api-key", "other", 403, "403003"),
        ("x-gw-ims-org-id", None, 400, "400003"),
    ],
)
def test_the_gateway_refuses_a_header(api: Api, header: str, value: str | None, status: int, error: str) -> None:
    api.http.headers.pop(header)
    if value:
        api.http.headers[header] = value

    answer = api.get("/flows")

    assert (answer.status_code, answer.json()["error_code"]) == (status, error)
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("x-gw-ims-org-id", "other@AdobeOrg", "2000-401"),
        ("x-sandbox-name", None, "2105-400"),
        ("x-sandbox-name", "nowhere", "2101-404"),
        ("x-sandbox-id", "any", "2110-400"),
    ],
)
def test_the_flow_service_refuses_a_header(api: Api, header: str, value: str | None, code: str) -> None:
    api.http.headers.pop(header, None)
    if value:
        api.http.headers[header] = value

    answer = api.get("/flows")

    assert code == api.code(answer)
    assert str(answer.status_code) == code[-3:]


@pytest.mark.parametrize(
    ("missing", "method", "path"),
    [
        ("View Destinations", "GET", "/flows"),
        ("View Destinations", "GET", "/flows/x"),
        ("View Destinations", "GET", "/runs"),
        ("View Destinations", "GET", "/flowSpecs"),
        ("View Datasets", "GET", "/connectionSpecs/x/configs"),
        ("Manage Destinations", "POST", "/connections"),
        ("Manage Destinations", "PATCH", "/connections/x"),
        ("Manage Destinations", "DELETE", "/connections/x"),
        ("Manage and Activate Dataset Destinations", "POST", "/flows"),
        ("Manage and Activate Dataset Destinations", "POST", "/flows/x/action?op=enable"),
        ("Manage and Activate Dataset Destinations", "DELETE", "/targetConnections/x"),
    ],
)
def test_a_missing_permission_is_named(api: Api, emulator: Emulator, missing: str, method: str, path: str) -> None:
    client = emulator.store.get("credentials", "emulator-client")
    assert client is not None
    emulator.register_client(
        "emulator-client", "secret", [name for name in client.doc["permissions"] if name != missing]
    )

    answer = api.call(method, path)

    assert api.code(answer) == "2118-403"
    assert set(answer.json()["report"]) == {"detailed-message", "request-id"}
    assert missing in answer.json()["errorMessage"]


def test_an_unknown_permission_cannot_be_given(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="no such permission"):
        emulator.register_client("other", "secret", ["Fly"])


ROOT = "/data/foundation/sandbox-management"


def as_client(api: Api, client_id: str, *permissions: str, sandboxes: list[str] | None = None) -> None:
    """From now on the requests are those of another credential."""
    api.emulator.register_client(client_id, "secret", permissions, sandboxes=sandboxes)
    token = api.emulator.issue_token(client_id)
    api.http.headers.update({"x-api-key": client_id, "Authorization": f"Bearer {token}"})


def test_every_credential_lists_the_sandboxes_that_it_may_enter(api: Api) -> None:
    assert [box["name"] for box in api.get(f"{ROOT}/").json()["sandboxes"]] == ["prod", "dev"]

    as_client(api, "narrow", sandboxes=["dev"])

    assert [box["name"] for box in api.get(f"{ROOT}/").json()["sandboxes"]] == ["dev"]


@pytest.mark.parametrize("path", ["sandboxes", "sandboxes/dev", "sandboxTypes"])
def test_lists_for_administrators_are_for_administrators(api: Api, path: str) -> None:
    refused = api.get(f"{ROOT}/{path}")

    assert (refused.status_code, refused.json()["title"]) == (403, "Forbidden")
    as_client(api, "admin", "Manage Sandboxes")
    assert api.get(f"{ROOT}/{path}").status_code == 200


def test_administrators_list_and_read_all_sandboxes(api: Api) -> None:
    as_client(api, "admin", "Manage Sandboxes", sandboxes=["dev"])

    assert [box["name"] for box in api.get(f"{ROOT}/sandboxes").json()["sandboxes"]] == ["prod", "dev"]
    assert api.get(f"{ROOT}/sandboxes/dev").json()["type"] == "development"
    assert api.get(f"{ROOT}/sandboxes/none").status_code == 404
    assert api.get(f"{ROOT}/sandboxTypes").json() == {"sandboxTypes": [{"id": "development"}, {"id": "production"}]}
    assert api.post(f"{ROOT}/sandboxes", {}).status_code == 405


def test_a_sandbox_does_not_see_the_objects_of_another(
    api: Api, connect: Callable[..., Api], emulator: Emulator
) -> None:
    base = api.base()

    other = connect(emulator, "prod")

    assert other.names("connections") == []
    assert other.get(f"/connections/{base}").status_code == 404
    assert other.delete(f"/connections/{base}").status_code == 404
    assert other.code(other.post("/targetConnections", other.target_body(base))) == "1439-400"


def test_every_answer_carries_a_request_id_of_its_own(api: Api) -> None:
    answer, other = api.get("/flows/none"), api.get("/flows/none")

    assert answer.headers["x-request-id"] == answer.json()["report"]["request-id"]
    assert answer.headers["x-request-id"] != other.headers["x-request-id"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/flows/x/y", 404),
        ("GET", "/flowSpecs/x/y", 404),
        ("GET", "/data/foundation/catalog/datasets", 404),
        ("PUT", "/flows", 405),
        ("PUT", "/flows/x", 405),
        ("GET", "/flows/x/action", 405),
        ("PUT", "/runs", 405),
        ("GET", "/data/core/activation/disflowprovider/adhocrun", 405),
        ("GET", "/ims/token/v3", 404),
    ],
)
def test_what_is_not_there_is_refused(api: Api, method: str, path: str, status: int) -> None:
    assert api.call(method, path).status_code == status


def test_the_token_endpoint_takes_posts_only(api: Api) -> None:
    assert api.http.get("/ims/token/v3").status_code == 405


def test_expired_tokens_do_not_pile_up(emulator: Emulator) -> None:
    for _ in range(5):
        emulator.issue_token(seconds=10)
        emulator.advance(10)
    emulator.issue_token()

    assert [record.doc["expires"] - emulator.now > 0 for record in emulator.store.list_records("tokens")] == [
        True,
        True,
    ]
