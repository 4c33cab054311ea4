"""
What storage holds of one export: data files, the service's manifest files and others, by dataset and folder. Pure.

Objects come one by one, and only those of folders that matter are kept, so that years of exports need no memory. The
caller reads the storage.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from exportctl.monitor.delivery.folder_layout import FolderLayout
from exportctl.storage.reader import StoredFile

PART = re.compile(r"part-\d{5}-.*\.(json|json\.gz|parquet|gz\.parquet)")  # from the samples of flow-service.md 10.1
MANIFEST = re.compile(r"manifest-(?P<owner>.+)-(?P<run>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.json")
IGNORED_PREFIXES = ("_", ".")  # loaders write such marks (`_SUCCESS`), and readers of data skip them
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

    `folders` are by dataset id, then by path, `manifests` by path. `rows` maps the path of a data file to the rows in
    it, or to what is wrong with it; it is empty unless contents were read.
    """

    folders: Mapping[str, Mapping[str, DatasetFolder]] = field(default_factory=dict)
    manifests: Mapping[str, Manifest] = field(default_factory=dict)
    rows: Mapping[str, int | str] = field(default_factory=dict)

    @cached_property
    def _manifests_by_run(self) -> Mapping[tuple[str, str], tuple[Manifest, ...]]:
        found: dict[tuple[str, str], tuple[Manifest, ...]] = {}
        for made in self.manifests.values():
            found[made.flow, made.run] = (*found.get((made.flow, made.run), ()), made)
        return found

    def run_manifests(self, flow: str, runs: Iterable[str]) -> tuple[Manifest, ...]:
        """Return the manifests of these runs of a flow."""
        return tuple(made for run in runs for made in self._manifests_by_run.get((flow, run), ()))


def dataset_folders(objects: Iterable[StoredFile], layout: FolderLayout, since: int) -> dict[str, DatasetFolder]:
    """Return the folders of one dataset by path, without those whose name is older than `since`."""
    found: dict[str, list[StoredFile]] = {}
    moments: dict[str, int | None] = {}
    for stored in objects:
        match = layout.match_path(stored.path)
        if match is None or match.name.startswith(IGNORED_PREFIXES):
            continue
        if match.moment is not None and match.moment < since:
            continue
        found.setdefault(match.folder, []).append(stored)
        moments[match.folder] = match.moment
    return {path: _build_folder(path, moments[path], all) for path, all in sorted(found.items())}


def _build_folder(path: str, moment: int | None, objects: list[StoredFile]) -> DatasetFolder:
    kinds: dict[str, list[StoredFile]] = {"manifests": [], "files": [], "unknown": []}
    for stored in sorted(objects, key=lambda o: o.path):
        name = stored.path.rpartition("/")[2]
        kind = "manifests" if MANIFEST.fullmatch(name) else "files" if PART.fullmatch(name) else "unknown"
        kinds[kind].append(stored)
    return DatasetFolder(path, moment, *(tuple(kinds[kind]) for kind in ("files", "manifests", "unknown")))


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
    made = Manifest(path, flow, run)
    try:
        body = json.loads(content)
        entries = tuple(_parse_entry(e) for e in body["exportResults"])
        inside = body["flowRunId"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return replace(made, problem="it is not a manifest: no JSON with flowRunId and exportResults")
    if inside != run:
        return replace(made, entries=entries, problem=f"its flowRunId is {inside}, its name says {run}")
    return replace(made, entries=entries)


def _parse_entry(raw: Mapping[str, object]) -> ManifestEntry:
    size = raw.get("size")
    return ManifestEntry(str(raw["sinkPath"]).strip("/"), str(raw["name"]), size if type(size) is int else None)
