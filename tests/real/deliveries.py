"""
Drives the real command line against its emulator, and says which rows must lie where afterwards.

What must arrive is worked out here from what was ingested when, by the documented rule alone: the first run of an
export takes all, each later one what came since, a run with nothing new writes nothing.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from exportctl.emulator import Emulator, auth
from tests.real.processes import find_program

START = 1_800_000_000  # 2027-01-15 08:00:00 UTC; the emulator's clock stands still there
HOUR, DAY = 3600, 86400
ORGANIZATION = "0123456789ABCDEF01234567@AdobeOrg"
STATE = ".exportctl/0123456789ABCDEF01234567.sqlite"
SANDBOX = "demo"
SEEDED_ROWS = 1000  # rows of each dataset the config names


@dataclass(frozen=True)
class CommandLineProcess:
    """Runs `exportctl` in a folder. `env` is the whole environment."""

    folder: Path
    env: Mapping[str, str]

    def __call__(self, *words: str, code: int = 0, env: Mapping[str, str] | None = None) -> str:
        """What it wrote to stdout; it must end with `code`. `env` comes on top."""
        command = [find_program("exportctl"), "-C", str(self.folder), *words]
        done = subprocess.run(command, capture_output=True, text=True, env={**self.env, **(env or {})}, timeout=300)
        assert done.returncode == code, f"exportctl {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@dataclass
class Ledger:
    """What came into which dataset: moments in seconds since 1970 UTC, and the numbers of the rows."""

    entries: dict[str, list[tuple[int, range]]] = field(default_factory=dict)

    def add(self, dataset: str, rows: int, at: int) -> None:
        known = self.entries.setdefault(dataset, [])
        first = known[-1][1].stop if known else 0
        known.append((at, range(first, first + rows)))

    def rows_between(self, dataset: str, after: int, until: int) -> list[int]:
        return [number for at, numbers in self.entries[dataset] if after < at <= until for number in numbers]

    def increments(self, dataset: str, ticks: list[int]) -> dict[str, list[int]]:
        """Per export time the numbers of the rows of that run."""
        edges = zip([0, *ticks], ticks, strict=False)
        found = {export_time(tick): self.rows_between(dataset, before, tick) for before, tick in edges}
        return {time: numbers for time, numbers in found.items() if numbers}


def export_time(tick: int) -> str:
    """The folder of a run: `exportTime=YYYYMMDDHHMM`."""
    return f"exportTime={datetime.fromtimestamp(tick, UTC):%Y%m%d%H%M}"


def schedule_ticks(interval: int, phase: int, until: int) -> list[int]:
    """The ticks of a schedule that was applied at START: its grid's points from half an hour later on."""
    first = START + HOUR // 2
    first += (phase - first) % interval
    return list(range(first, until + 1, interval))


@dataclass
class RealSandbox:
    """One sandbox, one config, real storages."""

    folder: Path
    run: CommandLineProcess
    ledger: Ledger = field(default_factory=Ledger)
    now: int = START

    def ingest(self, dataset: str, rows: int) -> None:
        self.run("emulator", "ingest", dataset, str(rows))
        self.ledger.add(dataset, rows, self.now)

    def advance(self, seconds: int) -> None:
        self.run("emulator", "clock", "advance", str(seconds))
        self.now += seconds

    @contextmanager
    def emulator(self) -> Iterator[Emulator]:
        """The embedded one, to look into."""
        emulator = Emulator(self.folder / STATE)
        try:
            yield emulator
        finally:
            emulator.close()

    def get(self, path: str, **query: str) -> Any:
        """What the service answers to a client of its own."""
        form = {"grant_type": "client_credentials", "client_id": auth.CLIENT_ID, "scope": "openid"}
        with self.emulator() as emulator, httpx.Client(transport=httpx.WSGITransport(app=emulator)) as client:
            secret = {"client_secret": auth.CLIENT_SECRET}
            token = client.post("http://embedded/ims/token/v3", data=form | secret).raise_for_status().json()
            headers = {"Authorization": f"Bearer {token['access_token']}", "x-api-key": auth.CLIENT_ID}
            headers |= {"x-gw-ims-org-id": ORGANIZATION, "x-sandbox-name": SANDBOX}
            return client.get(f"http://embedded{path}", params=query, headers=headers).raise_for_status().json()

    def runs(self) -> list[Any]:
        """All runs, oldest first."""
        found = self.get("/data/foundation/flowservice/runs", limit="100", orderby="createdAt")
        assert "continuationToken" not in json.dumps(found)
        return list(found["items"])

    def datasets(self) -> dict[str, str]:
        """The ids of the datasets by name."""
        with self.emulator() as emulator:
            return {str(d["name"]): str(d["id"]) for d in emulator.datasets(SANDBOX)}


def real_sandbox(folder: Path, config: str, env: Mapping[str, str], datasets: tuple[str, ...]) -> RealSandbox:
    """A sandbox seeded from the config, whose clock stands still."""
    (folder / "exports.yaml").write_text(config, encoding="utf-8")
    (folder / STATE).parent.mkdir()
    Emulator(folder / STATE, clock=START, organization=ORGANIZATION).close()
    made = RealSandbox(folder, CommandLineProcess(folder, {"HOME": str(folder), "PATH": "", **env}))
    made.run("emulator", "seed", "--from-config")
    for dataset in datasets:
        made.ledger.add(dataset, SEEDED_ROWS, START)
    return made
