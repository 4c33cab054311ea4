"""
Likely renames: what is to be created and looks like something of ours that nothing declares any more. Pure.

They are pointed out, never guessed: no step depends on them, and what `removed` names was decided. An export looks like
another one where its type and its datasets are the same, its flow could go on (the account is the same, or looks the
same), and one thing more is. Best first:

    the same place                 4    its files would go on lying there
    the same title                 2    people in the UI call it so
    the same cadence and folder    1    often a default

An account looks like another one where type, way to authenticate and every field that can be compared are the same.
Secrets never are; where nothing else can be, an export that keeps its place has to vouch for the account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from exportctl import wire
from exportctl.declared import Destination, Export
from exportctl.errors import Finding, Level
from exportctl.kinds import ACCOUNT, ANCHOR, CONTENT, PLACE
from exportctl.model import DESTINATIONS, EXPORTS, Address, Item, LiveObject, Marked, Step, Verb, digest
from exportctl.planning.creation import Scene, looked_up
from exportctl.planning.expand import Desired, DesiredAccount, DesiredExport
from exportctl.planning.ownership import Estate, Holding
from exportctl.planning.removals import consent

Bases = Mapping[Address, str | Step | None]  # by export: id of its base connection, or the step that makes it
_CREATED = (Verb.CREATE, Verb.COMPLETE)


@dataclass(frozen=True)
class Likeness:
    """`before` is no longer declared; `same` is what both have in common; `account` would have to be renamed too."""

    before: Address
    same: tuple[str, ...]
    weight: int = 0
    cadence: bool = True
    account: tuple[Address, Address] | None = None  # as it is called now, and before


Likenesses = Mapping[Address, Sequence[Likeness]]  # what is to be created -> what it looks like, best first


def told(items: Sequence[Item], desired: Desired, bases: Bases, scene: Scene) -> list[Item]:
    """The items; those to be created have a finding where they look like something renamed."""
    accounts = _accounts(items, desired, scene.estate)
    findings = {a: _account_finding(desired.accounts[a], likes) for a, likes in accounts.items()}
    findings |= dict(_export_findings(_exports(items, desired, bases, accounts, scene), desired))
    return [replace(i, findings=(*i.findings, findings[i.address])) if i.address in findings else i for i in items]


def undeclared(root: str, desired: Desired, estate: Estate) -> Iterator[Address]:
    """Addresses of ours, in order, that are neither declared nor named by a `renamed_from`."""
    things: Sequence[Export | Destination] = (*desired.project.exports.values(), *desired.project.destinations.values())
    known = {name for t in things if _root(t) == root for name in (t.key, t.renamed_from)}
    every = sorted(estate.ours if root == EXPORTS else estate.accounts)
    return (address for address in every if address.root == root and address.name not in known)


def _root(thing: Export | Destination) -> str:
    return EXPORTS if isinstance(thing, Export) else DESTINATIONS


def keeps(export: DesiredExport, base: str | Step | None, holding: Holding) -> bool:
    """Could the live flow become the declared export by patches alone?"""
    return wire.destination_type(holding.flow.raw) is export.type and holding.base in (None, base)


def spelled(before: Mapping[Address, Address], desired: Desired) -> str:
    """What to write under one KEY so that it, or each of these parts of it, goes on from the address it had."""
    parts = {address.name.partition("/")[2]: old.name for address, old in before.items()}
    key = next(iter(before)).name.partition("/")[0]
    if "" in parts:
        return f"`renamed_from: {parts['']}`"
    wholes = {old.removesuffix(f"/{part}") for part, old in parts.items() if old.endswith(f"/{part}")}
    same = all(old.endswith(f"/{part}") for part, old in parts.items()) and len(wholes) == 1
    declared = {a.name.partition("/")[2] for a in desired.exports if a.name.startswith(f"{key}/")}
    if same and not any(Address(EXPORTS, f"{min(wholes)}/{part}") in desired.exports for part in declared):
        return f"`renamed_from: {min(wholes)}` under {EXPORTS}.{key} (it is for all of its parts)"
    return f"`renamed_from: {{{', '.join(f'{part}: {old}' for part, old in parts.items())}}}` under {EXPORTS}.{key}"


# -- accounts ---------------------------------------------------------------------------------------------------------


def _accounts(items: Sequence[Item], desired: Desired, estate: Estate) -> Likenesses:
    gone = [a for a in undeclared(DESTINATIONS, desired, estate) if not consent(desired.project, a)]
    made = [desired.accounts[i.address] for i in items if i.address in desired.accounts and i.verb is Verb.CREATE]
    found = {m.address: [like for a in gone if (like := _account_like(m, a, desired, estate))] for m in made}
    return {address: likes for address, likes in found.items() if likes}


def _account_like(account: DesiredAccount, before: Address, desired: Desired, estate: Estate) -> Likeness | None:
    for base in estate.accounts[before]:
        method = wire.auth_method(base.raw)
        if wire.destination_type(base.raw) is not account.type or (method.name if method else None) != account.method:
            continue
        same = _same_auth(account, base)
        if same:
            return Likeness(before, ("type", *same))
        if same is not None and not account.type.methods:
            return Likeness(before, ("type",))
        if same is not None and _same_places(account, base, desired, estate):
            return Likeness(before, ("type", "place of an export on it"))
    return None


def _same_auth(account: DesiredAccount, base: LiveObject) -> tuple[str, ...] | None:
    """
    Names of the fields known to be equal; None where one differs. What the service hides is told by the marker, which
    holds a digest of what was last applied; what is not set here is not known.
    """
    live: Mapping[str, Any] = wire.read(ACCOUNT.name, base.raw)["auth"]
    applied = base.marker.applied.get("auth", ()) if base.marker and not base.marker.damaged else ()
    told = applied and Marked.UNSET not in account.auth.values()
    hidden = digest(account.auth) in applied if told else None
    equal: dict[str, bool] = {}
    for name in sorted({*account.auth, *live}):
        mine, theirs = account.auth.get(name), live.get(name)
        known = hidden if theirs is Marked.HIDDEN else None if mine is Marked.UNSET else mine == theirs
        equal |= {name: known} if known is not None else {}
    return tuple(equal) if all(equal.values()) else None


def _same_places(account: DesiredAccount, base: LiveObject, desired: Desired, estate: Estate) -> bool:
    """Does an export on the declared account write where a flow on the live one does?"""
    places = [_place(h) for h in estate.flows_on(base.id)]
    return any(dict(e.place["place"]) in places for e in desired.exports.values() if e.account.own == account.address)


def _account_finding(account: DesiredAccount, likes: Sequence[Likeness]) -> Finding:
    words = [f"if it was renamed, write `renamed_from: {likes[0].before.name}`"]
    words.append(": without it each export on it is replaced, which sends everything again")
    if account.secrets:
        words.append("; secrets are not compared: if they changed as well, give it a new `secret_version`")
    text, at = _likely(account.address, likes), account.declared.where.get("renamed_from", account.declared.at)
    return Finding("likely-rename", text, at, "".join(words), Level.WARNING)


# -- exports ----------------------------------------------------------------------------------------------------------


def _exports(
    items: Sequence[Item], desired: Desired, bases: Bases, accounts: Likenesses, scene: Scene
) -> dict[Address, list[Likeness]]:
    gone = [a for a in undeclared(EXPORTS, desired, scene.estate) if not consent(desired.project, a)]
    every = [scene.estate.ours[address] for address in gone]
    flows = [held[0] for held in every if len(held) == 1]  # of several, nobody knows which one would go on
    found = {}
    for item in items:
        if item.address in desired.exports and item.verb in _CREATED:
            export, base = desired.exports[item.address], bases[item.address]
            ids = [i for i, _ in looked_up(export, None, scene).found]
            same = [h for h in flows if h.content and wire.read(CONTENT.name, h.content.raw)["datasets"] == ids]
            likes = [like for h in same if (like := _export_like(export, h, base, accounts, scene.estate))]
            found[item.address] = sorted(likes, key=lambda one: (-one.weight, one.before))
    return {address: likes for address, likes in found.items() if likes}


def _export_like(
    export: DesiredExport, holding: Holding, base: str | Step | None, accounts: Likenesses, estate: Estate
) -> Likeness | None:
    """What an export and a flow of the same datasets have in common."""
    renamed = None if keeps(export, base, holding) else _renamed_account(export, base, holding, accounts, estate)
    if not (renamed or keeps(export, base, holding)) or holding.marker is None:
        return None
    live = wire.read(ANCHOR.name, holding.flow.raw)
    cadence = live["cadence"] == export.anchor["cadence"]
    traits = (
        ("place", 4, _place(holding) == dict(export.place["place"])),
        ("title", 2, holding.flow.name == export.declared.title),
        ("cadence and folder", 1, cadence and live["folder"] == export.declared.folder),
    )
    same = [(name, weight) for name, weight, equal in traits if equal]
    words = ("datasets", *(name for name, _ in same))
    return Likeness(holding.marker.address, words, sum(w for _, w in same), cadence, renamed) if same else None


def _place(holding: Holding) -> dict[str, Any] | None:
    return dict(wire.read(PLACE.name, holding.place.raw)["place"]) if holding.place else None


def _renamed_account(
    export: DesiredExport, base: str | Step | None, holding: Holding, accounts: Likenesses, estate: Estate
) -> tuple[Address, Address] | None:
    """The flow could go on if its account, which looks like the one to be created, were renamed too."""
    if not isinstance(base, Step) or wire.destination_type(holding.flow.raw) is not export.type:
        return None
    before = (like.before for like in accounts.get(base.address, ()))
    return next(((base.address, a) for a in before if any(b.id == holding.base for b in estate.accounts[a])), None)


def _export_findings(
    found: Mapping[Address, Sequence[Likeness]], desired: Desired
) -> Iterator[tuple[Address, Finding]]:
    """One for each KEY, on its first part: what renames a split export renames all of its parts."""
    by_key: dict[str, list[Address]] = defaultdict(list)
    for address in sorted(found):
        by_key[desired.exports[address].declared.of].append(address)
    for key, (first, *more) in by_key.items():
        text = _likely(first, found[first])
        if more:
            others = "does 1 more part" if len(more) == 1 else f"do {len(more)} more parts"
            text += f"; so {others} of {EXPORTS}.{key}"
        export = desired.exports[first].declared
        best = {address: found[address][0] for address in (first, *more)}
        hint = _hint(export, best, desired)
        yield first, Finding("likely-rename", text, export.where.get("renamed_from", export.at), hint, Level.WARNING)


def _hint(export: Export, best: Mapping[Address, Likeness], desired: Desired) -> str:
    words = spelled({address: like.before for address, like in best.items()}, desired)
    accounts = sorted({like.account for like in best.values() if like.account})
    words += "".join(f", and `renamed_from: {before.name}` under {now}" for now, before in accounts)
    whose = "its flow stays" if len(best) == 1 else "their flows stay"
    again = "nothing is sent again"
    if not all(like.cadence for like in best.values()):
        again = "only another cadence may send it again"
    lost = f"there is no flow of {EXPORTS}.{export.renamed_from}; " if export.renamed_from else ""
    return f"{lost}if it was renamed, write {words}: {whose} and {again}"


def _likely(address: Address, likes: Sequence[Likeness]) -> str:
    if len(likes) == 1:
        return f"{address} looks like {likes[0].before}, which is no longer declared: {_common(likes[0])}"
    each = ", then ".join(f"{like.before} ({_common(like)})" for like in likes)
    return f"{address} looks like what is no longer declared: {each}"


def _common(like: Likeness) -> str:
    *more, last = [f"the same {name}" for name in like.same]
    return f"{', '.join(more)} and {last}" if more else last
