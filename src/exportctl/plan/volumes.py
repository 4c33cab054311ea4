"""
Say how much the datasets of a full export sent so far: which flows to ask about, and what their runs say. Pure.

    consequence of the plan                        datasets                 asked about, in this order
    a new flow, or a flow that is replaced         all                      the flow itself, then flows that export the
    a new dataset list                             the added ones           dataset with the fewest other datasets
    another interval, an expired flow runs again   all

One list holds the newest runs of all these flows. It says nothing of a dataset that no flow exports, and nothing is
computed from it: the numbers are those of the runs that the service shows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial

from exportctl.frozen import dataclass
from exportctl.model.plan import EXPORTS, Address, Plan, PlanItem, Verb
from exportctl.model.volume import SentRuns, UnknownVolume, Volume
from exportctl.plan.ownership import LiveFlow, Ownership
from exportctl.resources.kinds import DATASETS
from exportctl.resources.run import Run

MAX_FLOWS = 20  # one list names so many flows: their ids keep the URL below 1 KiB
_NEW = frozenset({Verb.CREATE, Verb.COMPLETE, Verb.REPLACE})
_OF_ALL = frozenset({"expired-flow-runs-again", "full-re-export", "may-cause-full-re-export"})
NO_FLOW, NO_RUN, TOO_MANY = (
    "no flow exports it yet",
    "no run of it was found",
    f"not asked: a plan asks for the runs of {MAX_FLOWS} flows",
)
Names = Mapping[str, str]  # of datasets, by id


@dataclass(frozen=True)
class VolumeQuestions:
    """The flows to ask about, and for each address its datasets and the flow that tells of each; None: no flow does."""

    flows: tuple[str, ...]
    sources: Mapping[Address, tuple[Names, Mapping[str, str | None]]]


def volume_questions(plan: Plan, ownership: Ownership) -> VolumeQuestions:
    """Return what a plan must know to say the volume of its full exports; no flow if it causes none."""
    telling = cache(partial(_telling_flow, ownership))
    sources = {}
    for item in plan.items:
        names = _sent_datasets(item, ownership)
        if names:
            own = ownership.flow_by_id(item.id or "")
            known, wanted = frozenset(own.dataset_ids if own else ()), frozenset(names)
            sources[item.address] = (names, {i: item.id if i in known else telling(i, wanted) for i in names})
    asked = dict.fromkeys(flow for _, tellers in sources.values() for flow in tellers.values() if flow)
    return VolumeQuestions(tuple(asked)[:MAX_FLOWS], sources)


def _sent_datasets(item: PlanItem, ownership: Ownership) -> Names:
    """Return the datasets that this address sends in full, or may send so; none of other changes."""
    costs = {c.rule for c in item.consequences if c.level == "cost"}
    if item.address.root != EXPORTS or not costs:
        return {}
    listed = next((c for c in item.fields if c.field == DATASETS), None)
    after: Names = dict(listed.after) if listed and listed.after else {}
    if item.verb in _NEW:
        return after
    live = ownership.flow_by_id(item.id or "")
    of_flow = after or (live.dataset_names if live else {})
    if listed is None or not after:
        return of_flow if costs & _OF_ALL else {}
    before = {i for i, _ in listed.before or ()}
    return {i: name for i, name in after.items() if i not in before}


def _telling_flow(ownership: Ownership, dataset: str, wanted: Collection[str]) -> str | None:
    """Return the flow whose runs tell most of a dataset that the changing flow lacks: one with few other datasets."""
    found = ownership.flows_with_dataset(dataset)

    def preference(one: LiveFlow) -> tuple[bool, int, str, str]:
        others = sum(i not in wanted for i in one.dataset_ids)
        return not one.flow.raw.get("lastRunDetails"), others, one.flow.name, one.flow.id

    return min(found, key=preference).flow.id if found else None


def add_volumes(
    plan: Plan, asked: VolumeQuestions, ownership: Ownership, runs: Sequence[Run], *, is_whole: bool
) -> Plan:
    """Add to each item what the runs of the asked flows sent; `is_whole` says that no older run is missing."""

    def with_volume(item: PlanItem) -> PlanItem:
        if item.address not in asked.sources:
            return item
        names, tellers = asked.sources[item.address]
        sent = tuple(
            _sent_runs(flow, names, tellers, ownership, runs, is_whole) for flow in _flows(tellers, asked.flows)
        )
        known = tuple(one for one in sent if one is not None)
        return replace(item, volume=Volume(known, tuple(_unknown_volumes(names, tellers, asked.flows, known))))

    return replace(plan, items=tuple(map(with_volume, plan.items)))


def add_unread_volumes(plan: Plan, asked: VolumeQuestions, reason: str) -> Plan:
    """Say of each item with a full export that its volume was not read."""

    def with_volume(item: PlanItem) -> PlanItem:
        names, _ = asked.sources.get(item.address, ({}, {}))
        unknown = tuple(UnknownVolume(name or i, reason) for i, name in names.items())
        return replace(item, volume=Volume(unknown=unknown)) if names else item

    return replace(plan, items=tuple(map(with_volume, plan.items)))


def _flows(tellers: Mapping[str, str | None], asked: Collection[str]) -> Iterator[str]:
    yield from dict.fromkeys(flow for flow in tellers.values() if flow and flow in asked)


def _unknown_volumes(
    names: Names, tellers: Mapping[str, str | None], asked: Collection[str], sent: Sequence[SentRuns]
) -> Iterator[UnknownVolume]:
    known = {one.flow for one in sent}
    for dataset, flow in tellers.items():
        reason = NO_FLOW if flow is None else TOO_MANY if flow not in asked else None if flow in known else NO_RUN
        if reason:
            yield UnknownVolume(names[dataset] or dataset, reason)


def _sent_runs(
    flow: str,
    names: Names,
    tellers: Mapping[str, str | None],
    ownership: Ownership,
    runs: Sequence[Run],
    is_whole: bool,
) -> SentRuns | None:
    """Return what the runs of one flow sent of some datasets; None if it has no run that succeeded."""
    live_flow = ownership.flow_by_id(flow)
    done = [run for run in runs if run.flow == flow and run.has_succeeded]
    if live_flow is None or not done:
        return None
    wanted = [i for i, teller in tellers.items() if teller == flow]
    others = [i for i in live_flow.dataset_ids if i not in wanted]
    apart = [_rows_of(run, wanted) for run in done] if others else []
    is_apart = bool(apart) and None not in apart
    rows = [r for r in apart if r is not None] if is_apart else [r.rows for r in done if r.rows is not None]
    sizes = [] if is_apart else [r.size for r in done if r.size is not None]
    return SentRuns(
        flow=flow,
        name=live_flow.flow.name,
        runs=len(done),
        since=min(run.started for run in done),
        rows=sum(rows) if rows else None,
        size=sum(sizes) if sizes else None,
        is_whole=is_whole,
        datasets=tuple(names[i] or i for i in wanted),
        others=0 if is_apart else len(others),
    )


def _rows_of(run: Run, wanted: Sequence[str]) -> int | None:
    """Return the rows of some datasets in a run; None if the run does not tell all of them apart."""
    found = [run.dataset_rows[i] for i in wanted if i in run.dataset_rows]
    return sum(found) if len(found) == len(wanted) else None
