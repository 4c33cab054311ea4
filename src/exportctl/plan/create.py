"""
Plan an export without a flow: create it, complete it after an interrupted run, or refuse. Pure.

    our connections without a flow      result
    none                                create, unless an unmarked flow looks the same (it could be a duplicate)
    younger than 24 hours               complete: use what fits, create the rest, delete other orphans
    older                               the flow was deleted or is hidden: refuse without --allow-recreate
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from exportctl.errors import Finding, Level
from exportctl.model.plan import (
    Address,
    Consequence,
    ListedDataset,
    LiveObject,
    Marker,
    PlanItem,
    Refusal,
    Step,
    Verb,
    digest,
)
from exportctl.model.schedule import DAY, ONCE, first_end, format_moment
from exportctl.plan import steps
from exportctl.plan.consequences import creation_preview
from exportctl.plan.dataset_lookup import DatasetLookup, look_up_datasets
from exportctl.plan.desired import DesiredExport
from exportctl.plan.flow_state import PlanSettings
from exportctl.plan.ownership import LiveFlow, Ownership
from exportctl.resources import wire
from exportctl.resources.kinds import (
    BASE_ID,
    DATASETS,
    END,
    EVERY,
    FLOW,
    SOURCE_CONNECTION,
    SOURCE_IDS,
    START,
    TARGET_CONNECTION,
    TARGET_IDS,
    FieldRequest,
    Kind,
)

COMPLETION_WINDOW = DAY  # for 24 hours connections without a flow count as an interrupted run


@dataclass(frozen=True)
class PlanInputs:
    """The inputs that every export of one plan is compared with."""

    ownership: Ownership
    listing: tuple[ListedDataset, ...]
    settings: PlanSettings


def look_up_export_datasets(export: DesiredExport, live_flow: LiveFlow | None, inputs: PlanInputs) -> DatasetLookup:
    """Look up the datasets of an export, with the names that its live source connection has."""
    names: Mapping[str, str] = {}
    if live_flow and live_flow.source:
        read = wire.read_fields(SOURCE_CONNECTION.name, live_flow.source.raw)
        names = {i: read["names"].get(i, "") for i in read["datasets"]}
    return look_up_datasets(str(export.address), export.declared.datasets, inputs.listing, names)


def blocked_item(export: DesiredExport, flow: str | None, lookup: DatasetLookup) -> PlanItem:
    """Make the item of an export that cannot be planned, because an account or a dataset is missing."""
    return PlanItem(
        export.address,
        Verb.UNCHANGED,
        id=flow,
        findings=(*lookup.errors, *lookup.findings),
        refusals=lookup.refusals,
        at=export.declared.at,
    )


def deletion_steps(address: Address, live_flow: LiveFlow, needs: list[str]) -> list[Step]:
    """Delete the flow first, then its connections that no other flow uses."""
    flow = steps.delete_step(FLOW, address, live_flow.flow, needs=needs)
    removed = [flow]
    for kind, child in ((TARGET_CONNECTION, live_flow.target), (SOURCE_CONNECTION, live_flow.source)):
        if child is not None and live_flow.can_change(child):
            removed.append(steps.delete_step(kind, address, child, needs=[flow.key]))
    return removed


def plan_creation(
    export: DesiredExport,
    base: str | Step | None,
    inputs: PlanInputs,
    *,
    generation: int,
    replaced_flows: tuple[LiveFlow, ...],
) -> PlanItem:
    """Plan a new flow with its connections; it replaces `replaced_flows`."""
    lookup = look_up_export_datasets(export, replaced_flows[0] if replaced_flows else None, inputs)
    orphans = _export_orphans(export, inputs)
    old = [o for o in orphans if inputs.settings.as_of - o.created_at >= COMPLETION_WINDOW]
    young = [o for o in orphans if o not in old]
    if base is None or lookup.errors:
        return blocked_item(export, None, lookup)
    made = _creation_steps(export, base, lookup, generation, orphans, inputs)
    text = creation_preview(export, lookup, inputs.settings.as_of)
    item = PlanItem(
        address=export.address,
        verb=Verb.COMPLETE if young and not old and not replaced_flows else Verb.CREATE,
        fields=text.fields,
        steps=made,
        consequences=text.consequences,
        refusals=lookup.refusals,
        findings=(
            *export.findings,
            *lookup.findings,
            *late_start_findings(export, inputs.settings.as_of),
        ),
        ends=text.ends,
        schedule=text.schedule,
        next_after=text.next_after,
        at=export.declared.at,
    )
    if replaced_flows:
        return item
    if old:
        item = _add_flow_gone_finding(export, item, old, inputs)
    elif young:
        item = _add_half_built_finding(export, item, young)
    return _add_look_alike_refusal(export, lookup, item, inputs)


def _export_orphans(export: DesiredExport, inputs: PlanInputs) -> tuple[LiveObject, ...]:
    """Return our connections without a flow, also at the address before a rename: a rename reveals no hidden flow."""
    return tuple(o for address in _addresses(export) for o in inputs.ownership.orphans.get(address, ()))


def _addresses(export: DesiredExport) -> tuple[Address, ...]:
    """Return the address of the export, and the one before a rename."""
    before = export.declared.renamed_from
    return (export.address, *([Address(export.address.root, before)] if before else []))


def _creation_steps(
    export: DesiredExport,
    base: str | Step,
    lookup: DatasetLookup,
    generation: int,
    orphans: tuple[LiveObject, ...],
    inputs: PlanInputs,
) -> tuple[Step, ...]:
    """
    Create source, target and flow, in that order; use an orphaned target that fits and delete the other orphans.

    Orphaned sources are deleted first, to detect a hidden flow: if an access label hides the flow, the service says
    that they are in use (FLOW 1447), and apply creates no duplicate. During a replacement they are only orphans. New
    objects wait for these deletions, because they may have the same names (U7).
    """
    project = inputs.settings.project
    fitting = (o for o in orphans if o.kind == TARGET_CONNECTION.name and _has_same_target(o, export, base))
    kept = next((o for o in fitting if o.marker and o.marker.address == export.address), None)
    probes = [
        steps.delete_step(SOURCE_CONNECTION, export.address, o, probe=generation == 1)
        for o in _objects_of_kind(SOURCE_CONNECTION, orphans)
    ]
    proven = [p.key for p in probes]
    cleanup = [
        steps.delete_step(TARGET_CONNECTION, export.address, o, needs=proven)
        for o in _objects_of_kind(TARGET_CONNECTION, orphans)
        if o is not kept
    ]
    source = _add_needs(source_step(export, lookup, generation, project), proven)
    target = _add_needs(_target_step(export, base, generation, project), [*proven, *(w.key for w in cleanup)])
    flow = _add_needs(_flow_step(export, lookup, source, kept.id if kept else target, generation, inputs), proven)
    made = [*probes, *cleanup, source, *(() if kept else (target,)), flow]
    if export.declared.enabled is False:
        made.append(steps.new_object_action_step(FLOW, export.address, flow, "disable"))
    return tuple(made)


def _objects_of_kind(kind: Kind, objects: tuple[LiveObject, ...]) -> Iterator[LiveObject]:
    return (o for o in objects if o.kind == kind.name)


def _add_needs(step: Step, others: Sequence[str]) -> Step:
    return replace(step, needs=tuple(sorted({*step.needs, *others})))


def child_kind(live: LiveObject) -> Kind:
    return SOURCE_CONNECTION if live.kind == SOURCE_CONNECTION.name else TARGET_CONNECTION


def _has_same_target(orphan: LiveObject, export: DesiredExport, base: str | Step) -> bool:
    return base in wire.ids(orphan.raw, BASE_ID) and wire.read_fields(TARGET_CONNECTION.name, orphan.raw) == dict(
        export.target_fields
    )


def _numbered_title(title: str, generation: int, suffix: str = "") -> str:
    """Add the generation to a title: the service may require different names (U7). Names are never compared."""
    return " ".join(part for part in (title, str(generation) if generation > 1 else "", suffix) if part)


def source_step(export: DesiredExport, lookup: DatasetLookup, generation: int, project: str, suffix: str = "") -> Step:
    """Create the source connection of a dataset list; `suffix` tells it from the connection that it replaces."""
    return steps.create_step(
        SOURCE_CONNECTION,
        export.address,
        type_name=export.type.name,
        title=_numbered_title(f"{project}/{export.declared.key} source", generation, suffix),
        text="",
        fields={DATASETS: [list(pair) for pair in lookup.datasets]},
        marker=Marker(project, SOURCE_CONNECTION.letter, export.address.name, generation),
    )


def _target_step(export: DesiredExport, base: str | Step, generation: int, project: str) -> Step:
    applied = {name: (digest(value),) for name, value in export.target_fields.items()}
    return steps.create_step(
        TARGET_CONNECTION,
        export.address,
        type_name=export.type.name,
        title=_numbered_title(f"{project}/{export.declared.key} target", generation),
        text="",
        fields=export.target_fields,
        marker=Marker(project, TARGET_CONNECTION.letter, export.address.name, generation, applied=applied),
        refs={BASE_ID: steps.reference(base)},
    )


def _flow_step(
    export: DesiredExport,
    lookup: DatasetLookup,
    source: str | Step,
    target: str | Step,
    generation: int,
    inputs: PlanInputs,
) -> Step:
    declared = export.declared
    end = first_end(declared.end, inputs.settings.as_of)
    managed: dict[str, Any] = {**export.flow_fields, DATASETS: [i for i, _ in lookup.datasets]}
    applied = {n: (digest(v),) for n, v in managed.items() if v is not None}
    if end is not None:
        applied[END] = (str(end),)
    fields = {n: managed[n] for n in FLOW.fields_sent_by(FieldRequest.PATCH)} | {
        START: dict(export.start_rule),
        END: end,
    }
    return steps.create_step(
        FLOW,
        export.address,
        type_name=export.type.name,
        title=declared.title,
        text=declared.description,
        fields=fields,
        marker=Marker(
            inputs.settings.project,
            FLOW.letter,
            export.address.name,
            generation,
            protected=declared.protect,
            last_seen_enabled=declared.enabled is not False,  # flows are enabled on creation [UD]
            applied=applied,
        ),
        refs={SOURCE_IDS: steps.reference(source), TARGET_IDS: steps.reference(target)},
    )


def _add_half_built_finding(export: DesiredExport, item: PlanItem, young: list[LiveObject]) -> PlanItem:
    since = format_moment(min(o.created_at for o in young))
    exists = f"{len(young)} of its connections exist, but not the flow"
    text = f"{export.address}: its creation of {since} was interrupted; {exists}"
    hint = "run `exportctl apply` to complete it; if you deleted the flow, remove the export"
    finding = Finding("half-built", text, export.declared.at, hint, Level.WARNING)
    note = Consequence("complete", f"completes the creation of {since}; if you deleted the flow, remove the export")
    return replace(item, findings=(*item.findings, finding), consequences=(note, *item.consequences))


def _add_flow_gone_finding(
    export: DesiredExport, item: PlanItem, old: list[LiveObject], inputs: PlanInputs
) -> PlanItem:
    since = format_moment(max(o.created_at for o in old))
    text = f"{export.address}: its connections of {since} exist, but its flow was deleted or is hidden"
    hint = "remove the export if the flow was deleted on purpose"
    finding = Finding("flow-gone", text, export.declared.at, hint, Level.WARNING)
    item = replace(item, findings=(*item.findings, finding))
    if inputs.settings.options.can_recreate(export.address):
        return replace(
            item, consequences=(*item.consequences, full_export_consequence("a new flow sends every dataset in full"))
        )
    return replace(item, refusals=(*item.refusals, Refusal("re-creation", text, f"--allow-recreate {export.address}")))


def full_export_consequence(text: str) -> Consequence:
    """Say that every dataset is sent in full."""
    return Consequence("full-re-export", text, "cost")


def _add_look_alike_refusal(
    export: DesiredExport, lookup: DatasetLookup, item: PlanItem, inputs: PlanInputs
) -> PlanItem:
    """Refuse a possible duplicate: of an unmarked flow that looks the same, or of a flow that lost its marker."""
    lost = lost_owner_refusal(export, inputs)
    if lost:
        return replace(
            item, refusals=(*item.refusals, lost), findings=(*item.findings, *lost_owner_findings(export, inputs))
        )
    ids = [i for i, _ in lookup.datasets]
    same = next((r for h in inputs.ownership.flows if (r := _same_flow_refusal(export, ids, h))), None)
    return replace(item, refusals=(*item.refusals, same)) if same else item


def lost_owner_refusal(export: DesiredExport, inputs: PlanInputs) -> Refusal | None:
    """Refuse if a flow may belong to this export although its own marker does not say so."""
    return next((r for h in inputs.ownership.flows if (r := _flow_owner_refusal(export, h, inputs))), None)


def _flow_owner_refusal(export: DesiredExport, live_flow: LiveFlow, inputs: PlanInputs) -> Refusal | None:
    """
    Refuse if the target of a flow, used by no other flow, has the marker of this export.

    The marker of the flow was removed or overwritten, or the flow uses our target. The source counts only where the
    target is hidden: a released flow keeps the marker on its source.
    """
    child = live_flow.target or live_flow.source
    claim = child.marker if child and live_flow.can_change(child) else None
    if claim is None or claim.project != inputs.settings.project or claim.address not in _addresses(export):
        return None
    says = f"but its {'target' if live_flow.target else 'source'} still has the marker of {claim.address}"
    flow = f"the flow {live_flow.quoted_name}"
    if live_flow.flow.marker:
        text = f"{flow} has the marker of another owner, {says}"
        allow = "restore the marker of the flow in its description, or remove the export from the config"
        return Refusal("other-project", text, allow)
    text = f"{flow} has no marker, {says}"
    allow = (
        f"write `adopt: {live_flow.flow.id}` in {export.address} if it is this flow, or give the flow its own target"
    )
    return Refusal("look-alike", text, allow)


def lost_owner_findings(export: DesiredExport, inputs: PlanInputs) -> tuple[Finding, ...]:
    """Report the refusal also in `drift`: exportctl neither changes nor renews a flow with an unclear owner."""
    lost = lost_owner_refusal(export, inputs)
    if lost is None:
        return ()
    text = f"{export.address}: {lost.text}; exportctl neither changes nor renews it"
    return (Finding("marker-lost", text, export.declared.at, lost.allow, Level.WARNING),)


def _same_flow_refusal(export: DesiredExport, ids: list[str], live_flow: LiveFlow) -> Refusal | None:
    if live_flow.marker or live_flow.flow.name != export.declared.title or live_flow.source is None:
        return None
    datasets = wire.read_fields(SOURCE_CONNECTION.name, live_flow.source.raw)["datasets"]
    if wire.destination_type(live_flow.flow.raw) is not export.type or datasets != ids:
        return None
    text = f"the unmanaged flow {live_flow.quoted_name} has the same title, type and datasets"
    allow = f"write `adopt: {live_flow.flow.id}` in {export.address} to adopt it, or another `title` to create a second"
    return Refusal("look-alike", text, allow)


def late_start_findings(export: DesiredExport, as_of: int) -> tuple[Finding, ...]:
    """Report a new one-time export with a past start: it would never run, or run at once."""
    start = export.declared.schedule.start
    if export.flow_fields[EVERY] != ONCE or start is None or start >= as_of:
        return ()
    text = f"{export.address} runs once, but its start {format_moment(start)} is past"
    at = export.declared.positions.get("schedule", export.declared.at)
    return (Finding("start-in-past", text, at, "write a later `start`"),)
