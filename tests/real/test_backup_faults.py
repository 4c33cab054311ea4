"""`exportctl backup status` on real storages: what is planted into a chain is named, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.backup_faults.bucket import Location, changed
from tests.backup_faults.faults import STORAGE_FAULTS
from tests.backup_faults.judgement import check_chain
from tests.real.deliveries import DAY, HOUR, SANDBOX, START, RealSandbox, real_sandbox, schedule_ticks
from tests.real.readers import Rclone
from tests.real.storages import Storages

ORDERS, WEB = "Orders", "Web Events"
# destination -> dataset, format, what rclone calls the location's root for writing
CHAINS: Mapping[str, tuple[str, str, str]] = {
    "lake": (WEB, "parquet-plain-listed", "weed-admin:acme-exports/"),
    "lake-by-role": (ORDERS, "json", "weed-admin:acme-exports/"),
    "blob": (ORDERS, "json-listed", "blobacct:exports/"),
    "gen2": (WEB, "parquet-listed", "lakeacct:raw/"),
    "shared": (ORDERS, "parquet", "blobacct:dlz-destination/"),
    "analytics": (WEB, "json", "weed-admin:acme-analytics/"),
    "partner": (ORDERS, "json-listed", "partner:"),
    "warehouse": (WEB, "parquet-plain", "warehouse:"),
}
FOLDER = "aep/chains"  # below each root: the identities that write reach only this far
LONG_DAYS = 200
SHORT_RUNS = 10
ON_EACH_STORAGE = (  # the others run on a local folder, and here with the long chains
    "nothing",
    "a file in the middle is deleted",
    "the first full export is deleted",
    "a file is cut short",
    "a file has other bytes of the same number",
    "a file was copied beside itself",
    "a manifest is deleted",
    "a run was moved away",
    "a loader left its marks",
)


@dataclass(frozen=True)
class RcloneBucket:
    """The root of a location, as rclone writes it."""

    rclone: Rclone
    root: str
    path: str

    def list(self) -> list[str]:
        return [f"{self.path}/{file.path}" for file in self.rclone.list_files(f"{self.root}{self.path}")]

    def read(self, path: str) -> bytes:
        return self.rclone.read_file(f"{self.root}{path}")

    def write(self, path: str, content: bytes) -> None:
        self.rclone.write_file(f"{self.root}{path}", content)

    def delete(self, path: str) -> None:
        self.rclone.delete_file(f"{self.root}{path}")


@dataclass(frozen=True)
class RealChains:
    """One export per destination, each with new rows before each of its three-hourly runs."""

    world: RealSandbox
    runs: list[int]
    env: Mapping[str, str]
    rclone: Rclone

    def location(self, destination: str) -> Location:
        dataset, _, root = CHAINS[destination]
        path = f"{FOLDER}/{destination}"
        return Location(RcloneBucket(self.rclone, root, path), path, self.world.datasets()[dataset])

    def chain(self, destination: str, *, deep: bool) -> Any:
        words = ("backup", "status", "--target", f"exports.{destination}", *(["--deep"] if deep else []))
        (export,) = json.loads(self.world.run(*words, "--format", "json", env=self.env))["result"]["exports"]
        return export["chains"][0]


def real_chains(
    storages: Storages, rclone: Rclone, folder: Path, count: int, destinations: Iterable[str] = CHAINS
) -> Iterator[RealChains]:
    """Return the chains, and delete their files afterwards: other tests look at all files below the same roots."""
    config = yaml.safe_load((Path(__file__).parent / "exports.yaml").read_text(encoding="utf-8"))
    config["defaults"] |= {"schedule": "frequent", "end": {"rolling": "300 days", "renew_before": "30 days"}}
    for destination, settings in config["destinations"].items():
        settings["path"] = f"{FOLDER}/{destination}"
    config["exports"] = {
        destination: {"datasets": [dataset], "destination": destination, "format": form}
        for destination, (dataset, form, _) in CHAINS.items()
        if destination in destinations
    }
    datasets = sorted({CHAINS[destination][0] for destination in destinations})
    made = real_sandbox(folder, yaml.safe_dump(config), storages.env(), tuple(datasets))
    storages.set_endpoints(made.run)
    made.run("apply", "--auto-approve")
    runs = schedule_ticks(3 * HOUR, 0, START + 3 * HOUR * count)[:count]
    with made.emulator() as emulator:
        for due in runs:
            for dataset in datasets:
                emulator.ingest(SANDBOX, dataset, 20)
            emulator.set_time(due + HOUR)
    yield RealChains(made, runs, storages.reader_env(), rclone)
    for root in {CHAINS[destination][2] for destination in destinations}:
        rclone.delete_folder(f"{root}{FOLDER}")


@pytest.fixture(scope="module")
def short(storages: Storages, rclone: Rclone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealChains]:
    yield from real_chains(storages, rclone, tmp_path_factory.mktemp("chains"), SHORT_RUNS)


@pytest.fixture(scope="module", params=CHAINS)
def long(
    request: pytest.FixtureRequest, storages: Storages, rclone: Rclone, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, RealChains]]:
    """Return a destination and 200 days of it, 1,600 runs."""
    count = LONG_DAYS * DAY // (3 * HOUR)
    for made in real_chains(storages, rclone, tmp_path_factory.mktemp("long"), count, [request.param]):
        yield request.param, made


def check_faults(chains: RealChains, destination: str, names: Iterable[str]) -> None:
    location = chains.location(destination)
    is_listed = "listed" in CHAINS[destination][1]
    for name in names:
        fault = STORAGE_FAULTS[name]
        if is_listed or not fault.needs_manifest:
            with changed(location):
                path = fault.plant(location)
                check_chain(chains.chain(destination, deep=fault.deep), fault, chains.runs, path, location)


@pytest.mark.parametrize("destination", CHAINS)
def test_a_fault_in_a_real_storage_is_named_with_its_window(short: RealChains, destination: str) -> None:
    check_faults(short, destination, ON_EACH_STORAGE)


@pytest.mark.slow
def test_every_fault_in_200_days_is_named_with_its_window(long: tuple[str, RealChains]) -> None:
    destination, chains = long
    check_faults(chains, destination, STORAGE_FAULTS)
