"""`exportctl restore` from real storages: the files are streamed, every row comes back, and a broken file is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.backup_faults.bucket import changed
from tests.real.readers import Rclone
from tests.real.storages import Storages
from tests.real.test_backup_faults import CHAINS, RealChains, real_chains

RUNS, MIDDLE = 4, 1


@pytest.fixture(scope="module")
def chains(storages: Storages, rclone: Rclone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealChains]:
    yield from real_chains(storages, rclone, tmp_path_factory.mktemp("restores"), RUNS)


def check(chains: RealChains, destination: str, code: int = 0) -> Any:
    words = ("restore", "check", destination, "--format", "json")
    (found,) = json.loads(chains.world.run(*words, code=code, env=chains.env))["result"]["checks"]
    return found


@pytest.mark.parametrize("destination", CHAINS)
def test_every_row_comes_back_and_a_broken_file_is_named(chains: RealChains, destination: str, tmp_path: Path) -> None:
    location = chains.location(destination)
    found = check(chains, destination)
    assert (found["state"], found["runs"], found["failures"]) == ("WHOLE", RUNS, [])
    assert found["files"] == len([path for path in location.paths if "/part-" in path])
    assert found["rows"] == chains.chain(destination, deep=True)["rows"]

    chains.world.run("restore", "write", destination, "--to", str(tmp_path / "table"), env=chains.env)
    ((rows,),) = duckdb.sql(f"SELECT count(*) FROM '{tmp_path}/table/*/*.parquet'").fetchall()
    assert rows == found["restored"]

    with changed(location):
        path = location.part(MIDDLE)
        location.write(path, bytes(len(location.read(path))))
        failures = check(chains, destination, code=9)["failures"]
    assert any(path in failure for failure in failures)


@pytest.mark.parametrize("destination", ["lake", "gen2", "analytics"])
def test_the_sql_names_the_files_where_they_are(chains: RealChains, destination: str) -> None:
    printed = chains.world.run("restore", "sql", destination, "--engine", "snowflake", env=chains.env)
    parts = [path for path in chains.location(destination).paths if "/part-" in path]
    assert all(path in printed for path in parts)
    assert any(scheme in printed for scheme in ("'s3://acme-exports/'", "'azure://", "'gcs://acme-analytics/'"))


@pytest.mark.parametrize("destination", ["blob", "shared"])
def test_no_sql_names_a_blob_storage_that_is_not_azures_own(chains: RealChains, destination: str) -> None:
    """Azurite has an address of its own, which no warehouse reads."""
    words = ("restore", "sql", destination, "--engine", "snowflake")
    assert chains.world.run(*words, code=1, env=chains.env) == ""
