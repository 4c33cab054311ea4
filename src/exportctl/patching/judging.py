"""
Does an edit accept what it is for, and nothing else? The config is read and planned with it, and held against before.

    after the edit                                          an edit may
    the differences it is for                               be gone
    what another export or environment declares             not change, but where that makes a like difference go
    any other difference of any address                     be gone too, and never come or change
    refusals, errors of the plan, errors of the rules       be gone too, and never come
    addresses planned for, and what is to be made or to go  not change

Pure. Cheap questions come first. Whether an edit is the smallest is decided by the order in which they are tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

from exportctl.config import loading
from exportctl.declared import Project
from exportctl.errors import ConfigError, Finding, Level
from exportctl.importing.adoption import Ground
from exportctl.model import CHANGES, Address, Cause, FieldChange, Plan, Sensitive, canonical
from exportctl.patching.declarations import Said, others_changed, said
from exportctl.patching.wishes import SETTLED, Wish, together
from exportctl.rules import checking

_PLACE = re.compile(r"\S+:\d+:\d+")


@dataclass(frozen=True)
class Judged:
    """One state of the config; what is dear is worked out when it is asked for. Only its project is without errors."""

    ground: Ground
    parsed: loading.Parsed
    project: Project

    @cached_property
    def said(self) -> Said:
        return said(self.project)

    @cached_property
    def plan(self) -> Plan:
        return self.ground.plan(self.project)

    @cached_property
    def others(self) -> Mapping[str, Project]:
        """
        Raises:
            ConfigError: another environment has an error.
        """
        names = [name for name in self.parsed.environments if name != self.project.environment]
        return {name: _project(self.parsed, name, self.ground) for name in names}

    @cached_property
    def said_by_others(self) -> Mapping[str, Said]:
        return {name: said(one) for name, one in self.others.items()}

    @cached_property
    def errors(self) -> tuple[Finding, ...]:
        """Those of the rules."""
        known = {**self.others, self.project.environment or "": self.project}
        every = [known[name] for name in self.parsed.environments or ("",)]
        found = checking.check(every, as_of=self.ground.as_of, tree=self.parsed.tree)
        return tuple(f for f in found if f.level is Level.ERROR)


class Weight(IntEnum):
    """How much a fault says about the value itself, and not about the place that an edit was tried in."""

    PLACE = 0  # the edit has no effect there
    OTHERS = 1  # somebody else would change too
    VALUE = 2  # no export may say it


@dataclass(frozen=True)
class Fault:
    """Why an edit is not taken; `rules` are those that `allow` on the export could permit, if there is nothing else."""

    why: str
    weight: Weight
    rules: tuple[str, ...] = ()


def judged(ground: Ground) -> Judged:
    """
    Raises:
        ConfigError: the config has an error, in this environment.
    """
    parsed = loading.parse(ground.files)
    return Judged(ground, parsed, _project(parsed, ground.environment, ground))


def _project(parsed: loading.Parsed, environment: str | None, ground: Ground) -> Project:
    made, found = loading.project(parsed, environment, ground.variables)
    if made is None:
        raise ConfigError(found)
    return made


def fault(before: Judged, ground: Ground, wish: Wish) -> tuple[Judged | None, Fault | None]:
    """The state that `ground` comes to, and what is wrong with it."""
    try:
        after = judged(ground)
        wrong = next(_faults(before, after, wish), None)
    except ConfigError as error:
        first = next(f for f in error.all if f.level is Level.ERROR)
        return None, Fault(first.message, Weight.VALUE)
    return (None, wrong) if wrong else (after, None)


def _faults(before: Judged, after: Judged, wish: Wish) -> Iterator[Fault]:
    differed = _differing(before.plan, wish)
    yield from _others(before, after, wish, differed)
    for name, one in before.said_by_others.items():
        if after.said_by_others.get(name) != one:
            yield Fault(f"environment {name} would change too", Weight.OTHERS)
    yield from _differs(before.plan, after.plan, wish)
    yield from _others(before, after, wish, differed - _differing(after.plan, wish))
    yield from _planned(before.plan, after.plan)
    yield from _broken(before, after)


def _differing(plan: Plan, wish: Wish) -> frozenset[Address]:
    return frozenset(address for address, change in _differences(plan) if together(change.field) == wish.name)


def _others(before: Judged, after: Judged, wish: Wish, alike: frozenset[Address]) -> Iterator[Fault]:
    for what in others_changed(before.said, after.said, wish, alike):
        yield Fault(f"{what} would change too", Weight.OTHERS)


def _differs(before: Plan, after: Plan, wish: Wish) -> Iterator[Fault]:
    known = {_whole(address, change) for address, change in _differences(before)}
    causes = {change.cause for change in wish.changes}
    for address, change in _differences(after):
        comes = _whole(address, change) not in known
        if address == wish.address and together(change.field) == wish.name:
            # a flow that waits to be replaced differs in nothing from what the new one is made with
            if change.cause in causes or (comes and change.cause is not Cause.CREATE):
                yield Fault(f"{change.path} would still differ", Weight.PLACE)
        elif comes:
            yield Fault(f"{address} would differ too ({change.path})", Weight.OTHERS)


def _differences(plan: Plan) -> Iterator[tuple[Address, FieldChange]]:
    yield from ((item.address, c) for item in plan.items for c in item.fields if c.cause not in SETTLED)


def _whole(address: Address, change: FieldChange) -> str:
    """The whole content of a difference but the actor and the place."""
    return canonical([str(address), change.path, _bare(change.before), _bare(change.after), change.cause])


def _bare(value: Any) -> Any:
    return value.value if isinstance(value, Sensitive) else value


def _planned(before: Plan, after: Plan) -> Iterator[Fault]:
    known = {item.address: item for item in before.items}
    for item in after.items:
        former = known.pop(item.address, None)
        if former is None or (item.verb in CHANGES and item.verb is not former.verb and former.verb not in CHANGES):
            yield Fault(f"{item.address} would be planned otherwise ({item.verb})", Weight.OTHERS)
            continue
        for refusal in item.refusals:
            if refusal.gate not in {r.gate for r in former.refusals}:
                yield Fault(refusal.text, Weight.VALUE)
        for finding in item.findings:
            if finding.level is Level.ERROR and finding.rule not in {f.rule for f in former.findings}:
                yield Fault(finding.message, Weight.VALUE)
    for address in known:
        yield Fault(f"{address} would no longer be planned", Weight.OTHERS)


def _broken(before: Judged, after: Judged) -> Iterator[Fault]:
    known = {_essence(f) for f in before.errors}
    new = [f for f in after.errors if _essence(f) not in known]
    if new:
        rules = tuple(sorted({f.rule for f in new}))
        fixed = any(rule not in checking.BY_ID or checking.BY_ID[rule].fixed for rule in rules)
        yield Fault(f"{new[0].message}  [{new[0].rule}]", Weight.VALUE, () if fixed else rules)


def _essence(found: Finding) -> tuple[str, str]:
    return found.rule, _PLACE.sub("", found.message)
