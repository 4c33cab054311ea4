"""The report reads each list once, whatever it shows, and costs less than the commands that show the same."""

from __future__ import annotations

from collections import Counter
from contextlib import closing

import pytest

from benchmarks.request_counts import NOW, BenchmarkProject, benchmark_project
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor.report import SandboxReport
from exportctl.workflows import plan as plan_workflow
from exportctl.workflows.report import read_sandbox_report
from exportctl.workflows.verify import Verifier, VerifyRequest

NOTHING = PlanOptions()
RUNS = "GET /runs"


def read_report(project: BenchmarkProject, question: VerifyRequest | None) -> SandboxReport:
    project.reset_counts()
    with plan_workflow.open_plan(project.setup, NOTHING, wall=lambda: NOW) as made:
        return read_sandbox_report(made, project.setup, NOTHING, question)


def plan_requests(project: BenchmarkProject) -> Counter[str]:
    project.reset_counts()
    assert project.is_plan_empty()
    return Counter(project.transport.counted)


def verify_requests(project: BenchmarkProject) -> Counter[str]:
    with plan_workflow.open_plan(project.setup, NOTHING, wall=lambda: NOW) as made:
        verifier = Verifier(project.setup, NOTHING, made.project, made.findings, made.platform)
        with closing(verifier) as look:
            project.reset_counts()
            look(VerifyRequest(runs_only=True))
    return Counter(project.transport.counted)


@pytest.mark.parametrize("exports", [1, 3, 45])
def test_the_report_sends_the_requests_of_one_plan_and_one_for_the_runs_of_twenty_flows(exports: int) -> None:
    with benchmark_project(exports) as project:
        project.apply()
        alone = plan_requests(project)

        report = read_report(project, VerifyRequest(runs_only=True))

        assert Counter(project.transport.counted) == alone + Counter({RUNS: -(-exports // 20)})
        assert len(report.status.exports) == len(report.timeline.rows) == len(report.routes) == exports
        assert report.unused_datasets == 0


def test_the_report_costs_less_than_a_third_of_status_drift_forecast_and_verify() -> None:
    with benchmark_project(5) as project:
        project.apply()
        single = 3 * plan_requests(project).total() + verify_requests(project).total()

        read_report(project, VerifyRequest(runs_only=True))

        assert 3 * project.transport.counted.total() < single


def test_without_verify_no_run_is_read() -> None:
    with benchmark_project(2) as project:
        project.apply()

        report = read_report(project, None)

        assert project.transport.counted[RUNS] == 0
        assert report.delivered is None
        assert not report.timeline.is_verified
