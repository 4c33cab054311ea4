"""
Reads storages with programs that share no code with exportctl: rclone (Go) lists and copies, DuckDB (C++) reads files.
"""

from __future__ import annotations

import configparser
import gzip
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.real.processes import find_program

# No second tries: a server that is not there is the answer.
_ONCE = ("--retries", "1", "--low-level-retries", "1", "--contimeout", "2s", "--timeout", "20s")
NO_SUCH_FOLDER = 3  # rclone's exit code


@dataclass(frozen=True)
class ListedFile:
    """An object or file; `path` is below what was listed. SFTP gives no MD5."""

    path: str
    size: int
    md5: str | None


@dataclass(frozen=True)
class ProgramResult:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Rclone:
    """rclone with a config file of its own, which may hold keys."""

    config: Path

    def add(self, remote: str, options: Mapping[str, str]) -> None:
        """Name a storage; one of that name is replaced."""
        parser = configparser.RawConfigParser()
        parser.read(self.config, encoding="utf-8")
        parser[remote] = dict(options)
        with self.config.open("w", encoding="utf-8") as written:
            parser.write(written)
        self.config.chmod(0o600)

    def obscure(self, password: str) -> str:
        """A password in the form rclone's config wants; that hides it from no reader."""
        return self._run("obscure", "-", given=password.encode()).out.strip()

    def make_folder(self, place: str) -> bool:
        """Whether a bucket, container or folder could be made or was there."""
        return self._run("mkdir", place, check=False).code == 0

    def list_files(self, place: str) -> list[ListedFile]:
        """All files below a place such as `remote:bucket/path`, sorted; none where there is no such folder."""
        ran = self._run("lsjson", "--hash", "-R", "--files-only", place, check=False)
        if ran.code == NO_SUCH_FOLDER:
            return []
        if ran.code:
            raise AssertionError(f"rclone lsjson {place}: {ran.err}")
        found = json.loads(ran.out)
        return sorted(
            (ListedFile(f["Path"], f["Size"], f.get("Hashes", {}).get("md5")) for f in found), key=lambda f: f.path
        )

    def copy_to(self, place: str, folder: Path) -> Path:
        """Everything below a place, in a local folder."""
        self._run("copy", place, str(folder))
        return folder

    def read_file(self, file: str) -> bytes:
        with TemporaryDirectory() as folder:
            return (self.copy_to(file, Path(folder)) / Path(file).name).read_bytes()

    def delete_file(self, file: str) -> None:
        self._run("deletefile", file)

    def delete_folder(self, place: str) -> None:
        self._run("purge", place)

    def write_file(self, file: str, content: bytes) -> None:
        """Put `content` in the place of a file."""
        self._run("rcat", file, given=content)

    def _run(self, *words: str, check: bool = True, given: bytes = b"") -> ProgramResult:
        command = [find_program("rclone"), "--config", str(self.config), *_ONCE, *words]
        # The cloud variables of whoever runs the tests would win over the config file.
        env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "AZURE_", "RCLONE_", "GOOGLE_"))}
        done = subprocess.run(command, capture_output=True, input=given, env=env, timeout=120)
        ran = ProgramResult(done.returncode, done.stdout.decode(), done.stderr.decode())
        if check and ran.code:
            raise AssertionError(f"rclone {' '.join(words)}: {ran.err}")
        return ran


def ids(folder: Path, pattern: str) -> list[str]:
    """The `_id` of every row of the Parquet or NDJSON files that the pattern finds below a folder, with repeats."""
    import duckdb  # here, because `make test` collects these tests without installing it

    where = str(folder / pattern)
    read = "read_parquet(?)" if pattern.endswith("parquet") else "read_json(?, format = 'newline_delimited')"
    with duckdb.connect() as database:
        return [row[0] for row in database.execute(f'SELECT "_id" FROM {read} ORDER BY 1', [where]).fetchall()]


def content(files: list[Path]) -> dict[str, object]:
    """Every row of Parquet or gzipped NDJSON files by its `_id`, as the object that NDJSON has for it."""
    return {row["_id"]: row for file in files for row in _rows(file)}


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    if file.suffix == ".parquet":
        import pyarrow.parquet

        yield from map(_plain_value, pyarrow.parquet.ParquetFile(file).read().to_pylist())
    else:
        yield from map(json.loads, gzip.decompress(file.read_bytes()).decode("utf-8").removesuffix("\n").split("\n"))


def _plain_value(value: Any) -> Any:
    """A value of Parquet in the form of NDJSON: what is null is left out, maps are objects, moments are text."""
    match value:
        case dict():
            return {key: _plain_value(entry) for key, entry in value.items() if entry is not None}
        case [(str(), list()), *_]:
            return {key: _plain_value(entry) for key, entry in value}
        case list():
            return [_plain_value(entry) for entry in value]
        case datetime():
            return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
    return value
