"""
Compare what a successful run says it wrote with what storage holds. Pure.

    manifest of the run       names and sizes decide: missing -> FILES-MISSING, another size or another file -> MISMATCH
    no manifest               as many files as the run says, in the folders of the datasets that it wrote
    no time in the folder     files of runs are not distinguishable: by the manifest if any, else by the run
    contents were read        rows in the files against the rows that the run says

Sizes that the run itself reports are not used: the service's own page says that its figures mix dataset exports with
others (dataset-exports.md 12). Names that begin with `_` or `.` are ignored: loaders write such marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from exportctl.monitor.delivery.due_runs import DueRun
from exportctl.monitor.delivery.expectation import DeliveryExpectation
from exportctl.monitor.delivery.folder_layout import folder_layout
from exportctl.monitor.delivery.match_folders import FolderByRun
from exportctl.monitor.delivery.report import DeliveryResult, Evidence
from exportctl.monitor.delivery.stored_files import DatasetFolder, ExportFiles, Manifest
from exportctl.resources.run import Run

MAX_NAMED_FILES = 5  # objects that a reason names; the verdict holds all of them


@dataclass(frozen=True)
class DatasetDelivery:
    """One dataset of one due run that succeeded. `done` are the runs that wrote it: one, or several unnamed ones."""

    expectation: DeliveryExpectation
    dataset: str
    due_run: DueRun
    runs: tuple[Run, ...]

    @property
    def written_datasets(self) -> tuple[str, ...]:
        """Return the datasets that these runs wrote: those that they name, else all of the flow."""
        named = {one for run in self.runs for one in run.dataset_rows}
        return tuple(one for one in self.expectation.datasets if one in named or not named)

    @property
    def rows(self) -> int | None:
        """Return the rows of this dataset; None if the runs do not say."""
        own = [run.dataset_rows[self.dataset] for run in self.runs if self.dataset in run.dataset_rows]
        if own:
            return sum(own)
        total = self.total_rows
        return total if total == 0 or len(self.expectation.datasets) == 1 else None

    @property
    def total_rows(self) -> int | None:
        return _sum_known(run.rows for run in self.runs)

    @property
    def total_files(self) -> int | None:
        return _sum_known(run.files for run in self.runs)

    def manifests(self, live_flows: ExportFiles) -> tuple[Manifest, ...]:
        return live_flows.run_manifests(self.expectation.flow, [run.id for run in self.runs])


@dataclass(frozen=True)
class FileCheckResult:
    """
    The result for one dataset.

    `files` and `size` (bytes) are those of this dataset. `rows` are counted, or else as the run says.
    """

    result: DeliveryResult
    reason: str
    evidence: Evidence
    objects: tuple[str, ...] = ()
    folder: str | None = None
    rows: int | None = None
    files: int | None = None
    size: int | None = None


def run_result(arrival: DatasetDelivery, reason: str) -> FileCheckResult:
    """Return the result by the run alone, if nothing else is known."""
    empty = arrival.rows == 0
    word = DeliveryResult.EMPTY if empty else DeliveryResult.COMPLETE
    return FileCheckResult(word, "the run had nothing to write" if empty else reason, Evidence.RUNS, rows=arrival.rows)


def compare_files(arrival: DatasetDelivery, live_flows: ExportFiles, folders: FolderByRun) -> FileCheckResult:
    """Judge one delivery by what storage holds."""
    due = arrival.due_run.due
    folder = folders.get((arrival.dataset, due))
    manifests = arrival.manifests(live_flows)
    found: FileCheckResult
    if manifests:
        found = _compare_manifests(arrival, manifests, folder, live_flows)
    elif not folder_layout(arrival.expectation, arrival.dataset).can_tell_runs_apart(arrival.expectation.step):
        return _compare_undated_files(arrival, live_flows)
    else:
        found = _compare_count(
            arrival, folder, {d: folders.get((d, due)) for d in arrival.written_datasets}, live_flows
        )
    if found.result is DeliveryResult.COMPLETE and live_flows.rows:
        found = _compare_content(arrival, found, live_flows, folders)
    if found.result is DeliveryResult.COMPLETE and arrival.rows == 0:
        return replace(found, result=DeliveryResult.EMPTY, reason="the run had nothing to write")
    return found


def _compare_undated_files(arrival: DatasetDelivery, live_flows: ExportFiles) -> FileCheckResult:
    """Judge folders that do not tell runs apart, without manifest: they need at least the files of this run."""
    known = [f for one in arrival.written_datasets for f in live_flows.folders.get(one, {}).values()]
    there = {stored.path for folder in known for stored in folder.files}
    found = run_result(arrival, "the run succeeded; its files carry no time of a run: not attributable")
    if arrival.rows == 0:
        return found
    if not there or len(there) < (arrival.total_files or 0):
        folder_path = _expected_folder(arrival)
        wrote = arrival.total_files or "some"
        reason = f"{len(there)} files in {folder_path}, the run wrote {wrote}"
        return replace(
            found, result=DeliveryResult.FILES_MISSING, reason=reason, objects=(folder_path,), files=len(there)
        )
    if _is_manifest_missing(arrival):
        return _missing_result(found, [_manifest_name(arrival)], "the manifest")
    return found


def _is_manifest_missing(arrival: DatasetDelivery) -> bool:
    """Say whether a manifest is missing that should be there."""
    return (
        arrival.expectation.manifest
        and bool(arrival.rows)
        and arrival.due_run.due >= arrival.expectation.location_changed
    )


def _manifest_name(arrival: DatasetDelivery) -> str:
    return f"manifest-{arrival.expectation.flow}-{arrival.runs[-1].id}.json"


# -- by manifest ------------------------------------------------------------------------------------------------------


def flow_manifest(folder: DatasetFolder, watched: DeliveryExpectation, live_flows: ExportFiles) -> Manifest | None:
    """Return the manifest of this flow in a folder."""
    known = [live_flows.manifests.get(stored.path) for stored in folder.manifests]
    return next((m for m in known if m is not None and m.flow == watched.flow), None)


def _compare_manifests(
    arrival: DatasetDelivery, manifests: Sequence[Manifest], folder: DatasetFolder | None, live_flows: ExportFiles
) -> FileCheckResult:
    shape = folder_layout(arrival.expectation, arrival.dataset)
    own = [replace(m, entries=tuple(e for e in m.entries if shape.match_path(e.path))) for m in manifests]
    if folder is None:  # no time in its name, or gone: what the manifests list says where to look
        known = live_flows.folders.get(arrival.dataset, {})
        listed = {e.path for m in own for e in m.entries}
        files = tuple(f for one in known.values() for f in one.files if f.path in listed)
        folder = DatasetFolder(_manifest_folder(own) or "", None, files)
    found = compare_with_manifest(own, folder, live_flows)
    return replace(found, rows=arrival.rows)


def _manifest_folder(manifests: Iterable[Manifest]) -> str | None:
    return next((e.folder for m in manifests for e in m.entries), None)


def compare_with_manifest(
    manifests: Sequence[Manifest], folder: DatasetFolder, live_flows: ExportFiles
) -> FileCheckResult:
    """Compare the files of a folder with those that manifests list, by name and by size."""
    there = {stored.path: stored for stored in folder.files}
    listed = {entry.path: entry for m in manifests for entry in m.entries}
    base = FileCheckResult(
        DeliveryResult.COMPLETE,
        f"{len(there)} files, as the manifest lists them",
        Evidence.MANIFEST,
        folder=folder.path,
        files=len(there),
        size=sum(s.size for s in there.values()),
    )
    broken = [m for m in manifests if m.problem]
    if broken:
        return replace(
            base,
            result=DeliveryResult.MISMATCH,
            reason=f"the manifest is wrong: {broken[0].problem}",
            objects=(broken[0].path,),
        )
    missing = sorted(set(listed) - set(there))
    if missing:
        return _missing_result(base, missing, f"{len(missing)} of {len(listed)} files that the manifest lists")
    strange = sorted({*there, *(s.path for s in folder.unknown_files)} - set(listed))
    if strange:
        return _mismatch_result(base, strange, "not in the manifest")
    other = sorted(path for path, entry in listed.items() if entry.size != there[path].size)
    if other:
        first = listed[other[0]]
        return _mismatch_result(base, other, f"{there[other[0]].size} bytes, the manifest says {first.size}")
    return base


# -- by count ---------------------------------------------------------------------------------------------------------


def _min_file_bytes(watched: DeliveryExpectation) -> int:
    """Return the smallest size of a file of this format with rows: Parquet's frame, gzip's frame, one empty object."""
    return 12 if watched.format == "parquet" else 20 if watched.compression == "gzip" else 3


def _compare_count(
    arrival: DatasetDelivery,
    folder: DatasetFolder | None,
    all: dict[str, DatasetFolder | None],
    live_flows: ExportFiles,
) -> FileCheckResult:
    files = folder.files if folder else ()
    there = {stored.path for one in all.values() if one for stored in one.files}
    base = FileCheckResult(
        DeliveryResult.COMPLETE,
        f"{len(files)} files, as many as the run wrote",
        Evidence.FILES,
        folder=folder.path if folder else None,
        rows=arrival.rows,
        files=len(files),
        size=sum(s.size for s in files),
    )
    if arrival.rows != 0:
        short = _too_few_files(arrival, base, {path: one for path, one in all.items() if one}, live_flows)
        if short is not None:
            return short
    unknown = [s.path for s in (folder.unknown_files if folder else ())]
    if unknown:
        return _mismatch_result(base, unknown, "no name that an export gives")
    wrote = arrival.total_files
    if wrote is not None and len(there) > wrote:
        reason = f"{len(there)} files, the run wrote {wrote}"
        return replace(base, result=DeliveryResult.MISMATCH, reason=reason, objects=tuple(s.path for s in files))
    hollow = [s for s in files if arrival.rows and s.size < _min_file_bytes(arrival.expectation)]
    if hollow:
        return _mismatch_result(base, [s.path for s in hollow], f"{hollow[0].size} bytes, too few for such a file")
    if files and _is_manifest_missing(arrival):
        name = _manifest_name(arrival)
        return _missing_result(base, [f"{base.folder}/{name}" if base.folder else name], "the manifest")
    if wrote is None:
        return replace(
            base, reason=f"{len(files)} files; the run does not say how many it wrote", evidence=Evidence.RUNS
        )
    if not files and arrival.rows is None:
        return replace(base, result=DeliveryResult.EMPTY, reason="all files of the run are those of its other datasets")
    return base


def _too_few_files(
    arrival: DatasetDelivery, base: FileCheckResult, all: dict[str, DatasetFolder], live_flows: ExportFiles
) -> FileCheckResult | None:
    """Judge a folder with fewer files than the run wrote, or without any file of a dataset that had rows."""
    wrote, there = arrival.total_files, len({stored.path for folder in all.values() for stored in folder.files})
    folder_path = base.folder or _expected_folder(arrival)
    if not base.files and (arrival.rows or (arrival.rows is None and there == 0 and wrote != 0)):
        return replace(
            base, result=DeliveryResult.FILES_MISSING, reason=f"no file in {folder_path}", objects=(folder_path,)
        )
    if wrote is None or there >= wrote:
        return None
    if len(arrival.written_datasets) == 1:
        return replace(
            base,
            result=DeliveryResult.FILES_MISSING,
            reason=f"{there} of {wrote} files are there",
            objects=(folder_path,),
        )
    if arrival.rows is not None and _has_all_rows(arrival, base, all, live_flows):
        return None  # what is missing is of another dataset
    reason = f"{there} of {wrote} files are there, in its {len(arrival.written_datasets)} datasets"
    reason += "" if live_flows.rows else "; --deep may show which of them lacks some"
    folder_paths = tuple(sorted({folder.path for folder in all.values()}))
    return replace(base, result=DeliveryResult.FILES_MISSING, reason=reason, objects=folder_paths)


def _has_all_rows(
    arrival: DatasetDelivery, base: FileCheckResult, all: dict[str, DatasetFolder], live_flows: ExportFiles
) -> bool:
    own = all.get(arrival.dataset)
    counted = [live_flows.rows.get(stored.path) for stored in own.files] if own else []
    return bool(counted) and sum(n for n in counted if isinstance(n, int)) == arrival.rows


def _expected_folder(arrival: DatasetDelivery) -> str:
    return folder_layout(arrival.expectation, arrival.dataset).prefix or "/"


# -- by content -------------------------------------------------------------------------------------------------------


def _compare_content(
    arrival: DatasetDelivery, found: FileCheckResult, live_flows: ExportFiles, folders: FolderByRun
) -> FileCheckResult:
    """Compare the rows in the files with those of the run: per dataset if the run tells, else of all."""
    own = _rows_by_file(arrival, [arrival.dataset], live_flows, folders)
    broken = [(path, said) for path, said in own.items() if isinstance(said, str)]
    if broken:
        return _mismatch_result(replace(found, evidence=Evidence.CONTENT), [path for path, _ in broken], broken[0][1])
    rows = sum(n for n in own.values() if isinstance(n, int))
    counted = replace(found, rows=rows, evidence=Evidence.CONTENT, reason=f"{found.reason}, with {rows} rows in them")
    if arrival.rows is not None and not _is_folder_shared(arrival, folders):
        return counted if rows == arrival.rows else _row_mismatch(counted, own, rows, arrival.rows)
    every = _rows_by_file(arrival, arrival.written_datasets, live_flows, folders)
    if arrival.total_rows is None or any(isinstance(said, str) for said in every.values()):
        return counted
    total = sum(n for n in every.values() if isinstance(n, int))
    return counted if total == arrival.total_rows else _row_mismatch(counted, own, total, arrival.total_rows)


def _is_folder_shared(arrival: DatasetDelivery, folders: FolderByRun) -> bool:
    """Say whether the files of several datasets are in one folder."""
    due = arrival.due_run.due
    own = folders.get((arrival.dataset, due))
    others = [folders.get((one, due)) for one in arrival.written_datasets if one != arrival.dataset]
    return any(own and other and own.path == other.path for other in others)


def _rows_by_file(
    arrival: DatasetDelivery, datasets: Sequence[str], live_flows: ExportFiles, folders: FolderByRun
) -> dict[str, int | str]:
    chosen = [folders.get((one, arrival.due_run.due)) for one in datasets]
    paths = {stored.path for folder in chosen if folder for stored in folder.files}
    if not paths:  # no time in the folder: the manifest says which files are this run's
        listed = {e.path for m in arrival.manifests(live_flows) for e in m.entries}
        shapes = [folder_layout(arrival.expectation, one) for one in datasets]
        paths = {path for path in listed if any(shape.match_path(path) for shape in shapes)}
    return {path: live_flows.rows[path] for path in sorted(paths) if path in live_flows.rows}


def _row_mismatch(found: FileCheckResult, own: dict[str, int | str], rows: int, said: int) -> FileCheckResult:
    reason = f"the files hold {rows} rows, the run wrote {said}"
    return replace(found, result=DeliveryResult.MISMATCH, reason=reason, objects=tuple(sorted(own)))


# -- words ------------------------------------------------------------------------------------------------------------


def _missing_result(base: FileCheckResult, paths: Sequence[str], what: str) -> FileCheckResult:
    reason = f"not there: {what}: {_file_names(paths)}"
    return replace(base, result=DeliveryResult.FILES_MISSING, reason=reason, objects=tuple(paths))


def _mismatch_result(base: FileCheckResult, paths: Sequence[str], why: str) -> FileCheckResult:
    return replace(base, result=DeliveryResult.MISMATCH, reason=f"{_file_names(paths)}: {why}", objects=tuple(paths))


def _file_names(paths: Sequence[str]) -> str:
    shown = ", ".join(path.rpartition("/")[2] for path in paths[:MAX_NAMED_FILES])
    return shown if len(paths) <= MAX_NAMED_FILES else f"{shown} and {len(paths) - MAX_NAMED_FILES} more"


def _sum_known(counts: Iterable[int | None]) -> int | None:
    known = list(counts)
    return sum(n for n in known if n is not None) if known and None not in known else None
