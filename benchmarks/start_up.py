"""
How much CPU commands take to start, as multiples of an empty Python.

`python -m benchmarks.start_up` prints the table. Each round runs every process once, so that a busy machine slows all
of them; the least of the rounds counts. A round that nobody measures comes first: it writes the compiled files.

httpx imports rich for a command of its own where Click is installed. The tools of development install it, and exportctl
does not: in an environment of exportctl alone, `plan` and its packages take less.

`python -m benchmarks.start_up FOLDER` also compares `validate` of 1,000 exports with the sources of another commit,
such as those of `git worktree add FOLDER COMMIT`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

ROUNDS = 9
_CONFIG = """version: 1
project: bench
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: bench, url: embedded}
defaults: {schedule: {every: 1 day, at: "02:00"}, end: {rolling: 180 days, renew_before: 30 days}}
destinations: {lake: {type: data-landing-zone, path: bench}}
exports:
"""
MANY = 1_000
_EMPTY = ("-c", "pass")
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
    runs = {command: ("-m", "exportctl", command) for command in PACKAGES}
    imports = {command: ("-c", f"import {names}") for command, names in PACKAGES.items()}
    with tempfile.TemporaryDirectory() as folder:
        _write_config(folder, 2)
        costs = {argv: partial(_cpu_seconds, argv, folder) for argv in (_EMPTY, *runs.values(), *imports.values())}
        least = _least(costs, rounds)
    return {
        command: StartUp(least[argv] / least[_EMPTY], least[argv] / least[imports[command]])
        for command, argv in runs.items()
    }


def validate_ratio(former: Path, rounds: int = ROUNDS) -> float:
    """Return what MANY exports cost `validate` beyond two, as a part of what they cost with `former`, another `src`."""
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        _write_config(few, 2)
        _write_config(many, MANY)
        argv = ("-m", "exportctl", "validate")
        sources = (Path(__file__).parents[1] / "src", former)
        costs = {(s, f): partial(_cpu_seconds, argv, f, str(s.resolve())) for s in sources for f in (few, many)}
        least = _least(costs, rounds)
        now, then = (least[source, many] - least[source, few] for source in sources)
    return now / then


def _write_config(folder: str, exports: int) -> None:
    lines = (f"  export-{n}: {{datasets: [Dataset {n}], destination: lake}}\n" for n in range(exports))
    Path(folder, "exports.yaml").write_text(_CONFIG + "".join(lines), encoding="utf-8")


def _least(costs: Mapping[K, Callable[[], float]], rounds: int) -> Mapping[K, float]:
    """Return the least cost of each in some rounds, after one that does not count."""
    for cost in costs.values():
        cost()
    found = [{key: cost() for key, cost in costs.items()} for _ in range(rounds)]
    return {key: min(one[key] for one in found) for key in costs}


def empty_python_seconds(rounds: int = ROUNDS) -> float:
    """CPU seconds of a Python that does nothing, the least of some rounds: what other figures are multiples of."""
    return min(_cpu_seconds(_EMPTY, os.curdir) for _ in range(rounds))


def _cpu_seconds(argv: Sequence[str], folder: str, source: str | None = None) -> float:
    """Return user and system time of one Python process. Raises a RuntimeError if it fails."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env |= {"PYTHONPATH": source} if source else {}
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
    if sys.argv[1:]:
        part = validate_ratio(Path(sys.argv[1], "src"))
        print(f"\n`validate` of {MANY:,} exports beyond two takes {part:.2f} × the CPU of {sys.argv[1]}.")


if __name__ == "__main__":
    main()
