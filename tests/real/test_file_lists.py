"""Lists of the files of backups on real storages: equal bytes, a URI for each, and what an ETag shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import pytest

from tests.backup_faults.bucket import Location, changed
from tests.real.readers import Rclone
from tests.real.storages import Storages
from tests.real.test_backup_faults import CHAINS, RealChains, real_chains

RUNS, MIDDLE = 4, 1
WITHOUT_ETAG = ("partner", "warehouse")
ROOTS: Mapping[str, str] = {  # how the URIs of a destination begin; {blobs} is azurite
    "lake": "s3://acme-exports",
    "lake-by-role": "s3://acme-exports",
    "blob": "{blobs}/blobacct/exports",
    "gen2": "abfss://raw@lakeacct.dfs.core.windows.net",
    "shared": "{blobs}/blobacct/dlz-destination",
    "analytics": "gs://acme-analytics",
    "partner": "sftp://127.0.0.1:{partner}/~",
    "warehouse": "sftp://127.0.0.1:{warehouse}/~",
}


@pytest.fixture(scope="module")
def chains(storages: Storages, rclone: Rclone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealChains]:
    yield from real_chains(storages, rclone, tmp_path_factory.mktemp("lists"), RUNS)


def write_list(chains: RealChains, destination: str, name: str) -> bytes:
    chains.world.run("backup", "manifest", destination, "-o", name, env=chains.env)
    return (chains.world.run.folder / name).read_bytes()


def compare(chains: RealChains, destination: str, *words: str, code: int) -> Any:
    against = ("backup", "check", "--target", f"exports.{destination}", "--against", "l.json", "--format", "json")
    (found,) = json.loads(chains.world.run(*against, *words, code=code, env=chains.env))["result"]["lists"]
    return found


@pytest.mark.parametrize("destination", CHAINS)
def test_a_list_is_exact_and_what_is_done_to_a_file_in_the_middle_is_named(
    chains: RealChains, destination: str, storages: Storages
) -> None:
    location, has_etag = chains.location(destination), destination not in WITHOUT_ETAG
    ports = {"partner": storages.partner.port, "warehouse": storages.warehouse.port}
    root = ROOTS[destination].format(blobs=storages.blobs.url("").rstrip("/"), **ports)

    content = write_list(chains, destination, "l.json")
    assert write_list(chains, destination, "again.json") == content
    assert write_list(chains, destination, "l.parquet") == write_list(chains, destination, "again.parquet")
    (chain,) = json.loads(content)["chains"]
    files = [file for run in chain["runs"] for file in run["files"]]
    assert [run["due"] for run in chain["runs"]] == chains.runs
    assert sorted(file["path"] for file in files) == [path for path in location.paths if "/part-" in path]
    assert {unquote(file["uri"]) == f"{root}/{file['path']}" for file in files} == {True}
    assert {file["etag"] is not None for file in files} == {has_etag}
    clean = compare(chains, destination, code=0)
    assert (clean["by_etag"], clean["by_size"]) == ((len(files), 0) if has_etag else (0, len(files)))

    check_fault(chains, destination, location, "DELETED", location.delete)
    check_fault(chains, destination, location, "SIZE", lambda path: location.write(path, location.read(path)[:-9]))
    check_equal_size(chains, destination, location, has_etag=has_etag)


def check_fault(chains: RealChains, destination: str, location: Location, kind: str, plant: Any) -> None:
    write_list(chains, destination, "l.json")  # an undone change is written again: a new ETag in some storages
    with changed(location):
        path = location.part(MIDDLE)
        plant(path)
        (fault,) = compare(chains, destination, code=9)["faults"]
    assert (fault["kind"], fault["path"], fault["due"]) == (kind, path, chains.runs[MIDDLE])
    assert fault["after"] == chains.runs[MIDDLE - 1]


def check_equal_size(chains: RealChains, destination: str, location: Location, *, has_etag: bool) -> None:
    def replace_bytes(path: str) -> None:
        content = location.read(path)
        location.write(path, content[:-8] + bytes(8))

    if has_etag:
        check_fault(chains, destination, location, "WRITTEN-AGAIN", replace_bytes)
        return
    write_list(chains, destination, "l.json")
    with changed(location):
        replace_bytes(location.part(MIDDLE))
        assert compare(chains, destination, code=0)["faults"] == []
        (fault,) = compare(chains, destination, "--deep", code=9)["faults"]
    assert fault["kind"] == "DAMAGED"


def test_no_list_holds_a_credential(chains: RealChains, storages: Storages) -> None:
    for destination in CHAINS:
        text = write_list(chains, destination, "l.json").decode()
        assert not [name for name, value in storages.env().items() if len(value) > 7 and value in text], destination
