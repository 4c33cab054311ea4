"""
Read one sandbox for the report: the lists of a plan once, and the runs and files of the last days.

    lists   -> plan -> status, drift, forecast, map of datasets
    lists, runs, storage -> verify
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from exportctl.model.plan import DESTINATIONS, EXPORTS, Address
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor import drift, forecast, status
from exportctl.monitor.dataset_map import dataset_routes
from exportctl.monitor.delivery.report import VerifyReport
from exportctl.monitor.report import SandboxReport
from exportctl.monitor.timeline import DAYS, build_timeline, first_moment
from exportctl.plan.ownership import build_ownership
from exportctl.workflows.load_config import Setup
from exportctl.workflows.plan import ConnectedPlan
from exportctl.workflows.source_commit import read_source_commit
from exportctl.workflows.verify import Verifier, VerifyRequest


def read_sandbox_report(
    made: ConnectedPlan, setup: Setup, asked: PlanOptions, question: VerifyRequest | None
) -> SandboxReport:
    """
    Return the report of the sandbox that a plan was made from. `question` None: the deliveries are not checked.

    Raises:
        ServiceError: runs could not be read.
    """
    project, ownership = made.project, build_ownership(made.live, made.project.name)
    delivered = None if question is None else _read_deliveries(made, setup, asked, question)
    expected = forecast.forecast(made.plan, ownership, made.desired, days=DAYS + 1)
    used = {one for flow in ownership.flows for one in flow.dataset_ids}
    listed = made.live.datasets
    return SandboxReport(
        status=status.status(made.plan, ownership, project),
        drift=drift.build_drift_report(made.plan, end_warning=project.policy.end_warning),
        expected=expected,
        delivered=delivered,
        timeline=build_timeline(delivered, expected),
        routes=tuple(r for r in dataset_routes(made.desired, ownership, made.live) if asked.is_targeted(r.export)),
        unused_datasets=None if listed is None else sum(one.id not in used for one in listed),
        positions={
            **{Address(EXPORTS, key): export.at for key, export in project.exports.items()},
            **{Address(DESTINATIONS, key): destination.at for key, destination in project.destinations.items()},
        },
        commit=read_source_commit(setup.folder, project.files, setup.env),
    )


def _read_deliveries(made: ConnectedPlan, setup: Setup, asked: PlanOptions, question: VerifyRequest) -> VerifyReport:
    question = replace(question, since=first_moment(made.plan.as_of))
    with closing(Verifier(setup, asked, made.project, made.findings, made.platform)) as look:
        return look.read_objects(made.live, question, made.plan.as_of)[0]
