"""
When exports run in the coming days, and which runs start together. Pure: all run times come from `schedule`.

In: a plan, the ownership it was made from, a number of days. Out: a Forecast with one row per flow.

    live       every flow at an address of the plan, as it is now; all flows on an account count for what starts
               together, whoever owns them
    planned    the same after the plan: its first start, schedule, end and state; a flow with a refusal or an error
               stays as it is
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import takewhile

from exportctl.errors import Finding, Level
from exportctl.frozen import dataclass
from exportctl.model import schedule as schedules
from exportctl.model.plan import EXPORTS, WRITE_CAUSES, Address, Cause, Plan, PlanHeader, PlanItem, Verb
from exportctl.model.schedule import DAY, ONCE
from exportctl.monitor.flow_view import FlowView, account_label, flow_view
from exportctl.plan.desired import AccountUse, DesiredState
from exportctl.plan.ownership import Ownership
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.flow_states import state_phrase
from exportctl.resources.kinds import EVERY

_CREATING_VERBS = frozenset({Verb.CREATE, Verb.COMPLETE, Verb.REPLACE})
_ENDING_VERBS = {Verb.DELETE: "deleted by the plan", Verb.RELEASE: "released by the plan: not managed any more"}
_WRITTEN_CAUSES = WRITE_CAUSES | {Cause.RENEWAL}
PAUSED = "paused by hand"


@dataclass(frozen=True)
class FlowForecast:
    """One flow in the window. Moments are in seconds since 1970 UTC."""

    address: Address
    flow: str | None  # None: there is none yet
    schedule: str = ""  # in words, empty if it is unknown
    account: str | None = None
    type: str | None = None
    datasets: int = 0
    runs: tuple[int, ...] = ()
    ends: int | None = None  # the end, if it is in the window
    no_run_reason: str | None = None
    first_full_run: int | None = None  # the run in the window that exports everything: the flow has had none yet
    is_paused: bool = False  # by hand


@dataclass(frozen=True)
class SimultaneousRuns:
    """Runs of one account that start at the same moment."""

    account: str
    type: str | None
    members: tuple[str, ...]  # addresses, or ids and names of flows that this config does not declare
    datasets: int  # how many the members export at once
    moments: tuple[int, ...]  # all at which the same flows start

    @property
    def min_connections(self) -> int | None:
        """Return how many connections the server must allow, else exports fail; None if no limit is known."""
        percent = _min_connections_percent(self.type)
        return -(-self.datasets * percent // 100) if percent else None


@dataclass(frozen=True)
class Forecast:
    """The runs from `as_of` until just before `until`. Flows by address and id, simultaneous runs by account."""

    header: PlanHeader
    as_of: int
    until: int
    planned: bool
    flows: tuple[FlowForecast, ...]
    simultaneous_runs: tuple[SimultaneousRuns, ...]
    errors: tuple[Finding, ...] = ()

    @property
    def days(self) -> int:
        return (self.until - self.as_of) // DAY

    @cached_property
    def addresses_with_several(self) -> frozenset[Address]:
        """The addresses with more than one flow."""
        return frozenset(a for a, count in Counter(flow.address for flow in self.flows).items() if count > 1)


def forecast(plan: Plan, ownership: Ownership, wanted: DesiredState, *, days: int, planned: bool = False) -> Forecast:
    """Return the runs of every export of a plan for `days` days. With `planned`, as they are after it."""
    window = range(plan.as_of, plan.as_of + days * DAY)
    items = [item for item in plan.items if item.address.root == EXPORTS]
    lanes = [lane for item in items for lane in _flow_forecasts(item, ownership, wanted, window, planned)]
    return Forecast(
        header=plan.header,
        as_of=plan.as_of,
        until=window.stop,
        planned=planned,
        flows=tuple(sorted(lanes, key=lambda lane: (lane.address, lane.flow or ""))),
        simultaneous_runs=_simultaneous_runs(lanes, ownership, window),
        errors=plan.errors(),
    )


def _flow_forecasts(
    item: PlanItem, ownership: Ownership, wanted: DesiredState, window: range, planned: bool
) -> Iterator[FlowForecast]:
    """Yield all flows of one address: an unfinished replacement and duplicates have several."""
    ids = {h.flow.id for h in ownership.own_flows.get(item.address, ())} | ({item.id} if item.id else set())
    live_flows = [found for one in sorted(ids) if (found := ownership.flow_by_id(one))]
    if not live_flows and item.address not in wanted.exports:
        return  # connections of an export that is no longer declared
    if planned and not item.refusals and not any(f.level is Level.ERROR for f in item.findings):
        yield _planned_forecast(item, ownership, wanted, window)
    elif live_flows:
        for live_flow in live_flows:
            yield _flow_forecast(item.address, flow_view(live_flow, ownership), window, item.is_paused)
    else:
        is_moved = any(f.rule == "moved" for f in item.findings)
        why = "moved to another project" if is_moved else "not applied"
        yield FlowForecast(item.address, None, item.schedule or "", no_run_reason=why)


def _flow_forecast(address: Address, seen: FlowView, window: range, paused: bool) -> FlowForecast:
    runs = _runs(seen, window)
    return FlowForecast(
        address=address,
        flow=seen.flow,
        schedule=_schedule(seen),
        account=seen.account,
        type=seen.type,
        datasets=seen.datasets,
        runs=runs,
        ends=seen.end if seen.end is not None and window.start < seen.end < window.stop else None,
        no_run_reason=None if runs else _no_run_reason(seen, window, paused),
        first_full_run=runs[0] if runs and _has_never_run(seen, window) else None,
        is_paused=paused,
    )


def _has_never_run(seen: FlowView, window: range) -> bool:
    """Tell whether the next run is the first one: none is known, and the schedule had none before the window."""
    return seen.last_run is None and seen.start is not None and seen.start >= window.start


def _schedule(seen: FlowView) -> str:
    if seen.every is None or seen.start is None:
        return ""
    return schedules.schedule_phrase(seen.every, schedules.grid_offset(seen.start, seen.every))


def _runs(seen: FlowView, window: range) -> tuple[int, ...]:
    if seen.every is None or seen.start is None or seen.unknown_end is not None or not seen.enabled:
        return ()
    ticks = schedules.run_times(seen.every, seen.start, seen.end, window.start)
    return tuple(takewhile(lambda tick: tick < window.stop, ticks))


def _no_run_reason(seen: FlowView, window: range, paused: bool) -> str:
    """Say why a flow has no run in the window."""
    if seen.enabled is False and paused:
        return PAUSED
    if seen.end is not None and seen.end <= window.start:
        return f"ended {schedules.format_moment(seen.end)}"
    if seen.enabled is False:
        return "disabled"
    if seen.enabled is None:
        return f"{state_phrase(seen.state)}: exportctl does not know whether it runs"
    if seen.every is None or seen.start is None:
        shown = seen.unknown_schedule
        return f'schedule "{shown}": exportctl cannot read it' if shown else "no schedule that can be read"
    if seen.unknown_end is not None:
        return f'end "{seen.unknown_end}": exportctl cannot read it'
    if seen.every == ONCE and seen.start <= window.start:
        return f"once, at {schedules.format_moment(seen.start)}"
    later = schedules.next_runs(seen.every, seen.start, seen.end, window.start, 1)
    pause = f"{PAUSED}, " if paused else ""
    return f"{pause}next run {schedules.format_moment(later[0])}" if later else f"{pause}no run before its end"


# -- after the plan ---------------------------------------------------------------------------------------------------


def _planned_forecast(item: PlanItem, ownership: Ownership, wanted: DesiredState, window: range) -> FlowForecast:
    """Return the forecast after the plan, which holds the first start that it fixes and the end that it sets."""
    if item.verb in _ENDING_VERBS:
        return FlowForecast(item.address, item.id, no_run_reason=_ENDING_VERBS[item.verb])
    live_flow = ownership.flow_by_id(item.id) if item.id else None
    seen = flow_view(live_flow, ownership) if live_flow else None
    after = {c.field: c.after for c in item.fields if c.cause in _WRITTEN_CAUSES and c.path == c.field}
    export = wanted.exports[item.address]
    if item.verb in _CREATING_VERBS or seen is None:
        account = _account(export.account, ownership)
        seen = FlowView(None, export.declared.title, export.type.name, account, 0, True, None, None, None)
    first = item.next_after[0] if item.next_after else seen.start
    after_plan = _flow_forecast(
        item.address,
        replace(
            seen,
            datasets=len(after["datasets"]) if "datasets" in after else seen.datasets,
            enabled=after.get("enabled", seen.enabled),
            every=after.get(EVERY, seen.every),
            start=first,
            end=item.ends,
            unknown_end=None if item.ends is not None else seen.unknown_end,
        ),
        window,
        item.is_paused,
    )
    is_new = live_flow is None or item.verb in _CREATING_VERBS
    return after_plan if is_new or _has_never_run(seen, window) else replace(after_plan, first_full_run=None)


def _account(use: AccountUse, ownership: Ownership) -> str | None:
    """Return the label of the account that a new flow will use."""
    if use.own:
        return str(use.own)
    named = sorted(
        b.id for b in ownership.base_connections.values() if b.id == use.id or (use.existing and b.name == use.existing)
    )
    return account_label(named[0] if named else use.id, ownership)


# -- simultaneous runs ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _AccountLoad:
    """The runs of one flow on its account."""

    label: str
    account: str
    type: str | None
    datasets: int
    runs: tuple[int, ...]


def _simultaneous_runs(
    lanes: Sequence[FlowForecast], ownership: Ownership, window: range
) -> tuple[SimultaneousRuns, ...]:
    """Group the moments at which one account has several exports by the flows that start, one of them shown."""
    shown = {str(lane.address) for lane in lanes}
    own = [_AccountLoad(str(x.address), x.account, x.type, x.datasets, x.runs) for x in lanes if x.account]
    starting: dict[tuple[str, int], list[_AccountLoad]] = defaultdict(list)
    for load in (*own, *_other_loads(lanes, ownership, window)):
        for moment in load.runs:
            starting[load.account, moment].append(load)
    groups: dict[tuple[_AccountLoad, ...], list[int]] = defaultdict(list)
    for (_, moment), loads in sorted(starting.items(), key=lambda pair: pair[0]):
        several = len(loads) > 1 or (_min_connections_percent(loads[0].type) > 0 and loads[0].datasets > 1)
        if several and any(load.label in shown for load in loads):
            groups[tuple(sorted(loads, key=lambda load: load.label))].append(moment)
    found = [
        SimultaneousRuns(
            account=loads[0].account,
            type=loads[0].type,
            members=tuple(load.label for load in loads),
            datasets=sum(load.datasets for load in loads),
            moments=tuple(moments),
        )
        for loads, moments in groups.items()
    ]
    return tuple(sorted(found, key=lambda one: (one.account, one.moments[0], one.members)))


def _min_connections_percent(type_name: str | None) -> int:
    """Of the datasets exported at once: so many connections the server must take. 0: no such limit is known."""
    kind = TYPES.get(type_name or "")
    return (kind.min_connections_percent if kind else None) or 0


def _other_loads(lanes: Sequence[FlowForecast], ownership: Ownership, window: range) -> Iterator[_AccountLoad]:
    """Yield the runs of flows that are not shown, on an account of one that is: the server counts them too."""
    accounts = {lane.account for lane in lanes}
    known = {lane.flow for lane in lanes} | {
        h.flow.id for lane in lanes for h in ownership.own_flows.get(lane.address, ())
    }
    addresses = {h.flow.id: str(address) for address, flows in ownership.own_flows.items() for h in flows}
    for live_flow in ownership.flows:
        seen = flow_view(live_flow, ownership)
        if seen.account and seen.account in accounts and live_flow.flow.id not in known:
            label = addresses.get(live_flow.flow.id) or f'flow {live_flow.flow.id} "{live_flow.flow.name}"'
            yield _AccountLoad(label, seen.account, seen.type, seen.datasets, _runs(seen, window))
