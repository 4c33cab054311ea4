"""
Which folder holds what one run wrote, dataset by dataset. Pure.

The folder with the moment at which the run was due comes first: folders of exports on demand lie between run times.
Only if there is none, a folder with the time of the run itself can be it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from exportctl.model.schedule import DAY
from exportctl.monitor.delivery.due_runs import DueRun
from exportctl.monitor.delivery.expectation import DeliveryExpectation
from exportctl.monitor.delivery.folder_layout import FolderLayout, folder_layout
from exportctl.monitor.delivery.stored_files import DatasetFolder, ExportFiles

FolderByRun = Mapping[tuple[str, int], DatasetFolder]  # (dataset id, due) -> its folder


def match_folders(watched: DeliveryExpectation, occasions: Sequence[DueRun], live_flows: ExportFiles) -> FolderByRun:
    """Return the folder of each dataset and due run, without those that are missing or cannot be distinguished."""
    found: dict[tuple[str, int], DatasetFolder] = {}
    for dataset in watched.datasets:
        shape = folder_layout(watched, dataset)
        if not shape.can_tell_runs_apart(watched.step):
            continue
        folders = [f for f in live_flows.folders.get(dataset, {}).values() if f.moment is not None]
        found |= {
            (dataset, due): folder for due, folder in _match_dataset_folders(watched, occasions, folders, shape).items()
        }
    return found


def _match_dataset_folders(
    watched: DeliveryExpectation, occasions: Sequence[DueRun], folders: Sequence[DatasetFolder], shape: FolderLayout
) -> dict[int, DatasetFolder]:
    assert shape.resolution is not None
    by_moment: dict[int | None, list[DatasetFolder]] = {}
    for folder in folders:
        by_moment.setdefault(folder.moment, []).append(folder)
    exact: dict[int, DatasetFolder] = {}
    for occasion in occasions:
        if named := by_moment.get(occasion.due - occasion.due % shape.resolution):
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
