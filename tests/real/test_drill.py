"""`exportctl backup drill` on real storages: every backup comes back, and nothing of it is left on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.readers import Rclone
from tests.real.storages import Storages
from tests.real.test_backup_faults import CHAINS, RealChains, real_chains

RUNS = 3


@pytest.fixture(scope="module")
def chains(storages: Storages, rclone: Rclone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealChains]:
    yield from real_chains(storages, rclone, tmp_path_factory.mktemp("drills"), RUNS)


def test_every_backup_is_restored_and_a_lost_file_fails_its_own_only(chains: RealChains, tmp_path: Path) -> None:
    words = ("backup", "drill", "--count", "9", "--work", str(tmp_path), "--format", "json")

    whole = json.loads(chains.world.run(*words, env=chains.env))["result"]["datasets"]
    lake = chains.location("lake")
    lake.delete([path for path in lake.paths if "/part-" in path][-1])
    broken = json.loads(chains.world.run(*words, code=9, env=chains.env))["result"]["datasets"]

    assert {one["address"]: one["result"] for one in whole} == {f"exports.{name}": "RESTORED" for name in CHAINS}
    assert all(one["files"] >= RUNS and one["restored"] and one["last_hash"] for one in whole)
    assert [one["address"] for one in broken if one["result"] != "RESTORED"] == ["exports.lake"]
    assert list(tmp_path.iterdir()) == []
