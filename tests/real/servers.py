"""
The storages the real tests write to: SeaweedFS, azurite, OpenSSH, and an SFTP server with passwords.

Each checks who asks, as the real one does, and can be set to hold only what the tests allow. Keys below open nothing
but a server that ends with the tests.
"""

from __future__ import annotations

import asyncio
import base64
import getpass
import json
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from tests.real.processes import GRPC_OFFSET, HOST, READY_SECONDS, find_program, free_ports, is_listening, run_program
from tests.real.readers import Rclone

BUCKET = "acme-exports"  # Amazon S3
HMAC_BUCKET = "acme-analytics"  # Google Cloud Storage by its S3 interface
CONTAINER = "exports"  # Azure Blob
LAKE_CONTAINER = "raw"  # Azure Data Lake
LANDING_CONTAINER = "dlz-destination"  # the landing zone's name is fixed
WRITABLE_FOLDER = "aep"  # the one folder of BUCKET that its writers may write


@dataclass(frozen=True)
class Key:
    """An access key of S3 or of GCS by HMAC."""

    id: str
    secret: str


ADMIN = Key("AKIAADMINADMINADMIN2", "admin/secret+admin/secret+admin/secret+a")
WRITER = Key("AKIAWRITERWRITERWRI2", "writer/secret+writer/secret+writer/secre")
ROLE = Key("AKIAROLEROLEROLEROL2", "role/secret+role/secret+role/secret+role")
HMAC = Key("GOOG1E" + "EXPORTER" * 6 + "EXPORTE", "hmac+secret/hmac+secret/hmac+secret/hmac")
READER = Key("AKIAREADERREADERREA2", "reader/secret+reader/secret+reader/secre")


@dataclass(frozen=True)
class ObjectStore:
    """SeaweedFS: S3, and what GCS offers to HMAC keys."""

    url: str
    process: subprocess.Popen[bytes]


@dataclass(frozen=True)
class BlobStore:
    """azurite. Its accounts speak the Blob API; there is no data lake API here, so the lake is written by that too."""

    port: int
    keys: Mapping[str, str]

    def url(self, account: str) -> str:
        return f"http://{HOST}:{self.port}/{account}"

    def connection_string(self, account: str) -> str:
        """As Azure's portal shows it; the emulator sends to its own endpoint instead of the cloud's."""
        return f"DefaultEndpointsProtocol=https;AccountName={account};AccountKey={self.keys[account]}"


@dataclass(frozen=True)
class SftpServer:
    """An SFTP server whose root is `folder`; `password` or `private_key` opens it."""

    port: int
    user: str
    folder: Path
    known_hosts: Path
    password: str | None = None
    private_key: Path | None = None


@contextmanager
def seaweedfs(
    folder: Path, rclone: Rclone, remote: str = "weed-admin", ports: list[int] | None = None
) -> Iterator[ObjectStore]:
    """
    An object store with both buckets; `rclone` gets `remote`, who may do all.

    Give `ports` again with the same folder to start the same one again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    master, volume, filer, admin, s3 = ports or free_ports(5)
    identities = folder / "identities.json"
    identities.write_text(json.dumps(_identities()), encoding="utf-8")
    identities.chmod(0o600)
    options = {
        "-dir": folder / "data",
        "-ip": HOST,
        "-ip.bind": HOST,
        "-master.port": master,
        "-volume.port": volume,
        "-filer.port": filer,
        "-filer.localSocket": folder / "filer.sock",
        "-s3.localSocket": folder / "s3.sock",
        "-admin.port": admin,
        "-s3.port": s3,
        "-s3.config": identities,
        "-s3.autoCreateBucket": "false",
        "-s3.port.iceberg": 0,
        "-s3.port.lance": 0,
        "-master.telemetry": "false",  # on by default
        "-webdav": "false",
        "-admin.ui": "false",
    }
    (folder / "data").mkdir(exist_ok=True)
    command = [
        find_program("weed"),
        f"-logdir={folder}",
        "mini",
        *(f"{name}={value}" for name, value in options.items()),
    ]
    rclone.add(remote, {**s3_remote(f"http://{HOST}:{s3}", ADMIN), "no_check_bucket": "false"})

    def ready() -> bool:
        """The port opens before buckets can be made."""
        return is_listening(s3) and all(rclone.make_folder(f"{remote}:{bucket}") for bucket in (BUCKET, HMAC_BUCKET))

    try:
        with run_program(command, folder / "weed.log", ready) as process:
            yield ObjectStore(f"http://{HOST}:{s3}", process)
    finally:
        for port in (master, volume, filer, admin, s3):  # it leaves sockets behind, and only there
            for name in (f"*-{port}.sock", f"*-{port + GRPC_OFFSET}.sock"):
                for left in Path("/tmp").glob(f"seaweedfs-{name}"):
                    left.unlink(missing_ok=True)


def s3_remote(url: str, key: Key) -> dict[str, str]:
    return {
        "type": "s3",
        "provider": "SeaweedFS",
        "endpoint": url,
        "access_key_id": key.id,
        "secret_access_key": key.secret,
        "force_path_style": "true",
        "no_check_bucket": "true",  # writing must not try to make one; a key may not be allowed to
    }


def _identities() -> dict[str, object]:
    def user(name: str, key: Key, *actions: str) -> dict[str, object]:
        credentials = [{"accessKey": key.id, "secretKey": key.secret}]
        return {"name": name, "credentials": credentials, "actions": list(actions)}

    def writes(place: str) -> tuple[str, ...]:
        return tuple(f"{action}:{place}" for action in ("Read", "Write", "List"))

    return {
        "identities": [
            user("admin", ADMIN, "Admin", "Read", "Write", "List"),
            user("writer", WRITER, *writes(f"{BUCKET}/{WRITABLE_FOLDER}*")),
            user("role", ROLE, *writes(f"{BUCKET}/{WRITABLE_FOLDER}*")),
            user("hmac", HMAC, *writes(HMAC_BUCKET)),
            user("reader", READER, *(f"{a}:{b}" for a in ("Read", "List") for b in (BUCKET, HMAC_BUCKET))),
        ]
    }


@contextmanager
def azurite(folder: Path, rclone: Rclone) -> Iterator[BlobStore]:
    """A blob server with two accounts and their containers; `rclone` gets the remotes `blobacct` and `lakeacct`."""
    folder.mkdir(parents=True, exist_ok=True)
    [port] = free_ports(1)
    keys = {name: base64.b64encode(name.encode() * 4).decode() for name in ("blobacct", "lakeacct")}
    store = BlobStore(port, keys)
    for account, key in keys.items():
        rclone.add(account, {"type": "azureblob", "account": account, "key": key, "endpoint": store.url(account)})
    command = [find_program("azurite-blob"), "--blobHost", HOST, "--blobPort", str(port)]
    # Without the last two it counts its users, and refuses clients newer than itself.
    command += ["--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    containers = (f"blobacct:{CONTAINER}", f"blobacct:{LANDING_CONTAINER}", f"lakeacct:{LAKE_CONTAINER}")

    def ready() -> bool:
        return is_listening(port) and all(rclone.make_folder(container) for container in containers)

    accounts = ";".join(f"{name}:{key}" for name, key in keys.items())
    with run_program(command, folder / "azurite.log", ready, {"AZURITE_ACCOUNTS": accounts}):
        yield store


@contextmanager
def openssh(folder: Path) -> Iterator[SftpServer]:
    """OpenSSH's server as this user, opened by an RSA key without a passphrase, as the service wants it."""
    root = folder / "root"
    root.mkdir(parents=True)
    [port] = free_ports(1)
    for name, kind in (("hostkey", "ed25519"), ("userkey", "rsa")):
        made = [find_program("ssh-keygen"), "-q", "-t", kind, "-m", "PEM", "-N", "", "-f", str(folder / name)]
        subprocess.run(made, check=True)
    config = folder / "sshd_config"
    config.write_text(_SSHD.format(port=port, host=HOST, folder=folder, root=root), encoding="utf-8")
    known = _known_hosts(folder, port, (folder / "hostkey.pub").read_text(encoding="utf-8"))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, parents=True, exist_ok=True)  # root's sshd does not start without it
    with run_program(
        [find_program("sshd"), "-D", "-e", "-f", str(config)], folder / "sshd.log", lambda: is_listening(port)
    ):
        yield SftpServer(port, getpass.getuser(), root, known, private_key=folder / "userkey")


_SSHD = """\
Port {port}
ListenAddress {host}
HostKey {folder}/hostkey
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/userkey.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d {root}
"""


def _known_hosts(folder: Path, port: int, public_key: str) -> Path:
    known = folder / "known_hosts"
    known.write_text(f"[{HOST}]:{port} {public_key}", encoding="utf-8")
    return known


def sftp_remote(server: SftpServer, secret: Mapping[str, str]) -> dict[str, str]:
    where = {"type": "sftp", "host": HOST, "port": str(server.port), "user": server.user}
    return {**where, "known_hosts_file": str(server.known_hosts), **secret}


class _PasswordServer(asyncssh.SSHServer):
    def __init__(self, user: str, password: str):
        self._right = (user, password)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == self._right


@contextmanager
def password_sftp(folder: Path) -> Iterator[SftpServer]:
    """An SFTP server in a thread of this process that knows one user by password and shows nothing but its folder."""
    root = folder / "root"
    root.mkdir(parents=True)
    user, password = "acme", "acme-sftp-password"
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sftp", daemon=True)
    thread.start()

    async def started() -> asyncssh.SSHAcceptor:
        return await asyncssh.create_server(
            lambda: _PasswordServer(user, password),
            HOST,
            0,
            server_host_keys=[host_key],
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=os.fsencode(root)),
        )

    async def ended() -> None:
        server.close()
        await server.wait_closed()

    server = asyncio.run_coroutine_threadsafe(started(), loop).result(READY_SECONDS)
    try:
        port = server.get_port()
        known = _known_hosts(folder, port, host_key.export_public_key().decode())
        yield SftpServer(port, user, root, known, password=password)
    finally:
        asyncio.run_coroutine_threadsafe(ended(), loop).result(READY_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
