"""
Find datasets that move from one flow of ours to another in one plan: a split, a join, an undeclared rename. Pure.

    origin                             datasets       receiver               datasets
    deleted, released                  all            created, completed     all
    updated, replaced                  removed        updated, replaced      added
    undeclared, left out by an option  all

Both sides say what follows: which datasets are sent in full again, when one flow ends and the other starts, whether
both run for some time, and how a new export can keep the flow.

The origin loses its datasets only after the receivers send them, so that a failed write interrupts no export. It does
not wait for a receiver that must wait for a deletion itself, because the sandbox is full: that would never end. Flows
that exchange datasets in a circle do not wait for each other either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from exportctl.frozen import dataclass
from exportctl.model.plan import EXPORTS, WRITE_CAUSES, Action, Address, Consequence, PlanItem, Refusal, Step, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.model.schedule import format_moment
from exportctl.plan.circles import circle_numbers
from exportctl.plan.desired import DesiredState
from exportctl.plan.flow_state import PlanInputs
from exportctl.plan.grouping import group_by_key, group_by_keys
from exportctl.plan.ownership import FLOW_LIMIT, LiveFlow, Ownership
from exportctl.plan.pauses import is_pause, is_paused_by_marker
from exportctl.plan.rename_candidates import Bases, can_keep_flow, undeclared_addresses
from exportctl.plan.rename_hints import renamed_from_phrase
from exportctl.resources.kinds import DATASETS, FLOW, SOURCE_IDS

_MADE = (Verb.CREATE, Verb.COMPLETE)
_ENDED = (Verb.DELETE, Verb.RELEASE)
Names = Mapping[str, str]  # dataset id -> name


@dataclass(frozen=True)
class MoveOrigin:
    """
    A flow that loses `datasets`, its label for people, and what this plan does to it (None: nothing).

    `paused` means that a hand stopped its data.
    """

    address: Address
    label: str
    verb: Verb | None
    datasets: Names
    paused: bool


@dataclass(frozen=True)
class DatasetMove:
    """The `datasets` that move from an origin to a receiver."""

    origin: MoveOrigin
    receiver: PlanItem
    datasets: Names


def add_dataset_moves(
    items: Sequence[PlanItem], desired: DesiredState, bases: Bases, inputs: PlanInputs
) -> list[PlanItem]:
    """Add to the items what follows from moves of datasets, and order their steps."""
    moves = tuple(_dataset_moves(items, desired, inputs))
    taken = group_by_key(moves, lambda one: one.receiver.address)
    given = group_by_key(moves, lambda one: one.origin.address)

    def annotate(item: PlanItem) -> PlanItem:
        takes, gives = taken.get(item.address, ()), given.get(item.address, ())
        consequences = _move_consequences(item, takes, gives, desired, bases, inputs)
        return item.add(
            consequences=consequences,
            refusals=_paused_refusals(item, takes, inputs.options),
        )

    return _order_steps([annotate(item) for item in items], moves, inputs.ownership)


def _move_consequences(
    item: PlanItem,
    taken: Sequence[DatasetMove],
    given: Sequence[DatasetMove],
    desired: DesiredState,
    bases: Bases,
    inputs: PlanInputs,
) -> Iterator[Consequence]:
    """Yield what follows for one item from the moves that it takes, and from those that it gives."""
    for one in taken:
        yield from _receiver_consequences(one)
    if given and item.verb is not Verb.RELEASE:
        yield _origin_consequence(given)
        yield from _keep_flow_consequences(given, desired, bases, inputs.ownership) if item.verb is Verb.DELETE else ()


def _paused_refusals(item: PlanItem, taken: Sequence[DatasetMove], options: PlanOptions) -> Iterator[Refusal]:
    """Refuse a move out of a flow that was paused by hand: the receiver would send its datasets again."""
    if not item.next_after or options.can_resume(item.address):
        return
    for one in taken:
        if one.origin.paused:
            datasets = _quoted_names(one.datasets)
            text = f"{one.origin.label} was paused by hand, but {item.address} would send {datasets} again"
            allow = f"--resume {item.address}, or declare the pause: `enabled: false`"
            yield Refusal("paused", text, allow)


# -- order of steps ---------------------------------------------------------------------------------------------------


def _order_steps(items: Sequence[PlanItem], moves: Sequence[DatasetMove], ownership: Ownership) -> list[PlanItem]:
    """Delete or disable a flow, or point it at fewer datasets, only after the receivers have the datasets."""
    able = {h.receiver.address for h in moves} - _blocked_receivers(items, ownership)
    waits: dict[Address, set[Address]] = {}
    for one in moves:
        if one.receiver.address in able:
            waits.setdefault(one.origin.address, set()).add(one.receiver.address)
    taking = {i.address: [s.key for s in i.steps if _is_receiving_step(s)] for i in items if i.address in able}
    circles = circle_numbers(waits)

    def order_item(item: PlanItem) -> PlanItem:
        takers = [a for a in waits.get(item.address, ()) if circles[a] != circles[item.address]]
        first = {key for address in takers for key in taking[address]}
        steps = (replace(s, needs=tuple(sorted({*s.needs, *first}))) if _is_losing_step(s) else s for s in item.steps)
        return replace(item, steps=tuple(steps)) if first else item

    return [order_item(item) for item in items]


def _blocked_receivers(items: Sequence[PlanItem], ownership: Ownership) -> set[Address]:
    """Return receivers that must wait for a deletion, because the sandbox is full."""
    made = [item.address for item in items for step in item.steps if _is_flow_creation(step)]
    return set(made) if len(ownership.flows) + len(made) > FLOW_LIMIT else set()


def _is_flow_creation(step: Step) -> bool:
    return step.kind == FLOW.name and step.action is Action.CREATE


def _is_receiving_step(step: Step) -> bool:
    return _is_flow_creation(step) or _is_repointing_step(step)


def _is_losing_step(step: Step) -> bool:
    """Check whether the origin loses datasets by this step; a replacement disables the old flow before its deletion."""
    switches_off = step.action is Action.ACT and step.operation == "disable" and step.id is not None
    begins = step.action is Action.UPDATE and step.marker is not None and step.marker.being_replaced
    loses = step.action is Action.DELETE or switches_off or begins
    return step.kind == FLOW.name and (loses or _is_repointing_step(step))


def _is_repointing_step(step: Step) -> bool:
    return step.kind == FLOW.name and step.action is Action.UPDATE and SOURCE_IDS in step.refs


# -- origins and receivers --------------------------------------------------------------------------------------------


def _dataset_moves(items: Sequence[PlanItem], desired: DesiredState, inputs: PlanInputs) -> Iterator[DatasetMove]:
    moving = [i for i in items if i.address.root == EXPORTS]
    givers = [
        *(_move_origin(i, desired, inputs) for i in moving),
        *_undeclared_origins(items, desired, inputs),
    ]
    givers_of = group_by_keys(range(len(givers)), lambda n: givers[n].datasets)
    for receiver in moving:
        gained = _subtract_names(_datasets_after(receiver), _datasets_before(receiver, inputs.ownership))
        for n in sorted({n for dataset in gained for n in givers_of.get(dataset, ())}):
            common = {i: name for i, name in gained.items() if i in givers[n].datasets}
            yield DatasetMove(givers[n], receiver, common)


def _move_origin(item: PlanItem, desired: DesiredState, inputs: PlanInputs) -> MoveOrigin:
    ownership, flows = inputs.ownership, inputs.ownership.own_flows.get(item.address, ())
    export = desired.exports.get(item.address)
    before = export.declared.renamed_from if export and item.address not in ownership.own_flows else None
    called = f"{item.address} (renamed from {EXPORTS}.{before})" if before else str(item.address)
    ending = item.verb in _ENDED and any(is_paused_by_marker(h, inputs.as_of) for h in flows)
    paused = ending or any(is_pause(change) for change in item.fields)
    lost = _subtract_names(_datasets_before(item, ownership), _datasets_after(item))
    return MoveOrigin(item.address, called, item.verb, lost, paused)


def _undeclared_origins(items: Sequence[PlanItem], desired: DesiredState, inputs: PlanInputs) -> Iterator[MoveOrigin]:
    """Yield undeclared flows that this plan leaves alone: `--target` deletes nothing."""
    ownership = inputs.ownership
    planned = {item.address for item in items}
    for address in undeclared_addresses(EXPORTS, desired, ownership):
        if address not in planned:
            flows = ownership.own_flows[address]
            paused = any(is_paused_by_marker(h, inputs.as_of) for h in flows)
            yield MoveOrigin(address, str(address), None, _flow_datasets(flows), paused)


def _datasets_before(item: PlanItem, ownership: Ownership) -> Names:
    """Return the datasets that its flow sends now, as far as this plan moves them."""
    if item.verb in _ENDED:
        return _flow_datasets(ownership.own_flows.get(item.address, ()))
    if item.verb is Verb.REPLACE:
        replaced = ownership.flow_by_id(item.id or "")
        return _flow_datasets([replaced] if replaced else ())
    return _changed_datasets(item, "before") if item.verb is Verb.UPDATE else {}


def _datasets_after(item: PlanItem) -> Names:
    return _changed_datasets(item, "after") if item.verb in (*_MADE, Verb.UPDATE, Verb.REPLACE) else {}


def _changed_datasets(item: PlanItem, side: str) -> Names:
    pairs = [getattr(f, side) or () for f in item.fields if f.field == DATASETS and f.cause in WRITE_CAUSES]
    return {i: name or i for each in pairs for i, name in each}


def _flow_datasets(live_flows: Iterable[LiveFlow]) -> Names:
    return {i: name or i for h in live_flows for i, name in h.dataset_names.items()}


def _subtract_names(some: Names, others: Names) -> Names:
    return {i: name for i, name in some.items() if i not in others}


# -- consequences -----------------------------------------------------------------------------------------------------


def _quoted_names(datasets: Names) -> str:
    return ", ".join(f'"{name}"' for name in sorted(datasets.values()))


def _receiver_consequences(one: DatasetMove) -> Iterator[Consequence]:
    """Say what is sent again, and whether both flows send for some time, no flow sends, or one follows the other."""
    datasets, origin = _quoted_names(one.datasets), one.origin
    them, move = ("them", "move") if len(one.datasets) > 1 else ("it", "moves")
    sends, first = ("this flow may send", "next")
    if one.receiver.verb in _MADE:
        sends, first = ("this new flow sends", "first")
    text = f"{datasets} {move} from {origin.label} to this flow; {sends} {them} in full again"
    yield Consequence("full-re-export", text, "cost")
    if origin.verb in (None, Verb.RELEASE):
        why = "it is released" if origin.verb else "this plan leaves it out"
        text = f"{origin.label} still runs ({why}): both flows send {datasets} until you disable one"
        yield Consequence("sent-by-both-flows", text, "warning")
        return
    stops = f"this apply {'deletes' if origin.verb is Verb.DELETE else f'removes {them} from'} {origin.label}"
    if one.receiver.next_after:
        run = f"the {first} run of this flow is {format_moment(one.receiver.next_after[0])}"
        yield Consequence("dataset-move", f"{stops}; {run}; no flow sends {them} before")
    else:
        yield Consequence("dataset-move", f"{stops}, and this flow has no next run: no flow sends {them}", "warning")


def _origin_consequence(given: Sequence[DatasetMove]) -> Consequence:
    each = [
        f"{_quoted_names(one.datasets)} {'moves' if len(one.datasets) == 1 else 'move'} to {one.receiver.address}"
        for one in given
    ]
    ending = _subtract_names(given[0].origin.datasets, {i: name for one in given for i, name in one.datasets.items()})
    if ending:
        each.append(f"no flow exports {_quoted_names(ending)} after this apply")
    return Consequence("dataset-moved-away", ", ".join(each))


def _keep_flow_consequences(
    given: Sequence[DatasetMove], desired: DesiredState, bases: Bases, ownership: Ownership
) -> Iterator[Consequence]:
    """Say which new export can keep the deleted flow: the one that receives most of its datasets."""
    flows = ownership.own_flows[given[0].origin.address]

    def can_keep(address: Address) -> bool:
        return len(flows) == 1 and can_keep_flow(desired.exports[address], bases[address], flows[0])

    heirs = [one for one in given if one.receiver.verb in _MADE and can_keep(one.receiver.address)]
    if not heirs:
        return
    best = max(heirs, key=lambda one: len(one.datasets))  # the first of several equal ones
    words = renamed_from_phrase({best.receiver.address: best.origin.address}, desired)
    text = f"{best.receiver.address} can keep this flow: write {words}; then apply changes the flow instead"
    if len(given) > 1:
        text += "; only the datasets of the other exports are then sent in full for certain"
    yield Consequence("flow-can-be-kept", text)
