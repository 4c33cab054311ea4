"""
When exports run in the coming days, and what starts together. Pure: all ticks come from `schedules`.

Goes in: a plan, the estate it was made from, how many days. Comes out: a Forecast with a lane per flow.

    live       every flow at an address of the plan, as it is now; flows on the same account count towards what starts
               together, whoever owns them
    planned    the same after the plan: its first start, rhythm, end and switch; what apply would refuse, or could not
               be planned, stays as it is
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from exportctl import schedules
from exportctl.destination_types import SFTP
from exportctl.errors import Finding, Level
from exportctl.health.observed import Observed, account_label, observed
from exportctl.model import EXPORTS, WRITES, Address, Cause, Header, Item, Plan, Verb
from exportctl.planning.consequences import described
from exportctl.planning.expand import AccountUse, Desired
from exportctl.planning.ownership import Estate
from exportctl.schedules import DAY, ONCE

LEAST_PERCENT = 30  # connections an SFTP server must take, of the datasets exported at once (dataset-exports.md 4.3)
_MADE = frozenset({Verb.CREATE, Verb.COMPLETE, Verb.REPLACE})
_WRITTEN = WRITES | {Cause.RENEWAL}


@dataclass(frozen=True)
class Lane:
    """
    One flow over the window. `runs` are seconds since 1970 UTC; `ends` the end if it lies in the window; `why` says why
    there are no runs. `flow` is None where there is none yet; `schedule` is in words, empty where it is not known.
    """

    address: Address
    flow: str | None
    schedule: str
    account: str | None
    type: str | None
    datasets: int
    runs: tuple[int, ...] = ()
    ends: int | None = None
    why: str | None = None


@dataclass(frozen=True)
class Together:
    """
    Runs of one account that start at the same moment, `moments` all those at which the same ones do. `members` are
    addresses, or ids and names of flows that are not of this config; `datasets` is how many they export at once.
    """

    account: str
    type: str | None
    members: tuple[str, ...]
    datasets: int
    moments: tuple[int, ...]

    @property
    def least_connections(self) -> int | None:
        """How many connections the server must take, else exports fail; None where no such limit is known."""
        return -(-self.datasets * LEAST_PERCENT // 100) if self.type == SFTP.name else None


@dataclass(frozen=True)
class Forecast:
    """From `as_of` until `until`, without that moment. Lanes by address and flow, what starts together by account."""

    header: Header
    as_of: int
    until: int
    planned: bool
    lanes: tuple[Lane, ...]
    together: tuple[Together, ...]
    errors: tuple[Finding, ...] = ()

    @property
    def days(self) -> int:
        return (self.until - self.as_of) // DAY


def forecast(plan: Plan, estate: Estate, wanted: Desired, *, days: int, planned: bool = False) -> Forecast:
    """The next runs of every export of a plan for `days` days; `planned`: as they are after it."""
    window = range(plan.as_of, plan.as_of + days * DAY)
    items = [item for item in plan.items if item.address.root == EXPORTS]
    lanes = [lane for item in items for lane in _lanes(item, estate, wanted, window, planned)]
    return Forecast(
        header=plan.header,
        as_of=plan.as_of,
        until=window.stop,
        planned=planned,
        lanes=tuple(sorted(lanes, key=lambda lane: (lane.address, lane.flow or ""))),
        together=_together(lanes, estate, window),
        errors=plan.errors(),
    )


def _lanes(item: Item, estate: Estate, wanted: Desired, window: range, planned: bool) -> Iterator[Lane]:
    """All flows of one address: an unfinished replacement and twins have several."""
    ids = {h.flow.id for h in estate.ours.get(item.address, ())} | ({item.id} if item.id else set())
    held = [h for h in estate.holdings if h.flow.id in ids]
    if not held and item.address not in wanted.exports:
        return  # children that an earlier export left behind
    if planned and not item.refusals and not any(f.level is Level.ERROR for f in item.findings):
        yield _planned(item, estate, wanted, window)
    elif held:
        for holding in held:
            yield _lane(item.address, observed(holding, estate), window, item.held)
    else:
        yield Lane(item.address, None, item.schedule or "", None, None, 0, why="not applied")


def _lane(address: Address, seen: Observed, window: range, held: bool) -> Lane:
    runs = _runs(seen, window)
    return Lane(
        address=address,
        flow=seen.flow,
        schedule=_schedule(seen),
        account=seen.account,
        type=seen.type,
        datasets=seen.datasets,
        runs=runs,
        ends=seen.end if seen.end is not None and window.start < seen.end < window.stop else None,
        why=None if runs else _why(seen, window, held),
    )


def _schedule(seen: Observed) -> str:
    if seen.rhythm is None or seen.start is None:
        return ""
    return described(seen.rhythm, schedules.phase(seen.start, seen.rhythm))


def _runs(seen: Observed, window: range) -> tuple[int, ...]:
    if seen.rhythm is None or seen.start is None or not seen.enabled:
        return ()
    ticks = schedules.ticks(seen.rhythm, seen.start, seen.end, window.start)
    return tuple(takewhile(lambda tick: tick < window.stop, ticks))


def _why(seen: Observed, window: range, held: bool) -> str:
    """Why a lane is empty."""
    if not seen.enabled:
        return "switched off by hand" if held else "switched off"
    if seen.end is not None and seen.end <= window.start:
        return f"ended {schedules.shown(seen.end)}"
    if seen.rhythm is None or seen.start is None:
        return "no schedule that can be read"
    if seen.rhythm == ONCE and seen.start <= window.start:
        return f"once, at {schedules.shown(seen.start)}"
    later = schedules.next_runs(seen.rhythm, seen.start, seen.end, window.start, 1)
    return f"next run {schedules.shown(later[0])}" if later else "no run before its end"


# -- after the plan ---------------------------------------------------------------------------------------------------


def _planned(item: Item, estate: Estate, wanted: Desired, window: range) -> Lane:
    """A plan holds the first start it fixes and the end it sets; from there the rhythm goes on."""
    if item.verb is Verb.DELETE:
        return Lane(item.address, item.id, "", None, None, 0, why="deleted by the plan")
    if item.verb is Verb.RELEASE:
        return Lane(item.address, item.id, "", None, None, 0, why="released by the plan: not managed any more")
    holding = estate.by_id(item.id) if item.id else None
    seen = observed(holding, estate) if holding else None
    after = {c.field: c.after for c in item.fields if c.cause in _WRITTEN and c.path == c.field}
    export = wanted.exports[item.address]
    if item.verb in _MADE or seen is None:
        account = _account(export.account, estate)
        seen = Observed(None, export.declared.title, export.type.name, account, 0, True, None, None, None)
    first = item.next_after[0] if item.next_after else seen.start
    return _lane(
        item.address,
        replace(
            seen,
            datasets=len(after["datasets"]) if "datasets" in after else seen.datasets,
            enabled=after.get("enabled", seen.enabled),
            rhythm=after.get("cadence", seen.rhythm),
            start=first,
            end=item.ends,
        ),
        window,
        item.held,
    )


def _account(use: AccountUse, estate: Estate) -> str | None:
    """The label of an account that a new flow will be on."""
    if use.own:
        return str(use.own)
    named = sorted(b.id for b in estate.bases.values() if b.id == use.id or (use.existing and b.name == use.existing))
    return account_label(named[0] if named else use.id, estate)


# -- together ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Load:
    """What one flow asks of its account, and when."""

    label: str
    account: str
    type: str | None
    datasets: int
    runs: tuple[int, ...]


def _together(lanes: Sequence[Lane], estate: Estate, window: range) -> tuple[Together, ...]:
    """Moments at which an account is asked for several things at once, a lane's among them; grouped by who asks."""
    shown = {str(lane.address) for lane in lanes}
    starting: dict[tuple[str, int], list[_Load]] = defaultdict(list)
    for load in (*_loads(lanes), *_others(lanes, estate, window)):
        for moment in load.runs:
            starting[load.account, moment].append(load)
    groups: dict[tuple[_Load, ...], list[int]] = defaultdict(list)
    for (_, moment), loads in sorted(starting.items(), key=lambda pair: pair[0]):
        several = len(loads) > 1 or (loads[0].type == SFTP.name and loads[0].datasets > 1)
        if several and any(load.label in shown for load in loads):
            groups[tuple(sorted(loads, key=lambda load: load.label))].append(moment)
    found = [_group(loads, moments) for loads, moments in groups.items()]
    return tuple(sorted(found, key=lambda one: (one.account, one.moments[0], one.members)))


def _group(loads: tuple[_Load, ...], moments: list[int]) -> Together:
    return Together(
        account=loads[0].account,
        type=loads[0].type,
        members=tuple(load.label for load in loads),
        datasets=sum(load.datasets for load in loads),
        moments=tuple(moments),
    )


def _loads(lanes: Sequence[Lane]) -> Iterator[_Load]:
    for lane in lanes:
        if lane.account:
            yield _Load(str(lane.address), lane.account, lane.type, lane.datasets, lane.runs)


def _others(lanes: Sequence[Lane], estate: Estate, window: range) -> Iterator[_Load]:
    """Flows that have no lane, on an account that one has: the server does not ask whose they are."""
    accounts = {lane.account for lane in lanes}
    known = {lane.flow for lane in lanes} | {h.flow.id for lane in lanes for h in estate.ours.get(lane.address, ())}
    addresses = {h.flow.id: str(address) for address, held in estate.ours.items() for h in held}
    for holding in estate.holdings:
        seen = observed(holding, estate)
        if seen.account and seen.account in accounts and holding.flow.id not in known:
            label = addresses.get(holding.flow.id) or f'flow {holding.flow.id} "{holding.flow.name}"'
            yield _Load(label, seen.account, seen.type, seen.datasets, _runs(seen, window))
