"""
Say which values of a plan a reviewer approves, and which of them changed.

In: items in their document form. Out: approvals by address, changed values.

An approval covers the header (organization, sandbox, environment, project, url, repository), the options, and the
versions of exportctl and of its formats.

It covers each address that is created, completed, updated, replaced, deleted, adopted, released or refused:
the verb; each field with both values and its cause; each step with what it sends, its references, its needs and the
values it was planned from; the refusals. Sensitive values count by their digests (binding.py).

An approval leaves out what changes by itself or is only for display: source positions, people, consequences, findings,
next runs, ends, the names of secret references, and a start that was computed from the moment of the plan. It also
leaves out renewals:
* The `end` of a step, its digest in the marker and the seen `end` count only if the plan moves the end for another
  reason.
* The seen description never counts, because the marker in it changes with the end. The person's own text is compared
  as the `text` of the step.
* In an update, a step that writes only a marker does not count.

Addresses with only a paused flow, a renewal or a marker write are not part of an approval, and neither is cleaning that
the file does not have: `file.reduce_to_approval` drops what is not in the file. Two things are part of it also there:
* A deletion of an orphan, because nothing brings the object back.
* Another `protect` in a marker, because people decide it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from exportctl.frozen import dataclass
from exportctl.model.plan import CHANGE_VERBS, PROTECT_RULES, Action, Cause, Verb, canonical_json
from exportctl.resources.kinds import END, START

Json = dict[str, Any]

_DESCRIPTION = "description"
VERB = "verb"
NO_APPROVAL = "nothing to approve"  # in place of a verb
ABSENT = "(absent)"
_NOT_APPROVED = ("key", "secrets", "detects_hidden_flow")  # of a step


@dataclass(frozen=True, order=True)
class StaleValue:
    """
    One approved value that changed: address (empty for the whole plan), path below it, saved value, value now.

    `names` are the parts of the path, since a part may hold dots.
    """

    address: str
    path: str
    saved: Any
    now: Any
    names: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        """Format one line of ASCII with JSON values, so that a text from outside cannot control the terminal."""
        where = f"{self.address} {self.path}".strip().encode("ascii", "backslashreplace").decode()
        sides = [_shorten_digest(json.dumps(side, sort_keys=True)) for side in (self.saved, self.now)]
        return f"{where}: saved {sides[0]}, now {sides[1]}"


def _shorten_digest(text: str) -> str:
    """Return the start of a digest, which is enough to see that two differ, and any other text as it is."""
    return f'"{text[1:13]}…"' if re.fullmatch(r'"[0-9a-f]{64}"', text) else text


def approvals(items: Sequence[Json]) -> dict[str, Json]:
    """Return the approved values by address; addresses without any are absent."""
    steps = {i["address"]: _approved_steps(i) for i in items}
    kept = {key for each in steps.values() for key in each}
    relevant = [i for i in items if _is_change(i) or steps[i["address"]] or protect_change(i)]
    return {i["address"]: _item_approval(i, steps[i["address"]], kept) for i in relevant}


def approval_parts(items: Iterable[Json]) -> Iterator[str]:
    """Yield the canonical JSON of `approvals(items)` in parts; each item can be forgotten as soon as it is read."""
    texts: dict[str, tuple[str, set[str]]] = {}  # by address: the approval with all of its needs, and these needs
    kept: set[str] = set()
    for item in items:
        steps = _approved_steps(item)
        kept.update(steps)  # `|=` with the keys of a dict would copy the set
        if _is_change(item) or steps or protect_change(item):
            needs = {need for step in steps.values() for need in step["needs"]}
            texts[item["address"]] = canonical_json(_item_approval(item, steps, needs)), needs
    before = "{"
    for address in sorted(texts):
        text, needs = texts.pop(address)
        yield f"{before}{canonical_json(address)}:{text if needs <= kept else _without_needs(text, kept)}"
        before = ","
    yield "{}" if before == "{" else "}"


def _without_needs(text: str, kept: set[str]) -> str:
    approval = json.loads(text)
    for step in approval["steps"].values():
        step["needs"] = [need for need in step["needs"] if need in kept]
    return canonical_json(approval)


def _is_change(item: Json) -> bool:
    return item["verb"] in CHANGE_VERBS or bool(item["refusals"])


def protect_change(item: Json) -> str | None:
    """Return the change of `protect` that an item writes; None without one."""
    return next((c["rule"] for c in item["consequences"] if c["rule"] in PROTECT_RULES), None)


def _approved_steps(item: Json) -> dict[str, Json]:
    """Return the approved values of the steps by key: of an address without a change, only those of deletions."""
    moved = any(f["field"] == END and f["cause"] != Cause.RENEWAL for f in item["fields"])
    steps = {s["key"]: _approved_step(s, moved) for s in item["steps"]}
    if not _is_change(item):
        return {key: step for key, step in steps.items() if step["action"] == Action.DELETE}
    is_update = item["verb"] == Verb.UPDATE
    return {key: step for key, step in steps.items() if not (is_update and _is_marker_only(step))}


def _item_approval(item: Json, steps: Mapping[str, Json], kept: set[str]) -> Json:
    """Return the approved values of one item; `kept` are the keys of all approved steps: only these count as needs."""
    approval = {
        "verb": item["verb"],
        "id": item["id"],
        **({"protect": protect} if (protect := protect_change(item)) else {}),
        "steps": {key: {**s, "needs": [n for n in s["needs"] if n in kept]} for key, s in steps.items()},
    }
    if not _is_change(item):  # time decides whether a renewal or a marker write is beside it
        return {**approval, "verb": Verb.CLEAN if steps else Verb.MARK}
    fields = [_without_moment(f) for f in item["fields"] if f["cause"] != Cause.RENEWAL]
    return {
        **approval,
        "fields": _key_by_name((f["path"], {side: f[side] for side in ("before", "after", "cause")}) for f in fields),
        "refusals": _key_by_name(
            (r["safety_check"], {"text": r["text"], "allow": r["allow"]}) for r in item["refusals"]
        ),
        "bound": {
            "fields": item["bound"]["fields"],
            "steps": {key: digests for key, digests in item["bound"]["steps"].items() if key in steps},
        },
    }


def _without_moment(field: Json) -> Json:
    """
    Leave out a value that the moment of the plan gives.

    The step has the rule that apply computes a start by. What stays paused is not written.
    """
    return {**field, "after": None} if field["field"] == START or field["cause"] == Cause.PAUSED else field


def _key_by_name(pairs: Iterable[tuple[str, Json]]) -> dict[str, Json]:
    """Key the entries by name; a repeated name gets a number, so that no entry hides another."""
    keyed: dict[str, Json] = {}
    for name, entry in pairs:
        key, number = name, 1
        while key in keyed:
            number += 1
            key = f"{name}#{number}"
        keyed[key] = entry
    return keyed


def _approved_step(step: Json, moved: bool) -> Json:
    """Return the approved values of one step; `moved` says that the end is one of them."""
    kept = {name: value for name, value in step.items() if name not in _NOT_APPROVED}
    fields = {n: v for n, v in step["fields"].items() if n != START or isinstance(v, dict)}
    if not moved and step["action"] == Action.UPDATE:
        fields.pop(END, None)
    kept["fields"] = fields
    kept["seen"] = {n: v for n, v in step["seen"].items() if n != _DESCRIPTION and (moved or n != END)}
    if step["marker"]:
        applied = {n: v for n, v in step["marker"]["applied"].items() if moved or n != END}
        dated = {"committed_at"}  # another commit with the same values is the same approval
        kept["marker"] = {n: v for n, v in step["marker"].items() if n not in dated} | {"applied": applied}
    return kept


def _is_marker_only(step: Json) -> bool:
    nothing = not step["fields"] and not step["refs"] and not step["remove_marker"] and step["operation"] is None
    return bool(step["action"] == Action.UPDATE and nothing and not (step["marker"] or {}).get("being_replaced"))


def compare_approvals(saved: Mapping[str, Json], now: Mapping[str, Json]) -> tuple[StaleValue, ...]:
    """Return every leaf that differs, sorted by address and path."""
    found: list[StaleValue] = []
    for address in sorted({*saved, *now}):
        before, after = saved.get(address), now.get(address)
        if before is None or after is None:
            verbs = [side["verb"] if side else NO_APPROVAL for side in (before, after)]
            found.append(StaleValue(address, VERB, verbs[0], verbs[1], (VERB,)))
            continue
        leaves = _differing_leaves((), before, after)
        found += (StaleValue(address, ".".join(names), a, b, names) for names, a, b in leaves)
    return tuple(found)


def _differing_leaves(names: tuple[str, ...], before: Any, after: Any) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if canonical_json(before) == canonical_json(after):  # as text, since True == 1 in Python
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted({*before, *after}):
            yield from _differing_leaves((*names, name), before.get(name, ABSENT), after.get(name, ABSENT))
        return
    yield names, before, after
