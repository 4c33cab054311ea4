"""Storages for all real tests, started once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real import servers
from tests.real.deliveries import DAY, RealSandbox, real_sandbox
from tests.real.expected_exports import ADDED_ROWS, DATASETS
from tests.real.readers import Rclone
from tests.real.servers import BlobStore, ObjectStore, SftpServer
from tests.real.storages import Storages


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies in this folder needs real servers."""
    here = f"{Path(__file__).parent}{os.sep}"
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Rclone:
    return Rclone(tmp_path_factory.mktemp("rclone") / "rclone.conf")


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory, rclone: Rclone) -> Iterator[ObjectStore]:
    with servers.seaweedfs(tmp_path_factory.mktemp("seaweedfs"), rclone) as store:
        rclone.add("s3", servers.s3_remote(store.url, servers.READER))
        rclone.add("gcs", servers.s3_remote(store.url, servers.READER))
        yield store


@pytest.fixture(scope="session")
def blob_store(tmp_path_factory: pytest.TempPathFactory, rclone: Rclone) -> Iterator[BlobStore]:
    with servers.azurite(tmp_path_factory.mktemp("azurite"), rclone) as store:
        yield store


@pytest.fixture(scope="session")
def key_sftp(tmp_path_factory: pytest.TempPathFactory, rclone: Rclone) -> Iterator[SftpServer]:
    with servers.openssh(tmp_path_factory.mktemp("openssh")) as server:
        rclone.add("warehouse", servers.sftp_remote(server, {"key_file": str(server.private_key)}))
        yield server


@pytest.fixture(scope="session")
def password_sftp(tmp_path_factory: pytest.TempPathFactory, rclone: Rclone) -> Iterator[SftpServer]:
    with servers.password_sftp(tmp_path_factory.mktemp("sftp")) as server:
        rclone.add("partner", servers.sftp_remote(server, {"pass": rclone.obscure(server.password or "")}))
        yield server


@pytest.fixture(scope="session")
def storages(
    object_store: ObjectStore, blob_store: BlobStore, password_sftp: SftpServer, key_sftp: SftpServer
) -> Storages:
    return Storages(object_store, blob_store, partner=password_sftp, warehouse=key_sftp)


@pytest.fixture(scope="session")
def delivered(storages: Storages, rclone: Rclone, tmp_path_factory: pytest.TempPathFactory) -> RealSandbox:
    """exports.yaml after three days, with rows added after the first and the second. Tests return what they take."""
    config = (Path(__file__).parent / "exports.yaml").read_text(encoding="utf-8")
    made = real_sandbox(tmp_path_factory.mktemp("acme"), config, storages.env(), DATASETS)
    storages.set_endpoints(made.run)
    made.run("apply", "--auto-approve")
    made.advance(DAY)
    for added in ADDED_ROWS:
        for dataset, rows in added.items():
            made.ingest(dataset, rows)
        made.advance(DAY)
    storages.open_landing_zone(made, rclone)
    return made
