"""
One declared export against what is live: create, complete, update, replace, adopt, hold, renew. Pure.

    live flow at the address        children without a flow   result
    none                            none                      create (unless a look-alike stops it)
    none                            young, ours               complete the creation begun
    none                            old, ours                 flow gone: refused without --allow-recreate
    one                             any                       compare; replace if type, account or method differ
    one, flagged `r`                any                       finish the replacement begun
    newer one + older flagged `r`   any                       compare the newer, delete the older
    several of one generation       any                       twins: refused unless `keep` names one
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from exportctl import wire
from exportctl.errors import Finding, Level
from exportctl.kinds import ANCHOR, CONTENT, PLACE, SOURCES
from exportctl.model import (
    EXPORTS,
    WRITES,
    Address,
    Cause,
    Consequence,
    FieldChange,
    Item,
    Marker,
    Refusal,
    Step,
    Verb,
    digest,
)
from exportctl.planning import steps
from exportctl.planning.compare import Comparison, compare
from exportctl.planning.creation import (
    Scene,
    child_kind,
    claimed,
    creation,
    generation_of,
    looked_up,
    removal,
    source_step,
    stuck,
    unclaimed,
)
from exportctl.planning.datasets import Looked
from exportctl.planning.expand import DesiredExport
from exportctl.planning.ownership import Holding
from exportctl.planning.replacing import begun, going, off, replaced, replacement
from exportctl.planning.standing import left, passed_over, renewal


def plan_export(export: DesiredExport, base: str | Step | None, scene: Scene) -> Item:
    """
    Plan one export. `base` is the id of its base connection, the step that creates it, or None when the account could
    not be found (the caller adds that error).
    """
    held = _holdings(export, scene)
    if export.declared.adopt and not held:
        return _adoption(export, base, scene)
    current, older = _chosen(export, held)
    if len(current) > 1:
        return _twins(export, held)
    if not current:
        return creation(export, base, scene, generation=1, going=())
    holding = current[0]
    looked = looked_up(export, holding, scene)
    if base is None or looked.errors:
        return left(stuck(export, holding.flow.id, looked), export, holding, scene.terms)
    why = replacement(export, base, holding)
    if why:
        return replaced(export, base, scene, holding, older, why)
    return _compared(export, scene, holding, older, looked)


def plan_renewal(export: DesiredExport, scene: Scene) -> Item:
    """Plan what `renew` does of one export: it needs the flow, and nothing of what the flow hangs on."""
    held = _holdings(export, scene)
    current, _ = _chosen(export, held)
    item = Item(export.address, Verb.NONE, current[0].flow.id if current else None, at=export.declared.at)
    if len(current) > 1:
        return passed_over(item, export, "several flows carry its address")
    if current:
        if going(current[0]):
            return passed_over(item, export, begun(current[0]))
        return renewal(export, current[0], scene.terms)
    lost = claimed(export, scene)
    return passed_over(item, export, lost.text) if lost else item


def _chosen(export: DesiredExport, held: tuple[Holding, ...]) -> tuple[tuple[Holding, ...], tuple[Holding, ...]]:
    """The flow that counts, and those that go: of several generations the newest, of twins the one `keep` names."""
    top = max((generation_of(h) for h in held), default=0)
    current = tuple(h for h in held if generation_of(h) == top)
    older = tuple(h for h in held if generation_of(h) < top)
    if len(current) < 2 and all(going(h) for h in older):
        return current, older
    kept = tuple(h for h in held if h.flow.id == export.declared.keep)
    return (kept, tuple(h for h in held if h not in kept)) if kept else (held, ())


def _holdings(export: DesiredExport, scene: Scene) -> tuple[Holding, ...]:
    held = scene.estate.ours.get(export.address, ())
    before = export.declared.renamed_from
    if not held and before:
        held = scene.estate.ours.get(Address(EXPORTS, before), ())
    return held


def _twins(export: DesiredExport, held: tuple[Holding, ...]) -> Item:
    named = ", ".join(f'{h.flow.id} ("{h.flow.name}"{", switched off" if off(h) else ""})' for h in held)
    text = f"{len(held)} flows carry the address {export.address}: {named}"
    finding = Finding("twins", text, export.declared.at, "say which one stays: `keep: <flow id>`", Level.WARNING)
    refusal = Refusal("twins", text, f"`keep: <flow id>` in {export.address} keeps that one and deletes the others")
    return Item(
        export.address, Verb.HELD, id=held[0].flow.id, findings=(finding,), refusals=(refusal,), at=export.declared.at
    )


def _compared(
    export: DesiredExport, scene: Scene, holding: Holding, older: tuple[Holding, ...], looked: Looked
) -> Item:
    odd = _unreadable(holding)
    if odd:
        return _not_comparable(export, holding, odd, scene)
    comparison = compare(export, holding, looked, scene.terms)
    made = _update_steps(export, holding, comparison, looked, scene)
    writes = any(c.cause in WRITES for c in comparison.changes)
    last = [s.key for s in made]
    waste = [s for h in older for s in removal(export.address, h, needs=last)]
    orphans = [o for o in scene.estate.orphans.get(export.address, ()) if o.id not in _taken_up(made)]
    waste += [steps.delete(child_kind(o), export.address, o, needs=last) for o in orphans]
    flows = older if waste else ()
    verb = _verb(writes or bool(flows), comparison, bool(made), bool(waste))
    return Item(
        address=export.address,
        verb=verb,
        id=holding.flow.id,
        fields=(*comparison.changes, *(_deleted(h) for h in flows)),
        steps=(*made, *waste),
        consequences=(*(_twin_goes(h) for h in flows), *comparison.consequences),
        refusals=(*looked.refusals, *comparison.refusals),
        findings=(*export.findings, *looked.findings, *comparison.findings),
        ends=comparison.ends,
        schedule=comparison.schedule,
        next_before=comparison.next_before,
        next_after=comparison.next_after,
        at=export.declared.at,
    )


def _not_comparable(export: DesiredExport, holding: Holding, odd: str, scene: Scene) -> Item:
    text = f"flow {holding.flow.id} {odd}"
    allow = f"`removed: [{{export: {export.address.name}, do: release}}]` hands it back"
    refusal = Refusal("not-expressible", f"{text}: exportctl does not change it", allow)
    words = f"{export.address}: {text}: of it only a stop and the end are looked at"
    finding = Finding("not-comparable", words, export.declared.at, f"mend it in the UI, or {allow}", Level.WARNING)
    item = Item(export.address, Verb.HELD, holding.flow.id, refusals=(refusal,), findings=(finding,))
    return left(replace(item, at=export.declared.at), export, holding, scene.terms)


def _deleted(holding: Holding) -> FieldChange:
    """A flow that goes is a change people see and approve, whoever consented to it before."""
    return FieldChange("flow", "flow", f'{holding.flow.id} "{holding.flow.name}"', None, Cause.PENDING)


def _twin_goes(holding: Holding) -> Consequence:
    why = "the flow that was replaced" if going(holding) else "the twin that `keep` does not name"
    return Consequence("flow-deleted", f'deletes {why}: {holding.flow.id} "{holding.flow.name}"', "warning")


def _unreadable(holding: Holding) -> str | None:
    """What of a flow cannot be read: a write laid over it would lose what is not seen, or send a dataset again."""
    if holding.content is None or holding.place is None:
        return "has several connections, or one this credential cannot see"
    if not wire.read(CONTENT.name, holding.content.raw)["datasets"]:
        return "has a source connection without datasets"
    if not wire.members(holding.place.raw.get("params")):
        return "has a target connection without params"
    if not wire.members(holding.flow.raw.get("scheduleParams")):
        return "has no scheduleParams"
    return None


def _source(export: DesiredExport, holding: Holding, looked: Looked, scene: Scene) -> Step | str:
    """The source connection to point at: one an interrupted run left behind with the same list, else a new one."""
    ids = [i for i, _ in looked.found]
    for orphan in scene.estate.orphans.get(export.address, ()):
        if child_kind(orphan) is CONTENT and wire.read(CONTENT.name, orphan.raw)["datasets"] == ids:
            return orphan.id
    return source_step(export, looked, generation_of(holding), scene.terms.project, again=digest(ids))


def _taken_up(made: Sequence[Step]) -> frozenset[str]:
    """Ids of existing connections that these steps refer to."""
    return frozenset(ref for step in made for ref in step.refs.values() if isinstance(ref, str))


def _verb(writes: bool, comparison: Comparison, made: bool, waste: bool) -> Verb:
    causes = {c.cause for c in comparison.changes}
    if writes:
        return Verb.UPDATE
    if Cause.RENEWAL in causes:
        return Verb.RENEW
    if made:
        return Verb.MARK
    if waste:
        return Verb.CLEAN
    return Verb.HELD if Cause.STOPPED in causes else Verb.NONE


def _update_steps(
    export: DesiredExport, holding: Holding, comparison: Comparison, looked: Looked, scene: Scene
) -> tuple[Step, ...]:
    """Place and format one PATCH; datasets POST, PATCH, DELETE; enabled POST, PATCH; all else of the flow one PATCH."""
    assert holding.content is not None and holding.place is not None
    made: list[Step] = []
    if comparison.place_fields or comparison.place_marker:
        made.append(
            steps.update(
                PLACE,
                export.address,
                holding.place,
                type_name=export.type.name,
                fields=comparison.place_fields,
                marker=comparison.place_marker,
            )
        )
    needs: list[str] = []
    refs: dict[str, Any] = {}
    source = None
    if comparison.repoint:
        source = _source(export, holding, looked, scene)
        refs[SOURCES] = steps.reference(source)
        if isinstance(source, Step):
            made.append(source)
    if comparison.act:
        acting = steps.act(ANCHOR, export.address, holding.flow, comparison.act)
        made.append(acting)
        needs.append(acting.key)
    if comparison.flow_fields or comparison.flow_moves or comparison.text is not None or refs:
        flow = steps.update(
            ANCHOR,
            export.address,
            holding.flow,
            type_name=export.type.name,
            fields=comparison.flow_fields,
            marker=comparison.flow_marker,
            text=comparison.text,
            refs=refs,
            needs=needs,
        )
        made.append(flow)
        if source is not None and holding.owns(holding.content):
            made.append(steps.delete(CONTENT, export.address, holding.content, needs=[flow.key]))
    return tuple(made)


def _owner(holding: Holding, project: str) -> Marker | None:
    """
    Whose a flow is that is to be adopted. While its own target carries another project's marker it is that project's,
    though the flow lost its own: adopting it would write over theirs. Sources keep theirs when a flow is released.
    """
    place = holding.place.marker if holding.place and holding.owns(holding.place) else None
    return holding.flow.marker or holding.marker or (place if place and place.project != project else None)


def _adoption(export: DesiredExport, base: str | Step | None, scene: Scene) -> Item:
    """Write markers and nothing else; refused while the YAML differs from the flow."""
    holding = scene.estate.by_id(export.declared.adopt or "")
    if holding is None:
        text = f"{export.address}: the flow {export.declared.adopt} it adopts is not in this sandbox"
        finding = Finding(
            "adopt-unknown",
            text,
            export.declared.where.get("adopt", export.declared.at),
            "list flows with `exportctl drift`",
        )
        return Item(export.address, Verb.NONE, findings=(finding,), at=export.declared.at)
    looked = looked_up(export, holding, scene)
    if base is None or looked.errors:
        return stuck(export, holding.flow.id, looked)
    foreign = _owner(holding, scene.terms.project)
    if foreign is not None:
        text = f"flow {holding.flow.id} belongs to project {foreign.project} ({foreign.address})"
        allow = "let that project release it first: `removed: [{export: …, do: release}]`"
        refusal = Refusal("foreign-owner", text, allow)
        item = Item(export.address, Verb.ADOPT, id=holding.flow.id, refusals=(refusal,), at=export.declared.at)
        return replace(item, findings=unclaimed(export, scene))
    why = replacement(export, base, holding)
    item = _compared(export, scene, holding, (), looked)
    differing = tuple(c for c in item.fields if c.cause is not Cause.CONVERGED)
    refusals = item.refusals
    if why or differing:
        names = why or ", ".join(sorted({c.path for c in differing}))
        text = f"the YAML differs from flow {holding.flow.id}: {names}"
        refusals = (
            *refusals,
            Refusal("adoption-differs", text, "make the YAML say what the flow does; change it after the adoption"),
        )
    note = Consequence("adoption", "writes the owner's marker into descriptions and changes nothing else")
    return replace(item, verb=Verb.ADOPT, consequences=(note,), refusals=refusals, fields=differing)
