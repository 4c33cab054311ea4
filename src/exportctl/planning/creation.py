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

from exportctl import wire
from exportctl.errors import Finding, Level
from exportctl.kinds import ANCHOR, BASE, CONTENT, PLACE, SOURCES, TARGETS, Kind
from exportctl.model import (
    Address,
    Consequence,
    Item,
    ListedDataset,
    LiveObject,
    Marker,
    Refusal,
    Step,
    Verb,
    digest,
)
from exportctl.planning import gates, steps
from exportctl.planning.consequences import created_with
from exportctl.planning.datasets import Looked, look_up
from exportctl.planning.expand import DesiredExport
from exportctl.planning.ownership import Estate, Holding
from exportctl.planning.standing import Terms
from exportctl.schedules import DAY, first_end, shown

YOUNG = DAY  # children without a flow are an interrupted run for 24 hours


@dataclass(frozen=True)
class Scene:
    """What every export of one plan is held against."""

    estate: Estate
    listing: tuple[ListedDataset, ...]
    terms: Terms


def looked_up(export: DesiredExport, holding: Holding | None, scene: Scene) -> Looked:
    names: Mapping[str, str] = {}
    if holding and holding.content:
        read = wire.read(CONTENT.name, holding.content.raw)
        names = {i: read["names"].get(i, "") for i in read["datasets"]}
    return look_up(str(export.address), export.declared.datasets, scene.listing, names)


def stuck(export: DesiredExport, flow: str | None, looked: Looked) -> Item:
    return Item(
        export.address,
        Verb.NONE,
        id=flow,
        findings=(*looked.errors, *looked.findings),
        refusals=looked.refusals,
        at=export.declared.at,
    )


def generation_of(holding: Holding) -> int:
    return holding.marker.generation if holding.marker else 0


def removal(address: Address, holding: Holding, needs: list[str]) -> list[Step]:
    """Flow first, then the children that are ours and have no other user."""
    flow = steps.delete(ANCHOR, address, holding.flow, needs=needs)
    removed = [flow]
    for kind, child in ((PLACE, holding.place), (CONTENT, holding.content)):
        if child is not None and holding.owns(child):
            removed.append(steps.delete(kind, address, child, needs=[flow.key]))
    return removed


def creation(
    export: DesiredExport, base: str | Step | None, scene: Scene, *, generation: int, going: tuple[Holding, ...]
) -> Item:
    """A new flow with its children; `going` are the flows it replaces."""
    looked = looked_up(export, going[0] if going else None, scene)
    orphans = _left_behind(export, scene)
    old = [o for o in orphans if scene.terms.as_of - o.created >= YOUNG]
    young = [o for o in orphans if o not in old]
    if base is None or looked.errors:
        return stuck(export, None, looked)
    made = _children(export, base, looked, generation, orphans, scene)
    text = created_with(export, looked, scene.terms.as_of)
    item = Item(
        address=export.address,
        verb=Verb.COMPLETE if young and not old and not going else Verb.CREATE,
        fields=text.fields,
        steps=made,
        consequences=text.consequences,
        refusals=looked.refusals,
        findings=(*export.findings, *looked.findings, *gates.late_start(export, scene.terms.as_of)),
        ends=text.ends,
        schedule=text.schedule,
        next_after=text.next_after,
        at=export.declared.at,
    )
    if going:
        return item
    if old:
        item = _gone(export, item, old, scene)
    elif young:
        item = _half_built(export, item, young)
    return _look_alike(export, looked, item, scene)


def _left_behind(export: DesiredExport, scene: Scene) -> tuple[LiveObject, ...]:
    """Children of ours without a flow, those from before a rename too: renaming does not show a hidden flow."""
    return tuple(o for address in _addresses(export) for o in scene.estate.orphans.get(address, ()))


def _addresses(export: DesiredExport) -> tuple[Address, ...]:
    """Its own, and the one before a rename."""
    before = export.declared.renamed_from
    return (export.address, *([Address(export.address.root, before)] if before else []))


def _children(
    export: DesiredExport,
    base: str | Step,
    looked: Looked,
    generation: int,
    orphans: tuple[LiveObject, ...],
    scene: Scene,
) -> tuple[Step, ...]:
    """
    Source, target, flow, in that order. A target left behind that fits is taken up, other ones are cleaned away.

    Sources left behind are deleted first, as a probe: should the flow exist after all, hidden from this credential by
    an access label, the service says that they are in use (FLOW 1447), and no twin is made. Beside a flow that is being
    replaced they are only waste. What is made new waits for what is left behind, whose name it may have (U7).
    """
    project = scene.terms.project
    fitting = (o for o in orphans if o.kind == PLACE.name and _same_place(o, export, base))
    kept = next((o for o in fitting if o.marker and o.marker.address == export.address), None)
    probes = [steps.delete(CONTENT, export.address, o, probe=generation == 1) for o in _of(CONTENT, orphans)]
    proven = [p.key for p in probes]
    waste = [steps.delete(PLACE, export.address, o, needs=proven) for o in _of(PLACE, orphans) if o is not kept]
    source = _after(source_step(export, looked, generation, project), proven)
    target = _after(_target(export, base, generation, project), [*proven, *(w.key for w in waste)])
    flow = _after(_flow(export, looked, source, kept.id if kept else target, generation, scene), proven)
    made = [*probes, *waste, source, *(() if kept else (target,)), flow]
    if export.declared.enabled is False:
        made.append(steps.act_on_new(ANCHOR, export.address, flow, "disable"))
    return tuple(made)


def _of(kind: Kind, objects: tuple[LiveObject, ...]) -> Iterator[LiveObject]:
    return (o for o in objects if o.kind == kind.name)


def _after(step: Step, others: Sequence[str]) -> Step:
    return replace(step, needs=tuple(sorted({*step.needs, *others})))


def child_kind(live: LiveObject) -> Kind:
    return CONTENT if live.kind == CONTENT.name else PLACE


def _same_place(orphan: LiveObject, export: DesiredExport, base: str | Step) -> bool:
    return base in wire.ids(orphan.raw, BASE) and wire.read(PLACE.name, orphan.raw) == dict(export.place)


def _titled(title: str, generation: int, again: str = "") -> str:
    """Names are set once and never compared; they differ all the same, should the service want that (U7)."""
    return " ".join(part for part in (title, str(generation) if generation > 1 else "", again) if part)


def source_step(export: DesiredExport, looked: Looked, generation: int, project: str, again: str = "") -> Step:
    """The source connection of a dataset list; `again` tells it from the one it takes the place of."""
    return steps.create(
        CONTENT,
        export.address,
        type_name=export.type.name,
        title=_titled(f"{project}/{export.declared.key} source", generation, again),
        text="",
        fields={"datasets": [list(pair) for pair in looked.found]},
        marker=Marker(project, CONTENT.letter, export.address.name, generation),
    )


def _target(export: DesiredExport, base: str | Step, generation: int, project: str) -> Step:
    applied = {name: (digest(value),) for name, value in export.place.items()}
    return steps.create(
        PLACE,
        export.address,
        type_name=export.type.name,
        title=_titled(f"{project}/{export.declared.key} target", generation),
        text="",
        fields=export.place,
        marker=Marker(project, PLACE.letter, export.address.name, generation, applied=applied),
        refs={BASE: steps.reference(base)},
    )


def _flow(
    export: DesiredExport, looked: Looked, source: str | Step, target: str | Step, generation: int, scene: Scene
) -> Step:
    declared = export.declared
    end = first_end(declared.end, scene.terms.as_of)
    managed: dict[str, Any] = {**export.anchor, "datasets": [i for i, _ in looked.found]}
    applied = {n: (digest(v),) for n, v in managed.items() if v is not None}
    if end is not None:
        applied["end"] = (str(end),)
    fields = {n: managed[n] for n in ("title", "cadence", "folder")} | {"start": dict(export.start), "end": end}
    return steps.create(
        ANCHOR,
        export.address,
        type_name=export.type.name,
        title=declared.title,
        text=declared.description,
        fields=fields,
        marker=Marker(
            scene.terms.project,
            ANCHOR.letter,
            export.address.name,
            generation,
            protected=declared.protect,
            seen_on=declared.enabled is not False,  # flows are enabled on creation [UD]
            applied=applied,
        ),
        refs={SOURCES: steps.reference(source), TARGETS: steps.reference(target)},
    )


def _half_built(export: DesiredExport, item: Item, young: list[LiveObject]) -> Item:
    since = shown(min(o.created for o in young))
    left = f"{len(young)} of its connections exist, the flow does not"
    text = f"{export.address}: a creation begun {since} was interrupted; {left}"
    hint = "apply completes it; if you deleted the flow, remove the export"
    finding = Finding("half-built", text, export.declared.at, hint, Level.WARNING)
    note = Consequence("complete", f"completes the creation begun {since}; if you deleted the flow, remove the export")
    return replace(item, findings=(*item.findings, finding), consequences=(note, *item.consequences))


def _gone(export: DesiredExport, item: Item, old: list[LiveObject], scene: Scene) -> Item:
    since = shown(max(o.created for o in old))
    text = f"{export.address}: its connections of {since} are there, its flow is gone or hidden from this credential"
    finding = Finding(
        "flow-gone", text, export.declared.at, "remove the export if the flow was deleted on purpose", Level.WARNING
    )
    item = replace(item, findings=(*item.findings, finding))
    if scene.terms.flags.recreates(export.address):
        return replace(item, consequences=(*item.consequences, again("a new flow sends every dataset in full")))
    return replace(item, refusals=(*item.refusals, Refusal("re-creation", text, f"--allow-recreate {export.address}")))


def again(text: str) -> Consequence:
    return Consequence("full-export", text, "cost")


def _look_alike(export: DesiredExport, looked: Looked, item: Item, scene: Scene) -> Item:
    """A flow that would get a twin: unmarked with the same name, type and datasets, or ours without our marker."""
    lost = claimed(export, scene)
    if lost:
        return replace(item, refusals=(*item.refusals, lost), findings=(*item.findings, *unclaimed(export, scene)))
    ids = [i for i, _ in looked.found]
    same = next((r for h in scene.estate.holdings if (r := _same(export, ids, h))), None)
    return replace(item, refusals=(*item.refusals, same)) if same else item


def claimed(export: DesiredExport, scene: Scene) -> Refusal | None:
    """Why a flow may be this export's, whose own marker does not say so."""
    return next((r for h in scene.estate.holdings if (r := _claimed(export, h, scene))), None)


def _claimed(export: DesiredExport, holding: Holding, scene: Scene) -> Refusal | None:
    """
    Its target, unshared, says that it is ours: the marker was wiped off or written over, or the target borrowed. Where
    the target cannot be seen, its source stands in; else it proves nothing, since a flow that is released keeps it.
    """
    child = holding.place or holding.content
    claim = child.marker if child and holding.owns(child) else None
    if claim is None or claim.project != scene.terms.project or claim.address not in _addresses(export):
        return None
    says = f"its {'target' if holding.place else 'source'} still says {claim.address}"
    flow = f'the flow {holding.flow.id} "{holding.flow.name}"'
    if holding.flow.marker:
        text = f"{flow} carries another owner's marker, {says}"
        allow = "write the flow's own marker back into its description, or take the export out of the config"
        return Refusal("foreign-owner", text, allow)
    text = f"{flow} carries no marker, {says}"
    allow = f"`adopt: {holding.flow.id}` in {export.address} if it is the same, or give the flow a target of its own"
    return Refusal("look-alike", text, allow)


def unclaimed(export: DesiredExport, scene: Scene) -> tuple[Finding, ...]:
    """Said by `drift` too: nothing is renewed, or put back, on a flow whose owner cannot be told."""
    lost = claimed(export, scene)
    if lost is None:
        return ()
    text = f"{export.address}: {lost.text}: it is neither changed nor renewed"
    return (Finding("marker-lost", text, export.declared.at, lost.allow, Level.WARNING),)


def _same(export: DesiredExport, ids: list[str], holding: Holding) -> Refusal | None:
    if holding.marker or holding.flow.name != export.declared.title or holding.content is None:
        return None
    datasets = wire.read(CONTENT.name, holding.content.raw)["datasets"]
    if wire.destination_type(holding.flow.raw) is not export.type or datasets != ids:
        return None
    name = f'{holding.flow.id} "{holding.flow.name}"'
    text = f"the flow {name} exists already, unmanaged, with the same type and datasets"
    allow = f"`adopt: {holding.flow.id}` in {export.address} to take it over, or another `title` to have both"
    return Refusal("look-alike", text, allow)
