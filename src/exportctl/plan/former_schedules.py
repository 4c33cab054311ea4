"""
The entries of `former_schedules` that keep a backup provable when a plan changes the schedule of an export. Pure.

Only for exports whose backup the YAML asks for. The service keeps no former schedule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exportctl.model.next_steps import NextStep
from exportctl.model.plan import WRITE_CAUSES, Address, PlanItem, Verb
from exportctl.model.project import Export, Project
from exportctl.model.schedule import DAY, canonical_every, grid_seconds, time_of_day
from exportctl.plan.desired import DesiredExport
from exportctl.plan.former_locations import former_value_lines
from exportctl.resources.kinds import EVERY, SCHEDULE_FIELDS


def former_schedule_steps(
    items: Iterable[PlanItem], exports: Mapping[Address, DesiredExport], project: Project, as_of: int
) -> tuple[NextStep, ...]:
    """Return the whole block of YAML with the former schedule of each export whose schedule this plan changes."""
    changed: dict[str, dict[str, str]] = {}
    for item in items:
        export = exports.get(item.address)
        former = _former_schedule(item, export.declared) if export else {}
        if export and former:
            changed[export.declared.declared_key] = former
    if not changed:
        return ()
    names = "exports" if len(changed) > 1 else "export"
    text = f"so that `backup` knows which earlier runs of the {names} were due, add this to the config"
    lines = former_value_lines("former_schedules", changed, project.environment, as_of)
    return (NextStep(text, "\n".join(lines)),)


def _former_schedule(item: PlanItem, declared: Export) -> dict[str, str]:
    """Return the live schedule that the plan overwrites, by YAML key; none if the YAML states it already."""
    changes = {c.field: c.before for c in item.fields if c.field in SCHEDULE_FIELDS and c.cause in WRITE_CAUSES}
    is_backed_up = declared.expect is not None and declared.expect.backup is not None
    if not changes or not item.next_before or item.verb is not Verb.UPDATE or not is_backed_up:
        return {}
    every, at = str(changes.get(EVERY) or canonical_every(declared.schedule)), item.next_before[0] % DAY
    if declared.former_schedules:
        newest = declared.former_schedules[-1].schedule
        if canonical_every(newest) == every and (newest.at - at) % grid_seconds(every) == 0:
            return {}
    return {"every": every, "at": time_of_day(at)}
