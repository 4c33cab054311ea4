"""
What is restored: exactly these files, in the order of their runs, and how they come together as one table. Values only.

No value here holds a credential.
"""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.frozen import dataclass
from exportctl.model.combine import Combine
from exportctl.model.plan import Address
from exportctl.monitor.backup.report import ChainState


@dataclass(frozen=True)
class FileFormat:
    """`type` is parquet or json, `compression` gzip or none. Parquet is compressed inside."""

    type: str
    compression: str


@dataclass(frozen=True)
class RestoreFile:
    """One data file. `run` is the number of its run in the source, `size` in bytes."""

    path: str  # relative to the bucket, container or account root
    size: int
    run: int
    format: FileFormat
    rows: int | None = None  # as counted before; None: not counted


@dataclass(frozen=True)
class RestoreRun:
    """One run, numbered from 1 in order of time; `due` in seconds, `rows` as the run says or as counted."""

    number: int
    due: int
    id: str | None
    state: ChainState
    rows: int | None


@dataclass(frozen=True)
class RestoreLocation:
    """Where the files are, without a credential: `label` for people, `root` as `storage.address` spells it."""

    label: str
    root: str = ""
    folder: str | None = None  # the local folder that holds the same files


@dataclass(frozen=True)
class RestoreSource:
    """The files that make one table at a moment. `state` and `problems` are those of the chain up to it."""

    address: Address
    dataset: str
    dataset_id: str
    combine: Combine
    combine_source: str  # who says how the runs combine, for people
    key: str | None  # of an upsert; dots between levels: `_acme.crm.id`
    key_source: str  # who says so, for people
    as_of: int  # when the newest run in it was due, or the moment that was asked for
    state: ChainState
    problems: tuple[str, ...]
    runs: tuple[RestoreRun, ...]
    files: tuple[RestoreFile, ...]  # by run, then by path
    location: RestoreLocation
    warnings: tuple[str, ...] = ()  # where the YAML and the Catalog differ on how the runs combine

    @property
    def compared_runs(self) -> int:
        """Return of how many runs the rows are known, so that a check compares them."""
        return sum(run.rows is not None for run in self.runs)

    @property
    def size(self) -> int:
        """Return the bytes of all files."""
        return sum(file.size for file in self.files)

    def run_of(self, number: int) -> RestoreRun:
        return self.runs[number - 1]

    def files_by_run(self) -> Mapping[int, tuple[RestoreFile, ...]]:
        """Return the files of each run; a run without files is absent."""
        grouped: dict[int, list[RestoreFile]] = {}
        for file in self.files:
            grouped.setdefault(file.run, []).append(file)
        return {number: tuple(files) for number, files in grouped.items()}
