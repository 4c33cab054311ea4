"""An SFTP account read over the wire: by password or key, from servers with a known host key, and closed cleanly."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from exportctl.model.secret import Secret
from exportctl.storage.access import open_reader
from exportctl.storage.access_types import Access, Sftp
from exportctl.storage.reader import StorageError, StorageReader
from tests.real.processes import find_program
from tests.storage.sftp_server import CLOSED, PASSWORD, USER, SftpTestServer, serve_sftp

THREADS_END_WITHIN = 10  # seconds


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpTestServer]:
    with serve_sftp(tmp_path_factory.mktemp("sftp")) as running:
        for path, content in {
            "incoming/a/one.json": b"{}\n",
            "incoming/a/b/two": b"x" * 600_000 + b"end",
            "incoming/empty": b"",
            "other/three": b"3",
        }.items():
            (running.root / path).parent.mkdir(parents=True, exist_ok=True)
            (running.root / path).write_bytes(content)
        (running.root / "incoming" / "link").symlink_to("a/one.json")
        yield running


def method(server: SftpTestServer) -> Sftp:
    return Sftp("127.0.0.1", server.port, USER, str(server.known_hosts), "/", password=Secret(PASSWORD))


def reader_of(method: Sftp) -> StorageReader:
    return open_reader(Access(f"sftp://{method.host}:{method.port}", method, "a test"))


@pytest.fixture
def reader(server: SftpTestServer) -> Iterator[StorageReader]:
    made = reader_of(method(server))
    yield made
    made.close()


def raised_error(method: Sftp) -> StorageError:
    with pytest.raises(StorageError) as caught:
        reader_of(method)
    assert PASSWORD not in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.__cause__ is None  # a traceback would show more than the message does
    return caught.value


@contextmanager
def assert_threads_end() -> Iterator[None]:
    """Wait for the threads of a reader that was opened in the block, and of its loop's look-ups."""
    before = set(threading.enumerate())
    yield
    own = [t for t in threading.enumerate() if t not in before and t.name.startswith(("sftp ", "asyncio_"))]
    for thread in own:
        thread.join(THREADS_END_WITHIN)
    assert [t.name for t in own if t.is_alive()] == []


@pytest.mark.parametrize("prefix", ["incoming", "/incoming/"])
def test_everything_below_a_folder_is_listed_but_links(reader: StorageReader, prefix: str) -> None:
    found = sorted((s.path, s.size) for s in reader.list(prefix))

    assert found == [
        ("incoming/a/b/two", 600_003),
        ("incoming/a/one.json", 3),
        ("incoming/empty", 0),
    ]


def test_the_folders_below_a_folder_are_listed_and_files_have_their_time(reader: StorageReader) -> None:
    assert {"incoming/a", "incoming/a/b"} <= {*reader.folders("incoming")}
    assert {type(s.written) for s in reader.list("incoming")} == {int}


def test_no_prefix_means_all(reader: StorageReader) -> None:
    assert "other/three" in {s.path for s in reader.list("")}


def test_a_folder_that_is_not_there_yields_nothing(reader: StorageReader) -> None:
    assert list(reader.list("nowhere/at/all")) == []


def test_a_file_is_read_whole_in_part_and_from_its_end(reader: StorageReader) -> None:
    path = "incoming/a/b/two"

    assert reader.read(path, 4) == b"xxxx"
    assert len(reader.read(path, 10**9)) == 600_003
    assert reader.tail(path, 600_003, 3) == b"end"
    assert reader.tail(path, 600_003, 300_000) == b"x" * 299_997 + b"end"
    assert b"".join(reader.chunks(path)) == b"x" * 600_000 + b"end"


def test_paths_without_a_slash_in_front_begin_in_the_folder_of_the_user(server: SftpTestServer) -> None:
    reader = reader_of(replace(method(server), root=""))

    assert [s.path for s in reader.list("other")] == ["other/three"]
    assert {s.path for s in reader.list("")} >= {"other/three"}
    reader.close()


def test_a_listing_may_be_left_in_the_middle(reader: StorageReader) -> None:
    listing = reader.list("")
    next(listing)
    listing.close()  # type: ignore[attr-defined]  # a generator

    assert reader.read("other/three", 9) == b"3"


def test_two_thousand_files_are_listed(server: SftpTestServer, reader: StorageReader) -> None:
    for number in range(2_000):
        folder = server.root / "many" / str(number % 3)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"part-{number}").touch()

    assert len({s.path for s in reader.list("many")}) == 2_000


def test_several_threads_may_read_at_once(reader: StorageReader) -> None:
    sizes: list[int] = []
    threads = [
        threading.Thread(target=lambda: sizes.append(len(reader.read("incoming/a/b/two", 10**9)))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sizes == [600_003] * 4


def test_a_key_file_lets_in(server: SftpTestServer) -> None:
    reader = reader_of(replace(method(server), password=None, key_file=str(server.key_file)))

    assert reader.read("other/three", 9) == b"3"
    reader.close()


def test_a_key_by_value_lets_in(server: SftpTestServer) -> None:
    key = Secret(server.key_file.read_text())
    reader = reader_of(replace(method(server), password=None, private_key=key))

    assert reader.read("other/three", 9) == b"3"
    reader.close()


def test_nothing_is_left_running_after_closing(server: SftpTestServer) -> None:
    with assert_threads_end():
        reader = reader_of(method(server))
        reader.close()
        reader.close()

    with pytest.raises(StorageError, match="closed already"):
        reader.read("other/three", 9)


def test_a_wrong_password_is_denied(server: SftpTestServer) -> None:
    with assert_threads_end():
        error = raised_error(replace(method(server), password=Secret("not the password")))

    assert error.rule == "storage-denied"
    assert error.message == f"sftp://127.0.0.1:{server.port}: the server refuses reader"


def test_a_key_the_server_does_not_know_is_denied(server: SftpTestServer, tmp_path: Path) -> None:
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "key")

    error = raised_error(replace(method(server), password=None, key_file=str(tmp_path / "key")))

    assert error.rule == "storage-denied"


def test_an_agent_that_is_not_there_says_so(server: SftpTestServer, tmp_path: Path) -> None:
    error = raised_error(replace(method(server), password=None, agent=str(tmp_path / "none")))

    assert error.rule == "storage-setup"
    assert error.message.endswith("the ssh-agent at SSH_AUTH_SOCK does not answer")


@pytest.mark.real
def test_the_keys_of_an_agent_let_in_and_no_others_are_tried(
    server: SftpTestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSH's agent, first empty. A key that would fit lies where asyncssh looks for one by itself."""
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_ed25519").write_bytes(server.key_file.read_bytes())
    monkeypatch.setenv("HOME", str(tmp_path))
    socket_path = tmp_path / "agent"
    by_agent = replace(method(server), password=None, agent=str(socket_path))
    with subprocess.Popen(
        [find_program("ssh-agent"), "-D", "-a", str(socket_path)], stdout=subprocess.DEVNULL
    ) as agent:
        try:
            while not socket_path.exists():
                time.sleep(0.01)
            empty = raised_error(by_agent)
            server.key_file.chmod(0o600)
            load = [find_program("ssh-add"), "-q", str(server.key_file)]
            subprocess.run(load, env={**os.environ, "SSH_AUTH_SOCK": str(socket_path)}, check=True)
            reader = reader_of(by_agent)
            assert reader.read("other/three", 9) == b"3"
            reader.close()
        finally:
            agent.terminate()

    assert empty.message.endswith("the ssh-agent at SSH_AUTH_SOCK holds no key")


def test_a_server_with_another_key_gets_nothing(server: SftpTestServer, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    known.write_text(f"[127.0.0.1]:{server.port} {other}")

    error = raised_error(replace(method(server), known_hosts=str(known)))

    assert error.rule == "storage-host-key"
    assert f"ssh-keyscan -p {server.port} 127.0.0.1 >> {known}" in (error.hint or "")


@pytest.mark.parametrize("content", ["", "elsewhere ssh-ed25519 AAAA\n", None], ids=["empty", "others", "no file"])
def test_a_server_without_a_known_host_key_gets_nothing(
    server: SftpTestServer, tmp_path: Path, content: str | None
) -> None:
    known = tmp_path / "known_hosts"
    if content is not None:
        known.write_text(content)

    assert raised_error(replace(method(server), known_hosts=str(known))).rule == "storage-host-key"


KEYS = {
    "nothing": (None, "the private key cannot be read: No such file or directory"),
    "text": (b"not a key", "the private key is none that OpenSSH writes"),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_key_file_that_is_none_says_so(server: SftpTestServer, tmp_path: Path, name: str) -> None:
    content, expected = KEYS[name]
    if content is not None:
        (tmp_path / "key").write_bytes(content)

    error = raised_error(replace(method(server), password=None, key_file=str(tmp_path / "key")))

    assert error.rule == "storage-setup"
    assert error.message.endswith(expected)


def test_a_key_with_a_passphrase_is_for_the_agent(server: SftpTestServer, tmp_path: Path) -> None:
    asyncssh.generate_private_key("ssh-rsa").write_private_key(tmp_path / "key", "pkcs8-pem", passphrase="long one")

    error = raised_error(replace(method(server), password=None, key_file=str(tmp_path / "key")))

    assert error.message.endswith("the private key has a passphrase")
    assert "ssh-agent" in (error.hint or "")


def test_a_folder_without_permission_is_denied(server: SftpTestServer, reader: StorageReader) -> None:
    with pytest.raises(StorageError, match=f"{CLOSED}: permission denied") as caught:
        list(reader.list(CLOSED))
    assert caught.value.rule == "storage-denied"


def test_a_file_that_is_not_there_is_one_object_that_cannot_be_read(reader: StorageReader) -> None:
    with pytest.raises(StorageError, match=r"incoming/gone: it is not there \(any more\)") as caught:
        reader.read("incoming/gone", 9)
    assert caught.value.rule == "storage-read"


def test_a_closed_port_is_refused(server: SftpTestServer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        error = raised_error(replace(method(server), port=free.getsockname()[1]))

    assert error.rule == "storage-unreachable"
    assert error.message.endswith("connection refused")


def test_a_lost_connection_is_reported_and_closes_cleanly(tmp_path: Path) -> None:
    with assert_threads_end():
        with serve_sftp(tmp_path) as running:
            (running.root / "a").mkdir()
            (running.root / "a" / "file").write_bytes(b"x")
            reader = reader_of(method(running))
            listing = reader.list("")
            next(listing)

        with pytest.raises(StorageError, match="the connection failed") as caught:
            reader.read("a/file", 9)
        assert caught.value.rule == "storage-unreachable"
        listing.close()  # type: ignore[attr-defined]  # a generator
        reader.close()


@pytest.mark.slow
def test_a_server_that_says_nothing_is_given_up(server: SftpTestServer) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        error = raised_error(replace(method(server), port=silent.getsockname()[1]))

    assert error.rule == "storage-unreachable"
    assert error.message.endswith("no answer in time")
