"""
Plan one declared export against the live objects: create, complete, update, replace, adopt, or leave it paused. Pure.

    live flow at the address           connections without a flow   result
    none                               none                         create, unless another flow looks the same
    none                               ours, young                  complete the interrupted creation
    none                               ours, old                    the flow is gone: refuse without --allow-recreate
    one                                any                          compare; replace for another type, account or auth
    one that is being replaced         any                          finish the replacement, or take it back
    newer one, older being replaced    any                          compare the newer, delete the older; or restore the
                                                                    older, if only that one fits the config
    several of one generation          any                          duplicates: refuse unless `keep` names one
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from exportctl.errors import Finding, Level
from exportctl.model.next_steps import MoveOffer
from exportctl.model.plan import (
    WRITE_CAUSES,
    Action,
    Cause,
    Consequence,
    FieldChange,
    PlanItem,
    Refusal,
    Step,
    Verb,
    digest,
)
from exportctl.plan import create, flow_state, readers, steps
from exportctl.plan.create import deletion_steps, look_up_export_datasets, plan_creation
from exportctl.plan.dataset_lookup import DatasetLookup
from exportctl.plan.desired import DesiredExport, finding
from exportctl.plan.export_diff import ExportDiff, diff_consequences, diff_export, diff_findings, diff_refusals
from exportctl.plan.flow_state import PlanInputs
from exportctl.plan.look_alikes import entry_phrase
from exportctl.plan.own_actions import withdrawn_intent
from exportctl.plan.ownership import LiveFlow, choose_flows
from exportctl.plan.replacement import (
    paused_refusals,
    pauses_of,
    plan_replacement,
    replaced_flow_to_restore,
    replacement_reason,
)
from exportctl.plan.safety_checks import protect_consequences, protect_refusals
from exportctl.resources import wire
from exportctl.resources.kinds import DATASETS, FLOW, SOURCE_CONNECTION, SOURCE_IDS


def plan_export(export: DesiredExport, base: str | Step | None, inputs: PlanInputs) -> PlanItem:
    """
    Plan one export.

    `base` is the id of its base connection, the step that creates it, or None if the account does not exist (the caller
    adds that error).
    """
    current, older = choose_flows(export.declared, inputs.ownership)
    adopted = export.declared.adopt
    if adopted and (not current or current[0].has_unfinished_adoption(adopted)):
        return _adoption(export, adopted, base, inputs)
    if len(current) > 1:
        return _duplicates_item(export, current)
    if not current:
        return plan_creation(export, base, inputs, generation=1, replaced_flows=())
    live_flow = current[0]
    lookup = look_up_export_datasets(export, live_flow, inputs)
    if base is None or lookup.errors:
        blocked = create.blocked_item(export, live_flow.flow.id, lookup)
        return flow_state.unchanged_item(blocked, export, live_flow, inputs)
    why = replacement_reason(export, base, live_flow)
    restored = replaced_flow_to_restore(export, base, live_flow, older, inputs.as_of) if why else None
    if restored:
        return _restored_item(export, inputs, restored, live_flow)
    if why:
        return plan_replacement(export, base, inputs, live_flow, older, why, [i for i, _ in lookup.datasets])
    return _compared_item(export, inputs, live_flow, older, lookup)


def _duplicates_item(export: DesiredExport, flows: tuple[LiveFlow, ...]) -> PlanItem:
    named = ", ".join(f'{h.flow.id} ("{h.flow.name}"{", disabled" if h.is_disabled else ""})' for h in flows)
    text = f"{len(flows)} flows have the address {export.address}: {named}"
    choices = " or ".join(f"`keep: {h.flow.id}`" for h in flows)
    hint = f"write {choices} in {export.address}: apply keeps that flow and deletes the others"
    return PlanItem(
        export.address,
        Verb.BLOCKED,
        id=flows[0].flow.id,
        findings=(Finding("duplicates", text, export.declared.at, hint, Level.WARNING),),
        refusals=(Refusal("duplicates", text, hint),),
        at=export.declared.at,
    )


# -- compare ----------------------------------------------------------------------------------------------------------


def _compared_item(
    export: DesiredExport, inputs: PlanInputs, live_flow: LiveFlow, older: tuple[LiveFlow, ...], lookup: DatasetLookup
) -> PlanItem:
    reason = _unreadable_reason(live_flow)
    if reason:
        return _not_comparable_item(export, live_flow, reason, inputs)
    diff = diff_export(export, live_flow, lookup, inputs)
    replaced = [h for h in older if h.is_being_replaced and export.declared.enabled is not False]
    paused = pauses_of(replaced, export, inputs, [i for i, _ in lookup.datasets])
    made = _update_steps(diff, lookup, inputs)
    last = [s.key for s in made]
    used = {ref for step in made for ref in step.refs.values()}
    cleanup = [s for h in older for s in deletion_steps(export.address, h, needs=last)]
    cleanup += [
        steps.delete_step(export.address, o, needs=last)
        for address in sorted({export.address, *([live_flow.marker.address] if live_flow.marker else ())})
        for o in inputs.ownership.orphans.get(address, ())
        if o.id not in used
    ]
    return PlanItem(
        address=export.address,
        verb=_verb(diff, bool(older), bool(made), bool(cleanup)),
        id=live_flow.flow.id,
        # the deletion of a flow is a change too, so that people see and approve it
        fields=(
            *diff.shown_changes,
            *(c for changes in paused.values() for c in changes),
            *(FieldChange(FLOW.name, FLOW.name, h.quoted_name, None, Cause.PENDING) for h in older),
        ),
        steps=(*made, *cleanup),
        consequences=(
            *(_flow_deleted_consequence(h) for h in older),
            *_protect_consequences(export, live_flow),
            *diff_consequences(diff),
            *readers.update_consequences(diff),
        ),
        refusals=(*lookup.refusals, *diff_refusals(diff), *paused_refusals(export, paused)),
        findings=(*export.findings, *lookup.findings, *diff_findings(diff), *readers.update_findings(diff)),
        at=export.declared.at,
        **diff.end_and_next_runs(),
    )


def _protect_consequences(export: DesiredExport, live_flow: LiveFlow) -> tuple[Consequence, ...]:
    declared = export.declared.protect
    return protect_consequences(live_flow.protecting_marker(declared), declared)


def _restored_item(export: DesiredExport, inputs: PlanInputs, former: LiveFlow, new: LiveFlow) -> PlanItem:
    """
    Plan the way back from an unfinished replacement: delete the new flow, then use the former flow again.

    In this order, an interruption leaves the former flow alone, which the next plan takes back in any case.
    """
    lookup = look_up_export_datasets(export, former, inputs)
    item = _compared_item(export, inputs, former, (), lookup)
    first = deletion_steps(export.address, new, needs=[])
    paused = pauses_of((new,), export, inputs, [i for i, _ in lookup.datasets])
    note = f"deletes the new flow of an unfinished replacement: {new.quoted_name}; the former flow goes on"
    return replace(
        item,
        verb=Verb.UPDATE,
        fields=(*item.fields, FieldChange(FLOW.name, FLOW.name, new.quoted_name, None, Cause.PENDING)),
        steps=(*first, *(steps.add_needs(s, [first[0].key]) for s in item.steps)),
        consequences=(Consequence("flow-deleted", note, "warning"), *item.consequences),
        refusals=(
            *item.refusals,
            *protect_refusals(new.protecting_marker(export.declared.protect), Verb.DELETE, ()),
            *paused_refusals(export, paused),
        ),
    )


def _unreadable_reason(live_flow: LiveFlow) -> str | None:
    """Return why a flow cannot be compared: a write could lose hidden values or send a dataset again."""
    if live_flow.source is None or live_flow.target is None:
        return "has several connections, or a connection that this credential cannot see"
    if not live_flow.dataset_ids:
        return "has a source connection without datasets"
    if not wire.members(live_flow.target.raw.get("params")):
        return "has a target connection without params"
    if not wire.members(live_flow.flow.raw.get("scheduleParams")):
        return "has no scheduleParams"
    return None


def _not_comparable_item(export: DesiredExport, live_flow: LiveFlow, reason: str, inputs: PlanInputs) -> PlanItem:
    text = f"the flow {live_flow.flow.id} {reason}"
    entry = f"removed: [{{export: {export.address.name}, do: release, reason: …}}]"
    allow = f"fix it in the UI, or write `{entry}` to release it"
    item = PlanItem(
        export.address,
        Verb.BLOCKED,
        live_flow.flow.id,
        refusals=(Refusal("not-expressible", f"{text}, so exportctl cannot change it", allow),),
        findings=(
            finding(
                export,
                "not-comparable",
                f"{text}; exportctl only checks whether it is paused and when it ends",
                allow,
            ),
        ),
        at=export.declared.at,
    )
    return flow_state.unchanged_item(item, export, live_flow, inputs)


def _flow_deleted_consequence(live_flow: LiveFlow) -> Consequence:
    why = "the replaced flow" if live_flow.is_being_replaced else "the duplicate that `keep` does not name"
    return Consequence("flow-deleted", f"deletes {why}: {live_flow.quoted_name}", "warning")


def _verb(diff: ExportDiff, deletes_flows: bool, made: bool, cleanup: bool) -> Verb:
    causes = {c.cause for c in diff.changes}
    if deletes_flows or causes & WRITE_CAUSES:
        return Verb.UPDATE
    if Cause.RENEWAL in causes:
        return Verb.RENEW
    if made:
        return Verb.MARK
    if cleanup:
        return Verb.CLEAN
    return Verb.PAUSED if Cause.PAUSED in causes else Verb.UNCHANGED


def _update_steps(diff: ExportDiff, lookup: DatasetLookup, inputs: PlanInputs) -> tuple[Step, ...]:
    """
    Make the steps of an update.

    Location and format are one PATCH. Datasets are a POST, a PATCH and a DELETE. `enabled` is a PATCH, which writes the
    intent into the marker, and a POST. All other fields of the flow are one PATCH.
    """
    export, live_flow = diff.export, diff.live_flow
    assert live_flow.source is not None and live_flow.target is not None
    address, type_name = export.address, export.type.name
    made: list[Step] = []
    fields, marker = diff.target_fields, diff.new_target_marker()
    if fields or marker:
        made.append(steps.update_step(address, live_flow.target, type_name=type_name, fields=fields, marker=marker))
    # A rename moves the flow last: until then, either config finds the flow at the former address.
    is_renamed = live_flow.marker is not None and live_flow.marker.address != address
    first = [s.key for s in made] if is_renamed else []
    source = _source(diff, lookup, inputs) if DATASETS in diff.written_changes else None
    refs = {SOURCE_IDS: steps.reference(source)} if source else {}
    if isinstance(source, Step):
        made.append(source)
    acting: list[Step] = []
    fields, marker, text = diff.flow_fields, diff.new_flow_marker(), diff.new_text
    if fields or live_flow.flow.marker != marker or text is not None or refs:
        patch = steps.update_step(
            address,
            live_flow.flow,
            type_name=type_name,
            fields=fields,
            marker=marker,
            text=text,
            refs=refs,
            needs=first,
        )
        acting.append(patch)
        if source and live_flow.can_change(live_flow.source):
            acting.append(steps.delete_step(address, live_flow.source, needs=[patch.key]))
    if diff.operation:
        needs = [s.key for s in acting if s.action is Action.UPDATE]
        withdrawn = withdrawn_intent(marker, live_flow) if diff.operation == "disable" else None
        acting.append(steps.action_step(address, live_flow.flow, diff.operation, needs, withdrawn))
    return (*made, *acting)


def _source(diff: ExportDiff, lookup: DatasetLookup, inputs: PlanInputs) -> Step | str:
    """Return the new source connection: the orphan of an interrupted run with the same datasets, or a create step."""
    ids = [i for i, _ in lookup.datasets]
    for orphan in inputs.ownership.orphans.get(diff.export.address, ()):
        if orphan.kind == SOURCE_CONNECTION.name and wire.read_fields(orphan.kind, orphan.raw)[DATASETS] == ids:
            return orphan.id
    side = f"source {digest(ids)}"
    return create.source_step(diff.export, lookup, diff.live_flow.generation, inputs.ownership, side=side)


# -- adopt ------------------------------------------------------------------------------------------------------------


def _adoption(export: DesiredExport, flow: str, base: str | Step | None, inputs: PlanInputs) -> PlanItem:
    """
    Plan an adoption: write only markers; refuse while the YAML differs from the flow.

    The marker of the target comes last. Until it is there, for example after an interruption, the flow stays to adopt:
    what a person changed in between is not drift that apply undoes.
    """
    live_flow = inputs.ownership.flow_by_id(flow)
    if live_flow is None:
        text, hint = f"no flow in this sandbox has the id {flow} of `adopt`", "run `exportctl drift` to list the flows"
        unknown = finding(export, "adopt-unknown", text, hint, key="adopt", level=Level.ERROR)
        return PlanItem(export.address, Verb.UNCHANGED, findings=(unknown,), at=export.declared.at)
    lookup = look_up_export_datasets(export, live_flow, inputs)
    if base is None or lookup.errors:
        return create.blocked_item(export, flow, lookup)
    # A flow without a marker still belongs to the other project in the marker of its own target. A released flow keeps
    # only the marker of its source, so the source does not count.
    target_marker = live_flow.target_marker
    is_foreign = target_marker is not None and target_marker.project != inputs.ownership.project
    current, _ = choose_flows(export.declared, inputs.ownership)
    is_begun = live_flow in current and live_flow.has_unfinished_adoption(flow)
    marker = None if is_begun else live_flow.marker
    owner = marker or (target_marker if is_foreign else None)
    if owner is not None:
        text = f"the flow {flow} is owned by project {owner.project} ({owner.address})"
        entry = f"removed: [{{export: {owner.address.name}, do: release, reason: …}}]"
        move = entry_phrase(MoveOffer(owner.project, owner.address.name, flow, export.address.name))
        allow = f"release it in that project first: `{entry}`; or write {move} instead of `adopt`"
        refusal = Refusal("other-project", text, allow)
        found = create.lost_owner_findings(export, inputs.ownership)
        return PlanItem(export.address, Verb.ADOPT, id=flow, refusals=(refusal,), findings=found, at=export.declared.at)
    why = replacement_reason(export, base, live_flow)
    item = _compared_item(export, inputs, live_flow, (), lookup)
    differing = tuple(c for c in item.fields if c.cause is not Cause.ALREADY_MATCHES)
    refusals = item.refusals
    if why or differing:
        names = why or ", ".join(sorted({c.path for c in differing}))
        text = f"the YAML differs from the flow {flow}: {names}"
        allow = "write the values of the flow into the YAML; change them after adoption"
        refusals = (*refusals, Refusal("adoption-differs", text, allow))
    note = Consequence("adoption", "writes the ownership marker into descriptions and changes nothing else")
    made = _flow_first(item.steps)
    return replace(item, verb=Verb.ADOPT, consequences=(note,), refusals=refusals, fields=differing, steps=made)


def _flow_first(made: Sequence[Step]) -> tuple[Step, ...]:
    """Return the same steps; those of connections wait for those of the flow."""
    first = [s.key for s in made if s.kind == FLOW.name]
    return tuple(s if s.kind == FLOW.name else steps.add_needs(s, first) for s in made)
