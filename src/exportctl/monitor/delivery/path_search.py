"""
Search the whole path of a target for data files that no known folder layout explains. Pure; the caller lists.

The usual listing looks only below the folder that all readings of a template share. If the files of a run are missing
there, the writer may have used a form that exportctl does not know, anywhere below the path. So such a run is not
called missing while a folder with data files, of no other known flow or dataset, can hold its files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from exportctl.monitor.delivery.expectation import DeliveryExpectation
from exportctl.monitor.delivery.folder_layout import FolderLayout, folder_layout
from exportctl.monitor.delivery.stored_files import (
    DATASET_ID,
    IGNORED_PREFIXES,
    PART,
    ExportFiles,
    UnreadableFolder,
)
from exportctl.storage.reader import StoredFile

MAX_OBJECTS = 100_000  # of one path; years of exports may lie there, and other programs may write beside them


def is_search_needed(watched: DeliveryExpectation) -> bool:
    """Say whether the path holds more than what was listed for the datasets."""
    return any(folder_layout(watched, dataset).prefix != watched.prefix for dataset in watched.datasets)


def add_unreadable_folders(
    found: ExportFiles,
    objects: Iterable[StoredFile],
    watched: DeliveryExpectation,
    dues: Sequence[int],
    others: Sequence[FolderLayout] = (),
) -> ExportFiles:
    """
    Add the folders below the path that can hold the files of the runs that were due at `dues`.

    `others` are the layouts of the other flows in the same storage. At most `MAX_OBJECTS` objects are looked at.
    """
    layouts = {dataset: folder_layout(watched, dataset) for dataset in watched.datasets}
    seen: set[str] = set()
    unreadable = {dataset: {one.path: one for one in found.unreadable.get(dataset, ())} for dataset in layouts}
    remaining = iter(objects)
    for stored in islice(remaining, MAX_OBJECTS):
        folder, _, name = stored.path.rpartition("/")
        if folder in seen or not PART.fullmatch(name):
            continue
        seen.add(folder)
        fitting = _fitting_folders(folder, layouts, dues)
        if fitting and not _is_explained(stored.path, watched.prefix, (*layouts.values(), *others)):
            for dataset, one in fitting.items():
                if not _is_of_other_dataset(folder, dataset, watched.datasets):
                    unreadable[dataset][folder] = one
    return replace(
        found,
        unreadable={
            dataset: tuple(by_path[path] for path in sorted(by_path)) for dataset, by_path in unreadable.items()
        },
        searched=None if next(remaining, None) is None else MAX_OBJECTS,
    )


def _fitting_folders(
    folder: str, layouts: Mapping[str, FolderLayout], dues: Sequence[int]
) -> dict[str, UnreadableFolder]:
    """Return the folder for each dataset with a run that was due at a moment in its name; without one, for all."""
    found = {dataset: UnreadableFolder(folder, layout.find_moments(folder)) for dataset, layout in layouts.items()}
    return {
        dataset: one
        for dataset, one in found.items()
        if any(one.can_hold(due, layouts[dataset].resolution) for due in dues)
    }


def _is_explained(path: str, prefix: str, layouts: Sequence[FolderLayout]) -> bool:
    """Say whether a known flow writes the file, or readers of data skip its folder."""
    below = path.removeprefix(prefix).split("/")
    return any(level.startswith(IGNORED_PREFIXES) for level in below) or any(one.match_path(path) for one in layouts)


def _is_of_other_dataset(folder: str, dataset: str, datasets: Mapping[str, str]) -> bool:
    """Say whether the folder names another dataset: by any id, or by the name of another one of the same flow."""
    ids, levels = {hit[0] for hit in DATASET_ID.finditer(folder)}, set(folder.split("/"))
    others = {name for one, name in datasets.items() if name != datasets[dataset]}
    return (bool(ids) and dataset not in ids) or bool(levels & others)
