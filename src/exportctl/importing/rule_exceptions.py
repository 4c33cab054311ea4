"""
What the offline rules say about exports that are about to be written: which ones they need `allow` for, and which ones
nothing can allow. Pure; the config's own settings of a rule count.

    the rule found                          of                            it becomes
    a warning or an error, not fixed        a new export                  `allow` on it
    an error, fixed                         a new export                  it is left out
    an error                                a new destination             all exports on it are left out
    a note, or what the config switches off anything                      nothing
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from exportctl.errors import Level
from exportctl.model.plan import DESTINATIONS, EXPORTS
from exportctl.model.project import Project
from exportctl.rules.engine import RULES
from exportctl.rules.overrides import allow_entries, effective_setting
from exportctl.rules.rule import Hit, Rule


@dataclass(frozen=True)
class RuleExceptions:
    """`allowed`: key of an export -> rules to allow; `refused`: key of an export -> what no `allow` can permit."""

    allowed: Mapping[str, tuple[str, ...]]
    refused: Mapping[str, str]


def rule_exceptions(
    project: Project,
    projects: Sequence[Project],
    exports: Sequence[str],
    users: Mapping[str, Sequence[str]],
    as_of: int,
) -> RuleExceptions:
    """
    `projects` are all environments, `project` the one imported into; `exports` the keys of the new exports, `users` the
    keys on each new destination. None of them has an `allow` yet.
    """
    allowed: dict[str, set[str]] = defaultdict(set)
    refused: dict[str, str] = {}
    mine = {f"{EXPORTS}.{key}": key for key in exports}
    on = {f"{DESTINATIONS}.{key}": keys for key, keys in users.items()}
    for rule, hit, level in _hits(project, projects, as_of):
        names = (*hit.addresses, *hit.related_addresses)
        key = next((mine[name] for name in names if name in mine), None)
        words = f"{hit.text} [{rule.id}]"
        if key is not None and not rule.fixed:
            allowed[key].add(rule.id)
        elif level == Level.ERROR:
            concerned = [key] if key is not None else [k for name in names for k in on.get(name, ())]
            refused |= {one: words for one in concerned if one not in refused}
    return RuleExceptions({key: tuple(sorted(rules)) for key, rules in allowed.items()}, refused)


def _hits(project: Project, projects: Sequence[Project], as_of: int) -> Iterator[tuple[Rule, Hit, str]]:
    """Warnings and errors that no setting and no `allow` of the config silences."""
    for rule in RULES:
        hits = [
            *(rule.check_project(project, as_of) if rule.check_project else ()),
            *(rule.check_projects(projects, as_of) if rule.check_projects else ()),
        ]
        for hit in hits:
            names = (*hit.addresses, *hit.related_addresses)
            setting = effective_setting(rule, project, names)
            level = setting.level if setting and setting.level else rule.level
            if level in (Level.WARNING, Level.ERROR) and not allow_entries(rule, project, names):
                yield rule, hit, level
