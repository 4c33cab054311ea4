"""
What commands wait for: requests, round trips, CPU, by the number of exports and of datasets.

`python -m benchmarks.round_trips [--latency 1.0]` runs each command against a `delayed_service`. A round trip is the
latency of an answer, and the round trips of a command are the seconds from its first request to its last answer,
divided by it. The work of the client between two requests counts too, so a short latency gives more of them.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.delayed_service import DelayedService, delayed_service
from benchmarks.request_counts import config
from benchmarks.start_up import empty_python_seconds
from benchmarks.tables import machine_class, table

LATENCY = 1.0  # seconds
SIZES = ((90, 90), (90, 1000), (500, 500))  # exports, datasets
ONE_TITLE = "apply, one title changed"
COMMANDS = {
    "plan": ("plan",),
    "drift": ("drift",),
    "renew, nothing due": ("renew",),
    "status": ("status",),
    "runs of one export": ("runs", "exports.export-7"),
    ONE_TITLE: ("apply", "--auto-approve"),
}
HEAD = ("command", "exports", "datasets", "requests", "most in flight", "round trips", "CPU, an empty Python = 1")


@dataclass(frozen=True)
class CommandCost:
    """One command: what it sent, and the CPU of its process as a multiple of an empty Python."""

    command: str
    exports: int
    datasets: int
    requests: int
    most: int
    round_trips: float
    cpu: float

    @property
    def row(self) -> tuple[object, ...]:
        sent = self.requests, self.most, f"{self.round_trips:.1f}", f"{self.cpu:.0f}"
        return self.command, self.exports, self.datasets, *sent


@dataclass(frozen=True)
class _Bench:
    """A folder for a config, the service, and the CPU seconds of an empty Python."""

    folder: Path
    service: DelayedService
    exports: int
    datasets: int
    empty: float

    def write(self, text: str) -> None:
        (self.folder / "exports.yaml").write_text(text, encoding="utf-8")

    def measure(self, command: str, words: tuple[str, ...], latency: float) -> CommandCost:
        self.service.measure(latency)
        used = self.service.run(self.folder, *words)
        seen = self.service.measure()
        trips = seen.seconds / latency
        return CommandCost(command, self.exports, self.datasets, seen.requests, seen.most, trips, used.cpu / self.empty)


def command_costs(exports: int, datasets: int, latency: float = LATENCY) -> Iterator[CommandCost]:
    """Each of COMMANDS, in a sandbox that holds what the config declares."""
    with tempfile.TemporaryDirectory() as folder, delayed_service(datasets) as service:
        bench = _Bench(Path(folder), service, exports, datasets, empty_python_seconds())
        text = config(exports, 1, url=service.url)
        bench.write(text)
        service.run(bench.folder, "apply", "--auto-approve")
        for command, words in COMMANDS.items():
            if command == ONE_TITLE:
                bench.write(text.replace("[Dataset 7]", "[Dataset 7], title: Seven"))
            yield bench.measure(command, words, latency)


def creation_cost(exports: int = 100, parallelism: int = 16, latency: float = LATENCY) -> CommandCost:
    """The apply that creates everything: at the least 3 * exports / parallelism round trips of writes."""
    with tempfile.TemporaryDirectory() as folder, delayed_service(exports) as service:
        bench = _Bench(Path(folder), service, exports, exports, empty_python_seconds())
        bench.write(config(exports, 1, url=service.url))
        words = ("apply", "--auto-approve", "--parallelism", str(parallelism))
        return bench.measure(f"apply, all new, parallelism {parallelism}", words, latency)


def environments_cost(environments: int = 10, exports: int = 90, latency: float = LATENCY) -> CommandCost:
    """One drift over several environments. Their sandboxes are one and the same behind their names."""
    with tempfile.TemporaryDirectory() as folder, delayed_service(exports) as service:
        bench = _Bench(Path(folder), service, exports, exports, empty_python_seconds())
        sandboxes = "".join(f"  e{n}: {{platform: {{sandbox: e{n}}}}}\n" for n in range(environments))
        bench.write(f"{config(exports, 1, sandbox=None, url=service.url)}environments:\n{sandboxes}")
        service.run(bench.folder, "apply", "--auto-approve", "-e", "e0")
        return bench.measure(f"drift of {environments} environments", ("drift", "--all-environments"), latency)


def all_costs(latency: float = LATENCY) -> Iterator[CommandCost]:
    for exports, datasets in SIZES:
        yield from command_costs(exports, datasets, latency)
    yield environments_cost(latency=latency)
    yield creation_cost(latency=latency)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.round_trips", description=__doc__)
    parser.add_argument("--latency", type=float, default=LATENCY, help="seconds of each answer")
    found = all_costs(parser.parse_args().latency)
    print(f"{machine_class()}\n\n{table(HEAD, (one.row for one in found))}")


if __name__ == "__main__":
    main()
