"""Object stores: listing, reading and the words for what they answer, here without a network and on a real server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest
from obstore.store import AzureStore, LocalStore, MemoryStore, S3Store

from exportctl.model.secret import Secret
from exportctl.resources.destinations.table import TYPES
from exportctl.storage.access import open_reader, storage_access
from exportctl.storage.access_types import S3, Access, AccessInputs, AwsKeys, Azure, Sas, SharedKey
from exportctl.storage.object_store import ObjectReader, storage_error
from exportctl.storage.reader import StorageError
from tests.real.readers import Rclone
from tests.real.servers import ADMIN, BUCKET, CONTAINER, HMAC, READER, BlobStore, Key, azurite, seaweedfs

FILES = {
    "exports/a/exportTime=202506151600/ü %25+x.json": b"{}\n",
    "exports/a/big": b"x" * 3_000_000 + b"end",
    "exports/empty": b"",
    "exportsx/other": b"",
}


@pytest.fixture
def reader() -> ObjectReader:
    store = MemoryStore()
    for path, content in FILES.items():
        obstore.put(store, path, content)
    return ObjectReader(store, "memory")


@pytest.mark.parametrize("prefix", ["exports", "exports/", "/exports"])
def test_everything_below_a_folder_is_listed_and_nothing_beside_it(reader: ObjectReader, prefix: str) -> None:
    found = {stored.path: stored.size for stored in reader.list(prefix)}

    assert found == {path: len(content) for path, content in FILES.items() if path.startswith("exports/")}


def test_no_prefix_means_all(reader: ObjectReader) -> None:
    assert {stored.path for stored in reader.list("")} == set(FILES)


def test_a_prefix_without_objects_yields_nothing(reader: ObjectReader) -> None:
    assert list(reader.list("nowhere")) == []


def test_an_object_is_read_whole_in_part_and_from_its_end(reader: ObjectReader) -> None:
    path = "exports/a/big"

    assert reader.read(path, 4) == b"xxxx"
    assert len(reader.read(path, 10**9)) == 3_000_003
    assert reader.tail(path, 3_000_003, 5) == b"xxend"
    assert reader.tail(path, 3_000_003, 3_000_003) == FILES[path]
    assert b"".join(reader.chunks(path)) == FILES[path]


def test_an_object_of_no_bytes_is_read(reader: ObjectReader) -> None:
    assert reader.read("exports/empty", 10) == b""
    assert reader.tail("exports/empty", 0, 0) == b""


def test_an_object_that_is_not_there_cannot_be_read(reader: ObjectReader) -> None:
    with pytest.raises(StorageError, match=r"memory/exports/gone: it is not there \(any more\)") as caught:
        reader.read("exports/gone", 1)
    assert caught.value.rule == "storage-read"


def test_listing_goes_through_a_store_page_by_page(tmp_path: Path) -> None:
    for number in range(2_500):
        (tmp_path / f"part-{number:05d}").write_bytes(b"x")

    assert len({s.path for s in ObjectReader(LocalStore(tmp_path), "pages").list("")}) == 2_500


KEYS = AwsKeys(Secret("AKIAEXAMPLE"), Secret("examplesecret"))
MINE = "the-signature-that-stays-hidden"


def raised_error(method: S3 | Azure) -> StorageError:
    with pytest.raises(StorageError) as caught:
        list(open_reader(Access("the place", method, "a test")).list("exports"))
    error = caught.value
    assert MINE not in f"{error.message}{error.hint}" and error.__cause__ is None
    return error


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener.getsockname()[1]


def test_a_closed_port_is_refused(closed_port: int) -> None:
    signature = Sas(Secret(f"sv=2020-12-06&sig={MINE}"))
    address = f"http://127.0.0.1:{closed_port}"

    for method in (S3("acme", "us-east-1", address, KEYS), Azure("a", "acme", f"{address}/a", signature)):
        error = raised_error(method)
        assert error.rule == "storage-unreachable"
        assert error.message == "cannot list the place/exports: connection refused"


@pytest.mark.parametrize("credential", [SharedKey(Secret(MINE)), Sas(Secret(MINE))], ids=["a key", "a signature"])
def test_credentials_that_are_no_credentials_say_so(credential: SharedKey | Sas, closed_port: int) -> None:
    error = raised_error(Azure("a", "acme", f"http://127.0.0.1:{closed_port}/a", credential))

    assert error.rule == "storage-setup"
    assert error.message == "cannot list the place/exports: the credentials are malformed or cut"


@pytest.mark.parametrize("content", [None, "{}"], ids=["not there", "of another form"])
def test_a_google_file_that_cannot_be_used_says_so(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    if content is not None:
        file.write_text(content)
    environment = {"GOOGLE_APPLICATION_CREDENTIALS": str(file)}
    type = TYPES["google-cloud-storage"]
    access = storage_access(AccessInputs("lake", type, {"bucket": "acme"}, environment=environment))

    with pytest.raises(StorageError) as caught:
        open_reader(access)
    assert caught.value.rule == "storage-setup"


@pytest.mark.slow
def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        error = raised_error(S3("acme", "us-east-1", f"http://127.0.0.1:{silent.getsockname()[1]}", KEYS))

    assert error.message == "cannot list the place/exports: no answer in time"


def obstore_error_text(status: str, body: str) -> str:
    """As obstore words it, seen with SeaweedFS, rclone and azurite."""
    return (
        f"Generic S3 error: Error performing GET http://h/b?list-type=2&sig={MINE} in 2ms - Server returned non-2xx "
        f'status code: {status}: {body}\n\nDebug source:\nGeneric {{\n    store: "S3" }}'
    )


def error_body(name: str) -> str:
    return f'<?xml version="1.0"?>\n<Error>\n  <Code>{name}</Code>\n  <Message>{MINE}</Message>\n</Error>'


ERROR_CASES = {
    "no such bucket": (
        obstore_error_text("404 Not Found", error_body("NoSuchBucket")),
        "storage-missing",
        "NoSuchBucket (404)",
    ),
    "no such container": (
        obstore_error_text("404 Not Found", error_body("ContainerNotFound")),
        "storage-missing",
        "ContainerNotFound (404)",
    ),
    "not found, and no code": (obstore_error_text("404 Not Found", ""), "storage-missing", "404"),
    "not allowed": (
        obstore_error_text("403 Forbidden", error_body("AccessDenied")),
        "storage-denied",
        "AccessDenied (403)",
    ),
    "a wrong secret": (
        obstore_error_text("403 Forbidden", error_body("SignatureDoesNotMatch")),
        "storage-denied",
        "SignatureDoesNotMatch (403)",
    ),
    "an expired token": (
        obstore_error_text("400 Bad Request", error_body("ExpiredToken")),
        "storage-denied",
        "ExpiredToken (400)",
    ),
    "Azure's refusal": (
        obstore_error_text("403 Forbidden", error_body("AuthorizationFailure")),
        "storage-denied",
        "AuthorizationFailure (403)",
    ),
    "a service principal's wrong secret": (
        obstore_error_text("401 Unauthorized", f'{{"error":"invalid_client","error_description":"{MINE}"}}'),
        "storage-denied",
        "invalid_client (401)",
    ),
    "a service account that was deleted": (
        obstore_error_text("400 Bad Request", '{"error": "invalid_grant"}'),
        "storage-denied",
        "invalid_grant (400)",
    ),
    "another region": (
        "Error performing list request: Received redirect without LOCATION, this normally indicates an incorrectly "
        "configured region",
        "storage-unreachable",
        "the bucket is in another region",
    ),
    "another region, by its code": (
        obstore_error_text("400 Bad Request", error_body("AuthorizationHeaderMalformed")),
        "storage-unreachable",
        "the bucket is in another region",
    ),
    "a service that is down": (
        obstore_error_text("503 Service Unavailable", error_body("SlowDown")),
        "storage-unreachable",
        "SlowDown (503)",
    ),
    "a request that the store does not understand": (
        obstore_error_text("400 Bad Request", error_body("InvalidArgument")),
        "storage-read",
        "InvalidArgument (400)",
    ),
    "a name that is not known": (
        'HTTP error: error sending request ... "dns error" ... Name or service not known',
        "storage-unreachable",
        "its name is not known (DNS)",
    ),
    "a certificate": (
        "HTTP error: error sending request ... invalid peer certificate: UnknownIssuer",
        "storage-unreachable",
        "its TLS certificate is not trusted",
    ),
    "silence": (
        "HTTP error: error sending request ... HttpError {\n  kind: Timeout,",
        "storage-unreachable",
        "no answer in time",
    ),
    "a cut connection": ("HTTP error: error decoding response body", "storage-unreachable", "no connection"),
    "a name that no path can have": (
        'Encountered object with invalid path: Path "exports/dbl//x" contained empty path segment',
        "storage-read",
        "the object's name 'exports/dbl//x' has an empty part, `.` or `..`, which cannot be read",
    ),
    "a whole object where a part was asked for": (
        "Generic S3 error: Received non-partial response when range requested",
        "storage-read",
        "the server does not send a part of an object",
    ),
    "something new": (f"Generic error: {MINE}", "storage-read", "the answer has an unknown form"),
}


@pytest.mark.parametrize("name", ERROR_CASES)
def test_what_a_store_answers_is_reported_in_our_words_and_without_the_request(name: str) -> None:
    text, rule, words = ERROR_CASES[name]

    error = storage_error("s3://acme/exports", text, listing=True)

    assert (error.rule, error.message) == (rule, f"cannot list s3://acme/exports: {words}")
    assert MINE not in f"{error.hint}"


def test_one_object_that_is_gone_is_not_a_missing_bucket() -> None:
    what = "s3://acme/x"

    assert storage_error(what, obstore_error_text("404 Not Found", error_body("NoSuchKey"))).rule == "storage-read"
    assert (
        storage_error(what, obstore_error_text("404 Not Found", error_body("NoSuchBucket"))).rule == "storage-missing"
    )
    assert (
        "shorter"
        in storage_error(what, obstore_error_text("416 Range Not Satisfiable", error_body("InvalidRange"))).message
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """SeaweedFS with the files above and a folder that is an object: it checks signatures and who may do what."""
    folder = tmp_path_factory.mktemp("s3")
    rclone = Rclone(folder / "rclone.conf")
    with seaweedfs(folder / "seaweedfs", rclone) as store:
        writer = S3Store(
            BUCKET,
            endpoint=store.url,
            region="us-east-1",
            access_key_id=ADMIN.id,
            secret_access_key=ADMIN.secret,
            client_options={"allow_http": True},
        )
        for path, content in FILES.items():
            obstore.put(writer, path, content)
        assert rclone.make_folder(f"weed-admin,directory_markers=true:{BUCKET}/exports/a/folder")
        yield store.url


def http_access(server: str, bucket: str = BUCKET, key: Key = READER) -> Access:
    environment = {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret, "AWS_ENDPOINT_URL": server}
    return storage_access(AccessInputs("lake", TYPES["amazon-s3"], {"bucket": bucket}, environment=environment))


@pytest.mark.real
def test_a_real_server_is_listed_and_read(server: str) -> None:
    reader = open_reader(http_access(server))

    assert {s.path: s.size for s in reader.list("exports")} == {
        path: len(content) for path, content in FILES.items() if path.startswith("exports/")
    }
    assert reader.read("exports/a/exportTime=202506151600/ü %25+x.json", 10) == b"{}\n"
    assert reader.tail("exports/a/big", 3_000_003, 5) == b"xxend"
    assert b"".join(reader.chunks("exports/a/big")) == FILES["exports/a/big"]


@pytest.mark.real
def test_paths_begin_below_the_folder_of_a_landing_zone(server: str) -> None:
    keys = AwsKeys(Secret(READER.id), Secret(READER.secret))
    reader = open_reader(Access("zone", S3(BUCKET, "us-east-1", server, keys, prefix="exports/a"), "a test"))

    assert reader.read("big", 2) == b"xx"
    assert [s.path for s in reader.list("exportTime=202506151600")] == ["exportTime=202506151600/ü %25+x.json"]


@pytest.mark.real
def test_what_is_in_the_environment_of_the_process_is_not_mixed_in(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """obstore reads variables by itself; the key of one destination must not travel with the token of another."""
    for name, value in {
        "AWS_SESSION_TOKEN": "of-another-account",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
        "AWS_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)

    assert len(list(open_reader(http_access(server)).list(""))) == len(FILES)


REFUSALS = {
    "no bucket": ("missing-bucket", ADMIN, "storage-missing", "NoSuchBucket"),
    "an unknown key": (BUCKET, Key("AKIANOBODY", "x"), "storage-denied", "InvalidAccessKeyId"),
    "a wrong secret": (BUCKET, Key(READER.id, "x"), "storage-denied", "SignatureDoesNotMatch"),
    "a bucket of others": (BUCKET, HMAC, "storage-denied", "AccessDenied"),
}


@pytest.mark.real
@pytest.mark.parametrize("name", REFUSALS)
def test_a_real_server_s_refusal_is_reported(server: str, name: str) -> None:
    bucket, key, rule, words = REFUSALS[name]

    with pytest.raises(StorageError, match=words) as caught:
        list(open_reader(http_access(server, bucket, key)).list(""))
    assert caught.value.rule == rule


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlobStore]:
    """azurite with one file, and the two ways to write a folder as a blob."""
    folder = tmp_path_factory.mktemp("blobs")
    rclone = Rclone(folder / "rclone.conf")
    with azurite(folder, rclone) as store:
        writer = AzureStore(
            CONTAINER,
            account_name="blobacct",
            account_key=store.keys["blobacct"],
            endpoint=store.url("blobacct"),
            client_options={"allow_http": True},
        )
        obstore.put(writer, "exports/file", b"some bytes")
        obstore.put(writer, "exports/hadoop", b"", attributes={"hdi_isfolder": "true"})
        assert rclone.make_folder(f"blobacct,directory_markers=true:{CONTAINER}/exports/folder")
        yield store


def blob_access(store: BlobStore, container: str = CONTAINER, key: str | None = None) -> Access:
    environment = {
        "AZURE_STORAGE_ACCOUNT": "blobacct",
        "AZURE_STORAGE_KEY": key or store.keys["blobacct"],
        "AZURE_STORAGE_ENDPOINT": store.url("blobacct"),
    }
    location = {"container": container, "path": "a"}
    return storage_access(AccessInputs("lake", TYPES["azure-blob"], location, environment=environment))


@pytest.mark.real
def test_a_real_container_is_listed_without_folders_and_read(blobs: BlobStore) -> None:
    reader = open_reader(blob_access(blobs))

    assert [(s.path, s.size) for s in reader.list("exports")] == [("exports/file", 10)]
    assert [type(s.written) for s in reader.list("exports")] == [float]
    assert [*reader.folders("exports")] != []
    assert reader.tail("exports/file", 10, 5) == b"bytes"


@pytest.mark.real
@pytest.mark.parametrize(
    ("container", "key", "rule", "words"),
    [
        ("missing-bucket", None, "storage-missing", "ContainerNotFound"),
        (CONTAINER, "d3Jvbmc=", "storage-denied", "AuthorizationFailure"),
    ],
    ids=["no container", "a wrong key"],
)
def test_a_real_container_s_refusal_is_reported(
    blobs: BlobStore, container: str, key: str | None, rule: str, words: str
) -> None:
    with pytest.raises(StorageError, match=words) as caught:
        list(open_reader(blob_access(blobs, container, key)).list(""))
    assert caught.value.rule == rule
