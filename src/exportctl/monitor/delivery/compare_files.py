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

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from exportctl.frozen import dataclass
from exportctl.model.schedule import format_count
from exportctl.monitor.delivery.due_runs import DueRun
from exportctl.monitor.delivery.expectation import DeliveryExpectation
from exportctl.monitor.delivery.folder_layout import FolderLayout, folder_layout
from exportctl.monitor.delivery.report import DeliveredFile, DeliveryResult, Evidence, Verdict
from exportctl.monitor.delivery.stored_files import (
    DatasetFolder,
    ExportFiles,
    FolderByRun,
    Manifest,
    ManifestEntry,
    part_format,
)
from exportctl.resources.run import Run
from exportctl.storage.reader import StoredFile

MAX_NAMED_FILES = 5  # objects that a reason names; the verdict holds all of them


@dataclass(frozen=True)
class DatasetDelivery:
    """
    One dataset of one due run that succeeded, and what storage holds of its export.

    `runs` are the runs that wrote it: one, or several that do not name their datasets. `verdict` is the one by the run
    alone. The functions here return it with another result, reason and evidence, with the folder, files and bytes of
    this dataset, and with the rows that were counted, or else those that the run says.
    """

    expectation: DeliveryExpectation
    dataset: str
    due_run: DueRun
    runs: tuple[Run, ...]
    files: ExportFiles
    folders: FolderByRun
    verdict: Verdict

    @property
    def written_datasets(self) -> tuple[str, ...]:
        """Return the datasets that these runs wrote: those that they name, else all that no other run names."""
        named = {one for run in self.runs for one in run.dataset_rows}
        others = {one for run in self.due_run.runs if run.has_succeeded for one in run.dataset_rows}
        return tuple(one for one in self.expectation.datasets if (one in named if named else one not in others))

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

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        return self.files.run_manifests(self.expectation.flow, [run.id for run in self.runs])

    @property
    def layout(self) -> FolderLayout:
        return folder_layout(self.expectation, self.dataset)

    @property
    def expected_folder(self) -> str:
        return self.layout.prefix or "/"

    @property
    def expected_manifest(self) -> str | None:
        """Return the name of the manifest that should be there; None if none should."""
        due = self.expectation.manifest and self.rows and self.due_run.due >= self.expectation.location_changed
        return f"manifest-{self.expectation.flow}-{self.runs[-1].id}.json" if due else None

    def folder(self, dataset: str) -> DatasetFolder | None:
        """Return the folder of this due run for a dataset; None if it is missing or cannot be distinguished."""
        return self.folders.get((dataset, self.due_run.due))


def run_result(arrival: DatasetDelivery, reason: str) -> Verdict:
    """Return the result by the run alone, if nothing else is known."""
    if arrival.rows == 0:
        return replace(arrival.verdict, result=DeliveryResult.EMPTY, reason="the run had nothing to write", rows=0)
    return replace(arrival.verdict, result=DeliveryResult.COMPLETE, reason=reason, rows=arrival.rows)


def compare_files(arrival: DatasetDelivery) -> Verdict:
    """Judge one delivery by what storage holds."""
    if arrival.manifests:
        found = _compare_manifests(arrival)
    elif not arrival.layout.can_tell_runs_apart(arrival.expectation.step):
        return _compare_undated_files(arrival)
    else:
        found = _compare_count(arrival)
    if found.result is DeliveryResult.COMPLETE and arrival.files.rows:
        found = _compare_content(arrival, found)
    if found.result is DeliveryResult.COMPLETE and arrival.rows == 0:
        return replace(found, result=DeliveryResult.EMPTY, reason="the run had nothing to write")
    return found


def _compare_undated_files(arrival: DatasetDelivery) -> Verdict:
    """Judge folders that do not tell runs apart, without manifest: they need at least the files of this run."""
    known = [f for one in arrival.written_datasets for f in arrival.files.folders.get(one, {}).values()]
    there = {stored.path for folder in known for stored in folder.files}
    found = run_result(arrival, "the run succeeded; its files carry no time of a run: not attributable")
    if arrival.rows == 0:
        return found
    if not there or len(there) < (arrival.total_files or 0):
        count = format_count(len(there), "file")
        reason = f"{count} in {arrival.expected_folder}, the run wrote {arrival.total_files or 'some'}"
        return _missing_files_result(replace(found, files=len(there)), reason, [arrival.expected_folder])
    if arrival.expected_manifest:
        return _missing_result(found, [arrival.expected_manifest], "the manifest")
    return found


# -- by manifest ------------------------------------------------------------------------------------------------------


def _compare_manifests(arrival: DatasetDelivery) -> Verdict:
    folder = arrival.folder(arrival.dataset)
    others = [one for one in arrival.expectation.datasets if one != arrival.dataset]
    own = [
        replace(m, entries=tuple(e for e in m.entries if not any(_is_of_dataset(arrival, e, one) for one in others)))
        for m in arrival.manifests
    ]
    if folder is None:  # no time in its name, or gone: what the manifests list says where to look
        listed = {e.path: e for m in own for e in m.entries}
        known = arrival.files.folders.get(arrival.dataset, {}).values()
        files = tuple(f for one in known for f in one.files if f.path in listed)
        folder = DatasetFolder(next((e.folder for e in listed.values()), ""), None, files)
    if arrival.rows and not any(m.entries for m in own) and not any(m.problem for m in own):
        lists = sorted({e.folder for m in arrival.manifests for e in m.entries})
        reason = f"the manifest lists no file in a folder of this dataset, but in {_file_names(lists) or 'none'}"
        return _missing_files_result(replace(arrival.verdict, files=0), reason, lists or [arrival.expected_folder])
    compared = compare_with_manifest(arrival.verdict, own, folder)
    return replace(compared, rows=arrival.rows, stored=delivered_files(folder.files, arrival.files.rows))


def delivered_files(files: Iterable[StoredFile], rows: Mapping[str, int | str]) -> tuple[DeliveredFile, ...]:
    """Return the files with the rows that were counted in them, by path."""
    counted = ((one, rows.get(one.path)) for one in files)
    return tuple(DeliveredFile(f.path, f.size, f.etag, n if isinstance(n, int) else None) for f, n in counted)


def _is_of_dataset(arrival: DatasetDelivery, entry: ManifestEntry, dataset: str) -> bool:
    """
    Say whether an entry is a file of another dataset: by its path, else by its name.

    What is of no other dataset counts for this one, so that no file that is missing is left out.
    """
    if arrival.layout.match_path(entry.path):
        return False
    folder = arrival.folder(dataset)
    names = {stored.path.rpartition("/")[2] for stored in folder.files} if folder else set()
    return entry.name in names or folder_layout(arrival.expectation, dataset).match_path(entry.path) is not None


def compare_with_manifest(verdict: Verdict, manifests: Sequence[Manifest], folder: DatasetFolder) -> Verdict:
    """
    Compare the files of a folder with those that manifests list, by name and by size.

    File names are unique. So an entry means the file with its name in this folder, however the manifest spells the
    folder: how `sinkPath` is written is known from one sample only.
    """
    there = {stored.path: stored for stored in folder.files}
    by_name = {path.rpartition("/")[2]: path for path in there}
    listed = {by_name.get(entry.name, entry.path): entry for m in manifests for entry in m.entries}
    pronoun = "it" if len(there) == 1 else "them"
    base = replace(
        verdict,
        result=DeliveryResult.COMPLETE,
        reason=f"{format_count(len(there), 'file')}, as the manifest lists {pronoun}",
        evidence=Evidence.MANIFEST,
        folder=folder.path,
        files=len(there),
        size=sum(s.size for s in there.values()),
    )
    broken = next((m for m in manifests if m.problem), None)
    if broken:
        reason = f"the manifest is wrong: {broken.problem}"
        return replace(base, result=DeliveryResult.MISMATCH, reason=reason, objects=(broken.path,))
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


def _compare_count(arrival: DatasetDelivery) -> Verdict:
    folder = arrival.folder(arrival.dataset)
    files = folder.files if folder else ()
    written = [one for dataset in arrival.written_datasets if (one := arrival.folder(dataset))]
    there = {stored.path for one in written for stored in one.files}
    base = replace(
        arrival.verdict,
        result=DeliveryResult.COMPLETE,
        reason=f"{format_count(len(files), 'file')}, as many as the run wrote",
        evidence=Evidence.FILES,
        folder=folder.path if folder else None,
        rows=arrival.rows,
        files=len(files),
        size=sum(s.size for s in files),
        stored=delivered_files(files, arrival.files.rows),
    )
    short = _too_few_files(arrival, base, written, len(there)) if arrival.rows != 0 else None
    if short is not None:
        return short
    unknown = [s.path for s in (folder.unknown_files if folder else ())]
    if unknown:
        return _mismatch_result(base, unknown, "no name that an export gives")
    wrote = arrival.total_files
    if wrote is not None and len(there) > wrote:
        reason = f"{format_count(len(there), 'file')}, the run wrote {wrote}"
        return replace(base, result=DeliveryResult.MISMATCH, reason=reason, objects=tuple(s.path for s in files))
    hollow = [s for s in files if arrival.rows and s.size < _min_file_bytes(s.path)]
    if hollow:
        return _mismatch_result(base, [s.path for s in hollow], f"{hollow[0].size} bytes, too few for such a file")
    name = arrival.expected_manifest
    if files and name:
        return _missing_result(base, [f"{base.folder}/{name}" if base.folder else name], "the manifest")
    if wrote is None:
        reason = f"{format_count(len(files), 'file')}; the run does not say how many it wrote"
        return replace(base, reason=reason, evidence=Evidence.RUNS)
    if not files and arrival.rows is None:
        return replace(base, result=DeliveryResult.EMPTY, reason="all files of the run are those of its other datasets")
    return base


def _min_file_bytes(path: str) -> int:
    """Return the smallest size of a file of this format with rows: Parquet's frame, gzip's frame, one empty object."""
    type, compression = part_format(path)
    return 12 if type == "parquet" else 20 if compression == "gzip" else 3


def _too_few_files(
    arrival: DatasetDelivery, base: Verdict, written: Sequence[DatasetFolder], there: int
) -> Verdict | None:
    """Judge a folder with fewer files than the run wrote, or without any file of a dataset that had rows."""
    wrote, path = arrival.total_files, base.folder or arrival.expected_folder
    if not base.files and (arrival.rows or (arrival.rows is None and there == 0 and wrote != 0)):
        return _missing_files_result(base, f"no file in {path}", [path])
    if wrote is None or there >= wrote:
        return None
    reason = f"{there} of {wrote} files are there"
    if len(arrival.written_datasets) == 1:
        return _missing_files_result(base, reason, [path])
    own = arrival.folder(arrival.dataset)
    counted = [arrival.files.rows.get(stored.path) for stored in own.files] if own else []
    if counted and sum(n for n in counted if isinstance(n, int)) == arrival.rows:
        return None  # what is missing is of another dataset
    reason += f", in its {len(arrival.written_datasets)} datasets"
    reason += "" if arrival.files.rows else "; --deep may show which of them lacks some"
    paths = sorted({folder.path for folder in written})
    return replace(_missing_files_result(base, reason, paths), of_several=True)


# -- by content -------------------------------------------------------------------------------------------------------


def _compare_content(arrival: DatasetDelivery, found: Verdict) -> Verdict:
    """Compare the rows in the files with those of the run: per dataset if the run tells, else of all."""
    own = _rows_by_file(arrival, [arrival.dataset])
    broken = [(path, said) for path, said in own.items() if isinstance(said, str)]
    if broken:
        return _mismatch_result(replace(found, evidence=Evidence.CONTENT), [path for path, _ in broken], broken[0][1])
    rows = sum(n for n in own.values() if isinstance(n, int))
    is_shared, said = _is_folder_shared(arrival), arrival.rows
    reason = f"{found.reason}, with {format_count(rows, 'row')}"
    counted = replace(found, rows=said if is_shared else rows, evidence=Evidence.CONTENT, reason=reason)
    if said is None or is_shared:
        every = _rows_by_file(arrival, arrival.written_datasets).values()
        if any(isinstance(n, str) for n in every):
            return counted
        rows, said = sum(n for n in every if isinstance(n, int)), arrival.total_rows
    if said in (None, rows):
        return counted
    reason = f"the files hold {format_count(rows, 'row')}, the run wrote {said}"
    return replace(counted, result=DeliveryResult.MISMATCH, reason=reason, objects=tuple(sorted(own)))


def _is_folder_shared(arrival: DatasetDelivery) -> bool:
    """Say whether the files of several datasets are in one folder."""
    own = arrival.folder(arrival.dataset)
    others = [arrival.folder(one) for one in arrival.written_datasets if one != arrival.dataset]
    return any(own and other and own.path == other.path for other in others)


def _rows_by_file(arrival: DatasetDelivery, datasets: Sequence[str]) -> dict[str, int | str]:
    chosen = [arrival.folder(one) for one in datasets]
    paths = {stored.path for folder in chosen if folder for stored in folder.files}
    if not paths:  # no time in the folder: the manifest says which files are this run's
        shapes = [folder_layout(arrival.expectation, one) for one in datasets]
        listed = {e.path for m in arrival.manifests for e in m.entries}
        paths = {path for path in listed if any(shape.match_path(path) for shape in shapes)}
    rows = arrival.files.rows
    return {path: rows[path] for path in sorted(paths) if path in rows}


# -- words ------------------------------------------------------------------------------------------------------------


def _missing_files_result(base: Verdict, reason: str, paths: Sequence[str]) -> Verdict:
    return replace(base, result=DeliveryResult.FILES_MISSING, reason=reason, objects=tuple(paths))


def _missing_result(base: Verdict, paths: Sequence[str], what: str) -> Verdict:
    return _missing_files_result(base, f"not there: {what}: {_file_names(paths)}", paths)


def _mismatch_result(base: Verdict, paths: Sequence[str], why: str) -> Verdict:
    return replace(base, result=DeliveryResult.MISMATCH, reason=f"{_file_names(paths)}: {why}", objects=tuple(paths))


def _file_names(paths: Sequence[str]) -> str:
    shown = ", ".join(path.rpartition("/")[2] for path in paths[:MAX_NAMED_FILES])
    return shown if len(paths) <= MAX_NAMED_FILES else f"{shown} and {len(paths) - MAX_NAMED_FILES} more"


def _sum_known(counts: Iterable[int | None]) -> int | None:
    known = list(counts)
    return sum(n for n in known if n is not None) if known and None not in known else None
