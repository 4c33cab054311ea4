"""
What a nightly run found in one environment: the renewals, drift, deliveries and the state of every export. Values only.

A part that failed has an entry in `failed` and no report. It does not hide the other parts.
"""

from __future__ import annotations

from enum import StrEnum

from exportctl.errors import Error, Finding
from exportctl.frozen import dataclass
from exportctl.model.apply_report import ApplyReport
from exportctl.model.plan import PlanHeader
from exportctl.monitor.delivery.report import VerifyReport
from exportctl.monitor.drift import DriftReport
from exportctl.monitor.status import StatusReport


class NightPart(StrEnum):
    """The parts of a nightly run, in the order in which they are done."""

    RENEW = "renew"
    DRIFT = "drift"
    VERIFY = "verify"
    STATUS = "status"


@dataclass(frozen=True)
class PartFailure:
    """Why a part has no report. `error` decides the exit code, `findings` is what people see."""

    part: NightPart
    findings: tuple[Finding, ...]
    error: Error


@dataclass(frozen=True)
class NightReport:
    """
    One environment. Drift and status are as after the renewals.

    `renewal` is None with --no-renew or if it failed; `verify` is None if it failed.
    """

    header: PlanHeader
    as_of: int
    drift: DriftReport
    status: StatusReport
    renewal: ApplyReport | None = None
    verify: VerifyReport | None = None
    failed: tuple[PartFailure, ...] = ()

    def failure_of(self, part: NightPart) -> PartFailure | None:
        return next((one for one in self.failed if one.part is part), None)
