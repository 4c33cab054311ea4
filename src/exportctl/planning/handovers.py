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

from exportctl import wire
from exportctl.flags import Flags
from exportctl.kinds import ACCOUNT, ANCHOR, CONTENT, SOURCES
from exportctl.marker import END
from exportctl.model import EXPORTS, WRITES, Action, Address, Consequence, Item, Refusal, Step, Verb
from exportctl.planning.creation import Scene
from exportctl.planning.expand import Desired
from exportctl.planning.ownership import FLOW_LIMIT, Estate, Holding
from exportctl.planning.renames import Bases, keeps, spelled, undeclared
from exportctl.planning.standing import is_stop
from exportctl.schedules import shown

_MADE = (Verb.CREATE, Verb.COMPLETE)
_ENDED = (Verb.DELETE, Verb.RELEASE)
Names = Mapping[str, str]  # dataset id -> name


@dataclass(frozen=True)
class Giver:
    """
    A flow that loses `datasets`: how people know it, and what this plan does to it; None: nothing, it stays. `stopped`
    by hand is one that was switched off, or whose end was moved earlier.
    """

    address: Address
    called: str
    verb: Verb | None
    datasets: Names
    stopped: bool


@dataclass(frozen=True)
class Handover:
    """`datasets` that the giver sent until now and the taker sends from now on."""

    giver: Giver
    taker: Item
    datasets: Names


def told(items: Sequence[Item], desired: Desired, bases: Bases, scene: Scene) -> list[Item]:
    """The items, givers and takers with what follows from it."""
    handovers = tuple(_handovers(items, desired, scene))
    told_of = [
        replace(
            item,
            consequences=(*item.consequences, *_told(item, handovers, desired, bases, scene)),
            refusals=(*item.refusals, *_still_stopped(item, handovers, scene.terms.flags)),
        )
        for item in items
    ]
    return _in_order(told_of, handovers, scene.estate)


def _told(
    item: Item, handovers: Sequence[Handover], desired: Desired, bases: Bases, scene: Scene
) -> Iterator[Consequence]:
    for one in handovers:
        if one.taker.address == item.address:
            yield from _taken(one)
    given = [one for one in handovers if one.giver.address == item.address and item.verb is not Verb.RELEASE]
    if given:
        yield _given(given)
        yield from _kept(given, desired, bases, scene.estate) if item.verb is Verb.DELETE else ()


def _still_stopped(item: Item, handovers: Sequence[Handover], flags: Flags) -> Iterator[Refusal]:
    """What somebody stopped by hand would be sent again, by another flow."""
    if not item.next_after or flags.puts_back(item.address):
        return
    for one in handovers:
        if one.taker.address == item.address and one.giver.stopped:
            text = f"{one.giver.called} was stopped by hand, and {item.address} would send {_named(one.datasets)} again"
            allow = f"--put-back {item.address}, or declare the stop: `enabled: false`"
            yield Refusal("stopped", text, allow)


# -- in which order ---------------------------------------------------------------------------------------------------


def _in_order(items: Sequence[Item], handovers: Sequence[Handover], estate: Estate) -> list[Item]:
    """A flow is deleted, switched off or pointed at fewer datasets after others have taken them."""
    able = {h.taker.address for h in handovers} - _unable(items, estate)
    waits: dict[Address, set[Address]] = {}
    for one in handovers:
        if one.taker.address in able:
            waits.setdefault(one.giver.address, set()).add(one.taker.address)
    taking = {i.address: [s.key for s in i.steps if _takes(s)] for i in items if i.address in able}

    def ordered(item: Item) -> Item:
        takers = [a for a in waits.get(item.address, ()) if not _waits_for(a, item.address, waits)]
        first = {key for address in takers for key in taking[address]}
        steps = (replace(s, needs=tuple(sorted({*s.needs, *first}))) if _gives(s) else s for s in item.steps)
        return replace(item, steps=tuple(steps)) if first else item

    return [ordered(item) for item in items]


def _waits_for(one: Address, other: Address, waits: Mapping[Address, Iterable[Address]]) -> bool:
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


def _unable(items: Sequence[Item], estate: Estate) -> set[Address]:
    """Takers that may not come about before something goes: for want of room, or since their name is in use."""
    every = [(item, step) for item in items for step in item.steps]
    known = {o.id: o.name for o in (*(h.flow for h in estate.holdings), *estate.bases.values())}
    going = [(i.address, s.kind, _spelled(known[s.id])) for i, s in every if s.id in known and _frees(s)]
    accounts = {s.key for i, s in every if s.kind == ACCOUNT.name and _collides(i, s, going)}
    room = len(estate.holdings) + sum(_makes(step) for _, step in every) <= FLOW_LIMIT
    return {
        item.address
        for item, step in every
        if (_takes(step) and _collides(item, step, going)) or (_makes(step) and not room) or accounts & {*step.needs}
    }


def _collides(item: Item, step: Step, going: Iterable[tuple[Address, str, str]]) -> bool:
    """Is the name that it writes still that of something else, which this plan takes away or names otherwise?"""
    name = step.title if step.action is Action.CREATE else step.fields.get("title")
    return any(
        kind == step.kind and name is not None and used == _spelled(name) and address != item.address
        for address, kind, used in going
    )


def _spelled(name: str) -> str:
    """Whether names must be unique is open, and in what they may differ then."""
    return name.strip().casefold()


def _frees(step: Step) -> bool:
    return step.action is Action.DELETE or "title" in step.fields


def _makes(step: Step) -> bool:
    return step.kind == ANCHOR.name and step.action is Action.CREATE


def _takes(step: Step) -> bool:
    return _makes(step) or _repoints(step)


def _gives(step: Step) -> bool:
    """Of an item that gives: a replacement stops the flow that it replaces long before that one is deleted."""
    switches_off = step.action is Action.ACT and step.act == "disable" and step.id is not None
    begins = step.action is Action.UPDATE and step.marker is not None and step.marker.replaced
    return step.kind == ANCHOR.name and (step.action is Action.DELETE or switches_off or begins or _repoints(step))


def _repoints(step: Step) -> bool:
    return step.kind == ANCHOR.name and step.action is Action.UPDATE and SOURCES in step.refs


# -- who gives, who takes ---------------------------------------------------------------------------------------------


def _handovers(items: Sequence[Item], desired: Desired, scene: Scene) -> Iterator[Handover]:
    moving = [i for i in items if i.address.root == EXPORTS]
    givers = [*(_giver(i, desired, scene.estate) for i in moving), *_left(items, desired, scene.estate)]
    for taker in moving:
        gained = _less(_after(taker), _before(taker, scene.estate))
        for giver in givers:
            common = {i: name for i, name in gained.items() if i in giver.datasets}
            if common:
                yield Handover(giver, taker, common)


def _giver(item: Item, desired: Desired, estate: Estate) -> Giver:
    export = desired.exports.get(item.address)
    before = export.declared.renamed_from if export and item.address not in estate.ours else None
    called = f"{item.address} (so far {EXPORTS}.{before})" if before else str(item.address)
    ending = item.verb in _ENDED and any(_stopped(h) for h in estate.ours.get(item.address, ()))
    stopped = ending or any(is_stop(change) for change in item.fields)
    return Giver(item.address, called, item.verb, _less(_before(item, estate), _after(item)), stopped)


def _left(items: Sequence[Item], desired: Desired, estate: Estate) -> Iterator[Giver]:
    """What nothing declares and this plan leaves running all the same: `--target` deletes nothing."""
    planned = {item.address for item in items}
    for address in undeclared(EXPORTS, desired, estate):
        if address not in planned:
            held = estate.ours[address]
            yield Giver(address, str(address), None, _datasets(held), any(_stopped(h) for h in held))


def _stopped(holding: Holding) -> bool:
    """By what its marker says: nothing declares it any more."""
    marker, live = holding.flow.marker, wire.read(ANCHOR.name, holding.flow.raw)
    if marker is None or marker.damaged or marker.replaced:
        return False
    known = marker.applied.get(END)
    cut = known is not None and live[END] is not None and live[END] < int(known[-1])
    return cut or (marker.seen_on and not live["enabled"])


def _before(item: Item, estate: Estate) -> Names:
    """What its flow sends now, as far as this plan moves it."""
    if item.verb in _ENDED:
        return _datasets(estate.ours.get(item.address, ()))
    if item.verb is Verb.REPLACE:
        return _datasets(h for h in estate.holdings if h.flow.id == item.id)
    return _listed(item, "before") if item.verb is Verb.UPDATE else {}


def _after(item: Item) -> Names:
    return _listed(item, "after") if item.verb in (*_MADE, Verb.UPDATE, Verb.REPLACE) else {}


def _listed(item: Item, side: str) -> Names:
    pairs = [getattr(f, side) or () for f in item.fields if f.field == "datasets" and f.cause in WRITES]
    return {i: name or i for each in pairs for i, name in each}


def _datasets(holdings: Iterable[Holding]) -> Names:
    read = [wire.read(CONTENT.name, h.content.raw) for h in holdings if h.content]
    return {i: one["names"].get(i, i) for one in read for i in one["datasets"]}


def _less(some: Names, others: Names) -> Names:
    return {i: name for i, name in some.items() if i not in others}


# -- what follows -----------------------------------------------------------------------------------------------------


def _named(datasets: Names) -> str:
    return ", ".join(f'"{name}"' for name in sorted(datasets.values()))


def _taken(one: Handover) -> Iterator[Consequence]:
    """What is sent again, and whether both send for a while, nobody does, or the one begins where the other ends."""
    datasets, giver = _named(one.datasets), one.giver
    them, come = ("them", "come") if len(one.datasets) > 1 else ("it", "comes")
    sends, first = ("this flow may send", "next")
    if one.taker.verb in _MADE:
        sends, first = ("this new flow sends", "first")
    text = f"{datasets} {come} from {giver.called} until now; {sends} {them} in full again"
    yield Consequence("sent-again", text, "cost")
    if giver.verb in (None, Verb.RELEASE):
        why = "released" if giver.verb else "left alone by --target"
        text = f"{giver.called} goes on, {why}: {datasets} {come} from both until one of them is stopped"
        yield Consequence("sent-twice", text, "warning")
        return
    stops = f"{giver.called} {'is deleted' if giver.verb is Verb.DELETE else f'stops sending {them}'} with this apply"
    if one.taker.next_after:
        runs = shown(one.taker.next_after[0])
        yield Consequence("handover", f"{stops}, this flow {first} runs {runs}: nothing is sent in between")
    else:
        yield Consequence("handover", f"{stops}, and this flow has no next run: nobody sends {them}", "warning")


def _given(given: Sequence[Handover]) -> Consequence:
    verbs = ["goes on" if len(one.datasets) == 1 else "go on" for one in given]
    each = [f"{_named(one.datasets)} {verb} in {one.taker.address}" for one, verb in zip(given, verbs, strict=True)]
    ending = _less(given[0].giver.datasets, {i: name for one in given for i, name in one.datasets.items()})
    if ending:
        each.append(f"nothing new takes {_named(ending)}")
    return Consequence("goes-on", ", ".join(each))


def _kept(given: Sequence[Handover], desired: Desired, bases: Bases, estate: Estate) -> Iterator[Consequence]:
    """Which of those to be created could go on from the flow that goes: the one that takes most of it."""
    held = estate.ours[given[0].giver.address]

    def able(address: Address) -> bool:
        return len(held) == 1 and keeps(desired.exports[address], bases[address], held[0])

    heirs = [one for one in given if one.taker.verb in _MADE and able(one.taker.address)]
    if not heirs:
        return
    best = max(heirs, key=lambda one: len(one.datasets))  # of equal ones the first
    words = spelled({best.taker.address: best.giver.address}, desired)
    text = f"{best.taker.address} can keep this flow: write {words}, and it is changed, not deleted and made anew"
    if len(given) > 1:
        text += "; only what the others take is then certain to be sent in full"
    yield Consequence("can-keep", text)
