"""
Datasets that go from one flow of ours to another in one plan: a split, a join, a rename nobody declared. Pure.

    gives                              takes
    deleted, released                  all of its datasets     created, completed     all of its datasets
    updated, replaced                  what it loses           updated, replaced      what it gains
    not declared, left by --target     all of its datasets

Both sides say what follows: what is sent in full again, when one ends and the other begins, whether both run for a
while, and how one of the new exports could keep the flow.

A flow gives its datasets away only once the flows that take them send them, so that a write which fails ends no feed.
Where the taker may not come about before something goes, for want of room in the sandbox or because its name is in use,
nothing waits for it: it would never come to an end. Nor do flows that give to each other, in a ring, wait in that ring.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from exportctl.model.plan import EXPORTS, WRITE_CAUSES, Action, Address, Consequence, PlanItem, Refusal, Step, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.model.schedule import format_moment
from exportctl.plan.create import PlanInputs
from exportctl.plan.desired import DesiredState
from exportctl.plan.flow_state import is_pause
from exportctl.plan.ownership import FLOW_LIMIT, LiveFlow, Ownership
from exportctl.plan.rename_hints import Bases, can_keep_flow, renamed_from_phrase, undeclared_addresses
from exportctl.resources import wire
from exportctl.resources.kinds import BASE_CONNECTION, END, FLOW, SOURCE_CONNECTION, SOURCE_IDS

_MADE = (Verb.CREATE, Verb.COMPLETE)
_ENDED = (Verb.DELETE, Verb.RELEASE)
Names = Mapping[str, str]  # dataset id -> name


@dataclass(frozen=True)
class MoveOrigin:
    """
    A flow that loses `datasets`: how people know it, and what this plan does to it; None: nothing, it stays. `stopped`
    by hand is one that was switched off, or whose end was moved earlier.
    """

    address: Address
    label: str
    verb: Verb | None
    datasets: Names
    paused: bool


@dataclass(frozen=True)
class DatasetMove:
    """`datasets` that the giver sent until now and the taker sends from now on."""

    origin: MoveOrigin
    receiver: PlanItem
    datasets: Names


def add_dataset_moves(
    items: Sequence[PlanItem], desired: DesiredState, bases: Bases, inputs: PlanInputs
) -> list[PlanItem]:
    """The items, givers and takers with what follows from it."""
    moves = tuple(_dataset_moves(items, desired, inputs))
    annotated = [
        replace(
            item,
            consequences=(*item.consequences, *_move_consequences(item, moves, desired, bases, inputs)),
            refusals=(*item.refusals, *_paused_refusals(item, moves, inputs.settings.options)),
        )
        for item in items
    ]
    return _order_steps(annotated, moves, inputs.ownership)


def _move_consequences(
    item: PlanItem, moves: Sequence[DatasetMove], desired: DesiredState, bases: Bases, inputs: PlanInputs
) -> Iterator[Consequence]:
    for one in moves:
        if one.receiver.address == item.address:
            yield from _receiver_consequences(one)
    given = [one for one in moves if one.origin.address == item.address and item.verb is not Verb.RELEASE]
    if given:
        yield _origin_consequence(given)
        yield from _keep_flow_consequences(given, desired, bases, inputs.ownership) if item.verb is Verb.DELETE else ()


def _paused_refusals(item: PlanItem, moves: Sequence[DatasetMove], options: PlanOptions) -> Iterator[Refusal]:
    """What somebody stopped by hand would be sent again, by another flow."""
    if not item.next_after or options.can_resume(item.address):
        return
    for one in moves:
        if one.receiver.address == item.address and one.origin.paused:
            text = (
                f"{one.origin.label} was stopped by hand, and {item.address} would send "
                f"{_quoted_names(one.datasets)} again"
            )
            allow = f"--put-back {item.address}, or declare the stop: `enabled: false`"
            yield Refusal("stopped", text, allow)


# -- in which order ---------------------------------------------------------------------------------------------------


def _order_steps(items: Sequence[PlanItem], moves: Sequence[DatasetMove], ownership: Ownership) -> list[PlanItem]:
    """A flow is deleted, switched off or pointed at fewer datasets after others have taken them."""
    able = {h.receiver.address for h in moves} - _blocked_receivers(items, ownership)
    waits: dict[Address, set[Address]] = {}
    for one in moves:
        if one.receiver.address in able:
            waits.setdefault(one.origin.address, set()).add(one.receiver.address)
    taking = {i.address: [s.key for s in i.steps if _is_receiving_step(s)] for i in items if i.address in able}

    def order_item(item: PlanItem) -> PlanItem:
        takers = [a for a in waits.get(item.address, ()) if not _is_waiting_for(a, item.address, waits)]
        first = {key for address in takers for key in taking[address]}
        steps = (replace(s, needs=tuple(sorted({*s.needs, *first}))) if _is_losing_step(s) else s for s in item.steps)
        return replace(item, steps=tuple(steps)) if first else item

    return [order_item(item) for item in items]


def _is_waiting_for(one: Address, other: Address, waits: Mapping[Address, Iterable[Address]]) -> bool:
    """Does one wait for the other, by whatever way? Flows that swap datasets cannot all go last."""
    seen: set[Address] = set()
    ahead = [one]
    while ahead:
        address = ahead.pop()
        if address == other:
            return True
        if address not in seen:
            seen.add(address)
            ahead += waits.get(address, ())
    return False


def _blocked_receivers(items: Sequence[PlanItem], ownership: Ownership) -> set[Address]:
    """Takers that may not come about before something goes: for want of room, or since their name is in use."""
    every = [(item, step) for item in items for step in item.steps]
    known = {o.id: o.name for o in (*(h.flow for h in ownership.flows), *ownership.base_connections.values())}
    freed_names = [
        (i.address, s.kind, _folded_name(known[s.id])) for i, s in every if s.id in known and _can_free_name(s)
    ]
    accounts = {s.key for i, s in every if s.kind == BASE_CONNECTION.name and _has_name_conflict(i, s, freed_names)}
    room = len(ownership.flows) + sum(_is_flow_creation(step) for _, step in every) <= FLOW_LIMIT
    return {
        item.address
        for item, step in every
        if (_is_receiving_step(step) and _has_name_conflict(item, step, freed_names))
        or (_is_flow_creation(step) and not room)
        or accounts & {*step.needs}
    }


def _has_name_conflict(item: PlanItem, step: Step, freed_names: Iterable[tuple[Address, str, str]]) -> bool:
    """Is the name that it writes still that of something else, which this plan takes away or names otherwise?"""
    name = step.title if step.action is Action.CREATE else step.fields.get("title")
    return any(
        kind == step.kind and name is not None and used == _folded_name(name) and address != item.address
        for address, kind, used in freed_names
    )


def _folded_name(name: str) -> str:
    """Whether names must be unique is open, and in what they may differ then."""
    return name.strip().casefold()


def _can_free_name(step: Step) -> bool:
    return step.action is Action.DELETE or "title" in step.fields


def _is_flow_creation(step: Step) -> bool:
    return step.kind == FLOW.name and step.action is Action.CREATE


def _is_receiving_step(step: Step) -> bool:
    return _is_flow_creation(step) or _is_repointing_step(step)


def _is_losing_step(step: Step) -> bool:
    """Of an item that gives: a replacement stops the flow that it replaces long before that one is deleted."""
    switches_off = step.action is Action.ACT and step.operation == "disable" and step.id is not None
    begins = step.action is Action.UPDATE and step.marker is not None and step.marker.being_replaced
    return step.kind == FLOW.name and (
        step.action is Action.DELETE or switches_off or begins or _is_repointing_step(step)
    )


def _is_repointing_step(step: Step) -> bool:
    return step.kind == FLOW.name and step.action is Action.UPDATE and SOURCE_IDS in step.refs


# -- who gives, who takes ---------------------------------------------------------------------------------------------


def _dataset_moves(items: Sequence[PlanItem], desired: DesiredState, inputs: PlanInputs) -> Iterator[DatasetMove]:
    moving = [i for i in items if i.address.root == EXPORTS]
    givers = [
        *(_move_origin(i, desired, inputs.ownership) for i in moving),
        *_undeclared_origins(items, desired, inputs.ownership),
    ]
    for receiver in moving:
        gained = _subtract_names(_datasets_after(receiver), _datasets_before(receiver, inputs.ownership))
        for origin in givers:
            common = {i: name for i, name in gained.items() if i in origin.datasets}
            if common:
                yield DatasetMove(origin, receiver, common)


def _move_origin(item: PlanItem, desired: DesiredState, ownership: Ownership) -> MoveOrigin:
    export = desired.exports.get(item.address)
    before = export.declared.renamed_from if export and item.address not in ownership.own_flows else None
    called = f"{item.address} (so far {EXPORTS}.{before})" if before else str(item.address)
    ending = item.verb in _ENDED and any(_is_paused(h) for h in ownership.own_flows.get(item.address, ()))
    paused = ending or any(is_pause(change) for change in item.fields)
    return MoveOrigin(
        item.address,
        called,
        item.verb,
        _subtract_names(_datasets_before(item, ownership), _datasets_after(item)),
        paused,
    )


def _undeclared_origins(items: Sequence[PlanItem], desired: DesiredState, ownership: Ownership) -> Iterator[MoveOrigin]:
    """What nothing declares and this plan leaves running all the same: `--target` deletes nothing."""
    planned = {item.address for item in items}
    for address in undeclared_addresses(EXPORTS, desired, ownership):
        if address not in planned:
            flows = ownership.own_flows[address]
            yield MoveOrigin(address, str(address), None, _flow_datasets(flows), any(_is_paused(h) for h in flows))


def _is_paused(live_flow: LiveFlow) -> bool:
    """By what its marker says: nothing declares it any more."""
    marker, live = live_flow.flow.marker, wire.read_fields(FLOW.name, live_flow.flow.raw)
    if marker is None or marker.damaged or marker.being_replaced:
        return False
    known = marker.applied.get(END)
    cut = known is not None and live[END] is not None and live[END] < int(known[-1])
    return cut or (marker.last_seen_enabled and not live["enabled"])


def _datasets_before(item: PlanItem, ownership: Ownership) -> Names:
    """What its flow sends now, as far as this plan moves it."""
    if item.verb in _ENDED:
        return _flow_datasets(ownership.own_flows.get(item.address, ()))
    if item.verb is Verb.REPLACE:
        return _flow_datasets(h for h in ownership.flows if h.flow.id == item.id)
    return _changed_datasets(item, "before") if item.verb is Verb.UPDATE else {}


def _datasets_after(item: PlanItem) -> Names:
    return _changed_datasets(item, "after") if item.verb in (*_MADE, Verb.UPDATE, Verb.REPLACE) else {}


def _changed_datasets(item: PlanItem, side: str) -> Names:
    pairs = [getattr(f, side) or () for f in item.fields if f.field == "datasets" and f.cause in WRITE_CAUSES]
    return {i: name or i for each in pairs for i, name in each}


def _flow_datasets(live_flows: Iterable[LiveFlow]) -> Names:
    read = [wire.read_fields(SOURCE_CONNECTION.name, h.source.raw) for h in live_flows if h.source]
    return {i: one["names"].get(i, i) for one in read for i in one["datasets"]}


def _subtract_names(some: Names, others: Names) -> Names:
    return {i: name for i, name in some.items() if i not in others}


# -- what follows -----------------------------------------------------------------------------------------------------


def _quoted_names(datasets: Names) -> str:
    return ", ".join(f'"{name}"' for name in sorted(datasets.values()))


def _receiver_consequences(one: DatasetMove) -> Iterator[Consequence]:
    """What is sent again, and whether both send for a while, nobody does, or the one begins where the other ends."""
    datasets, origin = _quoted_names(one.datasets), one.origin
    them, come = ("them", "come") if len(one.datasets) > 1 else ("it", "comes")
    sends, first = ("this flow may send", "next")
    if one.receiver.verb in _MADE:
        sends, first = ("this new flow sends", "first")
    text = f"{datasets} {come} from {origin.label} until now; {sends} {them} in full again"
    yield Consequence("sent-again", text, "cost")
    if origin.verb in (None, Verb.RELEASE):
        why = "released" if origin.verb else "left alone by --target"
        text = f"{origin.label} goes on, {why}: {datasets} {come} from both until one of them is stopped"
        yield Consequence("sent-twice", text, "warning")
        return
    stops = f"{origin.label} {'is deleted' if origin.verb is Verb.DELETE else f'stops sending {them}'} with this apply"
    if one.receiver.next_after:
        runs = format_moment(one.receiver.next_after[0])
        yield Consequence("handover", f"{stops}, this flow {first} runs {runs}: nothing is sent in between")
    else:
        yield Consequence("handover", f"{stops}, and this flow has no next run: nobody sends {them}", "warning")


def _origin_consequence(given: Sequence[DatasetMove]) -> Consequence:
    verbs = ["goes on" if len(one.datasets) == 1 else "go on" for one in given]
    each = [
        f"{_quoted_names(one.datasets)} {verb} in {one.receiver.address}"
        for one, verb in zip(given, verbs, strict=True)
    ]
    ending = _subtract_names(given[0].origin.datasets, {i: name for one in given for i, name in one.datasets.items()})
    if ending:
        each.append(f"nothing new takes {_quoted_names(ending)}")
    return Consequence("goes-on", ", ".join(each))


def _keep_flow_consequences(
    given: Sequence[DatasetMove], desired: DesiredState, bases: Bases, ownership: Ownership
) -> Iterator[Consequence]:
    """Which of those to be created could go on from the flow that goes: the one that takes most of it."""
    flows = ownership.own_flows[given[0].origin.address]

    def can_keep(address: Address) -> bool:
        return len(flows) == 1 and can_keep_flow(desired.exports[address], bases[address], flows[0])

    heirs = [one for one in given if one.receiver.verb in _MADE and can_keep(one.receiver.address)]
    if not heirs:
        return
    best = max(heirs, key=lambda one: len(one.datasets))  # of equal ones the first
    words = renamed_from_phrase({best.receiver.address: best.origin.address}, desired)
    text = f"{best.receiver.address} can keep this flow: write {words}, and it is changed, not deleted and made anew"
    if len(given) > 1:
        text += "; only what the others take is then certain to be sent in full"
    yield Consequence("can-keep", text)
