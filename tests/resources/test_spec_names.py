"""Names that only a live connection spec has are found by the roles of their parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl.resources.destinations.azure_blob import AZURE_BLOB
from exportctl.resources.spec_names import live_encryption, live_method, sent_value, shown_value

METHOD = AZURE_BLOB.method("service-principal")
ACCOUNT = METHOD.fields[0]


def spec(*params: str, required: tuple[str, ...] = ()) -> dict[str, Any]:
    schema = {"properties": {name: {"type": "string"} for name in params}, "required": list(required)}
    return {"authSpec": ["odd", {"name": "ConnectionString"}, {"name": "Entra", "spec": schema}]}


@pytest.mark.parametrize(
    ("params", "names"),
    [
        (
            ("url", "servicePrincipalId", "servicePrincipalKey", "tenant"),
            ("url", "tenant", "servicePrincipalId", "servicePrincipalKey"),
        ),
        (
            ("client_id", "client-secret", "directoryId", "storageAccountName"),
            ("storageAccountName", "directoryId", "client_id", "client-secret"),
        ),
        (("appId", "appPassword", "TenantID", "endpoint"), ("endpoint", "TenantID", "appId", "appPassword")),
        (
            ("url", "region", "tenant", "note", "clientId", "clientSecret"),
            ("url", "tenant", "clientId", "clientSecret"),
        ),
    ],
    ids=["as the data lake", "by words", "as an app", "beside two optional ones"],
)
def test_a_way_to_authenticate_is_found_by_roles(params: tuple[str, ...], names: tuple[str, ...]) -> None:
    found = live_method(METHOD, spec(*params, required=names))

    assert found is not None
    assert (found.name, found.spec_name, tuple(f.wire for f in found.fields)) == ("service-principal", "Entra", names)


@pytest.mark.parametrize(
    "listed",
    [
        {},
        {"authSpec": None},
        spec(),
        spec("url", "clientId", "clientSecret"),
        spec("url", "tenant", "clientId"),
        spec("url", "endpoint", "tenant", "clientId", "clientSecret"),
        spec("url", "tenant", "clientId", "clientSecret", "region", required=("region",)),
    ],
    ids=["no spec", "no list", "no params", "no tenant", "no secret", "two addresses", "one more that is required"],
)
def test_what_a_spec_does_not_offer_in_full_is_not_guessed(listed: dict[str, Any]) -> None:
    assert live_method(METHOD, listed) is None


@pytest.mark.parametrize(
    ("wire", "written", "sent"),
    [
        ("url", "acme", "https://acme.blob.core.windows.net"),
        ("endpointUri", "acme.blob.core.usgovcloudapi.net", "https://acme.blob.core.usgovcloudapi.net"),
        ("url", "https://acme.blob.core.windows.net", "https://acme.blob.core.windows.net"),
        ("accountName", "acme", "acme"),
    ],
)
def test_an_account_goes_out_as_its_parameter_takes_it(wire: str, written: str, sent: str) -> None:
    field = replace(ACCOUNT, wire=wire)

    assert sent_value(field, written) == sent
    assert sent_value(field, shown_value(field, sent)) == sent


@pytest.mark.parametrize(
    ("properties", "required", "expected"),
    [
        ({"publicKey": {}, "encryptionAlgo": {"default": "PGPGPG"}}, ["encryptionAlgo"], {"encryptionAlgo": "PGPGPG"}),
        ({"pgpKey": {}, "algo": {"enum": ["NONE", "AES"]}}, ["algo"], {"algo": "AES"}),
        ({"pgpKey": {}, "comment": {}}, ["pgpKey"], {}),
        ({"pgpKey": {}, "mode": {}}, ["mode"], None),
        ({"publicKey": {}, "otherKey": {}}, [], None),
        ({"secret": {}}, [], None),
    ],
    ids=["published", "a choice", "an optional one", "one without a value", "two keys", "no key"],
)
def test_the_encryption_of_a_spec(properties: Any, required: list[str], expected: dict[str, str] | None) -> None:
    listed = {"encryptionSpecs": [{"name": "PGP", "spec": {"properties": properties, "required": required}}]}

    found = live_encryption(listed)

    assert (found.others if found else None) == expected
