"""Faults in a folder that the emulator wrote: each is named with its window and its file, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from exportctl.model.plan_options import PlanOptions
from exportctl.output.json.backup import render_backup_report
from exportctl.workflows.backup import read_chains
from exportctl.workflows.verify import open_verifier
from tests.backup_faults.bucket import LocalBucket, Location, changed
from tests.backup_faults.faults import STORAGE_FAULTS
from tests.backup_faults.judgement import check_chain
from tests.workflows.orders_sandbox import HOUR, dataset
from tests.workflows.test_read_storage import DeliverySandbox, delivery_sandbox
from tests.workflows.world import SANDBOX, START

RUNS = 10
PREFIX = "key"
STEP = 3 * HOUR


@dataclass(frozen=True)
class LocalChain:
    """A chain in a folder; `runs` are the moments at which its runs were due, each with new rows."""

    scene: DeliverySandbox
    location: Location
    runs: list[int]
    has_manifest: bool

    def chain(self, *, deep: bool) -> Any:
        setup = self.scene.world.setup(env=self.scene.env())
        with open_verifier(setup, PlanOptions(), wall=lambda: START) as verifier:
            report = json.loads(render_backup_report(read_chains(verifier, deep=deep)))["result"]
        (export,) = [one for one in report["exports"] if one["address"] == "exports.orders"]
        return export["chains"][0]


FORMATS: Mapping[str, Mapping[str, Any]] = {
    "parquet, listed": {"type": "parquet", "compression": "gzip", "manifest": True},
    "json": {"type": "json", "compression": "gzip"},
}


@pytest.fixture(scope="module", params=FORMATS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalChain]:
    form, schedule = FORMATS[request.param], {"every": "3 hours", "at": "00:00"}
    with delivery_sandbox(tmp_path_factory.mktemp("chain"), format=form, schedule=schedule) as scene:
        emulator, first = scene.world.emulator, START + HOUR // 2
        runs = [first + -first % STEP + STEP * run for run in range(RUNS)]
        for due in runs:
            emulator.ingest(SANDBOX, "Orders", 20)
            emulator.set_time(due + HOUR)
        location = Location(LocalBucket(scene.bucket), PREFIX, dataset(scene.world, "Orders"))
        yield LocalChain(scene, location, runs, has_manifest=bool(form.get("manifest")))


@pytest.mark.parametrize("name", STORAGE_FAULTS)
def test_a_fault_in_storage_is_named_with_its_window(made: LocalChain, name: str) -> None:
    fault = STORAGE_FAULTS[name]
    if fault.needs_manifest and not made.has_manifest:
        pytest.skip("this export writes no manifests")
    with changed(made.location) as location:
        path = fault.plant(location)

        check_chain(made.chain(deep=fault.deep), fault, made.runs, path, location)
