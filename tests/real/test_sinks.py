"""What real storages take from the emulator and what they refuse: every way to sign in, and ways to get it wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import specs
from exportctl.emulator.storage import open as routing
from exportctl.emulator.storage.sink import StorageRefused
from tests.real import servers
from tests.real.processes import HOST, free_ports
from tests.real.readers import Rclone
from tests.real.storages import CLIENT_ID, CLIENT_SECRET, ROLE_ARN, Storages

Json = dict[str, Any]
SPECS = {card.name: id for id, card in specs.BY_CONNECTION_SPEC.items()}


@dataclass(frozen=True)
class SinkAccount:
    """A base connection and a target connection, as the service keeps them, and where rclone finds the files."""

    card: str
    auth: Callable[[Storages], Json] | None
    location: Json
    rclone_path: str

    def open_sink(self, storages: Storages, wrong: Json, elsewhere: Json, endpoints: Json) -> Any:
        connection: Json = {"connectionSpec": {"id": SPECS[self.card], "version": "1.0"}}
        if self.auth:
            name, params = self.auth(storages)["specName"], self.auth(storages)["params"]
            connection["auth"] = {"specName": name, "params": {**params, **wrong}}
        target = {"params": {**self.location, **elsewhere}}
        return routing.open_sink(connection, target, {"endpoints": {**storages.endpoints(), **endpoints}}, None)


def make_auth(spec: str, **params: str | Callable[[Storages], str]) -> Callable[[Storages], Json]:
    def auth(storages: Storages) -> Json:
        return {
            "specName": spec,
            "params": {name: value(storages) if callable(value) else value for name, value in params.items()},
        }

    return auth


ACCOUNTS = {
    "S3 key": SinkAccount(
        "Amazon S3",
        make_auth("Access Key", s3AccessKey=servers.WRITER.id, s3SecretKey=servers.WRITER.secret),
        {"bucketName": servers.BUCKET},
        f"s3:{servers.BUCKET}/",
    ),
    "S3 role": SinkAccount(
        "Amazon S3", make_auth("Assumed Role", s3Role=ROLE_ARN), {"bucketName": servers.BUCKET}, f"s3:{servers.BUCKET}/"
    ),
    "Blob": SinkAccount(
        "Azure Blob Storage",
        make_auth("ConnectionString", connectionString=lambda s: s.blobs.connection_string("blobacct")),
        {"container": servers.CONTAINER},
        f"blobacct:{servers.CONTAINER}/",
    ),
    "lake": SinkAccount(
        "Azure Data Lake Gen2",
        make_auth(
            "Azure Service Principal Auth",
            url=f"abfss://{servers.LAKE_CONTAINER}@lakeacct.dfs.core.windows.net",
            servicePrincipalId=CLIENT_ID,
            servicePrincipalKey=CLIENT_SECRET,
            tenant="acme",
        ),
        {},
        f"lakeacct:{servers.LAKE_CONTAINER}/",
    ),
    "landing zone": SinkAccount("Data Landing Zone", None, {}, f"blobacct:{servers.LANDING_CONTAINER}/"),
    "GCS": SinkAccount(
        "Google Cloud Storage",
        make_auth(
            "Google Cloud Storage authentication credentials",
            accessKeyId=servers.HMAC.id,
            secretAccessKey=servers.HMAC.secret,
        ),
        {"bucketName": servers.HMAC_BUCKET},
        f"gcs:{servers.HMAC_BUCKET}/",
    ),
    "SFTP password": SinkAccount(
        "SFTP",
        make_auth(
            "SFTP with Password",
            domain=HOST,
            port=lambda s: str(s.partner.port),
            username=lambda s: s.partner.user,
            password=lambda s: str(s.partner.password),
        ),
        {"remotePath": "/"},
        "partner:",
    ),
    "SFTP key": SinkAccount(
        "SFTP",
        make_auth(
            "SFTP with SSH Key",
            domain=HOST,
            port=lambda s: str(s.warehouse.port),
            username=lambda s: s.warehouse.user,
            sshKey=lambda s: s.warehouse.private_key.read_text() if s.warehouse.private_key else "",
        ),
        {"remotePath": "aep"},
        "warehouse:",
    ),
}
EVERY = pytest.mark.parametrize("account", ACCOUNTS.values(), ids=ACCOUNTS)


@EVERY
def test_a_large_file_arrives_whole_and_a_second_put_replaces_it(
    account: SinkAccount, storages: Storages, rclone: Rclone, tmp_path: Path
) -> None:
    large, small = tmp_path / "large", tmp_path / "small"
    large.write_bytes(b"".join(number.to_bytes(4) for number in range(5 * 2**20)) + b"end")
    small.write_bytes(b"small")
    sink = account.open_sink(storages, {}, {}, {})
    for source in (large, small):
        sink.put("aep/sinks/file name é.bin", source)
        copy = (
            rclone.copy_to(f"{account.rclone_path}aep/sinks", tmp_path / f"copy of {source.name}") / "file name é.bin"
        )
        assert copy.read_bytes() == source.read_bytes()
    sink.remove("aep/sinks/file name é.bin")
    sink.remove("aep/sinks/file name é.bin")
    sink.close()
    assert rclone.list_files(f"{account.rclone_path}aep/sinks") == []


@dataclass(frozen=True)
class Mistake:
    """Something wrong in an account; `code` is the emulator's word for it, `message` is what the storage said."""

    account: str
    code: str
    message: str
    wrong: Json
    other_location: Json
    key: str = "aep/part.bin"


WRONG_SECRET = "wrong/secret+wrong/secret+wrong/secret+w"
MISTAKES = {
    "S3: wrong secret": Mistake("S3 key", "denied", "SignatureDoesNotMatch", {"s3SecretKey": WRONG_SECRET}, {}),
    "S3: unknown key": Mistake("S3 key", "denied", "InvalidAccessKeyId", {"s3AccessKey": "AKIANOBODYNOBODYNOBO"}, {}),
    "S3: a prefix it may not write": Mistake("S3 key", "denied", "AccessDenied", {}, {}, key="other/part.bin"),
    "S3: another's bucket": Mistake("S3 key", "denied", "AccessDenied", {}, {"bucketName": servers.HMAC_BUCKET}),
    "S3: no such bucket": Mistake(
        "S3 key",
        "no-such-bucket",
        "NoSuchBucket",
        {"s3AccessKey": servers.ADMIN.id, "s3SecretKey": servers.ADMIN.secret},
        {"bucketName": "nowhere"},
    ),
    "S3: an unknown role": Mistake("S3 role", "denied", "role", {"s3Role": "arn:aws:iam::1:role/other"}, {}),
    "GCS: wrong secret": Mistake("GCS", "denied", "SignatureDoesNotMatch", {"secretAccessKey": WRONG_SECRET}, {}),
    "Blob: wrong key": Mistake(
        "Blob",
        "denied",
        "AuthorizationFailure",
        {"connectionString": "DefaultEndpointsProtocol=https;AccountName=blobacct;AccountKey=d3Jvbmcga2V5"},
        {},
    ),
    "Blob: no such container": Mistake("Blob", "no-such-bucket", "ContainerNotFound", {}, {"container": "nowhere"}),
    "lake: wrong client secret": Mistake("lake", "denied", "principal", {"servicePrincipalKey": "wrong"}, {}),
    "lake: no such container": Mistake(
        "lake", "no-such-bucket", "ContainerNotFound", {"url": "abfss://nowhere@lakeacct.dfs.core.windows.net"}, {}
    ),
    "SFTP: wrong password": Mistake("SFTP password", "denied", "PermissionDenied", {"password": "wrong"}, {}),
    "SFTP: unknown user": Mistake("SFTP key", "denied", "PermissionDenied", {"username": "nobody-here"}, {}),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_refused_by_the_storage_itself_and_shows_no_secret(
    mistake: Mistake, storages: Storages, tmp_path: Path
) -> None:
    source = tmp_path / "part.bin"
    source.write_bytes(b"rows")
    with pytest.raises(StorageRefused) as refused:
        ACCOUNTS[mistake.account].open_sink(storages, mistake.wrong, mistake.other_location, {}).put(
            mistake.key, source
        )
    assert refused.value.code == mistake.code
    assert mistake.message in refused.value.reason
    secrets = {*storages.env().values(), WRONG_SECRET} - {str(storages.partner.port), str(storages.warehouse.port)}
    assert not [secret for secret in secrets if secret in refused.value.reason]


@pytest.mark.parametrize("missing", ["amazon-s3", "azure-blob", "sftp"])
def test_a_storage_that_is_not_there_is_given_up_soon(missing: str, storages: Storages, tmp_path: Path) -> None:
    source = tmp_path / "part.bin"
    source.write_bytes(b"rows")
    account = {"amazon-s3": "S3 key", "azure-blob": "Blob", "sftp": "SFTP password"}[missing]
    [port] = free_ports(1)
    nowhere = {"url": f"http://{HOST}:{port}"} if missing != "sftp" else {"host": HOST, "port": port}
    with pytest.raises(StorageRefused) as refused:
        ACCOUNTS[account].open_sink(storages, {}, {}, {missing: nowhere}).put("aep/part.bin", source)
    assert refused.value.code == "unreachable"
