"""
What `verify --deep` reads: bytes and requests for Parquet files of growing size, against all their bytes.

`python -m benchmarks.verify_reads [--rows N]` writes N/100, N/10 and N rows as the emulator does, in one file each, and
looks at them; the counts are of the storage layer. Peak memory (Linux only) is of a process that only looks.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from exportctl.emulator.data import encoding
from exportctl.emulator.data.encoding import Encoding
from exportctl.emulator.data.rows import EVENT, Batch
from exportctl.storage import row_count
from exportctl.storage.local import LocalReader
from exportctl.storage.reader import StoredFile

NAME = "part-00000-tid-1-00000000-0000-4000-8000-000000000000-1-1-c000.gz.parquet"


class CountingReader:
    """A reader that counts what passes through it."""

    def __init__(self, inner: LocalReader) -> None:
        self.inner = inner
        self.requests = self.bytes = 0

    @property
    def label(self) -> str:
        return self.inner.label

    def list(self, prefix: str) -> Iterator[StoredFile]:
        return self.inner.list(prefix)

    def folders(self, prefix: str) -> Iterator[str]:
        return self.inner.folders(prefix)

    def read(self, path: str, limit: int) -> bytes:
        return self._count_read(self.inner.read(path, limit))

    def tail(self, path: str, size: int, length: int) -> bytes:
        return self._count_read(self.inner.tail(path, size, length))

    def chunks(self, path: str) -> Iterator[bytes]:
        return (self._count_read(piece) for piece in self.inner.chunks(path))

    def close(self) -> None:
        self.inner.close()

    def _count_read(self, content: bytes) -> bytes:
        self.requests += 1
        self.bytes += len(content)
        return content


def measure_read(folder: Path) -> str:
    """One line: rows counted, requests, bytes read, and their share of the file."""
    reader = CountingReader(LocalReader(folder, str(folder)))
    (stored,) = reader.list("")
    rows = row_count.count_rows(reader, stored, "parquet", "gzip")
    share = f"{100 * reader.bytes / stored.size:.2f} %"
    read = f"{reader.requests} requests  {reader.bytes:>7} read ({share})"
    return f"{rows:>10} rows  {stored.size:>11} bytes  {read}  {peak_memory()}"


def peak_memory() -> str:
    """The most memory this process ever had; that of the process before it does not count, as it does in getrusage."""
    status = Path("/proc/self/status")
    found = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")] if status.exists() else []
    return f"{int(found[0].split()[1]) // 1024} MB" if found else "memory unknown"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--look", type=Path, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.look:
        print(measure_read(given.look))
        return
    for rows in (given.rows // 100, given.rows // 10, given.rows):
        with tempfile.TemporaryDirectory() as folder:
            batch = Batch(0, rows, 1_800_000_000)
            encoding.write_file("a" * 24, EVENT, [batch], Encoding("PARQUET", "GZIP"), Path(folder) / NAME)
            subprocess.run([sys.executable, "-m", "benchmarks.verify_reads", "--look", folder], check=True)


if __name__ == "__main__":
    main()
