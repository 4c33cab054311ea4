"""A sandbox whose exports are written to a real folder, and how the tests look at what arrived there."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from exportctl.emulator import Emulator, SeedDataset, Switches
from exportctl.emulator.data.rows import Batch, lines
from tests.emulator.emulator_api import Api

START = 1767225600  # where a manual clock begins
HOUR, DAY = 3600, 86400
ORDERS, CLICKS, RETURNS = (digit * 24 for digit in "abc")
NAMES = {ORDERS: "Orders", CLICKS: "Clicks", RETURNS: "Returns"}
ONCE: dict[str, Any] = {"exportMode": "DAILY_FULL_EXPORT", "timeUnit": "day", "interval": 0}
NDJSON = {"datasetFileType": "JSON", "compression": "GZIP"}
AD_HOC = "/data/core/activation/disflowprovider/adhocrun"
AD_HOC_TYPE = "application/vnd.adobe.adhoc.dataset.activation+json; version=1"
Json = dict[str, Any]


class Exports:
    """An emulator whose clock stands still, with three datasets (`Clicks` are events), and the folder of its bucket."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.api = Api(emulator)

    @property
    def bucket(self) -> Path:
        assert self.emulator.root is not None
        return self.emulator.root / "amazon-s3" / "acme-exports"

    def flow(self, *datasets: str, params: Json | None = None, **schedule: Any) -> str:
        """A flow of its own connections, every six hours from the next hour on, in gzipped NDJSON."""
        target = self.api.target(params={**NDJSON, **(params or {})})
        body = self.api.flow_body(self.api.source(*(datasets or (ORDERS,))), target, schedule=schedule)
        return self.api.create("flows", body)

    def ingest(self, rows: int, dataset: str = ORDERS, **more: Any) -> Json:
        return self.emulator.ingest("dev", dataset, rows, **more)

    def move_clock_only(self, seconds: float) -> None:
        """Time passes without a read, as with a clock that goes by itself."""
        with self.emulator.store.transaction():
            self.emulator.store.set_setting("clock", {"mode": "manual", "at": self.emulator.now + seconds})

    def runs(self, flow: str | None = None) -> list[Json]:
        """As GET shows them, the earliest first."""
        found: list[Json] = []
        query: Json = {"orderby": "+createdAt", "limit": 100}
        if flow is not None:
            query["property"] = f"flowId=={flow}"
        while True:
            answer = self.api.get("/runs", **query).json()
            found += answer["items"]
            if "next" not in answer["_links"]:
                return found
            query["continuationToken"] = _token(answer["_links"]["next"]["href"])

    def files(self, pattern: str = "part-*") -> list[Path]:
        return sorted(path for path in self.bucket.rglob(pattern) if path.is_file())

    def all_paths(self) -> list[str]:
        """Every file and every folder without files, as written below the bucket."""
        found = [path for path in self.bucket.rglob("*") if path.is_file() or not any(path.iterdir())]
        return sorted(path.relative_to(self.bucket).as_posix() for path in found)

    def row_counts(self, below: str = "") -> Counter[str]:
        """How often each row, by `_id`, stands in the NDJSON files of the bucket."""
        found = [path for path in self.files("part-*.json.gz") if below in str(path.parent)]
        rows = [json.loads(line) for path in found for line in gzip.decompress(path.read_bytes()).splitlines()]
        return Counter(row["_id"] for row in rows)

    def export_on_demand(self, flow: str, *datasets: str) -> Any:
        """An export on demand."""
        wanted = {"flowId": flow, "datasets": [{"id": id} for id in datasets or (ORDERS,)]}
        body = {"activationInfo": {"destinations": [wanted]}}
        return self.api.call("POST", AD_HOC, json=body, headers={"Accept": AD_HOC_TYPE})


def _token(href: str) -> str:
    return unquote(href.partition("continuationToken=")[2])


@contextmanager
def exports(folder: Path | None, path: Path | None = None, **switches: Any) -> Iterator[Exports]:
    """A fresh one whose storage is `folder`; None keeps nothing."""
    emulator = Emulator(path, switches=Switches(**switches), clock="manual", page_size=7, storage=folder)
    datasets = [SeedDataset(name, id, kind="event" if id == CLICKS else "record") for id, name in NAMES.items()]
    emulator.seed(["dev"], {"dev": datasets})
    yield Exports(emulator)
    emulator.close()


def status(run: Json) -> str:
    return str(run["metrics"]["statusSummary"]["status"])


def start_offset(run: Json) -> int:
    """Seconds after the clock's beginning."""
    return int(run["metrics"]["durationSummary"]["startedAtUTC"] // 1000 - START)


def errors(run: Json) -> list[str]:
    return [error["message"] for error in run["metrics"]["statusSummary"]["errors"]]


def exported_row(dataset: str, kind: str, number: int, batch: Batch) -> dict[str, object]:
    """
    The row of that number, as the object that stands in an NDJSON export; what is null is left out.

    Raises:
        ValueError: the batch holds no such row.
    """
    place = number - batch.first
    if not 0 <= place < batch.count:
        raise ValueError(f"row {number} is not in {batch}")
    found: dict[str, object] = json.loads(next(lines(dataset, kind, batch.piece(place, place + 1))))
    return found
