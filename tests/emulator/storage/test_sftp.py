"""SFTP against a server in this process: passwords, keys, host keys, and what comes of it when the server says no."""

from __future__ import annotations

import asyncio
import base64
import gc
import os
import threading
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from exportctl.emulator.storage import accounts
from exportctl.emulator.storage.settings import Endpoint
from exportctl.emulator.storage.sftp import SftpSink
from exportctl.emulator.storage.sink import StorageRefused

USER, PASSWORD = "exporter", "sftp-password"


class SftpLogin(asyncssh.SSHServer):
    """Lets one user in, by password or by key."""

    def __init__(self, server: SftpServerThread) -> None:
        self.server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.server.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key == self.server.user_key.convert_to_public()


class RefusingFiles(asyncssh.SFTPServer):
    """A folder as the root. In `locked` nothing may be written, in `full` there is no space, `cut` ends the line."""

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if b"locked/" in path:
            raise asyncssh.SFTPPermissionDenied("may not write here")
        if b"full/" in path:
            raise asyncssh.SFTPNoSpaceOnFilesystem("no space left")
        return super().open(path, pflags, attrs)

    def write(self, file_obj: object, offset: int, data: bytes) -> int | Awaitable[int]:
        if b"/cut/" in os.fsencode(file_obj.name):  # type: ignore[attr-defined]  # a file of asyncssh
            self.channel.get_connection().abort()
        return super().write(file_obj, offset, data)


class SftpServerThread:
    """Serves `root` in a thread of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.user_key = asyncssh.generate_private_key("ssh-ed25519")
        self.connections: list[Any] = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.acceptor = self._wait(self._listen())
        self.port = self.acceptor.get_port()

    async def _listen(self) -> asyncssh.SSHAcceptor:
        return await asyncssh.create_server(
            lambda: SftpLogin(self),
            "127.0.0.1",
            0,
            server_host_keys=[self.host_key],
            sftp_factory=lambda channel: RefusingFiles(channel, chroot=os.fsencode(self.root)),
        )

    def _wait(self, step: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(step, self.loop).result(10)

    async def _close_all(self) -> None:
        self.acceptor.close()
        for connection in self.connections:
            connection.abort()
        await self.acceptor.wait_closed()

    def stop(self) -> None:
        self._wait(self._close_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def known_hosts(self) -> str:
        return f"[127.0.0.1]:{self.port} {self.host_key.export_public_key().decode()}"

    def files(self) -> list[str]:
        return sorted(path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServerThread]:
    root = tmp_path / "account"
    root.mkdir()
    server = SftpServerThread(root)
    yield server
    server.stop()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(os.urandom(300_000))
    return path


@pytest.fixture
def sink(server: SftpServerThread) -> Iterator[SftpSink]:
    sink = open_sink(server, password=PASSWORD)
    yield sink
    sink.close()


def open_sink(
    server: SftpServerThread, root: str = "", user: str = USER, any_key: bool = True, **login: str
) -> SftpSink:
    return SftpSink("127.0.0.1", server.port, user, root, accept_any_host_key=any_key, **login)


@pytest.mark.parametrize("root", ["", "/"])
def test_a_file_arrives_whole_under_its_key(server: SftpServerThread, source: Path, root: str) -> None:
    sink = open_sink(server, root, password=PASSWORD)
    sink.put("aep/ds=1/part-0.json", source)
    sink.put("top", source)
    sink.close()

    assert server.files() == ["aep/ds=1/part-0.json", "top"]
    assert (server.root / "aep/ds=1/part-0.json").read_bytes() == source.read_bytes()


@pytest.mark.parametrize("where", ["endpoint", "base connection"])
def test_the_endpoint_stands_for_the_domain_and_the_port_is_the_first_that_is_named(
    server: SftpServerThread, source: Path, where: str
) -> None:
    port = {"port": server.port} if where == "endpoint" else {}
    endpoint = Endpoint("sftp", {"host": "127.0.0.1", **port})
    given = "1" if port else str(server.port)
    params = {"domain": "files.example", "port": given, "username": USER, "password": PASSWORD}
    sink = accounts.open_sink(endpoint, {"params": params}, {"remotePath": "/aep"})
    sink.put("aep/x", source)
    sink.close()

    assert server.files() == ["aep/x"]


def test_a_port_that_is_no_number_is_refused() -> None:
    params = {"domain": "files.example", "port": "ssh", "username": USER, "password": PASSWORD}
    with pytest.raises(StorageRefused, match="port"):
        accounts.open_sink(Endpoint("sftp", {"host": "127.0.0.1"}), {"params": params}, {"remotePath": "x"})


def test_a_repeated_put_replaces_the_file(server: SftpServerThread, sink: SftpSink, source: Path) -> None:
    sink.put("a/x", source)
    source.write_bytes(b"short")
    sink.put("a/x", source)

    assert (server.root / "a/x").read_bytes() == b"short"


def test_folders_are_made_and_files_removed(server: SftpServerThread, sink: SftpSink, source: Path) -> None:
    sink.make_folder("a/empty/")
    sink.make_folder("a/empty")
    sink.put("a/x", source)
    sink.remove("a/x")
    sink.remove("a/x")

    assert (server.root / "a/empty").is_dir()
    assert server.files() == []


@pytest.mark.parametrize("form", ["base64", "pem"])
def test_a_private_key_opens_the_account(server: SftpServerThread, source: Path, form: str) -> None:
    pem = server.user_key.export_private_key()
    text = base64.b64encode(pem).decode() if form == "base64" else pem.decode()
    sink = open_sink(server, private_key=text)
    sink.put("x", source)
    sink.close()

    assert server.files() == ["x"]


@pytest.mark.parametrize(
    "login",
    [{"password": "wrong-password"}, {"user": "another-user", "password": PASSWORD}, {"private_key": "other"}],
    ids=["wrong password", "wrong user", "wrong key"],
)
def test_who_is_not_known_is_not_let_in(server: SftpServerThread, login: dict[str, Any]) -> None:
    if "private_key" in login:
        login = {"private_key": asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()}
    with pytest.raises(StorageRefused, match="PermissionDenied") as refused:
        open_sink(server, **login)

    assert refused.value.code == "denied"
    assert not any(secret in refused.value.reason for secret in login.values() if secret != "another-user")


@pytest.mark.parametrize(
    "text", ["not a key", base64.b64encode(b"not a key").decode(), "-----BEGIN NOTHING-----", "schlüssel"]
)
def test_a_private_key_that_cannot_be_read_is_not_repeated(server: SftpServerThread, text: str) -> None:
    with pytest.raises(StorageRefused, match="cannot be read") as refused:
        open_sink(server, private_key=text)

    assert refused.value.code == "denied"
    assert text not in refused.value.reason


def test_a_private_key_with_a_passphrase_is_refused(server: SftpServerThread) -> None:
    with pytest.raises(StorageRefused, match="without a passphrase"):
        open_sink(server, private_key=server.user_key.export_private_key("pkcs8-pem", passphrase="hush").decode())


def test_the_host_key_is_checked_against_known_hosts(server: SftpServerThread, source: Path) -> None:
    sink = open_sink(server, any_key=False, password=PASSWORD, known_hosts=server.known_hosts())
    sink.put("x", source)
    sink.close()
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with pytest.raises(StorageRefused, match="HostKeyNotVerifiable") as refused:
        open_sink(server, password=PASSWORD, known_hosts=f"[127.0.0.1]:{server.port} {other}")

    assert refused.value.code == "unknown-host"
    assert server.files() == ["x"]


def test_without_known_hosts_nothing_is_sent_to_a_server_elsewhere(server: SftpServerThread) -> None:
    with pytest.raises(StorageRefused, match="known_hosts") as refused:
        open_sink(server, any_key=False, password=PASSWORD)

    assert refused.value.code == "unknown-host"
    assert server.connections == []


@pytest.mark.parametrize(("folder", "code"), [("locked", "denied"), ("full", "failed")])
def test_what_the_server_refuses_leaves_nothing(
    server: SftpServerThread, sink: SftpSink, source: Path, folder: str, code: str
) -> None:
    with pytest.raises(StorageRefused) as refused:
        sink.put(f"{folder}/x", source)
    sink.put("elsewhere/x", source)

    assert refused.value.code == code
    assert {"locked": "may not write here", "full": "no space left"}[folder] in refused.value.reason
    assert server.files() == ["elsewhere/x"]


def test_a_connection_cut_in_the_middle_leaves_no_file_under_the_key(
    server: SftpServerThread, source: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source.write_bytes(os.urandom(8 * 2**20))
    sink = open_sink(server, password=PASSWORD)
    with pytest.raises(StorageRefused) as refused:
        sink.put("cut/x", source)
    with pytest.raises(StorageRefused) as after:
        sink.put("y", source)
    sink.close()
    gc.collect()

    assert (refused.value.code, after.value.code) == ("cut", "cut")
    assert "cut/x" not in server.files()
    assert "never retrieved" not in caplog.text  # the server in this process may warn of its own end


def test_a_server_that_is_not_there_is_said_to_be(server: SftpServerThread) -> None:
    port = server.port
    server._wait(server._close_all())
    with pytest.raises(StorageRefused, match=f"127.0.0.1:{port}") as refused:
        open_sink(server, password=PASSWORD)

    assert refused.value.code == "unreachable"


def test_an_unknown_host_name_is_reported_as_such() -> None:
    with pytest.raises(StorageRefused, match=r"nowhere\.invalid") as refused:
        SftpSink("nowhere.invalid", 22, USER, "", password=PASSWORD, accept_any_host_key=True)

    assert refused.value.code == "unknown-host"


@pytest.mark.parametrize("key", ["../x", "a//b", "/a"])
def test_no_key_leads_out_of_the_account(server: SftpServerThread, sink: SftpSink, source: Path, key: str) -> None:
    with pytest.raises(StorageRefused, match="no name"):
        sink.put(key, source)

    assert server.files() == []
