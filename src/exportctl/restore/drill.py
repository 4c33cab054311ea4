"""
What a drill of backups found. Values, and the comparison of a table with what was read back from the disk. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.errors import Finding
from exportctl.frozen import dataclass
from exportctl.model.plan import Address, PlanHeader
from exportctl.monitor.backup.drills import DrillResult
from exportctl.monitor.backup.report import ChainState
from exportctl.restore.report import RestoreCheck


@dataclass(frozen=True)
class DrilledDataset:
    """
    One dataset that was chosen, and its chain.

    `last_hash` is that of the chain's newest complete run, as a list of its files has it; None: its files are not its
    own. `check` is of the files of the backup, None: it did not come to it. `reasons` say why it was not RESTORED.
    """

    address: Address
    dataset: str
    dataset_id: str
    flow: str
    state: ChainState
    covered_from: int | None
    covered_to: int | None
    last_hash: str | None
    result: DrillResult
    reasons: tuple[str, ...] = ()
    check: RestoreCheck | None = None
    written: int | None = None  # bytes of the table; None: it was not written
    seconds: float = 0
    error: Finding | None = None

    @property
    def moment(self) -> int | None:
        return self.check.source.as_of if self.check else None

    @property
    def restored_rows(self) -> int | None:
        return self.check.restored if self.check else None


@dataclass(frozen=True)
class NotDrilled:
    """A dataset without a backup, so it could not be chosen. `reason` says why."""

    address: Address
    dataset: str
    reason: str


@dataclass(frozen=True)
class DrillReport:
    """
    One drill. `drillable` datasets were there to choose `count` from with `seed`.

    `errors` are of exports whose storage could not be read.
    """

    header: PlanHeader
    as_of: int
    seed: str
    count: int
    drillable: int
    drilled: tuple[DrilledDataset, ...]
    not_drilled: tuple[NotDrilled, ...] = ()
    unread: tuple[Finding, ...] = ()

    @property
    def has_failed(self) -> bool:
        """Check whether a backup was not restored for a reason of its own; also if there was none to restore."""
        return not self.drilled or any(one.result is DrillResult.FAILED for one in self.drilled)

    @property
    def is_interrupted(self) -> bool:
        return any(one.result is DrillResult.INTERRUPTED for one in self.drilled)

    def errors(self) -> tuple[Finding, ...]:
        return (*self.unread, *(one.error for one in self.drilled if one.error))

    def counts(self) -> dict[DrillResult, int]:
        results = [one.result for one in self.drilled]
        return {result: results.count(result) for result in DrillResult}


def written_failures(check: RestoreCheck, written: RestoreCheck) -> Iterator[str]:
    """Yield how the written table, read back, differs from the one that was checked before it was written."""
    if written.failures:
        yield f"the written table cannot be read back: {written.failures[0]}"
        return
    for what, before, after in (
        ("rows", check.restored, written.restored),
        ("columns", check.columns, written.columns),
        ("different keys", check.keys, written.keys),
        ("as its smallest timestamp", check.first_time, written.first_time),
        ("as its largest timestamp", check.last_time, written.last_time),
    ):
        if before != after:
            yield f"the written table has {after} {what}, and the restored one {before}"
