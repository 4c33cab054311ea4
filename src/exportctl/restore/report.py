"""
What a check of a restore found, and why it fails. Values, and the judgement over them. Pure.

    failure                                        seen by
    the chain is not WHOLE up to the moment        its runs and files, as `backup status`
    a file cannot be read                          every value of it is read
    a column has two types                         the columns of every file
    a run holds other rows than it wrote           rows of its files, compared with the run
    a key twice in one run, or a row without key   rows per key and run, of an upsert
    no column of the key's name                    the columns of the table
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exportctl.frozen import dataclass
from exportctl.model.plan import PlanHeader
from exportctl.model.schedule import format_count, format_moment
from exportctl.monitor.backup.report import ChainState
from exportctl.restore.columns import Columns, find_column
from exportctl.restore.source import RestoreFile, RestoreSource
from exportctl.restore.table import RestoreTable


@dataclass(frozen=True)
class KeyCounts:
    """
    How the key divides the rows.

    `keys` are different ones, `ambiguous` are pairs of a key and a run with several rows, `without` are rows without
    a key.
    """

    keys: int
    ambiguous: int
    without: int


@dataclass(frozen=True)
class TableFacts:
    """What an engine counted: rows by file (its path), the rows of the table, and the span of its timestamps."""

    rows: Mapping[str, int]
    restored: int
    keys: KeyCounts | None = None
    first_time: str | None = None
    last_time: str | None = None


@dataclass(frozen=True)
class RestoreCheck:
    """
    One dataset. `rows` are those of all files, `restored` those of the table; None: it could not be read.

    `added` are columns that the first file lacks, as `column (file)`.
    """

    source: RestoreSource
    failures: tuple[str, ...]
    rows: int | None = None
    restored: int | None = None
    columns: int | None = None
    schemas: int | None = None
    added: tuple[str, ...] = ()
    keys: int | None = None
    first_time: str | None = None
    last_time: str | None = None


@dataclass(frozen=True)
class RestoreReport:
    """The checks of one export at a moment, by dataset. `engine` read the files, `folder` is the new one, if any."""

    header: PlanHeader
    as_of: int
    engine: str
    checks: tuple[RestoreCheck, ...]
    folder: str | None = None

    @property
    def has_failed(self) -> bool:
        return any(check.failures for check in self.checks)


def judge_table(
    source: RestoreSource, table: RestoreTable, facts: TableFacts, *, accept_incomplete: bool
) -> RestoreCheck:
    """Return the check of a table that was read."""
    failures = (
        *chain_failures(source, accept_incomplete=accept_incomplete),
        *_row_failures(source, facts.rows, accept_incomplete=accept_incomplete),
        *_key_failures(source, table, facts),
    )
    return RestoreCheck(
        source,
        failures,
        rows=sum(facts.rows.values()),
        restored=facts.restored,
        columns=len(table.columns),
        schemas=table.schemas,
        added=tuple(f"{one.column} ({one.file.path})" for one in table.added),
        keys=facts.keys.keys if facts.keys else None,
        first_time=facts.first_time,
        last_time=facts.last_time,
    )


def unreadable_table(source: RestoreSource, reason: str, *, accept_incomplete: bool) -> RestoreCheck:
    """Return the check of files that make no table."""
    return RestoreCheck(source, (*chain_failures(source, accept_incomplete=accept_incomplete), reason))


def chain_failures(source: RestoreSource, *, accept_incomplete: bool) -> Iterator[str]:
    """Yield why the files cannot be everything, unless that is accepted."""
    if source.state is not ChainState.WHOLE and not accept_incomplete:
        yield f"the backup is {source.state} up to {format_moment(source.as_of)}: {'; '.join(source.problems)}"


def _row_failures(source: RestoreSource, rows: Mapping[str, int], *, accept_incomplete: bool) -> Iterator[str]:
    """Yield the runs with other rows than they wrote; what a broken run lacks may be accepted."""
    files = source.files_by_run()
    for run in source.runs:
        own = files.get(run.number, ())
        found = sum(rows.get(file.path, 0) for file in own)
        is_accepted = accept_incomplete and run.state is not ChainState.WHOLE
        if run.rows is not None and found != run.rows and not is_accepted:
            named = _first_files(own)
            yield f"the run due {format_moment(run.due)} wrote {run.rows} rows, its files hold {found}{named}"


def _first_files(files: tuple[RestoreFile, ...]) -> str:
    if not files:
        return ": no file of it is known"
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f": {files[0].path}{more}"


def unusable_key(source: RestoreSource, columns: Columns) -> str:
    """Say why no row is identified by the key of an upsert."""
    kind = find_column(columns, source.key or "")
    what = f"is of type {kind}, which identifies no row" if kind else "is no column of these files"
    return f"the key {source.key} {what} ({source.key_source})"


def _key_failures(source: RestoreSource, table: RestoreTable, facts: TableFacts) -> Iterator[str]:
    keys = facts.keys
    if source.key is None or not table.columns:
        return
    if keys is None:
        yield unusable_key(source, table.columns)
        return
    if keys.ambiguous:
        count = format_count(keys.ambiguous, "time")
        yield f"one run holds a key {source.key} in several rows, {count}: which of them is the newest is not known"
    if keys.without:
        yield f"{format_count(keys.without, 'row')} without a value of the key {source.key}: all of them stay"
    if facts.restored != keys.keys + keys.without:
        yield f"the table has {facts.restored} rows for {keys.keys} keys and {keys.without} rows without a key"
