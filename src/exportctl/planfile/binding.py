"""
Bind what a plan must not show: digests of sensitive values and of what was read, for documents.

    digest = SHA-256 of [purpose, organization, sandbox, address, value] as canonical JSON, 64 hex digits

The salt makes equal values at two addresses, or in two sandboxes, look different. Equal input gives equal bytes, so two
plans can be compared. The salt is no secret: a value that can be guessed, such as the ARN of a role, can be confirmed
by a reader of the document. A secret is never read for a plan, so a document holds no digest of one.

In: a plan in memory. Out: its items with digests in place of values. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from exportctl.model.bound_values import BoundValues
from exportctl.model.plan import Plan, PlanItem, SensitiveValue, Step, UnknownValue, canonical_json

_PURPOSE = "exportctl approval 1"
_PLAIN = frozenset({str, int, bool, type(None)})  # types of most values, none of them sensitive
Digest = Callable[[Any], str]


def bound_items(plan: Plan) -> Iterator[PlanItem]:
    """Yield the items of a plan with digests for a document; items from a document have them already."""
    for item in plan.items:
        yield item if item.bound is not None else _bind_item(plan, item)


def _bind_item(plan: Plan, item: PlanItem) -> PlanItem:
    def digest(value: Any) -> str:
        salt = (_PURPOSE, plan.header.organization, plan.header.sandbox, str(item.address))
        return hashlib.sha256(canonical_json([*salt, _unmasked_json(value)]).encode()).hexdigest()

    sides = [
        (f"{number} {change.path} {side}", value)
        for number, change in enumerate(item.fields)
        for side, value in (("before", change.before), ("after", change.after))
        if _is_sensitive(value)
    ]
    steps = {step.key: found for step in item.steps if (found := _step_digests(step, digest))}
    bound = BoundValues({name: digest(value) for name, value in sides}, steps)
    return replace(item, steps=tuple(_with_salted_digests(s, digest) for s in item.steps), bound=bound)


def _with_salted_digests(step: Step, digest: Digest) -> Step:
    return replace(step, seen={name: digest(seen) for name, seen in step.seen.items()})


def _step_digests(step: Step, digest: Digest) -> dict[str, str]:
    """Return digests of what the step sends and a document does not show: texts with references, and their values."""
    found = {name: digest(value) for name, value in step.fields.items() if _is_sensitive(value)}
    for name, value in step.known.items():
        found[f"value of {name}"] = str(value) if value is UnknownValue.UNSET else digest(value)
    return found


def _is_sensitive(value: Any) -> bool:
    if type(value) in _PLAIN:
        return False
    if isinstance(value, Mapping):
        return any(map(_is_sensitive, value.values()))
    if isinstance(value, Sequence | frozenset | set) and not isinstance(value, str):
        return any(map(_is_sensitive, value))
    return isinstance(value, SensitiveValue)


def _unmasked_json(value: Any) -> Any:
    """Return a value as JSON, sensitive values unmasked."""
    if isinstance(value, SensitiveValue):
        return value.value
    if isinstance(value, Mapping):
        return {str(name): _unmasked_json(inner) for name, inner in value.items()}
    if isinstance(value, frozenset | set):
        return sorted((_unmasked_json(inner) for inner in value), key=str)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_unmasked_json(inner) for inner in value]
    return value
