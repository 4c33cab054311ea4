"""
An export and its live flow, field by field: what differs and why, what apply must write, what it must not.

The flow's marker tells what was last applied to the flow's fields, the target's what was applied to place and format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from exportctl import schedules, wire
from exportctl.errors import Finding, Level
from exportctl.kinds import ANCHOR, CONTENT, PLACE
from exportctl.marker import END
from exportctl.model import WRITES, Cause, Consequence, FieldChange, LiveObject, Marker, Refusal, Verb, digest
from exportctl.planning import endings, gates, standing
from exportctl.planning.consequences import described, follow
from exportctl.planning.datasets import Looked
from exportctl.planning.diff import Side, applied_after, field_changes
from exportctl.planning.expand import DesiredExport
from exportctl.planning.ownership import Holding
from exportctl.planning.standing import Terms
from exportctl.schedules import DAY, ONCE, shown


@dataclass(frozen=True)
class Comparison:
    """
    `changes` for people; the rest for steps: fields and marker to write per object (None: as it is), `repoint` a new
    source connection, `act` enable or disable, `text` a new description.
    """

    changes: tuple[FieldChange, ...]
    flow_fields: Mapping[str, Any]
    flow_marker: Marker
    flow_moves: bool
    place_fields: Mapping[str, Any]
    place_marker: Marker | None
    repoint: bool
    act: str | None
    text: str | None
    consequences: tuple[Consequence, ...]
    refusals: tuple[Refusal, ...]
    findings: tuple[Finding, ...]
    ends: int | None
    schedule: str
    next_before: tuple[int, ...]
    next_after: tuple[int, ...]


def compare(export: DesiredExport, holding: Holding, looked: Looked, terms: Terms) -> Comparison:
    """Hold one declared export against its flow. The flow has exactly one source and one target."""
    assert holding.content is not None and holding.place is not None
    flow = holding.flow
    live = _live(holding, flow, holding.content)
    names = {**wire.read(CONTENT.name, holding.content.raw)["names"], **dict(looked.found)}
    wanted = {
        **export.anchor,
        "datasets": [i for i, _ in looked.found],
        **standing.wanted_end(export, terms),
    }
    side = standing.side(export, holding, terms)
    compared = {k: v for k, v in wanted.items() if k != "phase" or _phase_counts(wanted, live, terms.as_of)}
    found = field_changes(ANCHOR, compared, live, side)
    placed, place_side = _place_changes(export, holding, terms)
    changes = _waiting(
        tuple(standing.told(c, export, holding, terms) for c in (*found, *placed)), export, wanted, live, terms
    )
    written = _written(changes)
    restart = _restarts(wanted, live, written, terms.as_of)
    marker = _flow_marker(export, holding, wanted, live, changes, side, written, restart, terms)
    place_marker = _place_marker(export, holding, changes, place_side, terms)
    return Comparison(
        changes=tuple(_named(c, names) for c in changes),
        flow_fields=_flow_fields(export, wanted, written, restart),
        flow_marker=marker,
        flow_moves=flow.marker != marker,
        place_fields={k: v for k, v in export.place.items() if k in written} if holding.owns(holding.place) else {},
        place_marker=place_marker,
        repoint="datasets" in written,
        act=_act(written),
        text=export.declared.description if "description" in written else None,
        consequences=(
            *endings.revival(endings.effective(live, flow), tuple(written.values()), terms.as_of),
            *follow(changes, export.declared.folder, names),
        ),
        refusals=(
            *_shared(holding, written),
            *gates.protected(holding.guarded(export.declared.protect), Verb.UPDATE, changes),
            *_begins_too_late(export, live, written, restart, terms),
        ),
        findings=(
            *_findings(export, holding),
            *standing.over(export, holding, terms, changes),
            *endings.stays(export.declared, live, flow, terms.as_of, changes),
        ),
        **_outlook(export, holding, wanted, live, written, restart, terms),
    )


def _named(change: FieldChange, names: Mapping[str, str]) -> FieldChange:
    """Datasets as people know them: pairs of id and name."""
    if change.field != "datasets":
        return change
    before, after = ([[i, names.get(i, "")] for i in side or ()] for side in (change.before, change.after))
    return replace(change, before=before, after=after)


def _live(holding: Holding, flow: LiveObject, content: LiveObject) -> dict[str, Any]:
    read = wire.read(ANCHOR.name, flow.raw)
    return read | {"description": flow.text, "datasets": wire.read(CONTENT.name, content.raw)["datasets"]}


def _phase_counts(wanted: Mapping[str, Any], live: Mapping[str, Any], as_of: int) -> bool:
    """Phases of different cadences do not compare; a one-time export that has begun is not started again."""
    if wanted["cadence"] != live["cadence"]:
        return False
    return bool(wanted["cadence"] != ONCE or (live["start"] or 0) > as_of)


def _restarts(
    wanted: Mapping[str, Any], live: Mapping[str, Any], written: Mapping[str, FieldChange], as_of: int
) -> bool:
    """Does the write need a new start? Only when the live one is not on the wanted grid, or can never come again."""
    if "phase" in written:
        return True
    if "cadence" not in written:
        return False
    if live["start"] is None or (wanted["cadence"] == ONCE and live["start"] <= as_of):
        return True
    return bool(schedules.phase(live["start"], wanted["cadence"]) != wanted["phase"])


def _written(changes: tuple[FieldChange, ...]) -> dict[str, FieldChange]:
    return {c.field: c for c in changes if c.cause in WRITES or c.cause is Cause.RENEWAL}


def _waiting(
    changes: tuple[FieldChange, ...],
    export: DesiredExport,
    wanted: Mapping[str, Any],
    live: Mapping[str, Any],
    terms: Terms,
) -> tuple[FieldChange, ...]:
    """A schedule that could only begin after an end moved earlier by hand is held together with it."""
    held = any(c.field == END and c.cause is Cause.STOPPED for c in changes)
    restart = _restarts(wanted, live, _written(changes), terms.as_of)
    if not held or not restart or _new_start(export, terms) < live["end"]:
        return changes
    return tuple(
        replace(c, cause=Cause.STOPPED) if c.field in ("cadence", "phase") and c.cause in WRITES else c for c in changes
    )


def _begins_too_late(
    export: DesiredExport,
    live: Mapping[str, Any],
    written: Mapping[str, FieldChange],
    restart: bool,
    terms: Terms,
) -> tuple[Refusal, ...]:
    """The service takes no start after the end that the flow has, or gets (flow-service.md 7.1)."""
    end = written[END].after if END in written else live["end"]
    if not restart or end is None or _new_start(export, terms) < end:
        return ()
    text = f"the new schedule of {export.address} would begin {shown(_new_start(export, terms))}, and it ends "
    allow = f"a later `end` for {export.address}, or leave its schedule as it is"
    return (Refusal("starts-after-end", f"{text}{shown(end)}", allow),)


def _new_start(export: DesiredExport, terms: Terms) -> int:
    schedule = export.declared.schedule
    return schedules.first_start(export.anchor["cadence"], schedule.at, schedule.start, terms.as_of)


def _place_changes(export: DesiredExport, holding: Holding, terms: Terms) -> tuple[tuple[FieldChange, ...], Side]:
    assert holding.place is not None
    side = Side(holding.place.marker, terms.as_of)
    return field_changes(PLACE, export.place, wire.read(PLACE.name, holding.place.raw), side), side


def _flow_fields(
    export: DesiredExport, wanted: Mapping[str, Any], written: Mapping[str, FieldChange], restart: bool
) -> dict[str, Any]:
    fields = {name: wanted[name] for name in ("title", "cadence", "folder") if name in written}
    if restart:
        fields["start"] = dict(export.start)
    if END in written:
        fields[END] = written[END].after
    return fields


def _flow_marker(
    export: DesiredExport,
    holding: Holding,
    wanted: Mapping[str, Any],
    live: Mapping[str, Any],
    changes: tuple[FieldChange, ...],
    side: Side,
    written: Mapping[str, FieldChange],
    restart: bool,
    terms: Terms,
) -> Marker:
    before = holding.flow.marker
    mine = tuple(c for c in changes if c.field in ANCHOR.managed)
    applied = applied_after(ANCHOR, wanted, live, mine, side, lambda c: c.field in written)
    if "cadence" in written or ("phase" not in applied and live["phase"] == wanted["phase"]):
        applied["phase"] = (digest(wanted["phase"]),)
    return Marker(
        project=terms.project,
        kind=ANCHOR.letter,
        name=export.address.name,
        generation=holding.marker.generation if holding.marker else 1,
        protected=export.declared.protect,
        seen_on=_seen_on(live["enabled"], before, written, changes),
        applied=applied,
    )


def _seen_on(
    on: bool, before: Marker | None, written: Mapping[str, FieldChange], changes: tuple[FieldChange, ...]
) -> bool:
    """Was the flow on when we last looked? A stop that is held keeps the memory of the time before."""
    if "enabled" in written:
        return bool(written["enabled"].after)
    if any(c.field == "enabled" and c.cause in (Cause.STOPPED, Cause.ACCEPTED) for c in changes):
        return before is None or before.damaged or before.seen_on
    return on


def _place_marker(
    export: DesiredExport, holding: Holding, changes: tuple[FieldChange, ...], side: Side, terms: Terms
) -> Marker | None:
    """The target's new marker, None when it stands already or the target is shared."""
    place = holding.place
    assert place is not None
    if not holding.owns(place):
        return None
    live = wire.read(PLACE.name, place.raw)
    mine = tuple(c for c in changes if c.field in PLACE.managed)
    after = Marker(
        project=terms.project,
        kind=PLACE.letter,
        name=export.address.name,
        generation=holding.marker.generation if holding.marker else 1,
        applied=applied_after(PLACE, export.place, live, mine, side, lambda c: c.cause in WRITES),
    )
    return None if place.marker == after else after


def _act(written: Mapping[str, FieldChange]) -> str | None:
    if "enabled" not in written:
        return None
    return "enable" if written["enabled"].after else "disable"


def _shared(holding: Holding, written: Mapping[str, FieldChange]) -> tuple[Refusal, ...]:
    fields = sorted(f for f in written if f in PLACE.managed)
    if not fields or holding.owns(holding.place):
        return ()
    text = f"{' and '.join(fields)} live on a target connection that other flows use too: {', '.join(holding.others)}"
    return (
        Refusal(
            "shared-children", text, "make the YAML say what the shared target does, or give one flow its own target"
        ),
    )


def _findings(export: DesiredExport, holding: Holding) -> tuple[Finding, ...]:
    found = []
    if holding.marker_lost:
        lost = f"flow {holding.flow.id} lost its marker (somebody edited its description)"
        text = f"{export.address}: {lost}; its target still carries it"
        found.append(Finding("marker-lost", text, export.declared.at, "apply writes it back", Level.WARNING))
    damaged = [
        o.id for o in (holding.flow, holding.place) if o is not None and o.marker is not None and o.marker.damaged
    ]
    if damaged:
        which = f"the marker on {', '.join(damaged)} was edited"
        text = f"{export.address}: {which}: compared without knowing what was last applied"
        found.append(Finding("marker-damaged", text, export.declared.at, "apply writes it anew", Level.WARNING))
    return tuple(found)


def _outlook(
    export: DesiredExport,
    holding: Holding,
    wanted: Mapping[str, Any],
    live: Mapping[str, Any],
    written: Mapping[str, FieldChange],
    restart: bool,
    terms: Terms,
) -> dict[str, Any]:
    """When it ends, and the next runs before and after this plan."""
    declared = export.declared
    end_before = endings.effective(live, holding.flow)
    end_after = written[END].after if END in written else end_before
    rhythm = wanted["cadence"] if "cadence" in written else live["cadence"] or wanted["cadence"]
    start = live["start"] or 0
    after = _new_start(export, terms) if restart else start
    on_after = written["enabled"].after if "enabled" in written else live["enabled"]
    before_runs = (
        schedules.next_runs(live["cadence"], start, end_before, terms.as_of)
        if live["enabled"] and live["cadence"]
        else ()
    )
    return {
        "ends": end_after,
        "schedule": described(wanted["cadence"], declared.schedule.at % DAY),
        "next_before": before_runs,
        "next_after": schedules.next_runs(rhythm, after, end_after, terms.as_of) if on_after else (),
    }
