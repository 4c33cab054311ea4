"""Which reader an access opens, and what is said where its package is not installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from exportctl.model.secret import Secret
from exportctl.storage.access_types import (
    S3,
    Access,
    AwsKeys,
    Azure,
    FederatedToken,
    Google,
    LocalFolder,
    Method,
    Sas,
    ServicePrincipal,
    Sftp,
)
from exportctl.storage.local import LocalReader
from exportctl.storage.object_store import ObjectReader
from exportctl.storage.open import open_reader
from exportctl.storage.reader import StorageError

BUCKET = S3("acme", "eu-west-1", keys=AwsKeys(Secret("AKIAMINE"), Secret("secret")))
BLOB = "https://a.blob.core.windows.net"
NEEDS: dict[str, Method] = {
    "obstore for S3": BUCKET,
    "obstore for Azure": Azure("a", "acme", BLOB, Sas(Secret("sig=x"))),
    "obstore for Google": Google("acme", "/sa.json"),
    "asyncssh for SFTP": Sftp("sftp.example", 22, "acme", "/known_hosts", "/", password=Secret("secret")),
}


@pytest.mark.parametrize("name", NEEDS)
def test_a_package_that_is_not_installed_is_named_with_the_way_to_get_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = name.partition(" ")[0]
    for module in [m for m in sys.modules if m.partition(".")[0] == package] or [package]:
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed

    with pytest.raises(StorageError) as caught:
        open_reader(Access("the place", NEEDS[name], "a test"))

    assert caught.value.rule == "storage-extra"
    assert caught.value.message == f"reading the place needs the package {package}"
    assert caught.value.hint == "pip install 'exportctl[storage]'"


def test_a_folder_needs_no_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("obstore", "asyncssh"):
        monkeypatch.setitem(sys.modules, module, None)

    assert isinstance(open_reader(Access("here", LocalFolder(tmp_path), "a test")), LocalReader)


QUIET: dict[str, Method] = {
    "a bucket by key": BUCKET,
    "a bucket in China by an instance's role": S3("acme", "cn-north-1", metadata="http://169.254.169.254"),
    "a container by service principal": Azure(
        "a", "acme", BLOB, ServicePrincipal("t", "c", Secret("my client secret"))
    ),
    "a container by federated token": Azure("a", "acme", BLOB, FederatedToken("t", "c", "/token")),
}


@pytest.mark.parametrize("name", QUIET)
def test_an_object_store_is_asked_nothing_before_the_first_read(name: str) -> None:
    reader = open_reader(Access("the place", QUIET[name], "a test"))

    assert isinstance(reader, ObjectReader)
    assert reader.label == "the place"
