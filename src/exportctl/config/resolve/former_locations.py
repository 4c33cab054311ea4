"""Resolve where an export wrote before: the list `former_locations`. Rules check it. Pure."""

from __future__ import annotations

from functools import partial

from exportctl.config.scalars import parse_moment
from exportctl.config.section import Section
from exportctl.model.project import FormerLocation
from exportctl.resources.destinations.table import storage_fields
from exportctl.resources.destinations.type import FOLDER_KEY
from exportctl.resources.kinds import FOLDER


def former_locations(section: Section) -> tuple[FormerLocation, ...]:
    """Resolve the entries in the order of the file."""
    found = (_former_location(section, item) for item in section.map_items("former_locations"))
    return tuple(one for one in found if one is not None)


def _former_location(section: Section, item: Section) -> FormerLocation | None:
    path, folder = item.optional_text(FOLDER_KEY), item.optional_text(FOLDER)
    storage = {name: text for name in storage_fields() if (text := item.optional_text(name))}
    if path is None and folder is None and not storage:
        known = (FOLDER_KEY, FOLDER, *storage_fields())
        hint = f"write {', '.join(f'`{name}: …`' for name in known[:-1])} or `{known[-1]}: …` as it was before"
        section.fail("missing-key", f"{item.owner} states nothing that was different", item.at, hint)
    until = item.parse_value("until", partial(parse_moment, inclusive=True))
    return None if until is None else FormerLocation(until, path, folder, item.at, storage)
