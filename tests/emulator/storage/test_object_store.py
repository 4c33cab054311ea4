"""
Object stores: how answers of servers come out, against a server in this process that says one thing.

That the real ones take what is written is for the tests marked `real`.
"""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator.storage import accounts, addresses, object_store
from exportctl.emulator.storage.open import open_sink
from exportctl.emulator.storage.settings import Endpoint
from exportctl.emulator.storage.sink import Sink, StorageRefused

ACCESS_KEY, SECRET_KEY = "AKIAEXAMPLE", "example-secret-key"
ACCOUNT_KEY = base64.b64encode(b"k" * 32).decode()
SECRETS = (SECRET_KEY, ACCOUNT_KEY, "sig=")


class OneAnswerServer(ThreadingHTTPServer):
    """Answers every request with one status and body; `seen` are the first lines and headers."""

    def __init__(self, status: int, body: bytes = b"") -> None:
        super().__init__(("127.0.0.1", 0), _OneAnswerHandler)
        self.status, self.body = status, body
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stop(self) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()


class _OneAnswerHandler(BaseHTTPRequestHandler):
    server: OneAnswerServer

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
        self.send_response(self.server.status)
        self.send_header("ETag", '"etag"')
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    do_PUT = do_DELETE = do_POST = _answer

    def log_message(self, *args: object) -> None:
        """Not on stderr."""


@pytest.fixture
def serve() -> Iterator[Callable[..., OneAnswerServer]]:
    servers: list[OneAnswerServer] = []

    def start(status: int, code: str = "") -> OneAnswerServer:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{SECRET_KEY}</Message></Error>" if code else ""
        servers.append(OneAnswerServer(status, body.encode()))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"rows")
    return path


def s3(url: str) -> Sink:
    auth = {"specName": "Access Key", "params": {"s3AccessKey": ACCESS_KEY, "s3SecretKey": SECRET_KEY}}
    return accounts.open_sink(Endpoint("amazon-s3", {"url": url}), auth, {"bucketName": "exports"})


def blob(url: str) -> Sink:
    text = f"AccountName=acme;AccountKey={ACCOUNT_KEY};EndpointSuffix=core.windows.net"
    auth = {"specName": "ConnectionString", "params": {"connectionString": text}}
    return accounts.open_sink(Endpoint("azure-blob", {"url": f"{url}/acme"}), auth, {"container": "exports"})


def landing_zone(url: str) -> Sink:
    values = {"url": f"{url}/acme", "account": "acme", "account_key": ACCOUNT_KEY}
    return accounts.open_sink(Endpoint("data-landing-zone", values), {}, {})


def raised_refusal(step: Callable[[], object]) -> StorageRefused:
    with pytest.raises(StorageRefused) as caught:
        step()
    assert not any(secret in caught.value.reason for secret in SECRETS)
    return caught.value


@pytest.mark.parametrize(
    ("status", "service_code", "code"),
    [
        (403, "SignatureDoesNotMatch", "denied"),
        (403, "InvalidAccessKeyId", "denied"),
        (403, "AccessDenied", "denied"),
        (404, "NoSuchBucket", "no-such-bucket"),
        (403, "AuthorizationFailure", "denied"),
        (403, "AuthorizationPermissionMismatch", "denied"),
        (404, "ContainerNotFound", "no-such-bucket"),
        (400, "SomethingElse", "failed"),
    ],
)
@pytest.mark.parametrize("make", [s3, blob, landing_zone])
def test_a_refusal_names_the_place_and_the_services_own_code(
    serve: Callable[..., OneAnswerServer],
    source: Path,
    make: Callable[[str], Sink],
    status: int,
    service_code: str,
    code: str,
) -> None:
    server = serve(status, service_code)
    sink = make(server.url)

    for step in (lambda: sink.put("aep/x", source), lambda: sink.make_folder("aep/y")):
        error = raised_refusal(step)
        assert (error.code, error.reason.rpartition(": ")[2]) == (code, service_code)
        assert server.url in error.reason


@pytest.mark.parametrize(
    ("status", "code"), [(401, "denied"), (403, "denied"), (404, "no-such-bucket"), (400, "failed")]
)
def test_an_answer_without_a_code_is_judged_by_its_status(
    serve: Callable[..., OneAnswerServer], source: Path, status: int, code: str
) -> None:
    sink = s3(serve(status).url)

    assert raised_refusal(lambda: sink.put("x", source)).code == code
    assert raised_refusal(lambda: sink.put("x", source)).reason.endswith(f"answered {status}")


def test_a_server_in_trouble_is_asked_again_and_then_given_up(
    serve: Callable[..., OneAnswerServer], source: Path
) -> None:
    server = serve(503)
    error = raised_refusal(lambda: s3(server.url).put("x", source))

    assert (error.code, len(server.seen)) == ("failed", 3)


def test_an_address_where_nothing_answers_is_unreachable(source: Path) -> None:
    sink = s3("http://127.0.0.1:1")

    assert raised_refusal(lambda: sink.put("x", source)).code == "unreachable"
    assert raised_refusal(lambda: sink.make_folder("x")).code == "unreachable"


def test_an_unknown_host_name_is_reported_as_such(source: Path) -> None:
    assert raised_refusal(lambda: s3("https://nowhere.invalid").put("x", source)).code == "unknown-host"


def test_a_storage_that_goes_away_between_two_files_is_cut(serve: Callable[..., OneAnswerServer], source: Path) -> None:
    server = serve(200)
    sink = s3(server.url)
    sink.put("x", source)
    server.shutdown()
    server.server_close()

    assert raised_refusal(lambda: sink.put("y", source)).code == "cut"
    assert raised_refusal(lambda: sink.make_folder("z")).code == "cut"


def test_a_connection_that_breaks_in_the_middle_is_cut(source: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_hang_up, args=(listening, 3)).start()
        error = raised_refusal(lambda: s3(f"http://127.0.0.1:{listening.getsockname()[1]}").put("x", source))

    assert error.code == "cut"


def _hang_up(listening: socket.socket, times: int) -> None:
    for _ in range(times):
        connection, _address = listening.accept()
        connection.recv(1000)
        connection.close()


@pytest.mark.parametrize(
    ("text", "begun", "code"),
    [
        ("HttpError { kind: Timeout, source: ...", False, "unreachable"),
        ("HttpError { kind: Timeout, source: ...", True, "cut"),
        ("HttpError { kind: Connect, source: dns error", True, "cut"),
        ("something else with sig=hush", False, "failed"),
    ],
)
def test_errors_of_the_library_are_distinguished_by_its_text(text: str, begun: bool, code: str) -> None:
    error = object_store.library_refusal(ValueError(text), "bucket exports", begun)

    assert error.code == code
    assert "hush" not in error.reason


def test_a_folder_is_an_empty_object_whose_key_ends_in_a_slash(serve: Callable[..., OneAnswerServer]) -> None:
    server = serve(201)
    s3(server.url).make_folder("aep/exportTime=1/")
    landing_zone(server.url).make_folder("aep/exportTime=1")
    (method, first, s3_headers), (_, second, azure_headers) = server.seen

    assert (method, first) == ("PUT", "/exports/aep/exportTime%3D1/")
    assert s3_headers["content-length"] == azure_headers["content-length"] == "0"
    assert second.startswith("/acme/dlz-destination/aep/exportTime%3D1/?sv=")
    assert azure_headers["x-ms-blob-type"] == "BlockBlob"


def test_the_landing_zone_is_written_with_a_sas_and_without_the_key(
    serve: Callable[..., OneAnswerServer], source: Path
) -> None:
    server = serve(201)
    landing_zone(server.url).put("aep/x", source)
    ((_, path, headers),) = server.seen

    assert "sp=rcwdl" in path
    assert "authorization" not in headers


def test_keys_of_another_kind_are_refused_before_anything_is_sent(
    serve: Callable[..., OneAnswerServer], source: Path
) -> None:
    server = serve(200)
    for sink in (s3(server.url), blob(server.url)):
        assert raised_refusal(partial(sink.put, "a/../b", source)).code == "failed"
        assert raised_refusal(partial(sink.remove, "/a")).code == "failed"

    assert server.seen == []


@pytest.mark.parametrize("part", ["AccountName=acme", f"AccountKey={ACCOUNT_KEY}", "AccountName=acme;AccountKey=hush!"])
def test_a_connection_string_that_lacks_something_is_not_repeated(part: str) -> None:
    auth = {"params": {"connectionString": f"DefaultEndpointsProtocol=https;{part}"}}
    error = raised_refusal(
        lambda: accounts.open_sink(Endpoint("azure-blob", {"url": "http://127.0.0.1:1"}), auth, {"container": "c"})
    )

    assert error.code == "denied"
    assert "hush" not in error.reason


def test_a_connection_string_may_hold_its_members_in_any_order_and_case() -> None:
    assert accounts.parse_connection_string(f"accountkey={ACCOUNT_KEY};;AccountName = acme;X=y") == (
        "acme",
        ACCOUNT_KEY,
    )


def test_a_role_that_the_endpoint_does_not_list_is_refused() -> None:
    roles = {"arn:aws:iam::1:role/known": {"access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY}}
    endpoint = Endpoint("amazon-s3", {"url": "http://127.0.0.1:1", "roles": roles})
    auth = {"specName": "Assumed Role", "params": {"s3Role": "arn:aws:iam::1:role/other"}}
    error = raised_refusal(lambda: accounts.open_sink(endpoint, auth, {"bucketName": "exports"}))

    assert error.code == "denied"
    assert "arn:" not in error.reason


def test_a_role_and_a_principal_sign_with_the_keys_they_stand_for(
    serve: Callable[..., OneAnswerServer], source: Path
) -> None:
    server = serve(201)
    roles = {"arn:x": {"access_key_id": "AKIAROLE", "secret_access_key": SECRET_KEY}}
    role = {"specName": "Assumed Role", "params": {"s3Role": "arn:x"}}
    s3_sink = accounts.open_sink(
        Endpoint("amazon-s3", {"url": server.url, "roles": roles}), role, {"bucketName": "lake"}
    )
    s3_sink.put("x", source)
    principals = {"app": {"key": "right", "account_key": ACCOUNT_KEY}}
    params = {"url": "abfss://lake@acme.dfs.core.windows.net", "servicePrincipalId": "app"}
    lake = Endpoint("azure-data-lake", {"url": f"{server.url}/acme", "principals": principals})
    accounts.open_sink(lake, {"params": {**params, "servicePrincipalKey": "right"}}, {}).put("x", source)
    (_, s3_path, s3_headers), (_, lake_path, lake_headers) = server.seen

    assert (s3_path, lake_path) == ("/lake/x", "/acme/lake/x")
    assert "Credential=AKIAROLE/" in s3_headers["authorization"]
    assert lake_headers["authorization"].startswith("SharedKey acme:")


def test_an_object_that_is_not_there_is_removed_without_a_word(serve: Callable[..., OneAnswerServer]) -> None:
    server = serve(404, "NoSuchKey")
    s3(server.url).remove("aep/x")

    assert [(method, path) for method, path, _ in server.seen] == [("DELETE", "/exports/aep/x")]
    assert raised_refusal(lambda: s3(serve(403, "AccessDenied").url).remove("aep/x")).code == "denied"


@pytest.mark.parametrize("id, key", [("other", "right"), ("known", "hush")])
def test_a_service_principal_must_show_its_own_key(id: str, key: str) -> None:
    principals = {"known": {"key": "right", "account_key": ACCOUNT_KEY}}
    endpoint = Endpoint("azure-data-lake", {"url": "http://127.0.0.1:1", "principals": principals})
    params = {"url": "abfss://lake@acme.dfs.core.windows.net", "servicePrincipalId": id, "servicePrincipalKey": key}
    error = raised_refusal(lambda: accounts.open_sink(endpoint, {"params": params}, {}))

    assert (error.code, "hush" in error.reason) == ("denied", False)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("abfss://lake@acme.dfs.core.windows.net", ("lake", "acme")),
        ("abfss://lake@acme.dfs.core.windows.net/", ("lake", "acme")),
        ("abfs://lake@acme", ("lake", "acme")),
    ],
)
def test_a_lakes_address_names_container_and_account(url: str, found: tuple[str, str]) -> None:
    assert addresses.parse_lake_url(url) == found


@pytest.mark.parametrize("url", ["https://acme.dfs.core.windows.net/lake", "abfss://acme", "abfss://a@b.c/folder", ""])
def test_another_address_of_a_lake_is_refused(url: str) -> None:
    assert raised_refusal(lambda: addresses.parse_lake_url(url)).code == "failed"


HOSTILE = {
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_ACCESS_KEY_ID": "other",
    "AWS_SECRET_ACCESS_KEY": "other",
    "AWS_SESSION_TOKEN": "other",
    "AWS_SKIP_SIGNATURE": "true",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
    "AZURE_STORAGE_ENDPOINT": "http://127.0.0.1:1",
    "AZURE_STORAGE_USE_EMULATOR": "true",
    "AZURE_STORAGE_SAS_KEY": "sig=other",
    "AZURE_STORAGE_TOKEN": "other",
    "AZURE_SKIP_SIGNATURE": "true",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "http_proxy": "http://127.0.0.1:1",
    "ALL_PROXY": "http://127.0.0.1:1",
}
PROGRAM = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from pathlib import Path
from tests.emulator.storage import test_object_store as t
for make in (t.s3, t.blob, t.landing_zone):
    make(sys.argv[1]).put("aep/x", Path(sys.argv[2]))
"""


def test_the_environment_decides_neither_place_nor_credentials(
    serve: Callable[..., OneAnswerServer], source: Path
) -> None:
    server = serve(201)
    command = [sys.executable, "-c", PROGRAM, server.url, str(source)]
    ended = subprocess.run(command, env={**os.environ, **HOSTILE}, capture_output=True, text=True, timeout=60)

    assert (ended.returncode, ended.stderr) == (0, "")
    (_, s3_path, s3_headers), (_, blob_path, blob_headers), (_, zone_path, _) = server.seen
    assert s3_path == "/exports/aep/x"
    assert f"Credential={ACCESS_KEY}/" in s3_headers["authorization"]
    assert "x-amz-security-token" not in s3_headers
    assert blob_path == "/acme/exports/aep/x"
    assert blob_headers["authorization"].startswith("SharedKey acme:")
    assert zone_path.startswith("/acme/dlz-destination/aep/x?")
    assert "sig=other" not in zone_path


@pytest.fixture
def rclone(tmp_path: Path) -> Iterator[tuple[Any, Path, str]]:
    """`rclone serve s3` over a folder: an S3 server that checks signatures."""
    (tmp_path / "s3/exports").mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    program = Path(sys.executable).with_name("rclone")
    login = ["--auth-key", f"{ACCESS_KEY},{SECRET_KEY}"]
    command = [str(program), "serve", "s3", "--addr", address, *login, str(tmp_path / "s3")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait_for(address)
        yield process, tmp_path / "s3/exports", f"http://{address}"
    finally:
        process.kill()
        process.wait()


def _wait_for(address: str) -> None:
    host, _, port = address.partition(":")
    for _ in range(100):
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"nothing answers at {address}")


@pytest.mark.real
def test_an_s3_server_holds_what_was_put(rclone: tuple[Any, Path, str], tmp_path: Path) -> None:
    _, folder, url = rclone
    large = tmp_path / "large"
    large.write_bytes(os.urandom(3 * object_store.PART + 17))
    empty = tmp_path / "empty"
    empty.touch()
    sink = s3(url)
    sink.put("aep/ds=1/part ü.json", large)
    sink.put("aep/empty", empty)
    sink.put("aep/gone", empty)
    sink.remove("aep/gone")
    sink.remove("aep/gone")
    sink.close()

    assert (folder / "aep/ds=1/part ü.json").read_bytes() == large.read_bytes()
    assert (folder / "aep/empty").read_bytes() == b""
    assert not (folder / "aep/gone").exists()


@pytest.mark.real
def test_an_s3_server_killed_in_the_middle_holds_no_object(rclone: tuple[Any, Path, str], tmp_path: Path) -> None:
    process, folder, url = rclone
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(2**30)
    sink = s3(url)
    threading.Timer(0.3, process.kill).start()
    error = raised_refusal(lambda: sink.put("aep/large", large))

    assert error.code == "cut"
    assert not (folder / "aep/large").exists()


@pytest.mark.real
def test_an_s3_server_refuses_a_wrong_key(rclone: tuple[Any, Path, str], source: Path) -> None:
    _, _, url = rclone
    connection = {
        "connectionSpec": {"id": "c5d93acb-ea8b-4b14-8f53-02138444ae99"},
        "auth": {"specName": "HMAC", "params": {"accessKeyId": ACCESS_KEY, "secretAccessKey": "hush"}},
    }
    target = {"params": {"bucketName": "exports", "path": "aep"}}
    sink = open_sink(connection, target, {"endpoints": {"google-cloud-storage": {"url": url}}}, None)
    error = raised_refusal(lambda: sink.put("x", source))

    assert (error.code, "SignatureDoesNotMatch" in error.reason) == ("denied", True)
