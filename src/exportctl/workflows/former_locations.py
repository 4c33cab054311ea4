"""Read the former locations that an export states, and judge the runs that were due before it was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from exportctl.frozen import dataclass
from exportctl.model.plan import LiveObject
from exportctl.model.project import Export
from exportctl.model.schedule import format_moment
from exportctl.model.storage_address import StorageAddress
from exportctl.monitor.delivery import verdict as judging
from exportctl.monitor.delivery.due_runs import DueRun
from exportctl.monitor.delivery.expectation import DeliveryExpectation
from exportctl.monitor.delivery.folder_layout import FolderLayout, folder_layout
from exportctl.monitor.delivery.former_locations import (
    FormerPeriod,
    WrittenLayouts,
    former_periods,
    merge_verdicts,
    qualify_paths,
)
from exportctl.monitor.delivery.report import Verdict
from exportctl.storage.reader import StorageReader
from exportctl.storage.spanning import SpanningReader
from exportctl.workflows.read_storage import StorageReaders, StorageReading


@dataclass(frozen=True)
class LiveLocation:
    """Where a flow writes now: its target on its account, and the folders of all flows of the sandbox."""

    flow: DeliveryExpectation
    target: LiveObject
    base: LiveObject | None
    written: WrittenLayouts


class FormerLocations:
    """The former locations of one flow, on the same account as now. Without any, nothing is read."""

    def __init__(self, stores: StorageReaders, now: LiveLocation, export: Export, due: Sequence[DueRun]):
        self._stores = stores
        self._now = now
        self._periods = former_periods(now.flow, export.former_locations, due)

    def layouts(self) -> tuple[FolderLayout, ...]:
        """Return the former layouts: a folder of one is no strange folder where the export writes now."""
        here = (period.expectation for period in self._periods if not period.storage)
        return tuple(layout for expectation in here for layout in _own_layouts(expectation))

    def judge(
        self, looked: StorageReading, found: tuple[Verdict, ...], *, since: int, as_of: int, deep: bool
    ) -> tuple[StorageReading, tuple[Verdict, ...]]:
        """Return what was read, and the verdicts, with those of the former locations in the place of `found`."""
        spanned: dict[StorageAddress, StorageReader] = {}
        for period in self._periods if looked.reader else ():
            now = self._now
            opened = self._stores.open_former(looked, now.flow, now.target, now.base, period.storage)
            others = (*now.written.of_others(now.flow, period.storage), *_own_layouts(now.flow))
            read = self._stores.read_former(opened, period.expectation, period.due, deep=deep, others=others)
            if read.errors:
                return replace(looked, errors=read.errors), found
            where = read.storage
            if read.export_files is not None:
                judged = self._judge_period(period, read, others, since, as_of)
                where = period.path if read.address == looked.address else f"{read.storage} {period.path}"
                if read.address and read.reader and read.address != looked.address:
                    judged, spanned[read.address] = qualify_paths(judged, read.address), read.reader
                found = merge_verdicts(found, period, judged)
            until = format_moment(period.until)
            looked = replace(looked, storage=f"{looked.storage}; runs due before {until}: {where}")
        return _span_storages(looked, spanned), found

    def _judge_period(
        self, period: FormerPeriod, read: StorageReading, others: Sequence[FolderLayout], since: int, as_of: int
    ) -> tuple[Verdict, ...]:
        flow = period.expectation
        found = judging.verdicts(flow, period.due, read.export_files, as_of=as_of, since=since)
        searched = self._stores.search_path(read, flow, judging.dues_with_missing_files(found), others)
        if searched is read:
            return found
        files, unreadable = searched.export_files, searched.storage if searched.errors else None
        return judging.verdicts(flow, period.due, files, as_of=as_of, since=since, unreadable=unreadable)


def _own_layouts(flow: DeliveryExpectation) -> tuple[FolderLayout, ...]:
    return tuple(folder_layout(flow, dataset) for dataset in flow.datasets)


def _span_storages(looked: StorageReading, former: dict[StorageAddress, StorageReader]) -> StorageReading:
    """Let the reading of now reach the files of former storage, which have their URI as path."""
    if not former or looked.reader is None or looked.address is None:
        return looked
    address = replace(looked.address, former=tuple(former))
    return replace(looked, reader=SpanningReader(looked.reader, former), address=address)
