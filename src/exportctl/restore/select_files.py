"""
Choose the files of a chain that make its table at a moment. Pure.

    combine     files
    append      of every run that was due up to the moment
    upsert      the same; the query keeps the newest row of each key
    snapshot    of the newest complete run up to the moment
    unknown     refused

If all rows may have been sent again in between, the table of an append is UNPROVEN: it may have rows twice.

Runs after the moment do not count, neither do their gaps. Without a moment it is that of the newest complete run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exportctl.errors import Error
from exportctl.model.combine import Combination, Combine
from exportctl.model.plan import Address
from exportctl.model.schedule import format_moment
from exportctl.monitor.backup.report import Chain, ChainRun, ChainStart, ChainState, Gap
from exportctl.restore.source import FileFormat, RestoreFile, RestoreLocation, RestoreRun, RestoreSource

_WORST_FIRST = (ChainState.GAP, ChainState.CHANGED, ChainState.UNPROVEN)
_ENDINGS = {  # flow-service.md 10.1
    ".parquet": FileFormat("parquet", "gzip"),
    ".json.gz": FileFormat("json", "gzip"),
    ".json": FileFormat("json", "none"),
}


def select_source(
    address: Address,
    chain: Chain,
    location: RestoreLocation,
    written: FileFormat,
    moment: int | None = None,
) -> RestoreSource:
    """
    Return the files of a chain at a moment, in seconds. `written` is the format of files with another ending.

    Raises:
        Error: there is no table: no complete run, a moment before the first one, no key, or nothing says how the runs
            combine. The hint says what to do.
    """
    as_of = _table_moment(chain, moment)
    rule = _checked_rule(chain)
    runs = [run for run in chain.runs if run.due <= as_of]
    gaps = [gap for gap in chain.gaps if gap.first <= as_of]
    waiting = [run for run in runs if run.carrier is not None and run.carrier > as_of]
    if rule.combine is Combine.SNAPSHOT:
        newest = next(run for run in reversed(runs) if run.state is ChainState.WHOLE)
        gaps = [gap for gap in gaps if gap.last > newest.due and gap.runs]
        runs, waiting = [newest], []
    again = tuple(_repeated_row_texts(chain.starts, runs)) if rule.combine is Combine.APPEND else ()
    source = RestoreSource(
        address=address,
        dataset=chain.dataset,
        dataset_id=chain.dataset_id,
        combine=rule.combine,
        combine_source=rule.source,
        key=rule.key if rule.combine is Combine.UPSERT else None,
        key_source=rule.key_source,
        as_of=as_of,
        state=_state([*(gap.state for gap in gaps), *(ChainState.UNPROVEN for _ in (*waiting, *again))]),
        problems=(*(_gap_text(gap) for gap in gaps), *(_waiting_text(run) for run in waiting), *again),
        runs=tuple(RestoreRun(n, run.due, run.run, run.state, run.rows) for n, run in enumerate(runs, start=1)),
        files=tuple(_files(runs, written)),
        location=location,
        warnings=rule.warnings,
    )
    if not source.files and any(run.rows != 0 for run in runs):
        hint = "exportctl needs to read the storage: docs/how-to/let-verify-read-storage.md"
        raise _error(chain, "no file of these runs is known", "restore-files", hint)
    return source


def _repeated_row_texts(starts: Sequence[ChainStart], runs: Sequence[ChainRun]) -> Iterator[str]:
    """Yield the moments after which the runs may have every earlier row once more."""
    for start in starts:
        is_between = any(run.due < start.moment for run in runs) and any(run.due >= start.moment for run in runs)
        if is_between and not start.is_certain:
            when = format_moment(start.moment)
            yield f"{ChainState.UNPROVEN}: {when}: {start.reason}; then rows from before are twice in the table"


def file_format(path: str, written: FileFormat) -> FileFormat:
    """Return the format of a file by the ending of its name, else that of the target connection."""
    return next((known for ending, known in _ENDINGS.items() if path.endswith(ending)), written)


def _table_moment(chain: Chain, moment: int | None) -> int:
    if chain.covered_from is None or chain.covered_to is None:
        hint = "see `exportctl backup status`"
        raise _error(chain, f"there is nothing to restore: {chain.reason}", "restore-nothing", hint)
    if moment is not None and moment < chain.covered_from:
        asked, first = format_moment(moment), format_moment(chain.covered_from)
        hint = f"the first complete run was due {first}; choose that moment or a later one"
        raise _error(chain, f"--as-of {asked} is before the backup begins", "restore-before-chain", hint)
    return chain.covered_to if moment is None else moment


def _checked_rule(chain: Chain) -> Combination:
    """Return how the dataset combines, if that makes a table."""
    rule = chain.combination or Combination(Combine.UNKNOWN, "nothing says how its runs combine")
    named = f"datasets: {{ALIAS: {{name: {chain.dataset}, "
    if rule.combine is Combine.UNKNOWN:
        hint = f"write `{named}combine: append}}}}`: append for events, upsert for records (with `key`), or snapshot"
        raise _error(chain, f"it is not known how its runs make one table: {rule.source}", "restore-combine", hint)
    if rule.combine is Combine.UPSERT and rule.key is None:
        hint = f"write `{named}combine: upsert, key: _id}}}}` with the column that identifies a row"
        raise _error(chain, f"its runs hold changed records, and {rule.key_source}", "restore-key", hint)
    return rule


def _error(chain: Chain, message: str, rule: str, hint: str) -> Error:
    return Error(f"{chain.dataset}: {message}", rule=rule, hint=hint)


def _state(states: Sequence[ChainState]) -> ChainState:
    return next((state for state in _WORST_FIRST if state in states), ChainState.WHOLE)


def _gap_text(gap: Gap) -> str:
    first, last = format_moment(gap.first), format_moment(gap.last)
    return f"{gap.state}: {first if gap.first == gap.last else f'{first} to {last}'}: {gap.reason}"


def _waiting_text(run: ChainRun) -> str:
    """Name a run with rows that came only with a run after the moment."""
    due, carrier = format_moment(run.due), format_moment(run.carrier or run.due)
    return f"{ChainState.UNPROVEN}: {due}: the rows of this run came with the one due {carrier}"


def _files(runs: Sequence[ChainRun], written: FileFormat) -> Iterator[RestoreFile]:
    for number, run in enumerate(runs, start=1):
        for file in sorted(run.files, key=lambda one: one.path):
            yield RestoreFile(file.path, file.size, number, file_format(file.path, written), file.rows)
