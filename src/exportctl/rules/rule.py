"""
The form of a rule and of a hit, the settings of rules, and helpers that several checks share. Pure.

A rule is a row: what it finds, why (with the source of the fact), how to fix it, a bad and a good example. The topic
modules (`destinations`, `folder_templates` …) have the rows; `engine` runs them. This module knows no single rule.

Sources are the tags of the facts: [XD-new] Adobe's dataset export tutorial, [D] the published destinations API, [UI]
the user guide, [GR] the guardrails page, [S3P] and [DLZ] the destinations' own pages, [AS] the batch activation
tutorial, [EX] the notice on end dates; `assumed` is our own careful reading, `ours` follows from how exportctl works.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from fnmatch import fnmatchcase

from exportctl.config.yaml_nodes import MapNode
from exportctl.errors import Finding, Level, SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.project import AllowEntry, Destination, Export, Project, RuleSetting
from exportctl.model.schedule import format_count
from exportctl.model.similar_names import closest_names


class CheckStage(StrEnum):
    """The code that checks a rule: `rules.engine`, the reader of the YAML, or the planner, which has the live state."""

    RULES = "rules"
    READER = "reader"
    PLAN = "plan"


@dataclass(frozen=True)
class Hit:
    """
    One hit of a check, before `rules`, `allow` and the environments are applied.

    Hits of one rule, position and `subject` become one finding, which lists their addresses and environments.
    """

    text: str  # names neither the address nor the environment
    at: SourcePosition
    addresses: tuple[str, ...] = ()
    hint: str | None = None
    subject: str = ""
    environments: tuple[str | None, ...] = ()  # of a check of several; none: all
    show_environments: bool = False
    related_addresses: tuple[str, ...] = ()  # not listed, but their `allow` counts too


ProjectCheck = Callable[[Project, int], Iterable[Hit]]  # at a moment, in seconds since 1970 UTC
ProjectsCheck = Callable[[Sequence[Project], int], Iterable[Hit]]
SharedCheck = Callable[[Sequence[Project]], Iterable[tuple[str, Hit]]]  # of several rules: each hit with its rule's id
TreeCheck = Callable[[MapNode], Iterable[Hit]]


@dataclass(frozen=True)
class Rule:
    """
    One rule.

    A `fixed` rule can be raised, but neither lowered nor allowed, because exportctl could not keep its promises without
    it. The examples are fragments of YAML for an overlay on a working config; a test runs them.
    """

    id: str
    level: Level
    title: str
    why: str
    how_to_fix: str
    bad_example: str = ""
    good_example: str = ""
    check_project: ProjectCheck | None = None  # of one environment
    check_projects: ProjectsCheck | None = None  # of all environments
    shared_check: SharedCheck | None = None  # of all environments, in one pass with the rules of the same check
    check_tree: TreeCheck | None = None  # of the YAML, for what a `Project` does not have
    fixed: bool = False
    stage: CheckStage = CheckStage.RULES


class SharedHits:
    """The hits of the checks that several rules share. Each check runs once."""

    def __init__(self, projects: Sequence[Project]):
        self._projects = projects
        self._found: dict[SharedCheck, list[tuple[str, Hit]]] = {}

    def of_rule(self, rule: Rule) -> list[Hit]:
        check = rule.shared_check
        if check is None:
            return []
        if check not in self._found:
            self._found[check] = list(check(self._projects))
        return [hit for broken, hit in self._found[check] if broken == rule.id]


def key_position(thing: Export | Destination, *keys: str) -> SourcePosition:
    """Return the position of the first key that is set, or of a key above or below it; else that of the object."""
    for key in keys:
        parts = key.split(".")
        for length in range(len(parts), 0, -1):
            if at := thing.positions.get(".".join(parts[:length])):
                return at
        below = sorted(at for name, at in thing.positions.items() if name.startswith(f"{key}."))
        if below:
            return below[0]
    return thing.at


def make_hit(thing: Export | Destination, text: str, *keys: str, hint: str | None = None, subject: str = "") -> Hit:
    """Make a hit on an export or a destination, at the first of these keys that is set."""
    return Hit(text, key_position(thing, *keys), (thing.address,), hint, subject)


def is_unresolved(text: str) -> bool:
    """Return whether the text has a reference without a value, so that its form says nothing."""
    return "${" in text


def closest_match(name: str, names: Iterable[str]) -> str | None:
    """Return the closest known name, or None."""
    return next(iter(closest_names(name, names)), None)


def duration_text(seconds: int) -> str:
    """Write a duration in the largest unit that is exact: `2 days`, `1 hour`, `90 seconds`."""
    units = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
    size, unit = next((size, unit) for size, unit in units if seconds % size == 0)
    return format_count(seconds // size, unit)


# -- settings of rules ------------------------------------------------------------------------------------------------
#
#     `rules: {RULE: {level}}` whose `only` matches   the rule is   the level of the finding
#     none                                            any           the level of the rule
#     lower than the rule's level, or off             fixed         the level of the rule
#     lower than the rule's level, or off             not fixed     the setting's level; off: no finding
#     equal or higher                                 any           the setting's level
#
# If an export in the finding has `allow: [{rule: RULE}]`, there is no finding, unless the rule is fixed.

OFF = "off"
RANK: Mapping[str, int] = {OFF: 0, Level.NOTE: 1, Level.WARNING: 2, Level.ERROR: 3}


def effective_setting(rule: Rule, project: Project, addresses: Iterable[str]) -> RuleSetting | None:
    """Return the setting that decides the level of a hit on these addresses, or None."""
    setting = project.rules.get(rule.id)
    if setting is None or setting.level is None or (rule.fixed and is_lowered(rule, setting)):
        return None
    is_applicable = not setting.only or any(fnmatchcase(a, glob) for a in addresses for glob in setting.only)
    return setting if is_applicable else None


def is_lowered(rule: Rule, setting: RuleSetting) -> bool:
    return setting.level is not None and RANK[setting.level] < RANK[rule.level]


def allow_entries(rule: Rule, project: Project, addresses: Collection[str]) -> tuple[AllowEntry, ...]:
    """List the `allow` entries of exports among these addresses that allow the rule."""
    if rule.fixed:
        return ()
    concerned = sorted(
        (project.exports_with_allow[a] for a in {*addresses} & project.exports_with_allow.keys()),
        key=lambda pair: pair[0],
    )
    return tuple(allow for _, export in concerned for allow in export.allow if allow.rule == rule.id)


def apply_settings(
    findings: Iterable[Finding], project: Project, table: Mapping[str, Rule], address: str | None = None
) -> tuple[Finding, ...]:
    """Apply the project's settings to findings about one address or about the project; `table` has their rules."""
    addresses = () if address is None else (address,)
    return tuple(
        left for finding in findings for left in _apply_setting(finding, table[finding.rule], project, addresses)
    )


def _apply_setting(finding: Finding, rule: Rule, project: Project, addresses: Collection[str]) -> Iterator[Finding]:
    setting = effective_setting(rule, project, addresses)
    level = setting.level if setting and setting.level else finding.level
    if level != OFF and not allow_entries(rule, project, addresses):
        yield replace(finding, level=Level(level))
