"""The location of one export as a test changes it: every change can be taken back, so one chain serves many faults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class Bucket(Protocol):
    """All files below one location; paths are relative to it."""

    def list(self) -> list[str]: ...

    def read(self, path: str) -> bytes: ...

    def write(self, path: str, content: bytes) -> None: ...

    def delete(self, path: str) -> None: ...


@dataclass(frozen=True)
class LocalBucket:
    """A folder of this machine."""

    folder: Path

    def list(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())

    def read(self, path: str) -> bytes:
        return (self.folder / path).read_bytes()

    def write(self, path: str, content: bytes) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(content)

    def delete(self, path: str) -> None:
        (self.folder / path).unlink()


@dataclass
class Location:
    """What one export wrote for one dataset, run by run, and the changes that a test makes in it."""

    bucket: Bucket
    prefix: str  # of the export, without slashes at its ends
    dataset: str
    paths: list[str] = field(default_factory=list)
    before: dict[str, bytes | None] = field(default_factory=dict)  # what was at a path; None: nothing

    def __post_init__(self) -> None:
        self.paths = [path for path in self.bucket.list() if path.startswith(f"{self.prefix}/{self.dataset}/")]

    @property
    def folders(self) -> list[str]:
        """The folder of each run, oldest first."""
        return sorted({path.rpartition("/")[0] for path in self.paths})

    def part(self, run: int, place: int = 0) -> str:
        return self._named(run, "part-")[place]

    def manifest(self, run: int) -> str:
        return self._named(run, "manifest-")[0]

    def _named(self, run: int, start: str) -> list[str]:
        folder = self.folders[run]
        return [path for path in self.paths if path.startswith(f"{folder}/{start}")]

    def read(self, path: str) -> bytes:
        return self.bucket.read(path)

    def write(self, path: str, content: bytes) -> None:
        self.before.setdefault(path, self.bucket.read(path) if path in self.paths else None)
        self.bucket.write(path, content)

    def delete(self, path: str) -> None:
        self.before.setdefault(path, self.bucket.read(path))
        self.bucket.delete(path)

    def delete_runs(self, *runs: int) -> None:
        for folder in [self.folders[run] for run in runs]:
            for path in [path for path in self.paths if path.startswith(f"{folder}/")]:
                self.delete(path)

    def undo(self) -> None:
        while self.before:
            path, content = self.before.popitem()
            if content is not None:
                self.bucket.write(path, content)
            else:
                self.bucket.delete(path)


@contextmanager
def changed(location: Location) -> Iterator[Location]:
    """The location, whole again afterwards."""
    try:
        yield location
    finally:
        location.undo()
