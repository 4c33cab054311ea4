"""
A sandbox with three kinds of datasets, exported in three formats for four nights in which rows and columns change.

    Orders              records, keyed by _id: new ones, and new versions of old ones
    App Events          events: new ones
    Loyalty Profiles    snapshots: each run has the whole table, from which rows go away
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exportctl.emulator import Emulator, SeedDataset
from exportctl.model.plan_options import PlanOptions
from exportctl.workflows.verify import Verifier, open_verifier
from tests.workflows.orders_sandbox import DAY, HOUR
from tests.workflows.world import ENV, ORGANIZATION, SANDBOX, SECRETS, START, World, config

FIRST = START + 18 * HOUR  # 02:00 of the day after START: the first run
NIGHTS = 4
RECORDS, EVENTS, SNAPSHOTS = "Orders", "App Events", "Loyalty Profiles"
KINDS = {RECORDS: "record", EVENTS: "event", SNAPSHOTS: "snapshot"}
FORMATS = {
    "parquet": {"type": "parquet", "compression": "gzip"},
    "lines": {"type": "json", "compression": "gzip"},
    "plain": {"type": "parquet", "compression": "none"},
}
_ARRIVALS: tuple[dict[str, Any], ...] = (
    {"rows": 20, "change": "added"},
    {"rows": 5, "change": "nested"},
    {"rows": 7, "change": "double"},
)


@dataclass
class RestoreSandbox:
    world: World
    bucket: Path

    def setup(self, **more: Any) -> Any:
        folder = {"EXPORTCTL_READER_S3_KEY_FOLDER": str(self.bucket)}
        return self.world.setup(env={**ENV, **SECRETS, **folder}, **more)

    @contextmanager
    def verifier(self, export: str, **more: Any) -> Iterator[Verifier]:
        asked = PlanOptions(targets=(f"exports.{export}",))
        with open_verifier(self.setup(**more), asked, wall=lambda: START) as found:
            yield found

    def table(self, dataset: str, night: int) -> list[str]:
        """The rows, as lines of JSON, that a restore at the moment of a night's run must give."""
        moments = [FIRST + one * DAY for one in range(night + 1)]
        emulator = self.world.emulator
        if dataset == RECORDS:
            return list(emulator.sent_rows(SANDBOX, dataset, moments))
        return list(emulator.table(SANDBOX, dataset, moments[-1]))

    def files(self, export: str) -> list[Path]:
        """The data files of an export, the oldest run first."""
        return sorted(self.bucket.joinpath("key", export).rglob("part-*"), key=lambda path: (path.parent.name, path))


@contextmanager
def restore_sandbox(folder: Path, formats: tuple[str, ...] = tuple(FORMATS)) -> Iterator[RestoreSandbox]:
    storage = folder / "storage"
    emulator = Emulator(clock=START, organization=ORGANIZATION, storage=storage)
    emulator.seed([SANDBOX], {SANDBOX: [SeedDataset(name, rows=30, kind=kind) for name, kind in KINDS.items()]})
    made = World(folder, emulator)
    made.write(
        config(
            datasets={
                "orders": {"name": RECORDS, "key": "_id", "combine": "upsert"},
                "profiles": {"name": SNAPSHOTS, "combine": "snapshot"},
            },
            exports={
                name: {
                    "datasets": ["orders", EVENTS, "profiles"],
                    "destination": "s3-key",
                    "format": FORMATS[name],
                    "subpath": name,
                }
                for name in formats
            },
        )
    )
    outcomes, final_check = made.apply()
    assert final_check.passed, [outcome.message for outcome in outcomes]
    emulator.advance(700)
    yield RestoreSandbox(made, storage / "amazon-s3" / "acme-lake")


def pass_nights(scene: RestoreSandbox) -> None:
    """Let the runs of all nights pass; before each but the first, rows come in and columns change."""
    emulator = scene.world.emulator
    for night in range(NIGHTS):
        if night:
            arrived = _ARRIVALS[night - 1]
            emulator.ingest(SANDBOX, RECORDS, update=9, **arrived)
            emulator.ingest(SANDBOX, EVENTS, **arrived)
            emulator.ingest(SANDBOX, SNAPSHOTS, update=3, remove=2, **arrived)
        emulator.set_time(max(FIRST + HOUR + night * DAY, emulator.now))
