"""What goes over the wire for each verb, and what is made of the answer."""

from __future__ import annotations

import json

import pytest

from exportctl import __version__
from exportctl.client.client import SANDBOXES, Client, CreatedObject
from exportctl.client.inventory import live_object
from exportctl.client.transport import RequestCounts
from exportctl.errors import Error, NotFound, ServiceError
from exportctl.resources.kinds import FLOW
from tests.client.scripted import DATE, FLOWS, TOKEN, Reply, Script, client_of

ETAG = '"0a0b0c0d-0000-0200-0000-65a000000000"'


def test_every_request_carries_identity_sandbox_and_token() -> None:
    script = Script([Reply(200, {"items": []})])

    client_of(script).list("/flows")

    sent = script.seen[0].headers
    assert sent["x-api-key"] == "my-client"
    assert sent["x-gw-ims-org-id"] == "0123456789ABCDEF01234567@AdobeOrg"
    assert sent["x-sandbox-name"] == "dev"
    assert f"Bearer {TOKEN}" == sent["authorization"]
    assert f"exportctl/{__version__}" == sent["user-agent"]
    assert "content-type" not in sent


@pytest.mark.parametrize("sandbox", ["", " ", "dev\n", "d\u00e9v"])
def test_a_client_without_a_sandbox_cannot_be_built(sandbox: str) -> None:
    with pytest.raises(Error, match="sandbox"):
        client_of(Script(), sandbox=sandbox)


def test_get_takes_the_object_out_of_its_envelope() -> None:
    script = Script([Reply(200, {"items": [{"id": "f1", "name": "n"}]})])

    assert client_of(script).get("/flows/f1") == {"id": "f1", "name": "n"}
    assert f"{FLOWS}/f1" == script.seen[0].path


def test_an_empty_envelope_is_not_found() -> None:
    with pytest.raises(NotFound):
        client_of(Script([Reply(200, {"items": []})])).get("/flows/f1")


def test_create_sends_json_and_answers_id_and_etag() -> None:
    script = Script([Reply(201, {"id": "f1", "etag": ETAG})])

    made = client_of(script).create("/flows", {"name": "Größe"}, params=[("mode", "draft")])

    assert CreatedObject("f1", ETAG) == made
    assert (script.seen[0].method, script.seen[0].path, script.seen[0].params) == ("POST", FLOWS, [("mode", "draft")])
    assert json.loads(script.seen[0].body) == {"name": "Größe"}
    assert script.seen[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("body", [None, {}, {"id": ""}, {"id": 7}], ids=str)
def test_a_create_whose_answer_names_no_id_may_have_happened(body: object) -> None:
    with pytest.raises(ServiceError) as caught:
        client_of(Script([Reply(201, body)])).create("/flows", {})

    assert caught.value.wrote


@pytest.mark.parametrize(
    "given",
    [ETAG, ETAG.strip('"'), f'"{ETAG}"', f" {ETAG} ", ETAG.replace('"', '\\"'), f"W/{ETAG}"],
    ids=["as read", "bare", "quoted twice", "with blanks", "as in JSON", "weak"],
)
def test_if_match_is_quoted_exactly_once(given: str) -> None:
    script = Script([Reply(200, {"id": "f1", "etag": '"next"'})])

    client_of(script).patch("/flows/f1", [{"op": "replace", "path": "/name", "value": "n"}], given)

    assert script.seen[0].headers["if-match"] == ETAG
    assert json.loads(script.seen[0].body) == [{"op": "replace", "path": "/name", "value": "n"}]


@pytest.mark.parametrize("etag", ["", '""', "*", 'a"b', "a\nb"])
def test_no_patch_goes_out_without_a_real_etag(etag: str) -> None:
    script = Script()

    with pytest.raises(ValueError, match="etag"):
        client_of(script).patch("/flows/f1", [], etag)

    assert script.seen == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"id": "f1", "etag": ETAG}, ETAG),
        ({"items": [{"id": "f1", "etag": ETAG}]}, ETAG),
        ({"id": "f1"}, None),
        (None, None),
    ],
    ids=["id and etag", "the object in items", "no etag", "empty"],
)
def test_both_answers_to_a_patch_are_understood(body: object, expected: str | None) -> None:
    assert expected == client_of(Script([Reply(200, body)])).patch("/targetConnections/t1", [], ETAG)


def test_an_action_has_no_body_and_no_content_type() -> None:
    script = Script([Reply(200, {"id": "f1", "etag": ETAG})])

    assert client_of(script).act("/flows/f1", "disable") == ETAG

    sent = script.seen[0]
    assert ("POST", f"{FLOWS}/f1/action", "op=disable", b"") == (sent.method, sent.path, sent.query, sent.body)
    assert not {"content-type", "if-match"} & sent.headers.keys()


def test_an_action_may_be_tied_to_an_etag() -> None:
    script = Script()

    client_of(script).act("/flows/f1", "enable", etag=ETAG)

    assert script.seen[0].headers["if-match"] == ETAG


@pytest.mark.parametrize("status", [200, 202, 204])
def test_any_2xx_is_a_deletion(status: int) -> None:
    script = Script([Reply(status, None)])

    client_of(script).delete("/flows/f1")

    assert ("DELETE", f"{FLOWS}/f1") == (script.seen[0].method, script.seen[0].path)


@pytest.mark.parametrize("path", ["/flows", "/flows/", "flows/f1", "//flows/f1", "/flows/..", "/flows/../connections"])
def test_a_path_that_is_not_one_object_is_never_written_to(path: str) -> None:
    script = Script()

    with pytest.raises(ValueError, match="one object"):
        client_of(script).delete(path)

    assert script.seen == []


def test_other_services_are_read_by_full_path() -> None:
    script = Script([Reply(200, {"sandboxes": [{"name": "dev"}]})])

    found = client_of(script).get_json(f"{SANDBOXES}/sandboxes", params=[("limit", "5")])

    assert found == {"sandboxes": [{"name": "dev"}]}
    assert script.seen[0].path == "/data/foundation/sandbox-management/sandboxes"


def test_requests_are_counted_by_purpose_repeats_included() -> None:
    script = Script([Reply(500), Reply(200, {"items": [{"id": "f1"}]}), Reply(204, None)])
    client = client_of(script)

    client.get("/flows/f1")
    client.delete("/flows/f1")

    assert RequestCounts(reads=2, writes=1, token=1) == client.request_counts


def test_the_date_of_the_service_is_known_after_the_first_answer() -> None:
    client = client_of(Script())
    assert client.server_date() is None

    client.list("/flows")

    date = client.server_date()
    assert date is not None
    assert date.isoformat() == "2025-12-01T10:00:00+00:00"
    assert DATE.startswith("Mon, 01 Dec 2025")


def test_a_client_closes_with_its_context() -> None:
    with client_of(Script()) as client:
        assert isinstance(client, Client)

    with pytest.raises(RuntimeError):
        client.list("/flows")


@pytest.mark.parametrize("identity", ["../connections", "a/b", ".", "..", "", 7, None])
def test_an_id_that_would_be_a_way_to_another_object_is_an_unusable_answer(identity: object) -> None:
    with pytest.raises(ServiceError, match="names no id"):
        client_of(Script([Reply(201, {"id": identity, "etag": "e"})])).create("/flows", {})
    with pytest.raises(ServiceError, match="without id or etag"):
        live_object(FLOW, {"id": identity, "etag": "e"})
