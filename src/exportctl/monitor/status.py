"""
The state of every export, from the lists that a plan reads: no request per flow. Pure.

In: a plan, the ownership it was made from, the declared exports. Out: a StatusReport with one result per export. The
first row that applies gives the result:

    result        meaning                                                                     fix
    NOT APPLIED   this sandbox has no flow                                                    apply
    PAUSED        paused by hand, exactly where `drift` says so                               --resume
    EXPIRED       its end is in the past: it exports nothing; the notes say how to continue   apply, `removed`
    FINISHED      a one-time export whose run succeeded
    DISABLED      off, and `drift` reports no pause: the config says so, or accepts it
    FAILED        the last run failed or had errors, or the flow is in state `failed`         `runs`
    NEVER RAN     a run was due more than `expect.within` ago, and there was none yet         `runs`, `verify`
    OVERDUE       the same, and the last run is older than that                               `runs`, `verify`
    UNKNOWN       its schedule or end cannot be read, or it is neither enabled nor disabled
    ENDING        its end is within the warning                                               renew, apply
    WAITING       it has not run yet, and no run is overdue
    OK            the last run succeeded, or is under way

A run is due only after the later of the flow's creation and its last change, as in `verify`: a flow that was disabled
or got another schedule before a run time has not missed that run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from exportctl.errors import Finding
from exportctl.frozen import dataclass
from exportctl.model import schedule
from exportctl.model.other_flow import OtherFlow
from exportctl.model.plan import EXPORTS, UNKNOWN_RULES, Address, Plan, PlanHeader, PlanItem, Verb
from exportctl.model.project import Export, Project
from exportctl.model.schedule import ONCE, format_moment
from exportctl.model.verdict import RemainderKind, judge
from exportctl.monitor.delivery.expectation import GRACE
from exportctl.monitor.flow_view import FlowView, flow_view
from exportctl.plan.ownership import Ownership
from exportctl.resources.last_run import LastRun
from exportctl.resources.run import RunStatus
from exportctl.resources.service_values import FAILED_STATE


class HealthResult(StrEnum):
    """The health of an export, in the order of counting: what needs attention comes first."""

    FAILED = "FAILED"
    OVERDUE = "OVERDUE"
    NEVER_RAN = "NEVER RAN"
    PAUSED = "PAUSED"
    EXPIRED = "EXPIRED"
    ENDING = "ENDING"
    NOT_APPLIED = "NOT APPLIED"
    MOVED = "MOVED"
    UNKNOWN = "UNKNOWN"
    WAITING = "WAITING"
    DISABLED = "DISABLED"
    FINISHED = "FINISHED"
    OK = "OK"


class FlowState(StrEnum):
    """What a flow is, whatever its runs did."""

    NOT_APPLIED = "not applied"
    MOVED = "moved"
    PAUSED = "paused by hand"
    EXPIRED = "expired"
    FINISHED = "finished"
    DISABLED = "disabled"
    UNKNOWN = "unknown"
    ENDING = "ending"
    ENABLED = "enabled"


@dataclass(frozen=True)
class ExportHealth:
    """One export. Moments are in seconds since 1970 UTC. `notes` are sentences that add to `result`."""

    address: Address
    flow: str | None
    state: FlowState
    result: HealthResult
    last_run: LastRun | None = None
    next_run: int | None = None
    ends: int | None = None
    assumed_end: bool = False
    notes: tuple[str, ...] = ()
    service_state: str = ""  # the word that the service shows; empty: none, or there is no flow


@dataclass(frozen=True)
class StatusReport:
    """The state of every export, by address. `ending` and `expired` are None without --expiring."""

    header: PlanHeader
    as_of: int
    warning: int  # seconds before an end
    exports: tuple[ExportHealth, ...]
    unmanaged: int  # how many flows this config does not declare
    ending: tuple[OtherFlow, ...] | None  # those of them that end within the warning, soonest first
    errors: tuple[Finding, ...] = ()
    expired: int | None = None  # how many of them have ended
    orphans: tuple[str, ...] = ()  # connections of this project that no flow uses, as sentences

    def counts(self) -> Mapping[str, int]:
        """Return the number of exports of each result, zeros included."""
        words = [one.result for one in self.exports]
        return {word.value: words.count(word) for word in HealthResult}


def status(plan: Plan, ownership: Ownership, project: Project, *, expiring: int | None = None) -> StatusReport:
    """
    Judge every export of a plan.

    `expiring` in seconds replaces `end_warning` of the policy, and adds other flows that end within this time.
    """
    warning = project.policy.end_warning if expiring is None else expiring
    others = [(flow.ends, flow) for flow in plan.other_flows if flow.ends is not None]
    rows = [_row(item, ownership, project, plan.as_of, warning) for item in plan.items if item.address.root == EXPORTS]
    ending = [flow for ends, flow in others if plan.as_of < ends <= plan.as_of + warning]
    return StatusReport(
        header=plan.header,
        as_of=plan.as_of,
        warning=warning,
        exports=tuple(row for row in rows if row),
        unmanaged=len(plan.other_flows),
        ending=None if expiring is None else tuple(sorted(ending, key=lambda u: (u.ends, u.name, u.id))),
        errors=plan.errors(),
        expired=None if expiring is None else sum(ends <= plan.as_of for ends, _ in others),
        orphans=tuple(one.text for one in judge(plan).of_kind(RemainderKind.ORPHAN)),
    )


def _row(item: PlanItem, ownership: Ownership, project: Project, as_of: int, warning: int) -> ExportHealth | None:
    """Return the health of one export; None for connections of an export that is no longer declared."""
    declared = project.exports.get(item.address.name)
    live_flow = ownership.flow_by_id(item.id) if item.id else None
    if live_flow is None:
        if declared is None:
            return None
        notes = tuple(_missing_notes(item, declared))
        if any(f.rule == "moved" for f in item.findings):
            return ExportHealth(item.address, None, FlowState.MOVED, HealthResult.MOVED, notes=notes)
        return ExportHealth(item.address, None, FlowState.NOT_APPLIED, HealthResult.NOT_APPLIED, notes=notes)
    seen = flow_view(live_flow, ownership)
    within = declared.expect.within if declared and declared.expect else None
    missed = missed_tick(seen, GRACE if within is None else within, as_of)
    soon = seen.end is not None and not seen.has_run_once() and seen.end - as_of <= warning
    return ExportHealth(
        address=item.address,
        flow=seen.flow,
        state=_state(seen, item.is_paused, soon, as_of),
        result=_health_result(seen, item.is_paused, soon, missed, as_of),
        last_run=seen.last_run,
        next_run=next_run(seen, as_of),
        ends=None if seen.has_run_once() else seen.end,
        assumed_end=seen.assumed_end,
        notes=tuple(_notes(item, seen, declared, missed, len(ownership.own_flows.get(item.address, ())), as_of)),
        service_state=seen.state,
    )


def missed_tick(seen: FlowView, within: int, as_of: int) -> int | None:
    """
    Return the time of a run that should have started by now and did not; None if there is none.

    `within` is how long, in seconds, a run may take to appear.
    """
    if seen.every is None or seen.start is None or seen.unknown_end is not None or not seen.enabled:
        return None
    tick = schedule.last_run_time(seen.every, seen.start, seen.end, as_of - within)
    since = seen.created if seen.every == ONCE else seen.changed  # a one-time run has no later tick to make up for it
    if tick is None or tick <= since or (seen.last_run and seen.last_run.started >= tick):
        return None
    return tick


def next_run(seen: FlowView, as_of: int) -> int | None:
    if seen.every is None or seen.start is None or seen.unknown_end is not None or not seen.enabled:
        return None
    return next(iter(schedule.next_runs(seen.every, seen.start, seen.end, as_of, 1)), None)


def _state(seen: FlowView, paused: bool, soon: bool, as_of: int) -> FlowState:
    rows = (
        (paused, FlowState.PAUSED),
        (seen.has_ended(as_of), FlowState.EXPIRED),
        (seen.has_run_once(), FlowState.FINISHED),
        (seen.enabled is False, FlowState.DISABLED),
        (not seen.is_readable, FlowState.UNKNOWN),
        (soon, FlowState.ENDING),
    )
    return next((state for holds, state in rows if holds), FlowState.ENABLED)


def _health_result(seen: FlowView, paused: bool, soon: bool, missed: int | None, as_of: int) -> HealthResult:
    failed = (seen.last_run is not None and seen.last_run.has_failed) or seen.state.lower() == FAILED_STATE
    rows = (
        (paused, HealthResult.PAUSED),
        (seen.has_ended(as_of), HealthResult.EXPIRED),
        (seen.has_run_once() and not failed, HealthResult.FINISHED),
        (seen.enabled is False, HealthResult.DISABLED),
        (failed, HealthResult.FAILED),
        (missed is not None, HealthResult.OVERDUE if seen.last_run else HealthResult.NEVER_RAN),
        (not seen.is_readable, HealthResult.UNKNOWN),
        (soon, HealthResult.ENDING),
        (seen.last_run is None, HealthResult.WAITING),
    )
    return next((word for holds, word in rows if holds), HealthResult.OK)


def _missing_notes(item: PlanItem, declared: Export) -> Iterator[str]:
    yield from (f"{f.message.removeprefix(f'{item.address}: ')}; {f.hint}" for f in item.findings if f.rule == "moved")
    if any(f.rule == "flow-gone" for f in item.findings):
        yield "the flow was deleted, or is hidden from us: see exportctl drift"
    if item.verb is Verb.COMPLETE:
        yield "an interrupted run began to make it: apply completes it"
    if declared.enabled is False:
        yield "the config declares it off"


def _notes(
    item: PlanItem, seen: FlowView, declared: Export | None, missed: int | None, flows: int, as_of: int
) -> Iterator[str]:
    if declared is None:
        yield "the config does not declare it any more: see exportctl plan"
    if flows > 1:
        yield f"{flows} flows carry this address, this is {seen.flow}: see exportctl drift"
    if missed is not None:
        yield f"a run was due {format_moment(missed)}"
    if seen.last_run and seen.last_run.has_failed:
        how = "failed" if seen.last_run.status is RunStatus.FAILED else "had errors"
        yield f"the last run {how}: see exportctl runs {item.address}"
    if item.has_renewal:
        yield "the rolling end is due: run exportctl renew"
    for found in item.findings:
        if found.rule in ("expired", "half-built", *UNKNOWN_RULES):
            yield f"{found.message.removeprefix(f'{item.address}: ')}; {found.hint}"
    yield from _late_run_notes(seen, as_of)
    if seen.assumed_end and not seen.has_ended(as_of):
        yield "the service shows no end; six months after its creation is assumed"


def _late_run_notes(seen: FlowView, as_of: int) -> Iterator[str]:
    """Say when the next run is further away than one interval: the flow does not do what its schedule suggests."""
    following = next_run(seen, as_of)
    step = schedule.interval_seconds(seen.every) if seen.every else 0
    if following is not None and step and following - as_of > step:
        yield f"the next run is {format_moment(following)}: further away than one interval ({seen.every})"
