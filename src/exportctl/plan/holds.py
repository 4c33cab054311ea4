"""
Say what keeps an apply from writing at a moment: `policy.freeze`, and `policy.run_distance` from a run. Pure.

    plan                                        freeze      a run within the distance
    changes, deletions, adoptions, moves        holds       -
    changes, replaces or deletes a flow         holds       holds, if it is the flow's own
    changes or replaces an account              holds       holds, if it is of a flow on the account
    renewals and ownership markers only         no hold     no hold: an end must not pass because of a freeze
    nothing                                     no hold     no hold

A run counts from `run_distance` before its time to `run_distance` after it, because nothing tells how long it takes. A
run that is shown as under way counts for a day after its start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exportctl.model.freeze_windows import freeze_end
from exportctl.model.hold import Hold
from exportctl.model.plan import DESTINATIONS, Plan, PlanItem, Verb
from exportctl.model.project import Policy
from exportctl.model.schedule import DAY, format_age, format_moment, last_run_time, run_times
from exportctl.plan.ownership import LiveFlow, Ownership
from exportctl.resources.kinds import ENABLED, END, EVERY, START
from exportctl.resources.last_run import last_run
from exportctl.resources.run import RunStatus

_CHANGES_FLOW = frozenset({Verb.UPDATE, Verb.REPLACE, Verb.DELETE})
_MAX_RUNS = 100  # to look ahead for a moment that is far enough from every run


def apply_holds(plan: Plan, ownership: Ownership, policy: Policy, now: int) -> tuple[Hold, ...]:
    """Return what keeps an apply of this plan from writing at a moment, each with the option that allows it."""
    if plan.is_empty or plan.options.get("renew_only"):
        return ()
    return (*_freeze_holds(policy, now), *_near_run_holds(plan.items, ownership, policy.run_distance, now))


def _freeze_holds(policy: Policy, now: int) -> Iterator[Hold]:
    for freeze in policy.freeze:
        end = freeze_end(freeze, now)
        if end is not None:
            text = f"freeze {freeze.name} lasts until {format_moment(end)}: {freeze.reason}"
            yield Hold("freeze", freeze.name, end, text, f"--allow-freeze {freeze.name}", freeze.at)


def _near_run_holds(items: Iterable[PlanItem], ownership: Ownership, distance: int | None, now: int) -> Iterator[Hold]:
    for item in items if distance else ():
        for live_flow in _changed_flows(item, ownership):
            found = _running_hold(item, live_flow, now) or _near_run_hold(item, live_flow, distance or 0, now)
            if found:
                yield found
                break


def _changed_flows(item: PlanItem, ownership: Ownership) -> tuple[LiveFlow, ...]:
    """Return the flows whose runs a change of this address can disturb."""
    if item.verb not in _CHANGES_FLOW or item.id is None:
        return ()
    if item.address.root == DESTINATIONS:
        return ownership.flows_on(item.id)
    ids = {item.id, *(step.id for step in item.steps if step.id)}
    return tuple(h for i in sorted(ids) if (h := ownership.flow_by_id(i)))


def _running_hold(item: PlanItem, live_flow: LiveFlow, now: int) -> Hold | None:
    run = last_run(live_flow.flow.raw)
    if run is None or run.status is not RunStatus.RUNNING or not now - DAY < run.started <= now:
        return None
    text = f"a run of the flow {live_flow.quoted_name} is under way since {format_moment(run.started)}"
    return _hold(item, None, text)


def _near_run_hold(item: PlanItem, live_flow: LiveFlow, distance: int, now: int) -> Hold | None:
    run = _near_run(live_flow, distance, now)
    if run is None:
        return None
    is_due = "is due" if run > now else "was due"
    until = _free_moment(live_flow, distance, now)
    free = f"free again from {format_moment(until)}" if until else "its runs leave no time that is far enough from them"
    text = f"a run of the flow {live_flow.quoted_name} {is_due} {format_moment(run)}, which is within"
    return _hold(item, until, f"{text} {format_age(distance)} of now; {free}")


def _hold(item: PlanItem, until: int | None, text: str) -> Hold:
    return Hold("near-run", str(item.address), until, f"{item.address}: {text}", f"--allow-near-run {item.address}")


def _free_moment(live_flow: LiveFlow, distance: int, now: int) -> int | None:
    """Return the first moment that is far enough from every run; None if there is none in sight."""
    moment = now
    for _ in range(_MAX_RUNS):
        run = _near_run(live_flow, distance, moment)
        if run is None:
            return moment
        moment = run + distance
    return None


def _near_run(live_flow: LiveFlow, distance: int, now: int) -> int | None:
    """Return the run time that is nearer than `distance`; none of a flow that is off, or whose schedule is unknown."""
    fields = live_flow.fields
    every, start, end = fields[EVERY], fields[START], fields[END]
    if fields[ENABLED] is not True or every is None or start is None or live_flow.unknown_end is not None:
        return None
    before = last_run_time(every, start, end, now)
    if before is not None and now - before < distance and before >= live_flow.flow.created_at:
        return before
    after = next(run_times(every, start, end, now), None)
    return after if after is not None and after - now <= distance else None
