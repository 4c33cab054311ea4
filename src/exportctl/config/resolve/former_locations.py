"""Resolve where an export wrote before: the list `former_locations`. Rules check it. Pure."""

from __future__ import annotations

from functools import partial

from exportctl.config.scalars import parse_moment
from exportctl.config.section import Section
from exportctl.model.project import FormerLocation
from exportctl.resources.destinations.type import FOLDER_KEY
from exportctl.resources.kinds import FOLDER


def former_locations(section: Section) -> tuple[FormerLocation, ...]:
    """Resolve the entries in the order of the file."""
    made: list[FormerLocation] = []
    for item in section.map_items("former_locations"):
        if FOLDER_KEY not in item and FOLDER not in item:
            hint = f"write `{FOLDER_KEY}: …` or `{FOLDER}: …` as it was before it was changed"
            section.fail("missing-key", f'{item.owner} needs "{FOLDER_KEY}" or "{FOLDER}"', item.at, hint)
        until = item.parse_value("until", partial(parse_moment, inclusive=True))
        if until is not None:
            made.append(FormerLocation(until, item.optional_text(FOLDER_KEY), item.optional_text(FOLDER), item.at))
    return tuple(made)
