"""Rules on when an export ran before."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from exportctl.errors import Level
from exportctl.model.project import Project
from exportctl.model.schedule import format_moment
from exportctl.rules.rule import Hit, Rule

_EMBEDDED = "embedded"  # its emulator has a clock of its own


def _check_order(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        for before, after in pairwise(export.former_schedules):
            if after.until <= before.until:
                text = f"the former schedule until {format_moment(after.until)} does not end after the entry before it"
                yield Hit(text, after.at, (export.address,))


def _check_future(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values() if project.platform.url != _EMBEDDED else ():
        for one in export.former_schedules:
            if one.until > as_of:
                text = f"a former schedule until {format_moment(one.until)}, which is in the future"
                yield Hit(text, one.at, (export.address,))


RULES: tuple[Rule, ...] = (
    Rule(
        "former-schedule-order",
        Level.ERROR,
        "Former schedules that overlap",
        "Each entry lasts from the `until` of the entry before it to its own. Of two that overlap, nothing says which"
        " runs were due (ours).",
        "Write the oldest entry first, and give each a later `until` than the one before it.",
        "exports: {orders: {former_schedules: [{until: 2022-05-01, every: once}, {until: 2022-03-01, every: 1 day}]}}",
        "exports: {orders: {former_schedules: [{until: 2022-03-01, every: 1 day}, {until: 2022-05-01, every: once}]}}",
        check_project=_check_order,
        fixed=True,
    ),
    Rule(
        "former-schedule-future",
        Level.ERROR,
        "A former schedule until a moment in the future",
        "The export had it before its schedule was changed. When it will run, its `schedule` says (ours).",
        "Write the moment of the change.",
        "exports: {orders: {former_schedules: [{until: 2999-01-01, every: 1 day}]}}",
        "exports: {orders: {former_schedules: [{until: 2022-03-01, every: 1 day}]}}",
        check_project=_check_future,
    ),
)
