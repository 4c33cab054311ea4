"""
Steps and words for an export without a flow: created, completed after an interrupted run, or refused. Pure.

    children of ours without a flow     result
    none                                created, unless an unmarked flow looks just like it (never a twin)
    younger than 24 hours               what fits is taken up, the rest made, waste cleaned away
    older                               the flow was deleted or is hidden from us: refused without --allow-recreate
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
from exportctl.model.schedule import DAY, first_end, format_moment
from exportctl.plan import safety_checks, steps
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
    FOLDER,
    SOURCE_CONNECTION,
    SOURCE_IDS,
    START,
    TARGET_CONNECTION,
    TARGET_IDS,
    TITLE,
    Kind,
)

COMPLETION_WINDOW = DAY  # children without a flow are an interrupted run for 24 hours


@dataclass(frozen=True)
class PlanInputs:
    """What every export of one plan is held against."""

    ownership: Ownership
    listing: tuple[ListedDataset, ...]
    settings: PlanSettings


def look_up_export_datasets(export: DesiredExport, live_flow: LiveFlow | None, inputs: PlanInputs) -> DatasetLookup:
    names: Mapping[str, str] = {}
    if live_flow and live_flow.source:
        read = wire.read_fields(SOURCE_CONNECTION.name, live_flow.source.raw)
        names = {i: read["names"].get(i, "") for i in read["datasets"]}
    return look_up_datasets(str(export.address), export.declared.datasets, inputs.listing, names)


def blocked_item(export: DesiredExport, flow: str | None, lookup: DatasetLookup) -> PlanItem:
    return PlanItem(
        export.address,
        Verb.UNCHANGED,
        id=flow,
        findings=(*lookup.errors, *lookup.findings),
        refusals=lookup.refusals,
        at=export.declared.at,
    )


def deletion_steps(address: Address, live_flow: LiveFlow, needs: list[str]) -> list[Step]:
    """Flow first, then the children that are ours and have no other user."""
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
    """A new flow with its children; `going` are the flows it replaces."""
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
            *safety_checks.late_start_findings(export, inputs.settings.as_of),
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
    """Children of ours without a flow, those from before a rename too: renaming does not show a hidden flow."""
    return tuple(o for address in _addresses(export) for o in inputs.ownership.orphans.get(address, ()))


def _addresses(export: DesiredExport) -> tuple[Address, ...]:
    """Its own, and the one before a rename."""
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
    Source, target, flow, in that order. A target left behind that fits is taken up, other ones are cleaned away.

    Sources left behind are deleted first, as a probe: should the flow exist after all, hidden from this credential by
    an access label, the service says that they are in use (FLOW 1447), and no twin is made. Beside a flow that is being
    replaced they are only waste. What is made new waits for what is left behind, whose name it may have (U7).
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
    """Names are set once and never compared; they differ all the same, should the service want that (U7)."""
    return " ".join(part for part in (title, str(generation) if generation > 1 else "", suffix) if part)


def source_step(export: DesiredExport, lookup: DatasetLookup, generation: int, project: str, suffix: str = "") -> Step:
    """The source connection of a dataset list; `again` tells it from the one it takes the place of."""
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
    fields = {n: managed[n] for n in (TITLE, EVERY, FOLDER)} | {START: dict(export.start_rule), END: end}
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
    built_so_far = f"{len(young)} of its connections exist, the flow does not"
    text = f"{export.address}: a creation begun {since} was interrupted; {built_so_far}"
    hint = "apply completes it; if you deleted the flow, remove the export"
    finding = Finding("half-built", text, export.declared.at, hint, Level.WARNING)
    note = Consequence("complete", f"completes the creation begun {since}; if you deleted the flow, remove the export")
    return replace(item, findings=(*item.findings, finding), consequences=(note, *item.consequences))


def _add_flow_gone_finding(
    export: DesiredExport, item: PlanItem, old: list[LiveObject], inputs: PlanInputs
) -> PlanItem:
    since = format_moment(max(o.created_at for o in old))
    text = f"{export.address}: its connections of {since} are there, its flow is gone or hidden from this credential"
    finding = Finding(
        "flow-gone", text, export.declared.at, "remove the export if the flow was deleted on purpose", Level.WARNING
    )
    item = replace(item, findings=(*item.findings, finding))
    if inputs.settings.options.can_recreate(export.address):
        return replace(
            item, consequences=(*item.consequences, full_export_consequence("a new flow sends every dataset in full"))
        )
    return replace(item, refusals=(*item.refusals, Refusal("re-creation", text, f"--allow-recreate {export.address}")))


def full_export_consequence(text: str) -> Consequence:
    return Consequence("full-export", text, "cost")


def _add_look_alike_refusal(
    export: DesiredExport, lookup: DatasetLookup, item: PlanItem, inputs: PlanInputs
) -> PlanItem:
    """A flow that would get a twin: unmarked with the same name, type and datasets, or ours without our marker."""
    lost = lost_owner_refusal(export, inputs)
    if lost:
        return replace(
            item, refusals=(*item.refusals, lost), findings=(*item.findings, *lost_owner_findings(export, inputs))
        )
    ids = [i for i, _ in lookup.datasets]
    same = next((r for h in inputs.ownership.flows if (r := _same_flow_refusal(export, ids, h))), None)
    return replace(item, refusals=(*item.refusals, same)) if same else item


def lost_owner_refusal(export: DesiredExport, inputs: PlanInputs) -> Refusal | None:
    """Why a flow may be this export's, whose own marker does not say so."""
    return next((r for h in inputs.ownership.flows if (r := _flow_owner_refusal(export, h, inputs))), None)


def _flow_owner_refusal(export: DesiredExport, live_flow: LiveFlow, inputs: PlanInputs) -> Refusal | None:
    """
    Its target, unshared, says that it is ours: the marker was wiped off or written over, or the target borrowed. Where
    the target cannot be seen, its source stands in; else it proves nothing, since a flow that is released keeps it.
    """
    child = live_flow.target or live_flow.source
    claim = child.marker if child and live_flow.can_change(child) else None
    if claim is None or claim.project != inputs.settings.project or claim.address not in _addresses(export):
        return None
    says = f"its {'target' if live_flow.target else 'source'} still says {claim.address}"
    flow = f'the flow {live_flow.flow.id} "{live_flow.flow.name}"'
    if live_flow.flow.marker:
        text = f"{flow} carries another owner's marker, {says}"
        allow = "write the flow's own marker back into its description, or take the export out of the config"
        return Refusal("foreign-owner", text, allow)
    text = f"{flow} carries no marker, {says}"
    allow = f"`adopt: {live_flow.flow.id}` in {export.address} if it is the same, or give the flow a target of its own"
    return Refusal("look-alike", text, allow)


def lost_owner_findings(export: DesiredExport, inputs: PlanInputs) -> tuple[Finding, ...]:
    """Said by `drift` too: nothing is renewed, or put back, on a flow whose owner cannot be told."""
    lost = lost_owner_refusal(export, inputs)
    if lost is None:
        return ()
    text = f"{export.address}: {lost.text}: it is neither changed nor renewed"
    return (Finding("marker-lost", text, export.declared.at, lost.allow, Level.WARNING),)


def _same_flow_refusal(export: DesiredExport, ids: list[str], live_flow: LiveFlow) -> Refusal | None:
    if live_flow.marker or live_flow.flow.name != export.declared.title or live_flow.source is None:
        return None
    datasets = wire.read_fields(SOURCE_CONNECTION.name, live_flow.source.raw)["datasets"]
    if wire.destination_type(live_flow.flow.raw) is not export.type or datasets != ids:
        return None
    name = f'{live_flow.flow.id} "{live_flow.flow.name}"'
    text = f"the flow {name} exists already, unmanaged, with the same type and datasets"
    allow = f"`adopt: {live_flow.flow.id}` in {export.address} to take it over, or another `title` to have both"
    return Refusal("look-alike", text, allow)
