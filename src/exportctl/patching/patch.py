"""
Differences of a plan -> edits of the YAML that accept them, each proven before it is kept. Pure.

    wish ─proposals─▶ edits ─placing─▶ files ─judging─▶ accepts it and nothing else?  yes: kept
                                          │                        no: the next layer, the next edits
                                          └── with `allow`, where only rules that it can permit are in the way

The first edit that is proven is kept, and the next wish is planned against it. Where none is, the wish is left with the
reason that says most about the value itself; of several such ones the last, since later edits touch less. Nothing is
written here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from exportctl.config.nodes import Seq
from exportctl.importing.adoption import Ground
from exportctl.importing.document import REASON
from exportctl.model import DESTINATIONS, EXPORTS
from exportctl.patching import proposed_places
from exportctl.patching.edits import Edit, Listed, Put, Unfit, writable
from exportctl.patching.judging import Fault, Judged, Weight, fault, judged
from exportctl.patching.placing import Files, Layer, editable
from exportctl.patching.proposals import Inexpressible, Proposal, proposals
from exportctl.patching.report import Accepted, Edited, NotAccepted, Patched
from exportctl.patching.sight import Sight, sight
from exportctl.patching.wishes import Asked, Wish, together, wishes

_NOWHERE = Fault("no file of this project can say it", Weight.PLACE)
_ORDER = (Layer.HERE, Layer.ENVIRONMENT, Layer.ABOVE)


@dataclass
class _Work:
    """The files as they are by now, what they come to, and what edits are made from."""

    files: Files
    state: Judged
    seen: Sight


def patched(ground: Ground, own: Collection[str], asked: Asked) -> Patched:
    """
    Accept every difference asked for; all others are planned too, since no edit may touch them. `own` names the files
    that may be edited.

    Raises:
        ConfigError: the config has an error.
    """
    before, state = editable(ground.files, own, ground.environment), judged(ground)
    work = _Work(before, state, sight(state))
    accepted: list[Accepted] = []
    left: list[NotAccepted] = []
    for wish in wishes(ground.plan(state.project, asked.flags), asked):
        if not _stands(work.state, wish):
            accepted.append(Accepted(wish.address, wish.changes))
            continue
        granted = _granted(work, wish)
        if isinstance(granted, Accepted):
            accepted.append(granted)
        else:
            left.append(NotAccepted(wish.address, wish.changes, granted))
    changed = work.files.changed(before)
    edited = [Edited(f, before.texts[f], work.files.texts[f]) for f in ground.files if f in changed]
    targeted = ground.plan(work.state.project, asked.flags)
    return Patched(work.state.plan, targeted, tuple(edited), tuple(accepted), tuple(left))


def _stands(state: Judged, wish: Wish) -> bool:
    """Is the difference there still? An edit for another one may have accepted it too."""
    causes = {change.cause for change in wish.changes}
    return any(
        together(change.field) == wish.name and change.cause in causes
        for item in state.plan.items
        if item.address == wish.address
        for change in item.fields
    )


def _granted(work: _Work, wish: Wish) -> Accepted | str:
    """Keep the first edit that is proven; else say why there is none."""
    before, seen, why = work.files, work.seen, _NOWHERE
    try:
        for proposal in _proposed(wish, seen):
            for files in _placed(work.files, proposal):
                found = _tried(work, wish, files)
                rules = found.rules if found else ()
                if found is not None and rules:
                    found = _allowed(work, wish, proposal, found)
                if found is None:
                    work.seen = sight(work.state)
                    return Accepted(wish.address, wish.changes, work.files.changed(before), rules)
                why = max(found, why, key=lambda one: one.weight)
    except Inexpressible as reason:
        return str(reason)
    return why.why


def _proposed(wish: Wish, seen: Sight) -> Iterator[Proposal]:
    if wish.address.root == DESTINATIONS:
        yield from proposed_places.accounts(wish, seen.project.destinations[wish.address.name], seen)
        return
    export = seen.project.exports[wish.address.name]
    holding = seen.estate.by_id(wish.id or "")
    if holding is None:
        raise Inexpressible("belongs to a flow that is not there")
    made = proposed_places.places(export, holding, seen) if wish.name == "place" else None
    for proposal in made or proposals(wish, export, holding, seen):
        if not all(writable(edit.value) for edit in proposal if isinstance(edit, Put)):
            raise Inexpressible("holds half a character, which no file can hold")
        if proposal:
            yield proposal


def _placed(files: Files, proposal: Proposal) -> Iterator[Files]:
    for layer in _ORDER:
        try:
            made = files.with_edits(proposal, layer)
        except Unfit:
            continue
        if made is not None and made.texts != files.texts:
            yield made


def _tried(work: _Work, wish: Wish, files: Files) -> Fault | None:
    edited = {name: text.encode("utf-8") for name, text in files.texts.items()}
    ground = work.state.ground
    state, found = fault(work.state, replace(ground, files={**ground.files, **edited}), wish)
    if state is not None:
        work.files, work.state = files, state
    return found


def _allowed(work: _Work, wish: Wish, proposal: Proposal, found: Fault) -> Fault | None:
    """The same once more, with the rules allowed that the live value breaks."""
    if wish.address.root != EXPORTS:
        return found
    path = (EXPORTS, work.seen.project.exports[wish.address.name].of, "allow")
    entries = [{"rule": rule, "reason": REASON} for rule in found.rules]
    edit: Edit = Listed(path, more=entries) if isinstance(work.seen.node(*path), Seq) else Put(path, entries)
    for files in _placed(work.files, (*proposal, edit)):
        found = _tried(work, wish, files) or found
        if work.files is files:
            return None
    return found
