"""Read how much the datasets that a plan sends in full sent so far: one list of runs, and none for any other plan."""

from __future__ import annotations

from exportctl.client import inventory
from exportctl.errors import ServiceError
from exportctl.model.plan import Plan
from exportctl.plan.ownership import build_ownership
from exportctl.plan.volumes import add_unread_volumes, add_volumes, volume_questions
from exportctl.workflows.plan import ConnectedPlan, PlanResult

NOT_READ = "the runs could not be read"
IN_SNAPSHOT = "a snapshot holds no runs"


def read_volumes(made: ConnectedPlan) -> Plan:
    """Return the plan with the volume of each full export, as far as it is known; a refused list fails no plan."""
    ownership = build_ownership(made.live, made.project.name)
    asked = volume_questions(made.plan, ownership)
    if not asked.flows:
        return add_volumes(made.plan, asked, ownership, (), is_whole=True)
    try:
        runs, is_whole = inventory.read_newest_runs(made.platform.client, asked.flows)
    except ServiceError:
        return add_unread_volumes(made.plan, asked, NOT_READ)
    return add_volumes(made.plan, asked, ownership, runs, is_whole=is_whole)


def add_volumes_of_snapshot(made: PlanResult) -> Plan:
    """Say of each full export of a plan from a snapshot that its volume is not known."""
    ownership = build_ownership(made.live, made.project.name)
    return add_unread_volumes(made.plan, volume_questions(made.plan, ownership), IN_SNAPSHOT)
