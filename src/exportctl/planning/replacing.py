"""
A flow that no patch turns into the declared one: another type, account or way to authenticate. Pure.

Consent is written first, so that what was cut off anywhere is finished without asking again:

    mark the old flow as going ─▶ switch it off ─▶ create the new one ─▶ delete the old one
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from exportctl import wire
from exportctl.errors import Finding, Level
from exportctl.kinds import ANCHOR
from exportctl.marker import END
from exportctl.model import Cause, FieldChange, Item, Refusal, Step, Verb
from exportctl.planning import gates, steps
from exportctl.planning.creation import Scene, again, creation, generation_of, removal
from exportctl.planning.expand import DesiredExport
from exportctl.planning.ownership import Holding
from exportctl.planning.standing import live_end, stops


def going(holding: Holding) -> bool:
    return holding.marker is not None and holding.marker.replaced


def off(holding: Holding) -> bool:
    return not wire.read(ANCHOR.name, holding.flow.raw)["enabled"]


def begun(holding: Holding) -> str:
    state = "switched off" if off(holding) else "still on"
    return f"the replacement of flow {holding.flow.id} was begun and is not finished; the flow is {state}"


def replacement(export: DesiredExport, base: str | Step, holding: Holding) -> str | None:
    """Why the live flow cannot become the declared one by patches, or None."""
    live = wire.destination_type(holding.flow.raw)
    if live is not export.type:
        return f"destination type {live.name if live else 'unknown'} -> {export.type.name}"
    if isinstance(base, Step):
        return "another way to authenticate, or an account that does not exist yet"
    if holding.base is not None and holding.base != base:
        return "another account"
    return None


def replaced(
    export: DesiredExport, base: str | Step, scene: Scene, holding: Holding, older: tuple[Holding, ...], why: str
) -> Item:
    """Mark the old flow as going, switch it off, create, delete the old one: finished without asking after a crash."""
    made = creation(export, base, scene, generation=generation_of(holding) + 1, going=(holding, *older))
    before: list[Step] = []
    account = [base.key] if isinstance(base, Step) else []  # no flow is stopped for an account that cannot be made
    if not going(holding) and holding.marker:
        marker = replace(holding.marker, replaced=True, damaged=False)
        before.append(
            steps.update(
                ANCHOR,
                export.address,
                holding.flow,
                type_name=export.type.name,
                fields={"title": f"{holding.flow.name} (being replaced)"},
                marker=marker,
                needs=account,
                what="consent",
            )
        )
    if not off(holding):
        first = [*account, *(s.key for s in before)]
        before.append(steps.act(ANCHOR, export.address, holding.flow, "disable", needs=first))
    made_steps = tuple(replace(s, needs=tuple(sorted({*s.needs, *(b.key for b in before)}))) for s in made.steps)
    last = [s.key for s in made_steps]
    after = [s for h in (holding, *older) for s in removal(export.address, h, needs=last)]
    declared = export.declared.allow_replace == holding.flow.id
    consent = going(holding) or declared or scene.terms.flags.replaces(export.address)
    text = f"{export.address} cannot be patched into place ({why}); a new flow sends every dataset in full"
    allow = f"`allow_replace: {holding.flow.id}` in {export.address}, or --allow-replace {export.address}"
    refusals = [*made.refusals, *gates.protected(holding.guarded(export.declared.protect), Verb.REPLACE, ())]
    if not consent:
        refusals.append(Refusal("replacement", text, allow))
    held = _held(export, holding, scene)
    refusals += _still_stopped(export, holding, held)
    ends = live_end(holding)
    fields = (replace(c, before=ends) if c.field == END else c for c in made.fields)
    return replace(
        made,
        verb=Verb.REPLACE,
        id=holding.flow.id,
        steps=(*before, *made_steps, *after),
        fields=(
            FieldChange("replaced", "replaced", why, None, Cause.PENDING),
            *held,
            *(c for c in fields if c.path not in {h.path for h in held}),
        ),
        consequences=(again("replaces the flow: everything is sent again, under a new flow id"), *made.consequences),
        refusals=tuple(refusals),
        findings=(*_unfinished(export, holding), *made.findings),
        ends=ends if refusals else made.ends,
    )


def _held(export: DesiredExport, holding: Holding, scene: Scene) -> tuple[FieldChange, ...]:
    """Stops made by hand. That a flow which is going is off says nothing: it is we who switch it off."""
    held = stops(export, holding, scene.terms)
    return tuple(c for c in held if c.field == END) if going(holding) else held


def _unfinished(export: DesiredExport, holding: Holding) -> tuple[Finding, ...]:
    if not going(holding):
        return ()
    text, hint = f"{export.address}: {begun(holding)}", "apply finishes it, without asking again"
    return (Finding("half-built", text, export.declared.at, hint, Level.WARNING),)


def _still_stopped(export: DesiredExport, holding: Holding, held: Sequence[FieldChange]) -> list[Refusal]:
    """A new flow would start what somebody stopped by hand."""
    if not held:
        return []
    names = ", ".join(sorted(c.path for c in held))
    text = f"flow {holding.flow.id} was stopped by hand ({names}); its replacement would run again"
    first = "take away the `accept` entry, then " if any(c.cause is Cause.ACCEPTED for c in held) else ""
    return [Refusal("stopped", text, f"{first}--put-back {export.address}, or declare the stop: `enabled: false`")]
