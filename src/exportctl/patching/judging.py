"""
Does an edit accept what it is for, and nothing else? The config is read and planned with it, and held against before.

    after the edit                                          an edit may
    the differences it is for                               be gone
    any other difference of any address                     be gone too, and never come or change
    refusals, errors of the plan, errors of the rules       be gone too, and never come
    what another environment declares                       not change
    addresses planned for, and what is to be made or to go  not change

Pure. Whether an edit is the smallest is decided by the order in which they are tried.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from exportctl.declared import Project
from exportctl.errors import ConfigError, Finding, Level
from exportctl.importing.adoption import Ground
from exportctl.model import CHANGES, Address, FieldChange, Plan, Sensitive, canonical
from exportctl.patching.wishes import SETTLED, Wish, together
from exportctl.rules import checking

_PLACES = ("at", "where", "files")  # where something is written says nothing of what it is
_PLACE = re.compile(r"\S+:\d+:\d+")


@dataclass(frozen=True)
class Judged:
    """One state of the config: its plan, what the other environments declare, and the errors of the rules."""

    plan: Plan
    others: Mapping[str | None, str]
    errors: tuple[Finding, ...]


@dataclass(frozen=True)
class Fault:
    """Why an edit is not taken; `rules` are those that `allow` on the export could permit, if there is nothing else."""

    why: str
    rules: tuple[str, ...] = ()


def judged(ground: Ground) -> Judged:
    """
    Raises:
        ConfigError: the config has an error.
    """
    project, every, parsed = ground.loaded()
    others = {one.environment: _said(one) for one in every if one.environment != project.environment}
    found = checking.check(every, as_of=ground.as_of, tree=parsed.tree)
    return Judged(ground.plan(project), others, tuple(f for f in found if f.level is Level.ERROR))


def fault(before: Judged, ground: Ground, wish: Wish) -> tuple[Judged | None, Fault | None]:
    """The state that `ground` comes to, and what is wrong with it."""
    try:
        after = judged(ground)
    except ConfigError as error:
        first = next(f for f in error.all if f.level is Level.ERROR)
        return None, Fault(first.message)
    wrong = next(_faults(before, after, wish), None)
    return (None, wrong) if wrong else (after, None)


def _faults(before: Judged, after: Judged, wish: Wish) -> Iterator[Fault]:
    for name, said in before.others.items():
        if after.others.get(name) != said:
            yield Fault(f"environment {name} would change too")
    yield from _differences(before.plan, after.plan, wish)
    yield from _planned(before.plan, after.plan)
    yield from _broken(before, after)


def _differences(before: Plan, after: Plan, wish: Wish) -> Iterator[Fault]:
    known, now = _open(before), _open(after)
    for key, (address, change) in now.items():
        if key not in known:
            yield Fault(f"{address} would differ too ({change.path})")
        if address == wish.address and together(change.field) == wish.name and change.cause in _causes(wish):
            yield Fault(f"{change.path} would still differ")


def _causes(wish: Wish) -> frozenset[object]:
    return frozenset(change.cause for change in wish.changes)


def _open(plan: Plan) -> dict[str, tuple[Address, FieldChange]]:
    """Every difference, by its whole content but the actor and the place."""
    return {
        canonical([str(item.address), c.path, _bare(c.before), _bare(c.after), c.cause]): (item.address, c)
        for item in plan.items
        for c in item.fields
        if c.cause not in SETTLED
    }


def _bare(value: Any) -> Any:
    return value.value if isinstance(value, Sensitive) else value


def _planned(before: Plan, after: Plan) -> Iterator[Fault]:
    known = {item.address: item for item in before.items}
    for item in after.items:
        former = known.pop(item.address, None)
        if former is None or (item.verb in CHANGES and item.verb is not former.verb and former.verb not in CHANGES):
            yield Fault(f"{item.address} would be planned otherwise ({item.verb})")
            continue
        for refusal in item.refusals:
            if refusal.gate not in {r.gate for r in former.refusals}:
                yield Fault(f"{refusal.text}")
        for finding in item.findings:
            if finding.level is Level.ERROR and finding.rule not in {f.rule for f in former.findings}:
                yield Fault(finding.message)
    for address in known:
        yield Fault(f"{address} would no longer be planned")


def _broken(before: Judged, after: Judged) -> Iterator[Fault]:
    known = {_essence(f) for f in before.errors}
    new = [f for f in after.errors if _essence(f) not in known]
    if new:
        rules = tuple(sorted({f.rule for f in new}))
        fixed = any(rule not in checking.BY_ID or checking.BY_ID[rule].fixed for rule in rules)
        yield Fault(f"{new[0].message}  [{new[0].rule}]", () if fixed else rules)


def _essence(found: Finding) -> tuple[str, str]:
    return found.rule, _PLACE.sub("", found.message)


def _said(project: Project) -> str:
    """All that an environment declares, without the places."""
    return json.dumps(_without_places(asdict(project)), sort_keys=True, default=str)


def _without_places(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _without_places(one) for key, one in value.items() if key not in _PLACES}
    return [_without_places(one) for one in value] if isinstance(value, list | tuple) else value
