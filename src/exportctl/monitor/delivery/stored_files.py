"""
What storage holds of one export: data files, the service's manifest files and others, by dataset, folder and run. Pure.

Objects come one by one, and only those of folders that matter are kept, so that years of exports need no memory. The
caller reads the storage.

What one run wrote is in the folder with the moment at which the run was due: folders of exports on demand lie between
run times. Only if there is none, a folder with the time of the run itself can be it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property

from exportctl.frozen import dataclass
from exportctl.model.schedule import DAY
from exportctl.monitor.delivery.due_runs import DueRun
from exportctl.monitor.delivery.expectation import DeliveryExpectation
from exportctl.monitor.delivery.folder_layout import FolderLayout, PathMatch, folder_layout
from exportctl.storage.reader import StoredFile

PART = re.compile(r"part-\d{5}-.*\.(?P<ending>json|json\.gz|parquet|gz\.parquet)")  # samples of flow-service.md 10.1
MANIFEST = re.compile(r"manifest-(?P<owner>.+)-(?P<run>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.json")
IGNORED_PREFIXES = ("_", ".")  # loaders write such marks (`_SUCCESS`), and readers of data skip them
DATASET_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{24}(?![0-9a-f])")
MAX_AFTER = 30 * DAY  # a folder of a later moment is in the future; exports on demand can follow the last due run
MANIFEST_LIMIT = 16 * 1024 * 1024  # bytes: some hundred thousand entries


@dataclass(frozen=True)
class DatasetFolder:
    """One folder of one dataset. `moment` is the one in its name. No export writes `unknown_files`."""

    path: str
    moment: int | None
    files: tuple[StoredFile, ...] = ()
    manifests: tuple[StoredFile, ...] = ()
    unknown_files: tuple[StoredFile, ...] = ()


@dataclass(frozen=True)
class UnreadableFolder:
    """
    A folder with data files, which no reading of the template matches, and which is of no other flow.

    `moments` are those that its name holds all the same: then it can hold only the files of these runs.
    """

    path: str
    moments: tuple[int, ...] = ()

    def can_hold(self, due: int, resolution: int | None) -> bool:
        """Say whether the files of the run that was due then can be in this folder."""
        step = resolution or 1
        return not self.moments or any(moment // step == due // step for moment in self.moments)


FolderByRun = Mapping[tuple[str, int], DatasetFolder]  # (dataset id, due) -> its folder


@dataclass(frozen=True)
class ManifestEntry:
    """One file that a manifest lists. `folder` has no slashes at its ends; `size` in bytes, None if it is no number."""

    folder: str
    name: str
    size: int | None

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}" if self.folder else self.name


@dataclass(frozen=True)
class Manifest:
    """A manifest file as it is in storage. `problem` says why it cannot be read."""

    path: str
    flow: str
    run: str
    entries: tuple[ManifestEntry, ...] = ()
    problem: str | None = None


@dataclass(frozen=True)
class ExportFiles:
    """
    Everything that storage shows for one export.

    `rows` maps the path of a data file to the rows in it, or to what is wrong with it. `searched` says how many objects
    of the path were searched for folders that exportctl cannot read, if there are more.
    """

    folders: Mapping[str, Mapping[str, DatasetFolder]] = field(default_factory=dict)  # by dataset id, then by path
    unreadable: Mapping[str, tuple[UnreadableFolder, ...]] = field(default_factory=dict)  # by dataset id
    manifests: Mapping[str, Manifest] = field(default_factory=dict)  # by path
    rows: Mapping[str, int | str] = field(default_factory=dict)  # empty unless contents were read
    searched: int | None = None

    @cached_property
    def _manifests_by_run(self) -> Mapping[tuple[str, str], tuple[Manifest, ...]]:
        found: dict[tuple[str, str], tuple[Manifest, ...]] = {}
        for made in self.manifests.values():
            found[made.flow, made.run] = (*found.get((made.flow, made.run), ()), made)
        return found

    def run_manifests(self, flow: str, runs: Iterable[str]) -> tuple[Manifest, ...]:
        """Return the manifests of these runs of a flow."""
        return tuple(made for run in runs for made in self._manifests_by_run.get((flow, run), ()))


@dataclass(frozen=True)
class DatasetListing:
    """What storage holds below the folder of one dataset."""

    folders: Mapping[str, DatasetFolder]  # by path
    unreadable: tuple[UnreadableFolder, ...] = ()


def list_dataset(
    objects: Iterable[StoredFile],
    layout: FolderLayout,
    since: int,
    until: int,
    others: Sequence[FolderLayout] = (),
) -> DatasetListing:
    """
    Return the folders of one dataset, without those whose name is older than `since`.

    `since` and `until` are around all due runs, in seconds. `others` are the layouts of other datasets and flows.
    """
    matches: dict[str, PathMatch] = {}
    found: dict[str, list[StoredFile]] = {}
    unreadable: dict[str, UnreadableFolder] = {}
    for stored in objects:
        folder, _, name = stored.path.rpartition("/")
        if name.startswith(IGNORED_PREFIXES):
            continue
        match = layout.match_path(stored.path)
        if match is not None and match.rank and _is_closer(others, stored.path, match.rank):
            continue
        if match is not None and (match.moments or layout.resolution is None):
            if any(since <= moment for moments in match.moments for moment in moments) or not match.moments:
                matches[folder] = match
                found.setdefault(folder, []).append(stored)
        elif PART.fullmatch(name) and folder not in unreadable and _is_own(stored.path, layout, others):
            named = layout.find_moments(folder)
            if not named or max(named) >= since:
                unreadable[folder] = UnreadableFolder(folder, named)
    best = min((match.rank for match in matches.values()), default=0)
    kept = {path: match for path, match in matches.items() if match.rank == best}
    moments = _chosen_moments(kept, since, until)
    folders = {path: _build_folder(path, moments[path], found[path]) for path in sorted(kept)}
    return DatasetListing(folders, tuple(unreadable[path] for path in sorted(unreadable)))


def _is_closer(others: Sequence[FolderLayout], path: str, rank: int) -> bool:
    """Say whether the layout of another dataset or flow reads a path more literally."""
    return any((match := other.match_path(path)) is not None and match.rank < rank for other in others)


def _is_own(path: str, layout: FolderLayout, others: Sequence[FolderLayout]) -> bool:
    """Say whether a file that the layout does not match can be of its dataset: no other flow or dataset writes it."""
    below = path.removeprefix(layout.prefix).split("/")
    named = {hit[0] for hit in DATASET_ID.finditer(path)}
    is_ignored = any(level.startswith(IGNORED_PREFIXES) for level in below)
    is_of_other_dataset = layout.dataset is not None and bool(named) and layout.dataset not in named
    return not (is_ignored or is_of_other_dataset or any(other.match_path(path) for other in others))


def _chosen_moments(matches: Mapping[str, PathMatch], since: int, until: int) -> dict[str, int | None]:
    """
    Return the moment of each folder, by the one reading of the year that fits all of them best.

    A reading that puts folders into the future is refuted; then the one counts that finds the most within the window.
    """

    def moment(match: PathMatch, reading: int) -> int | None:
        known = match.moments[reading] if reading < len(match.moments) else ()
        return next((one for one in known if since <= one <= until), next(iter(known), None))

    def misfit(reading: int) -> tuple[int, int]:
        found = [one for match in matches.values() if (one := moment(match, reading)) is not None]
        return sum(one > until + MAX_AFTER for one in found), -sum(since <= one <= until for one in found)

    readings = max((len(match.moments) for match in matches.values()), default=0)
    best = min(range(readings), key=misfit, default=0)
    return {path: moment(match, best) for path, match in matches.items()}


def _build_folder(path: str, moment: int | None, objects: list[StoredFile]) -> DatasetFolder:
    kinds: dict[str, list[StoredFile]] = {"manifests": [], "files": [], "unknown": []}
    for stored in sorted(objects, key=lambda o: o.path):
        name = stored.path.rpartition("/")[2]
        kind = "manifests" if MANIFEST.fullmatch(name) else "files" if PART.fullmatch(name) else "unknown"
        kinds[kind].append(stored)
    return DatasetFolder(path, moment, *(tuple(kinds[kind]) for kind in ("files", "manifests", "unknown")))


def part_format(path: str) -> tuple[str, str]:
    """
    Return the file type and the compression of a data file, by its name.

    The target connection says what is written now: files from before a change have another format.
    """
    named = PART.fullmatch(path.rpartition("/")[2])
    ending = named["ending"] if named else ""
    return "parquet" if ending.endswith("parquet") else "json", "gzip" if "gz" in ending.split(".") else "none"


def manifest_run(path: str) -> str | None:
    """Return the run in the name of a manifest file."""
    named = MANIFEST.fullmatch(path.rpartition("/")[2])
    return named["run"] if named else None


def parse_manifest(path: str, content: bytes) -> Manifest:
    """
    Parse a manifest file: `{flowRunId, scheduledTime, exportResults: [{sinkPath, name, size}]}`.

    Its name also holds the flow and the run, and both must agree. Source: flow-service.md 10.3.
    """
    named = MANIFEST.fullmatch(path.rpartition("/")[2])
    flow, run = (named["owner"], named["run"]) if named else ("", "")
    try:
        body = json.loads(content)
        entries = tuple(_parse_entry(e) for e in body["exportResults"])
        inside = body["flowRunId"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return Manifest(path, flow, run, problem="it is not a manifest: no JSON with flowRunId and exportResults")
    problem = None if inside == run else f"its flowRunId is {inside}, its name says {run}"
    return Manifest(path, flow, run, entries, problem)


def _parse_entry(raw: Mapping[str, object]) -> ManifestEntry:
    size = raw.get("size")
    return ManifestEntry(str(raw["sinkPath"]).strip("/"), str(raw["name"]), size if type(size) is int else None)


# -- folders of runs --------------------------------------------------------------------------------------------------


def match_folders(watched: DeliveryExpectation, occasions: Sequence[DueRun], stored: ExportFiles) -> FolderByRun:
    """Return the folder of each dataset and due run, without those that are missing or cannot be distinguished."""
    found: dict[tuple[str, int], DatasetFolder] = {}
    for dataset in watched.datasets:
        shape = folder_layout(watched, dataset)
        if shape.can_tell_runs_apart(watched.step):
            folders = [f for f in stored.folders.get(dataset, {}).values() if f.moment is not None]
            matched = _match_dataset_folders(watched, occasions, folders, shape)
            found |= {(dataset, due): folder for due, folder in matched.items()}
    return found


def _match_dataset_folders(
    watched: DeliveryExpectation, occasions: Sequence[DueRun], folders: Sequence[DatasetFolder], shape: FolderLayout
) -> dict[int, DatasetFolder]:
    assert shape.resolution is not None
    by_moment: dict[int, list[DatasetFolder]] = {}
    for folder in folders:
        by_moment.setdefault((folder.moment or 0) // shape.resolution, []).append(folder)
    exact: dict[int, DatasetFolder] = {}
    for occasion in occasions:
        if named := by_moment.get(occasion.due // shape.resolution):
            exact[occasion.due] = _best_folder(watched, occasion, named)
    taken = {folder.path for folder in exact.values()}
    free = [f for f in folders if f.path not in taken]
    before = None
    for occasion in occasions:
        if occasion.due not in exact:
            between = [f for f in free if _is_within_run(f, before, occasion)]
            if between:
                exact[occasion.due] = max(between, key=lambda f: (f.moment or 0, f.path))
        before = occasion.due
    return exact


def _is_within_run(folder: DatasetFolder, before: int | None, occasion: DueRun) -> bool:
    """Say whether a folder has a moment at which this run, and no earlier one, can have written."""
    if folder.moment is None or not occasion.runs:
        return False
    last = occasion.runs[-1].completed or occasion.runs[-1].started
    earliest = occasion.due if occasion.expected else max(before or 0, occasion.due - DAY) + 1
    return earliest <= folder.moment <= last


def _best_folder(watched: DeliveryExpectation, occasion: DueRun, folders: Iterable[DatasetFolder]) -> DatasetFolder:
    """Return the one of several folders with the same moment that has a manifest of ours: others may write beside."""
    runs = {run.id for run in occasion.runs}
    counts = {run.files for run in occasion.runs}

    def rank(folder: DatasetFolder) -> tuple[bool, bool, str]:
        ours = any(watched.flow in m.path and any(run in m.path for run in runs) for m in folder.manifests)
        return (not ours, len(folder.files) not in counts, folder.path)

    return min(folders, key=rank)
