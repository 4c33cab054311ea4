"""Which storage a target is written to, and under which folder and prefix."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import exportctl.emulator
from exportctl.emulator import specs
from exportctl.emulator.storage import open as routing
from exportctl.emulator.storage.local import LocalSink, NullSink
from exportctl.emulator.storage.object_store import ObjectSink
from exportctl.emulator.storage.settings import OPTIONS
from exportctl.emulator.storage.sink import MEANINGS, StorageRefused

Json = dict[str, Any]
TEXT = st.text(st.characters(codec="utf-8"), min_size=1)
LAKE = "abfss://lake@acme.dfs.core.windows.net"


def connection(name: str, **params: str) -> Json:
    (card,) = (card for card in specs.DESTINATIONS if card.name == name)
    auth = {"auth": {"specName": card.auths[0].name, "params": params}} if card.auths else {}
    return {"connectionSpec": {"id": card.id, "version": "1.0"}, **auth}


S3 = connection("Amazon S3", s3AccessKey="id", s3SecretKey="key")
CASES = {
    "amazon-s3": (S3, {"bucketName": "my-bucket", "path": "/aep//web/"}, "my-bucket"),
    "azure-blob": (connection("Azure Blob Storage"), {"container": "files", "path": "aep/web"}, "files"),
    "azure-data-lake": (connection("Azure Data Lake Gen2", url=LAKE), {"path": "aep/web/"}, "lake@acme"),
    "data-landing-zone": (connection("Data Landing Zone"), {"path": "aep/web"}, "dlz-destination"),
    "google-cloud-storage": (connection("Google Cloud Storage"), {"bucketName": "g", "path": "aep/web"}, "g"),
    "sftp": (connection("SFTP", domain="Files.example"), {"remotePath": "/aep/web"}, "files.example_22"),
}


@pytest.mark.parametrize("type", CASES)
def test_each_type_has_a_folder_of_its_own(type: str, tmp_path: Path) -> None:
    base, params, room = CASES[type]
    target = {"connectionSpec": base["connectionSpec"], "params": params}

    assert routing.local_root(base, target, {}, tmp_path) == tmp_path / type / room
    assert routing.target_folder(target) == "aep/web"
    assert isinstance(routing.open_sink(base, target, {}, tmp_path), LocalSink)


def test_every_card_has_a_type_and_every_type_its_options() -> None:
    assert {card.storage for card in specs.DESTINATIONS} == set(OPTIONS) == set(CASES)


def test_what_is_put_stands_in_the_folder(tmp_path: Path) -> None:
    base, params, _ = CASES["sftp"]
    source = tmp_path / "source"
    source.write_bytes(b"rows")
    target = {"connectionSpec": base["connectionSpec"], "params": params}
    sink = routing.open_sink(base, target, {}, tmp_path / "root")
    sink.put(f"{routing.target_folder(target)}/x", source)

    assert (tmp_path / "root/sftp/files.example_22/aep/web/x").read_bytes() == b"rows"


def test_without_a_root_nothing_is_kept() -> None:
    base, params, _ = CASES["amazon-s3"]

    assert isinstance(routing.open_sink(base, {"params": params}, {}, None), NullSink)
    assert routing.local_root(base, {"params": params}, {}, None) is None


def test_a_type_with_an_endpoint_has_no_folder(tmp_path: Path) -> None:
    base, params, _ = CASES["amazon-s3"]
    settings = {"endpoints": {"amazon-s3": {"url": "http://127.0.0.1:9000"}}}

    assert routing.local_root(base, {"params": params}, settings, tmp_path) is None
    assert isinstance(routing.open_sink(base, {"params": params}, settings, tmp_path), ObjectSink)


def test_a_storage_elsewhere_is_not_opened_unless_allowed(tmp_path: Path) -> None:
    base, params, _ = CASES["amazon-s3"]
    settings = {"endpoints": {"amazon-s3": {"url": "https://storage.example"}}}
    with pytest.raises(StorageRefused) as refused:
        routing.open_sink(base, {"params": params}, settings, tmp_path)

    assert refused.value.code == "not-allowed"


def test_settings_that_are_wrong_fail_the_run_and_not_the_emulator(tmp_path: Path) -> None:
    base, params, _ = CASES["amazon-s3"]
    with pytest.raises(StorageRefused, match="url is required"):
        routing.open_sink(base, {"params": params}, {"endpoints": {"amazon-s3": {}}}, tmp_path)


def test_the_port_of_an_account_tells_servers_apart(tmp_path: Path) -> None:
    base = connection("SFTP", domain="files.example", port="2222")
    root = routing.local_root(base, {"params": {"remotePath": "x"}}, {}, tmp_path)

    assert root == tmp_path / "sftp/files.example_2222"


@given(TEXT, TEXT)
def test_a_folder_name_is_one_safe_name_and_tells_texts_apart(one: str, other: str) -> None:
    name = routing.folder_name(one)

    assert re.fullmatch(r"[A-Za-z0-9_.~@%-]+", name)
    assert name not in (".", "..")
    assert (name == routing.folder_name(other)) is (one == other)


@given(TEXT)
def test_a_lake_with_any_address_stays_below_its_type(url: str) -> None:
    root = Path("/root")
    found = routing.local_root(connection("Azure Data Lake Gen2", url=url), {"params": {"path": ""}}, {}, root)

    assert found is not None
    assert found.parent == root / "azure-data-lake"


def test_every_word_in_the_source_has_a_meaning() -> None:
    texts = [path.read_text() for path in Path(exportctl.emulator.__file__).parent.rglob("*.py")]
    used = {word for text in texts for word in re.findall(r'StorageRefused\(\s*"([a-z-]+)"', text)}

    assert {"denied", "extra-missing"} <= used <= set(MEANINGS)
