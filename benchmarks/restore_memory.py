"""
What `backup status`, `restore check` and `backup drill` need for a long chain: peak memory, files and rows.

`python -m benchmarks.restore_memory [--runs 1600] [--rows 3125]` lets the emulator export a dataset in runs of three
hours and measures each command in a process of its own (Linux). It prints, and writes no file beside a temporary one.
Seconds depend on the machine. Look at the memory.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.tables import machine_class, table
from exportctl.emulator import Emulator, SeedDataset

ORGANIZATION = "0123456789ABCDEF01234567@AdobeOrg"
START = 1_790_000_000
HOURS = 3600
HEAD = ("dataset", "format", "rows", "files", "MB", "command", "exit", "peak RSS, MB", "CPU s")
KINDS = {"events": "event", "records": "record"}
RULES = {"events": "combine: append", "records": "key: _id, combine: upsert"}
CONFIG = """\
version: 1
project: bench
platform: {{organization: {organization}, sandbox: dev, url: embedded}}
defaults:
  destination: lake
  schedule: {{every: 3 hours, at: "00:00"}}
  format: {{type: {format}, compression: gzip, manifest: true}}
  end: 2099-01-01
destinations:
  lake: {{type: amazon-s3, bucket: bench-lake, path: aep, auth: {{role_arn: "${{env:LAKE_ROLE_ARN}}"}}}}
datasets:
  data: {{name: Data, {rule}}}
exports:
  data: {{datasets: [data]}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.restore_memory", description=__doc__)
    parser.add_argument("--runs", type=int, default=1600)
    parser.add_argument("--rows", type=int, default=3125, help="of each run")
    parser.add_argument("--kind", choices=KINDS, action="append", help="default: both")
    parser.add_argument("--format", choices=("parquet", "json"), action="append", help="default: both")
    asked = parser.parse_args()
    lines: list[tuple[object, ...]] = []
    for kind in asked.kind or KINDS:
        for format in asked.format or ("parquet", "json"):
            with tempfile.TemporaryDirectory(prefix="restore-") as folder:
                lines += measure_chain(Path(folder), kind, format, asked.runs, asked.rows)
    print(f"{machine_class()}\n\n{table(HEAD, lines)}")


def measure_chain(folder: Path, kind: str, format: str, runs: int, rows: int) -> list[tuple[object, ...]]:
    """Make a chain and return one line for each command."""
    make_chain(folder, kind, format, runs, rows)
    files = [path for path in folder.rglob("part-*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    lines: list[tuple[object, ...]] = []
    for words in (
        ("backup", "status"),
        ("backup", "status", "--deep"),
        ("restore", "check", "data"),
        ("backup", "drill"),
    ):
        code, peak, cpu = measure_command(folder, words)
        lines.append((kind, format, f"{runs * rows:,}", len(files), f"{size:.0f}", " ".join(words), code, peak, cpu))
    return lines


def make_chain(folder: Path, kind: str, format: str, runs: int, rows: int) -> None:
    """Let the emulator run every three hours; before each run, rows come in. Of records, half are new versions."""
    text = CONFIG.format(organization=ORGANIZATION, format=format, rule=RULES[kind])
    folder.joinpath("exports.yaml").write_text(text, encoding="utf-8")
    state = folder / ".exportctl" / f"{ORGANIZATION.partition('@')[0]}.sqlite"
    state.parent.mkdir()
    with closing(Emulator(state, clock=START, organization=ORGANIZATION)) as emulator:
        emulator.seed(["dev"], {"dev": [SeedDataset("Data", rows=rows, kind=KINDS[kind])]})
    run_command(folder, ("apply", "--auto-approve"))
    updates = rows // 2 if kind == "records" else 0
    with closing(Emulator(state)) as emulator:
        emulator.advance(3 * HOURS)
        for number in range(1, runs):
            emulator.ingest("dev", "Data", rows - updates, update=updates)
            emulator.advance(3 * HOURS)
            if number % 100 == 0:
                print(f"{number} of {runs} runs", file=sys.stderr)


def run_command(folder: Path, words: Sequence[str]) -> None:
    subprocess.run(_command(folder, words), check=True, capture_output=True, env=_environment())


def measure_command(folder: Path, words: Sequence[str]) -> tuple[int, int, str]:
    """Return the exit code, the peak resident size in MB, and the CPU seconds of a command."""
    begun = time.monotonic()
    process = subprocess.Popen(_command(folder, words), env=_environment(), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    cpu = usage.ru_utime + usage.ru_stime
    peak = usage.ru_maxrss // 1024
    print(f"{' '.join(words)}: {peak} MB, {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return os.waitstatus_to_exitcode(status), peak, f"{cpu:.0f}"


def _command(folder: Path, words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "exportctl", "-C", str(folder), *words]


def _environment() -> dict[str, str]:
    return {**os.environ, "LAKE_ROLE_ARN": "arn:aws:iam::123456789012:role/bench"}


if __name__ == "__main__":
    main()
