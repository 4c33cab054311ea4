"""The landing zone's endpoint, and the control operation that says where it is."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from exportctl.emulator import Emulator
from exportctl.emulator.storage import signing

PATH = "/data/foundation/connectors/landingzone"
KEY = base64.b64encode(b"k" * 32).decode()
ZONE = {"url": "http://127.0.0.1:10000/acme", "account": "acme", "account_key": KEY}


def request_storage(api: Any, method: str = "GET", path: str = "", body: object = None) -> Any:
    return api.http.request(method, f"/_emulator/storage{path}", json=body)


@pytest.fixture
def zone(api: Any) -> Any:
    """A client of an emulator that writes the landing zone to a storage."""
    assert request_storage(api, "PATCH", body={"endpoints": {"data-landing-zone": ZONE}}).status_code == 200
    return api


def credentials(api: Any, **params: str) -> Any:
    return api.get(f"{PATH}/credentials", **{"type": "dlz_destination", **params})


def test_the_credentials_open_the_container_for_seven_days(zone: Any) -> None:
    answer = credentials(zone)
    given = answer.json()
    sas = {name: values[0] for name, values in parse_qs(given["SASToken"]).items()}
    expires = datetime.strptime(sas["se"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()

    assert answer.status_code == 200
    assert {k: given[k] for k in ("containerName", "storageAccountName")} == {
        "containerName": "dlz-destination",
        "storageAccountName": "acme",
    }
    assert given["SASUri"] == f"http://127.0.0.1:10000/acme/dlz-destination?{given['SASToken']}"
    assert (sas["sr"], sas["sp"]) == ("c", "rcwl")
    assert 7 * 86400 - 60 < expires - time.time() <= 7 * 86400
    assert given["SASToken"] == signing.container_sas("acme", KEY, "dlz-destination", "rcwl", expires)
    assert KEY not in answer.text


def test_a_sas_that_was_given_is_handed_out(api: Any) -> None:
    zone = {"url": "http://127.0.0.1:10000/acme/", "account": "acme", "container": "files", "sas": "?sv=1&sig=x"}
    request_storage(api, "PATCH", body={"endpoints": {"data-landing-zone": zone}})

    assert credentials(api).json() == {
        "containerName": "files",
        "SASToken": "sv=1&sig=x",
        "storageAccountName": "acme",
        "SASUri": "http://127.0.0.1:10000/acme/files?sv=1&sig=x",
    }


def test_the_container_is_described(zone: Any) -> None:
    answer = zone.get(PATH, type="dlz_destination")

    assert (answer.status_code, answer.json()) == (200, {"containerName": "dlz-destination", "containerTTL": "7"})


@pytest.mark.parametrize("path", [PATH, f"{PATH}/credentials"])
def test_a_local_folder_has_no_credentials(api: Any, path: str) -> None:
    answer = api.get(path, type="dlz_destination")

    assert answer.status_code == 404
    assert "local folder" in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "params", "status"),
    [
        ("GET", "/credentials", {}, 400),
        ("GET", "/credentials", {"type": "user_drop_zone"}, 400),
        ("POST", "/credentials", {"type": "dlz_destination"}, 405),
        ("GET", "/other", {"type": "dlz_destination"}, 404),
        ("GET", "s", {"type": "dlz_destination"}, 404),
    ],
)
def test_other_requests_are_refused(zone: Any, method: str, path: str, params: dict[str, str], status: int) -> None:
    assert zone.call(method, PATH + path, params=params).status_code == status


def test_the_gateway_stands_before_it(zone: Any) -> None:
    zone.http.headers.pop("x-sandbox-name")
    assert zone.code(credentials(zone)) == "2105-400"
    zone.http.headers.pop("authorization")
    assert credentials(zone).json()["error_code"] == "403010"


def test_the_control_interface_shows_no_secret(zone: Any) -> None:
    shown = request_storage(zone)

    assert shown.json()["endpoints"] == {"data-landing-zone": {**ZONE, "account_key": "(secret)"}}
    assert KEY not in shown.text


def test_endpoints_come_and_go_one_by_one(zone: Any) -> None:
    body = {"endpoints": {"azure-blob": {"url": "https://acme.example"}}, "allowed_hosts": ["acme.example"]}
    both = request_storage(zone, "PATCH", body=body).json()
    one = request_storage(zone, "DELETE", "/data-landing-zone").json()
    none = request_storage(zone, "DELETE").json()

    assert set(both["endpoints"]) == {"data-landing-zone", "azure-blob"}
    assert (set(one["endpoints"]), one["allowed_hosts"]) == ({"azure-blob"}, ["acme.example"])
    assert none == request_storage(zone).json() == {"endpoints": {}, "allowed_hosts": []}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"endpoints": {"azure-blob": {"url": "https://acme.example"}}}, "--allow-real-storage acme.example"),
        ({"endpoints": {"azure-blob": {"url": "http://127.0.0.1", "key": "hush"}}}, "'key'"),
        ({"endpoints": {"azure-bulb": {}}}, "no destination type"),
        ({"endpoint": {}}, "'endpoint'"),
    ],
)
def test_what_cannot_be_set_changes_nothing(zone: Any, body: dict[str, Any], words: str) -> None:
    before = request_storage(zone).json()
    answer = request_storage(zone, "PATCH", body=body)

    assert answer.status_code == 400
    assert words in answer.json()["errorMessage"]
    assert "hush" not in answer.text
    assert request_storage(zone).json() == before
    assert request_storage(zone, "DELETE", "/azure-bulb").status_code == 400


def test_the_setting_is_kept_in_the_file_and_by_a_reset(tmp_path: Path, connect: Callable[..., Any]) -> None:
    path = tmp_path / "emulator.sqlite"
    first = Emulator(path)
    request_storage(connect(first, "prod"), "PATCH", body={"endpoints": {"data-landing-zone": ZONE}})
    first.reset()
    first.close()
    second = Emulator(path)
    kept = second.store.get_setting("storage", {})
    second.close()

    assert json.loads(json.dumps(kept)) == {"endpoints": {"data-landing-zone": ZONE}, "allowed_hosts": []}
