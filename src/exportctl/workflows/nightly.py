"""
One nightly run over one environment: renew, drift, verify and status from one connection and one read of the sandbox.

    read ─▶ plan of the renewals ─▶ write those that are due ─▶ read again, only if something was written
         ─▶ drift and status from the plan, verify from the same objects, with the runs and the storage

Renewals come first, so that drift and status show what the morning will find. They are the only writes. A part that
fails leaves the others as they are.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Protocol

from exportctl.errors import Error, Finding
from exportctl.frozen import dataclass
from exportctl.model.apply_report import ApplyReport
from exportctl.model.outcome import Outcome, final_outcomes
from exportctl.model.plan import Step
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Project
from exportctl.model.verdict import judge
from exportctl.monitor import status as health
from exportctl.monitor.delivery.report import VerifyReport
from exportctl.monitor.drift import build_drift_report
from exportctl.monitor.night import NightPart, NightReport, PartFailure
from exportctl.plan import planner
from exportctl.plan.ownership import build_ownership
from exportctl.workflows.apply import ApplyRun, start_apply
from exportctl.workflows.lease import take_lease
from exportctl.workflows.load_config import Setup
from exportctl.workflows.plan import ConnectedPlan, PlanResult, open_project_plan, plan_again
from exportctl.workflows.verify import Verifier, VerifyRequest

RENEWALS = PlanOptions(renew_only=True)


class RenewalLog(Protocol):
    """Gets what is written, when it happens."""

    def start(self, steps: int) -> None: ...

    def start_step(self, step: Step) -> None: ...

    def end_step(self, outcome: Outcome) -> None: ...

    def end(self, outcomes: Sequence[Outcome], result: str) -> None: ...


@dataclass(frozen=True)
class NightRequest:
    """
    What to do in each environment.

    `open_log` makes the log of the renewals of an environment; None: renew nothing. `since` of verify is in seconds
    since 1970 UTC, or `window` in seconds before now.
    """

    open_log: Callable[[PlanResult], RenewalLog] | None = None
    since: int | None = None
    window: int | None = None
    runs_only: bool = False
    parallelism: int = 16


def run_night(project: Project, findings: tuple[Finding, ...], setup: Setup, request: NightRequest) -> NightReport:
    """
    Do all parts for one environment; the errors are those of `open_project_plan`.

    Without a plan there is no part that could be done.
    """
    failed: list[PartFailure] = []
    with open_project_plan(project, findings, setup, PlanOptions()) as made:
        renewal = None
        if request.open_log is not None:
            made, renewal = _renew(made, setup, request, failed)
        ownership = build_ownership(made.live, project.name)
        report = NightReport(
            header=made.plan.header,
            as_of=made.plan.as_of,
            drift=build_drift_report(made.plan, end_warning=project.policy.end_warning),
            status=health.status(made.plan, ownership, project),
            renewal=renewal,
            verify=_verify(made, setup, request, failed),
            failed=tuple(failed),
        )
    return setup.guard.mask_echoes(report)


def renew_ends(
    project: Project, findings: tuple[Finding, ...], setup: Setup, open_log: Callable[[PlanResult], RenewalLog] | None
) -> ApplyReport:
    """
    Write the renewals of one environment that are due, and nothing else; None: only plan them.

    The errors are those of `open_project_plan`.
    """
    with open_project_plan(project, findings, setup, RENEWALS) as made:
        plan = made.plan
        if open_log is None or plan.errors() or plan.is_refused or not plan.steps():
            return ApplyReport(plan, remaining_plan=plan, verdict=judge(plan), was_started=False)
        return setup.guard.mask_echoes(_write_renewals(made, setup, NightRequest(open_log)))


# -- renew ------------------------------------------------------------------------------------------------------------


def _renew(
    made: ConnectedPlan, setup: Setup, request: NightRequest, failed: list[PartFailure]
) -> tuple[ConnectedPlan, ApplyReport | None]:
    """Write the renewals that are due. Return the plan as after them."""
    before = _renewal_plan(made, setup)
    plan = before.plan
    if plan.errors() or plan.is_refused or not plan.steps():
        return made, ApplyReport(plan, verdict=judge(plan), was_started=False)
    renewal = None
    try:
        renewal = _write_renewals(before, setup, request)
    except Error as error:
        failed.append(PartFailure(NightPart.RENEW, error.findings(), error))
    return plan_again(made, setup, PlanOptions()), renewal


def _renewal_plan(made: ConnectedPlan, setup: Setup) -> ConnectedPlan:
    """Plan only the renewals, from what was read already."""
    shown = made.plan
    exact = planner.build_plan(made.desired, made.live, shown.header, RENEWALS, shown.as_of, shown.unset)
    return replace(made, plan=setup.guard.mask_echoes(exact), exact_plan=exact)


def _write_renewals(before: ConnectedPlan, setup: Setup, request: NightRequest) -> ApplyReport:
    stop = setup.stop or threading.Event()
    with setup.finish_writes(), take_lease(before, setup, RENEWALS, stop=stop) as leased:
        made = leased.made
        if made.plan.errors() or made.plan.is_refused:
            return ApplyReport(made.plan, verdict=judge(made.plan), was_started=False)
        run = start_apply(made, setup, RENEWALS, parallelism=request.parallelism, stop=stop, lease=leased.lease)
        assert request.open_log is not None
        log = request.open_log(made)
        log.start(len(made.plan.steps()))
        for outcome in run.execute_steps(log.start_step):
            log.end_step(outcome)
        renewal = _check_renewals(run, log)
    log.end(renewal.outcomes, renewal.result.value)
    return renewal


def _check_renewals(run: ApplyRun, log: RenewalLog) -> ApplyReport:
    """
    Run the final check, but not after an interrupt.

    An error there does not undo what was written, so it becomes a part of the report.
    """
    made = run.planned
    if run.stop.is_set():
        return ApplyReport(made.plan, tuple(run.step_outcomes), interrupted=True)
    try:
        check = run.run_final_check()
    except Error as error:
        return ApplyReport(made.plan, tuple(run.step_outcomes), errors=error.findings())
    for outcome in check.outcomes:
        log.end_step(outcome)
    outcomes = final_outcomes(run.step_outcomes, check.outcomes)
    return ApplyReport(made.plan, outcomes, check.plan, check.verdict, normalised=check.normalised)


# -- verify -----------------------------------------------------------------------------------------------------------


def _verify(made: ConnectedPlan, setup: Setup, request: NightRequest, failed: list[PartFailure]) -> VerifyReport | None:
    since = request.since if request.window is None else made.plan.as_of - request.window
    question = VerifyRequest(since=since, runs_only=request.runs_only)
    try:
        with closing(Verifier(setup, PlanOptions(), made.project, made.findings, made.platform)) as verifier:
            return verifier.read_objects(made.live, question, made.plan.as_of)[0]
    except Error as error:
        failed.append(PartFailure(NightPart.VERIFY, error.findings(), error))
        return None
