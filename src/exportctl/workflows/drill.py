"""
Drill backups: restore some datasets, chosen at random, read back what was written, and delete it.

    live objects, runs, storage   ->  the chain of each dataset, as `backup status` reads it
    chains and a seed             ->  the datasets of this drill (monitor.backup.drill_choice)
    each of them                  ->  its table, checked and written as by `restore write`, read back, deleted

Nothing is written to the service or to the storage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from exportctl.clock import elapsed_seconds
from exportctl.engines.drill_folder import open_drill_folder
from exportctl.engines.local_files import check_space
from exportctl.errors import Error, Finding
from exportctl.frozen import dataclass
from exportctl.model.schedule import format_moment
from exportctl.monitor.backup.drill_choice import drawn_order
from exportctl.monitor.backup.drills import DrillResult
from exportctl.monitor.backup.report import BackupReport, Chain, ChainState, ExportChains
from exportctl.restore.drill import DrilledDataset, DrillReport, NotDrilled, written_failures
from exportctl.restore.report import RestoreCheck
from exportctl.restore.request import CheckOptions, DrillRequest, RestoreRequest
from exportctl.restore.source import FileFormat, RestoreFile, RestoreRun
from exportctl.storage.local import LocalReader
from exportctl.workflows.backup import read_backups
from exportctl.workflows.file_lists import newest_hashes
from exportctl.workflows.restore import OpenSource, open_source
from exportctl.workflows.restore_check import check_source, write_source
from exportctl.workflows.verify import VerifiedExport, Verifier

_TWICE = 2  # room for a copy of the files and for the table, which is compressed as they are [assumed]
_TABLE = FileFormat("parquet", "none")


@dataclass(frozen=True)
class _Subject:
    """A dataset with a backup."""

    export: ExportChains
    read: VerifiedExport
    chain: Chain
    last_hash: str | None

    def undone_drill(self) -> DrilledDataset:
        """Return it as a drill that was not done."""
        chain = self.chain
        return DrilledDataset(
            self.export.address,
            chain.dataset,
            chain.dataset_id,
            self.export.flow or "",
            chain.state,
            chain.covered_from,
            chain.covered_to,
            self.last_hash,
            DrillResult.INTERRUPTED,
            ("a signal ended the drill before",),
        )


def drill_backups(verifier: Verifier, asked: DrillRequest) -> DrillReport:
    """
    Drill the chosen datasets. After an interrupt (KeyboardInterrupt) the report says what was not done.

    Raises:
        ServiceError: flows or runs could not be read.
    """
    report, checked = read_backups(verifier)
    subjects, others = _find_subjects(report, checked)
    seed = asked.seed if asked.seed is not None else default_seed(report.as_of)
    ordered = drawn_order(subjects, seed, lambda one: (one.export.address, one.chain.dataset, one.chain.dataset_id))
    found = DrillReport(
        report.header, report.as_of, seed, asked.count, len(subjects), (), tuple(others), report.errors()
    )
    return replace(found, drilled=_drill_datasets(ordered[: asked.count], verifier, asked.options))


def default_seed(as_of: int) -> str:
    """Return the day: a drill of the same day chooses the same datasets."""
    return format_moment(as_of)[: len("2026-11-29")]


def _find_subjects(report: BackupReport, checked: Sequence[VerifiedExport]) -> tuple[list[_Subject], list[NotDrilled]]:
    """Return what has a backup, and what has none with the reason."""
    subjects, others = [], []
    for export, read in zip(report.exports, checked, strict=True):
        hashes = newest_hashes(report.header, export, read)
        for chain in export.chains:
            if chain.state is ChainState.NONE:
                others.append(NotDrilled(export.address, chain.dataset, chain.reason))
            else:
                subjects.append(_Subject(export, read, chain, hashes.get(chain.dataset_id)))
    return subjects, others


def _drill_datasets(
    chosen: Sequence[_Subject], verifier: Verifier, options: CheckOptions
) -> tuple[DrilledDataset, ...]:
    drilled = [one.undone_drill() for one in chosen]
    try:
        for number, one in enumerate(chosen):
            drilled[number] = _drill_dataset(one, verifier, options)
    except KeyboardInterrupt:
        pass
    return tuple(drilled)


def _drill_dataset(one: _Subject, verifier: Verifier, options: CheckOptions) -> DrilledDataset:
    start = elapsed_seconds()
    try:
        opened = open_source(one.read, one.chain, RestoreRequest())
    except Error as error:
        return _judge_unopened(one, error)
    try:
        with open_drill_folder(options.work, verifier.local_folders) as folder:
            made = _restore_dataset(one, opened, folder, replace(options, work=str(folder)), verifier)
    except Error as error:
        made = _failed_drill(one, error.findings()[0])
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        made = _failed_drill(one, Finding("drill-files", f"a file could not be written or read: {said}"))
    return replace(made, seconds=elapsed_seconds() - start)


def _judge_unopened(one: _Subject, error: Error) -> DrilledDataset:
    """Judge a backup that makes no table: it fails, unless its storage was not read."""
    why = error.findings()[0]
    if one.export.errors:
        return _failed_drill(one, why)
    if one.read.storage.reader is None:
        message, hint = f"its storage is not read: {one.export.storage}", "docs/how-to/let-verify-read-storage.md"
        return _failed_drill(one, Finding("restore-storage", message, hint=hint))
    hint = f" ({why.hint})" if why.hint else ""
    reasons = (*_chain_reasons(one.chain), f"{why.message}{hint}")
    return replace(one.undone_drill(), result=DrillResult.FAILED, reasons=reasons)


def _chain_reasons(chain: Chain) -> tuple[str, ...]:
    """Return that a chain is not WHOLE; its table may be, for the moment before the first gap."""
    return () if chain.state is ChainState.WHOLE else (f"the backup is {chain.state}: {chain.reason}",)


def _failed_drill(one: _Subject, why: Finding) -> DrilledDataset:
    """Return that it was not found out whether the dataset can be restored."""
    named = replace(why, message=f"{one.export.address}: {one.chain.dataset}: {why.message}")
    return replace(one.undone_drill(), result=DrillResult.ERROR, reasons=(why.message,), error=named)


def _restore_dataset(
    one: _Subject, opened: OpenSource, folder: Path, options: CheckOptions, verifier: Verifier
) -> DrilledDataset:
    check_space(folder, opened.source.size * _TWICE)
    to, size = folder / "restored", None
    check = write_source(opened, to, options, verifier.setup)
    failures = check.failures
    if not failures and to.exists():  # a table without a column is not written
        size = sum(path.stat().st_size for path in _table_files(to))
        failures = tuple(written_failures(check, _read_back(opened, check, to, options, verifier)))
    reasons = (*_chain_reasons(one.chain), *failures)
    result = DrillResult.FAILED if reasons else DrillResult.RESTORED
    return replace(one.undone_drill(), result=result, reasons=reasons, check=check, written=size)


def _read_back(
    opened: OpenSource, check: RestoreCheck, to: Path, options: CheckOptions, verifier: Verifier
) -> RestoreCheck:
    """Check the written table as if one run had sent it: every value is read, and each key is there once."""
    files = tuple(
        RestoreFile(path.relative_to(to).as_posix(), path.stat().st_size, 1, _TABLE) for path in _table_files(to)
    )
    run = RestoreRun(1, opened.source.as_of, None, ChainState.WHOLE, check.restored)
    source = replace(opened.source, runs=(run,), files=files)
    return check_source(OpenSource(source, LocalReader(to, "the written table")), options, verifier.setup)


def _table_files(to: Path) -> Sequence[Path]:
    return sorted(to.rglob("*.parquet"))
