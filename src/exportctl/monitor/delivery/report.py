"""
What `verify` finds: a result per dataset and expected run, with the evidence and the objects. Values only.

    result          meaning                                                                      fails (exit 9)
    COMPLETE        the run succeeded, and the files that it says it wrote are there              no
    EMPTY           the run succeeded and had nothing to write                                    with `non_empty`
    LATE            nothing complete within `expect.within`, or complete only after it            yes
    FAILED          the last run for this time failed                                             yes
    MISSING         a run was due and there is none                                               yes
    FILES-MISSING   the run succeeded, and files (or the manifest) that it wrote are not there    yes
    MISMATCH        files are there, and they are not what the run wrote                          yes
    UNKNOWN         nothing can be said; the reason says why                                      no
"""

from __future__ import annotations

from enum import StrEnum

from exportctl.errors import Finding
from exportctl.frozen import dataclass
from exportctl.model.plan import Address, PlanHeader


class DeliveryResult(StrEnum):
    COMPLETE = "COMPLETE"
    EMPTY = "EMPTY"
    LATE = "LATE"
    FAILED = "FAILED"
    MISSING = "MISSING"
    FILES_MISSING = "FILES-MISSING"
    MISMATCH = "MISMATCH"
    UNKNOWN = "UNKNOWN"


FAILING_RESULTS = frozenset(DeliveryResult) - {DeliveryResult.COMPLETE, DeliveryResult.EMPTY, DeliveryResult.UNKNOWN}


class Evidence(StrEnum):
    """What a result rests on, best last."""

    NONE = "none"
    RUNS = "runs"  # the service's own word for it
    FILES = "files"  # as many objects under the run's folder as it says
    MANIFEST = "manifest"  # names and sizes
    CONTENT = "content"  # rows counted in the files (`--deep`)


@dataclass(frozen=True)
class DeliveredFile:
    """One data file in storage; `rows` None: they were not counted."""

    path: str
    size: int  # bytes
    etag: str | None = None
    rows: int | None = None


@dataclass(frozen=True)
class Verdict:
    """One dataset and one expected run. `rows`, `files` and `size` are what was found, None if it was not checked."""

    dataset: str
    dataset_id: str
    due: int | None  # when it was scheduled, in seconds; None: nothing was due in the window
    result: DeliveryResult
    reason: str
    evidence: Evidence = Evidence.NONE
    run: str | None = None
    completed: int | None = None
    objects: tuple[str, ...] = ()  # the paths that the reason is about
    folder: str | None = None
    rows: int | None = None
    files: int | None = None
    size: int | None = None  # bytes
    hint: str | None = None
    fails: bool = False  # counts for exit 9
    stored: tuple[DeliveredFile, ...] = ()  # the data files of this dataset and run, as far as they are known
    is_partial: bool = False  # FAILED: a part was written
    is_before_change: bool = False  # no run, and the flow was changed later: perhaps none was due
    of_several: bool = False  # files of several datasets were counted together: some of one of them are missing


@dataclass(frozen=True)
class ExportVerdicts:
    """One export. `storage` says what was read (`s3://…`), or why only runs were (`runs only: no credentials`)."""

    address: Address
    flow: str | None
    state: str  # enabled, disabled, expired, finished, not applied
    storage: str
    verdicts: tuple[Verdict, ...]
    errors: tuple[Finding, ...] = ()  # its storage could not be read

    @property
    def has_failed(self) -> bool:
        return any(v.fails for v in self.verdicts)


@dataclass(frozen=True)
class VerifyReport:
    """`since` and `as_of` in seconds; `deep`: file contents were read. Sorted by address, then dataset, then due."""

    header: PlanHeader
    as_of: int
    since: int
    deep: bool
    exports: tuple[ExportVerdicts, ...]

    def counts(self) -> dict[DeliveryResult, int]:
        words = [v.result for e in self.exports for v in e.verdicts]
        return {word: words.count(word) for word in DeliveryResult}

    @property
    def has_failed(self) -> bool:
        return any(e.has_failed for e in self.exports)

    def errors(self) -> tuple[Finding, ...]:
        return tuple(f for e in self.exports for f in e.errors)
