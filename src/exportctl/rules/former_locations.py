"""Rules on where an export wrote before."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from exportctl.errors import Level
from exportctl.model.project import Project
from exportctl.model.schedule import format_moment
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.kinds import FOLDER
from exportctl.rules.rule import Hit, Rule

_EMBEDDED = "embedded"  # its emulator has a clock of its own


def _check_order(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        for before, after in pairwise(export.former_locations):
            if after.until <= before.until:
                text = f"the former location until {format_moment(after.until)} does not end after the entry before it"
                yield Hit(text, after.at, (export.address,))


def _check_future(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values() if project.platform.url != _EMBEDDED else ():
        for one in export.former_locations:
            if one.until > as_of:
                text = f"a former location until {format_moment(one.until)}, which is in the future"
                yield Hit(text, one.at, (export.address,))


def _check_fields(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        kind = TYPES[project.destinations[export.destination].type]
        known = [field.name for field in kind.location]
        for one in export.former_locations:
            for name in one.storage:
                if name not in known:
                    text = f"a former location has `{name}`, which {kind.label} does not have"
                    yield Hit(text, one.at, (export.address,), f"its fields are {', '.join((*known, FOLDER))}")


RULES: tuple[Rule, ...] = (
    Rule(
        "former-location-order",
        Level.ERROR,
        "Former locations that overlap",
        "Each entry lasts from the `until` of the entry before it to its own. Of two that overlap, nothing says where"
        " the files of a run are (ours).",
        "Write the oldest entry first, and give each a later `until` than the one before it.",
        "exports: {orders: {former_locations: [{until: 2022-05-01, path: b}, {until: 2022-03-01, path: a}]}}",
        "exports: {orders: {former_locations: [{until: 2022-03-01, path: a}, {until: 2022-05-01, path: b}]}}",
        check_project=_check_order,
        fixed=True,
    ),
    Rule(
        "former-location-future",
        Level.ERROR,
        "A former location until a moment in the future",
        "The export wrote there before its location was changed. Where it will write, the export and its destination"
        " say (ours).",
        "Write the moment of the change.",
        "exports: {orders: {former_locations: [{until: 2999-01-01, path: a}]}}",
        "exports: {orders: {former_locations: [{until: 2022-03-01, path: a}]}}",
        check_project=_check_future,
    ),
    Rule(
        "former-location-field",
        Level.ERROR,
        "A former location of another type",
        "A former location is on the account of the export's destination, so it has the fields of its type (ours).",
        "Write fields that this type has.",
        "exports: {orders: {former_locations: [{until: 2022-03-01, container: a}]}}",
        "exports: {orders: {former_locations: [{until: 2022-03-01, bucket: a}]}}",
        check_project=_check_fields,
        fixed=True,
    ),
)
