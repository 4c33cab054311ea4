"""
Compare an export with its live flow, field by field: what differs and why, what apply must write, and what follows.

The marker of the flow says what was last applied to the fields of the flow, that of the target to location and format.
Consequences say what is sent again, where files go, what stops; with "may" where Adobe documents nothing (5.3, 7, 14).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from exportctl.errors import Finding
from exportctl.frozen import dataclass
from exportctl.model import schedule as schedules
from exportctl.model.plan import WRITE_CAUSES, Cause, Consequence, FieldChange, Fields, Marker, Refusal, Verb, digest
from exportctl.model.schedule import DAY, ONCE, format_moment
from exportctl.plan import flow_state, pauses
from exportctl.plan.comparison import ComparisonInputs
from exportctl.plan.dataset_lookup import DatasetLookup
from exportctl.plan.desired import DesiredExport, finding
from exportctl.plan.field_diff import applied_digests, field_changes
from exportctl.plan.own_actions import has_missing_action, is_disabled_by_exportctl
from exportctl.plan.ownership import LiveFlow
from exportctl.plan.safety_checks import protect_refusals
from exportctl.resources import kinds
from exportctl.resources.kinds import AT, DATASETS, ENABLED, END, EVERY, FLOW, START, TARGET_CONNECTION, Kind
from exportctl.resources.unknown_schedule import unknown_schedule

_LEFT_CAUSES = frozenset({Cause.PAUSED, Cause.ACCEPTED})
_LEFT_IF_UNKNOWN = frozenset({Cause.DRIFT, Cause.UNKNOWN_ORIGIN, Cause.ACCEPTED})


@dataclass(frozen=True)
class ExportDiff:
    """
    One export, its live flow with source and target, the fields of both sides, and the changes between them.

    `dataset_names` has the names of declared and live datasets by id.
    """

    export: DesiredExport
    live_flow: LiveFlow
    inputs: flow_state.PlanInputs
    wanted: Fields
    live: Fields
    dataset_names: Mapping[str, str]
    changes: tuple[FieldChange, ...]

    @cached_property
    def written_changes(self) -> Mapping[str, FieldChange]:
        """The changes that apply writes, by field."""
        return {c.field: c for c in self.changes if c.cause in WRITE_CAUSES or c.cause is Cause.RENEWAL}

    def value_after(self, name: str, unchanged: Any) -> Any:
        """Return the value of a field after this plan: `unchanged` if apply does not write it."""
        return self.written_changes[name].after if name in self.written_changes else unchanged

    @cached_property
    def restart(self) -> bool:
        """The write needs a new start: the live start is not on the wanted grid, or is past for a one-time export."""
        if self.left_start is not None:
            return False
        if START in self.written_changes:
            return True
        if AT in self.written_changes or EVERY not in self.written_changes:
            return AT in self.written_changes
        start, every = self.live[START], self.wanted[EVERY]
        if start is None or (every == ONCE and start <= self.inputs.as_of):
            return True
        return bool(schedules.grid_offset(start, every) != self.wanted[AT])

    @cached_property
    def left_start(self) -> FieldChange | None:
        """The change of a start that was moved into the future by hand, and that stays so; None without one."""
        return next((c for c in self.changes if c.field == START and c.cause in _LEFT_CAUSES), None)

    @property
    def left_schedule(self) -> FieldChange | None:
        """The change of a schedule that exportctl cannot read, and that stays as it is; None without one."""
        return next((c for c in self.changes if c.cause is Cause.NOT_COMPARABLE and c.field == EVERY), None)

    @property
    def is_end_unknown(self) -> bool:
        """The flow has an end that exportctl cannot read, and this plan does not write another one."""
        return self.live_flow.unknown_end is not None and END not in self.written_changes

    @property
    def keeps_late_start(self) -> bool:
        """The flow has not begun, and keeps a start that a new interval would place earlier."""
        start = self.live[START]
        return not self.restart and self.left_start is None and start is not None and start > self.new_start

    @cached_property
    def new_start(self) -> int:
        """The start of the new schedule."""
        declared = self.export.declared.schedule
        return schedules.first_start(self.wanted[EVERY], declared.at, declared.start, self.inputs.as_of)

    @property
    def shown_changes(self) -> tuple[FieldChange, ...]:
        """The changes with datasets as pairs of id and name."""
        return tuple(self._with_names(c) if c.field == DATASETS else c for c in self.changes)

    def _with_names(self, change: FieldChange) -> FieldChange:
        before, after = (
            [[i, self.dataset_names.get(i, "")] for i in ids or ()] for ids in (change.before, change.after)
        )
        return replace(change, before=before, after=after)

    @property
    def flow_fields(self) -> Fields:
        """The fields that a PATCH of the flow sends."""
        sent = FLOW.fields_sent_by(kinds.FieldRequest.PATCH)
        fields = {name: self.wanted[name] for name in sent if name in self.written_changes}
        if self.restart:
            fields[START] = dict(self.export.start_rule)
        if END in self.written_changes:
            fields[END] = self.written_changes[END].after
        return fields

    @property
    def target_fields(self) -> Fields:
        """The fields that a PATCH of the target sends; none if other flows use the target too."""
        can_change = self.live_flow.can_change(self.live_flow.target)
        names = [name for name in self.export.target_fields if name in self.written_changes and can_change]
        return {name: self._keep_accepted_parts(name, self.export.target_fields[name]) for name in names}

    def _keep_accepted_parts(self, name: str, value: Any) -> Any:
        """Put the live values of accepted parts into a field, because its parts are sent together."""
        accepted = {
            c.path.removeprefix(f"{name}."): c.before
            for c in self.changes
            if c.field == name and c.cause is Cause.ACCEPTED
        }
        return {k: v for k, v in {**value, **accepted}.items() if v is not None} if accepted else value

    @property
    def operation(self) -> str | None:
        """The action on the flow."""
        if ENABLED not in self.written_changes:
            return None
        return "enable" if self.written_changes[ENABLED].after else "disable"

    @property
    def new_text(self) -> str | None:
        """The description to write, None to keep it."""
        return self.export.declared.description if kinds.DESCRIPTION in self.written_changes else None

    def new_flow_marker(self) -> Marker:
        """Return the marker of the flow after this plan."""
        applied = applied_digests(FLOW, self.wanted, self.live, self.changes, self.live_flow.flow.marker)
        is_new_grid = EVERY in self.written_changes and self.left_start is None
        if self.restart or is_new_grid or (AT not in applied and self.live[AT] == self.wanted[AT]):
            applied[AT] = (digest(self.wanted[AT]),)
        protect, is_enabled = self.export.declared.protect, self._is_last_seen_enabled()
        made = replace(self._marker(FLOW, applied), protected=protect, last_seen_enabled=is_enabled)
        is_off = self.operation is None and is_disabled_by_exportctl(self.live_flow)
        disables, enables = is_off or self.operation == "disable", self.operation == "enable"
        before = self.live_flow.flow.marker
        if before and made == replace(before, disables=False, enables=False) and before.disables >= disables:
            return before  # no write only to drop an intent, or to add a start that an earlier version did not keep
        return replace(made, disables=disables, enables=enables, applied=self._with_start(applied))

    def _with_start(self, applied: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        """Add the digest of the start, unless the live start was moved; a second one is that of a start to keep."""
        before = self.live_flow.flow.marker.applied if self.live_flow.flow.marker else {}
        start = applied.get(START)
        if self.restart or (start is None and self.left_start is None):
            start = (digest(self.wanted[START]),)
        if start and self.keeps_late_start and applied.get(EVERY) != before.get(EVERY):
            start = (start[0], digest(self.live[START]))
        return {**applied, START: start} if start else applied

    def _is_last_seen_enabled(self) -> bool:
        """Check whether the flow was enabled when exportctl saw it last; a flow that stays off keeps what was said."""
        before = self.live_flow.flow.marker
        is_left = any(c.field == ENABLED and c.cause in _LEFT_CAUSES for c in self.changes)
        is_over = ENABLED not in self.written_changes and pauses.is_disabled_after_its_end(
            self.live_flow, self.inputs.as_of
        )
        is_still_off = self.operation is None and not self.live[ENABLED] and before and not before.damaged
        if is_left or is_over or is_still_off or self.live[ENABLED] is None:
            return before is None or before.damaged or before.last_seen_enabled
        return bool(self.value_after(ENABLED, self.live[ENABLED]))

    def new_target_marker(self) -> Marker | None:
        """Return the marker of the target after this plan, None if it stays as it is."""
        target, live = self.live_flow.target, self.live_flow.target_fields
        if target is None or not self.live_flow.can_change(target):
            return None
        applied = applied_digests(TARGET_CONNECTION, self.export.target_fields, live, self.changes, target.marker)
        after = self._marker(TARGET_CONNECTION, applied)
        return None if target.marker == after else after

    def _marker(self, kind: Kind, applied: Mapping[str, tuple[str, ...]]) -> Marker:
        generation = self.live_flow.marker.generation if self.live_flow.marker else 1
        return Marker(self.inputs.ownership.project, kind.letter, self.export.address.name, generation, applied=applied)

    def end_and_next_runs(self) -> dict[str, Any]:
        """Return when the export ends, and its next runs before and after this plan."""
        live, as_of, every = {**self.live, EVERY: self.live_flow.fields[EVERY]}, self.inputs.as_of, self.wanted[EVERY]
        end_before, start = pauses.live_end(self.live_flow), live[START] or 0
        end_after, start_after = self.value_after(END, end_before), self.new_start if self.restart else start
        every_after, is_left = self.value_after(EVERY, live[EVERY] or every), self.left_schedule is not None
        is_end_known = self.live_flow.unknown_end is None
        runs_before = live[ENABLED] and live[EVERY] and live[START] is not None and is_end_known
        runs_after = self.value_after(ENABLED, live[ENABLED]) and not is_left and not self.is_end_unknown
        return {
            "ends": end_after,
            "schedule": None if is_left else schedules.schedule_phrase(every, self.export.declared.schedule.at % DAY),
            "next_before": schedules.next_runs(live[EVERY], start, end_before, as_of) if runs_before else (),
            "next_after": schedules.next_runs(every_after, start_after, end_after, as_of) if runs_after else (),
        }


def diff_export(
    export: DesiredExport, live_flow: LiveFlow, lookup: DatasetLookup, inputs: flow_state.PlanInputs
) -> ExportDiff:
    """Compare one declared export with its flow, which has exactly one source and one target."""
    assert live_flow.target is not None
    live = {**live_flow.fields, kinds.DESCRIPTION: live_flow.flow.text, DATASETS: live_flow.dataset_ids}
    live[EVERY] = unknown_schedule(live_flow.flow.raw) or live[EVERY]
    ids = [i for i, _ in lookup.datasets]
    wanted = {**export.flow_fields, DATASETS: ids, **flow_state.wanted_end(export, inputs)}
    comparable = {k: v for k, v in wanted.items() if k != AT or _can_compare_at(wanted, live, inputs.as_of)}
    target_inputs = ComparisonInputs(live_flow.target.marker, inputs.as_of)
    found = (
        *field_changes(FLOW, comparable, live, flow_state.comparison_inputs(export, live_flow, inputs)),
        *field_changes(TARGET_CONNECTION, export.target_fields, live_flow.target_fields, target_inputs),
    )
    changes = tuple(flow_state.annotate_change(c, export, live_flow, inputs) for c in found)
    names = {**live_flow.dataset_names, **dict(lookup.datasets)}
    diff = ExportDiff(export, live_flow, inputs, wanted, live, names, changes)
    diff = replace(diff, changes=_leave_unknown_schedule(diff))
    diff = replace(diff, changes=_leave_schedule_changes(diff))
    return replace(diff, changes=(*diff.changes, *_enabled_with_revival(diff)))


def _can_compare_at(wanted: Fields, live: Fields, as_of: int) -> bool:
    """Check that the times of day are comparable: the same interval, and no one-time export that started already."""
    if wanted[EVERY] != live[EVERY]:
        return False
    return bool(wanted[EVERY] != ONCE or (live[START] or 0) > as_of)


def _leave_unknown_schedule(diff: ExportDiff) -> tuple[FieldChange, ...]:
    """
    Leave a schedule that exportctl cannot read as it is, until a person decides.

    The YAML's schedule is sent again if the interval in the YAML is edited, or if `--resume` names the export. A flow
    to adopt has a difference, which blocks the adoption.
    """
    change = next((c for c in diff.changes if c.field == EVERY), None)
    if change is None or diff.live[EVERY] == diff.live_flow.fields[EVERY] or diff.live_flow.marker is None:
        return diff.changes
    if change.cause not in _LEFT_IF_UNKNOWN or diff.inputs.options.can_resume(diff.export.address):
        return diff.changes
    left = change if change.cause is Cause.ACCEPTED else replace(change, cause=Cause.NOT_COMPARABLE)
    others = (c for c in diff.changes if c is not change)
    return (left, *(c for c in others if c.field != START or c.cause in _LEFT_CAUSES))


def _leave_schedule_changes(diff: ExportDiff) -> tuple[FieldChange, ...]:
    """
    Leave a schedule as it is together with a pause that it would undo.

    A start that stays moved keeps its time of day, and an end that would come before it waits: no service accepts it.
    An end that a hand moved to a moment before the first run keeps the whole schedule.
    """
    if diff.left_start is not None:
        end = diff.written_changes.get(END)
        waits = {END} if end is not None and end.after is not None and end.after <= diff.live[START] else set()
        return _with_cause(diff.changes, {AT, *waits}, diff.left_start.cause)
    is_end_paused = any(c.field == END and c.cause is Cause.PAUSED for c in diff.changes)
    if not is_end_paused or not diff.restart or diff.new_start < diff.live[END]:
        return diff.changes
    return _with_cause(diff.changes, kinds.SCHEDULE_FIELDS, Cause.PAUSED)


def _enabled_with_revival(diff: ExportDiff) -> tuple[FieldChange, ...]:
    """Enable a flow that the service itself disabled after its end, together with the write that revives it."""
    if diff.wanted[ENABLED] is False or not pauses.is_disabled_by_service(diff.live_flow, diff.inputs.as_of):
        return ()
    end = diff.written_changes.get(END)
    revives = (end is not None and end.after is not None and end.after > diff.inputs.as_of) or diff.restart
    written = [diff.written_changes[f] for f in (END, START, AT, EVERY) if f in diff.written_changes]
    if not revives or not written:
        return ()
    change = FieldChange(ENABLED, ENABLED, False, True, written[0].cause)
    return (flow_state.annotate_change(change, diff.export, diff.live_flow, diff.inputs),)


def _with_cause(changes: tuple[FieldChange, ...], fields: Collection[str], cause: Cause) -> tuple[FieldChange, ...]:
    return tuple(replace(c, cause=cause) if c.field in fields and c.cause in WRITE_CAUSES else c for c in changes)


# -- refusals and findings --------------------------------------------------------------------------------------------


def diff_refusals(diff: ExportDiff) -> tuple[Refusal, ...]:
    """Refuse a shared target, what `protect` blocks, a list that both sides changed, and a start after the end."""
    marker = diff.live_flow.protecting_marker(diff.export.declared.protect)
    is_begun = has_missing_action(diff.live_flow)  # allowed when exportctl began it, also by the creation of the flow
    decided = [c for c in diff.changes if c.field != ENABLED or not is_begun]
    protected = protect_refusals(marker, Verb.UPDATE, decided)
    return (*_shared_target_refusals(diff), *protected, *_dataset_refusals(diff), *_late_start_refusals(diff))


def _shared_target_refusals(diff: ExportDiff) -> tuple[Refusal, ...]:
    fields = sorted(f for f in diff.written_changes if f in TARGET_CONNECTION.managed_fields)
    if not fields or diff.live_flow.can_change(diff.live_flow.target):
        return ()
    users = ", ".join(diff.live_flow.other_flow_names)
    text = f"{' and '.join(fields)} belong to a target connection that other flows use too: {users}"
    allow = "write the values of the shared target into the YAML, or give one flow its own target"
    return (Refusal("shared-children", text, allow),)


def _dataset_refusals(diff: ExportDiff) -> tuple[Refusal, ...]:
    """Refuse a dataset list that the YAML and the sandbox both changed: the YAML's list could undo a pause by hand."""
    change = diff.written_changes.get(DATASETS)
    if change is None or change.cause is not Cause.CONFLICT or diff.inputs.options.can_resume(diff.export.address):
        return ()
    address = diff.export.address
    text = f"the datasets of {address} changed in the YAML and in the sandbox, so apply could undo a pause by hand"
    allow = f"--resume {address} to send the list of the YAML, or write the datasets of the flow into the YAML"
    return (Refusal("datasets-conflict", text, allow),)


def _late_start_refusals(diff: ExportDiff) -> tuple[Refusal, ...]:
    """Refuse a start after the end: the service does not accept it (flow-service.md 7.1)."""
    end = diff.value_after(END, diff.live[END])
    if not diff.restart or end is None or diff.new_start < end:
        return ()
    address, start = diff.export.address, format_moment(diff.new_start)
    text = f"the new schedule of {address} would start {start}, after its end {format_moment(end)}"
    return (Refusal("starts-after-end", text, f"write a later `end` for {address}, or keep its schedule"),)


def diff_findings(diff: ExportDiff) -> tuple[Finding, ...]:
    """Report a lost or edited marker, and a past or undeclared end."""
    export, live_flow, as_of = diff.export, diff.live_flow, diff.inputs.as_of
    found, hint = [], "run `exportctl apply`: it writes the marker again"
    if live_flow.marker_lost:
        lost = f"the flow {live_flow.flow.id} lost its marker (its description was edited)"
        found.append(finding(export, "marker-lost", f"{lost}, but its target still has the marker", hint))
    damaged = [o.id for o in (live_flow.flow, live_flow.target) if o and o.marker and o.marker.damaged]
    if damaged:
        text = f"the marker on {', '.join(damaged)} was edited: last applied values are unknown"
        found.append(finding(export, "marker-damaged", text, hint))
    found += flow_state.state_findings(export, live_flow, diff.inputs)
    if diff.left_schedule is not None:
        found.append(flow_state.unknown_schedule_finding(export, live_flow, diff.left_schedule))
    if any(c.field == END and c.cause is Cause.NOT_COMPARABLE for c in diff.changes):
        found.append(flow_state.unknown_end_finding(export, live_flow))
    found += flow_state.expired_findings(export, live_flow, as_of, diff.changes)
    found += flow_state.undeclared_end_findings(export, live_flow, as_of, diff.changes)
    return tuple(found)


# -- consequences -----------------------------------------------------------------------------------------------------


def diff_consequences(diff: ExportDiff) -> tuple[Consequence, ...]:
    """Describe the consequences of the written changes: a revival first, then the most costly ones."""
    moved = diff.value_after(END, None)
    found = [c for name, change in diff.written_changes.items() for c in _field_consequences(name, change, diff)]
    order = {"cost": 0, "warning": 1, "info": 2}
    revival = flow_state.revival_consequences(pauses.live_end(diff.live_flow), moved, diff.inputs.as_of)
    return (*revival, *sorted(found, key=lambda c: order[c.level]))


def _field_consequences(name: str, change: FieldChange, diff: ExportDiff) -> list[Consequence]:
    if name == DATASETS:
        return _dataset_consequences(change, diff.dataset_names)
    if name == ENABLED and change.after is False:
        text = "skips runs while the flow is disabled; Adobe does not document whether they are caught up"
        return [Consequence("runs-skipped", text, "warning")]
    if name == END and isinstance(change.before, int) and change.after < change.before:
        text = f"ends earlier: {format_moment(change.after)} instead of {format_moment(change.before)}"
        return [Consequence("ends-earlier", text, "warning")]
    rule = next(rule for kind in (FLOW, TARGET_CONNECTION) for rule in kind.fields if rule.name == name)
    has_macro = rule.only_for_macro is None or rule.only_for_macro in diff.export.declared.folder
    return [rule.consequence] if rule.consequence and has_macro else []


def _dataset_consequences(change: FieldChange, names: Mapping[str, str]) -> list[Consequence]:
    before, after = set(change.before or ()), set(change.after or ())
    found = []
    if after - before:
        text = "a new dataset list may cause a full re-export, at least of the added datasets"
        found.append(Consequence("may-cause-full-re-export", text, "cost"))
    if before - after:
        lost = ", ".join(f'"{names.get(i) or i}"' for i in sorted(before - after))
        text = f"stops the export of {lost}; the other datasets may be sent again in full"
        found.append(Consequence("datasets-lost", text, "warning"))
    return found
