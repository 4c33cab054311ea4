"""
What writing one export file costs the emulator: rows a second, peak memory and bytes, for each encoding.

`python -m benchmarks.export_speed [--rows N]` prints a table and writes no file. Seconds depend on the machine.
Look at the memory: it does not grow with the rows. A separate process writes each file.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

from benchmarks.tables import machine_class, table
from exportctl.emulator.data import encoding, rows

DATASET = "65a1b2c3d4e5f60718293a4b"
INGESTED = 1767225600  # 2026-01-01T00:00:00Z
HEAD = ("dataset", "type", "compression", "rows/s", "CPU s", "peak RSS, MB", "file, MB", "bytes/row")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.export_speed", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--one", nargs=3, metavar=("KIND", "TYPE", "COMPRESSION"), help="measure here, print JSON")
    asked = parser.parse_args()
    if asked.one:
        kind, type, compression = asked.one
        print(json.dumps(measure_file(kind, type, compression, asked.rows)))
        return
    every = product((rows.EVENT, rows.RECORD), ("PARQUET", "JSON"), ("GZIP", "NONE"))
    print(
        f"{asked.rows:,} rows, one file; "
        f"{machine_class()}\n\n{table(HEAD, [_line(*each, asked.rows) for each in every])}"
    )


def _line(kind: str, type: str, compression: str, count: int) -> tuple[object, ...]:
    """Measured in a process of its own, so that its peak of memory is of this file alone."""
    command = [sys.executable, "-m", "benchmarks.export_speed", "--rows", str(count), "--one", kind, type, compression]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    speed, size = f"{count / found['seconds']:,.0f}", found["bytes"]
    per_row = f"{size / count:.0f}"
    return kind, type, compression, speed, f"{found['cpu']:.0f}", f"{found['peak']:.0f}", f"{size / 1e6:.0f}", per_row


def measure_file(kind: str, type: str, compression: str, count: int) -> dict[str, float]:
    """Wall and CPU seconds, the peak resident size of this process in MB, and the file's bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path, batch = Path(folder, "part"), rows.Batch(0, count, INGESTED)
        wall, cpu = time.perf_counter(), time.process_time()
        encoding.write_file(DATASET, kind, [batch], encoding.Encoding(type, compression), path)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # kilobytes on Linux
        return {"seconds": wall, "cpu": cpu, "peak": peak, "bytes": path.stat().st_size}


if __name__ == "__main__":
    main()
