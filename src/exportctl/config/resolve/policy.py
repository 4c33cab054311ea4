"""Resolve the policy: limits, and the freezes in which an apply changes nothing. Pure."""

from __future__ import annotations

import re
from functools import partial

from exportctl.config.scalars import NAME, parse_duration, parse_moment, parse_time_of_day
from exportctl.config.section import Section
from exportctl.model.freeze import WEEKDAYS, Freeze
from exportctl.model.freeze_windows import is_endless
from exportctl.model.project import Policy
from exportctl.model.schedule import DAY

_DATED = "write for example `from: 2026-12-20, until: 2027-01-03`"
_WEEKLY = 'write for example `weekdays: [fri], from: "16:00", until: "20:00"`, or leave out both for whole days'


def policy(section: Section | None) -> Policy:
    if section is None:
        return Policy()
    warning = section.parse_value("end_warning", parse_duration)
    return Policy(
        max_deletes=section.number("max_deletes", 0),
        end_warning=Policy.end_warning if warning is None else warning,
        lease=bool(section.flag("lease")),
        freeze=_freezes(section),
        run_distance=section.parse_value("run_distance", parse_duration),
    )


def _freezes(section: Section) -> tuple[Freeze, ...]:
    found: dict[str, Freeze] = {}
    for entry in section.map_items("freeze"):
        name = entry.text("name")
        if not entry.is_unset("name") and not re.fullmatch(NAME, name):
            hint = "write lower-case letters, digits and hyphens, for example `year-end`"
            entry.fail("bad-name", f'"{name}" is not the name of a freeze', entry.position("name"), hint)
        if name in found:
            hint = "give each freeze its own name: --allow-freeze takes it"
            entry.fail("bad-value", f'two freezes have the name "{name}"', entry.position("name"), hint)
        made = _weekly_freeze(entry) if "weekdays" in entry else _dated_freeze(entry)
        found[name] = made or found.get(name) or Freeze(name, entry.text("reason"))
    return tuple(found.values())


def _dated_freeze(entry: Section) -> Freeze | None:
    """Return a freeze between two moments; one without an end would never let an apply through."""
    for key in ("from", "until"):
        entry.required_text(key, _DATED)
    start = entry.parse_value("from", parse_moment)
    end = entry.parse_value("until", partial(parse_moment, inclusive=True))
    if start is None or end is None:
        return None
    if end <= start:
        entry.fail("bad-value", f"{entry.owner} ends before it begins", entry.position("until"), _DATED)
    return Freeze(entry.text("name"), entry.text("reason"), start, end, at=entry.at)


def _weekly_freeze(entry: Section) -> Freeze | None:
    """Return a freeze of some days of each week: whole days, or the same hours of each."""
    given = [key for key in ("from", "until") if key in entry]
    if len(given) == 1:
        message = f'{entry.owner} has "{given[0]}" alone, so it has no beginning or no end'
        entry.fail("missing-key", message, entry.position(given[0]), _WEEKLY)
        return None
    opens = entry.parse_value("from", parse_time_of_day, 0) or 0
    closes = entry.parse_value("until", parse_time_of_day, DAY) if given else DAY
    closes = DAY if closes is None else closes
    days = tuple(sorted({WEEKDAYS.index(name) for name in entry.texts("weekdays") if name in WEEKDAYS}))
    closes += DAY if closes <= opens else 0
    made = Freeze(entry.text("name"), entry.text("reason"), weekdays=days, opens=opens, closes=closes, at=entry.at)
    if is_endless(made):
        message = f"{entry.owner} covers the whole week, so it never ends"
        entry.fail("bad-value", message, entry.position("weekdays"), "leave out a day, or write shorter hours")
    return made
