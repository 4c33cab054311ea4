"""
Reads an SFTP account through asyncssh, over one connection.

asyncssh is asynchronous and the rest of us is not: one thread runs its event loop from opening to closing, and every
call hands it one step (a page of a folder, a piece of a file) and waits. A step that takes longer than 12 seconds is
given up. The user's own ssh configuration is not read: only what Sftp says counts.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING, Any, TypeVar, cast

from exportctl.storage.methods import Sftp
from exportctl.storage.reader import StorageError, Stored, printable
from exportctl.storage.sftp_errors import agent_problem, explained, key_problem, no_known_hosts

if TYPE_CHECKING:
    import asyncssh

    _Connected = tuple[asyncssh.SSHClientConnection, asyncssh.SFTPClient]

_SECONDS = 12  # of one step
_LOGIN_SECONDS = 10
_PAGE = 500  # names
_PIECE = 256 * 1024  # bytes: slow lines must get one through in a step
T = TypeVar("T")


class SftpReader:
    """
    One account, logged in to.

    Raises:
        StorageError: the server cannot be reached, is not known, or does not let the user in.
    """

    def __init__(self, method: Sftp, where: str):
        self.where = where
        self._method = method
        self._failures = _failures()
        options = _options(method, where)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"sftp {where}", daemon=True)
        self._thread.start()
        self._connection: asyncssh.SSHClientConnection | None = None
        try:
            with self._told(None):
                self._connection, self._client = self._run(_connected(method, where, options))
        except BaseException:
            self._stop()
            raise

    def list(self, prefix: str) -> Iterator[Stored]:
        pending = [prefix.strip("/")]
        while pending:
            folder = pending.pop()
            with self._told(folder or "/", missing_is_empty=True):
                for path, seen in self._names(folder):
                    # Some servers list names alone.
                    attrs = seen if seen.permissions is not None else self._run(self._client.lstat(self._remote(path)))
                    mode = attrs.permissions or 0
                    if S_ISDIR(mode):
                        pending.append(path)
                    elif S_ISREG(mode):
                        yield Stored(printable(path), attrs.size or 0, int(attrs.mtime or 0))

    def read(self, path: str, limit: int) -> bytes:
        data = bytearray()
        for piece in self.chunks(path):
            data += piece
            if len(data) >= limit:
                break
        return bytes(data[:limit])

    def tail(self, path: str, size: int, length: int) -> bytes:
        with self._opened(path) as stream:
            return self._whole(stream, size - length, length)

    def chunks(self, path: str) -> Iterator[bytes]:
        with self._opened(path) as stream:
            at = 0
            while piece := self._run(_piece(stream, at, _PIECE)):
                yield piece
                at += len(piece)

    def close(self) -> None:
        """May be called twice."""
        if not self._loop.is_closed():
            self._stop()

    def _whole(self, stream: asyncssh.SFTPClientFile, at: int, length: int) -> bytes:
        data = bytearray()
        while piece := self._run(_piece(stream, at + len(data), min(_PIECE, length - len(data)))):
            data += piece
        return bytes(data)

    def _names(self, folder: str) -> Iterator[tuple[str, asyncssh.SFTPAttrs]]:
        """What a folder holds, with paths, a page at a time."""
        entries = self._client.scandir(self._remote(folder))
        try:
            while page := self._run(_page(entries)):
                for entry in page:
                    name = str(entry.filename)  # text, as the path that was asked for is
                    if name not in (".", ".."):
                        yield f"{folder}/{name}" if folder else name, entry.attrs
        finally:
            self._let_go(entries.aclose())  # type: ignore[attr-defined]  # an async generator, typed as its protocol

    @contextmanager
    def _opened(self, path: str) -> Iterator[asyncssh.SFTPClientFile]:
        with self._told(path):
            stream = self._run(_file(self._client, self._remote(path)))
            try:
                yield stream
            finally:
                self._let_go(stream.close())

    def _remote(self, path: str) -> str:
        return f"{self._method.root}{path}" or "."

    @contextmanager
    def _told(self, path: str | None, *, missing_is_empty: bool = False) -> Iterator[None]:
        import asyncssh

        try:
            yield
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as error:
            if not missing_is_empty:
                raise explained(self._method, self.where, path, error) from None
        except self._failures as error:
            raise explained(self._method, self.where, path, error) from None

    def _let_go(self, step: Coroutine[Any, Any, None]) -> None:
        """Close a file or folder of the server's; when that is not possible the connection is gone anyway."""
        with suppress(StorageError, *self._failures):
            self._run(step)

    def _run(self, step: Coroutine[Any, Any, T]) -> T:
        if self._loop.is_closed():
            step.close()
            raise StorageError(f"{self.where} is closed already", rule="storage-read")
        try:
            future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(step, _SECONDS), self._loop)
            return future.result(_SECONDS + 1)  # the loop's own limit comes first, unless its thread is gone
        except TimeoutError:
            if self._connection is not None:  # so that nothing after this waits as long again
                self._loop.call_soon_threadsafe(self._connection.abort)
            raise

    def _stop(self) -> None:
        asyncio.run_coroutine_threadsafe(_ended(self._connection), self._loop).result(_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS)
        self._loop.close()


def _failures() -> tuple[type[Exception], ...]:
    """What asyncssh raises for a server's answer, a broken connection, or one that was never made."""
    import asyncssh

    return (asyncssh.Error, OSError, TimeoutError, ValueError)


async def _connected(method: Sftp, where: str, options: dict[str, Any]) -> _Connected:
    import asyncssh

    if not method.agent:
        return await _logged_in(options)
    try:
        agent = await asyncssh.connect_agent(method.agent)
    except OSError:
        raise agent_problem(where, "does not answer") from None
    try:
        keys = await agent.get_keys()  # by hand: left to find them, asyncssh goes on with those below ~/.ssh
        if not keys:
            raise agent_problem(where, "holds no key")
        return await _logged_in({**options, "client_keys": keys})
    finally:
        agent.close()


async def _logged_in(options: dict[str, Any]) -> _Connected:
    import asyncssh

    connection = await asyncssh.connect(**options)
    try:
        return connection, await connection.start_sftp_client(path_errors="surrogateescape")
    except BaseException:
        connection.abort()
        raise


async def _file(client: asyncssh.SFTPClient, path: str) -> asyncssh.SFTPClientFile:
    return await client.open(path, "rb")


async def _piece(stream: asyncssh.SFTPClientFile, at: int, length: int) -> bytes:
    """Fewer bytes than asked for only at the end of the file, none beyond it."""
    return cast(bytes, await stream.read(length, at)) if length else b""


async def _page(entries: AsyncIterator[asyncssh.SFTPName]) -> list[asyncssh.SFTPName]:
    page = []
    async for entry in entries:
        page.append(entry)
        if len(page) == _PAGE:
            break
    return page


async def _ended(connection: asyncssh.SSHClientConnection | None) -> None:
    """Drop the connection, and let what is under way come to its end: nothing is left in the loop when it closes."""
    if connection is not None:
        connection.abort()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    loop = asyncio.get_running_loop()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()  # its thread looked up the host's name


def _options(method: Sftp, where: str) -> dict[str, Any]:
    """One way to log in, or none yet where an agent has it, and none that asyncssh would find by itself."""
    import asyncssh

    known = Path(method.known_hosts).expanduser()
    if not known.is_file():
        raise no_known_hosts(method, where)
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
        raise key_problem(where, error) from None
    return options
