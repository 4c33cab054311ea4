"""Resolve when an export ran before: the list `former_schedules`. Rules check it. Pure."""

from __future__ import annotations

from functools import partial

from exportctl.config.resolve.schedules import resolve_schedule
from exportctl.config.scalars import parse_moment
from exportctl.config.section import Section
from exportctl.model.project import FormerSchedule


def former_schedules(section: Section) -> tuple[FormerSchedule, ...]:
    """Resolve the entries in the order of the file."""
    made: list[FormerSchedule] = []
    for item in section.map_items("former_schedules"):
        until = item.parse_value("until", partial(parse_moment, inclusive=True))
        found = resolve_schedule(item)
        if until is not None and found is not None:
            made.append(FormerSchedule(until, found.schedule, item.at))
    return tuple(made)
