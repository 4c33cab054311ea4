"""
An export and its live flow, field by field: what differs and why, what apply must write, what it must not.

The flow's marker says what was last applied to the flow's fields, the target's marker to location and format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from exportctl.errors import Finding, Level
from exportctl.model import schedule as schedules
from exportctl.model.plan import (
    WRITE_CAUSES,
    Cause,
    Consequence,
    FieldChange,
    LiveObject,
    Marker,
    Refusal,
    Verb,
    digest,
)
from exportctl.model.schedule import DAY, ONCE, format_moment
from exportctl.plan import end_dates, flow_state, safety_checks
from exportctl.plan.consequences import change_consequences, schedule_phrase
from exportctl.plan.dataset_lookup import DatasetLookup
from exportctl.plan.desired import DesiredExport
from exportctl.plan.field_diff import ComparisonInputs, field_changes, next_applied
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
    FOLDER,
    SCHEDULE_FIELDS,
    SOURCE_CONNECTION,
    START,
    TARGET_CONNECTION,
    TITLE,
)


@dataclass(frozen=True)
class ExportDiff:
    """
    `changes` for people; the rest for steps: fields and marker to write per object (None: as it is), `repoint` a new
    source connection, `act` enable or disable, `text` a new description.
    """

    changes: tuple[FieldChange, ...]
    flow_fields: Mapping[str, Any]
    flow_marker: Marker
    flow_marker_changes: bool
    target_fields: Mapping[str, Any]
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


def diff_export(
    export: DesiredExport, live_flow: LiveFlow, lookup: DatasetLookup, settings: PlanSettings
) -> ExportDiff:
    """Hold one declared export against its flow. The flow has exactly one source and one target."""
    assert live_flow.source is not None and live_flow.target is not None
    flow = live_flow.flow
    live = _live_fields(live_flow, flow, live_flow.source)
    names = {**wire.read_fields(SOURCE_CONNECTION.name, live_flow.source.raw)["names"], **dict(lookup.datasets)}
    wanted = {
        **export.flow_fields,
        DATASETS: [i for i, _ in lookup.datasets],
        **flow_state.wanted_end(export, settings),
    }
    inputs = flow_state.comparison_inputs(export, live_flow, settings)
    compared = {k: v for k, v in wanted.items() if k != AT or _can_compare_at(wanted, live, settings.as_of)}
    found = field_changes(FLOW, compared, live, inputs)
    target_changes, target_inputs = _target_changes(export, live_flow, settings)
    changes = _pause_schedule_changes(
        tuple(flow_state.annotate_change(c, export, live_flow, settings) for c in (*found, *target_changes)),
        export,
        wanted,
        live,
        settings,
    )
    written = _written_changes(changes)
    restart = _is_restart_needed(wanted, live, written, settings.as_of)
    marker = _flow_marker(export, live_flow, wanted, live, changes, inputs, written, restart, settings)
    place_marker = _target_marker(export, live_flow, changes, target_inputs, settings)
    return ExportDiff(
        changes=tuple(_with_dataset_names(c, names) for c in changes),
        flow_fields=_flow_fields(export, wanted, written, restart),
        flow_marker=marker,
        flow_marker_changes=flow.marker != marker,
        target_fields={k: v for k, v in export.target_fields.items() if k in written}
        if live_flow.can_change(live_flow.target)
        else {},
        target_marker=place_marker,
        repoint=DATASETS in written,
        operation=_operation(written),
        text=export.declared.description if DESCRIPTION in written else None,
        consequences=(
            *end_dates.revival_consequences(
                end_dates.effective_end(live, flow), tuple(written.values()), settings.as_of
            ),
            *change_consequences(changes, export.declared.folder, names),
        ),
        refusals=(
            *_shared_target_refusals(live_flow, written),
            *safety_checks.protect_refusals(live_flow.protecting_marker(export.declared.protect), Verb.UPDATE, changes),
            *_late_start_refusals(export, live, written, restart, settings),
        ),
        findings=(
            *_marker_findings(export, live_flow),
            *flow_state.flow_expired_findings(export, live_flow, settings, changes),
            *end_dates.undeclared_end_findings(export.declared, live, flow, settings.as_of, changes),
        ),
        **_end_and_next_runs(export, live_flow, wanted, live, written, restart, settings),
    )


def _with_dataset_names(change: FieldChange, names: Mapping[str, str]) -> FieldChange:
    """Datasets as people know them: pairs of id and name."""
    if change.field != DATASETS:
        return change
    before, after = ([[i, names.get(i, "")] for i in inputs or ()] for inputs in (change.before, change.after))
    return replace(change, before=before, after=after)


def _live_fields(live_flow: LiveFlow, flow: LiveObject, source: LiveObject) -> dict[str, Any]:
    read = wire.read_fields(FLOW.name, flow.raw)
    return read | {
        DESCRIPTION: flow.text,
        DATASETS: wire.read_fields(SOURCE_CONNECTION.name, source.raw)[DATASETS],
    }


def _can_compare_at(wanted: Mapping[str, Any], live: Mapping[str, Any], as_of: int) -> bool:
    """Times of day of different intervals do not compare; a one-time export that has begun is not started again."""
    if wanted[EVERY] != live[EVERY]:
        return False
    return bool(wanted[EVERY] != ONCE or (live[START] or 0) > as_of)


def _is_restart_needed(
    wanted: Mapping[str, Any], live: Mapping[str, Any], written: Mapping[str, FieldChange], as_of: int
) -> bool:
    """Does the write need a new start? Only when the live one is not on the wanted grid, or can never come again."""
    if AT in written:
        return True
    if EVERY not in written:
        return False
    if live[START] is None or (wanted[EVERY] == ONCE and live[START] <= as_of):
        return True
    return bool(schedules.grid_offset(live[START], wanted[EVERY]) != wanted[AT])


def _written_changes(changes: tuple[FieldChange, ...]) -> dict[str, FieldChange]:
    return {c.field: c for c in changes if c.cause in WRITE_CAUSES or c.cause is Cause.RENEWAL}


def _pause_schedule_changes(
    changes: tuple[FieldChange, ...],
    export: DesiredExport,
    wanted: Mapping[str, Any],
    live: Mapping[str, Any],
    settings: PlanSettings,
) -> tuple[FieldChange, ...]:
    """A schedule that could only begin after an end moved earlier by hand is held together with it."""
    is_end_paused = any(c.field == END and c.cause is Cause.PAUSED for c in changes)
    restart = _is_restart_needed(wanted, live, _written_changes(changes), settings.as_of)
    if not is_end_paused or not restart or _new_start(export, settings) < live[END]:
        return changes
    return tuple(
        replace(c, cause=Cause.PAUSED) if c.field in SCHEDULE_FIELDS and c.cause in WRITE_CAUSES else c for c in changes
    )


def _late_start_refusals(
    export: DesiredExport,
    live: Mapping[str, Any],
    written: Mapping[str, FieldChange],
    restart: bool,
    settings: PlanSettings,
) -> tuple[Refusal, ...]:
    """The service takes no start after the end that the flow has, or gets (flow-service.md 7.1)."""
    end = written[END].after if END in written else live[END]
    if not restart or end is None or _new_start(export, settings) < end:
        return ()
    text = (
        f"the new schedule of {export.address} would begin {format_moment(_new_start(export, settings))}, and it ends "
    )
    allow = f"a later `end` for {export.address}, or leave its schedule as it is"
    return (Refusal("starts-after-end", f"{text}{format_moment(end)}", allow),)


def _new_start(export: DesiredExport, settings: PlanSettings) -> int:
    schedule = export.declared.schedule
    return schedules.first_start(export.flow_fields[EVERY], schedule.at, schedule.start, settings.as_of)


def _target_changes(
    export: DesiredExport, live_flow: LiveFlow, settings: PlanSettings
) -> tuple[tuple[FieldChange, ...], ComparisonInputs]:
    assert live_flow.target is not None
    inputs = ComparisonInputs(live_flow.target.marker, settings.as_of)
    return field_changes(
        TARGET_CONNECTION, export.target_fields, wire.read_fields(TARGET_CONNECTION.name, live_flow.target.raw), inputs
    ), inputs


def _flow_fields(
    export: DesiredExport, wanted: Mapping[str, Any], written: Mapping[str, FieldChange], restart: bool
) -> dict[str, Any]:
    fields = {name: wanted[name] for name in (TITLE, EVERY, FOLDER) if name in written}
    if restart:
        fields[START] = dict(export.start_rule)
    if END in written:
        fields[END] = written[END].after
    return fields


def _flow_marker(
    export: DesiredExport,
    live_flow: LiveFlow,
    wanted: Mapping[str, Any],
    live: Mapping[str, Any],
    changes: tuple[FieldChange, ...],
    inputs: ComparisonInputs,
    written: Mapping[str, FieldChange],
    restart: bool,
    settings: PlanSettings,
) -> Marker:
    before = live_flow.flow.marker
    mine = tuple(c for c in changes if c.field in FLOW.managed_fields)
    applied = next_applied(FLOW, wanted, live, mine, inputs, lambda c: c.field in written)
    if EVERY in written or (AT not in applied and live[AT] == wanted[AT]):
        applied[AT] = (digest(wanted[AT]),)
    return Marker(
        project=settings.project,
        kind=FLOW.letter,
        name=export.address.name,
        generation=live_flow.marker.generation if live_flow.marker else 1,
        protected=export.declared.protect,
        last_seen_enabled=_is_last_seen_enabled(live[ENABLED], before, written, changes),
        applied=applied,
    )


def _is_last_seen_enabled(
    on: bool, before: Marker | None, written: Mapping[str, FieldChange], changes: tuple[FieldChange, ...]
) -> bool:
    """Was the flow on when we last looked? A stop that is held keeps the memory of the time before."""
    if ENABLED in written:
        return bool(written[ENABLED].after)
    if any(c.field == ENABLED and c.cause in (Cause.PAUSED, Cause.ACCEPTED) for c in changes):
        return before is None or before.damaged or before.last_seen_enabled
    return on


def _target_marker(
    export: DesiredExport,
    live_flow: LiveFlow,
    changes: tuple[FieldChange, ...],
    inputs: ComparisonInputs,
    settings: PlanSettings,
) -> Marker | None:
    """The target's new marker, None when it stands already or the target is shared."""
    target = live_flow.target
    assert target is not None
    if not live_flow.can_change(target):
        return None
    live = wire.read_fields(TARGET_CONNECTION.name, target.raw)
    mine = tuple(c for c in changes if c.field in TARGET_CONNECTION.managed_fields)
    after = Marker(
        project=settings.project,
        kind=TARGET_CONNECTION.letter,
        name=export.address.name,
        generation=live_flow.marker.generation if live_flow.marker else 1,
        applied=next_applied(
            TARGET_CONNECTION, export.target_fields, live, mine, inputs, lambda c: c.cause in WRITE_CAUSES
        ),
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
    text = (
        f"{' and '.join(fields)} live on a target connection that other flows use too: "
        f"{', '.join(live_flow.other_flow_names)}"
    )
    return (
        Refusal(
            "shared-children", text, "make the YAML say what the shared target does, or give one flow its own target"
        ),
    )


def _marker_findings(export: DesiredExport, live_flow: LiveFlow) -> tuple[Finding, ...]:
    found = []
    if live_flow.marker_lost:
        lost = f"flow {live_flow.flow.id} lost its marker (somebody edited its description)"
        text = f"{export.address}: {lost}; its target still carries it"
        found.append(Finding("marker-lost", text, export.declared.at, "apply writes it back", Level.WARNING))
    damaged = [
        o.id for o in (live_flow.flow, live_flow.target) if o is not None and o.marker is not None and o.marker.damaged
    ]
    if damaged:
        which = f"the marker on {', '.join(damaged)} was edited"
        text = f"{export.address}: {which}: compared without knowing what was last applied"
        found.append(Finding("marker-damaged", text, export.declared.at, "apply writes it anew", Level.WARNING))
    return tuple(found)


def _end_and_next_runs(
    export: DesiredExport,
    live_flow: LiveFlow,
    wanted: Mapping[str, Any],
    live: Mapping[str, Any],
    written: Mapping[str, FieldChange],
    restart: bool,
    settings: PlanSettings,
) -> dict[str, Any]:
    """When it ends, and the next runs before and after this plan."""
    declared = export.declared
    end_before = end_dates.effective_end(live, live_flow.flow)
    end_after = written[END].after if END in written else end_before
    every = wanted[EVERY] if EVERY in written else live[EVERY] or wanted[EVERY]
    start = live[START] or 0
    after = _new_start(export, settings) if restart else start
    on_after = written[ENABLED].after if ENABLED in written else live[ENABLED]
    before_runs = (
        schedules.next_runs(live[EVERY], start, end_before, settings.as_of) if live[ENABLED] and live[EVERY] else ()
    )
    return {
        "ends": end_after,
        "schedule": schedule_phrase(wanted[EVERY], declared.schedule.at % DAY),
        "next_before": before_runs,
        "next_after": schedules.next_runs(every, after, end_after, settings.as_of) if on_after else (),
    }
