"""Runs that a storage refuses fail and say why, leave nothing, and their rows come with the next good run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from tests.real import readers, servers
from tests.real.deliveries import DAY, HOUR, START, RealSandbox, export_time, real_sandbox
from tests.real.processes import free_ports, stop_process
from tests.real.readers import Rclone
from tests.real.storages import Storages

ORDERS = "Orders"
FIRST, SECOND = (export_time(START + 18 * HOUR + days * DAY) for days in (0, 1))  # 02:00 of the next two days
CONFIG = """\
version: 1
project: acme
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: demo, url: embedded}
defaults:
  schedule: {every: 1 day, at: "02:00"}
  format: {type: parquet, compression: gzip, manifest: true}
  end: {rolling: 180 days, renew_before: 30 days}
destinations:
  place:
    DESTINATION
exports:
  orders: {datasets: [Orders], destination: place}
"""
S3 = """type: amazon-s3
    bucket: acme-exports
    path: aep/troubled
    auth: {access_key_id: "${env:LAKE_KEY_ID}", secret_access_key: "${env:LAKE_SECRET}", secret_version: 1}"""
BLOB = """type: azure-blob
    container: exports
    path: troubled
    auth: {connection_string: "${env:BLOB_CONNECTION_STRING}", secret_version: 1}"""
SFTP = """type: sftp
    host: 127.0.0.1
    port: ${env:EXPORTCTL_VAR_PARTNER_PORT}
    path: /troubled
    auth: {username: acme, password: "${env:PARTNER_PASSWORD}", secret_version: 1}"""
RIGHT_SECRET = ("secret_version: 1", "secret_version: 2")


@dataclass(frozen=True)
class RefusingStorage:
    """
    A destination that refuses, and what fixes it: another config, the right secret with it, or a bucket.

    `message` is what the run must say; `location` is where the files lie in the end.
    """

    destination: str
    message: str
    location: str
    wrong: dict[str, str]
    edit: tuple[str, str] | None = None
    bucket_to_make: str | None = None


ADMIN = {"LAKE_KEY_ID": servers.ADMIN.id, "LAKE_SECRET": servers.ADMIN.secret}
WRONG_BLOB = "DefaultEndpointsProtocol=https;AccountName=blobacct;AccountKey=d3Jvbmcga2V5"
TROUBLES = {
    "S3: wrong secret": RefusingStorage(
        S3,
        "SignatureDoesNotMatch",
        "s3:acme-exports/aep/troubled",
        {"LAKE_SECRET": "wrong/secret+wrong/secret+wrong/secret+w"},
        edit=RIGHT_SECRET,
    ),
    "S3: no such bucket": RefusingStorage(
        S3.replace("acme-exports", "acme-late"),
        "NoSuchBucket",
        "weed-admin:acme-late/aep/troubled",
        ADMIN,
        bucket_to_make="weed-admin:acme-late",
    ),
    "S3: a prefix it may not write": RefusingStorage(
        S3.replace("aep/troubled", "other/troubled"),
        "AccessDenied",
        "s3:acme-exports/aep/moved",
        {},
        edit=("other/troubled", "aep/moved"),
    ),
    "Blob: wrong key": RefusingStorage(
        BLOB,
        "AuthorizationFailure",
        "blobacct:exports/troubled",
        {"BLOB_CONNECTION_STRING": WRONG_BLOB},
        edit=RIGHT_SECRET,
    ),
    "Blob: no such container": RefusingStorage(
        BLOB.replace("container: exports", "container: late"),
        "ContainerNotFound",
        "blobacct:late/troubled",
        {},
        bucket_to_make="blobacct:late",
    ),
    "SFTP: wrong password": RefusingStorage(
        SFTP, "PermissionDenied", "partner:troubled", {"PARTNER_PASSWORD": "wrong-password"}, edit=RIGHT_SECRET
    ),
}


def statuses(made: RealSandbox) -> list[tuple[str, list[str]]]:
    """Of every run its status and what it says went wrong, oldest first."""

    def read_status(run: Any) -> tuple[str, list[str]]:
        summary = run["metrics"]["statusSummary"]
        return summary["status"], [error["message"] for error in summary.get("errors", [])]

    return [read_status(run) for run in made.runs()]


def rows_by_time(made: RealSandbox, rclone: Rclone, place: str, folder: Path) -> dict[str, list[int]]:
    """The numbers of the rows by export time."""
    below = rclone.copy_to(f"{place}/{made.datasets()[ORDERS]}", folder)
    return {
        time.name: sorted(int(id.rpartition("-")[2]) for id in readers.ids(time, "*.gz.parquet"))
        for time in sorted(below.iterdir())
    }


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_a_refused_run_leaves_nothing_and_its_rows_come_with_the_next_good_one(
    trouble: RefusingStorage, storages: Storages, rclone: Rclone, tmp_path: Path
) -> None:
    config = CONFIG.replace("DESTINATION", trouble.destination)
    made = real_sandbox(tmp_path, config, {**storages.env(), **trouble.wrong}, (ORDERS,))
    storages.set_endpoints(made.run)
    made.run("apply", "--auto-approve")
    made.advance(DAY)

    [(status, messages)] = statuses(made)
    assert status == "failed"
    assert trouble.message in messages[-1]
    assert rclone.list_files(trouble.location) == []

    if trouble.bucket_to_make:
        assert rclone.make_folder(trouble.bucket_to_make)
    if trouble.edit:
        (tmp_path / "exports.yaml").write_text(config.replace(*trouble.edit), encoding="utf-8")
        made.run("apply", "--auto-approve", env=storages.env())
    made.ingest(ORDERS, 10)
    made.advance(DAY)

    assert [status for status, _ in statuses(made)] == ["failed", "success"]
    assert rows_by_time(made, rclone, trouble.location, tmp_path / "copy") == {SECOND: list(range(1010))}


def test_a_server_killed_in_a_run_fails_it_and_all_rows_come_when_it_is_back(
    storages: Storages, rclone: Rclone, tmp_path: Path
) -> None:
    many, ports = 100_000, free_ports(5)
    made = real_sandbox(tmp_path, CONFIG.replace("DESTINATION", S3), storages.env(), (ORDERS,))
    made.ingest(ORDERS, many)
    storages.set_endpoints(made.run)
    place = "killed:acme-exports/aep/troubled"
    with servers.seaweedfs(tmp_path / "weed", rclone, "killed", ports) as store:
        made.run("emulator", "storage", "set", "amazon-s3", store.url)
        made.run("apply", "--auto-approve")
        with ThreadPoolExecutor() as beside:
            running = beside.submit(made.advance, DAY)
            while not running.done() and not rclone.list_files(place):
                pass
            assert not running.done()
            stop_process(store.process, SIGKILL)
            running.result()
    [(status, messages)] = statuses(made)
    assert status == "failed"
    assert "cannot be reached" in messages[-1] or "broke" in messages[-1]

    with servers.seaweedfs(tmp_path / "weed", rclone, "killed", ports):
        made.advance(DAY)
        assert [status for status, _ in statuses(made)] == ["failed", "success"]
        found = rows_by_time(made, rclone, place, tmp_path / "copy")
        manifests = [file.path.split("/")[1] for file in rclone.list_files(place) if "/manifest-" in file.path]
    # A dead server cannot be asked to take back what it had; no manifest vouches for it.
    assert found.pop(SECOND) == list(range(1000 + many))
    assert set(found) <= {FIRST}
    assert manifests == [SECOND]
