"""
One config with all eight ways to authenticate runs for three days against real storages; then programs that are not
ours read what arrived. `exports.yaml` is the config, `expected_exports.py` what it must come to.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from exportctl.emulator.data.rows import EVENT, RECORD, Batch
from tests.emulator.export_runs import exported_row
from tests.real import readers
from tests.real.deliveries import RealSandbox, export_time
from tests.real.expected_exports import EXPECTED_EXPORTS, WEB, ExpectedExport
from tests.real.readers import ListedFile, Rclone

PART = re.compile(r"part-\d{5}-tid-\d+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d+-1-c000\.(?P<extension>[a-z.]+)")
MANIFEST = re.compile(r"manifest-(?P<flow>[0-9a-f-]{36})-(?P<run>[0-9a-f-]{36})\.json")


@dataclass(frozen=True)
class Arrival:
    """What rclone sees of an export, and a copy of it. The first folder of a path is the dataset's id."""

    expected: ExpectedExport
    world: RealSandbox
    ids: Mapping[str, str]
    listed: tuple[ListedFile, ...]
    folder: Path

    def parts(self, dataset: str, time: str = "") -> list[ListedFile]:
        start = f"{self.ids[dataset]}/{time}"
        return [file for file in self.listed if file.path.startswith(start) and PART.search(file.path)]

    def times(self, dataset: str) -> list[str]:
        return sorted({file.path.split("/")[1] for file in self.parts(dataset)})

    def numbers(self, dataset: str, time: str) -> list[int]:
        """The numbers of the rows in the files of one run; every one must be of this dataset."""
        found = readers.ids(self.folder / self.ids[dataset] / time, f"*.{self.expected.extension}")
        assert all(id.startswith(f"{self.ids[dataset]}-") for id in found)
        return sorted(int(id.rpartition("-")[2]) for id in found)

    def manifests(self) -> list[tuple[str, dict[str, object]]]:
        paths = [file.path for file in self.listed if MANIFEST.search(file.path)]
        return [(path, json.loads((self.folder / path).read_text(encoding="utf-8"))) for path in paths]


@pytest.fixture(scope="module", params=EXPECTED_EXPORTS, ids=lambda expected: expected.export)
def arrival(
    request: pytest.FixtureRequest, delivered: RealSandbox, rclone: Rclone, tmp_path_factory: pytest.TempPathFactory
) -> Arrival:
    expected: ExpectedExport = request.param
    folder = rclone.copy_to(expected.location, tmp_path_factory.mktemp(expected.export))
    return Arrival(expected, delivered, delivered.datasets(), tuple(rclone.list_files(expected.location)), folder)


def test_every_row_arrives_exactly_once(arrival: Arrival) -> None:
    for dataset in arrival.expected.datasets:
        arrived = sorted(n for time in arrival.times(dataset) for n in arrival.numbers(dataset, time))
        assert arrival.world.ledger.rows_between(dataset, 0, arrival.expected.ticks[-1]) == arrived


def test_the_first_run_is_full_and_each_later_one_holds_what_came_since(arrival: Arrival) -> None:
    for dataset in arrival.expected.datasets:
        expected = arrival.world.ledger.increments(dataset, arrival.expected.ticks)
        assert expected == {time: arrival.numbers(dataset, time) for time in arrival.times(dataset)}


def test_there_is_nothing_but_parts_and_manifests_at_documented_paths(arrival: Arrival) -> None:
    times = {export_time(tick) for tick in arrival.expected.ticks}
    datasets = {arrival.ids[dataset] for dataset in arrival.expected.datasets}
    for file in arrival.listed:
        dataset, time, name = file.path.split("/")
        part = PART.fullmatch(name)
        assert dataset in datasets and time in times
        assert part["extension"] == arrival.expected.extension if part else MANIFEST.fullmatch(name)


def test_a_run_of_at_most_50_000_rows_is_one_file(arrival: Arrival) -> None:
    for dataset in arrival.expected.datasets:
        assert {len(arrival.parts(dataset, time)) for time in arrival.times(dataset)} == {1}


def test_a_manifest_lists_the_files_of_its_folder_with_their_sizes(arrival: Arrival) -> None:
    sizes = {file.path: file.size for file in arrival.listed if PART.search(file.path)}
    named: dict[str, object] = {}
    for path, manifest in arrival.manifests():
        results = manifest["exportResults"]
        assert isinstance(results, list)
        for entry in results:
            assert entry["sinkPath"] == f"/{arrival.expected.path}/{path.rpartition('/')[0]}"
            named[f"{path.rpartition('/')[0]}/{entry['name']}"] = entry["size"]
    assert named == (sizes if arrival.expected.manifest else {})


def test_a_manifest_names_the_flow_the_run_and_its_time(arrival: Arrival) -> None:
    runs = {str(run["id"]): run for run in arrival.world.runs()}
    for path, manifest in arrival.manifests():
        named = MANIFEST.search(path)
        assert named and manifest["flowRunId"] == named["run"]
        assert runs[named["run"]]["flowId"] == named["flow"]
        digits = re.sub(r"\D", "", str(manifest["scheduledTime"]))
        assert path.split("/")[1] == f"exportTime={digits[:12]}"


def test_rows_hold_what_the_dataset_holds(arrival: Arrival) -> None:
    for dataset in arrival.expected.datasets:
        id, kind = arrival.ids[dataset], EVENT if dataset == WEB else RECORD
        at, numbers = arrival.world.ledger.entries[dataset][0]
        batch = Batch(numbers.start, len(numbers), at)
        first = arrival.folder / id / arrival.times(dataset)[0]
        rows = readers.content(sorted(first.glob(f"part-*.{arrival.expected.extension}")))
        expected = [exported_row(id, kind, number, batch) for number in (0, 1, 499, 998, 999)]
        assert expected == [rows[str(one["_id"])] for one in expected]


def test_json_is_one_object_a_line(arrival: Arrival) -> None:
    for path in arrival.folder.rglob("part-*.json.gz"):
        lines = gzip.decompress(path.read_bytes()).decode("utf-8").split("\n")
        assert lines.pop() == ""
        assert all(isinstance(json.loads(line), dict) for line in lines)


def test_parquet_is_compressed_as_its_name_says(arrival: Arrival) -> None:
    import pyarrow.parquet

    for path in arrival.folder.rglob("part-*.parquet"):
        group = pyarrow.parquet.ParquetFile(path).metadata.row_group(0)
        found = {group.column(i).compression for i in range(group.num_columns)}
        assert found == {"GZIP" if path.name.endswith(".gz.parquet") else "UNCOMPRESSED"}


@pytest.mark.parametrize("root", ["s3:acme-exports", "gcs:acme-analytics", "blobacct:exports", "lakeacct:raw"])
def test_nothing_lies_outside_the_destinations_folder(delivered: RealSandbox, rclone: Rclone, root: str) -> None:
    assert {file.path.partition("/")[0] for file in rclone.list_files(root)} == {"aep"}
