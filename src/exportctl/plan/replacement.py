"""
Plan the replacement of a flow that patches cannot change: another type, account or way to authenticate. Pure.

A replacement first writes the consent into the marker, so that the next apply finishes an interrupted replacement:

    mark the old flow as being replaced ─▶ disable it ─▶ create the new flow ─▶ delete the old flow

The former config takes the replacement back: the old flow runs again under its own title.

    new flow                       the former config
    does not exist                 takes it back
    exists, cannot have run yet    takes it back, and deletes the new flow first
    exists, may have run           needs `keep` with the old flow to do so, or consent to another replacement

A pause by hand of the old flow blocks the replacement at every stage, because the new flow would run. A pause by hand
of the new flow blocks the way back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from exportctl.model.plan import Cause, FieldChange, PlanItem, Refusal, Step, Verb
from exportctl.plan import create, flow_state, pauses, steps
from exportctl.plan.base_lookup import destination_of_account
from exportctl.plan.comparison import name_variables
from exportctl.plan.create import deletion_steps, plan_creation
from exportctl.plan.desired import REPLACEMENT, DesiredExport, finding
from exportctl.plan.flow_state import PlanInputs
from exportctl.plan.loss import flow_loss
from exportctl.plan.own_actions import BEING_REPLACED, is_disabled_by_exportctl, withdrawn_intent
from exportctl.plan.ownership import LiveFlow
from exportctl.plan.readers import replacement_consequences
from exportctl.plan.safety_checks import protect_refusals
from exportctl.resources.kinds import END, START, TITLE


def replacement_reason(export: DesiredExport, base: str | Step, live_flow: LiveFlow) -> str | None:
    """Return why patches cannot change the live flow to the declared one, None if they can."""
    if live_flow.type is not export.type:
        return f"destination type {live_flow.type.name if live_flow.type else 'unknown'} -> {export.type.name}"
    if isinstance(base, Step):
        return "another way to authenticate, or an account that does not exist yet"
    if live_flow.base_id is not None and live_flow.base_id != base:
        return "another account"
    return None


def replaced_flow_to_restore(
    export: DesiredExport, base: str | Step, live_flow: LiveFlow, older: Sequence[LiveFlow], as_of: int
) -> LiveFlow | None:
    """Return the old flow of an unfinished replacement if the config fits it again and apply can keep it."""
    fitting = [h for h in older if replacement_reason(export, base, h) is None]
    if len(older) != 1 or not fitting:
        return None
    is_kept = export.declared.keep == fitting[0].flow.id
    return fitting[0] if is_kept or not _may_have_run(live_flow, as_of) else None


def _may_have_run(live_flow: LiveFlow, as_of: int) -> bool:
    """Check whether a flow has a run, or a start at which it can have had one."""
    start = live_flow.fields[START]
    return bool(live_flow.flow.raw.get("lastRunDetails")) or start is None or start <= as_of


def plan_replacement(
    export: DesiredExport,
    base: str | Step,
    inputs: PlanInputs,
    live_flow: LiveFlow,
    older: tuple[LiveFlow, ...],
    why: str,
    dataset_ids: Sequence[str],
) -> PlanItem:
    """Plan a replacement: mark and disable the old flow, create the new flow, delete the old flow."""
    replaced, generation = (live_flow, *older), live_flow.generation + 1
    created = plan_creation(export, base, inputs, generation=generation, replaced_flows=replaced)
    first = _consent_steps(export, base, live_flow, inputs.options.can_resume(export.address))
    made = tuple(steps.add_needs(s, [b.key for b in first]) for s in created.steps)
    last = [s for h in replaced for s in deletion_steps(export.address, h, needs=[s.key for s in made])]
    paused = pauses_of(replaced, export, inputs, dataset_ids)
    refusals = (
        *created.refusals,
        *_replacement_refusals(export, base, live_flow, older, inputs, why),
        *paused_refusals(export, paused),
    )
    findings = created.findings
    if live_flow.is_being_replaced:
        text, hint = flow_state.unfinished_replacement_phrase(live_flow), "run `exportctl apply` to finish it"
        findings = (finding(export, "half-built", text, f"{hint}; you need no second consent"), *findings)
    ends = pauses.live_end(live_flow)
    left = [c for changes in paused.values() for c in changes]
    paused_paths = {c.path for c in left}
    former = destination_of_account(live_flow.base_id or "", inputs)
    sides = {END: ends, "destination": former}
    fields = (replace(c, before=sides.get(c.field, c.before)) for c in created.fields if c.path not in paused_paths)
    replaced_by = FieldChange(REPLACEMENT, REPLACEMENT, why, None, Cause.PENDING)
    full_export = create.full_export_consequence("replaces the flow: full re-export under a new flow id")
    return replace(
        created,
        verb=Verb.REPLACE,
        id=live_flow.flow.id,
        steps=(*first, *made, *last),
        fields=(name_variables(replaced_by, export.variables), *left, *fields),
        consequences=(full_export, *created.consequences, *replacement_consequences(export, live_flow)),
        refusals=refusals,
        findings=findings,
        ends=ends if refusals else created.ends,
        lost=flow_loss(live_flow, inputs.listing),
    )


def _consent_steps(export: DesiredExport, base: str | Step, live_flow: LiveFlow, has_consent: bool) -> list[Step]:
    """
    Mark the old flow as being replaced and disable it, as far as this is not done yet.

    `has_consent` says that a flow that a hand disabled may run again.
    """
    made: list[Step] = []
    account = [base.key] if isinstance(base, Step) else []  # do not disable a flow before its new account exists
    before = live_flow.marker
    disables = not live_flow.is_disabled or has_consent or is_disabled_by_exportctl(live_flow)
    marker = replace(before, being_replaced=True, damaged=False, disables=disables, enables=False) if before else None
    if marker != live_flow.flow.marker:
        is_begun = live_flow.is_being_replaced
        consent = steps.update_step(
            export.address,
            live_flow.flow,
            type_name=export.type.name,
            fields={} if is_begun else {TITLE: f"{live_flow.flow.name}{BEING_REPLACED}"},
            marker=marker,
            needs=account,
            what="consent",
        )
        made.append(consent)
    if not live_flow.is_disabled:
        needs = [*account, *(s.key for s in made)]
        made.append(
            steps.action_step(export.address, live_flow.flow, "disable", needs, withdrawn_intent(marker, live_flow))
        )
    return made


def _replacement_refusals(
    export: DesiredExport,
    base: str | Step,
    live_flow: LiveFlow,
    older: Sequence[LiveFlow],
    inputs: PlanInputs,
    why: str,
) -> Iterator[Refusal]:
    """Refuse a replacement without consent, or of a protected flow."""
    address, flow = export.address, live_flow.flow.id
    yield from protect_refusals(live_flow.protecting_marker(export.declared.protect), Verb.REPLACE, ())
    consented = live_flow.is_being_replaced or export.declared.allow_replace == flow
    if not (consented or inputs.options.can_replace(address)):
        text = f"{address} needs a new flow ({why}), which sends every dataset in full"
        allow = f"write `allow_replace: {flow}` in {address}, or use --allow-replace {address}"
        former = next((h for h in older if replacement_reason(export, base, h) is None), None)
        if former:
            text += f"; the former flow {former.quoted_name} still exists, but the new flow {flow} may have run"
            keep = f"write `keep: {former.flow.id}` in {address}: apply enables that flow again and deletes the new one"
            allow = f"{keep}, without another full re-export; or {allow}"
        yield Refusal("replacement", text, allow)


def pauses_of(
    flows: Sequence[LiveFlow], export: DesiredExport, inputs: PlanInputs, dataset_ids: Sequence[str]
) -> dict[str, tuple[FieldChange, ...]]:
    """Return the pauses of flows that are replaced, by flow id."""
    found = {h.flow.id: flow_state.paused_changes(export, h, inputs, dataset_ids) for h in flows}
    return {flow: changes for flow, changes in found.items() if changes}


def paused_refusals(export: DesiredExport, paused: Mapping[str, Sequence[FieldChange]]) -> Iterator[Refusal]:
    """Refuse to replace a flow that was paused by hand: the new flow would run, or runs already."""
    for flow, changes in paused.items():
        names = ", ".join(sorted(c.path for c in changes))
        text = f"the flow {flow} was paused by hand ({names}), but its replacement would run"
        first = "remove the `accept` entry, then " if any(c.cause is Cause.ACCEPTED for c in changes) else ""
        yield Refusal("paused", text, f"{first}--resume {export.address}, or declare the pause: `enabled: false`")
