"""Nights for the tests of outputs: an environment as it should be, one with every fault, one that was not read."""

from __future__ import annotations

from dataclasses import replace

from exportctl.errors import Error, Finding
from exportctl.model.apply_report import ApplyReport
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import Plan
from exportctl.model.verdict import judge
from exportctl.monitor.drift import build_drift_report
from exportctl.monitor.night import NightPart, NightReport, PartFailure
from exportctl.output.night import Night, NightRow
from tests.output.sample_monitoring import empty_reports, evil_reports, status_report
from tests.output.sample_plans import AS_OF, DAY, EVIL, HEADER, evil_plan, full_plan, renewed_item
from tests.output.sample_reports import evil_export, full_report, report


def renewal(message: str = "the service answered 500") -> ApplyReport:
    plan = Plan(HEADER, AS_OF, (renewed_item("moved"), renewed_item("stuck")))
    first, second = plan.steps()
    outcomes = (Outcome(first, OutcomeStatus.DONE, "id-1"), Outcome(second, OutcomeStatus.FAILED, "id-2", message))
    return ApplyReport(plan, outcomes, plan, judge(plan, outcomes))


def quiet_row(name: str = "dev") -> NightRow:
    plan = Plan(HEADER, AS_OF, ())
    header = replace(HEADER, environment=name)
    status = replace(empty_reports()[1], header=header)
    found = NightReport(
        header,
        AS_OF,
        build_drift_report(plan, end_warning=DAY),
        status,
        ApplyReport(plan, verdict=judge(plan), was_started=False),
    )
    return NightRow(name, "acme", "dev", replace(found, verify=report()), 0, dict.fromkeys(NightPart, 0))


def loud_row() -> NightRow:
    found = NightReport(
        HEADER,
        AS_OF,
        build_drift_report(full_plan(), end_warning=30 * DAY),
        status_report(),
        renewal(),
        full_report(),
    )
    codes = {NightPart.RENEW: 4, NightPart.DRIFT: 3, NightPart.VERIFY: 9, NightPart.STATUS: 0}
    return NightRow("prod", "acme", "prod", found, 4, codes)


def unread_row() -> NightRow:
    errors = (Finding("credentials", "there are no credentials for the platform", hint="set AEP_CLIENT_ID"),)
    return NightRow("stage", "acme", "stage", None, 1, errors=errors)


def full_night() -> Night:
    return Night("acme", (quiet_row(), loud_row(), unread_row()), 1, AS_OF + 60, is_of_all=True)


def evil_night() -> Night:
    """Every text that comes from outside is hostile."""
    finding = Finding("rule", EVIL, hint=EVIL)
    found = NightReport(
        HEADER,
        AS_OF,
        build_drift_report(evil_plan(), end_warning=30 * DAY),
        evil_reports()[1],
        replace(renewal(EVIL), errors=(finding,)),
        report(evil_export()),
        (PartFailure(NightPart.VERIFY, (finding,), Error(EVIL)),),
    )
    row = NightRow(EVIL, EVIL, EVIL, found, 1, dict.fromkeys(NightPart, 1))
    return Night(EVIL, (row, NightRow(f"{EVIL} 2", EVIL, EVIL, None, 1, errors=(finding,))), 1, AS_OF, is_of_all=False)
