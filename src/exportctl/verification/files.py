"""
What one successful run says it wrote against what storage holds. Pure.

    manifest of the run       names and sizes decide: missing -> FILES-MISSING, another size or another file -> MISMATCH
    no manifest               as many files as the run says, under the folders of the datasets it wrote
    no time in the folder     files of runs cannot be told apart: with a manifest by it, else by the run alone
    contents were read        rows in the files against the rows the run says

Sizes the run itself reports are not judged: the service's own page calls its figures of dataset exports mixed with
others (dataset-exports.md 12). Names that begin with `_` or `.` are left alone: loaders write such marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from exportctl.runs import Run
from exportctl.verification.evidence import Folder, Holdings, Manifest
from exportctl.verification.layout import layout
from exportctl.verification.matching import Chosen
from exportctl.verification.occasions import Occasion
from exportctl.verification.report import Evidence, Word
from exportctl.verification.watched import Watched

NAMED = 5  # objects that a reason names; all of them are in the verdict


@dataclass(frozen=True)
class Arrival:
    """One dataset of one occasion that succeeded. `done` are the runs that wrote it, one or, unnamed, several."""

    watched: Watched
    dataset: str
    occasion: Occasion
    done: tuple[Run, ...]

    @property
    def written(self) -> tuple[str, ...]:
        """The datasets these runs wrote: those they name, else all of the flow."""
        named = {one for run in self.done for one in run.dataset_rows}
        return tuple(one for one in self.watched.datasets if one in named or not named)

    @property
    def rows(self) -> int | None:
        """Rows of this dataset, None where the runs do not say."""
        own = [run.dataset_rows[self.dataset] for run in self.done if self.dataset in run.dataset_rows]
        if own:
            return sum(own)
        total = self.total_rows
        return total if total == 0 or len(self.watched.datasets) == 1 else None

    @property
    def total_rows(self) -> int | None:
        return _sum(run.rows for run in self.done)

    @property
    def total_files(self) -> int | None:
        return _sum(run.files for run in self.done)

    def manifests(self, holdings: Holdings) -> tuple[Manifest, ...]:
        return holdings.manifests_of(self.watched.flow, [run.id for run in self.done])


@dataclass(frozen=True)
class Checked:
    """What came of it; `files` and `size` (bytes) are of this dataset, `rows` counted or else as the run says."""

    word: Word
    reason: str
    evidence: Evidence
    objects: tuple[str, ...] = ()
    folder: str | None = None
    rows: int | None = None
    files: int | None = None
    size: int | None = None


def by_runs(arrival: Arrival, reason: str) -> Checked:
    """The run's own word, where nothing else can be had."""
    empty = arrival.rows == 0
    word = Word.EMPTY if empty else Word.COMPLETE
    return Checked(word, "the run had nothing to write" if empty else reason, Evidence.RUNS, rows=arrival.rows)


def checked(arrival: Arrival, holdings: Holdings, folders: Chosen) -> Checked:
    """Judge one arrival by what storage holds."""
    due = arrival.occasion.due
    folder = folders.get((arrival.dataset, due))
    manifests = arrival.manifests(holdings)
    found: Checked
    if manifests:
        found = _by_manifest(arrival, manifests, folder, holdings)
    elif not layout(arrival.watched, arrival.dataset).tells_apart(arrival.watched.step):
        return _not_apart(arrival, holdings)
    else:
        found = _by_count(arrival, folder, {d: folders.get((d, due)) for d in arrival.written}, holdings)
    if found.word is Word.COMPLETE and holdings.rows:
        found = _by_content(arrival, found, holdings, folders)
    if found.word is Word.COMPLETE and arrival.rows == 0:
        return replace(found, word=Word.EMPTY, reason="the run had nothing to write")
    return found


def _not_apart(arrival: Arrival, holdings: Holdings) -> Checked:
    """
    Folders that do not tell runs apart, and no manifest: at least as many files as this run wrote must lie there.
    """
    known = [f for one in arrival.written for f in holdings.folders.get(one, {}).values()]
    there = {stored.path for folder in known for stored in folder.files}
    found = by_runs(arrival, "the run succeeded; its files carry no time of a run: not attributable")
    if arrival.rows == 0:
        return found
    if not there or len(there) < (arrival.total_files or 0):
        place = _expected_place(arrival)
        wrote = arrival.total_files or "some"
        reason = f"{len(there)} files in {place}, the run wrote {wrote}"
        return replace(found, word=Word.FILES_MISSING, reason=reason, objects=(place,), files=len(there))
    if _lacks_manifest(arrival):
        return _missing(found, [_manifest_name(arrival)], "the manifest")
    return found


def _lacks_manifest(arrival: Arrival) -> bool:
    """Is there no manifest where there should be one?"""
    return arrival.watched.manifest and bool(arrival.rows) and arrival.occasion.due >= arrival.watched.moved


def _manifest_name(arrival: Arrival) -> str:
    return f"manifest-{arrival.watched.flow}-{arrival.done[-1].id}.json"


# -- by manifest ------------------------------------------------------------------------------------------------------


def manifest_in(folder: Folder, watched: Watched, holdings: Holdings) -> Manifest | None:
    """The manifest of this flow that lies in a folder."""
    known = [holdings.manifests.get(stored.path) for stored in folder.manifests]
    return next((m for m in known if m is not None and m.flow == watched.flow), None)


def _by_manifest(arrival: Arrival, manifests: Sequence[Manifest], folder: Folder | None, holdings: Holdings) -> Checked:
    shape = layout(arrival.watched, arrival.dataset)
    own = [replace(m, entries=tuple(e for e in m.entries if shape.find(e.path))) for m in manifests]
    if folder is None:  # no time in its name, or gone: what the manifests list says where to look
        known = holdings.folders.get(arrival.dataset, {})
        listed = {e.path for m in own for e in m.entries}
        files = tuple(f for one in known.values() for f in one.files if f.path in listed)
        folder = Folder(_place(own) or "", None, files)
    found = against_manifest(own, folder, holdings)
    return replace(found, rows=arrival.rows)


def _place(manifests: Iterable[Manifest]) -> str | None:
    return next((e.folder for m in manifests for e in m.entries), None)


def against_manifest(manifests: Sequence[Manifest], folder: Folder, holdings: Holdings) -> Checked:
    """The files of a folder against what manifests list, by name and by size."""
    there = {stored.path: stored for stored in folder.files}
    listed = {entry.path: entry for m in manifests for entry in m.entries}
    base = Checked(
        Word.COMPLETE,
        f"{len(there)} files, as the manifest lists them",
        Evidence.MANIFEST,
        folder=folder.path,
        files=len(there),
        size=sum(s.size for s in there.values()),
    )
    broken = [m for m in manifests if m.problem]
    if broken:
        return replace(
            base, word=Word.MISMATCH, reason=f"the manifest is wrong: {broken[0].problem}", objects=(broken[0].path,)
        )
    missing = sorted(set(listed) - set(there))
    if missing:
        return _missing(base, missing, f"{len(missing)} of {len(listed)} files that the manifest lists")
    strange = sorted({*there, *(s.path for s in folder.foreign)} - set(listed))
    if strange:
        return _mismatch(base, strange, "not in the manifest")
    other = sorted(path for path, entry in listed.items() if entry.size != there[path].size)
    if other:
        first = listed[other[0]]
        return _mismatch(base, other, f"{there[other[0]].size} bytes, the manifest says {first.size}")
    return base


# -- by count ---------------------------------------------------------------------------------------------------------


def _least(watched: Watched) -> int:
    """Bytes that a file of this format with rows cannot go below: Parquet's frame, gzip's frame, one empty object."""
    return 12 if watched.format == "parquet" else 20 if watched.compression == "gzip" else 3


def _by_count(arrival: Arrival, folder: Folder | None, all: dict[str, Folder | None], holdings: Holdings) -> Checked:
    files = folder.files if folder else ()
    there = {stored.path for one in all.values() if one for stored in one.files}
    base = Checked(
        Word.COMPLETE,
        f"{len(files)} files, as many as the run wrote",
        Evidence.FILES,
        folder=folder.path if folder else None,
        rows=arrival.rows,
        files=len(files),
        size=sum(s.size for s in files),
    )
    if arrival.rows != 0:
        short = _short(arrival, base, {path: one for path, one in all.items() if one}, holdings)
        if short is not None:
            return short
    foreign = [s.path for s in (folder.foreign if folder else ())]
    if foreign:
        return _mismatch(base, foreign, "no name that an export gives")
    wrote = arrival.total_files
    if wrote is not None and len(there) > wrote:
        reason = f"{len(there)} files, the run wrote {wrote}"
        return replace(base, word=Word.MISMATCH, reason=reason, objects=tuple(s.path for s in files))
    hollow = [s for s in files if arrival.rows and s.size < _least(arrival.watched)]
    if hollow:
        return _mismatch(base, [s.path for s in hollow], f"{hollow[0].size} bytes, too few for such a file")
    if files and _lacks_manifest(arrival):
        name = _manifest_name(arrival)
        return _missing(base, [f"{base.folder}/{name}" if base.folder else name], "the manifest")
    if wrote is None:
        return replace(
            base, reason=f"{len(files)} files; the run does not say how many it wrote", evidence=Evidence.RUNS
        )
    if not files and arrival.rows is None:
        return replace(base, word=Word.EMPTY, reason="all files of the run are those of its other datasets")
    return base


def _short(arrival: Arrival, base: Checked, all: dict[str, Folder], holdings: Holdings) -> Checked | None:
    """Fewer files than the run wrote, or none of a dataset that had rows."""
    wrote, there = arrival.total_files, len({stored.path for folder in all.values() for stored in folder.files})
    place = base.folder or _expected_place(arrival)
    if not base.files and (arrival.rows or (arrival.rows is None and there == 0 and wrote != 0)):
        return replace(base, word=Word.FILES_MISSING, reason=f"no file in {place}", objects=(place,))
    if wrote is None or there >= wrote:
        return None
    if len(arrival.written) == 1:
        return replace(base, word=Word.FILES_MISSING, reason=f"{there} of {wrote} files are there", objects=(place,))
    if arrival.rows is not None and _all_rows_there(arrival, base, all, holdings):
        return None  # what is missing is of another dataset
    reason = f"{there} of {wrote} files are there, over its {len(arrival.written)} datasets"
    reason += "" if holdings.rows else "; --deep may tell which of them lacks some"
    places = tuple(sorted({folder.path for folder in all.values()}))
    return replace(base, word=Word.FILES_MISSING, reason=reason, objects=places)


def _all_rows_there(arrival: Arrival, base: Checked, all: dict[str, Folder], holdings: Holdings) -> bool:
    own = all.get(arrival.dataset)
    counted = [holdings.rows.get(stored.path) for stored in own.files] if own else []
    return bool(counted) and sum(n for n in counted if isinstance(n, int)) == arrival.rows


def _expected_place(arrival: Arrival) -> str:
    return layout(arrival.watched, arrival.dataset).prefix or "/"


# -- by content -------------------------------------------------------------------------------------------------------


def _by_content(arrival: Arrival, found: Checked, holdings: Holdings, folders: Chosen) -> Checked:
    """Rows in the files against the rows the run says; of the dataset if the run tells them apart, else of all."""
    own = _contents(arrival, [arrival.dataset], holdings, folders)
    broken = [(path, said) for path, said in own.items() if isinstance(said, str)]
    if broken:
        return _mismatch(replace(found, evidence=Evidence.CONTENT), [path for path, _ in broken], broken[0][1])
    rows = sum(n for n in own.values() if isinstance(n, int))
    counted = replace(found, rows=rows, evidence=Evidence.CONTENT, reason=f"{found.reason}, with {rows} rows in them")
    if arrival.rows is not None and not _shared(arrival, folders):
        return counted if rows == arrival.rows else _other_rows(counted, own, rows, arrival.rows)
    every = _contents(arrival, arrival.written, holdings, folders)
    if arrival.total_rows is None or any(isinstance(said, str) for said in every.values()):
        return counted
    total = sum(n for n in every.values() if isinstance(n, int))
    return counted if total == arrival.total_rows else _other_rows(counted, own, total, arrival.total_rows)


def _shared(arrival: Arrival, folders: Chosen) -> bool:
    """Do the files of several datasets lie in one folder?"""
    due = arrival.occasion.due
    own = folders.get((arrival.dataset, due))
    others = [folders.get((one, due)) for one in arrival.written if one != arrival.dataset]
    return any(own and other and own.path == other.path for other in others)


def _contents(arrival: Arrival, datasets: Sequence[str], holdings: Holdings, folders: Chosen) -> dict[str, int | str]:
    chosen = [folders.get((one, arrival.occasion.due)) for one in datasets]
    paths = {stored.path for folder in chosen if folder for stored in folder.files}
    if not paths:  # no time in the folder: the manifest says which files are this run's
        listed = {e.path for m in arrival.manifests(holdings) for e in m.entries}
        shapes = [layout(arrival.watched, one) for one in datasets]
        paths = {path for path in listed if any(shape.find(path) for shape in shapes)}
    return {path: holdings.rows[path] for path in sorted(paths) if path in holdings.rows}


def _other_rows(found: Checked, own: dict[str, int | str], rows: int, said: int) -> Checked:
    reason = f"the files hold {rows} rows, the run wrote {said}"
    return replace(found, word=Word.MISMATCH, reason=reason, objects=tuple(sorted(own)))


# -- words ------------------------------------------------------------------------------------------------------------


def _missing(base: Checked, paths: Sequence[str], what: str) -> Checked:
    reason = f"not there: {what}: {_names(paths)}"
    return replace(base, word=Word.FILES_MISSING, reason=reason, objects=tuple(paths))


def _mismatch(base: Checked, paths: Sequence[str], why: str) -> Checked:
    return replace(base, word=Word.MISMATCH, reason=f"{_names(paths)}: {why}", objects=tuple(paths))


def _names(paths: Sequence[str]) -> str:
    shown = ", ".join(_short_name(path) for path in paths[:NAMED])
    return shown if len(paths) <= NAMED else f"{shown} and {len(paths) - NAMED} more"


def _short_name(path: str) -> str:
    return path.rpartition("/")[2]


def _sum(counts: Iterable[int | None]) -> int | None:
    known = list(counts)
    return sum(n for n in known if n is not None) if known and None not in known else None
