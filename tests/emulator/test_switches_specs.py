"""The switches that change what the connection specs offer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exportctl.emulator import specs
from tests.emulator.emulator_api import Api

BLOB = specs.DESTINATIONS[1].id


@pytest.mark.parametrize(
    ("setting", "name", "key"),
    [
        ("listed", "File PGP/GPG Encryption", "publicKey"),
        ("renamed", "PGP encryption", "pgpPublicKey"),
        ("absent", None, None),
    ],
)
def test_landing_zone_encryption(build: Callable[..., Api], setting: str, name: str | None, key: str | None) -> None:
    api = build(landing_zone_encryption=setting)
    spec = {"id": specs.LANDING_ZONE, "version": "1.0"}

    listed = api.get(f"/connectionSpecs/{specs.LANDING_ZONE}").json()["items"][0]["encryptionSpecs"]
    for wanted in ("publicKey", "pgpPublicKey"):
        params = {wanted: "QUJD", "encryptionAlgo" if wanted == "publicKey" else "algorithm": "PGPGPG"}
        sent = {"specName": name or "File PGP/GPG Encryption", "params": params}
        answer = api.post("/connections", {"name": "zone", "connectionSpec": spec, "encryptionSpecs": sent})
        assert answer.is_success is (wanted == key)

    assert [one["name"] for one in listed] == ([name] if name else [])


@pytest.mark.parametrize(
    ("setting", "ways"),
    [
        ("listed", ["ConnectionString", "Azure Service Principal Auth"]),
        ("renamed", ["ConnectionString", "Microsoft Entra ID"]),
        ("absent", ["ConnectionString"]),
    ],
)
def test_blob_service_principal(build: Callable[..., Api], setting: str, ways: list[str]) -> None:
    api = build(blob_service_principal=setting)

    spec = api.get(f"/connectionSpecs/{BLOB}").json()["items"][0]

    assert [way["name"] for way in spec["authSpec"]] == ways
    for way in spec["authSpec"]:
        params = dict.fromkeys(way["spec"]["properties"], "value")
        body = {"name": way["name"], "connectionSpec": {"id": BLOB, "version": "1.0"}}
        made = api.post("/connections", {**body, "auth": {"specName": way["name"], "params": params}})
        assert made.is_success
        shown = api.get(f"/connections/{made.json()['id']}").json()["items"][0]["auth"]["params"]
        assert list(shown.values()).count("value") == len(params) - 1  # the secret is masked
