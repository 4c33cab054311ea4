"""An SFTP server in this process, on a port of its own, over one folder: asyncssh's, which is not ours."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh

USER, PASSWORD = "reader", "correct horse battery"
CLOSED = "closed"  # a folder that may not be listed: tests may run as root, to whom no mode of a folder matters


@dataclass(frozen=True)
class SftpTestServer:
    port: int
    root: Path
    known_hosts: Path
    key_file: Path


class _Login(asyncssh.SSHServer):
    def __init__(self, key: asyncssh.SSHKey, connections: list[asyncssh.SSHServerConnection]):
        self._key = key.convert_to_public()
        self._connections = connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key == self._key


class _Files(asyncssh.SFTPServer):
    def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        if path.endswith(CLOSED.encode()):
            raise asyncssh.SFTPPermissionDenied("not for you")
        return super().scandir(path)


@contextmanager
def serve_sftp(folder: Path) -> Iterator[SftpTestServer]:
    """`root` below `folder` is what a user sees as `/`; the keys lie beside it."""
    root = folder / "root"
    root.mkdir()
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    user_key = asyncssh.generate_private_key("ssh-ed25519")
    key_file = folder / "user_key"
    user_key.write_private_key(key_file)
    connections: list[asyncssh.SSHServerConnection] = []
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.create_server(
            lambda: _Login(user_key, connections),
            "127.0.0.1",
            0,
            server_host_keys=[host_key],
            sftp_factory=lambda channel: _Files(channel, chroot=bytes(root)),
        )

    async def stop(acceptor: asyncssh.SSHAcceptor) -> None:
        acceptor.close()
        for connection in connections:
            connection.abort()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    acceptor = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    port = acceptor.get_port()
    known = folder / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {host_key.export_public_key().decode()}")
    try:
        yield SftpTestServer(port, root, known, key_file)
    finally:
        asyncio.run_coroutine_threadsafe(stop(acceptor), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
