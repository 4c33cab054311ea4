"""
Compare an export with its live flow, field by field: what differs and why, and what apply must write.

The marker of the flow says what was last applied to the fields of the flow, that of the target to location and format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from exportctl.errors import Finding, Level
from exportctl.model import schedule as schedules
from exportctl.model.plan import (
    WRITE_CAUSES,
    Cause,
    Consequence,
    FieldChange,
    Fields,
    LiveObject,
    Marker,
    Refusal,
    Verb,
    digest,
)
from exportctl.model.schedule import DAY, ONCE, format_moment
from exportctl.plan import flow_state, safety_checks
from exportctl.plan.consequences import change_consequences, schedule_phrase
from exportctl.plan.dataset_lookup import DatasetLookup
from exportctl.plan.desired import DesiredExport
from exportctl.plan.field_diff import ComparisonInputs, applied_digests, field_changes
from exportctl.plan.flow_state import PlanSettings
from exportctl.plan.ownership import LiveFlow
from exportctl.resources import wire
from exportctl.resources.kinds import (
    AT,
    DATASETS,
    DESCRIPTION,
    ENABLED,
    END,
    EVERY,
    FLOW,
    SCHEDULE_FIELDS,
    SOURCE_CONNECTION,
    START,
    TARGET_CONNECTION,
    FieldRequest,
)


@dataclass(frozen=True)
class ExportDiff:
    """
    The difference of one export: `changes` and texts for people, the rest for steps.

    The steps write fields and a marker per object (None: keep it). `repoint` asks for a new source connection,
    `operation` is enable or disable, `text` is a new description.
    """

    changes: tuple[FieldChange, ...]
    flow_fields: Fields
    flow_marker: Marker
    flow_marker_changes: bool
    target_fields: Fields
    target_marker: Marker | None
    repoint: bool
    operation: str | None
    text: str | None
    consequences: tuple[Consequence, ...]
    refusals: tuple[Refusal, ...]
    findings: tuple[Finding, ...]
    ends: int | None
    schedule: str
    next_before: tuple[int, ...]
    next_after: tuple[int, ...]


@dataclass(frozen=True)
class _Comparison:
    """One export, its live flow with source and target, the fields of both sides, and the changes between them."""

    export: DesiredExport
    live_flow: LiveFlow
    target: LiveObject
    settings: PlanSettings
    wanted: Fields
    live: Fields
    changes: tuple[FieldChange, ...]

    @cached_property
    def written_changes(self) -> Mapping[str, FieldChange]:
        """The changes that apply writes, by field."""
        return {c.field: c for c in self.changes if c.cause in WRITE_CAUSES or c.cause is Cause.RENEWAL}

    @cached_property
    def restart(self) -> bool:
        """The write needs a new start: the live start is not on the wanted grid, or is past for a one-time export."""
        if AT in self.written_changes or EVERY not in self.written_changes:
            return AT in self.written_changes
        start, every = self.live[START], self.wanted[EVERY]
        if start is None or (every == ONCE and start <= self.settings.as_of):
            return True
        return bool(schedules.grid_offset(start, every) != self.wanted[AT])

    @cached_property
    def new_start(self) -> int:
        """The start of the new schedule."""
        declared = self.export.declared.schedule
        return schedules.first_start(self.wanted[EVERY], declared.at, declared.start, self.settings.as_of)


def diff_export(
    export: DesiredExport, live_flow: LiveFlow, lookup: DatasetLookup, settings: PlanSettings
) -> ExportDiff:
    """Compare one declared export with its flow, which has exactly one source and one target."""
    assert live_flow.source is not None and live_flow.target is not None
    source = wire.read_fields(SOURCE_CONNECTION.name, live_flow.source.raw)
    inputs = flow_state.comparison_inputs(export, live_flow, settings)
    target_inputs = ComparisonInputs(live_flow.target.marker, settings.as_of)
    compared = _compare(export, live_flow, live_flow.target, lookup, settings, inputs, target_inputs)
    written, changes = compared.written_changes, compared.changes
    names = {**source["names"], **dict(lookup.datasets)}
    marker = _flow_marker(compared, inputs)
    can_change_target = live_flow.can_change(live_flow.target)
    return ExportDiff(
        changes=tuple(_with_dataset_names(c, names) for c in changes),
        flow_fields=_flow_fields(compared),
        flow_marker=marker,
        flow_marker_changes=live_flow.flow.marker != marker,
        target_fields={k: v for k, v in export.target_fields.items() if k in written} if can_change_target else {},
        target_marker=_target_marker(compared, target_inputs) if can_change_target else None,
        repoint=DATASETS in written,
        operation=_operation(written),
        text=export.declared.description if DESCRIPTION in written else None,
        consequences=(
            *flow_state.revival_consequences(flow_state.live_end(live_flow), tuple(written.values()), settings.as_of),
            *change_consequences(changes, export.declared.folder, names),
        ),
        refusals=(
            *_shared_target_refusals(live_flow, written),
            *safety_checks.protect_refusals(live_flow.protecting_marker(export.declared.protect), Verb.UPDATE, changes),
            *_late_start_refusals(compared),
        ),
        findings=(
            *_marker_findings(export, live_flow),
            *flow_state.expired_findings(export, live_flow, settings.as_of, changes),
            *flow_state.undeclared_end_findings(
                export.declared, compared.live, live_flow.flow, settings.as_of, changes
            ),
        ),
        **_end_and_next_runs(compared),
    )


def _compare(
    export: DesiredExport,
    live_flow: LiveFlow,
    target: LiveObject,
    lookup: DatasetLookup,
    settings: PlanSettings,
    inputs: ComparisonInputs,
    target_inputs: ComparisonInputs,
) -> _Comparison:
    assert live_flow.source is not None
    live = wire.read_fields(FLOW.name, live_flow.flow.raw) | {
        DESCRIPTION: live_flow.flow.text,
        DATASETS: wire.read_fields(SOURCE_CONNECTION.name, live_flow.source.raw)[DATASETS],
    }
    wanted = {
        **export.flow_fields,
        DATASETS: [i for i, _ in lookup.datasets],
        **flow_state.wanted_end(export, settings),
    }
    comparable = {k: v for k, v in wanted.items() if k != AT or _can_compare_at(wanted, live, settings.as_of)}
    live_target = wire.read_fields(TARGET_CONNECTION.name, target.raw)
    found = (
        *field_changes(FLOW, comparable, live, inputs),
        *field_changes(TARGET_CONNECTION, export.target_fields, live_target, target_inputs),
    )
    changes = tuple(flow_state.annotate_change(c, export, live_flow, settings) for c in found)
    compared = _Comparison(export, live_flow, target, settings, wanted, live, changes)
    return replace(compared, changes=_pause_schedule_changes(compared))


def _with_dataset_names(change: FieldChange, names: Mapping[str, str]) -> FieldChange:
    """Show datasets as pairs of id and name."""
    if change.field != DATASETS:
        return change
    before, after = ([[i, names.get(i, "")] for i in side or ()] for side in (change.before, change.after))
    return replace(change, before=before, after=after)


def _can_compare_at(wanted: Fields, live: Fields, as_of: int) -> bool:
    """Check that the times of day are comparable: the same interval, and no one-time export that started already."""
    if wanted[EVERY] != live[EVERY]:
        return False
    return bool(wanted[EVERY] != ONCE or (live[START] or 0) > as_of)


def _pause_schedule_changes(compared: _Comparison) -> tuple[FieldChange, ...]:
    """Leave a schedule paused together with an end that a hand moved to a moment before the first run."""
    changes = compared.changes
    is_end_paused = any(c.field == END and c.cause is Cause.PAUSED for c in changes)
    if not is_end_paused or not compared.restart or compared.new_start < compared.live[END]:
        return changes
    return tuple(
        replace(c, cause=Cause.PAUSED) if c.field in SCHEDULE_FIELDS and c.cause in WRITE_CAUSES else c for c in changes
    )


def _late_start_refusals(compared: _Comparison) -> tuple[Refusal, ...]:
    """Refuse a start after the end: the service does not accept it (flow-service.md 7.1)."""
    written, address = compared.written_changes, compared.export.address
    end = written[END].after if END in written else compared.live[END]
    if not compared.restart or end is None or compared.new_start < end:
        return ()
    start = format_moment(compared.new_start)
    text = f"the new schedule of {address} would start {start}, after its end {format_moment(end)}"
    allow = f"write a later `end` for {address}, or keep its schedule"
    return (Refusal("starts-after-end", text, allow),)


def _flow_fields(compared: _Comparison) -> Fields:
    written = compared.written_changes
    fields = {name: compared.wanted[name] for name in FLOW.fields_sent_by(FieldRequest.PATCH) if name in written}
    if compared.restart:
        fields[START] = dict(compared.export.start_rule)
    if END in written:
        fields[END] = written[END].after
    return fields


def _flow_marker(compared: _Comparison, inputs: ComparisonInputs) -> Marker:
    written, wanted, live = compared.written_changes, compared.wanted, compared.live
    own = tuple(c for c in compared.changes if c.field in FLOW.managed_fields)
    applied = applied_digests(FLOW, wanted, live, own, inputs, lambda c: c.field in written)
    if EVERY in written or (AT not in applied and live[AT] == wanted[AT]):
        applied[AT] = (digest(wanted[AT]),)
    return Marker(
        project=compared.settings.project,
        kind=FLOW.letter,
        name=compared.export.address.name,
        generation=compared.live_flow.marker.generation if compared.live_flow.marker else 1,
        protected=compared.export.declared.protect,
        last_seen_enabled=_is_last_seen_enabled(compared),
        applied=applied,
    )


def _is_last_seen_enabled(compared: _Comparison) -> bool:
    """Check whether the flow was enabled when exportctl saw it last; a pause keeps the state before the pause."""
    before = compared.live_flow.flow.marker
    if ENABLED in compared.written_changes:
        return bool(compared.written_changes[ENABLED].after)
    if any(c.field == ENABLED and c.cause in (Cause.PAUSED, Cause.ACCEPTED) for c in compared.changes):
        return before is None or before.damaged or before.last_seen_enabled
    return bool(compared.live[ENABLED])


def _target_marker(compared: _Comparison, inputs: ComparisonInputs) -> Marker | None:
    """Return the new marker of the target, None if it has that marker already."""
    target, desired = compared.target, compared.export.target_fields
    live = wire.read_fields(TARGET_CONNECTION.name, target.raw)
    own = tuple(c for c in compared.changes if c.field in TARGET_CONNECTION.managed_fields)
    after = Marker(
        project=compared.settings.project,
        kind=TARGET_CONNECTION.letter,
        name=compared.export.address.name,
        generation=compared.live_flow.marker.generation if compared.live_flow.marker else 1,
        applied=applied_digests(TARGET_CONNECTION, desired, live, own, inputs, lambda c: c.cause in WRITE_CAUSES),
    )
    return None if target.marker == after else after


def _operation(written: Mapping[str, FieldChange]) -> str | None:
    if ENABLED not in written:
        return None
    return "enable" if written[ENABLED].after else "disable"


def _shared_target_refusals(live_flow: LiveFlow, written: Mapping[str, FieldChange]) -> tuple[Refusal, ...]:
    fields = sorted(f for f in written if f in TARGET_CONNECTION.managed_fields)
    if not fields or live_flow.can_change(live_flow.target):
        return ()
    users = ", ".join(live_flow.other_flow_names)
    text = f"{' and '.join(fields)} belong to a target connection that other flows use too: {users}"
    allow = "write the values of the shared target into the YAML, or give one flow its own target"
    return (Refusal("shared-children", text, allow),)


def _marker_findings(export: DesiredExport, live_flow: LiveFlow) -> tuple[Finding, ...]:
    found, hint = [], "run `exportctl apply`: it writes the marker again"
    if live_flow.marker_lost:
        lost = f"the flow {live_flow.flow.id} lost its marker (its description was edited)"
        text = f"{export.address}: {lost}, but its target still has the marker"
        found.append(Finding("marker-lost", text, export.declared.at, hint, Level.WARNING))
    damaged = [
        o.id for o in (live_flow.flow, live_flow.target) if o is not None and o.marker is not None and o.marker.damaged
    ]
    if damaged:
        text = f"{export.address}: the marker on {', '.join(damaged)} was edited: last applied values are unknown"
        found.append(Finding("marker-damaged", text, export.declared.at, hint, Level.WARNING))
    return tuple(found)


def _end_and_next_runs(compared: _Comparison) -> dict[str, Any]:
    """Return when the export ends, and its next runs before and after this plan."""
    written, wanted, live, as_of = compared.written_changes, compared.wanted, compared.live, compared.settings.as_of
    end_before = flow_state.live_end(compared.live_flow)
    end_after = written[END].after if END in written else end_before
    every = wanted[EVERY] if EVERY in written else live[EVERY] or wanted[EVERY]
    start = live[START] or 0
    start_after = compared.new_start if compared.restart else start
    enabled_after = written[ENABLED].after if ENABLED in written else live[ENABLED]
    runs_before = live[ENABLED] and live[EVERY]
    return {
        "ends": end_after,
        "schedule": schedule_phrase(wanted[EVERY], compared.export.declared.schedule.at % DAY),
        "next_before": schedules.next_runs(live[EVERY], start, end_before, as_of) if runs_before else (),
        "next_after": schedules.next_runs(every, start_after, end_after, as_of) if enabled_after else (),
    }
