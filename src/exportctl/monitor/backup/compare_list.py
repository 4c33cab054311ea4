"""
Compare a list of files with what the storage and the chain hold now. Pure.

    listed file                         now                          fault
    at another address than now         -                            NOT-READ
    here                                not there                    DELETED
    here                                another size                 SIZE
    here, with an ETag                  another ETag                 WRITTEN-AGAIN
    here, rows counted (`--deep`)       other rows, or damaged       ROWS, DAMAGED
    of a run that is CHANGED now        all as listed                CHANGED

A copy of an object, and an upload in other parts, get another ETag for equal bytes: so WRITTEN-AGAIN is no proof of
other content. Without ETags (SFTP, a local folder) an equal size proves nothing. Runs after the list are no fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exportctl.frozen import dataclass
from exportctl.model.plan import Address
from exportctl.model.schedule import format_count, format_moment
from exportctl.monitor.backup.file_list import ListedChain, ListedFile, ListedRun
from exportctl.monitor.backup.list_report import ListComparison, ListFault, ListFaultKind, StoredNow
from exportctl.monitor.backup.report import Chain, ChainRun, ChainState
from exportctl.storage.reader import StoredFile


@dataclass(frozen=True)
class ListSubject:
    """What a chain of a list is compared with. `chain` None: the export has no such chain now."""

    file: str
    export: Address
    flow: str | None  # the one that the export has now
    chain: Chain | None
    now: StoredNow


def compare_chain(listed: ListedChain, subject: ListSubject) -> ListComparison:
    """Return everything that is not as listed, in the order of the list."""
    now = subject.now
    unread = [ListFault(ListFaultKind.NOT_READ, f"the storage was not read: {now.unread}")] if now.unread else []
    compared = [] if now.unread else list(_compared_runs(listed, subject))
    gone = tuple(_lost_runs(listed, subject))
    fine = [one for each in compared for one in each.unchanged]
    return ListComparison(
        file=subject.file,
        export=subject.export,
        dataset=listed.dataset,
        dataset_id=listed.dataset_id,
        flow=listed.flow,
        runs=len(listed.runs),
        files=sum(1 for _ in listed.files),
        by_etag=sum(1 for one in fine if _has_equal_etag(one, now.files[one.path])),
        by_size=sum(1 for one in fine if not _has_equal_etag(one, now.files[one.path])),
        by_rows=sum(len(each.unchanged) for each in compared if each.is_counted),
        faults=(*unread, *gone, *(fault for each in compared for fault in each.faults)),
    )


def common_folder(paths: Sequence[str]) -> str:
    """Return the deepest folder that holds all these files; empty for the root."""
    first, last = min(paths, default="").split("/")[:-1], max(paths, default="").split("/")[:-1]
    parts = []
    for one, other in zip(first, last, strict=False):
        if one != other:
            break
        parts.append(one)
    return "/".join(parts)


# -- runs -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _ComparedRun:
    faults: tuple[ListFault, ...]
    unchanged: tuple[ListedFile, ...]
    is_counted: bool = False  # the rows of the unchanged files were compared too


def _lost_runs(listed: ListedChain, subject: ListSubject) -> Iterator[ListFault]:
    """Yield what is listed and no longer in the chain."""
    chain, export = subject.chain, subject.export
    if subject.flow != listed.flow or chain is None:
        now = f"{export} has the flow {subject.flow} now" if subject.flow else f"{export} has no flow now"
        reason = f"the list is of the flow {listed.flow}; {now}, so its chain began again"
        yield ListFault(ListFaultKind.NOT_IN_CHAIN, reason)
        return
    known = {run.due: run for run in chain.runs}
    begin = chain.starts[0].moment if chain.starts else 0
    for run, after in _runs_with_window(listed):
        found = known.get(run.due)
        if found is None and _is_forgotten(run, chain):
            continue
        if found is None:
            since = (
                f"the chain begins at {format_moment(begin)} now: {chain.starts[0].reason}" if run.due < begin else ""
            )
            yield _run_fault(ListFaultKind.NOT_IN_CHAIN, since or "the chain has no run that was due then", run, after)
        elif run.run and found.run and found.run != run.run:
            reason = f"another run wrote for this moment: {found.run}"
            yield _run_fault(ListFaultKind.NOT_IN_CHAIN, reason, run, after)


def _is_forgotten(run: ListedRun, chain: Chain) -> bool:
    """Check whether nothing says any more which runs were due then: the list itself is the proof of this one."""
    return any(not gap.runs and gap.first <= run.due <= gap.last for gap in chain.gaps)


def _compared_runs(listed: ListedChain, subject: ListSubject) -> Iterator[_ComparedRun]:
    known = {run.due: run for run in subject.chain.runs} if subject.chain and subject.flow == listed.flow else {}
    for run, after in _runs_with_window(listed):
        compared = _compare_files(run, after, subject.now)
        changed = _changed_run(run, after, known.get(run.due), subject.chain)
        yield _ComparedRun((changed,), ()) if changed and not compared.faults else compared


def _runs_with_window(listed: ListedChain) -> Iterator[tuple[ListedRun, int | None]]:
    """Yield each run with the moment at which the run before it was due, listed or not."""
    dues = sorted({*(run.due for run in listed.runs), *(run.due for run in listed.incomplete)})
    before = dict(zip(dues[1:], dues, strict=False))
    return ((run, before.get(run.due)) for run in listed.runs)


def _changed_run(run: ListedRun, after: int | None, found: ChainRun | None, chain: Chain | None) -> ListFault | None:
    if found is None or chain is None or found.state is not ChainState.CHANGED:
        return None
    reasons = (gap.reason for gap in chain.gaps if gap.state is found.state and gap.first <= run.due <= gap.last)
    return _run_fault(ListFaultKind.CHANGED, f"the run is {found.state} now: {next(reasons, chain.reason)}", run, after)


def _run_fault(
    kind: ListFaultKind, reason: str, run: ListedRun, after: int | None, path: str | None = None
) -> ListFault:
    return ListFault(kind, reason, run.due, after, run.run, path)


# -- files ------------------------------------------------------------------------------------------------------------


def _compare_files(run: ListedRun, after: int | None, now: StoredNow) -> _ComparedRun:
    elsewhere = [one for one in run.files if now.address is None or now.address.locate(one.uri) is None]
    if elsewhere:
        reason = f"{format_count(len(elsewhere), 'file')} not where the export writes now: {elsewhere[0].uri}"
        return _ComparedRun((_run_fault(ListFaultKind.NOT_READ, reason, run, after),), ())
    found = [(one, _file_fault(one, now)) for one in run.files]
    faults = [_run_fault(*fault, run, after, one.path) for one, fault in found if fault]
    short = None if faults else _rows_fault(run, now)
    faults += [_run_fault(*short, run, after)] if short else []
    fine = () if short else tuple(one for one, fault in found if not fault)
    is_said = run.rows is not None or all(one.rows is not None for one in fine)
    return _ComparedRun(tuple(faults), fine, is_said and all(one.path in now.rows for one in fine))


def _file_fault(listed: ListedFile, now: StoredNow) -> tuple[ListFaultKind, str] | None:
    stored, counted = now.files.get(listed.path), now.rows.get(listed.path)
    if stored is None:
        return ListFaultKind.DELETED, "the file is gone"
    if stored.size != listed.size:
        return ListFaultKind.SIZE, f"{stored.size} bytes, the list says {listed.size}"
    if None not in (stored.etag, listed.etag) and stored.etag != listed.etag:
        return ListFaultKind.WRITTEN_AGAIN, f"changed or written again: its ETag is not {listed.etag} any more"
    if isinstance(counted, str):
        return ListFaultKind.DAMAGED, counted
    if counted is not None and listed.rows is not None and counted != listed.rows:
        return ListFaultKind.ROWS, f"{counted} rows, the list says {listed.rows}"
    return None


def _rows_fault(run: ListedRun, now: StoredNow) -> tuple[ListFaultKind, str] | None:
    """Compare the rows of the whole run, if the list has none for its files."""
    counted = [now.rows.get(one.path) for one in run.files]
    numbers = [one for one in counted if isinstance(one, int)]
    if run.rows in (None, sum(numbers)) or len(numbers) < len(run.files) or not numbers:
        return None
    return ListFaultKind.ROWS, f"{sum(numbers)} rows in its files, the list says {run.rows}"


def _has_equal_etag(listed: ListedFile, stored: StoredFile) -> bool:
    return listed.etag is not None and listed.etag == stored.etag
