"""
Plan the replacement of a flow that patches cannot change: another type, account or way to authenticate. Pure.

The first step writes the consent into the marker, so that the next apply finishes an interrupted replacement:

    mark the old flow as being replaced ─▶ disable it ─▶ create the new flow ─▶ delete the old flow
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from exportctl.errors import Finding, Level
from exportctl.model.plan import Cause, FieldChange, PlanItem, Refusal, Step, Verb
from exportctl.plan import safety_checks, steps
from exportctl.plan.create import PlanInputs, deletion_steps, full_export_consequence, plan_creation
from exportctl.plan.desired import DesiredExport
from exportctl.plan.flow_state import live_end, paused_changes
from exportctl.plan.ownership import LiveFlow
from exportctl.resources import wire
from exportctl.resources.kinds import END, FLOW, TITLE


def unfinished_replacement_phrase(live_flow: LiveFlow) -> str:
    state = "disabled" if live_flow.is_disabled else "still enabled"
    return f"the replacement of the flow {live_flow.flow.id} is not finished; the flow is {state}"


def replacement_reason(export: DesiredExport, base: str | Step, live_flow: LiveFlow) -> str | None:
    """Return why patches cannot change the live flow to the declared one, None if they can."""
    live = wire.destination_type(live_flow.flow.raw)
    if live is not export.type:
        return f"destination type {live.name if live else 'unknown'} -> {export.type.name}"
    if isinstance(base, Step):
        return "another way to authenticate, or an account that does not exist yet"
    if live_flow.base_id is not None and live_flow.base_id != base:
        return "another account"
    return None


def plan_replacement(
    export: DesiredExport,
    base: str | Step,
    inputs: PlanInputs,
    live_flow: LiveFlow,
    older: tuple[LiveFlow, ...],
    why: str,
) -> PlanItem:
    """Plan a replacement: mark and disable the old flow, create the new flow, delete the old flow."""
    created = plan_creation(
        export, base, inputs, generation=live_flow.generation + 1, replaced_flows=(live_flow, *older)
    )
    first = _consent_steps(export, base, live_flow)
    made = tuple(replace(s, needs=tuple(sorted({*s.needs, *(b.key for b in first)}))) for s in created.steps)
    made_keys = [s.key for s in made]
    last = [s for h in (live_flow, *older) for s in deletion_steps(export.address, h, needs=made_keys)]
    paused = _paused_changes(export, live_flow, inputs)
    refusals = (
        *created.refusals,
        *_refusals(export, live_flow, inputs, why),
        *_paused_refusals(export, live_flow, paused),
    )
    ends = live_end(live_flow)
    paused_paths = {c.path for c in paused}
    fields = (replace(c, before=ends) if c.field == END else c for c in created.fields if c.path not in paused_paths)
    full_export = full_export_consequence("replaces the flow: full re-export under a new flow id")
    return replace(
        created,
        verb=Verb.REPLACE,
        id=live_flow.flow.id,
        steps=(*first, *made, *last),
        fields=(FieldChange("replacement", "replacement", why, None, Cause.PENDING), *paused, *fields),
        consequences=(full_export, *created.consequences),
        refusals=refusals,
        findings=(*_unfinished_findings(export, live_flow), *created.findings),
        ends=ends if refusals else created.ends,
    )


def _consent_steps(export: DesiredExport, base: str | Step, live_flow: LiveFlow) -> list[Step]:
    """Mark the old flow as being replaced and disable it, as far as this is not done yet."""
    made: list[Step] = []
    account = [base.key] if isinstance(base, Step) else []  # do not disable a flow before its new account exists
    if not live_flow.is_being_replaced and live_flow.marker:
        consent = steps.update_step(
            FLOW,
            export.address,
            live_flow.flow,
            type_name=export.type.name,
            fields={TITLE: f"{live_flow.flow.name} (being replaced)"},
            marker=replace(live_flow.marker, being_replaced=True, damaged=False),
            needs=account,
            what="consent",
        )
        made.append(consent)
    if not live_flow.is_disabled:
        needs = [*account, *(s.key for s in made)]
        made.append(steps.action_step(FLOW, export.address, live_flow.flow, "disable", needs=needs))
    return made


def _refusals(export: DesiredExport, live_flow: LiveFlow, inputs: PlanInputs, why: str) -> Iterator[Refusal]:
    marker = live_flow.protecting_marker(export.declared.protect)
    yield from safety_checks.protect_refusals(marker, Verb.REPLACE, ())
    declared = export.declared.allow_replace == live_flow.flow.id
    if not (live_flow.is_being_replaced or declared or inputs.settings.options.can_replace(export.address)):
        text = f"{export.address} needs a new flow ({why}), which sends every dataset in full"
        allow = (
            f"write `allow_replace: {live_flow.flow.id}` in {export.address}, or use --allow-replace {export.address}"
        )
        yield Refusal("replacement", text, allow)


def _paused_changes(export: DesiredExport, live_flow: LiveFlow, inputs: PlanInputs) -> tuple[FieldChange, ...]:
    """Return the pauses of the old flow; if it is being replaced, exportctl itself disabled it."""
    paused = paused_changes(export, live_flow, inputs.settings)
    return tuple(c for c in paused if c.field == END) if live_flow.is_being_replaced else paused


def _unfinished_findings(export: DesiredExport, live_flow: LiveFlow) -> tuple[Finding, ...]:
    if not live_flow.is_being_replaced:
        return ()
    text = f"{export.address}: {unfinished_replacement_phrase(live_flow)}"
    hint = "run `exportctl apply` to finish it; you need no second consent"
    return (Finding("half-built", text, export.declared.at, hint, Level.WARNING),)


def _paused_refusals(export: DesiredExport, live_flow: LiveFlow, paused: Sequence[FieldChange]) -> list[Refusal]:
    """Refuse to replace a flow that was paused by hand: the new flow would run."""
    if not paused:
        return []
    names = ", ".join(sorted(c.path for c in paused))
    text = f"the flow {live_flow.flow.id} was paused by hand ({names}), but its replacement would run"
    first = "remove the `accept` entry, then " if any(c.cause is Cause.ACCEPTED for c in paused) else ""
    return [Refusal("paused", text, f"{first}--resume {export.address}, or declare the pause: `enabled: false`")]
