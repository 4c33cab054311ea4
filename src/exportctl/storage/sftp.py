"""
Read an SFTP account through asyncssh, over one connection.

asyncssh is asynchronous and the rest of exportctl is not: one thread runs its event loop from opening to closing, and
each call gives it one step (a page of a folder, a piece of a file) and waits. A step ends after 12 seconds at the
latest. The user's own ssh configuration is not read: only the fields of Sftp count.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING, Any, TypeVar, cast

from exportctl.storage.access_types import Sftp
from exportctl.storage.reader import StorageError, StoredFile, printable_path, read_up_to

if TYPE_CHECKING:
    import asyncssh

    _Connection = tuple[asyncssh.SSHClientConnection, asyncssh.SFTPClient]

_SECONDS = 12  # of one step
_LOGIN_SECONDS = 10
_PAGE = 500  # names
_PIECE = 256 * 1024  # bytes: slow lines must get one through in a step
_UNREACHABLE = "check host, port and network; from here it may have another name: EXPORTCTL_SFTP_HOST"
T = TypeVar("T")


class SftpReader:
    """
    One account, logged in.

    Raises:
        StorageError: the server cannot be reached, its host key is not known, or it refuses the user.
    """

    def __init__(self, method: Sftp, where: str):
        import asyncssh

        self.label = where
        self._method = method
        self._failures = (asyncssh.Error, OSError, ValueError)  # an answer, a broken connection, a failed login
        options = _connection_options(method, where)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"sftp {where}", daemon=True)
        self._thread.start()
        self._connection: asyncssh.SSHClientConnection | None = None
        try:
            with self._translate_errors(None):
                self._connection, self._client = self._run(_connect(method, where, options))
        except BaseException:
            self._stop()
            raise

    def list(self, prefix: str) -> Iterator[StoredFile]:
        for path, attrs in self._entries(prefix):
            if S_ISREG(attrs.permissions or 0):
                yield StoredFile(printable_path(path), attrs.size or 0, attrs.mtime)

    def folders(self, prefix: str) -> Iterator[str]:
        for path, attrs in self._entries(prefix):
            if S_ISDIR(attrs.permissions or 0):
                yield printable_path(path)

    def _entries(self, prefix: str) -> Iterator[tuple[str, asyncssh.SFTPAttrs]]:
        """Yield everything below a folder; a folder before what it holds."""
        pending = [prefix.strip("/")]
        while pending:
            folder = pending.pop()
            with self._translate_errors(folder or "/", missing_is_empty=True):
                for path, attrs in self._names(folder):
                    if attrs.permissions is None:  # some servers list names alone
                        attrs = self._run(self._client.lstat(self._remote_path(path)))
                    if S_ISDIR(attrs.permissions or 0):
                        pending.append(path)
                    yield path, attrs

    def read(self, path: str, limit: int) -> bytes:
        return read_up_to(self.chunks(path), limit)

    def tail(self, path: str, size: int, length: int) -> bytes:
        data, at = bytearray(), size - length
        with self._open_file(path) as stream:
            while piece := self._run(_read_piece(stream, at + len(data), min(_PIECE, length - len(data)))):
                data += piece
        return bytes(data)

    def chunks(self, path: str) -> Iterator[bytes]:
        with self._open_file(path) as stream:
            at = 0
            while piece := self._run(_read_piece(stream, at, _PIECE)):
                yield piece
                at += len(piece)

    def close(self) -> None:
        """Close the connection. A second call does nothing."""
        if not self._loop.is_closed():
            self._stop()

    def _names(self, folder: str) -> Iterator[tuple[str, asyncssh.SFTPAttrs]]:
        """Yield what a folder holds, with paths, a page at a time."""
        entries = self._client.scandir(self._remote_path(folder))
        try:
            while page := self._run(_read_page(entries)):
                for entry in page:
                    name = str(entry.filename)  # text, as the path that was asked for is
                    if name not in (".", ".."):
                        yield f"{folder}/{name}" if folder else name, entry.attrs
        finally:
            self._close_quietly(entries.aclose())  # type: ignore[attr-defined]  # an async generator, typed as its protocol

    @contextmanager
    def _open_file(self, path: str) -> Iterator[asyncssh.SFTPClientFile]:
        with self._translate_errors(path):
            stream = self._run(_open_remote_file(self._client, self._remote_path(path)))
            try:
                yield stream
            finally:
                self._close_quietly(stream.close())

    def _remote_path(self, path: str) -> str:
        return f"{self._method.root}{path}" or "."

    @contextmanager
    def _translate_errors(self, path: str | None, *, missing_is_empty: bool = False) -> Iterator[None]:
        import asyncssh

        try:
            yield
        except self._failures as error:
            missing = isinstance(error, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath)
            if not (missing and missing_is_empty):
                raise _sftp_error(self._method, self.label, path, error) from None

    def _close_quietly(self, step: Coroutine[Any, Any, None]) -> None:
        """Close a file or folder of the server. If that fails, the connection is gone anyway."""
        with suppress(StorageError, *self._failures):
            self._run(step)

    def _run(self, step: Coroutine[Any, Any, T]) -> T:
        if self._loop.is_closed():
            step.close()
            raise StorageError(f"{self.label} is closed already", rule="storage-read")
        try:
            future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(step, _SECONDS), self._loop)
            return future.result(_SECONDS + 1)  # the loop's own limit comes first, unless its thread is gone
        except TimeoutError:
            if self._connection is not None:  # so that nothing after this waits as long again
                self._loop.call_soon_threadsafe(self._connection.abort)
            raise

    def _stop(self) -> None:
        asyncio.run_coroutine_threadsafe(_disconnect(self._connection), self._loop).result(_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS)
        self._loop.close()


async def _connect(method: Sftp, where: str, options: dict[str, Any]) -> _Connection:
    import asyncssh

    if not method.agent:
        return await _log_in(options)
    try:
        agent = await asyncssh.connect_agent(method.agent)
    except OSError:
        raise _ssh_agent_error(where, "does not answer") from None
    try:
        keys = await agent.get_keys()  # by hand: left to find them, asyncssh goes on with those below ~/.ssh
        if not keys:
            raise _ssh_agent_error(where, "holds no key")
        return await _log_in({**options, "client_keys": keys})
    finally:
        agent.close()


async def _log_in(options: dict[str, Any]) -> _Connection:
    import asyncssh

    connection = await asyncssh.connect(**options)
    try:
        return connection, await connection.start_sftp_client(path_errors="surrogateescape")
    except BaseException:
        connection.abort()
        raise


async def _open_remote_file(client: asyncssh.SFTPClient, path: str) -> asyncssh.SFTPClientFile:
    return await client.open(path, "rb")


async def _read_piece(stream: asyncssh.SFTPClientFile, at: int, length: int) -> bytes:
    """Read a piece: shorter at the end of the file, empty beyond it."""
    return cast(bytes, await stream.read(length, at)) if length else b""


async def _read_page(entries: AsyncIterator[asyncssh.SFTPName]) -> list[asyncssh.SFTPName]:
    page = []
    async for entry in entries:
        page.append(entry)
        if len(page) == _PAGE:
            break
    return page


async def _disconnect(connection: asyncssh.SSHClientConnection | None) -> None:
    """Drop the connection and end all tasks, so that nothing is left in the loop when it closes."""
    if connection is not None:
        connection.abort()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    loop = asyncio.get_running_loop()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()  # its thread looked up the host's name


def _connection_options(method: Sftp, where: str) -> dict[str, Any]:
    """Return the options of one way to log in (none yet for an agent), without any that asyncssh would find."""
    import asyncssh

    known = Path(method.known_hosts).expanduser()
    if not known.is_file():
        raise _unknown_host_error(method, where, "nothing vouches for its host key: there is no")
    options: dict[str, Any] = {
        "host": method.host,
        "port": method.port,
        "username": method.username,
        "known_hosts": str(known),
        "config": None,
        "client_keys": None,
        "agent_path": None,
        "connect_timeout": _LOGIN_SECONDS,
        "login_timeout": _LOGIN_SECONDS,
    }
    try:
        if method.password:
            options["password"] = method.password.reveal()
        elif method.private_key:
            options["client_keys"] = [asyncssh.import_private_key(method.private_key.reveal())]
        elif method.key_file:
            options["client_keys"] = [asyncssh.read_private_key(Path(method.key_file).expanduser())]
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, OSError) as error:
        raise _private_key_error(where, error) from None
    return options


# -- errors: of the original text only the server's code is shown ------------------------------------------------------


def _sftp_error(method: Sftp, where: str, path: str | None, error: Exception) -> StorageError:
    """Return the StorageError for an error. `path` None: while connecting."""
    import asyncssh

    what = f"{where}/{path.lstrip('/')}" if path else where
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return _unknown_host_error(method, where, "its host key is not the one in")
    if isinstance(error, asyncssh.PermissionDenied):
        hint = "user name, password or key are wrong, or the server does not accept this way to log in"
        return StorageError(f"{where}: the server refuses {method.username}", rule="storage-denied", hint=hint)
    if isinstance(error, asyncssh.SFTPPermissionDenied):
        hint = f"the user {method.username} must be able to list the folder and to read its files"
        return StorageError(f"{what}: permission denied", rule="storage-denied", hint=hint)
    if isinstance(error, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath):
        return StorageError(f"{what}: it is not there (any more)", rule="storage-read")
    lost = (OSError, asyncssh.DisconnectError, asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)
    network_errors: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
        ((socket.gaierror,), "its name is not known (DNS)"),
        ((TimeoutError, asyncssh.TimeoutError), "no answer in time"),
        ((ConnectionRefusedError,), "connection refused"),
        (lost, "the connection failed"),
    )
    for types, words in network_errors:
        if isinstance(error, types):
            return StorageError(f"cannot read {what}: {words}", rule="storage-unreachable", hint=_UNREACHABLE)
    code = f" (code {error.code})" if isinstance(error, asyncssh.SFTPError) else ""
    return StorageError(f"{what}: the server failed{code}", rule="storage-read")


def _private_key_error(where: str, error: Exception) -> StorageError:
    """Say why a private key cannot be used, without its path or content."""
    import asyncssh

    if isinstance(error, asyncssh.KeyEncryptionError) or "assphrase" in str(error):
        words, hint = "has a passphrase", "load it into an ssh-agent and leave EXPORTCTL_SFTP_PRIVATE_KEY_FILE out"
    elif isinstance(error, OSError):
        words, hint = f"cannot be read: {error.strerror}", "EXPORTCTL_SFTP_PRIVATE_KEY_FILE is the path of its file"
    else:
        words, hint = "is none that OpenSSH writes", "pass the private key, not the .pub and not a PuTTY file"
    return StorageError(f"{where}: the private key {words}", rule="storage-setup", hint=hint)


def _ssh_agent_error(where: str, words: str) -> StorageError:
    hint = "load a key: ssh-add; or set EXPORTCTL_SFTP_PRIVATE_KEY_FILE or EXPORTCTL_SFTP_PASSWORD"
    return StorageError(f"{where}: the ssh-agent at SSH_AUTH_SOCK {words}", rule="storage-setup", hint=hint)


def _unknown_host_error(method: Sftp, where: str, words: str) -> StorageError:
    port = "" if method.port == 22 else f"-p {method.port} "
    hint = (
        f"ssh-keyscan {port}{method.host} >> {method.known_hosts}, after comparing the fingerprint with the one its "
        "owner gives you; another file: EXPORTCTL_SFTP_KNOWN_HOSTS"
    )
    return StorageError(f"{where}: {words} {method.known_hosts}", rule="storage-host-key", hint=hint)
