"""
Plan one declared export against the live objects: create, complete, update, replace, adopt, or leave it paused. Pure.

    live flow at the address           connections without a flow   result
    none                               none                         create, unless another flow looks the same
    none                               ours, young                  complete the interrupted creation
    none                               ours, old                    the flow is gone: refuse without --allow-recreate
    one                                any                          compare; replace for another type, account or auth
    one that is being replaced         any                          finish the replacement
    newer one, older being replaced    any                          compare the newer, delete the older
    several of one generation          any                          duplicates: refuse unless `keep` names one
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from exportctl.errors import Finding, Level
from exportctl.model.plan import (
    WRITE_CAUSES,
    Cause,
    Consequence,
    FieldChange,
    Marker,
    PlanItem,
    Refusal,
    Step,
    Verb,
    digest,
)
from exportctl.plan import steps
from exportctl.plan.create import (
    PlanInputs,
    blocked_item,
    child_kind,
    deletion_steps,
    look_up_export_datasets,
    lost_owner_findings,
    plan_creation,
    source_step,
)
from exportctl.plan.dataset_lookup import DatasetLookup
from exportctl.plan.desired import DesiredExport
from exportctl.plan.export_diff import ExportDiff, diff_export
from exportctl.plan.flow_state import unchanged_item
from exportctl.plan.ownership import LiveFlow, choose_flows
from exportctl.plan.replace import plan_replacement, replacement_reason
from exportctl.resources import wire
from exportctl.resources.kinds import FLOW, SOURCE_CONNECTION, SOURCE_IDS, TARGET_CONNECTION


def plan_export(export: DesiredExport, base: str | Step | None, inputs: PlanInputs) -> PlanItem:
    """
    Plan one export.

    `base` is the id of its base connection, the step that creates it, or None if the account does not exist (the caller
    adds that error).
    """
    current, older = choose_flows(export.declared, inputs.ownership)
    if export.declared.adopt and not current:
        return _adoption(export, base, inputs)
    if len(current) > 1:
        return _duplicates_item(export, current)
    if not current:
        return plan_creation(export, base, inputs, generation=1, replaced_flows=())
    live_flow = current[0]
    lookup = look_up_export_datasets(export, live_flow, inputs)
    if base is None or lookup.errors:
        return unchanged_item(blocked_item(export, live_flow.flow.id, lookup), export, live_flow, inputs.settings)
    why = replacement_reason(export, base, live_flow)
    if why:
        return plan_replacement(export, base, inputs, live_flow, older, why)
    return _compared_item(export, inputs, live_flow, older, lookup)


def _duplicates_item(export: DesiredExport, flows: tuple[LiveFlow, ...]) -> PlanItem:
    named = ", ".join(f'{h.flow.id} ("{h.flow.name}"{", disabled" if h.is_disabled else ""})' for h in flows)
    text = f"{len(flows)} flows have the address {export.address}: {named}"
    hint = f"write `keep: <flow id>` in {export.address}: apply keeps that flow and deletes the others"
    finding = Finding("duplicates", text, export.declared.at, hint, Level.WARNING)
    refusal = Refusal("duplicates", text, hint)
    return PlanItem(
        export.address,
        Verb.BLOCKED,
        id=flows[0].flow.id,
        findings=(finding,),
        refusals=(refusal,),
        at=export.declared.at,
    )


def _compared_item(
    export: DesiredExport, inputs: PlanInputs, live_flow: LiveFlow, older: tuple[LiveFlow, ...], lookup: DatasetLookup
) -> PlanItem:
    reason = _unreadable_reason(live_flow)
    if reason:
        return _not_comparable_item(export, live_flow, reason, inputs)
    comparison = diff_export(export, live_flow, lookup, inputs.settings)
    made = _update_steps(export, live_flow, comparison, lookup, inputs)
    writes = any(c.cause in WRITE_CAUSES for c in comparison.changes)
    last = [s.key for s in made]
    cleanup = [s for h in older for s in deletion_steps(export.address, h, needs=last)]
    orphans = [o for o in inputs.ownership.orphans.get(export.address, ()) if o.id not in _reused_ids(made)]
    cleanup += [steps.delete_step(child_kind(o), export.address, o, needs=last) for o in orphans]
    flows = older if cleanup else ()
    verb = _verb(writes or bool(flows), comparison, bool(made), bool(cleanup))
    return PlanItem(
        address=export.address,
        verb=verb,
        id=live_flow.flow.id,
        fields=(*comparison.changes, *(_deleted_flow_change(h) for h in flows)),
        steps=(*made, *cleanup),
        consequences=(*(_flow_deleted_consequence(h) for h in flows), *comparison.consequences),
        refusals=(*lookup.refusals, *comparison.refusals),
        findings=(*export.findings, *lookup.findings, *comparison.findings),
        ends=comparison.ends,
        schedule=comparison.schedule,
        next_before=comparison.next_before,
        next_after=comparison.next_after,
        at=export.declared.at,
    )


def _not_comparable_item(export: DesiredExport, live_flow: LiveFlow, reason: str, inputs: PlanInputs) -> PlanItem:
    text = f"the flow {live_flow.flow.id} {reason}"
    allow = f"fix it in the UI, or write `removed: [{{export: {export.address.name}, do: release}}]` to release it"
    refusal = Refusal("not-expressible", f"{text}, so exportctl cannot change it", allow)
    words = f"{export.address}: {text}; exportctl only checks whether it is paused and when it ends"
    finding = Finding("not-comparable", words, export.declared.at, allow, Level.WARNING)
    item = PlanItem(export.address, Verb.BLOCKED, live_flow.flow.id, refusals=(refusal,), findings=(finding,))
    return unchanged_item(replace(item, at=export.declared.at), export, live_flow, inputs.settings)


def _deleted_flow_change(live_flow: LiveFlow) -> FieldChange:
    """Show the deletion of a flow as a change, so that people see and approve it."""
    return FieldChange(FLOW.name, FLOW.name, live_flow.quoted_name, None, Cause.PENDING)


def _flow_deleted_consequence(live_flow: LiveFlow) -> Consequence:
    why = "the replaced flow" if live_flow.is_being_replaced else "the duplicate that `keep` does not name"
    return Consequence("flow-deleted", f'deletes {why}: {live_flow.flow.id} "{live_flow.flow.name}"', "warning")


def _unreadable_reason(live_flow: LiveFlow) -> str | None:
    """Return why a flow cannot be compared: a write could lose hidden values or send a dataset again."""
    if live_flow.source is None or live_flow.target is None:
        return "has several connections, or a connection that this credential cannot see"
    if not wire.read_fields(SOURCE_CONNECTION.name, live_flow.source.raw)["datasets"]:
        return "has a source connection without datasets"
    if not wire.members(live_flow.target.raw.get("params")):
        return "has a target connection without params"
    if not wire.members(live_flow.flow.raw.get("scheduleParams")):
        return "has no scheduleParams"
    return None


def _source(export: DesiredExport, live_flow: LiveFlow, lookup: DatasetLookup, inputs: PlanInputs) -> Step | str:
    """Return the new source connection: the orphan of an interrupted run with the same datasets, or a create step."""
    ids = [i for i, _ in lookup.datasets]
    for orphan in inputs.ownership.orphans.get(export.address, ()):
        if (
            child_kind(orphan) is SOURCE_CONNECTION
            and wire.read_fields(SOURCE_CONNECTION.name, orphan.raw)["datasets"] == ids
        ):
            return orphan.id
    return source_step(export, lookup, live_flow.generation, inputs.settings.project, suffix=digest(ids))


def _reused_ids(made: Sequence[Step]) -> frozenset[str]:
    """Return the ids of existing connections that these steps use."""
    return frozenset(ref for step in made for ref in step.refs.values() if isinstance(ref, str))


def _verb(writes: bool, comparison: ExportDiff, made: bool, cleanup: bool) -> Verb:
    causes = {c.cause for c in comparison.changes}
    if writes:
        return Verb.UPDATE
    if Cause.RENEWAL in causes:
        return Verb.RENEW
    if made:
        return Verb.MARK
    if cleanup:
        return Verb.CLEAN
    return Verb.PAUSED if Cause.PAUSED in causes else Verb.UNCHANGED


def _update_steps(
    export: DesiredExport, live_flow: LiveFlow, comparison: ExportDiff, lookup: DatasetLookup, inputs: PlanInputs
) -> tuple[Step, ...]:
    """
    Make the steps of an update.

    Location and format are one PATCH. Datasets are a POST, a PATCH and a DELETE. `enabled` is a POST and a PATCH. All
    other fields of the flow are one PATCH.
    """
    assert live_flow.source is not None and live_flow.target is not None
    made: list[Step] = []
    if comparison.target_fields or comparison.target_marker:
        made.append(
            steps.update_step(
                TARGET_CONNECTION,
                export.address,
                live_flow.target,
                type_name=export.type.name,
                fields=comparison.target_fields,
                marker=comparison.target_marker,
            )
        )
    needs: list[str] = []
    refs: dict[str, Any] = {}
    source = None
    if comparison.repoint:
        source = _source(export, live_flow, lookup, inputs)
        refs[SOURCE_IDS] = steps.reference(source)
        if isinstance(source, Step):
            made.append(source)
    if comparison.operation:
        acting = steps.action_step(FLOW, export.address, live_flow.flow, comparison.operation)
        made.append(acting)
        needs.append(acting.key)
    if comparison.flow_fields or comparison.flow_marker_changes or comparison.text is not None or refs:
        flow = steps.update_step(
            FLOW,
            export.address,
            live_flow.flow,
            type_name=export.type.name,
            fields=comparison.flow_fields,
            marker=comparison.flow_marker,
            text=comparison.text,
            refs=refs,
            needs=needs,
        )
        made.append(flow)
        if source is not None and live_flow.can_change(live_flow.source):
            made.append(steps.delete_step(SOURCE_CONNECTION, export.address, live_flow.source, needs=[flow.key]))
    return tuple(made)


def _owner(live_flow: LiveFlow, project: str) -> Marker | None:
    """
    Return the owner of a flow to adopt.

    A flow without a marker still belongs to the project in the marker of its own target. A released flow keeps only the
    marker of its source, so the source does not count.
    """
    target_marker = live_flow.target.marker if live_flow.target and live_flow.can_change(live_flow.target) else None
    return (
        live_flow.flow.marker
        or live_flow.marker
        or (target_marker if target_marker and target_marker.project != project else None)
    )


def _adoption(export: DesiredExport, base: str | Step | None, inputs: PlanInputs) -> PlanItem:
    """Plan an adoption: write only markers; refuse while the YAML differs from the flow."""
    live_flow = inputs.ownership.flow_by_id(export.declared.adopt or "")
    if live_flow is None:
        text = f"{export.address}: no flow in this sandbox has the id {export.declared.adopt} of `adopt`"
        finding = Finding(
            "adopt-unknown",
            text,
            export.declared.positions.get("adopt", export.declared.at),
            "run `exportctl drift` to list the flows",
        )
        return PlanItem(export.address, Verb.UNCHANGED, findings=(finding,), at=export.declared.at)
    lookup = look_up_export_datasets(export, live_flow, inputs)
    if base is None or lookup.errors:
        return blocked_item(export, live_flow.flow.id, lookup)
    owner = _owner(live_flow, inputs.settings.project)
    if owner is not None:
        text = f"the flow {live_flow.flow.id} is owned by project {owner.project} ({owner.address})"
        allow = "release it in that project first: `removed: [{export: …, do: release}]`"
        refusal = Refusal("other-project", text, allow)
        item = PlanItem(export.address, Verb.ADOPT, id=live_flow.flow.id, refusals=(refusal,), at=export.declared.at)
        return replace(item, findings=lost_owner_findings(export, inputs))
    why = replacement_reason(export, base, live_flow)
    item = _compared_item(export, inputs, live_flow, (), lookup)
    differing = tuple(c for c in item.fields if c.cause is not Cause.ALREADY_MATCHES)
    refusals = item.refusals
    if why or differing:
        names = why or ", ".join(sorted({c.path for c in differing}))
        text = f"the YAML differs from the flow {live_flow.flow.id}: {names}"
        refusals = (
            *refusals,
            Refusal("adoption-differs", text, "write the values of the flow into the YAML; change them after adoption"),
        )
    note = Consequence("adoption", "writes the ownership marker into descriptions and changes nothing else")
    return replace(item, verb=Verb.ADOPT, consequences=(note,), refusals=refusals, fields=differing)
