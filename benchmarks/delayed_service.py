"""
The emulator in a process of its own, with every answer late: what a command waits for, and how often.

`python -m benchmarks.delayed_service --datasets N` serves on a free port of this machine and prints it. `/measured`
is the benchmark's own: it answers with what was seen since the last time, and sets the delay of the answers to come.
"""

from __future__ import annotations

import argparse
import json
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

from benchmarks.request_counts import ORGANIZATION
from exportctl.emulator import Emulator, SeedDataset
from exportctl.emulator.auth import CLIENT_ID, CLIENT_SECRET
from exportctl.emulator.server import bind_server

SANDBOX = "bench"  # the one that answers for all


@dataclass(frozen=True)
class Seen:
    """The requests of one command: how many, how many at the same time, seconds from the first to the last answer."""

    requests: int
    most: int
    seconds: float


@dataclass(frozen=True)
class Used:
    """What the process of a command used: exit code, peak resident size in MiB, CPU seconds."""

    code: int
    peak: int
    cpu: float


@dataclass
class DelayedEmulator:
    """Answers late, and counts. Every sandbox is SANDBOX behind its name, so that nothing is made a hundred times."""

    emulator: Emulator
    delay: float = 0  # seconds
    inside: int = 0
    most: int = 0
    spans: list[tuple[float, float]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/measured":
            return self._measured(float(environ["QUERY_STRING"]), start)
        begun = time.monotonic()
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        try:
            time.sleep(self.delay)
            if "HTTP_X_SANDBOX_NAME" in environ:
                environ["HTTP_X_SANDBOX_NAME"] = SANDBOX
            return [*self.emulator(environ, start)]
        finally:
            with self.lock:
                self.inside -= 1
                self.spans.append((begun, time.monotonic()))

    def _measured(self, delay: float, start: Callable[..., Any]) -> Iterable[bytes]:
        with self.lock:
            begun, ended = (
                min((one for one, _ in self.spans), default=0),
                max((one for _, one in self.spans), default=0),
            )
            body = json.dumps([len(self.spans), self.most, ended - begun]).encode()
            self.delay, self.most, self.spans = delay, 0, []
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]


@dataclass(frozen=True)
class DelayedService:
    """The address of a served emulator, and how to run commands against it."""

    url: str

    def measure(self, delay: float = 0) -> Seen:
        """Return what was seen since the last time; answers are `delay` seconds late from now on."""
        with urlopen(f"{self.url}/measured?{delay}") as answer:
            return Seen(*json.loads(answer.read()))

    def run(self, folder: Path, *words: str, accepted: tuple[int, ...] = (0,)) -> Used:
        """Run a command in a process of its own. Exits with the end of its output if its exit code is another one."""
        env = {**os.environ, "AEP_CLIENT_ID": CLIENT_ID, "AEP_CLIENT_SECRET": CLIENT_SECRET}
        env["ROLE"] = "arn:aws:iam::123456789012:role/bench"
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "exportctl", "-C", str(folder), *words],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = code = os.waitstatus_to_exitcode(status)
            if code not in accepted:
                output.seek(0)
                raise SystemExit(f"{' '.join(words)}: exit code {code}\n{output.read().decode()[-2000:]}")
        return Used(code, usage.ru_maxrss // 1024, usage.ru_utime + usage.ru_stime)


@contextmanager
def delayed_service(datasets: int) -> Iterator[DelayedService]:
    """A service with `datasets` datasets ("Dataset 0", ...), which answers at once until `measure` sets a delay."""
    words = [sys.executable, "-m", "benchmarks.delayed_service", "--datasets", str(datasets)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield DelayedService(f"http://127.0.0.1:{process.stdout.readline().strip()}")
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.delayed_service", description=__doc__)
    parser.add_argument("--datasets", type=int, required=True)
    emulator = Emulator(organization=ORGANIZATION, page_size=100)
    names = [SeedDataset(f"Dataset {n}") for n in range(parser.parse_args().datasets)]
    emulator.seed([SANDBOX], {SANDBOX: names})
    server = bind_server(DelayedEmulator(emulator), 0)
    print(server.effective_port, flush=True)
    server.run()


if __name__ == "__main__":
    main()
