"""What only the live connection specs offer: encryption on the landing zone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Switches
from exportctl.errors import Level
from exportctl.model.plan import Verb
from tests.workflows.world import DESTINATIONS, SANDBOX, World, config, world

KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAheld"


def zone_world(tmp_path: Path, **switches: Any) -> World:
    """An export to a landing zone with encryption."""
    made = world(tmp_path, Switches(**switches))
    zone = {"type": "data-landing-zone", "path": "exports", "encryption": {"public_key": KEY}}
    made.write(
        config(
            destinations={**DESTINATIONS, "zone": zone},
            exports={"web": {"datasets": ["Orders"], "destination": "zone"}},
        )
    )
    return made


@pytest.mark.parametrize(
    ("setting", "spec_name", "key"),
    [("listed", "File PGP/GPG Encryption", "publicKey"), ("renamed", "PGP encryption", "pgpPublicKey")],
)
def test_encryption_goes_out_under_the_names_of_the_live_spec(
    tmp_path: Path, setting: str, spec_name: str, key: str
) -> None:
    made = zone_world(tmp_path, landing_zone_encryption=setting)

    _, final_check = made.apply()

    assert final_check.passed
    (base,) = made.emulator.snapshot(SANDBOX)["connections"]
    assert base["encryptionSpecs"]["specName"] == spec_name
    assert base["encryptionSpecs"]["params"][key] == KEY
    assert set(base["encryptionSpecs"]["params"].values()) == {KEY, "PGPGPG"}
    assert made.plan().steps() == ()


def test_the_plan_of_a_new_account_shows_the_key_that_its_files_are_encrypted_with(tmp_path: Path) -> None:
    made = zone_world(tmp_path)

    shown = [(change.path, change.after) for item in made.plan().items for change in item.fields]

    assert ("encryption.public_key", KEY) in shown


def test_a_plan_refuses_encryption_that_the_spec_does_not_list_before_any_write(tmp_path: Path) -> None:
    made = zone_world(tmp_path, landing_zone_encryption="absent")

    (found,) = [(i.verb, f) for i in made.plan().items for f in i.findings if f.level is Level.ERROR]

    assert found[0] is Verb.CREATE
    assert found[1].rule == "not-offered"
    assert "Data Landing Zone offers no encryption in this sandbox" in found[1].message
    assert found[1].at is not None


def test_another_key_on_a_landing_zone_is_reported_and_not_sent(tmp_path: Path) -> None:
    made = zone_world(tmp_path, landing_zone_encryption="renamed")
    made.apply()
    text = (made.folder / "exports.yaml").read_text(encoding="utf-8")
    (made.folder / "exports.yaml").write_text(text.replace(KEY, KEY[::-1]), encoding="utf-8")

    plan = made.plan()

    assert plan.steps() == ()
    assert [f.rule for i in plan.items for f in i.findings if f.level is Level.WARNING] == ["encryption-fixed"]


# -- a service principal for Azure Blob -------------------------------------------------------------------------------

BLOB = {
    "type": "azure-blob",
    "storage_account": "acmelake",
    "container": "exports",
    "path": "aep",
    "auth": {"tenant_id": "acme-tenant", "client_id": "acme-client", "client_secret": "${env:SFTP_PASSWORD}"},
}


def blob_world(tmp_path: Path, **switches: Any) -> World:
    made = world(tmp_path, Switches(**switches))
    made.write(config(destinations={**DESTINATIONS, "blob": BLOB}, exports={"web": BLOB_EXPORT}))
    return made


BLOB_EXPORT = {"datasets": ["Orders"], "destination": "blob"}


@pytest.mark.parametrize("secrets", ["mask", "omit", "show"])
@pytest.mark.parametrize(
    ("setting", "spec_name", "params"),
    [
        (
            "listed",
            "Azure Service Principal Auth",
            {
                "url": "https://acmelake.blob.core.windows.net",
                "tenant": "acme-tenant",
                "servicePrincipalId": "acme-client",
            },
        ),
        (
            "renamed",
            "Microsoft Entra ID",
            {"accountName": "acmelake", "tenantId": "acme-tenant", "clientId": "acme-client"},
        ),
    ],
    ids=["listed", "renamed"],
)
def test_a_service_principal_goes_out_under_the_names_of_the_live_spec(
    tmp_path: Path, setting: str, spec_name: str, params: dict[str, str], secrets: str
) -> None:
    made = blob_world(tmp_path, blob_service_principal=setting, read_secrets=secrets)

    _, final_check = made.apply()

    assert final_check.passed
    (base,) = made.emulator.snapshot(SANDBOX)["connections"]
    assert base["auth"]["specName"] == spec_name
    assert params.items() <= base["auth"]["params"].items()
    assert made.plan().steps() == ()

    changed = {**BLOB, "auth": {**BLOB["auth"], "client_id": "another"}}  # type: ignore[dict-item]
    made.write(config(destinations={**DESTINATIONS, "blob": changed}, exports={"web": BLOB_EXPORT}))
    assert [(c.path, i.verb) for i in made.plan().items for c in i.fields] == [("auth.client_id", Verb.UPDATE)]
    assert made.apply()[1].passed
    (base,) = made.emulator.snapshot(SANDBOX)["connections"]
    assert "another" in base["auth"]["params"].values()


def test_a_plan_refuses_a_service_principal_that_the_spec_does_not_list_before_any_write(tmp_path: Path) -> None:
    made = blob_world(tmp_path, blob_service_principal="absent")

    (found,) = [f for i in made.plan().items for f in i.findings if f.level is Level.ERROR]

    assert found.rule == "not-offered"
    assert "Azure Blob Storage offers no service-principal in this sandbox" in found.message
    assert "ConnectionString" in found.message
