"""The address of a storage: what the live objects say, whatever reads it, and never a credential."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from exportctl.model.secret import Secret
from exportctl.model.storage_address import StorageAddress
from exportctl.resources.destinations.table import TYPES
from exportctl.storage.access_types import S3, AccessInputs, AwsKeys, Azure, Google, LocalFolder, Method, Sas, Sftp
from exportctl.storage.address import storage_address
from tests.storage.test_access import LAKE_URL, LOCATIONS

FOLDER = LocalFolder(Path("/mnt/copy"))
KEYS = AwsKeys(Secret("key"), Secret("planted"))
BLOB = Azure("mine", "acme", "https://mine.blob.core.windows.net", Sas(Secret("sig=planted")))
LAKE = Azure("lakeaccount", "exports", "https://lakeaccount.blob.core.windows.net", Sas(Secret("sig=planted")))
SERVER = Sftp("other-name.example", 2222, "acme", "known_hosts", "/", password=Secret("planted"))
HOME = replace(LOCATIONS["sftp"], fields={"path": "in"})
IPV6 = replace(LOCATIONS["sftp"], account={"host": "2001:db8::1", "port": "2222"})
PASTED = replace(LOCATIONS["sftp"], account={"host": "acme:planted@sftp.example"})
SIGNED = replace(LOCATIONS["azure-data-lake"], account={"endpoint": f"{LAKE_URL}/?sig=planted"})

ADDRESSES: dict[str, tuple[AccessInputs, Method, str]] = {
    "a bucket": (LOCATIONS["amazon-s3"], S3("acme", "eu-west-1", "https://minio.example", KEYS), "s3://acme"),
    "a copy of a bucket": (LOCATIONS["amazon-s3"], FOLDER, "s3://acme"),
    "a bucket of Google by HMAC": (LOCATIONS["google-cloud-storage"], S3("acme", "auto", None, KEYS), "gs://acme"),
    "a bucket of Google": (LOCATIONS["google-cloud-storage"], Google("acme", "file.json"), "gs://acme"),
    "a container": (LOCATIONS["azure-blob"], BLOB, "https://mine.blob.core.windows.net/acme"),
    "a copy of a container": (LOCATIONS["azure-blob"], FOLDER, "az://acme"),
    "a lake": (LOCATIONS["azure-data-lake"], LAKE, LAKE_URL),
    "a copy of a lake": (LOCATIONS["azure-data-lake"], FOLDER, LAKE_URL),
    "a lake with a pasted signature": (SIGNED, LAKE, "https://lakeaccount.blob.core.windows.net/exports"),
    "a server": (LOCATIONS["sftp"], SERVER, "sftp://sftp.example:22"),
    "a copy of a server": (LOCATIONS["sftp"], FOLDER, "sftp://sftp.example:22"),
    "the home folder of a user": (HOME, SERVER, "sftp://sftp.example:22/~"),
    "a server by its number": (IPV6, SERVER, "sftp://[2001:db8::1]:2222"),
    "a server that no object names": (replace(HOME, account={}), SERVER, "sftp://other-name.example:2222/~"),
    "a server with a pasted password": (PASTED, SERVER, "sftp:"),
    "a landing zone on Azure": (LOCATIONS["data-landing-zone"], BLOB, "https://mine.blob.core.windows.net/acme"),
    "a landing zone on AWS": (LOCATIONS["data-landing-zone"], S3("b", "us-east-1", prefix="dlz"), "s3://b/dlz"),
    "a copy of a landing zone": (LOCATIONS["data-landing-zone"], FOLDER, "data-landing-zone:"),
    "a target that shows no bucket": (AccessInputs("lake", TYPES["amazon-s3"], {}), FOLDER, "amazon-s3:"),
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_is_that_of_the_live_objects(name: str) -> None:
    inputs, method, expected = ADDRESSES[name]
    assert storage_address(inputs, method).root == expected
    assert "planted" not in repr(storage_address(inputs, method))


@pytest.mark.parametrize(
    ("root", "is_escaped", "expected"),
    [
        ("s3://acme", False, "s3://acme/aep/a b#1/exportTime=2026/part-%41.json"),
        ("sftp://h:22", True, "sftp://h:22/aep/a%20b%231/exportTime%3D2026/part-%2541.json"),
    ],
)
def test_a_uri_is_escaped_where_its_readers_expect_it(root: str, is_escaped: bool, expected: str) -> None:
    assert StorageAddress(root, is_escaped).uri("aep/a b#1/exportTime=2026/part-%41.json") == expected
