"""Chains of 200 days: every kind of dataset, both file types, three-hourly and hourly runs, and what is planted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.backup_faults.bucket import LocalBucket, Location, changed
from tests.backup_faults.faults import STORAGE_FAULTS
from tests.backup_faults.judgement import check_chain
from tests.backup_faults.test_local_faults import PREFIX, LocalChain
from tests.workflows.orders_sandbox import DAY, HOUR, dataset
from tests.workflows.test_read_storage import delivery_sandbox
from tests.workflows.world import SANDBOX, START

DAYS = 200
END = {"rolling": "300 days", "renew_before": "30 days"}
PARQUET = {"type": "parquet", "compression": "gzip", "manifest": True}
JSON = {"type": "json", "compression": "gzip"}
KINDS = ("event", "record", "snapshot")


@dataclass(frozen=True)
class LongChain:
    """What a chain is made of; `hours` lie between its runs."""

    kind: str
    hours: int
    format: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.kind}-{self.hours}h-{self.format['type']}"


LONG_CHAINS = [LongChain(kind, hours, form) for kind in KINDS for hours in (3, 1) for form in (PARQUET, JSON)]


@pytest.fixture(scope="module", params=LONG_CHAINS, ids=str)
def long(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalChain]:
    """Let new rows come before each run, and records change."""
    asked: LongChain = request.param
    step = asked.hours * HOUR
    schedule = {"every": "1 hour" if asked.hours == 1 else f"{asked.hours} hours", "at": "00:00"}
    folder = tmp_path_factory.mktemp("long")
    with delivery_sandbox(folder, kind=asked.kind, format=asked.format, schedule=schedule, end=END) as scene:
        emulator, first = scene.world.emulator, START + HOUR // 2
        runs = list(range(first + -first % step, START + DAYS * DAY, step))
        update = 0 if asked.kind == "event" else 1
        for due in runs:
            if asked.kind != "snapshot" or due % DAY == 0:  # its files grow with each row
                emulator.ingest(SANDBOX, "Orders", 2, update=update)
            emulator.set_time(due + HOUR // 2)
        location = Location(LocalBucket(scene.bucket), PREFIX, dataset(scene.world, "Orders"))
        yield LocalChain(scene, location, runs, has_manifest=bool(asked.format.get("manifest")))


@pytest.mark.slow
def test_every_fault_in_200_days_is_named_with_its_window(long: LocalChain) -> None:
    for fault in STORAGE_FAULTS.values():
        if long.has_manifest or not fault.needs_manifest:
            with changed(long.location) as location:
                path = fault.plant(location)
                check_chain(long.chain(deep=fault.deep), fault, long.runs, path, location)
