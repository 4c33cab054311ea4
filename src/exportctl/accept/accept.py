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

from exportctl.accept import destination_edits
from exportctl.accept.context import ConfigState, EditContext, edit_context, load_config_state
from exportctl.accept.export_edits import NotExpressible, Proposal, proposals
from exportctl.accept.request import AcceptRequest, ChangeGroup, change_groups, group_name
from exportctl.accept.result import AcceptedChanges, AcceptResult, EditedFile, UnacceptedChanges
from exportctl.accept.target_file import EditableFiles, TargetLayer, editable_files
from exportctl.accept.verify_edit import EditProblem, ProblemWeight, check_edit
from exportctl.config.yaml_nodes import ListNode
from exportctl.importing.document import REASON
from exportctl.importing.importer import ConfigContext
from exportctl.model.plan import DESTINATIONS, EXPORTS
from exportctl.resources.kinds import LOCATION
from exportctl.yaml_edit.edit import ChangeList, Edit, EditError, SetValue, is_writable

_NO_FILE = EditProblem("no file of this project can say it", ProblemWeight.NO_EFFECT)
_LAYER_ORDER = (TargetLayer.CURRENT, TargetLayer.ENVIRONMENT, TargetLayer.EXTENDING_FILE)


@dataclass
class _WorkingState:
    """The files as they are by now, what they come to, and what edits are made from."""

    files: EditableFiles
    state: ConfigState
    context: EditContext


def accept_differences(ground: ConfigContext, own: Collection[str], asked: AcceptRequest) -> AcceptResult:
    """
    Accept every difference asked for; all others are planned too, since no edit may touch them. `own` names the files
    that may be edited.

    Raises:
        ConfigError: the config has an error.
    """
    before, state = editable_files(ground.files, own, ground.environment), load_config_state(ground)
    work = _WorkingState(before, state, edit_context(state))
    accepted: list[AcceptedChanges] = []
    left: list[UnacceptedChanges] = []
    for wish in change_groups(ground.plan(state.project, asked.flags), asked):
        if not _is_still_different(work.state, wish):
            accepted.append(AcceptedChanges(wish.address, wish.changes))
            continue
        granted = _accept_group(work, wish)
        if isinstance(granted, AcceptedChanges):
            accepted.append(granted)
        else:
            left.append(UnacceptedChanges(wish.address, wish.changes, granted))
    changed = work.files.changed_files(before)
    edited = [EditedFile(f, before.texts[f], work.files.texts[f]) for f in ground.files if f in changed]
    targeted = ground.plan(work.state.project, asked.flags)
    return AcceptResult(work.state.plan, targeted, tuple(edited), tuple(accepted), tuple(left))


def _is_still_different(state: ConfigState, wish: ChangeGroup) -> bool:
    """Is the difference there still? An edit for another one may have accepted it too."""
    causes = {change.cause for change in wish.changes}
    return any(
        group_name(change.field) == wish.name and change.cause in causes
        for item in state.plan.items
        if item.address == wish.address
        for change in item.fields
    )


def _accept_group(work: _WorkingState, wish: ChangeGroup) -> AcceptedChanges | str:
    """Keep the first edit that is proven; else say why there is none."""
    before, seen, why = work.files, work.context, _NO_FILE
    try:
        for proposal in _proposed_edits(wish, seen):
            for files in _files_with_edits(work.files, proposal):
                found = _try_files(work, wish, files)
                rules = found.rules if found else ()
                if found is not None and rules:
                    found = _try_with_allow(work, wish, proposal, found)
                if found is None:
                    work.context = edit_context(work.state)
                    return AcceptedChanges(wish.address, wish.changes, work.files.changed_files(before), rules)
                why = max(found, why, key=lambda one: one.weight)
    except NotExpressible as reason:
        return str(reason)
    return why.reason


def _proposed_edits(wish: ChangeGroup, seen: EditContext) -> Iterator[Proposal]:
    if wish.address.root == DESTINATIONS:
        yield from destination_edits.account_edits(wish, seen.project.destinations[wish.address.name], seen)
        return
    export = seen.project.exports[wish.address.name]
    live_flow = seen.ownership.flow_by_id(wish.id or "")
    if live_flow is None:
        raise NotExpressible("belongs to a flow that is not there")
    made = destination_edits.location_edits(export, live_flow, seen) if wish.name == LOCATION else None
    for proposal in made or proposals(wish, export, live_flow, seen):
        if not all(is_writable(edit.value) for edit in proposal if isinstance(edit, SetValue)):
            raise NotExpressible("holds half a character, which no file can hold")
        if proposal:
            yield proposal


def _files_with_edits(files: EditableFiles, proposal: Proposal) -> Iterator[EditableFiles]:
    for layer in _LAYER_ORDER:
        try:
            made = files.apply_edits(proposal, layer)
        except EditError:
            continue
        if made is not None and made.texts != files.texts:
            yield made


def _try_files(work: _WorkingState, wish: ChangeGroup, files: EditableFiles) -> EditProblem | None:
    edited = {name: text.encode("utf-8") for name, text in files.texts.items()}
    ground = work.state.context
    state, found = check_edit(work.state, replace(ground, files={**ground.files, **edited}), wish)
    if state is not None:
        work.files, work.state = files, state
    return found


def _try_with_allow(
    work: _WorkingState, wish: ChangeGroup, proposal: Proposal, found: EditProblem
) -> EditProblem | None:
    """The same once more, with the rules allowed that the live value breaks."""
    if wish.address.root != EXPORTS:
        return found
    path = (EXPORTS, work.context.project.exports[wish.address.name].declared_key, "allow")
    entries = [{"rule": rule, "reason": REASON} for rule in found.rules]
    edit: Edit = (
        ChangeList(path, added=entries) if isinstance(work.context.node(*path), ListNode) else SetValue(path, entries)
    )
    for files in _files_with_edits(work.files, (*proposal, edit)):
        found = _try_files(work, wish, files) or found
        if work.files is files:
            return None
    return found
