"""
What differs from an approval and is no field with both values: steps, ids, markers, refusals, hidden values.

Each function gets values that differ, and returns words without the address. What follows from a field that is said
already has no words of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from exportctl.model.plan import PROTECT_RULES, UnknownValue, Verb
from exportctl.output import format_values
from exportctl.output.format_values import clean_text
from exportctl.planfile.staleness import ABSENT, StaleValue
from exportctl.resources.kinds import AUTH, KINDS, leaf_path

MAX_VALUE = 60  # characters of one value
_HIDDEN = "another value than the approved one; it is not shown"
_PROTECT: Mapping[object, str] = {
    PROTECT_RULES[0]: "apply removes it",
    PROTECT_RULES[1]: "apply sets it",
    ABSENT: "no change",
}
_VERBS: Mapping[str, str] = {  # after "approved:" and after "apply would"
    Verb.CREATE: "create it",
    Verb.COMPLETE: "complete its creation",
    Verb.UPDATE: "update it",
    Verb.REPLACE: "replace it",
    Verb.DELETE: "delete it",
    Verb.ADOPT: "adopt it",
    Verb.MOVE: "move it from another project",
    Verb.RELEASE: "release it",
    Verb.CLEAN: "delete its orphans",
    Verb.MARK: "write its ownership marker",
    Verb.RENEW: "move its end",
    Verb.PAUSED: "leave it paused",
    Verb.BLOCKED: "leave it as it is",
    Verb.UNCHANGED: "leave it as it is",
}
_MARKER_WORDS = "the ownership marker that apply writes is another one"


def short_value(path: str, shown: object) -> str:
    """Return a value for people, cut at a number of characters."""
    words = "(none)" if shown == ABSENT else format_values.value(path, shown)
    return words if len(words) <= MAX_VALUE else f"{words[: MAX_VALUE - 1]}…"


def verb_words(verb: str) -> str:
    """Return what a verb of a plan does, in words for people."""
    return _VERBS.get(verb) or clean_text(verb.replace("-", " "))


def whole_plan_line(one: StaleValue) -> str:
    """Return the words for a value of the whole plan: sandbox, option, version."""
    name = one.names[-1] if one.names else one.path.rpartition(".")[2]
    return f"`{clean_text(name)}`: approved {short_value(name, one.saved)}, now {short_value(name, one.now)}"


def other_lines(moved: Sequence[StaleValue], said: Collection[str], *, is_explained: bool) -> list[str]:
    """
    Return the words for all that has no field line; `said` are the managed fields that have one.

    `is_explained`: the address has a line already, so a step that comes or goes follows from it.
    """
    lines = [text for one in moved if one.names for text in _words(one, said, is_explained=is_explained)]
    lines += _hidden_fields(moved)
    if not lines and not is_explained:
        lines = [f"the steps are not the approved ones ({clean_text(one.path)})" for one in moved]
    return list(dict.fromkeys(lines))


def _words(one: StaleValue, said: Collection[str], *, is_explained: bool) -> Iterator[str]:
    part, rest = one.names[0], one.names[1:]
    if part == "id" and not is_explained:
        yield f"another object than the approved one: approved {_id(one.saved)}, now {_id(one.now)}"
    elif part == "protect":
        yield f"`protect`: approved: {_PROTECT.get(one.saved, one.saved)}; now: {_PROTECT.get(one.now, one.now)}"
    elif part == "refusals":
        yield _refusal_words(rest[0], one)
    elif part == "bound" and rest[0] == "steps":
        yield from _bound_words(rest[1:], one, is_explained=is_explained)
    elif part == "steps":
        yield from _step_words(rest, one, said, is_explained=is_explained)


def _id(shown: object) -> str:
    return clean_text(str(shown)) if shown else "none"


def _refusal_words(name: str, one: StaleValue) -> str:
    check = clean_text(name.partition("#")[0])
    if one.saved == ABSENT and isinstance(one.now, Mapping):
        return f"the safety check {check} blocks it now: {clean_text(str(one.now['text']))}"
    if one.now == ABSENT:
        return f"the safety check {check} blocked it in the approval, and does not now"
    return f"the safety check {check} says something else now: {short_value('', one.now)}"


def _bound_words(names: tuple[str, ...], one: StaleValue, *, is_explained: bool) -> Iterator[str]:
    if len(names) < 2:  # a whole step came or went
        return
    key = names[1].removeprefix("value of ")
    path = clean_text(leaf_path(AUTH, key) if key != names[1] else key)
    unset = str(UnknownValue.UNSET)
    if one.saved == unset:
        yield f"`{path}`: its variable was not set when the plan was made, and is set now"
    elif one.now == unset:
        yield f"`{path}`: its variable was set when the plan was made, and is not set now"
    elif not is_explained or ABSENT not in (one.saved, one.now):
        yield f"`{path}`: {_HIDDEN}"


def _hidden_fields(moved: Sequence[StaleValue]) -> Iterator[str]:
    """Yield a line per field of which only the digest differs. The number before it depends on the other fields."""
    sides: dict[str, tuple[set[object], set[object]]] = {}
    for one in moved:
        if one.names[:2] == ("bound", "fields"):
            path = one.names[2].partition(" ")[2]
            saved, now = sides.setdefault(path, (set(), set()))
            saved |= {one.saved} - {ABSENT}
            now |= {one.now} - {ABSENT}
    differing = {path.rpartition(" ")[0] for path, (saved, now) in sides.items() if saved and now and saved != now}
    yield from (f"`{clean_text(path)}`: {_HIDDEN}" for path in sorted(differing))


def _step_words(names: tuple[str, ...], one: StaleValue, said: Collection[str], *, is_explained: bool) -> Iterator[str]:
    action = _step_name(names[0])
    if len(names) == 1:
        if not is_explained:
            yield f"apply would now also {action}" if one.saved == ABSENT else f"apply would no longer {action}"
        return
    member, rest = names[1], names[2:]
    words = _MEMBERS.get(member)
    if words:
        yield from words(rest, one, said)
    elif not is_explained:
        yield f"`{clean_text(member)}` of the request to {action}: {_both(member, one)}"


def _step_name(key: str) -> str:
    """Return `update the flow` for `exports.web/flow/update`."""
    *_, kind, action = key.split("/") if key.count("/") > 1 else ("", "", key)
    label = KINDS[kind].label if kind in KINDS else clean_text(kind)
    return f"{clean_text(action.partition('-')[0])} the {label}".rstrip()


def _both(path: str, one: StaleValue) -> str:
    return f"approved {short_value(path, one.saved)}, now {short_value(path, one.now)}"


def _sent_words(rest: tuple[str, ...], one: StaleValue, said: Collection[str]) -> Iterator[str]:
    if not rest or rest[0] in said:
        return
    path = leaf_path(rest[0], ".".join(rest[1:])) if len(rest) > 1 else rest[0]
    yield f"`{clean_text(path)}` that apply sends: {_both(path, one)}"


def _seen_words(rest: tuple[str, ...], one: StaleValue, said: Collection[str]) -> Iterator[str]:
    name = rest[0] if rest else ""
    kinds = {ref: KINDS[kind].label for known in KINDS.values() for ref, (kind, _) in known.refs.items()}
    if name in kinds:
        yield f"points at another {kinds[name]} than in the approval"
    elif name not in said:
        yield f"`{clean_text(name)}` was changed in the sandbox since the approval"


def _marker_words(rest: tuple[str, ...], one: StaleValue, said: Collection[str]) -> Iterator[str]:
    if rest[:1] == ("applied",):
        if rest[1:] and rest[1] not in said:
            yield f"`{clean_text(rest[1])}` has another approved value; the marker holds only its digest"
        return
    yield f"{_MARKER_WORDS} ({clean_text('.'.join(rest)) or 'as a whole'})"


def _text_words(rest: tuple[str, ...], one: StaleValue, said: Collection[str]) -> Iterator[str]:
    if "description" not in said:
        yield f"`description`: {_both('description', one)}"


_MEMBERS: Mapping[str, Callable[[tuple[str, ...], StaleValue, Collection[str]], Iterator[str]]] = {
    "fields": _sent_words,
    "seen": _seen_words,
    "marker": _marker_words,
    "text": _text_words,
}
