"""
Order the steps of a plan so that every name is free before another object takes it. Pure.

Adobe does not document whether names must be unique (U7), so a plan never counts on two objects with one name:

    the name belongs to                             the step that takes it
    no object                                       takes it
    a flow that this plan renames or deletes        waits for that step
    the same, but that step must wait for this one  waits for a temporary title of that flow: one more PATCH
    a flow that this plan leaves as it is           takes it; a service that wants unique names refuses

Two flows wait for each other where they swap titles, and where a flow is deleted only after another one exports its
datasets (dataset_moves.py). The marker holds the temporary title as the value last applied. So the next plan after an
interrupted apply knows that no person wrote it, and sets the declared title.

Connections never wait for a name: `free_title` gives each new one a name that no live object has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from exportctl.frozen import dataclass
from exportctl.model.plan import Action, Consequence, PlanItem, Step, digest
from exportctl.plan import steps
from exportctl.plan.grouping import group_by_key
from exportctl.plan.ownership import LiveFlow, Ownership
from exportctl.plan.titles import folded_name, free_title
from exportctl.resources.kinds import FLOW, TITLE


@dataclass(frozen=True)
class TitleConflict:
    """A step that takes a title, and the step by which the live flow `holder` gives it up."""

    taker: Step
    release: Step
    holder: LiveFlow
    title: str


class _Needs:
    """Which steps each step needs, and which steps need it."""

    def __init__(self, every: Iterable[Step]) -> None:
        self.of_step = defaultdict[str, set[str]](set)
        self._users = defaultdict[str, set[str]](set)
        for step in every:
            self.of_step[step.key] = set(step.needs)
            for needed in step.needs:
                self._users[needed].add(step.key)

    def add(self, key: str, needed: str) -> None:
        """Let a step wait for another one."""
        self.of_step[key].add(needed)
        self._users[needed].add(key)

    def is_waiting_for(self, one: str, other: str) -> bool:
        """Check whether a step needs another one, also through other steps: searched from both of them in turn."""
        ahead, behind = {one}, {other}
        seen, seen_behind = {one}, {other}
        while ahead and behind:
            if not (ahead.isdisjoint(seen_behind) and behind.isdisjoint(seen)):
                return True
            ahead = {needed for key in ahead for needed in self.of_step.get(key, ())} - seen
            behind = {user for key in behind for user in self._users.get(key, ())} - seen_behind
            seen |= ahead
            seen_behind |= behind
        return not (ahead.isdisjoint(seen_behind) and behind.isdisjoint(seen))


def order_titles(items: Sequence[PlanItem], ownership: Ownership) -> list[PlanItem]:
    """Let each flow take its title after the flow that gives it up; add temporary titles where none can be first."""
    every = {step.key: step for item in items for step in item.steps}
    needs = _Needs(every.values())
    found = tuple(_title_conflicts(every.values(), ownership))
    temporary: dict[str, Step] = {}  # by flow id
    of_flow = group_by_key(every.values(), lambda step: step.id)
    for one in found:
        flow = one.holder.flow.id
        if flow not in temporary and not needs.is_waiting_for(one.release.key, one.taker.key):
            needs.add(one.taker.key, one.release.key)
            continue
        temporary.setdefault(flow, _temporary_title(one, ownership))
        for step in (*of_flow[flow], one.taker):
            needs.add(step.key, temporary[flow].key)
    added = group_by_key(temporary.values(), lambda step: step.address)
    held = group_by_key(found, lambda one: one.holder.flow.id)
    taken = group_by_key(found, lambda one: one.taker.address)

    def order_item(item: PlanItem) -> PlanItem:
        conflicts = taken.get(item.address, ())
        waiting = _waiting_notes(item, temporary, conflicts)
        return _ordered_item(item, needs.of_step, added.get(item.address, ()), held, waiting)

    return [order_item(item) for item in items]


def _ordered_item(
    item: PlanItem,
    needs: Mapping[str, set[str]],
    added: Sequence[Step],
    held: Mapping[str, Sequence[TitleConflict]],
    waiting: Iterable[Consequence],
) -> PlanItem:
    ordered = (*added, *(_waiting_step(step, tuple(sorted(needs[step.key]))) for step in item.steps))
    item = item.add(consequences=(*_temporary_notes(added, held), *waiting))
    return item if ordered == item.steps else replace(item, steps=ordered)


def _waiting_step(step: Step, needs: tuple[str, ...]) -> Step:
    return step if needs == step.needs else replace(step, needs=needs)


def _title_conflicts(every: Iterable[Step], ownership: Ownership) -> Iterator[TitleConflict]:
    """Yield each title that one flow takes and another one gives up, in the order of the plan."""
    of_flows = [step for step in every if step.kind == FLOW.name]
    of_flow = group_by_key(of_flows, lambda step: step.id)
    for taker in of_flows:
        title = taker.title if taker.action is Action.CREATE else taker.fields.get(TITLE)
        for holder in ownership.flows_named(str(title)) if title else ():
            flow = holder.flow
            if flow.id == taker.id:
                continue
            release = _releasing_step(of_flow.get(flow.id, ()), flow.name)
            if release is not None:
                yield TitleConflict(taker, release, holder, flow.name)


def _releasing_step(own: Sequence[Step], name: str) -> Step | None:
    """Return the first step of a flow after which it no longer has this name."""
    renamed = (s for s in own if TITLE in s.fields and folded_name(str(s.fields[TITLE])) != folded_name(name))
    deleted = (s for s in own if s.action is Action.DELETE)
    return next(iter((*renamed, *deleted)), None)


def _temporary_title(one: TitleConflict, ownership: Ownership) -> Step:
    """Make the PATCH that gives a flow a title which it has only until its own step comes."""
    flow, type = one.holder.flow, one.holder.type
    ends = "being deleted" if one.release.action is Action.DELETE else "being renamed"
    title = free_title(f"{flow.name} ({ends})", ownership.names_taken(FLOW.name))
    marker = flow.marker if flow.marker and not flow.marker.damaged else None
    return steps.update_step(
        one.release.address,
        flow,
        type_name=type.name if type else "",
        fields={TITLE: title},
        marker=marker.with_digests({TITLE: (digest(title),)}) if marker else None,
        what=f"temporary-title-{flow.id}",
    )


def _temporary_notes(added: Sequence[Step], held: Mapping[str, Sequence[TitleConflict]]) -> Iterator[Consequence]:
    for step in added:
        conflicts = held[step.id or ""]
        takers = _addresses(one.taker for one in conflicts)
        title, former = step.fields[TITLE], conflicts[0].title
        text = f'the flow first gets the temporary title "{title}" (one more write), because {takers} takes "{former}"'
        yield Consequence("temporary-title", text)


def _waiting_notes(
    item: PlanItem, temporary: Mapping[str, Step], taken: Sequence[TitleConflict]
) -> Iterator[Consequence]:
    for one in taken:
        if one.holder.flow.id not in temporary:
            giver = "its former flow" if one.release.address == item.address else one.release.address
            yield Consequence("title-order", f'takes the title "{one.title}" after {giver} has given it up')


def _addresses(found: Iterable[Step]) -> str:
    return ", ".join(sorted({str(step.address) for step in found}))
