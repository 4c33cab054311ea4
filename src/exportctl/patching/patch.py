"""
Differences of a plan -> edits of the YAML that accept them, each proven before it is kept. Pure.

    wish ─proposals─▶ edits ─placing─▶ files ─judging─▶ accepts it and nothing else?  yes: kept
                                          │                        no: the next layer, the next edits
                                          └── with `allow`, where only rules that it can permit are in the way

The first edit that is proven is kept, and the next wish is planned against it. Where none is, the wish is left with the
reason of the last one. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from exportctl.config.nodes import Seq
from exportctl.flags import Flags
from exportctl.importing.adoption import Ground
from exportctl.importing.document import REASON
from exportctl.model import DESTINATIONS, EXPORTS, Cause
from exportctl.patching import proposed_places
from exportctl.patching.edits import Edit, Listed, Put, Unfit
from exportctl.patching.judging import Fault, Judged, fault, judged
from exportctl.patching.placing import Files, Layer
from exportctl.patching.proposals import Inexpressible, Proposal, proposals
from exportctl.patching.report import Accepted, Edited, NotAccepted, Patched
from exportctl.patching.sight import Sight, sight
from exportctl.patching.wishes import Wish, together, wishes

_NOWHERE = Fault("no file of this project can say it")
_ORDER = (Layer.HERE, Layer.ENVIRONMENT, Layer.ABOVE)


@dataclass
class _Work:
    """The files as they are by now, and what they come to."""

    ground: Ground
    files: Files
    state: Judged


def patched(ground: Ground, own: Collection[str], flags: Flags, causes: Collection[Cause]) -> Patched:
    """
    Accept every difference of `causes` at the addresses that `flags` target; all others are planned too, since no edit
    may touch them. `own` names the files that may be edited.

    Raises:
        ConfigError: the config has an error.
    """
    texts = {name: data.decode("utf-8") for name, data in ground.files.items() if name in own}
    work = _Work(ground, Files(texts, ground.environment), judged(ground))
    accepted: list[Accepted] = []
    left: list[NotAccepted] = []
    for wish in wishes(work.state.plan, flags, causes):
        if not _stands(work.state, wish):
            accepted.append(Accepted(wish.address, wish.changes))
            continue
        granted = _granted(work, wish)
        if isinstance(granted, Accepted):
            accepted.append(granted)
        else:
            left.append(NotAccepted(wish.address, wish.changes, granted))
    changed = [Edited(f, t, work.files.texts[f]) for f, t in texts.items() if work.files.texts[f] != t]
    return Patched(work.state.plan, tuple(changed), tuple(accepted), tuple(left))


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
    before = work.files
    seen = sight(work.ground)
    why = _NOWHERE
    try:
        for proposal in _proposed(wish, seen):
            for files in _placed(work.files, proposal):
                found = _tried(work, wish, files)
                rules = found.rules if found else ()
                if found is not None and rules:
                    found = _allowed(work, wish, seen, proposal, found)
                if found is None:
                    return Accepted(wish.address, wish.changes, work.files.changed(before), rules)
                why = found
    except Inexpressible as reason:
        return str(reason)
    return why.why


def _proposed(wish: Wish, seen: Sight) -> Iterator[Proposal]:
    if wish.address.root == DESTINATIONS:
        yield from proposed_places.accounts(wish, seen.project.destinations[wish.address.name], seen)
        return
    export = seen.project.exports[wish.address.name]
    holding = seen.holding(export)
    if holding is None:
        raise Inexpressible("belongs to a flow that is not there")
    made = proposed_places.places(export, holding, seen) if wish.name == "place" else None
    yield from (p for p in made or proposals(wish, export, holding, seen) if p)


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
    ground = replace(work.ground, files={**work.ground.files, **edited})
    state, found = fault(work.state, ground, wish)
    if state is not None:
        work.ground, work.files, work.state = ground, files, state
    return found


def _allowed(work: _Work, wish: Wish, seen: Sight, proposal: Proposal, found: Fault) -> Fault | None:
    """The same once more, with the rules allowed that the live value breaks."""
    if wish.address.root != EXPORTS:
        return found
    path = (EXPORTS, seen.project.exports[wish.address.name].of, "allow")
    entries = [{"rule": rule, "reason": REASON} for rule in found.rules]
    edit: Edit = Listed(path, more=entries) if isinstance(seen.node(*path), Seq) else Put(path, entries)
    for files in _placed(work.files, (*proposal, edit)):
        found = _tried(work, wish, files) or found
        if work.files is files:
            return None
    return found
