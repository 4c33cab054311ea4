"""
How an apply, a renewal or a rotation ended: one word for the run, and one state for each resource. Pure.

    result        exit   what it means
    done          0      all steps are done, and the final check passed; or there was nothing to do
    incomplete    4      something failed, or something remains
    failed        1      an error; in most cases before the first write
    blocked       5      a safety check blocks the plan: nothing was written
    stale         6      the plan is not the approved one: nothing was written
    lease-held    7      another run holds or took the lease
    interrupted   8      a signal stopped the run

    state of a resource
    failed        a request to it failed
    left          a request was not sent, or the final check still finds something here
    done          all else
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cached_property

from exportctl.errors import Finding, SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import Plan, PlanItem
from exportctl.model.verdict import DECIDED, PlanVerdict, Remainder, RemainderKind, judge

LEASE_LOST = "lease-lost"  # the rule of an outcome


class ResultWord(StrEnum):
    """How a run ended; the first that is true counts."""

    INTERRUPTED = "interrupted"
    FAILED = "failed"
    LEASE_HELD = "lease-held"
    STALE = "stale"
    BLOCKED = "blocked"
    INCOMPLETE = "incomplete"
    DONE = "done"


@dataclass(frozen=True)
class EndedRun:
    """A run that ended before its first write. `command` is apply, renew or rotate."""

    command: str
    result: ResultWord
    errors: Sequence[Finding]
    next_commands: tuple[str, ...] = ()


class ResourceState(StrEnum):
    """What became of one export or destination, in the order of the output."""

    FAILED = "failed"
    LEFT = "left"
    DONE = "done"


@dataclass(frozen=True)
class ResourceResult:
    """One resource that the run was to change, or at which something remains. `item` is None if no plan has it."""

    address: str
    state: ResourceState
    item: PlanItem | None = None
    outcomes: tuple[Outcome, ...] = ()
    remaining: tuple[Remainder, ...] = ()  # what the final check finds here

    @property
    def at(self) -> SourcePosition | None:
        """Where the YAML declares it."""
        return self.item.at if self.item else None


@dataclass(frozen=True)
class ApplyReport:
    """How a run ended. `remaining_plan` and `verdict` are those of the final check, None without one."""

    plan: Plan
    outcomes: tuple[Outcome, ...] = ()
    remaining_plan: Plan | None = None
    verdict: PlanVerdict | None = None
    interrupted: bool = False
    normalised: tuple[str, ...] = ()
    errors: tuple[Finding, ...] = ()
    was_started: bool = True  # False: the plan has no step to do, or something keeps the run from its first step
    next_commands: tuple[str, ...] = ()

    @property
    def result(self) -> ResultWord:
        """The word for the whole run."""
        if self.interrupted:
            return ResultWord.INTERRUPTED
        if self.errors or (not self.was_started and self.plan.errors()):
            return ResultWord.FAILED
        if any(outcome.rule == LEASE_LOST for outcome in self.outcomes):
            return ResultWord.LEASE_HELD
        if not self.was_started and (self.plan.is_refused or self.plan.holds):
            return ResultWord.BLOCKED
        return ResultWord.DONE if self._is_complete else ResultWord.INCOMPLETE

    @property
    def _is_complete(self) -> bool:
        if not self.was_started:
            return judge(self.plan).is_reachable
        return self.verdict is not None and self.verdict.is_complete

    @cached_property
    def resources(self) -> tuple[ResourceResult, ...]:
        """The resources, in the order of the plan, then others at which something remains."""
        open_here = _open_remainders(self.verdict)
        changed = {str(item.address): item for item in self.plan.items if item.steps}
        known = {str(item.address): item for item in self.remaining_plan.items} if self.remaining_plan else {}
        outcomes: dict[str, list[Outcome]] = {address: [] for address in changed}
        for outcome in self.outcomes:
            outcomes.setdefault(str(outcome.step.address), []).append(outcome)
        own = [_resource_result(item, outcomes[a], open_here.get(a, ())) for a, item in changed.items()]
        others = [
            ResourceResult(address, ResourceState.LEFT, known[address], remaining=found)
            for address, found in open_here.items()
            if address in known and address not in changed
        ]
        return (*own, *others)

    def of_state(self, state: ResourceState) -> tuple[ResourceResult, ...]:
        """Return the resources with this state."""
        return tuple(one for one in self.resources if one.state is state)

    def counts(self) -> dict[str, int]:
        """Return the number of resources of each state, zeros included."""
        return {state.value: len(self.of_state(state)) for state in ResourceState}


def _open_remainders(verdict: PlanVerdict | None) -> dict[str, tuple[Remainder, ...]]:
    """Return what keeps an apply from being complete, by subject. A step is said by its outcome."""
    found: dict[str, tuple[Remainder, ...]] = {}
    for one in verdict.remaining if verdict else ():
        if one.kind not in DECIDED and one.kind is not RemainderKind.STEP:
            found[one.subject] = (*found.get(one.subject, ()), one)
    return found


def _resource_result(item: PlanItem, outcomes: Sequence[Outcome], remaining: tuple[Remainder, ...]) -> ResourceResult:
    state = _state(item, outcomes, remaining)
    return ResourceResult(str(item.address), state, item, tuple(outcomes), remaining)


def _state(item: PlanItem, outcomes: Sequence[Outcome], remaining: Sequence[Remainder]) -> ResourceState:
    statuses = {outcome.status for outcome in outcomes}
    if OutcomeStatus.FAILED in statuses:
        return ResourceState.FAILED
    is_whole = {step.key for step in item.steps} <= {outcome.step.key for outcome in outcomes}
    return ResourceState.DONE if statuses == {OutcomeStatus.DONE} and is_whole and not remaining else ResourceState.LEFT
