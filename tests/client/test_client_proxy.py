"""
The client behind a company proxy, run for real: TLS with a CA of the company, a proxy that asks for CONNECT, and hosts
without proxy. The host has no address, so only the proxy can reach it.
"""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from exportctl.client.transport import Backoff
from exportctl.errors import Error
from tests.client.scripted import Script, client_of

HOST = "platform.invalid"  # RFC 2606: no name server knows it
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing."""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The certificate of a CA, and a file with key and certificate of the host."""
    folder = tmp_path_factory.mktemp("tls")
    authority, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Company CA")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    today = datetime.datetime.now(datetime.UTC)

    def certificate(name: x509.Name, key: ec.EllipticCurvePublicKey, extension: x509.ExtensionType) -> bytes:
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - datetime.timedelta(days=1))
            .not_valid_after(today + datetime.timedelta(days=1))
            .add_extension(extension, critical=False)
            .sign(authority, hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM)

    ca, pair = folder / "ca.pem", folder / "server.pem"
    ca.write_bytes(certificate(issuer, authority.public_key(), x509.BasicConstraints(ca=True, path_length=None)))
    key = server.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    names = x509.SubjectAlternativeName([x509.DNSName(HOST)])
    pair.write_bytes(key + certificate(subject, server.public_key(), names))
    return ca, pair


@contextmanager
def serve_tls(script: Script, pair: Path) -> Iterator[int]:
    """Serve a script over TLS; yields the port."""
    server = make_server("127.0.0.1", 0, script, handler_class=QuietHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def serve_proxy(port: int, asked: list[str]) -> Iterator[str]:
    """A proxy that leads every CONNECT to one port of this machine; `asked` gets the first line of each request."""
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def serve(client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", port)) as target:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(65536)
            asked.append(head.split(b"\r\n")[0].decode())
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(target, client))
            back.start()
            pump(client, target)
            back.join()

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def list_flows(monkeypatch: pytest.MonkeyPatch, pair: Path, asked: list[str], **variables: str) -> Script:
    """List the flows of the host with these variables of the environment; `asked` gets what the proxy sees."""
    script = Script()
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with serve_tls(script, pair) as port, serve_proxy(port, asked) as proxy:
        for name, value in {"HTTPS_PROXY": proxy, **variables}.items():
            monkeypatch.setenv(name, value)
        url = f"https://{HOST}"
        given = {"transport": None, "ims_url": f"{url}/ims/token/v3", "backoff": Backoff(tries=1)}
        with client_of(script, url=url, **given) as client:
            client.list("/flows")
    return script


def test_every_request_goes_through_the_proxy_with_the_certificate_of_the_company(
    monkeypatch: pytest.MonkeyPatch, certificates: tuple[Path, Path]
) -> None:
    asked: list[str] = []
    script = list_flows(monkeypatch, certificates[1], asked, SSL_CERT_FILE=str(certificates[0]))
    assert (len(script.token_requests), len(script.seen)) == (1, 1)
    assert set(asked) == {f"CONNECT {HOST}:443 HTTP/1.1"}


def test_a_certificate_of_an_unknown_ca_ends_at_once_and_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, certificates: tuple[Path, Path]
) -> None:
    with pytest.raises(Error, match="certificate is not trusted") as caught:
        list_flows(monkeypatch, certificates[1], [])
    assert "SSL_CERT_FILE" in str(caught.value.hint)


def test_a_host_of_no_proxy_is_asked_directly(monkeypatch: pytest.MonkeyPatch, certificates: tuple[Path, Path]) -> None:
    asked: list[str] = []
    with pytest.raises(Error, match="no connection"):
        list_flows(monkeypatch, certificates[1], asked, SSL_CERT_FILE=str(certificates[0]), NO_PROXY=HOST)
    assert asked == []
