"""
An SFTP account, written through asyncssh.

Keys are relative to `root`: `/`, or nothing for the folder that a session starts in. A file goes up under another name
and is renamed when it is whole. One connection for the life of a sink, on an event loop that runs only while a method
does.
"""

from __future__ import annotations

import asyncio
import base64
import posixpath
import socket
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncssh
from asyncssh import SFTPClient, SSHClientConnection, SSHKey

from exportctl.emulator.storage.sink import StorageRefused, key_segments

# When a connection breaks, asyncio complains on stderr if more than a handful of packets were still under way.
BLOCK = 32_000  # bytes of one write: one packet
REQUESTS = 4  # writes under way at once
SECONDS = 10  # to connect and to log in; also how often a silent server is asked whether it is still there

_WORDS = {  # by asyncssh's class of error; version 3 of SFTP, which OpenSSH speaks, has no word for a full disk
    "SFTPPermissionDenied": "denied",
    "SFTPConnectionLost": "cut",
    "SFTPNoConnection": "cut",
    "ConnectionLost": "cut",
    "PermissionDenied": "denied",
    "HostKeyNotVerifiable": "unknown-host",
}


class SftpSink:
    """
    Writes to one account, logged in when it is made.

    `private_key` is PEM text or its base64. `known_hosts` holds lines as in OpenSSH's file of that name; without them
    no server is trusted, unless `accept_any_host_key`.

    Raises:
        StorageRefused: the server is not there, is not known, or does not let the account in.
    """

    def __init__(
        self,
        host: str,
        port: int,
        username: str,
        root: str,
        *,
        password: str | None = None,
        private_key: str | None = None,
        known_hosts: str | None = None,
        accept_any_host_key: bool = False,
    ) -> None:
        self._where = f"SFTP server {host}:{port}"
        self._root = root
        login = {
            "username": username,
            "password": password,
            "client_keys": [_parse_private_key(private_key)] if private_key else None,
            "known_hosts": self._known_hosts(known_hosts, accept_any_host_key),
            # Neither the settings nor the agent of the person who runs this are the account's.
            "config": None,
            "agent_path": None,
            "connect_timeout": SECONDS,
            "login_timeout": SECONDS,
            "keepalive_interval": SECONDS,
        }
        self._runner = asyncio.Runner()
        # A broken upload ends in several errors at once: the first is raised, the others would be printed.
        self._runner.get_loop().set_exception_handler(lambda loop, context: None)
        try:
            self._connection, self._client = self._run(_connect(host, port, login), "unreachable")
        except StorageRefused:
            self._runner.close()
            raise

    def put(self, key: str, source: Path) -> None:
        key_segments(key)
        self._run(_put_file(self._client, self._root + key, source), "cut")

    def make_folder(self, key: str) -> None:
        key_segments(key.rstrip("/"))
        self._run(self._client.makedirs(self._root + key.rstrip("/"), exist_ok=True), "cut")

    def remove(self, key: str) -> None:
        key_segments(key)
        self._run(_remove_file(self._client, self._root + key), "cut")

    def close(self) -> None:
        with suppress(StorageRefused):
            self._run(_close_connection(self._client, self._connection), "cut")
        self._runner.close()

    def _known_hosts(self, text: str | None, accept_any: bool) -> Any:
        if text is not None:
            try:
                return asyncssh.import_known_hosts(text)
            except ValueError as error:
                raise StorageRefused("unknown-host", "known_hosts cannot be read") from error
        if accept_any:
            return None
        raise StorageRefused("unknown-host", f"{self._where}: its endpoint needs known_hosts, the server's public key")

    def _run(self, step: Coroutine[Any, Any, Any], lost: str) -> Any:
        """Return what a step returns; `lost` is the word for a connection that is not there."""
        try:
            return self._runner.run(step)
        except socket.gaierror as error:
            reason = f"{self._where} cannot be reached: the host name is unknown"
            raise StorageRefused("unknown-host", reason) from error
        except (OSError, asyncssh.Error) as error:
            word = _WORDS.get(type(error).__name__, "failed")
            if isinstance(error, OSError) or word == "cut":
                raise StorageRefused(lost, f"{self._where}: {_connection_reason(error, lost)}") from error
            raise StorageRefused(word, f"{self._where}: {_server_message(error)}") from error


async def _connect(host: str, port: int, login: dict[str, Any]) -> tuple[SSHClientConnection, SFTPClient]:
    connection = await asyncssh.connect(host, port, **login)
    try:
        return connection, await connection.start_sftp_client()
    except asyncssh.Error:
        connection.abort()
        raise


async def _put_file(client: SFTPClient, path: str, source: Path) -> None:
    folder, name = posixpath.split(path)
    # The same name for every attempt: what a broken connection leaves, the next attempt replaces.
    part = posixpath.join(folder, f".{name}.part")
    if folder:
        await client.makedirs(folder, exist_ok=True)
    try:
        await client.put(str(source), part, block_size=BLOCK, max_requests=REQUESTS)
        await client.posix_rename(part, path)
    except asyncssh.Error:
        with suppress(asyncssh.Error, OSError):
            await client.remove(part)
        raise


async def _close_connection(client: SFTPClient, connection: SSHClientConnection) -> None:
    client.exit()
    connection.close()
    await connection.wait_closed()


async def _remove_file(client: SFTPClient, path: str) -> None:
    with suppress(asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        await client.remove(path)


def _parse_private_key(text: str) -> SSHKey:
    """Return the key in a PEM text or in its base64 form."""
    # rule: storage-ssh-key
    try:
        pem = text if text.lstrip().startswith("-----BEGIN") else base64.b64decode(text, validate=True).decode()
        return asyncssh.import_private_key(pem)
    except ValueError:  # of base64, of UTF-8, or of asyncssh
        reason = "the private key cannot be read: it must be PEM in base64, without a passphrase"
        raise StorageRefused("denied", reason) from None


def _connection_reason(error: Exception, lost: str) -> str:
    if isinstance(error, TimeoutError):
        return "it does not answer"
    return "it accepts no connection" if lost == "unreachable" else "the connection broke in the middle"


def _server_message(error: Any) -> str:
    """Return the server's own words, on one line."""
    words = "".join(letter if letter.isprintable() else " " for letter in str(error.reason))
    return f"{type(error).__name__}: {' '.join(words.split())[:200]}"
