"""
Check that an edit accepts its differences and nothing else: read and plan the edited config, and compare. Pure.

    after the edit                                        they must
    the differences of its group                          be gone
    declared values of another export or environment      not change, unless that removes the same difference there
    other differences of any address                      not appear or change; they may be gone
    refusals, errors of the plan, errors of the rules     not appear; they may be gone
    planned addresses, creations and deletions            not change

A plan does not show everything, for example the time of day of an export that does not exist yet. So the declared
values are compared first:

    owner                        value                     may change
    the export of the group      what the group is for     yes; `allow` too
    the account of the group     the account               yes
    another export               what the group is for     if it differs from its flow in the same way
    a destination                its location              for a location group, if all its exports differ like that
    a new destination                                      for a location group
    anything else                any value                 no

Cheap checks come first. The order of the attempts decides which edit is the smallest.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from enum import IntEnum

from exportctl.accept.changes import MATCHING_CAUSES, ChangeGroup, group_name
from exportctl.accept.context import ConfigState, DeclaredValues, load_config_state
from exportctl.errors import ConfigError, Finding, Level
from exportctl.frozen import dataclass
from exportctl.importing.importer import ConfigContext
from exportctl.model.plan import CHANGE_VERBS, Address, Cause, FieldChange, Plan, canonical_json
from exportctl.resources.kinds import LOCATION, plain_fields
from exportctl.rules import engine

_GROUP_OF_ATTRIBUTE: Mapping[str, str] = {
    **{name: name for name in ("title", "description", "folder", "enabled", "end", "schedule", "format", "datasets")},
    "destination": LOCATION,
    "subpath": LOCATION,
}
_POSITION_TEXT = re.compile(r"\S+:\d+:\d+")


def _group_of_attribute(name: str) -> str | None:
    plain = any(rule.name == name for rule in plain_fields())
    return name if plain else _GROUP_OF_ATTRIBUTE.get(name)


class ProblemWeight(IntEnum):
    """How much a problem says about the value itself, not about the file of the edit."""

    NO_EFFECT = 0  # the edit has no effect there
    SIDE_EFFECT = 1  # another export or environment would change too
    INVALID_VALUE = 2  # no export can have this value


@dataclass(frozen=True)
class EditProblem:
    """Why an edit is rejected; `rules` are those that `allow` could permit, if they are the only cause."""

    reason: str
    weight: ProblemWeight
    rules: tuple[str, ...] = ()


def check_edit(
    before: ConfigState, config: ConfigContext, group: ChangeGroup
) -> tuple[ConfigState | None, EditProblem | None]:
    """Return the state of the edited config, or the problem with it."""
    try:
        after = load_config_state(config)
        wrong = next(_edit_problems(before, after, group), None)
    except ConfigError as error:
        first = next(f for f in error.all if f.level is Level.ERROR)
        return None, EditProblem(first.message, ProblemWeight.INVALID_VALUE)
    return (None, wrong) if wrong else (after, None)


def _edit_problems(before: ConfigState, after: ConfigState, group: ChangeGroup) -> Iterator[EditProblem]:
    differed = _differing_addresses(before.plan, group)
    yield from _side_effects(before, after, group, differed)
    for name, one in before.other_declared_values.items():
        if after.other_declared_values.get(name) != one:
            yield EditProblem(f"environment {name} would change too", ProblemWeight.SIDE_EFFECT)
    yield from _remaining_differences(before.plan, after.plan, group)
    yield from _side_effects(before, after, group, differed - _differing_addresses(after.plan, group))
    yield from _plan_problems(before.plan, after.plan)
    yield from _rule_problems(before, after)


def _differing_addresses(plan: Plan, group: ChangeGroup) -> frozenset[Address]:
    return frozenset(address for address, change in _differences(plan) if group_name(change.field) == group.name)


def _side_effects(
    before: ConfigState, after: ConfigState, group: ChangeGroup, alike: frozenset[Address]
) -> Iterator[EditProblem]:
    for what in unintended_changes(before.declared_values, after.declared_values, group, alike):
        yield EditProblem(f"{what} would change too", ProblemWeight.SIDE_EFFECT)


def _remaining_differences(before: Plan, after: Plan, group: ChangeGroup) -> Iterator[EditProblem]:
    known = {_difference_key(address, change) for address, change in _differences(before)}
    causes = {change.cause for change in group.changes}
    for address, change in _differences(after):
        comes = _difference_key(address, change) not in known
        if address == group.address and group_name(change.field) == group.name:
            # a flow that waits for its replacement has no difference to the values of the new flow
            if change.cause in causes or (comes and change.cause is not Cause.CREATE):
                yield EditProblem(f"{change.path} would still differ", ProblemWeight.NO_EFFECT)
        elif comes:
            yield EditProblem(f"{address} would differ too ({change.path})", ProblemWeight.SIDE_EFFECT)


def _differences(plan: Plan) -> Iterator[tuple[Address, FieldChange]]:
    yield from ((item.address, c) for item in plan.items for c in item.fields if c.cause not in MATCHING_CAUSES)


def _difference_key(address: Address, change: FieldChange) -> str:
    """Return the content of a difference without its actor and position."""
    return canonical_json([str(address), change.path, change.before, change.after, change.cause])


def _plan_problems(before: Plan, after: Plan) -> Iterator[EditProblem]:
    known = {item.address: item for item in before.items}
    for item in after.items:
        former = known.pop(item.address, None)
        if former is None or (
            item.verb in CHANGE_VERBS and item.verb is not former.verb and former.verb not in CHANGE_VERBS
        ):
            yield EditProblem(f"the plan of {item.address} would change ({item.verb})", ProblemWeight.SIDE_EFFECT)
            continue
        for refusal in item.refusals:
            if refusal.safety_check not in {r.safety_check for r in former.refusals}:
                yield EditProblem(refusal.text, ProblemWeight.INVALID_VALUE)
        for finding in item.findings:
            if finding.level is Level.ERROR and finding.rule not in {f.rule for f in former.findings}:
                yield EditProblem(finding.message, ProblemWeight.INVALID_VALUE)
    for address in known:
        yield EditProblem(f"{address} would no longer be planned", ProblemWeight.SIDE_EFFECT)


def _rule_problems(before: ConfigState, after: ConfigState) -> Iterator[EditProblem]:
    known = {_finding_key(f) for f in before.rule_errors}
    new = [f for f in after.rule_errors if _finding_key(f) not in known]
    if new:
        rules = tuple(sorted({f.rule for f in new}))
        fixed = any(rule not in engine.BY_ID or engine.BY_ID[rule].fixed for rule in rules)
        yield EditProblem(f"{new[0].message}  [{new[0].rule}]", ProblemWeight.INVALID_VALUE, () if fixed else rules)


def _finding_key(found: Finding) -> tuple[str, str]:
    return found.rule, _POSITION_TEXT.sub("", found.message)


# -- what an edit may change of the declared values -------------------------------------------------------------------


def unintended_changes(
    before: DeclaredValues, after: DeclaredValues, group: ChangeGroup, alike: Collection[Address]
) -> Iterator[str]:
    """Yield what an edit for `group` changes without need; the addresses `alike` have the same difference."""
    alike = {*alike, group.address}
    if before.rest != after.rest:
        yield "a value that belongs to no export"
    for address, name in _changed_attributes(before.exports, after.exports):
        of_group = _group_of_attribute(name) == group.name and address in alike
        if not of_group and not (name == "allow" and _key(address) == _key(group.address)):
            yield f"{address} ({name})"
    for address, name in _changed_attributes(before.destinations, after.destinations):
        if name == "account" and address == group.address:
            continue
        users = [a for a, one in before.exports.items() if one["destination"] == address.name]
        if group.name != LOCATION or name not in ("", LOCATION) or not alike.issuperset(users):
            yield next((f"{user} ({LOCATION})" for user in users if user not in alike), f"{address} ({name})")


def _key(address: Address) -> str:
    """Return the address without its part: one `allow` covers all parts of an export."""
    return str(address).partition("/")[0]


def _changed_attributes(
    before: Mapping[Address, Mapping[str, object]], after: Mapping[Address, Mapping[str, object]]
) -> Iterator[tuple[Address, str]]:
    """Yield address and attribute of each change; the attribute is empty if only one side has the address."""
    for address in dict.fromkeys((*before, *after)):
        one, other = before.get(address), after.get(address)
        if one is None or other is None:
            yield address, ""
        else:
            yield from ((address, name) for name in one if one[name] != other[name])
