"""
The state of one live flow: paused by hand, its end, and what a plan and `renew` do about both. Pure.

All else of an export needs its connections, its account and its datasets. They may wait for consent, be unknown, or be
hidden from this credential. This module needs only the flow, so a pause is always reported and an end always renewed.
`renew` moves due rolling ends, and nothing else.

    end of the live flow                 rolling end            a moment
    later than the warning               -                      -
    within the warning                   `ending`               `ending`
    less than renew_before remains       renewal                as above
    past                                 `expired`, revived     `expired`

No page of Adobe says what an expired flow sends after its end moves to the future (dataset-exports.md 5.2, and question
10 at its end). In 2025 Adobe could revive expired flows within 30 days without loss; of other ends we know nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property

from exportctl.errors import Finding, Level
from exportctl.frozen import dataclass
from exportctl.model import schedule
from exportctl.model.plan import (
    Address,
    Cause,
    Consequence,
    FieldChange,
    Marker,
    PlanItem,
    Step,
    Verb,
    digest,
)
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Account, Destination, Export
from exportctl.model.schedule import ONCE, format_age, format_moment
from exportctl.plan import field_diff, pauses, steps
from exportctl.plan.comparison import ComparisonInputs, name_variables
from exportctl.plan.dataset_lookup import ListedDatasets
from exportctl.plan.desired import DesiredAccount, DesiredExport, finding
from exportctl.plan.field_diff import AcceptEntries, field_changes
from exportctl.plan.grouping import group_by_keys
from exportctl.plan.last_editor import actor
from exportctl.plan.look_alikes import LookAlikes
from exportctl.plan.lost_owners import lost_owner_refusal
from exportctl.plan.own_actions import has_missing_action, is_disabled_by_exportctl, keep_intent, own_rename
from exportctl.plan.ownership import LiveFlow, Ownership, choose_flows
from exportctl.resources import flow_states, wire
from exportctl.resources.kinds import DATASETS, ENABLED, END, EVERY, FLOW, START, TARGET_CONNECTION
from exportctl.resources.service_values import StateMeaning, state_meaning

CAUSES_WITH_ACTOR = frozenset({Cause.DRIFT, Cause.CONFLICT, Cause.UNKNOWN_ORIGIN, Cause.PAUSED, Cause.ACCEPTED})
ONE_DAY = "1 day"
_SHOWN_BY_RENEW = (Cause.RENEWAL, Cause.EXPIRED, Cause.PAUSED)


@dataclass(frozen=True)
class PlanInputs:
    """The inputs of a plan that are the same for every export."""

    ownership: Ownership
    listing: ListedDatasets
    options: PlanOptions
    as_of: int
    accept: AcceptEntries
    listing_hint: str  # for a dataset that the listing lacks
    accounts: Mapping[Address, DesiredAccount] = field(default_factory=dict)
    destinations: Mapping[str, Destination] = field(default_factory=dict)

    @cached_property
    def look_alikes(self) -> LookAlikes:
        """The flows of others, by what they export."""
        return LookAlikes(self.ownership)

    @cached_property
    def account_owners(self) -> Mapping[str, tuple[str, ...]]:
        """The names of our accounts by the id of their base connection."""
        owned = self.ownership.own_accounts.items()
        pairs = group_by_keys(owned, lambda pair: {base.id for base in pair[1]}).items()
        return {base: tuple(address.name for address, _ in found) for base, found in pairs}

    @cached_property
    def account_users(self) -> Mapping[tuple[str, str | None], tuple[str, ...]]:
        """The keys of the destinations by the way and the word with which they name an account."""
        named = group_by_keys(self.destinations.values(), lambda d: _account_words(d.account)).items()
        return {word: tuple(destination.key for destination in found) for word, found in named}


def _account_words(account: Account) -> Iterator[tuple[str, str | None]]:
    """Yield each way in which a destination can name its account, and the word that it gives."""
    yield from (("of", account.of), ("id", account.id), ("existing", account.existing))


# -- changes ----------------------------------------------------------------------------------------------------------


def comparison_inputs(export: DesiredExport, live_flow: LiveFlow, inputs: PlanInputs) -> ComparisonInputs:
    """Return what the comparison of a flow needs beside the values."""
    return ComparisonInputs(
        live_flow.flow.marker,
        inputs.as_of,
        resume=inputs.options.can_resume(export.address),
        end=export.declared.end,
        renew=inputs.options.can_renew(export.address),
        ours_since=live_flow.flow.created_at if live_flow.marker else None,
        is_over=pauses.is_disabled_after_its_end(live_flow, inputs.as_of),
        is_off_by_exportctl=is_disabled_by_exportctl(live_flow),
        is_action_missing=has_missing_action(live_flow),
        first_start=first_start(export, inputs.as_of),
        latest_start=_latest_start(export, live_flow, inputs.as_of),
        unknown_end=live_flow.unknown_end,
    )


def first_start(export: DesiredExport, as_of: int) -> int:
    """Return the first run time of the YAML's schedule that exportctl would choose now."""
    declared = export.declared.schedule
    return schedule.first_start(export.flow_fields[EVERY], declared.at, declared.start, as_of)


def _latest_start(export: DesiredExport, live_flow: LiveFlow, as_of: int) -> int:
    """
    Return the latest start that a flow can have if no hand moved it into the future.

    It is the first run time now, by the schedule of the YAML or by another time of day (that is a difference of
    `schedule.at`). While the interval is not the one last applied, exportctl may have chosen the start by another grid:
    the longest is a day.
    """
    now, start, every = max(as_of, live_flow.flow.created_at), live_flow.fields[START] or 0, live_flow.fields[EVERY]
    not_before, marker = export.declared.schedule.start, live_flow.flow.marker
    applied = marker.applied.get(EVERY) if marker and not marker.damaged else None
    is_settled = every == export.flow_fields[EVERY] and applied is not None and digest(every) in applied
    grid = every if every and is_settled else ONE_DAY
    return max(first_start(export, now), schedule.first_start(grid, start, not_before, now))


def wanted_end(export: DesiredExport, inputs: PlanInputs) -> dict[str, int | None]:
    """Return the end of a flow that is created now; a one-time export without an end has nothing to compare."""
    end = schedule.first_end(export.declared.end, inputs.as_of)
    return {} if end is None and export.flow_fields[EVERY] == ONCE else {END: end}


def annotate_change(change: FieldChange, export: DesiredExport, live_flow: LiveFlow, inputs: PlanInputs) -> FieldChange:
    """Add the last editor and the position in the YAML; mark an accepted difference."""
    of_target = change.field in TARGET_CONNECTION.managed_fields
    kind, live = (TARGET_CONNECTION, live_flow.target) if of_target else (FLOW, live_flow.flow)
    at = export.positions.get(change.path) or export.positions.get(change.field)
    change = own_rename(change, live_flow)
    change = field_diff.apply_accept_entries(change, _accept_names(export), inputs.accept, inputs.as_of)
    if change.cause in CAUSES_WITH_ACTOR and live:
        change = replace(change, actor=actor(kind.field_rule(change.field), kind, live, live_flow.source))
    return name_variables(replace(change, at=at), export.variables)


def _accept_names(export: DesiredExport) -> tuple[str, str]:
    """Return the addresses that an `accept` entry may give: of this flow, and of the whole split export."""
    return str(export.address), f"{export.address.root}.{export.declared.declared_key}"


def flow_changes(export: DesiredExport, live_flow: LiveFlow, inputs: PlanInputs) -> tuple[FieldChange, ...]:
    """Compare `enabled`, `schedule.start` and `end`, the fields that need only the flow."""
    wanted = {name: export.flow_fields[name] for name in (ENABLED, START)} | wanted_end(export, inputs)
    found = field_changes(FLOW, wanted, live_flow.fields, comparison_inputs(export, live_flow, inputs))
    return tuple(annotate_change(change, export, live_flow, inputs) for change in found)


def paused_changes(
    export: DesiredExport, live_flow: LiveFlow, inputs: PlanInputs, dataset_ids: Sequence[str]
) -> tuple[FieldChange, ...]:
    """Return every pause of a flow, accepted ones too; none of datasets if its source is hidden."""
    sides = {DATASETS: [*dataset_ids]}, {DATASETS: live_flow.dataset_ids}
    is_shown = live_flow.source is not None
    found = field_changes(FLOW, *sides, comparison_inputs(export, live_flow, inputs)) if is_shown else ()
    datasets = (annotate_change(c, export, live_flow, inputs) for c in found)
    return tuple(c for c in (*flow_changes(export, live_flow, inputs), *datasets) if pauses.is_pause(c))


def unchanged_item(item: PlanItem, export: DesiredExport, live_flow: LiveFlow, inputs: PlanInputs) -> PlanItem:
    """Complete the item of a flow that stays as it is: add its pause and its end. Nothing resumes it."""
    changes = flow_changes(export, live_flow, replace(inputs, options=replace(inputs.options, resume=())))
    paused = tuple(c for c in changes if pauses.is_pause(c))
    unknown = tuple(c for c in changes if c.cause is Cause.NOT_COMPARABLE)
    return replace(
        item,
        verb=Verb.PAUSED if item.verb is Verb.UNCHANGED and any(c.cause is Cause.PAUSED for c in paused) else item.verb,
        fields=(*paused, *unknown, *item.fields),
        findings=(
            *item.findings,
            *((unknown_end_finding(export, live_flow),) if unknown else ()),
            *state_findings(export, live_flow, inputs),
            *expired_findings(export, live_flow, inputs.as_of, paused),
        ),
        ends=pauses.live_end(live_flow),
    )


# -- states -----------------------------------------------------------------------------------------------------------


def state_findings(export: DesiredExport, live_flow: LiveFlow, inputs: PlanInputs) -> tuple[Finding, ...]:
    """Report a state that exportctl does not compare and no entry accepts; after its end, a flow may be in any."""
    end, names = pauses.live_end(live_flow), _accept_names(export)
    is_over = end is not None and end <= inputs.as_of and state_meaning(live_flow.state) is StateMeaning.OTHER
    accepted = any(a.field == ENABLED and a.is_in_force(inputs.as_of) for a in inputs.accept.of(names))
    if live_flow.fields[ENABLED] is not None or is_over or accepted:
        return ()
    shown = f"the flow {live_flow.flow.id} is {flow_states.state_phrase(live_flow.state)}"
    text = f"{shown}: exportctl does not compare it with `enabled`, and changes no state"
    if flow_states.is_in_transition(live_flow.flow.raw):
        hint = "the service has not finished a write; run this again later, and ask Adobe if the state stays"
    else:
        hint = "look at the flow in the UI: only `enabled` and `disabled` say whether it runs"
    return (finding(export, "flow-state", text, hint, key=ENABLED),)


def unknown_schedule_finding(export: DesiredExport, live_flow: LiveFlow, change: FieldChange) -> Finding:
    """Report a schedule that exportctl cannot read and leaves as it is, and the three ways out."""
    text = (
        f'the flow {live_flow.flow.id} has the schedule "{change.before}", which exportctl cannot read: it neither '
        "compares nor changes the schedule, and does not know when the flow runs"
    )
    hint = (
        f"to send the schedule of the YAML, apply with `--resume {export.address}` or edit `schedule.every`; to keep "
        "the live one, `accept` the field `schedule`"
    )
    return finding(export, "unknown-schedule", text, hint, key=EVERY)


def unknown_end_finding(export: DesiredExport, live_flow: LiveFlow) -> Finding:
    """Report an end that exportctl cannot read and leaves as it is, and the ways out."""
    text = (
        f'the flow {live_flow.flow.id} has the end "{live_flow.unknown_end}", which exportctl cannot read: it neither '
        "compares nor moves the end, and does not know until when the flow runs"
    )
    sends = f"apply with `--resume {export.address}`"
    if export.declared.end.is_given:
        hint = f"to send the end of the YAML, {sends} or edit `end` to a moment"
    else:
        hint = f"to send the end that was there before, {sends}; or declare an `end`"
    return finding(export, "unknown-end", text, f"{hint}; to keep the live one, `accept` the field `end`", key=END)


# -- ends -------------------------------------------------------------------------------------------------------------


def expired_findings(
    export: DesiredExport, live_flow: LiveFlow, as_of: int, changes: Sequence[FieldChange]
) -> tuple[Finding, ...]:
    """Report a flow with a past end, and how to revive or retire it; a one-time export is finished, not expired."""
    end = pauses.live_end(live_flow) if export.flow_fields[EVERY] != ONCE else None
    if end is None or end > as_of:
        return ()
    hint = f"{_revival_hint(export, changes)}; to retire it, remove the export and name it under `removed`"
    return (finding(export, "expired", f"the flow {ended_phrase(end, as_of)} and exports nothing now", hint),)


def _revival_hint(export: DesiredExport, changes: Sequence[FieldChange]) -> str:
    if _is_ended_early(changes):
        return f"it was ended by hand; to revive it, apply with `--resume {export.address}`"
    first = "" if export.declared.end.rolling is not None else "write a later `end` and "
    return f"to revive it, {first}run `exportctl apply`; `exportctl plan` says what the flow may send then"


def _is_ended_early(changes: Sequence[FieldChange]) -> bool:
    """Check whether the end was moved to an earlier moment by hand; the end of a disabled flow is still renewed."""
    return any(c.field == END and c.cause is Cause.PAUSED and pauses.is_cut_short(c) for c in changes)


def undeclared_end_findings(
    export: DesiredExport, live_flow: LiveFlow, as_of: int, changes: Sequence[FieldChange]
) -> tuple[Finding, ...]:
    """
    Report a flow with an end that the YAML does not declare.

    The six months that the service sets itself do not count, and an earlier end is reported as a pause.
    """
    declared, end = export.declared, live_flow.fields[END]
    once = ONCE in (live_flow.fields[EVERY], declared.schedule.unit)
    if declared.end.is_given or end is None or end <= as_of or once:
        return ()
    if any(c.field == END for c in changes) or schedule.is_default_end(end, live_flow.flow.created_at):
        return ()
    text = f"the flow ends {format_moment(end)}, but the YAML declares no end; the end stays"
    return (finding(export, "undeclared-end", text, "declare this `end` or a later one", key=END),)


def ended_phrase(end: int, as_of: int) -> str:
    """Format a past end: `ended 2026-11-22 02:00 UTC, 12 days ago`."""
    return f"ended {format_moment(end)}, {format_age(as_of - end)} ago"


def ending_soon_findings(export: Export, item: PlanItem, as_of: int, warning: int) -> tuple[Finding, ...]:
    """Report an export that ends within `warning` seconds, even after this plan."""
    if item.ends is None or not as_of < item.ends <= as_of + warning or export.schedule.unit == ONCE:
        return ()
    text = f"{item.address} ends {format_moment(item.ends)}, in {format_age(item.ends - as_of)}"
    at = export.positions.get(END, export.at)
    return (Finding("ending", text, at, _keep_running_hint(export, item), Level.WARNING),)


def _keep_running_hint(export: Export, item: PlanItem) -> str:
    if _is_ended_early(item.fields):
        return f"it was ended by hand: apply with `--resume {item.address}`, or declare this `end`"
    if export.end.rolling is None:
        return "write a later `end` and apply it before then"
    left = format_age(export.end.renew_before or 0)
    return f"run `exportctl renew` every night: it moves the end as soon as less than {left} remains"


def revival_consequences(end: int | None, moved: int | None, as_of: int) -> tuple[Consequence, ...]:
    """Say what follows if the plan moves the past `end` of a flow to the future moment `moved`."""
    if end is None or end > as_of or moved is None or moved <= as_of:
        return ()
    text = (
        f"revives the flow, which {ended_phrase(end, as_of)}: Adobe does not document what its next run sends (the "
        "data added since then, or every dataset in full), nor whether missed runs are caught up"
    )
    return (Consequence("expired-flow-runs-again", text, "cost"),)


# -- renew ------------------------------------------------------------------------------------------------------------


def plan_renewal(export: DesiredExport, inputs: PlanInputs) -> PlanItem:
    """Plan the renewal of one export; report why an end is not renewed."""
    current, _ = choose_flows(export.declared, inputs.ownership)
    item = PlanItem(export.address, Verb.UNCHANGED, current[0].flow.id if current else None, at=export.declared.at)
    if len(current) > 1:
        return _add_not_renewed_finding(item, export, "several flows have its address")
    if not current:
        lost = lost_owner_refusal(export.declared, inputs.ownership)
        return _add_not_renewed_finding(item, export, lost.text) if lost else item
    if current[0].is_being_replaced:
        return _add_not_renewed_finding(item, export, unfinished_replacement_phrase(current[0]))
    return _renewal_item(export, current[0], inputs)


def _renewal_item(export: DesiredExport, live_flow: LiveFlow, inputs: PlanInputs) -> PlanItem:
    """Plan one PATCH that moves the end if it is due; only report pauses and past ends."""
    changes = flow_changes(export, live_flow, inputs)
    shown = tuple(c for c in changes if c.cause in _SHOWN_BY_RENEW)
    due = next((c for c in shown if c.cause is Cause.RENEWAL), None)
    paused = any(c.cause is Cause.PAUSED for c in shown)
    item = PlanItem(
        export.address,
        Verb.RENEW if due else Verb.PAUSED if paused else Verb.UNCHANGED,
        live_flow.flow.id,
        fields=shown,
        steps=(_renewal_step(export, live_flow, due.after),) if due else (),
        findings=expired_findings(export, live_flow, inputs.as_of, changes),
        ends=due.after if due else pauses.live_end(live_flow),
        at=export.declared.at,
    )
    why = None if due else _unknown_end_reason(export, live_flow, inputs)
    return _add_not_renewed_finding(item, export, f"the flow {live_flow.flow.id} {why}") if why else item


def _renewal_step(export: DesiredExport, live_flow: LiveFlow, end: int) -> Step:
    """Move the end; only `apply` knows what else a lost or damaged marker must say."""
    marker: Marker | None = live_flow.flow.marker
    if marker is not None:
        marker = None if marker.damaged else keep_intent(marker.with_digests({END: (str(end),)}), live_flow)
    type_name = (live_flow.type or export.type).name
    return steps.update_step(export.address, live_flow.flow, type_name=type_name, fields={END: end}, marker=marker)


def _unknown_end_reason(export: DesiredExport, live_flow: LiveFlow, inputs: PlanInputs) -> str | None:
    """Return why there is no end to move although the flow needs a renewal."""
    if not wire.members(live_flow.flow.raw.get("scheduleParams")):
        return "has no scheduleParams"
    if live_flow.unknown_end is not None:
        return f'has the end "{live_flow.unknown_end}", which exportctl cannot read'
    end = pauses.live_end(live_flow)
    is_shown = live_flow.fields[END] is not None
    if is_shown or end is None or not schedule.is_renewal_due(export.declared.end, end, inputs.as_of):
        return None
    assumed = schedule.format_moment(end)
    return f"shows no end; it probably ends {assumed}, six months after its creation; `exportctl apply` writes one"


def _add_not_renewed_finding(item: PlanItem, export: DesiredExport, why: str) -> PlanItem:
    if export.declared.end.rolling is None:
        return item
    text = f"renew cannot move its end: {why}"
    found = finding(export, "not-renewed", text, "run `exportctl plan` for the details")
    return item.add(findings=[found])


def unfinished_replacement_phrase(live_flow: LiveFlow) -> str:
    state = "disabled" if live_flow.is_disabled else "still enabled"
    return f"the replacement of the flow {live_flow.flow.id} is not finished; the flow is {state}"
