"""
Where an export wrote before its location was changed, as its YAML states it. Pure.

    due            before `until`    between `until` and the last change of the live flow   after that change
    is searched    here, and now's   here, and now's                                        where it writes now
    counts here    always            only if its files are here                             never

"Now's" is where the export writes now: files that were moved there count too. `until` may be before the change, for a
plan prints it before apply. What an entry does not state is as in the entry after it, and in the last one as now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from exportctl.frozen import dataclass
from exportctl.model.project import FormerLocation
from exportctl.model.storage_address import StorageAddress
from exportctl.monitor.delivery.due_runs import DueRun
from exportctl.monitor.delivery.expectation import DeliveryExpectation, WrittenFolders
from exportctl.monitor.delivery.folder_layout import FolderLayout, folder_layout
from exportctl.monitor.delivery.report import DeliveryResult, Verdict
from exportctl.plan.grouping import group_by_key

_PROVEN = (DeliveryResult.COMPLETE, DeliveryResult.LATE)


@dataclass(frozen=True)
class FormerPeriod:
    """One former location as if the export still wrote there, and the runs that can be there."""

    expectation: DeliveryExpectation
    until: int
    due: tuple[DueRun, ...]
    storage: Mapping[str, str]  # fields of the location beside the folder that were different, by YAML name

    @property
    def path(self) -> str:
        """Return the path of the target and the folder template."""
        return "/".join(part for part in (self.expectation.prefix, self.expectation.folder) if part)


def former_periods(
    now: DeliveryExpectation, stated: Sequence[FormerLocation], due: Sequence[DueRun]
) -> tuple[FormerPeriod, ...]:
    """Return the former locations with runs that can be there, oldest first."""
    last_change = max(now.location_changed, now.folder_changed)
    begins = [0, *(one.until for one in stated)]
    ends = [*(one.until for one in stated[:-1]), last_change]
    made = []
    for one, begin, end in zip(_whole_entries(stated), begins, ends, strict=False):
        runs = tuple(run for run in due if begin <= run.due < min(end, last_change))
        if runs:
            made.append(FormerPeriod(_expectation(now, one), one.until, runs, one.storage))
    return tuple(made)


def _whole_entries(stated: Sequence[FormerLocation]) -> Sequence[FormerLocation]:
    """Return the entries with what they do not state: each is as the one after it."""
    made: list[FormerLocation] = []
    for one in reversed(stated):
        if made:
            later = made[-1]
            path = later.path if one.path is None else one.path
            one = replace(one, path=path, folder=one.folder or later.folder, storage={**later.storage, **one.storage})
        made.append(one)
    return made[::-1]


def _expectation(now: DeliveryExpectation, one: FormerLocation) -> DeliveryExpectation:
    return replace(
        now,
        prefix=now.prefix if one.path is None else one.path.strip("/"),
        folder=one.folder or now.folder,
        location_changed=one.until,
        folder_changed=one.until,
        former_until=one.until,
    )


class WrittenLayouts:
    """The layouts of all flows, by the storage that they are in; each is made once."""

    def __init__(self, written: Iterable[WrittenFolders]) -> None:
        self._by_storage = group_by_key(written, lambda one: one.storage)
        self._storage_of = {one.flow: storage for storage, same in self._by_storage.items() for one in same}
        self._made: dict[tuple[str, ...], tuple[Mapping[str, tuple[int, int]], tuple[FolderLayout, ...]]] = {}

    def of_others(
        self, flow: DeliveryExpectation, storage: Mapping[str, str] | None = None
    ) -> tuple[FolderLayout, ...]:
        """Return the layouts of the other flows in the same storage, or in one with other fields of the location."""
        own = self._storage_of.get(flow.flow, ())
        names = [field.name for field in flow.type.location if field.name != flow.type.folder_key]
        wanted = (*own[:1], *((storage or {}).get(name, value) for name, value in zip(names, own[1:], strict=False)))
        if wanted not in self._made:
            self._made[wanted] = _layouts(self._by_storage.get(wanted, ()))
        places, layouts = self._made[wanted]
        first, end = places.get(flow.flow, (0, 0))
        return (*layouts[:first], *layouts[end:])


def _layouts(written: Iterable[WrittenFolders]) -> tuple[Mapping[str, tuple[int, int]], tuple[FolderLayout, ...]]:
    """Return the layouts of flows, and where those of each flow begin and end."""
    places: dict[str, tuple[int, int]] = {}
    layouts: list[FolderLayout] = []
    for one in written:
        first = len(layouts)
        layouts += (folder_layout(one, dataset) for dataset in one.datasets)
        places[one.flow] = first, len(layouts)
    return places, tuple(layouts)


def qualify_paths(found: Iterable[Verdict], address: StorageAddress) -> tuple[Verdict, ...]:
    """Return the verdicts with URIs for paths: their files are in another storage than those of now."""
    return tuple(
        replace(
            verdict,
            objects=tuple(map(address.uri, verdict.objects)),
            folder=address.uri(verdict.folder) if verdict.folder else verdict.folder,
            stored=tuple(replace(file, path=address.uri(file.path)) for file in verdict.stored),
        )
        for verdict in found
    )


def merge_verdicts(now: Sequence[Verdict], period: FormerPeriod, former: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """Return the verdicts by where the export writes now, with those of a former location in their stead."""
    others = {(verdict.dataset_id, verdict.due): verdict for verdict in former}
    return tuple(
        _better_verdict(verdict, others[key], period.until)
        if (key := (verdict.dataset_id, verdict.due)) in others
        else verdict
        for verdict in now
    )


def _better_verdict(now: Verdict, former: Verdict, until: int) -> Verdict:
    if former.result in _PROVEN and former.files:
        return former
    is_certain = now.due is not None and now.due < until
    return former if is_certain and not now.files else now
