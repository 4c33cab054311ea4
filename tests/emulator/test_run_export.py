"""What a run writes: names, folders, manifests, and nothing at all when the storage refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exportctl.emulator import Emulator, SeedDataset, Switches
from exportctl.emulator.data import rows
from tests.emulator.emulator_api import Api
from tests.emulator.export_runs import (
    CLICKS,
    DAY,
    HOUR,
    NDJSON,
    ORDERS,
    RETURNS,
    START,
    Exports,
    Json,
    errors,
    exports,
    status,
)

PART = re.compile(
    r"part-\d{5}-tid-\d+-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}-\d+-\d-c000\."
    r"(json\.gz|json|parquet|gz\.parquet)"
)
FORMS = {
    ("PARQUET", "GZIP"): "gz.parquet",
    ("PARQUET", "NONE"): "parquet",
    ("JSON", "GZIP"): "json.gz",
    ("JSON", "NONE"): "json",
}
FOLDER = "exportTime=202601010100"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Exports]:
    with exports(tmp_path / "storage") as found:
        yield found


def only_run(made: Exports, flow: str) -> Json:
    (run,) = made.runs(flow)
    return run


@pytest.mark.parametrize(("form", "extension"), FORMS.items(), ids=FORMS.values())
def test_names_have_the_shape_of_the_samples_and_none_comes_twice(
    made: Exports, form: tuple[str, str], extension: str
) -> None:
    type, compression = form
    flow = made.flow(ORDERS, CLICKS, params={"datasetFileType": type, "compression": compression}, interval=3)
    for _ in range(3):
        made.ingest(4), made.ingest(4, CLICKS)
        made.emulator.advance(3 * HOUR)

    names = [path.name for path in made.files()]

    assert len(names) == len(set(names)) == 3 * 2
    assert all(PART.fullmatch(name) and name.endswith(f"c000.{extension}") for name in names), names
    assert [status(run) for run in made.runs(flow)] == ["success"] * 3


def test_the_default_folder_is_the_dataset_and_the_time(made: Exports) -> None:
    target = made.api.target(params=NDJSON)
    body = made.api.flow_body(made.api.source(ORDERS), target)
    del body["scheduleParams"]["foldernameTemplate"]
    made.api.create("flows", body)
    made.ingest(3)

    made.emulator.advance(HOUR)

    assert {path.parent.relative_to(made.bucket).as_posix() for path in made.files()} == {f"aep/{ORDERS}/{FOLDER}"}


def test_macros_stand_for_what_the_run_is_of(made: Exports) -> None:
    template = (
        "%DESTINATION%/%DATASET_NAME%/%DESTINATION_INSTANCE_NAME%/%DESTINATION_INSTANCE_ID%/"
        "%SANDBOX_NAME%-%ORGANIZATION_NAME%/%DATETIME(yyyyMMdd_HHmmss)%"
    )
    flow = made.flow(foldernameTemplate=template)
    made.ingest(1)

    made.emulator.advance(HOUR)

    (path,) = made.files()
    organization = made.emulator.organization.partition("@")[0]
    folder = f"aep/target/Orders/flow/{flow}/dev-{organization}/20260101_010000"
    assert path.parent.relative_to(made.bucket).as_posix() == folder


@pytest.mark.parametrize(
    ("count", "per_file", "sizes"),
    [(1, 100, [1]), (2, 100, [2]), (100, 100, [100]), (5, 4, [2, 3]), (10, 3, [2, 3, 2, 3])],
)
def test_only_more_rows_than_fit_one_file_are_spread_over_several(
    made: Exports, count: int, per_file: int, sizes: list[int]
) -> None:
    with made.emulator.store.transaction():
        made.emulator.store.set_setting("rows_per_file", per_file)
    flow = made.flow(params={"compression": "NONE"})
    made.ingest(count)

    made.emulator.advance(HOUR)

    assert [len(path.read_text().splitlines()) for path in made.files()] == sizes
    assert [path.name[:10] for path in made.files()] == [f"part-0000{number}" for number in range(len(sizes))]
    metrics = only_run(made, flow)["metrics"]
    assert metrics["fileSummary"]["outputFileCount"] == len(sizes)
    assert metrics["sizeSummary"]["outputBytes"] == sum(path.stat().st_size for path in made.files())
    assert metrics["recordSummary"]["outputRecordCount"] == count


@pytest.mark.parametrize(("count", "files"), [(50_000, 1), (50_001, 2)])
def test_fifty_thousand_rows_of_a_dataset_are_exactly_one_file(made: Exports, count: int, files: int) -> None:
    made.flow()
    made.ingest(count)

    made.emulator.advance(HOUR)

    assert len(made.files()) == files


@pytest.mark.parametrize("last", [True, False])
def test_the_manifest_of_a_folder_lists_its_files_and_their_sizes(made: Exports, last: bool) -> None:
    made.emulator.switches = Switches(manifest_last=last)
    flow = made.flow(ORDERS, CLICKS, params={"includeFileManifest": True})
    made.ingest(5), made.ingest(3, CLICKS)

    made.emulator.advance(HOUR)

    run = only_run(made, flow)
    manifests = made.files("manifest-*")
    assert [path.relative_to(made.bucket).as_posix() for path in manifests] == [
        f"aep/{dataset}/{FOLDER}/manifest-{flow}-{run['id']}.json" for dataset in (ORDERS, CLICKS)
    ]
    for path in manifests:
        files = sorted(path.parent.glob("part-*"))
        sink = "/" + path.parent.relative_to(made.bucket).as_posix()
        assert json.loads(path.read_text()) == {
            "flowRunId": run["id"],
            "scheduledTime": "2026-01-01T01:00:00Z",
            "exportResults": [{"sinkPath": sink, "name": f.name, "size": f.stat().st_size} for f in files],
        }
        written = [f.stat().st_mtime_ns for f in files]
        assert (path.stat().st_mtime_ns >= max(written)) if last else (path.stat().st_mtime_ns <= min(written))
    assert run["metrics"]["fileSummary"]["outputFileCount"] == len(made.files())


def test_one_manifest_in_the_path_lists_all_files(made: Exports) -> None:
    made.emulator.switches = Switches(manifest_location="path")
    flow = made.flow(ORDERS, CLICKS, params={"includeFileManifest": True})
    made.ingest(5), made.ingest(3, CLICKS)

    made.emulator.advance(HOUR)

    (path,) = made.files("manifest-*")
    body = json.loads(path.read_text())
    assert path.relative_to(made.bucket).as_posix() == f"aep/manifest-{flow}-{only_run(made, flow)['id']}.json"
    listed = {f"{one['sinkPath']}/{one['name']}": one["size"] for one in body["exportResults"]}
    assert listed == {f"/{f.relative_to(made.bucket).as_posix()}": f.stat().st_size for f in made.files()}


@pytest.mark.parametrize("wanted", [False, None])
def test_without_the_option_there_is_no_manifest(made: Exports, wanted: bool | None) -> None:
    made.flow(params={} if wanted is None else {"includeFileManifest": wanted})
    made.ingest(3)

    made.emulator.advance(HOUR)

    assert (len(made.files()), made.files("manifest-*")) == (1, [])


# -- runs without rows ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS, ids=FORMS.values())
@pytest.mark.parametrize("manifest", [True, False])
@pytest.mark.parametrize("empty_manifest", [True, False])
@pytest.mark.parametrize("empty_run", ["nothing", "folder", "file"])
def test_a_run_without_rows_writes_what_the_switches_say(
    made: Exports, empty_run: str, empty_manifest: bool, manifest: bool, form: tuple[str, str]
) -> None:
    made.emulator.switches = Switches(empty_run=empty_run, empty_manifest=empty_manifest)
    params = {"includeFileManifest": manifest, "datasetFileType": form[0], "compression": form[1]}
    flow = made.flow(params=params)

    made.emulator.advance(HOUR)

    run = only_run(made, flow)
    written = {path.rpartition("/")[2].partition("-")[0] for path in made.all_paths()}
    expected = {"file": {"part"}, "folder": {FOLDER}, "nothing": set()}[empty_run]
    if manifest and (empty_manifest or empty_run == "file"):
        expected = {"manifest", "part"} if empty_run == "file" else {"manifest"}
    assert status(run) == "success", errors(run)
    assert written == expected
    assert run["metrics"]["recordSummary"]["outputRecordCount"] == 0
    assert run["metrics"]["fileSummary"]["outputFileCount"] == len(made.files())
    for path in made.files("manifest-*"):
        assert [one["name"] for one in json.loads(path.read_text())["exportResults"]] == [f.name for f in made.files()]


def test_an_empty_run_at_the_root_of_a_bucket_succeeds(made: Exports) -> None:
    made.emulator.switches = Switches(empty_run="folder")
    flow = made.flow(params={"path": "/"}, foldernameTemplate="/")

    made.emulator.advance(HOUR)

    run = only_run(made, flow)
    assert (status(run), errors(run), made.all_paths()) == ("success", [], [])


def test_files_may_stand_at_the_root_of_a_bucket(made: Exports) -> None:
    made.flow(ORDERS, RETURNS, params={"path": "/", "includeFileManifest": True}, foldernameTemplate="/")
    made.ingest(2), made.ingest(2, RETURNS)

    made.emulator.advance(HOUR)

    assert len(made.files()) == 2
    (manifest,) = made.files("manifest-*")
    assert {path.parent for path in made.files("*")} == {made.bucket}
    assert {one["sinkPath"] for one in json.loads(manifest.read_text())["exportResults"]} == {"/"}


def test_of_two_datasets_the_one_without_rows_writes_nothing(made: Exports) -> None:
    flow = made.flow(ORDERS, CLICKS, params={"includeFileManifest": True})
    made.ingest(3)

    made.emulator.advance(HOUR)

    assert {path.parent.parent.name for path in made.files("*")} == {ORDERS}
    assert status(only_run(made, flow)) == "success"


# -- what fails -------------------------------------------------------------------------------------------------------


def block_folder(made: Exports, dataset: str) -> Path:
    """A file where the folder of a dataset should come."""
    place = made.bucket / "aep" / dataset
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("in the way")
    return place


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("manifest_location", ["folder", "path"])
def test_a_storage_that_refuses_in_the_middle_is_left_as_it_was(
    made: Exports, last: bool, manifest_location: str
) -> None:
    made.emulator.switches = Switches(manifest_last=last, manifest_location=manifest_location)
    flow = made.flow(ORDERS, CLICKS, params={"includeFileManifest": True})
    made.ingest(4), made.ingest(4, CLICKS)
    place = block_folder(made, CLICKS)

    made.emulator.advance(HOUR)

    run = only_run(made, flow)
    assert status(run) == "failed"
    assert made.files("*") == [place]
    first, second = run["metrics"]["statusSummary"]["errors"]
    assert (first["code"], first["message"]) == ("ACTIVATION_BATCH-0000-FAILED", "Job aborted.")
    assert re.fullmatch(r"CONNECTOR-\d{4}-\d{3}", second["code"])
    assert CLICKS in second["message"]
    assert str(made.bucket) not in second["message"]
    counts = run["metrics"]["recordSummary"]
    read, failed, written = (counts[f"{what}RecordCount"] for what in ("input", "failed", "output"))
    assert (read, failed, written) == (8, 8, 0)
    assert run["metrics"]["fileSummary"]["outputFileCount"] == run["metrics"]["sizeSummary"]["outputBytes"] == 0


def test_what_a_failed_run_did_not_export_comes_with_the_next(made: Exports) -> None:
    flow = made.flow(ORDERS, CLICKS)
    made.ingest(4), made.ingest(4, CLICKS)
    place = block_folder(made, CLICKS)
    made.emulator.advance(HOUR)
    place.unlink()
    made.ingest(2)

    made.emulator.advance(6 * HOUR)

    assert [status(run) for run in made.runs(flow)] == ["failed", "success"]
    assert set(made.row_counts().values()) == {1}
    assert made.row_counts().total() == 10


def test_one_run_for_each_dataset_fails_by_itself(made: Exports) -> None:
    made.emulator.switches = Switches(run_scope="dataset")
    flow = made.flow(ORDERS, CLICKS)
    made.ingest(4), made.ingest(4, CLICKS)
    place = block_folder(made, CLICKS)
    made.emulator.advance(HOUR)
    place.unlink()

    made.emulator.advance(6 * HOUR)

    assert sorted(status(run) for run in made.runs(flow)) == ["failed", "success", "success", "success"]
    assert (made.row_counts().total(), set(made.row_counts().values())) == (8, {1})


@pytest.mark.parametrize(
    ("dataset", "form", "count", "expected"),
    [
        (ORDERS, ("PARQUET", "NONE"), rows.row_count([rows.Batch(0, 1_000_001, 0)]), "failed"),
        (ORDERS, ("PARQUET", "NONE"), 3, "success"),
    ],
)
def test_a_first_full_export_of_records_in_plain_parquet_has_a_limit(
    made: Exports, dataset: str, form: tuple[str, ...], count: int, expected: str
) -> None:
    flow = made.flow(dataset, params={"datasetFileType": form[0], "compression": form[1]})
    made.ingest(count, dataset)

    made.emulator.advance(HOUR)

    run = only_run(made, flow)
    assert status(run) == expected
    if expected == "failed":
        assert "uncompressed Parquet" in errors(run)[1]
        assert made.all_paths() == []


def test_later_exports_in_plain_parquet_have_no_limit(made: Exports) -> None:
    """Nothing is written: the storage refuses before the first file, so it is not the limit that stops the run."""
    flow = made.flow(params={"datasetFileType": "PARQUET", "compression": "NONE"}, interval=3)
    made.ingest(3)
    made.emulator.advance(HOUR)
    with made.emulator.store.transaction():
        endpoint = {"url": "https://storage.example"}
        made.emulator.store.set_setting("storage", {"endpoints": {"amazon-s3": endpoint}})
    made.ingest(1_000_001)

    made.emulator.advance(3 * HOUR)

    first, second = made.runs(flow)
    assert (status(first), status(second)) == ("success", "failed")
    assert "storage.example is not on this machine" in errors(second)[1]


def test_a_dataset_that_is_not_there_fails_the_run_and_says_which(made: Exports) -> None:
    flow = made.flow(ORDERS, "f" * 24)
    made.ingest(3)

    made.emulator.advance(HOUR)

    run = only_run(made, flow)
    assert (status(run), made.all_paths()) == ("failed", [])
    assert f"dataset {'f' * 24} does not exist" in errors(run)[1]


def test_a_dataset_that_went_fails_and_its_return_makes_up_for_it(made: Exports) -> None:
    flow = made.flow()
    made.ingest(3)
    store = made.emulator.store
    kept = store.get("datasets", ORDERS)
    assert kept is not None
    with store.transaction():
        store.remove("datasets", ORDERS)
    made.emulator.advance(HOUR)
    with store.transaction():
        store.put(kept)

    made.emulator.advance(6 * HOUR)

    assert [status(run) for run in made.runs(flow)] == ["failed", "success"]
    assert made.row_counts().total() == 3


def test_plain_json_that_was_let_in_is_written_plain(made: Exports) -> None:
    made.flow(params={"datasetFileType": "JSON", "compression": "NONE"})
    made.ingest(3)

    made.emulator.advance(HOUR)

    assert [len(path.read_text().splitlines()) for path in made.files("*.json")] == [3]


# -- where ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["org.sqlite", "org"])
def test_a_store_in_a_file_has_its_storage_beside_it(tmp_path: Path, connect: Callable[..., Api], name: str) -> None:
    emulator = Emulator(tmp_path / name, clock="manual")
    emulator.seed(["dev"], {"dev": [SeedDataset("Orders", ORDERS, rows=3)]})
    api = connect(emulator)
    target = api.target()
    flow = api.create("flows", api.flow_body(api.source(ORDERS), target))

    emulator.advance(HOUR)

    (run,) = api.get("/runs", property=f"flowId=={flow}").json()["items"]
    folder = emulator.folder_of(target)
    assert folder is not None and emulator.root is not None
    assert (status(run), len(list(folder.rglob("part-*")))) == ("success", 1)
    assert emulator.root.parent == tmp_path
    assert emulator.folder_of("unknown") is None
    emulator.close()


def test_an_emulator_in_memory_counts_and_keeps_nothing() -> None:
    with exports(None) as made:
        flow = made.flow()
        made.ingest(7)

        made.emulator.advance(DAY)

        counts = [run["metrics"]["recordSummary"]["outputRecordCount"] for run in made.runs(flow)]
        assert counts == [7, 0, 0, 0]
        assert made.emulator.folder_of(made.emulator.snapshot("dev")["targetConnections"][0]["id"]) is None


def test_seeding_a_dataset_again_brings_no_rows(tmp_path: Path) -> None:
    with exports(tmp_path) as made:
        for _ in range(2):
            made.emulator.seed(datasets={"dev": [SeedDataset("New", "e" * 24, rows=5)]})

        assert [batch.count for batch in made.emulator.batches("dev", "New")] == [5]
        assert made.emulator.batches("dev", "New")[0].at == START
