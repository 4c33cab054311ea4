"""
What `backup status` says of each dataset at its location. Values only.

The chain of a dataset is the first full export and every later run.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from exportctl.errors import Finding
from exportctl.frozen import dataclass
from exportctl.model.combine import Combination
from exportctl.model.plan import Address, PlanHeader
from exportctl.model.project import BackupPolicy
from exportctl.monitor.backup.drills import DatasetDrills
from exportctl.monitor.backup.list_report import ListComparison
from exportctl.monitor.delivery.report import DeliveredFile


class ChainState(StrEnum):
    WHOLE = "WHOLE"
    GAP = "GAP"
    CHANGED = "CHANGED"
    UNPROVEN = "UNPROVEN"
    NONE = "NONE"


CHAIN_STATES: Mapping[ChainState, str] = {
    ChainState.WHOLE: "Every run since the first full export is complete, and its files are in storage.",
    ChainState.GAP: "Files of a run are gone. Rows are lost, unless the files come back or a new full export is made.",
    ChainState.CHANGED: "Files of a run are not what the run wrote.",
    ChainState.UNPROVEN: "Nothing is known to be lost, but not everything is proven.",
    ChainState.NONE: "No run is complete yet.",
}


@dataclass(frozen=True)
class ChainStart:
    """A moment, in seconds, at which the service sent everything; or may have, unless it `is_certain`."""

    moment: int
    reason: str
    is_certain: bool = True


@dataclass(frozen=True)
class Gap:
    """
    Neighbouring runs that break the chain in the same way; `first` and `last` are when they were due, in seconds.

    Without runs, `first` and `last` bound a time of which it is not known which runs were due.
    The window of rows begins at `after`, when the run before them was due; None: it is all that the dataset held.
    """

    state: ChainState  # GAP, CHANGED or UNPROVEN
    after: int | None
    first: int
    last: int
    runs: int
    reason: str
    lost: str
    action: str
    run: str | None = None  # of the first of them
    objects: tuple[str, ...] = ()


@dataclass(frozen=True)
class LateRows:
    """
    Neighbouring runs that sent no rows, and do not break the chain: a later run has them. Moments in seconds.

    `carrier` is when that run was due, and `source` says who knows that it has them.
    """

    first: int
    last: int
    runs: int
    reason: str
    carrier: int
    source: str


@dataclass(frozen=True)
class ChainRun:
    """
    One run of a chain, and its data files of one dataset: complete only if `state` is WHOLE. Moments in seconds.

    `carrier` is when a later run was due that has its rows; the state is then UNPROVEN, and breaks nothing.
    """

    due: int
    run: str | None
    state: ChainState
    rows: int | None  # as the run says, or as counted; None: neither
    files: tuple[DeliveredFile, ...]
    carrier: int | None = None


@dataclass(frozen=True)
class Chain:
    """
    The chain of one dataset. Moments are in seconds; rows, files and bytes are None where they were not counted.

    `covered_from` is when the first complete run was due, `covered_to` the newest one: the recovery point. Of a dataset
    of events, the first full export may leave out what is older than `rows_from`.
    """

    dataset: str
    dataset_id: str
    state: ChainState
    reason: str
    starts: tuple[ChainStart, ...]
    covered_from: int | None
    covered_to: int | None
    complete_runs: int
    rows: int | None
    files: int | None
    size: int | None
    gaps: tuple[Gap, ...]
    runs: tuple[ChainRun, ...] = ()  # in order of time, from the first one of the chain on
    failures: tuple[str, ...] = ()  # why it does not fulfil the policy of its export
    combination: Combination | None = None  # how its runs come together as one table
    rows_from: int | None = None
    late_rows: tuple[LateRows, ...] = ()
    drills: DatasetDrills | None = None  # None: no audit file was read


@dataclass(frozen=True)
class ExportChains:
    """One export. `state` and `storage` are as in a verify report. `policy` None: the YAML asks for no backup."""

    address: Address
    flow: str | None
    state: str
    storage: str
    policy: BackupPolicy | None
    chains: tuple[Chain, ...]
    errors: tuple[Finding, ...] = ()

    @property
    def has_failed(self) -> bool:
        return any(chain.failures for chain in self.chains)


@dataclass(frozen=True)
class BackupReport:
    """The chains of all exports at a moment, by address and dataset."""

    header: PlanHeader
    as_of: int
    exports: tuple[ExportChains, ...]
    comparisons: tuple[ListComparison, ...] = ()  # with lists of files, in the order of the lists
    audit: str | None = None  # the audit file that was read for drills

    def counts(self) -> dict[ChainState, int]:
        states = [chain.state for export in self.exports for chain in export.chains]
        return {state: states.count(state) for state in ChainState}

    @property
    def has_policy(self) -> bool:
        return any(export.policy for export in self.exports)

    @property
    def fails_policy(self) -> bool:
        return any(export.has_failed for export in self.exports)

    @property
    def has_failed(self) -> bool:
        return self.fails_policy or any(one.faults for one in self.comparisons)

    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for export in self.exports for finding in export.errors)
