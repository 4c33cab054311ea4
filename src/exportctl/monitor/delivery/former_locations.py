"""
Where an export wrote before its location was changed, as its YAML states it. Pure.

    due            before `until`    between `until` and the last change of the live flow   after that change
    is searched    here, and now's   here, and now's                                        where it writes now
    counts here    always            only if its files are here                             never

"Now's" is where the export writes now: files that were moved there count too. `until` may be before the change, for a
plan prints it before apply. What an entry does not state is as in the entry after it, and in the last one as now.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from exportctl.model.project import FormerLocation
from exportctl.monitor.delivery.due_runs import DueRun
from exportctl.monitor.delivery.expectation import DeliveryExpectation
from exportctl.monitor.delivery.folder_layout import FolderLayout, folder_layout
from exportctl.monitor.delivery.report import DeliveryResult, Verdict

_PROVEN = (DeliveryResult.COMPLETE, DeliveryResult.LATE)


@dataclass(frozen=True)
class FormerPeriod:
    """One former location as if the export still wrote there, and the runs that can be there."""

    expectation: DeliveryExpectation
    until: int
    due: tuple[DueRun, ...]

    @property
    def path(self) -> str:
        """Return the path of the target and the folder template."""
        return "/".join(part for part in (self.expectation.prefix, self.expectation.folder) if part)

    def layouts(self) -> tuple[FolderLayout, ...]:
        return tuple(folder_layout(self.expectation, dataset) for dataset in self.expectation.datasets)


def former_periods(
    now: DeliveryExpectation, stated: Sequence[FormerLocation], due: Sequence[DueRun]
) -> tuple[FormerPeriod, ...]:
    """Return the former locations with runs that can be there, oldest first."""
    last_change = max(now.location_changed, now.folder_changed)
    begins = [0, *(one.until for one in stated)]
    ends = [*(one.until for one in stated[:-1]), last_change]
    made = []
    for one, watched, begin, end in zip(stated, _expectations(now, stated), begins, ends, strict=False):
        runs = tuple(run for run in due if begin <= run.due < min(end, last_change))
        if runs:
            made.append(FormerPeriod(watched, one.until, runs))
    return tuple(made)


def _expectations(now: DeliveryExpectation, stated: Sequence[FormerLocation]) -> Iterator[DeliveryExpectation]:
    """Yield what was expected at each location: from the newest back, each changes what the one after it had."""
    made, later = [], now
    for one in reversed(stated):
        later = replace(
            later,
            prefix=later.prefix if one.path is None else one.path.strip("/"),
            folder=one.folder or later.folder,
            location_changed=one.until,
            folder_changed=one.until,
            former_until=one.until,
        )
        made.append(later)
    return reversed(made)


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
