"""`exportctl verify --deep` on real storages, with keys of its own: what arrived is complete, what broke is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.real.deliveries import RealSandbox, export_time
from tests.real.expected_exports import EXPECTED_EXPORTS, ExpectedExport
from tests.real.readers import ListedFile, Rclone
from tests.real.storages import Storages

UNVERIFIED = 9  # exit code
MAY_WRITE = {"s3": "weed-admin", "gcs": "weed-admin", "landing": "blobacct"}  # for remotes that only read
EACH = pytest.mark.parametrize("expected", EXPECTED_EXPORTS, ids=lambda expected: expected.export)


def run_verify(made: RealSandbox, storages: Storages, *words: str, code: int = 0) -> Any:
    """What `verify --deep` finds in the whole three days."""
    words = ("verify", "--deep", "--since", "3 days", "--format", "json", *words)
    return json.loads(made.run(*words, code=code, env=storages.reader_env()))["result"]


def failing_verdicts(found: Any) -> list[Any]:
    return [one for export in found["exports"] for one in export["verdicts"] if one["failing"]]


@contextmanager
def break_part(rclone: Rclone, expected: ExpectedExport, folder: Path, keep: float) -> Iterator[ListedFile]:
    """The first part of the newest run, cut to a share of its bytes or gone; whole again afterwards."""
    files = [file for file in rclone.list_files(expected.location) if "/part-" in file.path]
    newest = max(file.path.split("/")[1] for file in files)
    file = next(file for file in files if file.path.split("/")[1] == newest)
    remote, _, path = f"{expected.location}/{file.path}".partition(":")
    place = f"{MAY_WRITE.get(remote, remote)}:{path}"
    whole = (rclone.copy_to(place, folder) / Path(file.path).name).read_bytes()
    if keep:
        rclone.write_file(place, whole[: int(len(whole) * keep)])
    else:
        rclone.delete_file(place)
    try:
        yield file
    finally:
        rclone.write_file(place, whole)


def test_what_arrived_is_complete_down_to_its_contents(delivered: RealSandbox, storages: Storages) -> None:
    found = run_verify(delivered, storages)
    assert {address for address, _ in _verdicts(found)} == {export["address"] for export in found["exports"]}
    assert {one["result"] for _, one in _verdicts(found)} == {"COMPLETE", "EMPTY"}
    assert {one["evidence"] for _, one in _verdicts(found) if one["result"] == "COMPLETE"} == {"content"}
    assert not [export["storage"] for export in found["exports"] if export["storage"].startswith("runs only")]


def _verdicts(found: Any) -> list[tuple[str, Any]]:
    return [(export["address"], one) for export in found["exports"] for one in export["verdicts"]]


@EACH
def test_a_file_that_is_gone_is_found(
    expected: ExpectedExport, delivered: RealSandbox, storages: Storages, rclone: Rclone, tmp_path: Path
) -> None:
    with break_part(rclone, expected, tmp_path, keep=0) as file:
        found = run_verify(delivered, storages, "--target", f"exports.{expected.export}", code=UNVERIFIED)
    [verdict] = failing_verdicts(found)
    assert verdict["result"] == "FILES-MISSING"
    dataset, time, _ = file.path.split("/")
    assert (verdict["dataset_id"], export_time(verdict["due"])) == (dataset, time)
    assert not expected.manifest or [one for one in verdict["objects"] if one.endswith(file.path)]


@EACH
def test_a_file_that_was_cut_is_named(
    expected: ExpectedExport, delivered: RealSandbox, storages: Storages, rclone: Rclone, tmp_path: Path
) -> None:
    with break_part(rclone, expected, tmp_path, keep=0.5) as file:
        found = run_verify(delivered, storages, "--target", f"exports.{expected.export}", code=UNVERIFIED)
    [verdict] = failing_verdicts(found)
    assert verdict["result"] == "MISMATCH"
    assert [one for one in verdict["objects"] if one.endswith(file.path)]
