"""
Plan an export without a flow: create it, complete it after an interrupted run, or refuse. Pure.

    our connections without a flow      result
    none                                create, unless a flow of others exports the same (plan/look_alikes.py)
    younger than 24 hours               complete: use what fits, create the rest, delete other orphans
    older                               the flow was deleted or is hidden: refuse without --allow-recreate
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from exportctl.errors import Finding
from exportctl.model import schedule as schedules
from exportctl.model.plan import (
    Address,
    Cause,
    Consequence,
    FieldChange,
    LiveObject,
    Marker,
    PlanItem,
    Refusal,
    Step,
    Verb,
    digest,
)
from exportctl.model.schedule import DAY, ONCE, format_moment
from exportctl.plan import steps
from exportctl.plan.dataset_lookup import DatasetLookup, look_up_datasets
from exportctl.plan.desired import DesiredExport, finding
from exportctl.plan.flow_state import PlanInputs
from exportctl.plan.look_alikes import look_alike_refusal
from exportctl.plan.lost_owners import lost_owner_refusal
from exportctl.plan.ownership import LiveFlow, Ownership, export_addresses
from exportctl.plan.titles import free_title
from exportctl.resources import kinds, wire
from exportctl.resources.kinds import FLOW, SOURCE_CONNECTION, TARGET_CONNECTION, FieldRequest, Kind, leaf_path

COMPLETION_WINDOW = DAY  # for 24 hours connections without a flow count as an interrupted run


def look_up_export_datasets(export: DesiredExport, live_flow: LiveFlow | None, inputs: PlanInputs) -> DatasetLookup:
    """Look up the datasets of an export, with the names that its live source connection has."""
    names = live_flow.dataset_names if live_flow else {}
    if not inputs.listing.is_read:  # apply uses a source again that no flow uses now, so its names count too
        sources = (o for o in inputs.ownership.orphans.get(export.address, ()) if o.kind == SOURCE_CONNECTION.name)
        names = {i: name for o in sources for i, name in wire.read_fields(o.kind, o.raw)["names"].items()} | names
    return look_up_datasets(str(export.address), export.declared.datasets, inputs.listing, names, inputs.listing_hint)


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
    flow = steps.delete_step(address, live_flow.flow, needs=needs)
    children = (c for c in (live_flow.target, live_flow.source) if c and live_flow.can_change(c))
    return [flow, *(steps.delete_step(address, child, needs=[flow.key]) for child in children)]


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
    if base is None or lookup.errors:
        return blocked_item(export, None, lookup)
    declared, as_of, every = export.declared, inputs.as_of, export.flow_fields[kinds.EVERY]
    # those of the address before a rename count too: a rename reveals no hidden flow
    orphans = tuple(o for a in export_addresses(declared) for o in inputs.ownership.orphans.get(a, ()))
    old = [o for o in orphans if as_of - o.created_at >= COMPLETION_WINDOW]
    end = schedules.first_end(declared.end, as_of)
    ends = schedules.default_end(as_of) if end is None and every != ONCE else end  # six months (assumed)
    start = schedules.first_start(every, declared.schedule.at, declared.schedule.start, as_of)
    size = "every dataset in full" if every == ONCE else "every dataset in full, later runs only the data added since"
    item = PlanItem(
        address=export.address,
        verb=Verb.COMPLETE if orphans and not old and not replaced_flows else Verb.CREATE,
        fields=_created_fields(export, lookup, end),
        steps=_creation_steps(export, base, lookup, generation, orphans, inputs),
        consequences=(Consequence("first-run", f"the first run sends {size}", "cost"),),
        refusals=lookup.refusals,
        findings=(
            *export.findings,
            *lookup.findings,
            *late_start_findings(export, as_of),
            *early_end_findings(export, start, end),
        ),
        ends=ends,
        schedule=schedules.schedule_phrase(every, declared.schedule.at),
        next_after=schedules.next_runs(every, start, ends, as_of) if declared.enabled is not False else (),
        at=declared.at,
    )
    if replaced_flows:
        return item
    if old:
        item = _add_flow_gone_finding(export, item, old, inputs)
    elif orphans:
        item = _add_half_built_finding(export, item, orphans)
    return _add_look_alike_refusal(export, base, lookup, item, inputs)


def _created_fields(export: DesiredExport, lookup: DatasetLookup, end: int | None) -> tuple[FieldChange, ...]:
    """Return the values of a new export by managed field and path."""
    declared, where = export.declared, export.positions
    rows: list[tuple[str, str, object]] = [
        (kinds.TITLE, kinds.TITLE, declared.title),
        (kinds.DATASETS, kinds.DATASETS, [list(pair) for pair in lookup.datasets]),
        ("destination", "destination", declared.destination),
        *(
            (name, leaf_path(name, key), value)
            for name in (kinds.LOCATION, kinds.FORMAT)
            for key, value in export.target_fields[name].items()
        ),
        (kinds.EVERY, kinds.EVERY, export.flow_fields[kinds.EVERY]),
        (kinds.FOLDER, kinds.FOLDER, declared.folder),
        *((name, name, value) for name, value in declared.plain.items()),
        (kinds.DESCRIPTION, kinds.DESCRIPTION, declared.description or None),
        (kinds.END, kinds.END, end),
        (kinds.ENABLED, kinds.ENABLED, False if declared.enabled is False else None),
        ("protect", "protect", declared.protect or None),
    ]
    return tuple(
        FieldChange(path, name, None, value, Cause.CREATE, at=where.get(path) or where.get(name))
        for name, path, value in rows
        if value is not None
    )


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
    ownership = inputs.ownership
    # The orphans of a first creation are gone before; a replacement waits for none, so it shares no name with one.
    cleared = [o.id for o in orphans] if generation == 1 else []
    fitting = (o for o in orphans if o.kind == TARGET_CONNECTION.name and _has_same_target(o, export, base))
    kept = next((o for o in fitting if o.marker and o.marker.address == export.address), None)
    probes = [
        steps.delete_step(export.address, o, probe=generation == 1) for o in orphans if o.kind == SOURCE_CONNECTION.name
    ]
    proven = [p.key for p in probes]
    cleanup = [
        steps.delete_step(export.address, o, needs=proven)
        for o in orphans
        if o.kind == TARGET_CONNECTION.name and o is not kept
    ]
    source = steps.add_needs(source_step(export, lookup, generation, ownership, cleared=cleared), proven)
    target = _target_step(export, base, generation, ownership, cleared)
    target = steps.add_needs(target, [*proven, *(w.key for w in cleanup)])
    flow = _flow_step(export, lookup, source, kept.id if kept else target, generation, inputs)
    flow = steps.add_needs(flow, proven)
    made = [*probes, *cleanup, source, *(() if kept else (target,)), flow]
    if export.declared.enabled is False:
        made.append(steps.new_object_action_step(FLOW, export.address, flow, "disable"))
    return tuple(made)


def _has_same_target(orphan: LiveObject, export: DesiredExport, base: str | Step) -> bool:
    live = wire.read_fields(TARGET_CONNECTION.name, orphan.raw)
    return base in wire.ids(orphan.raw, kinds.BASE_ID) and live == dict(export.target_fields)


def _connection_title(
    ownership: Ownership, kind: Kind, key: str, side: str, generation: int, cleared: Collection[str]
) -> str:
    """
    Return `PROJECT EXPORT source|target`, from generation 2 on with the generation, as in `acme orders source 2`.

    The service may require different names (U7), so the number is higher if a live connection has that name; the ids in
    `cleared` are gone by then. It has no slash, because people see the name of a target as a folder (%DESTINATION%).
    Names are never compared.
    """
    title = " ".join((ownership.project, *key.split("/"), side))
    return free_title(title, ownership.names_taken(kind.name, cleared), generation)


def source_step(
    export: DesiredExport,
    lookup: DatasetLookup,
    generation: int,
    ownership: Ownership,
    *,
    side: str = "source",
    cleared: Collection[str] = (),
) -> Step:
    """Create the source connection of a dataset list; `side` tells it from the connection that it replaces."""
    project = ownership.project
    return steps.create_step(
        SOURCE_CONNECTION,
        export.address,
        type_name=export.type.name,
        title=_connection_title(ownership, SOURCE_CONNECTION, export.declared.key, side, generation, cleared),
        text="",
        fields={kinds.DATASETS: [list(pair) for pair in lookup.datasets]},
        marker=Marker(project, SOURCE_CONNECTION.letter, export.address.name, generation),
    )


def _target_step(
    export: DesiredExport, base: str | Step, generation: int, ownership: Ownership, cleared: Collection[str]
) -> Step:
    project = ownership.project
    applied = {name: (digest(value),) for name, value in export.target_fields.items()}
    return steps.create_step(
        TARGET_CONNECTION,
        export.address,
        type_name=export.type.name,
        title=_connection_title(ownership, TARGET_CONNECTION, export.declared.key, "target", generation, cleared),
        text="",
        fields=export.target_fields,
        marker=Marker(project, TARGET_CONNECTION.letter, export.address.name, generation, applied=applied),
        refs={kinds.BASE_ID: steps.reference(base)},
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
    end = schedules.first_end(declared.end, inputs.as_of)
    managed: dict[str, Any] = {**export.flow_fields, kinds.DATASETS: [i for i, _ in lookup.datasets]}
    applied = {n: (digest(v),) for n, v in managed.items() if v is not None or n == kinds.START}
    if end is not None:
        applied[kinds.END] = (str(end),)
    sent = {n: managed[n] for n in FLOW.fields_sent_by(FieldRequest.PATCH)}
    return steps.create_step(
        FLOW,
        export.address,
        type_name=export.type.name,
        title=declared.title,
        text=declared.description,
        fields={**sent, kinds.START: dict(export.start_rule), kinds.END: end},
        marker=Marker(
            inputs.ownership.project,
            FLOW.letter,
            export.address.name,
            generation,
            protected=declared.protect,
            last_seen_enabled=declared.enabled is not False,  # flows are enabled on creation [UD]
            disables=declared.enabled is False,
            applied=applied,
        ),
        refs={kinds.SOURCE_IDS: steps.reference(source), kinds.TARGET_IDS: steps.reference(target)},
    )


def _add_half_built_finding(export: DesiredExport, item: PlanItem, young: Sequence[LiveObject]) -> PlanItem:
    since = format_moment(min(o.created_at for o in young))
    text = (
        f"{len(young)} of its connections of {since} exist, but not the flow: a run was interrupted while it created "
        "or removed the export, or the flow was deleted"
    )
    hint = "run `exportctl apply` to create the flow; if you deleted it on purpose, remove the export"
    found = finding(export, "half-built", text, hint)
    note = Consequence("complete", f"completes the creation of {since}; if you deleted the flow, remove the export")
    return replace(item, findings=(*item.findings, found), consequences=(note, *item.consequences))


def _add_flow_gone_finding(
    export: DesiredExport, item: PlanItem, old: Sequence[LiveObject], inputs: PlanInputs
) -> PlanItem:
    since = format_moment(max(o.created_at for o in old))
    text = f"its connections of {since} exist, but its flow was deleted or is hidden"
    entry = f"removed: [{{export: {export.address.name}, do: delete, reason: …}}]"
    hint = f"if the flow was deleted on purpose, replace the export by `{entry}`"
    found = finding(export, "flow-gone", text, hint)
    if inputs.options.can_recreate(export.address):
        note = full_export_consequence("a new flow sends every dataset in full")
        return item.add(findings=[found], consequences=[note])
    refusal = Refusal("re-creation", found.message, f"--allow-recreate {export.address}")
    return item.add(findings=[found], refusals=[refusal])


def full_export_consequence(text: str) -> Consequence:
    """Say that every dataset is sent in full."""
    return Consequence("full-re-export", text, "cost")


def _add_look_alike_refusal(
    export: DesiredExport, base: str | Step, lookup: DatasetLookup, item: PlanItem, inputs: PlanInputs
) -> PlanItem:
    """Refuse a possible duplicate: of a flow that exports the same, or of a flow that lost its marker."""
    lost = lost_owner_refusal(export.declared, inputs.ownership)
    if lost:
        found = lost_owner_findings(export, inputs.ownership)
        return item.add(refusals=[lost], findings=found)
    ids = [i for i, _ in lookup.datasets]
    account = inputs.accounts.get(export.account.own) if export.account.own else None
    same = look_alike_refusal(export, account, base, ids, inputs.look_alikes)
    return item.add(refusals=[same]) if same else item


def lost_owner_findings(export: DesiredExport, ownership: Ownership) -> tuple[Finding, ...]:
    """Report the refusal also in `drift`: exportctl neither changes nor renews a flow with an unclear owner."""
    lost = lost_owner_refusal(export.declared, ownership)
    if lost is None:
        return ()
    return (finding(export, "marker-lost", f"{lost.text}; exportctl neither changes nor renews it", lost.allow),)


def late_start_findings(export: DesiredExport, as_of: int) -> tuple[Finding, ...]:
    """Report a new one-time export with a past start: it would never run, or run at once."""
    start = export.declared.schedule.start
    if export.flow_fields[kinds.EVERY] != ONCE or start is None or start >= as_of:
        return ()
    text = f"{export.address} runs once, but its start {format_moment(start)} is past"
    at = export.declared.positions.get("schedule", export.declared.at)
    return (Finding("start-in-past", text, at, "write a later `start`"),)


def early_end_findings(export: DesiredExport, start: int, end: int | None) -> tuple[Finding, ...]:
    """
    Report a new flow that would end before its first run.

    The service would refuse the flow after its connections exist (assumed), at every apply again.
    """
    if end is None or end > start:
        return ()
    text = (
        f"{export.address} ends {format_moment(end)}, before a first run at {format_moment(start)}: no flow is created"
    )
    at = export.declared.positions.get("end", export.declared.at)
    return (Finding("end-before-first-run", text, at, "write a later `end`, or remove the export"),)
