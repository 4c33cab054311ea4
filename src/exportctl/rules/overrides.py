"""
What `rules` and `allow` of a config make of a finding: one reading of them, for the offline rules and for plans. Pure.

    `rules: {RULE: {level}}`, `only` matches   the rule is   the level of the finding
    none, or it does not match                 any           as found
    lower than the rule's own, or off          fixed         as found
    lower than the rule's own, or off          not fixed     that level; off: none
    equal or higher                            any           that level

Where an export concerned has `allow: [{rule: RULE}]` there is no finding, unless the rule is fixed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from exportctl.errors import Finding, Level
from exportctl.model.project import AllowEntry, Project, RuleSetting
from exportctl.rules.rule import Rule, export_address

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
