"""What a person asks of a restore or of a drill. Values only."""

from __future__ import annotations

from dataclasses import field

from exportctl.frozen import dataclass
from exportctl.restore.engine import Engine

MEMORY = "512MB"


@dataclass(frozen=True)
class RestoreRequest:
    """What to restore. `dataset` is a name or an id, None: all of the export. `as_of` in seconds, None: the newest."""

    dataset: str | None = None
    as_of: int | None = None


@dataclass(frozen=True)
class CheckOptions:
    """
    How a check works.

    `work` is its temporary folder (None: the system's), `memory` that of DuckDB's buffers. A `master` is that of Spark.
    """

    work: str | None = None
    memory: str = MEMORY
    accept_incomplete: bool = False
    master: str | None = None

    @property
    def engine(self) -> Engine:
        return Engine.DUCKDB if self.master is None else Engine.SPARK


@dataclass(frozen=True)
class DrillRequest:
    """What to drill: `count` datasets, chosen with `seed` (None: the day in UTC), in a folder below `work`."""

    count: int = 1
    seed: str | None = None
    options: CheckOptions = field(default_factory=CheckOptions)
