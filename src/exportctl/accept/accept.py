"""
Differences of a plan -> edits of the YAML that accept them. Each edit is verified before it is kept. Pure.

    group ─export_edits─▶ edits ─target_file─▶ files ─verify_edit─▶ accepts it and nothing else?  yes: kept
                                                 │                           no: the next layer, the next edits
                                                 └── with `allow`, if only rules that it can permit block the edit

The first verified edit is kept, and the next group is planned with it. If no edit is verified, the group stays, with
the reason that says most about the value itself (of several such reasons the last, because later edits change less).
This module writes no file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from exportctl.accept import destination_edits
from exportctl.accept.changes import (
    AcceptedChanges,
    AcceptRequest,
    AcceptResult,
    ChangeGroup,
    EditedFile,
    UnacceptedChanges,
    change_groups,
    group_name,
)
from exportctl.accept.context import ConfigState, EditContext, edit_context, load_config_state
from exportctl.accept.export_edits import NotExpressible, Proposal, proposals
from exportctl.accept.target_file import EditableFiles, TargetLayer, editable_files
from exportctl.accept.verify_edit import EditProblem, ProblemWeight, check_edit
from exportctl.config.yaml_nodes import ListNode
from exportctl.frozen import dataclass
from exportctl.importing.document import REASON
from exportctl.importing.importer import ConfigContext
from exportctl.model.plan import DESTINATIONS, EXPORTS
from exportctl.resources.kinds import LOCATION
from exportctl.yaml_edit.edit import ChangeList, Edit, EditError, SetValue
from exportctl.yaml_edit.emit import is_writable

_NO_FILE = EditProblem("no file of this project can set it", ProblemWeight.NO_EFFECT)
_LAYER_ORDER = (TargetLayer.CURRENT, TargetLayer.ENVIRONMENT, TargetLayer.EXTENDING_FILE)


@dataclass
class _WorkingState:
    """The files with all edits so far, their config, and what edits are made from."""

    files: EditableFiles
    state: ConfigState
    context: EditContext


def accept_differences(config: ConfigContext, editable: Collection[str], request: AcceptRequest) -> AcceptResult:
    """
    Accept every requested difference.

    `editable` names the files that may be edited. All other differences are planned too, because no edit may change
    them.

    Raises:
        ConfigError: the config has an error.
    """
    before, state = editable_files(config.files, editable, config.environment), load_config_state(config)
    work = _WorkingState(before, state, edit_context(state))
    accepted: list[AcceptedChanges] = []
    unaccepted: list[UnacceptedChanges] = []
    for group in change_groups(config.plan(state.project, request.flags), request):
        result = _accept_group(work, group)
        if isinstance(result, AcceptedChanges):
            accepted.append(result)
        else:
            unaccepted.append(UnacceptedChanges(group.address, group.changes, result))
    changed = work.files.changed_files(before)
    edited = [EditedFile(f, before.texts[f], work.files.texts[f]) for f in config.files if f in changed]
    targeted = config.plan(work.state.project, request.flags)
    return AcceptResult(work.state.plan, targeted, tuple(edited), tuple(accepted), tuple(unaccepted))


def _is_still_different(state: ConfigState, group: ChangeGroup) -> bool:
    """Return whether the difference still exists: an edit for another one may have accepted it too."""
    causes = {change.cause for change in group.changes}
    return any(
        group_name(change.field) == group.name and change.cause in causes
        for item in state.plan.items
        if item.address == group.address
        for change in item.fields
    )


def _accept_group(work: _WorkingState, group: ChangeGroup) -> AcceptedChanges | str:
    """Keep the first verified edit; else return why there is none."""
    if not _is_still_different(work.state, group):
        return AcceptedChanges(group.address, group.changes)
    before, context, why = work.files, work.context, _NO_FILE
    try:
        for proposal in _proposed_edits(group, context):
            for files in _files_with_edits(work.files, proposal):
                problem = _try_files(work, group, files)
                rules = problem.rules if problem else ()
                if problem is not None and rules:
                    problem = _try_with_allow(work, group, proposal, problem)
                if problem is None:
                    work.context = edit_context(work.state)
                    return AcceptedChanges(group.address, group.changes, work.files.changed_files(before), rules)
                why = max(problem, why, key=lambda one: one.weight)
    except NotExpressible as reason:
        return str(reason)
    return why.reason


def _proposed_edits(group: ChangeGroup, context: EditContext) -> Iterator[Proposal]:
    if group.address.root == DESTINATIONS:
        yield from destination_edits.account_edits(group, context.project.destinations[group.address.name], context)
        return
    export = context.project.exports[group.address.name]
    live_flow = context.ownership.flow_by_id(group.id or "")
    if live_flow is None:
        raise NotExpressible("belongs to a flow that does not exist")
    made = destination_edits.location_edits(export, live_flow, context) if group.name == LOCATION else None
    for proposal in made or proposals(group, export, live_flow, context):
        if not all(is_writable(edit.value) for edit in proposal if isinstance(edit, SetValue)):
            raise NotExpressible("contains half a character, which no file can contain")
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


def _try_files(work: _WorkingState, group: ChangeGroup, files: EditableFiles) -> EditProblem | None:
    edited = {name: text.encode("utf-8") for name, text in files.texts.items()}
    config = work.state.context
    state, problem = check_edit(work.state, replace(config, files={**config.files, **edited}), group)
    if state is not None:
        work.files, work.state = files, state
    return problem


def _try_with_allow(
    work: _WorkingState, group: ChangeGroup, proposal: Proposal, problem: EditProblem
) -> EditProblem | None:
    """Try the edits again, with an `allow` for the rules that the live value breaks."""
    if group.address.root != EXPORTS:
        return problem
    path = (EXPORTS, work.context.project.exports[group.address.name].declared_key, "allow")
    entries = [{"rule": rule, "reason": REASON} for rule in problem.rules]
    is_list = isinstance(work.context.node(*path), ListNode)
    edit: Edit = ChangeList(path, added=entries) if is_list else SetValue(path, entries)
    for files in _files_with_edits(work.files, (*proposal, edit)):
        problem = _try_files(work, group, files) or problem
        if work.files is files:
            return None
    return problem
