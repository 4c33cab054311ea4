"""
What is ours and no longer declared: deleted, released, cleaned away, or only reported. Pure.

    no longer declared   `removed` says   result
    export with a flow   delete           deletion, consented
                         release          markers off, left running
                         nothing          deletion, for the gate to judge
    its marker is lost   delete, nothing  deletion, refused: whose it is can no longer be told for sure
    children, no flow    delete           cleaned away
                         nothing, young   cleaned away: a creation was interrupted and then withdrawn
                         nothing, old     reported only: the flow may be hidden from this credential
    account, unused      delete           deletion, consented
                         release          marker off
                         nothing          deletion, for the gate to judge
    account, in use      any but release  reported only, naming the users
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from exportctl.declared import Project, Removed
from exportctl.errors import Finding, Level
from exportctl.kinds import ACCOUNT, ANCHOR, PLACE, Kind
from exportctl.model import (
    EXPORTS,
    Address,
    Cause,
    Consequence,
    FieldChange,
    Item,
    LiveObject,
    Refusal,
    Step,
    Verb,
)
from exportctl.planning import gates, leftovers, steps
from exportctl.planning.creation import YOUNG, Scene, child_kind, removal
from exportctl.planning.expand import Desired
from exportctl.planning.ownership import Estate, Holding

_RELEASED = Consequence("released", "takes our marker off; the flow goes on running, managed by nobody")
_ENDS = Consequence(
    "feed-ends", "the feed ends; what was delivered stays; to have it again sends everything anew", "warning"
)


def consent(project: Project, address: Address) -> Removed | None:
    """
    The `removed` entry that covers an address: KEY/PART, or KEY for all its parts. While KEY is declared, an entry for
    KEY is left over from before it was split, and no consent to delete one of its parts.
    """
    key = address.name.partition("/")[0]
    declared = any(e.of == key for e in project.exports.values())
    names = (address.name,) if declared else (address.name, key)
    return next((r for r in project.removed if r.root == address.root and r.name in names), None)


def undeclared_exports(wanted: Desired, taken: frozenset[Address], scene: Scene) -> list[Item]:
    """Items for every export of ours that the config no longer has; `taken` are addresses other items live off."""
    estate = scene.estate
    gone = sorted(a for a in {*estate.ours, *estate.orphans} if a not in wanted.exports and a not in taken)
    return [_export(address, wanted, scene) for address in gone if address.root == EXPORTS]


def _export(address: Address, wanted: Desired, scene: Scene) -> Item:
    holdings = scene.estate.ours.get(address, ())
    orphans = scene.estate.orphans.get(address, ())
    entry = consent(wanted.project, address)
    if not holdings:
        return _leftovers(address, orphans, entry, scene)
    if entry and entry.do == "release":
        return Item(
            address,
            Verb.RELEASE,
            id=holdings[0].flow.id,
            steps=tuple(s for h in holdings for s in _release(address, h)),
            consequences=(_RELEASED,),
            at=entry.at,
        )
    made = [s for h in holdings for s in removal(address, h, needs=[])]
    made += [steps.delete(child_kind(o), address, o, needs=[s.key for s in made]) for o in orphans]
    titles = tuple(FieldChange("title", "title", h.flow.name, None, Cause.PENDING) for h in holdings)
    return Item(
        address,
        Verb.DELETE,
        id=holdings[0].flow.id,
        fields=titles,
        steps=tuple(made),
        consequences=(_ENDS,),
        refusals=tuple(r for h in holdings for r in (*_unsure(h), *gates.protected(h.marker, Verb.DELETE, ()))),
        at=entry.at if entry else None,
    )


def _unsure(holding: Holding) -> tuple[Refusal, ...]:
    """Its connections say that it is ours; they would say so too if another flow had been pointed at them."""
    if not holding.marker_lost:
        return ()
    name = f'{holding.flow.id} "{holding.flow.name}"'
    text = f"flow {name} lost its marker: it is not deleted on the word of its connections"
    allow = "declare the export until apply has written the marker back, `do: release`, or delete the flow in the UI"
    return (Refusal("marker-lost", text, allow),)


def _release(address: Address, holding: Holding) -> list[Step]:
    pairs: list[tuple[Kind, LiveObject]] = [(ANCHOR, holding.flow)]
    if holding.place is not None and holding.owns(holding.place):
        pairs.append((PLACE, holding.place))
    return [
        steps.update(kind, address, live, type_name="", fields={}, marker=None, unmark=True, what="release")
        for kind, live in pairs
        if live.marker is not None
    ]


def _leftovers(address: Address, orphans: Sequence[LiveObject], entry: Removed | None, scene: Scene) -> Item:
    every = bool(entry and entry.do == "delete")
    cleared = [o for o in orphans if every or scene.terms.as_of - o.created < YOUNG]
    made = tuple(steps.delete(child_kind(o), address, o) for o in cleared)
    kept = [leftovers.named(o) for o in orphans if o not in cleared]
    findings: tuple[Finding, ...] = ()
    if kept:
        text = f"{address}: connections of ours have no flow that this credential can see: {', '.join(kept)}"
        hint = f"if the flow is gone: `removed: [{{export: {address.name}, do: delete, reason: …}}]` clears them away"
        findings = (Finding("leftovers", text, None, hint, Level.WARNING),)
    return Item(address, Verb.CLEAN if made else Verb.NONE, steps=made, findings=findings)


def undeclared_accounts(
    wanted: Desired, stale: Mapping[Address, Sequence[LiveObject]], items: Iterable[Item], scene: Scene
) -> list[Item]:
    """
    Items for base connections of ours that nothing declares, and for the ones a replacement leaves behind (`stale`).

    A base goes after every flow and target on it; what this plan itself deletes does not count as a user.
    """
    going = {s.id: s.key for i in items for s in i.steps if s.action == "delete" and s.id}
    made = []
    for address, bases in sorted(scene.estate.accounts.items()):
        if address in wanted.accounts:
            bases = tuple(b for b in bases if b in stale.get(address, ()))
        entry = consent(wanted.project, address)
        made += [_account(address, base, entry, going, scene, replaced=address in wanted.accounts) for base in bases]
    return made


def _account(
    address: Address, base: LiveObject, entry: Removed | None, going: Mapping[str, str], scene: Scene, *, replaced: bool
) -> Item:
    estate = scene.estate
    users = [*estate.base_users.get(base.id, ()), *(h.flow.id for h in estate.flows_on(base.id))]
    staying = sorted({u for u in users if u not in going})
    if entry and entry.do == "release":
        step = steps.update(ACCOUNT, address, base, type_name="", fields={}, marker=None, unmark=True, what="release")
        return Item(address, Verb.RELEASE, id=base.id, steps=(step,), at=entry.at)
    if staying:
        return _used(address, base, estate, len(staying), entry, replaced)
    step = steps.delete(ACCOUNT, address, base, needs=[going[u] for u in users])
    if replaced:
        return Item(address, Verb.CLEAN, id=base.id, steps=(step,))
    return Item(
        address,
        Verb.DELETE,
        id=base.id,
        fields=(FieldChange("title", "title", base.name, None, Cause.PENDING),),
        steps=(step,),
        at=entry.at if entry else None,
    )


def _used(
    address: Address, base: LiveObject, estate: Estate, users: int, entry: Removed | None, replaced: bool
) -> Item:
    names = ", ".join(sorted(f'"{h.flow.name}"' for h in estate.flows_on(base.id))) or f"{users} target connections"
    text = f"{address}: base connection {base.id} stays, it is still used by {names}"
    level = Level.NOTE if replaced else Level.WARNING
    at = entry.at if entry else None
    return Item(address, Verb.NONE, id=base.id, findings=(Finding("account-in-use", text, at, None, level),), at=at)
