"""
The table of all rules, and the engine that runs the offline ones. Pure: equal input gives equal findings.

In: the `Project` of each environment, and the moment of the check. Out: findings in file order, with the levels that
`rules` in the config sets, and without those that `allow` on an export permits. Hits at one position, in several
environments or for several addresses, become one finding. `rule` has the table of levels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from exportctl.config.yaml_nodes import MapNode
from exportctl.errors import Finding, Level, SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.project import Project, RuleSetting
from exportctl.model.similar_names import did_you_mean_address
from exportctl.rules import (
    characters,
    cross_references,
    destinations,
    external_findings,
    folder_templates,
    former_locations,
    former_schedules,
    no_effect,
    safety_check_texts,
    schedules,
    secrets,
    shared_locations,
)
from exportctl.rules.rule import (
    OFF,
    RANK,
    CheckStage,
    Hit,
    Rule,
    SharedHits,
    allow_entries,
    closest_match,
    effective_setting,
    is_lowered,
)

_NAMES_SHOWN = 3
_EntryKey = tuple[str, SourcePosition]  # rule id and position of an `allow` or a `rules` entry


@dataclass
class _HitCollector:
    """The merged hits, and the entries that silenced or lowered a hit."""

    merged: dict[tuple[str, SourcePosition, str], _MergedHit] = field(default_factory=dict)
    used_entries: set[_EntryKey] = field(default_factory=set)


@dataclass
class _MergedHit:
    rule: Rule
    first: Hit
    level: str
    addresses: dict[str, None] = field(default_factory=dict)
    environments: dict[str | None, None] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)


def run_rules(projects: Sequence[Project], *, as_of: int, tree: MapNode | None = None) -> tuple[Finding, ...]:
    """
    Run the offline rules over all environments, and return the findings in file order.

    `as_of` is in seconds since 1970 UTC; rules about ends and accepted differences use it. `tree` is the whole config
    before an environment is chosen; without it, no rule reports unused schedules, formats and datasets.
    """
    report = _HitCollector()
    shared = SharedHits(projects)
    for rule in RULES:
        for hit, concerned in _hits(rule, projects, as_of, tree, shared):
            _add_hit(report, rule, hit, concerned)
    unused = BY_ID["unused-allow"]
    for hit, concerned in _unused_entries(projects, frozenset(report.used_entries)):
        _add_hit(report, unused, hit, concerned)
    files = {name: n for n, name in enumerate(dict.fromkeys(f for p in projects for f in p.files))}
    findings = (_merged_hit_finding(merged, len(projects)) for merged in report.merged.values())
    return tuple(sorted(findings, key=lambda f: _sort_key(f, files)))


def _sort_key(finding: Finding, files: Mapping[str, int]) -> tuple[int, str, int, int, str, str]:
    at = finding.at or SourcePosition("")
    return files.get(at.file, len(files)), at.file, at.line, at.column, finding.rule, finding.message


def _hits(
    rule: Rule, projects: Sequence[Project], as_of: int, tree: MapNode | None, shared: SharedHits
) -> Iterator[tuple[Hit, Sequence[Project]]]:
    if rule.check_project is not None:
        for project in projects:
            for hit in rule.check_project(project, as_of):
                yield hit, (project,)
    of_several = rule.check_projects(projects, as_of) if rule.check_projects else shared.of_rule(rule)
    for hit in of_several:
        yield hit, [p for p in projects if not hit.environments or p.environment in hit.environments]
    if rule.check_tree is not None and tree is not None and projects:
        for hit in rule.check_tree(tree):
            yield hit, projects


def _add_hit(report: _HitCollector, rule: Rule, hit: Hit, projects: Sequence[Project]) -> None:
    """Apply the settings to a hit, and merge it."""
    level = max((_level(report, rule, hit, p) for p in projects), key=RANK.__getitem__)
    if _is_allowed(report, rule, hit, projects) or level == OFF:
        return
    key = (rule.id, hit.at, hit.subject)
    merged = report.merged.setdefault(key, _MergedHit(rule, hit, level))
    merged.level = max(merged.level, level, key=RANK.__getitem__)
    merged.addresses.update(dict.fromkeys(hit.addresses))
    merged.environments.update(dict.fromkeys(p.environment for p in projects))
    merged.texts.add(hit.text)


def _level(report: _HitCollector, rule: Rule, hit: Hit, project: Project) -> str:
    setting = effective_setting(rule, project, (*hit.addresses, *hit.related_addresses))
    if setting is None or setting.level is None:
        return rule.level
    if is_lowered(rule, setting):
        report.used_entries.add((rule.id, setting.at))
    return setting.level


def _is_allowed(report: _HitCollector, rule: Rule, hit: Hit, projects: Sequence[Project]) -> bool:
    """Return whether an export of the hit allows it; mark each entry that does as used."""
    concerned = {*hit.addresses, *hit.related_addresses}
    entries = {(rule.id, allow.at) for project in projects for allow in allow_entries(rule, project, concerned)}
    report.used_entries |= entries
    return bool(entries)


def _merged_hit_finding(merged: _MergedHit, environments: int) -> Finding:
    hit = merged.first
    names = list(merged.addresses)
    who = ", ".join(names[:_NAMES_SHOWN])
    if len(names) > _NAMES_SHOWN:
        who += f" and {len(names) - _NAMES_SHOWN} more"
    where = [name for name in merged.environments if name is not None]
    named = where and (hit.show_environments or len(merged.texts) > 1 or len(merged.environments) < environments)
    message = (f"{who}: " if who else "") + hit.text + (f" (in {', '.join(where)})" if named else "")
    return Finding(merged.rule.id, message, hit.at, hit.hint or merged.rule.how_to_fix, Level(merged.level))


def _entries(project: Project) -> Iterator[tuple[str, SourcePosition, RuleSetting | None, str]]:
    """Yield every `rules` and `allow` entry: rule id, position, the setting or None, the export's address or empty."""
    for name, setting in project.rules.items():
        yield name, setting.at, setting, ""
    for export in project.exports.values():
        for allow in export.allow:
            yield allow.rule, allow.at, None, export.address


def _check_unknown_rule(project: Project, as_of: int) -> Iterable[Hit]:
    for name, at, _, _ in _entries(project):
        if name not in BY_ID and name not in safety_check_texts.BY_NAME:
            guess = closest_match(name, BY_ID)
            yield Hit(f"there is no rule {name!r}", at, (), did_you_mean_address(name, guess) if guess else None, name)


def _check_fixed_rule(project: Project, as_of: int) -> Iterable[Hit]:
    for name, at, setting, _ in _entries(project):
        rule = BY_ID.get(name)
        check = safety_check_texts.BY_NAME.get(name)
        if rule is not None and rule.fixed and (setting is None or is_lowered(rule, setting)):
            verb = "allowed" if setting is None else "lowered"
            yield Hit(f"rule {name} cannot be {verb}", at, subject=name)
        elif rule is None and check is not None:
            hint = f"to allow the change: {check.allow}"
            yield Hit(f"{name} is a safety check, not a rule: `rules` and `allow` do not apply", at, (), hint, name)


def _unused_entries(projects: Sequence[Project], used: frozenset[_EntryKey]) -> Iterator[tuple[Hit, Sequence[Project]]]:
    """Yield the entries that silenced nothing; only the planner could judge entries for its own rules."""
    for project in projects:
        for name, at, setting, address in _entries(project):
            rule = BY_ID.get(name)
            judged = rule is not None and rule.stage is CheckStage.RULES and not rule.fixed and name != "unused-allow"
            silences = rule is not None and (setting is None or is_lowered(rule, setting))
            if judged and silences and (name, at) not in used:
                text = f"nothing breaks {name}: this entry has no effect"
                yield Hit(text, at, (address,) if address else ()), (project,)


_ENGINE_RULES = (
    Rule(
        "unknown-rule",
        Level.ERROR,
        "A rule that does not exist",
        "An entry under `rules` or `allow` with an unknown id has no effect (ours).",
        "Use the id in [brackets] at the end of a finding, or one from docs/rules.md.",
        "rules: {folder-without-tim: {level: off, reason: agreed}}",
        "rules: {folder-without-time: {level: error, reason: agreed}}",
        check_project=_check_unknown_rule,
        fixed=True,
    ),
    Rule(
        "fixed-rule",
        Level.ERROR,
        "A rule that cannot be lowered",
        "Without it exportctl could not read the config, or could not keep one of its promises (ours).",
        "Remove the entry, and fix what the rule found.",
        "rules: {project-twice: {level: off, reason: agreed}}",
        "rules: {project-twice: {level: error, reason: agreed}}",
        check_project=_check_fixed_rule,
        fixed=True,
    ),
    Rule(
        "unused-allow",
        Level.NOTE,
        "An entry without effect",
        "An `allow` or a lowered rule that no export needs would hide the next mistake (ours). The check covers the"
        " environments of the run: with --env, another environment may need the entry.",
        "Remove the entry.",
        "exports: {orders: {allow: [{rule: folder-without-time, reason: agreed}]}}",
        'exports: {orders: {folder: "%DATASET_ID%", allow: [{rule: folder-without-time, reason: agreed}]}}',
    ),
)

RULES: tuple[Rule, ...] = (
    *destinations.LOCATION_RULES,
    *folder_templates.RULES,
    *former_locations.RULES,
    *former_schedules.RULES,
    *shared_locations.RULES,
    *schedules.RULES,
    *destinations.ACCOUNT_RULES,
    *secrets.RULES,
    *characters.RULES,
    *cross_references.RULES,
    *no_effect.RULES,
    *_ENGINE_RULES,
    *external_findings.PLAN_RULES,
    *external_findings.READER_RULES,
)
BY_ID: Mapping[str, Rule] = {rule.id: rule for rule in RULES}
