"""Objects of several storages through one reader: each is read where its path says, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from exportctl.model.storage_address import StorageAddress
from exportctl.storage.local import LocalReader
from exportctl.storage.reader import StorageError
from exportctl.storage.spanning import SpanningReader

PLAIN, ESCAPED = StorageAddress("s3://old"), StorageAddress("https://acme.blob.example/old", is_escaped=True)


@pytest.fixture
def spanning(tmp_path: Path) -> SpanningReader:
    for name in ("now", "plain", "escaped"):
        (tmp_path / name / "a b").mkdir(parents=True)
        (tmp_path / name / "a b" / "part").write_text(name)
    now, plain, escaped = (LocalReader(tmp_path / name, name) for name in ("now", "plain", "escaped"))
    return SpanningReader(now, {PLAIN: plain, ESCAPED: escaped})


@pytest.mark.parametrize(
    ("path", "content"),
    [("a b/part", b"now"), ("s3://old/a b/part", b"plain"), ("https://acme.blob.example/old/a%20b/part", b"escaped")],
)
def test_a_path_of_now_and_the_uri_of_a_former_storage(spanning: SpanningReader, path: str, content: bytes) -> None:
    assert spanning.read(path, 100) == b"".join(spanning.chunks(path)) == content
    assert spanning.tail(path, len(content), 2) == content[-2:]


def test_a_folder_of_now_is_listed_with_paths_and_one_of_a_former_storage_with_uris(spanning: SpanningReader) -> None:
    assert [file.path for file in spanning.list("")] == [file.path for file in spanning.list("a b")] == ["a b/part"]
    for folder in ("s3://old", "s3://old/a b"):
        assert [file.path for file in spanning.list(folder)] == ["s3://old/a b/part"]
    (listed,) = spanning.list("https://acme.blob.example/old/a%20b")
    assert (listed.path, spanning.read(listed.path, 9)) == ("https://acme.blob.example/old/a%20b/part", b"escaped")
    assert (list(spanning.folders("")), spanning.label) == (["a b"], "now")
    spanning.close()


@pytest.mark.parametrize("uri", ["s3://older/a b/part", "s3://old", "https://acme.blob.example/older/a%20b/part"])
def test_a_uri_of_no_known_storage_is_no_object(spanning: SpanningReader, uri: str) -> None:
    with pytest.raises(StorageError):
        spanning.read(uri, 100)


def test_a_uri_stays_one_and_leads_back_to_its_path() -> None:
    now = StorageAddress("s3://now", former=(PLAIN, ESCAPED))
    for address in (PLAIN, ESCAPED):
        uri = address.uri("a b/ä#?/part")
        assert (now.uri(uri), address.path_of(uri), now.path_of(uri)) == (uri, "a b/ä#?/part", None)
        assert (now.locate(uri), now.former_of(uri)) == (uri, address)
    assert (now.uri("a b/part"), now.locate("s3://now/a b/part")) == ("s3://now/a b/part", "a b/part")
    assert now.locate("s3://elsewhere/a b/part") is None
