"""
One export in one moment, built piece by piece: a daily flow of one dataset at 02:00, its runs, and its storage.

Moments are counted in days of 2026-03 and hours: `at(5, 2)` is 2026-03-05 02:00 UTC.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from exportctl.model.plan import Address
from exportctl.monitor.delivery import path_search, stored_files, verdict
from exportctl.monitor.delivery.due_runs import due_runs
from exportctl.monitor.delivery.expectation import DeliveryExpectation
from exportctl.monitor.delivery.folder_layout import FolderLayout, folder_layout
from exportctl.monitor.delivery.report import Verdict
from exportctl.monitor.delivery.stored_files import ExportFiles
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.run import Run, RunError, RunStatus
from exportctl.storage.reader import StoredFile

FLOW = "11111111-2222-4333-8444-555555555555"
WEB, APP = "5ef3e3259ad2a1191ab7dd7d", "65a1b2c3d4e5f60718293a4b"


def timestamp(day: int, hour: int = 0, minute: int = 0) -> int:
    return int(datetime(2026, 3, day, hour, minute, tzinfo=UTC).timestamp())


def run_id(number: int) -> str:
    return f"51111111-2222-4333-8444-{number:012d}"


def export_time(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("exportTime=%Y%m%d%H%M")


def part_name(number: int, extension: str = "gz.parquet") -> str:
    tid = "tid-100000000000000001-61111111-2222-4333-8444-555555555555"
    return f"part-{number:05d}-{tid}-{1000 + number}-1-c000.{extension}"


DAILY = DeliveryExpectation(
    address=Address("exports", "web-to-lake"),
    flow=FLOW,
    title="Web to lake",
    destination_names=("acme web target", "lake (acme)", "Web to lake"),
    sandbox="prod",
    type=TYPES["amazon-s3"],
    destination="lake",
    datasets={WEB: "web"},
    enabled=True,
    every="1 day",
    start=timestamp(1, 2),
    end=timestamp(31),
    created=timestamp(1),
    changed=timestamp(1),
    location_changed=timestamp(1),
    folder_changed=timestamp(1),
    prefix="aep",
    folder="%DATASET_ID%/%EXPORT_TIME%",
    format="parquet",
    compression="gzip",
    manifest=False,
)


def succeeded_run(number: int, started: int, rows: int | None = 100, files: int | None = 2, **more: Any) -> Run:
    """A run that succeeded two minutes after it began."""
    made = Run(run_id(number), FLOW, RunStatus.DONE, started, started + 120, rows, files, 4000)
    return replace(made, **more)


def failed_run(number: int, started: int, message: str = "AccessDenied") -> Run:
    errors = (RunError("ACTIVATION_BATCH-0000-FAILED", "Job aborted."), RunError("", message))
    return Run(run_id(number), FLOW, RunStatus.FAILED, started, started + 60, errors=errors)


@dataclass
class DeliveryState:
    """`objects` maps paths to sizes, `contents` paths to rows or to what is wrong; both are for the test to disturb."""

    expectation: DeliveryExpectation = DAILY
    runs: list[Run] = field(default_factory=list)
    objects: dict[str, int] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)
    contents: dict[str, int | str] = field(default_factory=dict)
    read: bool = True
    since: int = timestamp(1)
    until: int = timestamp(6)
    others: tuple[FolderLayout, ...] = ()
    unreadable: str | None = None

    def put_files(
        self, due: int, rows: int = 100, files: int = 2, dataset: str = WEB, manifest: int | None = None
    ) -> str:
        """Put the files of one run where they belong, listed by run `manifest`; the folder."""
        folder = f"{self.expectation.prefix}/{dataset}/{export_time(due)}"
        entries = []
        for number in range(files):
            path = f"{folder}/{part_name(number)}"
            self.objects[path] = 2000 + number
            self.contents[path] = rows // files + (rows % files if number == 0 else 0)
            entries.append({"sinkPath": f"/{folder}", "name": part_name(number), "size": 2000 + number})
        if manifest is not None:
            self.put_manifest(f"{folder}/manifest-{FLOW}-{run_id(manifest)}.json", manifest, entries)
        return folder

    def put_manifest(self, path: str, number: int, entries: list[dict[str, Any]]) -> None:
        body = {"flowRunId": run_id(number), "scheduledTime": "2026-03-05T02:00:00Z", "exportResults": entries}
        self.manifests[path] = json.dumps(body).encode()
        self.objects[path] = len(self.manifests[path])

    def build_verdicts(
        self, *, since: int = timestamp(5), as_of: int = timestamp(5, 12), deep: bool = False
    ) -> list[Verdict]:
        found = due_runs(self.expectation, self.runs, since, as_of)
        held = self.holdings(deep) if self.read else None
        times: dict[str, Any] = {"as_of": as_of, "since": since, "unreadable": self.unreadable}
        judged = verdict.verdicts(self.expectation, found, held, **times)
        dues = verdict.dues_with_missing_files(judged)
        if dues and held is not None and path_search.is_search_needed(self.expectation):
            below = (StoredFile(p, size) for p, size in self.objects.items() if p.startswith(self.expectation.prefix))
            held = path_search.add_unreadable_folders(held, below, self.expectation, dues, self.others)
            judged = verdict.verdicts(self.expectation, found, held, **times)
        return [*judged]

    def holdings(self, deep: bool) -> ExportFiles:
        stored = [StoredFile(path, size) for path, size in sorted(self.objects.items())]
        layouts = {dataset: folder_layout(self.expectation, dataset) for dataset in self.expectation.datasets}
        listings = {
            dataset: stored_files.list_dataset(
                (s for s in stored if s.path.startswith(layout.prefix)),
                layout,
                self.since,
                self.until,
                [*self.others, *(other for one, other in layouts.items() if one != dataset)],
            )
            for dataset, layout in layouts.items()
        }
        folders = {dataset: listing.folders for dataset, listing in listings.items()}
        unreadable = {dataset: listing.unreadable for dataset, listing in listings.items()}
        manifests = {
            path: stored_files.parse_manifest(path, body)
            for path, body in self.manifests.items()
            if path in self.objects
        }
        rows = {path: said for path, said in self.contents.items() if path in self.objects} if deep else {}
        return ExportFiles(folders, unreadable, manifests, rows)
