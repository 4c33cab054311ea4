"""Everything that the report shows of one sandbox, from one read of its lists. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from exportctl.errors import Finding, SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.plan import Address, PlanHeader
from exportctl.model.source_commit import SourceCommit
from exportctl.monitor.dataset_map import DatasetRoute
from exportctl.monitor.delivery.report import VerifyReport
from exportctl.monitor.drift import DriftReport
from exportctl.monitor.forecast import Forecast
from exportctl.monitor.given_plan import GivenPlan
from exportctl.monitor.status import StatusReport
from exportctl.monitor.timeline import Timeline


@dataclass(frozen=True)
class SandboxReport:
    """One sandbox. `delivered` is None if the deliveries were not checked."""

    status: StatusReport
    drift: DriftReport
    expected: Forecast
    delivered: VerifyReport | None
    timeline: Timeline
    routes: tuple[DatasetRoute, ...]
    unused_datasets: int | None = None  # how many could be exported and are not, by any flow; None: not known
    positions: Mapping[Address, SourcePosition] = field(default_factory=dict)  # of what the config declares
    commit: SourceCommit | None = None
    plan: GivenPlan | None = None  # a saved plan, if one was given

    @property
    def header(self) -> PlanHeader:
        return self.status.header

    @property
    def as_of(self) -> int:
        return self.status.as_of

    def errors(self) -> tuple[Finding, ...]:
        """Return what could not be planned, and the storage that could not be read."""
        unread = self.delivered.errors() if self.delivered else ()
        return tuple(dict.fromkeys((*self.status.errors, *unread)))
