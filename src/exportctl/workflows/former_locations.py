"""Read the former locations that an export states, and judge the runs that were due before it was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from exportctl.model.project import FormerLocation
from exportctl.model.schedule import format_moment
from exportctl.monitor.delivery import verdict as judging
from exportctl.monitor.delivery.due_runs import DueRun
from exportctl.monitor.delivery.expectation import DeliveryExpectation
from exportctl.monitor.delivery.folder_layout import FolderLayout, folder_layout
from exportctl.monitor.delivery.former_locations import FormerPeriod, former_periods, merge_verdicts
from exportctl.monitor.delivery.report import Verdict
from exportctl.workflows.read_storage import StorageReaders, StorageReading


class FormerLocations:
    """The former locations of one flow, in the same storage as now. Without any, nothing is read."""

    def __init__(
        self,
        stores: StorageReaders,
        flow: DeliveryExpectation,
        stated: Sequence[FormerLocation],
        due: Sequence[DueRun],
        others: Sequence[FolderLayout],
    ):
        self._stores = stores
        self._periods = former_periods(flow, stated, due)
        self._now = tuple(folder_layout(flow, dataset) for dataset in flow.datasets)
        self._others = tuple(others)

    def layouts(self) -> tuple[FolderLayout, ...]:
        return tuple(layout for period in self._periods for layout in period.layouts())

    def judge(
        self, looked: StorageReading, found: tuple[Verdict, ...], *, since: int, as_of: int, deep: bool
    ) -> tuple[StorageReading, tuple[Verdict, ...]]:
        """Return what was read, and the verdicts, with those of the former locations in the place of `found`."""
        for period in self._periods:
            read = self._read(looked, period, deep=deep)
            if read.errors:
                return read, found
            if read.export_files is not None:
                found = merge_verdicts(found, period, self._judge_period(period, read, since, as_of))
                where = f"runs due before {format_moment(period.until)}: {period.path}"
                looked = replace(looked, storage=f"{looked.storage}; {where}")
        return looked, found

    def _read(self, looked: StorageReading, period: FormerPeriod, *, deep: bool) -> StorageReading:
        others = (*self._others, *self._now)
        return self._stores.read_former(looked, period.expectation, period.due, deep=deep, others=others)

    def _judge_period(self, period: FormerPeriod, read: StorageReading, since: int, as_of: int) -> tuple[Verdict, ...]:
        flow = period.expectation
        found = judging.verdicts(flow, period.due, read.export_files, as_of=as_of, since=since)
        missing = judging.dues_with_missing_files(found)
        searched = self._stores.search_path(read, flow, missing, (*self._others, *self._now))
        if searched is read:
            return found
        unreadable = searched.storage if searched.errors else None
        return judging.verdicts(
            flow, period.due, searched.export_files, as_of=as_of, since=since, unreadable=unreadable
        )
