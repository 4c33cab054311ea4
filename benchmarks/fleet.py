"""
`fleet drift` over many sandboxes behind a slow service, against the ideal of one rate budget: time, and peak memory.

`python -m benchmarks.fleet [--sandboxes 100] [--exports 90] [--latency 0.2]` starts the emulator in a process of its
own, in which every answer is late, and measures the command in another one. The sandboxes are one and the same behind
their names: what a client reads does not depend on it, and nothing takes an hour to set up. It prints, and writes no
file beside a temporary one.

The ideal is what the budget alone costs: no request waits for anything else, and nothing is computed. The command's
time holds its start-up, all of its own work, and its last request.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.__main__ import machine_class, table
from benchmarks.request_counts import ORGANIZATION
from exportctl.client.rate_budget import PARALLEL, PER_SECOND
from exportctl.emulator import Emulator, SeedDataset
from exportctl.emulator.auth import CLIENT_ID, CLIENT_SECRET
from exportctl.emulator.server import bind_server

SANDBOX = "bench"  # the one that answers for all
HEAD = (
    "requests per second",
    "parallel",
    "requests",
    "most in flight",
    "ideal s",
    "took s",
    "ratio",
    "CPU s",
    "peak RSS, MiB",
)
CONFIG = """\
version: 1
project: bench
platform: {{organization: {organization}, sandbox: {sandbox}, url: "{url}"}}
defaults:
  destination: lake
  schedule: {{every: 1 day, at: "02:00"}}
  end: {{rolling: 180 days, renew_before: 30 days}}
destinations:
  lake: {{type: amazon-s3, bucket: bench-lake, path: aep, auth: {{role_arn: "${{env:LAKE_ROLE_ARN}}"}}}}
exports:
{exports}
"""


@dataclass
class DelayedEmulator:
    """Answers late, and counts. Every sandbox is SANDBOX behind its name."""

    emulator: Emulator
    latency: float  # seconds
    requests: int = 0
    inside: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/counts":
            return self._counts(start)
        with self.lock:
            self.requests, self.inside = self.requests + 1, self.inside + 1
            self.most = max(self.most, self.inside)
        try:
            if environ["REQUEST_METHOD"] == "GET":
                time.sleep(self.latency)
            if "HTTP_X_SANDBOX_NAME" in environ:
                environ["HTTP_X_SANDBOX_NAME"] = SANDBOX
            return [*self.emulator(environ, start)]
        finally:
            with self.lock:
                self.inside -= 1

    def _counts(self, start: Callable[..., Any]) -> Iterable[bytes]:
        with self.lock:
            text = f"{self.requests} {self.most}".encode()
            self.requests = self.most = 0
        start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
        return [text]


def serve(exports: int, latency: float) -> None:
    """Serve until the process is ended; print the port first."""
    emulator = Emulator(organization=ORGANIZATION, page_size=100)
    emulator.seed([SANDBOX], {SANDBOX: [SeedDataset(f"Dataset {n}") for n in range(exports)]})
    server = bind_server(DelayedEmulator(emulator, latency), 0)
    print(server.effective_port, flush=True)
    server.run()


@contextmanager
def served(exports: int, latency: float) -> Iterator[str]:
    """The address of the server."""
    words = [sys.executable, "-m", "benchmarks.fleet", "--serve", "--exports", str(exports), "--latency", str(latency)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--sandboxes", type=int, default=100)
    parser.add_argument("--exports", type=int, default=90)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds of each answer")
    parser.add_argument("--per-second", type=float, action="append", help="budgets; default: that of fleet, and twice")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.exports, asked.latency)
        return
    with tempfile.TemporaryDirectory(prefix="fleet-") as folder, served(asked.exports, asked.latency) as url:
        write_projects(Path(folder), url, asked.sandboxes, asked.exports)
        run(Path(folder) / "box-000", "apply", "--auto-approve", "--parallelism", "8")
        lines = [
            measure_drift(Path(folder), url, per_second, asked.latency)
            for per_second in asked.per_second or (PER_SECOND, 2 * PER_SECOND)
        ]
    print(f"{machine_class()}\n\n{table(HEAD, lines)}")


def write_projects(folder: Path, url: str, sandboxes: int, exports: int) -> None:
    declared = "\n".join(f"  export-{n}: {{datasets: [Dataset {n}]}}" for n in range(exports))
    for number in range(sandboxes):
        own = folder / f"box-{number:03}"
        own.mkdir()
        text = CONFIG.format(organization=ORGANIZATION, sandbox=own.name, url=url, exports=declared)
        (own / "exports.yaml").write_text(text, encoding="utf-8")


def measure_drift(folder: Path, url: str, per_second: float, latency: float) -> tuple[object, ...]:
    """Return one line: what the budget alone costs, and what the command took."""
    read_counts(url)
    begun = time.monotonic()
    peak, cpu = run(folder, "fleet", "drift", ".", "--requests-per-second", str(per_second))
    took = time.monotonic() - begun
    requests, most = read_counts(url)
    lists = requests - 1  # the token is outside of the budget
    ideal = max((lists - PARALLEL) / per_second, lists * latency / PARALLEL) + latency
    ratio = f"{took / ideal:.2f}"
    return f"{per_second:g}", PARALLEL, requests, most, f"{ideal:.1f}", f"{took:.1f}", ratio, f"{cpu:.1f}", peak


def read_counts(url: str) -> tuple[int, int]:
    """Return the requests since the last call, and how many were in flight together."""
    with urlopen(f"{url}/counts") as answer:  # noqa: S310: the address of our own server
        requests, most = answer.read().decode().split()
    return int(requests), int(most)


def run(folder: Path, *words: str) -> tuple[int, float]:
    """Run a command that must end with 0, and return its peak resident size in MiB and its CPU seconds."""
    env = {**os.environ, "AEP_CLIENT_ID": CLIENT_ID, "AEP_CLIENT_SECRET": CLIENT_SECRET}
    env["LAKE_ROLE_ARN"] = "arn:aws:iam::123456789012:role/bench"
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "exportctl", "-C", str(folder), *words], env=env, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        if os.waitstatus_to_exitcode(status):
            output.seek(0)
            raise SystemExit(output.read().decode()[-2000:])
    return usage.ru_maxrss // 1024, usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
