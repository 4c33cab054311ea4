"""What only a real connection can show; all of it on this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from exportctl.client.auth import Credentials
from exportctl.client.client import Client
from exportctl.client.transport import RequestCounts
from exportctl.errors import Error, NotReached
from exportctl.model.secret import Secret
from tests.client.scripted import FakeTime, Reply, Script


class SilentHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a test prints nothing."""


@contextmanager
def serve_script(script: Script) -> Iterator[str]:
    with make_server("127.0.0.1", 0, script, handler_class=SilentHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def answer_connections(talk: Callable[[socket.socket], object]) -> Iterator[str]:
    """A server that does `talk` with each connection, by hand."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                talk(connection)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def client_at(url: str, timeout: float = 5.0) -> Client:
    time = FakeTime()
    return Client(
        url, organization="o@AdobeOrg", sandbox="dev", credentials=Credentials("c", access_token=Secret("given-token")),
        ims_url=f"{url}/ims/token/v3", clock=time.clock, random=lambda: 0.0, timeout=timeout,
    )  # fmt: skip


def test_a_real_connection_gives_the_same_answers() -> None:
    script = Script([Reply(200, {"items": [{"id": "f1"}]}), Reply(204, None)])

    with serve_script(script) as url, client_at(url) as client:
        assert client.get("/flows/f1") == {"id": "f1"}
        client.act("/flows/f1", "enable")
        client.delete("/flows/f1")

    assert [s.method for s in script.seen] == ["GET", "POST", "DELETE"]
    assert script.seen[1].headers["content-length"] == "0"


def test_a_token_for_this_machine_goes_to_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    script, proxy = Script(), Script()

    with serve_script(script) as url, serve_script(proxy) as proxy_url:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy_url)
        with client_at(url) as client:
            client.list("/flows")

    assert (len(script.seen), len(proxy.seen)) == (1, 0)


def test_netrc_does_not_replace_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    script = Script()

    with serve_script(script) as url, client_at(url) as client:
        client.list("/flows")

    assert script.seen[0].headers["authorization"] == "Bearer given-token"


def test_a_refused_connection_is_tried_again_for_a_write_too() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]

    with client_at(f"http://127.0.0.1:{port}") as client:
        with pytest.raises(NotReached, match="no connection") as caught:
            client.create("/flows", {})
        assert client.request_counts == RequestCounts(writes=5)

    assert not caught.value.wrote


@pytest.mark.parametrize(
    "talk",
    [
        lambda connection: None,
        lambda connection: connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{"),
        lambda connection: connection.sendall(b"not HTTP at all\r\n\r\n"),
    ],
    ids=["closed without an answer", "closed within the body", "no HTTP"],
)
def test_a_cut_connection_leaves_a_write_in_doubt(talk: Callable[[socket.socket], object]) -> None:
    with answer_connections(talk) as url, client_at(url) as client:
        with pytest.raises(NotReached, match="the connection broke") as caught:
            client.create("/flows", {})
        assert client.request_counts == RequestCounts(writes=1)

    assert caught.value.wrote


def test_a_silent_service_leaves_a_write_in_doubt() -> None:
    done = threading.Event()

    with answer_connections(lambda connection: done.wait(5)) as url, client_at(url, timeout=0.05) as client:
        with pytest.raises(NotReached, match=r"no answer within 0\.05 s") as caught:
            client.delete("/flows/f1")
        done.set()

    assert caught.value.wrote


def test_a_proxy_that_cannot_be_used_is_explained_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://user:proxy-password@proxy.example:1")

    with pytest.raises(Error, match="HTTPS") as caught:
        client_at("https://platform.adobe.io")

    assert "proxy-password" not in f"{caught.value}{caught.value.hint}{caught.value.__context__}"


def test_a_bundle_of_certificates_that_is_not_there_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")

    with pytest.raises(Error) as caught:
        client_at("https://platform.adobe.io")

    assert "SSL_CERT_FILE" in (caught.value.hint or "")
