"""
What a plan changes, for reviewers: deletions, replacements and creations by name, and equal updates as one entry.

    - **delete** `exports.clicks`               what is lost
    - **replace** `exports.orders`: …           each value that differs, before and after
    - **create** `exports.returns`: …           datasets, location, schedule
    - `path`: `"aep"` → `"aep-v2"` (3 exports: …)
    - **adopt**: … (12 exports)                 what writes ownership markers only
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from exportctl.model.plan import Address, Cause, FieldChange, PlanItem, Verb
from exportctl.output import format_values, phrases
from exportctl.output.changed_values import (
    ValueChange,
    created_values,
    dataset_names,
    is_secret_change,
    replaced_values,
    replacement_reason,
    value_change,
    written_changes,
)
from exportctl.output.loss import last_run_words, loss_words
from exportctl.output.markdown.groups import Entry, kind_entries, named_entry
from exportctl.output.markdown_escape import code, prose

_LONGEST = 300  # characters of a value; the details of the resource have all of it
_DIFFERENT = 10  # changes of one path in the list; more are folded
_MOST_DATASETS = 20  # names in one entry
_AS_CODE = ("datasets", "location")
_BY_NAME = (Verb.DELETE, Verb.REPLACE, Verb.CREATE, Verb.COMPLETE)
_BY_VERB = (Verb.RELEASE, Verb.ADOPT, Verb.MOVE, Verb.CLEAN, Verb.MARK)


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
    why = replacement_reason(item)
    below = [*([prose(why)] if why else []), *(_change_line(change) for change in replaced_values(item))]
    below += [f"newest run of the former flow: {prose(last_run_words(item.lost))}"] if item.lost else []
    return Entry("\n".join([f"{_title(item, 'replace')}: {prose(words)}", *(f"  - {line}" for line in below)]))


def _creation(item: PlanItem) -> Entry:
    values = [f"{change.path} {_value(change.after)}" for change in created_values(item)]
    values += [prose(item.schedule)] if item.schedule else []
    values += [f"first run {format_values.moment(item.next_after[0])}"] if item.next_after else []
    words = "create" if item.verb is Verb.CREATE else "complete the creation of"
    return Entry(f"{_title(item, words)}: {', '.join(values)}" if values else _title(item, words))


def _update_entries(items: Iterable[PlanItem]) -> list[Entry]:
    """Return the values that change in place: a kind is a path, its texts are the values and why they change."""
    paths: dict[str, dict[tuple[str, ...], list[tuple[Address, FieldChange]]]] = {}
    for item in items:
        for change in written_changes(item):
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
    datasets = dataset_names(change)
    if datasets is not None:
        return _dataset_words(*datasets)
    if is_secret_change(change):
        return "another value (sensitive)"
    both = value_change(change)
    return f"{_value(both.before)} → {_value(both.after)}"


def _change_line(change: ValueChange) -> str:
    if change.before is None:
        return f"{code(change.path)}: {_value(change.after)}"
    return f"{code(change.path)}: {_value(change.before)} → {_value(change.after)}"


def _dataset_words(added: Sequence[str], taken: Sequence[str]) -> str:
    """Return the datasets that a flow gets and those that it loses, by name."""
    words = [f"adds {_datasets(added)}"] if added else []
    words += [f"removes {_datasets(taken)}"] if taken else []
    return ", ".join(words) or "the same datasets"


def _datasets(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_DATASETS} more" if len(names) > _MOST_DATASETS else ""
    return ", ".join(map(code, names[:_MOST_DATASETS])) + more


def _value(text: str | None) -> str:
    if text is None:
        return format_values.NOTHING
    return code(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
