"""
The shape of an offline rule, of what a check finds, and the few words all checks share.

A rule is a row: what it looks for, why (with the source of the fact), how to mend it, a bad and a good example. The
topic modules (`rules_places`, `rules_folders` …) hold the rows; `rules` runs them. Nothing here knows a single rule.

Sources are the tags of the facts this project was built on: [XD-new] Adobe's dataset export tutorial, [D] the published
destinations API, [UI] the user guide, [GR] the guardrails page, [S3P] and [DLZ] the destinations' own pages, [AS] the
batch activation tutorial, [EX] the notice on end dates; `assumed` is our own careful reading, `ours`
follows from how exportctl works.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from fnmatch import fnmatchcase

from exportctl.config.yaml_nodes import MapNode
from exportctl.errors import Finding, Level, SourcePosition
from exportctl.model.project import AllowEntry, Destination, Export, Project, RuleSetting


class CheckStage(StrEnum):
    """Who checks a rule: `rules.check`, the reader of the YAML, or the planner, which has the live state."""

    RULES = "rules"
    READER = "reader"
    PLAN = "plan"


@dataclass(frozen=True)
class Hit:
    """
    What a check found, before `rules`, `allow` and the environments are applied.

    `text` names neither the address nor the environment: hits of one rule, place and `subject` become one finding that
    lists them. `also` are addresses that are not listed but whose `allow` counts too. A check of several environments
    says in `environments` which ones a hit concerns (none: all), and in `named` that they must be listed.
    """

    text: str
    at: SourcePosition
    addresses: tuple[str, ...] = ()
    hint: str | None = None
    subject: str = ""
    environments: tuple[str | None, ...] = ()
    show_environments: bool = False
    related_addresses: tuple[str, ...] = ()


ProjectCheck = Callable[[Project, int], Iterable[Hit]]
ProjectsCheck = Callable[[Sequence[Project], int], Iterable[Hit]]
TreeCheck = Callable[[MapNode], Iterable[Hit]]


@dataclass(frozen=True)
class Rule:
    """
    One row. `each` checks one environment, `across` all of them; the second argument is `as_of` in epoch seconds.
    `written` checks the tree of the YAML, for what a Project does not hold.

    `fixed`: may be raised, never lowered or allowed, as exportctl could not keep its promises without it.
    `bad` and `good` are fragments of YAML to be laid over any working config; a test runs them.
    """

    id: str
    level: Level
    title: str
    why: str
    how_to_fix: str
    bad_example: str = ""
    good_example: str = ""
    check_project: ProjectCheck | None = None
    check_projects: ProjectsCheck | None = None
    check_tree: TreeCheck | None = None
    fixed: bool = False
    stage: CheckStage = CheckStage.RULES


def export_address(export: Export) -> str:
    return f"exports.{export.key}"


def destination_address(destination: Destination) -> str:
    return f"destinations.{destination.key}"


def key_position(thing: Export | Destination, *keys: str) -> SourcePosition:
    """Where the first of these keys was set, or a key above or below it; else where the object begins."""
    for key in keys:
        parts = key.split(".")
        for length in range(len(parts), 0, -1):
            if at := thing.positions.get(".".join(parts[:length])):
                return at
        below = sorted(at for name, at in thing.positions.items() if name.startswith(f"{key}."))
        if below:
            return below[0]
    return thing.at


def is_unresolved(text: str) -> bool:
    """Whether a reference in it is not filled in, so that its form says nothing."""
    return "${" in text


def closest_match(name: str, names: Iterable[str]) -> str | None:
    """The known name that was probably meant."""
    found = get_close_matches(name, sorted(set(names)), n=1, cutoff=0.6)
    return found[0] if found else None


def duration_text(seconds: int) -> str:
    """A duration in the largest unit that is exact: `2 days`, `1 hour`, `90 seconds`."""
    units = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
    size, unit = next((size, unit) for size, unit in units if seconds % size == 0)
    count = seconds // size
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


# -- settings of rules ------------------------------------------------------------------------------------------------
#
#     `rules: {RULE: {level}}`, `only` matches   the rule is   the level of the finding
#     none, or it does not match                 any           as found
#     lower than the rule's own, or off          fixed         as found
#     lower than the rule's own, or off          not fixed     that level; off: none
#     equal or higher                            any           that level
#
# Where an export concerned has `allow: [{rule: RULE}]` there is no finding, unless the rule is fixed.

OFF = "off"
RANK: Mapping[str, int] = {OFF: 0, Level.NOTE: 1, Level.WARNING: 2, Level.ERROR: 3}


def effective_setting(rule: Rule, project: Project, addresses: Iterable[str]) -> RuleSetting | None:
    """The setting that decides the level of a hit on these addresses, if there is one."""
    setting = project.rules.get(rule.id)
    if setting is None or setting.level is None or not _is_applicable(setting, addresses):
        return None
    return None if rule.fixed and is_lowered(rule, setting) else setting


def is_lowered(rule: Rule, setting: RuleSetting) -> bool:
    return setting.level is not None and RANK[setting.level] < RANK[rule.level]


def _is_applicable(setting: RuleSetting, addresses: Iterable[str]) -> bool:
    return not setting.only or any(fnmatchcase(a, glob) for a in addresses for glob in setting.only)


def allow_entries(rule: Rule, project: Project, addresses: Collection[str]) -> tuple[AllowEntry, ...]:
    """The `allow` entries of exports among these addresses that permit the rule."""
    if rule.fixed:
        return ()
    concerned = (e for e in project.exports.values() if e.allow and export_address(e) in addresses)
    return tuple(allow for export in concerned for allow in export.allow if allow.rule == rule.id)


def apply_settings(
    findings: Iterable[Finding], project: Project, table: Mapping[str, Rule], address: str | None = None
) -> tuple[Finding, ...]:
    """
    What the project's settings leave of findings about one address, or about the whole (None).

    Raises:
        KeyError: a finding of a rule that is not in the table.
    """
    addresses = () if address is None else (address,)
    return tuple(
        left for finding in findings for left in _apply_setting(finding, table[finding.rule], project, addresses)
    )


def _apply_setting(finding: Finding, rule: Rule, project: Project, addresses: Collection[str]) -> Iterator[Finding]:
    setting = effective_setting(rule, project, addresses)
    level = setting.level if setting and setting.level else finding.level
    if level != OFF and not allow_entries(rule, project, addresses):
        yield replace(finding, level=Level(level))
