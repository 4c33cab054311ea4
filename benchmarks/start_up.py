"""
How much CPU commands take to start, as multiples of an empty Python.

`python -m benchmarks.start_up` prints the table. Each round runs every process once, so that a busy machine slows all
of them; the least of the rounds counts. A round that nobody measures comes first: it writes the compiled files.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 9
_CONFIG = """version: 1
project: bench
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: bench, url: embedded}
defaults: {schedule: {every: 1 day, at: "02:00"}, end: {rolling: 180 days, renew_before: 30 days}}
destinations: {lake: {type: data-landing-zone, path: bench}}
exports: {one: {datasets: [One], destination: lake}, two: {datasets: [Two], destination: lake}}
"""
PACKAGES: Mapping[str, str] = {  # command -> the packages that it cannot do without
    "--help": "typer",
    "validate": "typer, yaml, jsonschema_rs",
    "plan": "typer, yaml, jsonschema_rs, httpx",
}


@dataclass(frozen=True)
class StartUp:
    """The CPU of a command as a multiple of an empty Python, and of one that imports the command's packages."""

    of_empty_python: float
    of_packages: float


def start_up_ratios(rounds: int = ROUNDS) -> Mapping[str, StartUp]:
    """Measure the commands of PACKAGES with a config of two exports and the embedded emulator."""
    bare = ("-c", "pass")
    runs = {command: ("-m", "exportctl", command) for command in PACKAGES}
    imports = {command: ("-c", f"import {names}") for command, names in PACKAGES.items()}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "exports.yaml").write_text(_CONFIG, encoding="utf-8")
        least: dict[tuple[str, ...], float] = {}
        for number in range(rounds + 1):
            for argv in (bare, *runs.values(), *imports.values()):
                cost = _cpu_seconds(argv, folder)
                least[argv] = cost if number <= 1 else min(cost, least[argv])
    return {
        command: StartUp(least[argv] / least[bare], least[argv] / least[imports[command]])
        for command, argv in runs.items()
    }


def _cpu_seconds(argv: Sequence[str], folder: str) -> float:
    """Return user and system time of one Python process. Raises a RuntimeError if it fails."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    pid = os.fork()
    if pid == 0:
        try:
            os.chdir(folder)
            for number in (0, 1, 2):
                os.dup2(os.open(os.devnull, os.O_RDWR), number)
            os.execve(sys.executable, (sys.executable, *argv), env)
        finally:
            os._exit(127)
    _, status, used = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(argv)}: exit code {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime


def main() -> None:
    print("| command | × an empty Python | × the import of its packages |\n| --- | --- | --- |")
    for command, found in start_up_ratios().items():
        print(f"| `{command}` | {found.of_empty_python:.1f} | {found.of_packages:.2f} ({PACKAGES[command]}) |")


if __name__ == "__main__":
    main()
