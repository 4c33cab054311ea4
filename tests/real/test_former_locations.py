"""A chain in two buckets or containers of a real storage: whole, listed, restored, and a lost file named by its URI."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import yaml

from tests.real.deliveries import HOUR, SANDBOX, START
from tests.real.readers import Rclone
from tests.real.storages import Storages
from tests.real.test_backup_faults import CHAINS, FOLDER, RealChains, real_chains

RUNS = 3  # before the change, and after it
FORMER = {  # destination -> the field that names the other storage, its value, what rclone and a URI call its root
    "lake": ("bucket", "acme-analytics", "weed-admin:acme-analytics/", "s3://acme-analytics/"),
    "blob": ("container", "dlz-destination", "blobacct:dlz-destination/", "{blobs}/blobacct/dlz-destination/"),
}


@pytest.fixture(params=FORMER)
def moved(
    request: pytest.FixtureRequest, storages: Storages, rclone: Rclone, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, RealChains]]:
    """Return a chain: its first runs are in another bucket, the later ones at another path of the first one."""
    destination = request.param
    for chains in real_chains(storages, rclone, tmp_path_factory.mktemp("former"), RUNS, [destination]):
        field, name, other, _ = FORMER[destination]
        path, root = f"{FOLDER}/{destination}", CHAINS[destination][2]
        until = START + 3 * HOUR * (RUNS + 1)
        edit_config(chains, destination, path=f"{path}-moved")
        chains.world.run("apply", "--auto-approve")
        with chains.world.emulator() as emulator:
            for number in range(RUNS):
                emulator.ingest(SANDBOX, CHAINS[destination][0], 20)
                emulator.set_time(until + 3 * HOUR * number)
        for file in list(rclone.list_files(f"{root}{path}")):
            rclone.write_file(f"{other}{path}/{file.path}", rclone.read_file(f"{root}{path}/{file.path}"))
        rclone.delete_folder(f"{root}{path}")
        stated = {"until": moment(chains.runs[-1] + 2 * HOUR), "path": path, field: name}
        edit_config(chains, destination, former_locations=[stated])
        yield destination, chains
        rclone.delete_folder(f"{other}{FOLDER}")


def moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def edit_config(chains: RealChains, destination: str, *, path: str | None = None, **export: object) -> None:
    file = chains.world.folder / "exports.yaml"
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    config["destinations"][destination] |= {"path": path} if path else {}
    config["exports"][destination] |= export
    file.write_text(yaml.safe_dump(config), encoding="utf-8")


def test_a_chain_in_two_buckets_is_whole_and_a_lost_file_has_its_uri(
    moved: tuple[str, RealChains], rclone: Rclone, storages: Storages
) -> None:
    destination, chains = moved
    _, _, root, uri = FORMER[destination]
    begin = uri.format(blobs=storages.blobs.url("").rstrip("/"))

    chain = chains.chain(destination, deep=True)
    assert (chain["state"], chain["complete_runs"], chain["gaps"]) == ("WHOLE", 2 * RUNS, [])

    chains.world.run("backup", "manifest", destination, "-o", "l.json", env=chains.env)
    runs = json.loads((chains.world.folder / "l.json").read_text())["chains"][0]["runs"]
    assert [file["uri"].startswith(begin) for run in runs for file in run["files"]] == [True] * RUNS + [False] * RUNS
    against = ("backup", "check", "--target", f"exports.{destination}", "--against", "l.json")
    chains.world.run(*against, env=chains.env)
    restored = json.loads(chains.world.run("restore", "check", destination, "--format", "json", env=chains.env))
    assert restored["result"]["checks"][0]["rows"] == chain["rows"]

    lost = runs[1]["files"][0]
    rclone.delete_file(f"{root}{lost['path']}")

    (gap,) = chains.chain(destination, deep=False)["gaps"]
    assert (gap["state"], gap["first"], gap["objects"]) == ("GAP", chains.runs[1], [lost["uri"]])
    assert lost["uri"].rpartition("/")[2] in chains.world.run(*against, code=9, env=chains.env)
