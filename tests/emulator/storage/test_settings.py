"""The setting `storage`: what it may say, whom it may reach, and that it keeps its secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exportctl.emulator.storage.settings import OPTIONS, parse_settings
from exportctl.emulator.storage.sink import StorageRefused

ZONE = {"url": "http://127.0.0.1:10000/acme", "account": "acme", "account_key": "c2VjcmV0"}
KEYS = {"access_key_id": "id", "secret_access_key": "hush"}


def one_endpoint(type: str, **members: Any) -> dict[str, Any]:
    return {"endpoints": {type: members}}


def test_an_empty_setting_names_no_storage() -> None:
    assert parse_settings({}).to_json() == {"endpoints": {}, "allowed_hosts": []}
    assert all(parse_settings({}).endpoint(type) is None for type in OPTIONS)


@pytest.mark.parametrize(
    "value",
    [
        one_endpoint(
            "amazon-s3", url="http://localhost:9000", region="eu-west-1", roles={"arn:aws:iam::1:role/x": KEYS}
        ),
        one_endpoint("azure-blob", url="https://acme.blob.core.windows.net")
        | {"allowed_hosts": ["acme.blob.core.windows.net"]},
        one_endpoint("azure-data-lake", url="http://[::1]:1/lake", principals={"id": {"key": "k", "account_key": "a"}}),
        one_endpoint("data-landing-zone", **ZONE),
        one_endpoint("google-cloud-storage", url="http://127.9.9.9"),
        one_endpoint("sftp", host="127.0.0.1", port=2222, known_hosts="* ssh-ed25519 AAAA"),
    ],
    ids=lambda value: next(iter(value["endpoints"])),
)
def test_a_setting_comes_out_as_it_went_in(value: dict[str, Any]) -> None:
    settings = parse_settings(value)

    assert settings.to_json() == {"allowed_hosts": [], **value}
    assert parse_settings(settings.to_json()) == settings
    for type in value["endpoints"]:
        assert settings.endpoint(type) is not None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"endpoint": {}}, "'endpoint'"),
        ({"endpoints": []}, "endpoints must be an object"),
        (one_endpoint("amazon-s4", url="http://127.0.0.1"), "no destination type 'amazon-s4'"),
        (one_endpoint("amazon-s3"), "amazon-s3: url is required"),
        (one_endpoint("amazon-s3", url="http://127.0.0.1", key="hush"), "amazon-s3 has no member 'key'"),
        (one_endpoint("amazon-s3", url=9000), "amazon-s3.url must be text"),
        (one_endpoint("amazon-s3", url="127.0.0.1:9000"), "amazon-s3.url must be an address"),
        (one_endpoint("amazon-s3", url="http://user:hush@127.0.0.1"), "amazon-s3.url must be an address"),
        (one_endpoint("amazon-s3", url="http://127.0.0.1/?x=hush"), "amazon-s3.url must be an address"),
        (one_endpoint("amazon-s3", url="http://127.0.0.1:99999"), "amazon-s3.url must be an address"),
        (one_endpoint("amazon-s3", url="http://storage.example"), "amazon-s3.url must be https"),
        (one_endpoint("amazon-s3", url="http://127.0.0.1.example"), "amazon-s3.url must be https"),
        (
            one_endpoint("amazon-s3", url="http://127.0.0.1", roles={"arn": {"access_key_id": "hush"}}),
            "amazon-s3.roles: each",
        ),
        (
            one_endpoint("amazon-s3", url="http://127.0.0.1", roles={"arn": {**KEYS, "token": "hush"}}),
            "no member 'token'",
        ),
        (
            one_endpoint("azure-data-lake", url="http://127.0.0.1", principals="hush"),
            "azure-data-lake.principals must be",
        ),
        (one_endpoint("data-landing-zone", **{**ZONE, "account_key": "hush!"}), "not base64"),
        (one_endpoint("data-landing-zone", **ZONE, sas="sig=hush"), "account_key or sas"),
        (one_endpoint("data-landing-zone", url="http://127.0.0.1", account="acme"), "account_key or sas"),
        (one_endpoint("sftp", port=22), "sftp: host is required"),
        (one_endpoint("sftp", host="user@host"), "sftp.host must be a host name"),
        (one_endpoint("sftp", host="127.0.0.1", port="22"), "sftp.port must be a port number"),
        (one_endpoint("sftp", host="127.0.0.1", port=0), "sftp.port must be a port number"),
        ({"allowed_hosts": "storage.example"}, "allowed_hosts takes a list"),
        ({"allowed_hosts": ["https://storage.example"]}, "allowed_hosts takes a list"),
    ],
)
def test_what_is_wrong_is_named_and_its_value_is_not_shown(value: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as error:
        parse_settings(value)

    assert words in str(error.value)
    assert "hush" not in str(error.value)


@pytest.mark.parametrize("type", ["amazon-s3", "sftp"])
def test_a_host_beyond_this_machine_must_be_allowed_by_name(type: str) -> None:
    place = {"host": "Storage.example"} if type == "sftp" else {"url": "https://storage.example:9000"}
    value = one_endpoint(type, **place)

    with pytest.raises(StorageRefused, match=r"--allow-real-storage storage\.example") as refused:
        parse_settings(value).endpoint(type)
    assert refused.value.code == "not-allowed"
    with pytest.raises(StorageRefused):
        parse_settings(value | {"allowed_hosts": ["other.example"]}).endpoint(type)
    assert parse_settings(value | {"allowed_hosts": ["STORAGE.example"]}).endpoint(type) is not None


def test_no_secret_is_shown() -> None:
    value = {
        "endpoints": {
            "amazon-s3": {"url": "http://127.0.0.1", "roles": {"arn:aws:iam::1:role/hidden": KEYS}},
            "azure-data-lake": {"url": "http://127.0.0.1", "principals": {"p": {"key": "hush", "account_key": "hush"}}},
            "data-landing-zone": ZONE,
        }
    }
    shown = json.dumps(parse_settings(value).masked_json())

    for secret in ("hush", "hidden", ZONE["account_key"]):
        assert secret not in shown
    assert shown.count("(secret)") == 3


def test_an_endpoint_is_added_only_with_a_host_that_may_be_reached() -> None:
    near = parse_settings(one_endpoint("amazon-s3", url="http://127.0.0.1:9000"))
    far = one_endpoint("azure-blob", url="https://acme.example")

    with pytest.raises(StorageRefused):
        near.merge(parse_settings(far))
    both = near.merge(parse_settings(far | {"allowed_hosts": ["acme.example"]}))
    assert set(both.endpoints) == {"amazon-s3", "azure-blob"}
    moved = both.merge(parse_settings(one_endpoint("amazon-s3", url="http://127.0.0.1:9001")))
    assert moved.endpoints["amazon-s3"].values["url"] == "http://127.0.0.1:9001"


def test_a_host_that_nothing_is_written_to_is_forgotten() -> None:
    far = parse_settings(
        one_endpoint("azure-blob", url="https://acme.example") | {"allowed_hosts": ["acme.example", "other.example"]}
    )

    assert far.remove_endpoint("sftp").allowed_hosts == ("acme.example",)
    assert far.remove_endpoint("azure-blob").to_json() == {"endpoints": {}, "allowed_hosts": []}
    assert far.remove_endpoint("").to_json() == {"endpoints": {}, "allowed_hosts": []}
    with pytest.raises(ValueError, match="amazon-s4"):
        far.remove_endpoint("amazon-s4")
