"""
What a plan changes, for reviewers: deletions, replacements and creations by name, and equal updates as one entry.

    - **delete** `exports.clicks`               what is lost
    - **replace** `exports.orders`: …           each value that differs, before and after
    - **create** `exports.returns`: …           datasets, location, schedule
    - `path`: `"aep"` → `"aep-v2"` (3 exports: …)
    - **adopt**: … (12 exports)                 what writes ownership markers only
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from exportctl.model.plan import (
    CHANGE_VERBS,
    WRITE_CAUSES,
    Address,
    Cause,
    FieldChange,
    PlanItem,
    SensitiveValue,
    Verb,
)
from exportctl.output import format_values, phrases
from exportctl.output.loss import last_run_words, loss_words
from exportctl.output.markdown.groups import Entry, kind_entries, named_entry
from exportctl.output.markdown_escape import code, prose
from exportctl.resources.kinds import DATASETS, FOLDER, FORMAT, LOCATION, leaf_path

_LONGEST = 300  # characters of a value; the details of the resource have all of it
_DIFFERENT = 10  # changes of one path in the list; more are folded
_MOST_DATASETS = 20  # names in one entry
_AS_CODE = ("datasets", "location")
_BY_NAME = (Verb.DELETE, Verb.REPLACE, Verb.CREATE, Verb.COMPLETE)
_BY_VERB = (Verb.RELEASE, Verb.ADOPT, Verb.MOVE, Verb.CLEAN, Verb.MARK)
_FIELDS_OF_CREATION = (DATASETS, "type", "destination", LOCATION)
_WRITTEN = WRITE_CAUSES | {Cause.RENEWAL}


def change_entries(items: Sequence[PlanItem]) -> list[Entry]:
    """Return every change of a plan, the gravest first."""
    named = {Verb.DELETE: _deletion, Verb.REPLACE: _replacement, Verb.CREATE: _creation, Verb.COMPLETE: _creation}
    entries = [named[verb](item) for verb in _BY_NAME for item in items if item.verb is verb]
    entries += _update_entries(items)
    for verb in _BY_VERB:
        addresses = [item.address for item in items if item.verb is verb]
        words = dict.fromkeys(phrases.verb(verb, address) for address in addresses)
        entries += [
            named_entry(_verb_words(text), [a for a in addresses if phrases.verb(verb, a) == text]) for text in words
        ]
    return entries


def _verb_words(words: str) -> str:
    """Return the words of a verb with the verb itself in bold."""
    verb, colon, rest = words.partition(":")
    return f"**{verb}**{colon}{rest}"


def _title(item: PlanItem, words: str) -> str:
    return f"**{words}** {code(item.address)}" + (", blocked" if item.refusals else "")


def _deletion(item: PlanItem) -> Entry:
    lost = [f"  - {label}: {code(words) if label in _AS_CODE else prose(words)}" for label, words in loss_words(item)]
    return Entry(_title(item, "delete"), "\n".join(lost))


def _replacement(item: PlanItem) -> Entry:
    words = phrases.verb(item.verb, item.address).partition(": ")[2]
    lines = [f"{_title(item, 'replace')}: {prose(words)}"]
    lines += [f"  - {line}" for line in _replaced_values(item)]
    return Entry("\n".join(lines))


def _replaced_values(item: PlanItem) -> Iterator[str]:
    """Yield why a flow is replaced, then each value that the new flow has otherwise; without `lost`, each change."""
    former = _former_values(item)
    for change in item.fields:
        if change.after is None and change.cause is Cause.PENDING:
            yield prose(str(change.before))
        elif change.cause is Cause.CREATE:
            before = former.pop(change.path, change.before)
            if before is None and change.field in _FIELDS_OF_CREATION:
                yield f"{code(change.path)}: {_value(change.path, change.after)}"
            elif before not in (None, _sort_pairs(change.after)):
                yield f"{code(change.path)}: {_both_values(replace(change, before=before))}"
        elif change.cause in _WRITTEN:
            yield f"{code(change.path)}: {_both_values(change)}"
    yield from (f"{code(path)}: {_value(path, before)} → {format_values.NOTHING}" for path, before in former.items())
    if item.lost:
        former_schedule = [item.lost.schedule] if item.lost.schedule not in (None, item.schedule) else []
        yield from (f"schedule: {prose(words)} → {prose(item.schedule or '')}" for words in former_schedule)
        yield f"newest run of the former flow: {prose(last_run_words(item.lost))}"


def _former_values(item: PlanItem) -> dict[str, Any]:
    """Return the values of a replaced flow by the paths of the YAML; what the service does not show is absent."""
    lost = item.lost
    if lost is None:
        return {}
    leaves = [(leaf_path(name, key), v) for name in (LOCATION, FORMAT) for key, v in getattr(lost, name).items()]
    found = [(DATASETS, [list(pair) for pair in lost.datasets]), (FOLDER, lost.folder), *leaves]
    return {path: value for path, value in found if value not in (None, [])}


def _sort_pairs(value: Any) -> Any:
    is_pairs = isinstance(value, list) and all(isinstance(pair, list | tuple) for pair in value)
    return sorted((list(pair) for pair in value), key=lambda pair: (pair[-1], pair[0])) if is_pairs else value


def _creation(item: PlanItem) -> Entry:
    shown = [change for change in item.fields if change.field in _FIELDS_OF_CREATION or change.path == "format.type"]
    values = [f"{change.path} {_value(change.path, change.after)}" for change in shown]
    values += [prose(item.schedule)] if item.schedule else []
    values += [f"first run {format_values.moment(item.next_after[0])}"] if item.next_after else []
    words = "create" if item.verb is Verb.CREATE else "complete the creation of"
    return Entry(f"{_title(item, words)}: {', '.join(values)}" if values else _title(item, words))


def _update_entries(items: Iterable[PlanItem]) -> list[Entry]:
    """Return the values that change in place: a kind is a path, its texts are the values and why they change."""
    paths: dict[str, dict[tuple[str, ...], list[tuple[Address, FieldChange]]]] = {}
    for item in items:
        if item.verb not in _BY_NAME and item.verb in CHANGE_VERBS | {Verb.RENEW}:
            for change in item.fields:
                if change.cause in _WRITTEN:
                    same = paths.setdefault(change.path, {}).setdefault(_same_change(change), [])
                    same.append((item.address, change))
    found: list[Entry] = []
    for path, groups in paths.items():
        texts: dict[str, list[Address]] = {}
        for members in groups.values():
            texts.setdefault(_change_words(members), []).extend(address for address, _ in members)
        found += kind_entries(code(path), texts, most=_DIFFERENT)
    return found


def _same_change(change: FieldChange) -> tuple[str, ...]:
    """Return what two changes have in common that are one for a reviewer: not the moment of a hand edit."""
    return (_both_values(change), _why(_leave_out_moment(change)))


def _leave_out_moment(change: FieldChange) -> FieldChange:
    return replace(change, actor=replace(change.actor, at=None)) if change.actor else change


def _change_words(members: Sequence[tuple[Address, FieldChange]]) -> str:
    changes = [change for _, change in members]
    first = changes[0] if len({_why(c) for c in changes}) == 1 else _leave_out_moment(changes[0])
    why = _why(first)
    return _both_values(first) + (f", {why}" if why else "")


def _why(change: FieldChange) -> str:
    """Return why a value changes; empty where the YAML changed, because the pull request shows that."""
    if change.cause is Cause.PENDING:
        return prose(change.note) if change.note else ""
    return prose(phrases.cause(change))


def _both_values(change: FieldChange) -> str:
    before, after = change.before, change.after
    if change.field == DATASETS and isinstance(before, list | tuple) and isinstance(after, list | tuple):
        return _dataset_words(before, after)
    if isinstance(before, SensitiveValue) and isinstance(after, SensitiveValue):
        return "another value (sensitive)"
    return f"{_value(change.path, before)} → {_value(change.path, after)}"


def _dataset_words(before: Sequence[Any], after: Sequence[Any]) -> str:
    """Return the datasets that a flow gets and those that it loses, by name."""
    added = [one for one in after if one not in before]
    taken = [one for one in before if one not in after]
    words = [f"adds {_datasets(added)}"] if added else []
    words += [f"removes {_datasets(taken)}"] if taken else []
    return ", ".join(words) or "the same datasets"


def _datasets(found: Sequence[Any]) -> str:
    shown = [code(format_values.value(DATASETS, [one])[1:-1]) for one in found[:_MOST_DATASETS]]
    more = f" and {len(found) - _MOST_DATASETS} more" if len(found) > _MOST_DATASETS else ""
    return ", ".join(shown) + more


def _value(path: str, value: Any) -> str:
    text = format_values.value(path, value)
    return code(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
