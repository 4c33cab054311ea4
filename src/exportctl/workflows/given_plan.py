"""Compare a saved plan with the sandbox, from lists that were read already. Sends no request and writes nothing."""

from __future__ import annotations

from dataclasses import replace

from exportctl.model.plan import Plan, PlanHeader
from exportctl.monitor.given_plan import GivenPlan
from exportctl.planfile import file as planfile
from exportctl.planfile.deserialize import decode_plan
from exportctl.planfile.file import SavedPlan
from exportctl.planfile.signature import SignatureState
from exportctl.workflows.load_config import Setup
from exportctl.workflows.plan import ConnectedPlan, plan_from_read_lists


def is_plan_of(saved: SavedPlan, header: PlanHeader) -> bool:
    """Tell whether a saved plan is of this sandbox, environment and project."""
    return _subject(saved.header) == _subject(header)


def _subject(header: PlanHeader) -> tuple[object, ...]:
    return header.organization, header.sandbox, header.environment, header.project, header.url


def foreign_plan(saved: SavedPlan, signature: SignatureState) -> GivenPlan:
    """Return a saved plan of another sandbox; the errors are those of `compare_saved_plan`."""
    return GivenPlan(saved, decode_plan(saved.content), signature)


def compare_saved_plan(
    saved: SavedPlan, signature: SignatureState, made: ConnectedPlan, setup: Setup, as_of: int
) -> GivenPlan:
    """
    Return a saved plan with what differs now, as `apply FILE` compares it.

    Raises:
        PlanFileError: the plan has a value that this exportctl does not know.
    """
    given = foreign_plan(saved, signature)
    if not is_plan_of(saved, made.plan.header):
        return given
    now = _plan_again(saved, made, setup)
    return replace(
        given,
        now=now,
        moved=planfile.stale_values(saved, now),
        ended=planfile.expired_since_plan(now, as_of),
    )


def _plan_again(saved: SavedPlan, made: ConnectedPlan, setup: Setup) -> Plan:
    flags = planfile.saved_options(saved)
    again = plan_from_read_lists(made, setup, flags, saved.as_of, leave_unset=saved.unset)
    return planfile.reduce_to_approval(saved, again)
