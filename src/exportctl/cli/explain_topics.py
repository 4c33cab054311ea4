"""What `explain` knows: the terms of the glossary, rules, and fields of the config. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from exportctl.cli.glossary import SECTIONS
from exportctl.config.schema.root import SCHEMA
from exportctl.errors import UsageError
from exportctl.model.similar_names import closest_names, difference_note
from exportctl.rules.engine import BY_ID
from exportctl.rules.rule import Rule

_ENTRIES = ("exports", "destinations")  # a plan shows `schedule.every` for `exports.schedule.every`
_MAX_SUGGESTIONS = 3
_Entry = tuple[str, str]  # title and text


def explain_topic(topic: str) -> tuple[str, str]:
    """
    Return title and text of a term, a rule or a field of the config. The text holds all meanings of a word.

    Raises:
        UsageError: nothing has this name. The hint names similar topics.
    """
    name = topic.strip().strip("[]`\"'")
    table = _entries_by_key()
    terms = next((table[key] for key in _possible_keys(name) if key in table), ())
    entries = [*terms, *_field_entries(name)]
    if not entries:
        raise _unknown_topic(name)
    title, text = entries[0]
    return title, "\n".join([text, *(f"{also}: {words}" for also, words in entries[1:])])


def topic_names() -> Iterator[str]:
    """Yield what a shell can complete: the words of the glossary and the rules."""
    yield from _entries_by_key()


def _possible_keys(name: str) -> Iterator[str]:
    """Yield the key of a name, then those of its singular forms."""
    key = _key(name)
    yield key
    for plural, singular in (("ies", "y"), ("es", ""), ("s", "")):
        if key.endswith(plural):
            yield key.removesuffix(plural) + singular


def _key(name: str) -> str:
    """Return the name in lower case, with one space for hyphens, underscores and spaces between words."""
    return re.sub(r"(?<=\w)[\s_-]+(?=\w)", " ", name.strip().lower())


@cache
def _entries_by_key() -> Mapping[str, tuple[_Entry, ...]]:
    table: dict[str, tuple[_Entry, ...]] = {}
    rows = [
        (word, f"{section.kind} {term.name}", term.text)
        for section in SECTIONS
        for term in section.terms
        for word in dict.fromkeys(map(_key, (term.name, *term.also)))
    ]
    for word, title, text in [*rows, *((_key(id), f"rule {id}", _rule_text(rule)) for id, rule in BY_ID.items())]:
        table[word] = (*table.get(word, ()), (title, text))
    return table


def _rule_text(rule: Rule) -> str:
    level = f"{rule.level}, fixed: you can raise it, but not lower or allow it" if rule.fixed else str(rule.level)
    lines = [rule.title, f"level: {level}", f"why: {rule.why}", f"fix: {rule.how_to_fix}"]
    lines += ["wrong:", *_indented_lines(rule.bad_example)] if rule.bad_example else []
    lines += ["right:", *_indented_lines(rule.good_example)] if rule.good_example else []
    return "\n".join(lines)


def _indented_lines(yaml: str) -> Iterator[str]:
    return (f"  {line}" for line in yaml.splitlines())


def _field_entries(name: str) -> list[_Entry]:
    """Entries of the config's fields, by their whole path or by the path that a plan shows."""
    found = {name: _field_schema(name)} | {f"{root}.{name}": _field_schema(f"{root}.*.{name}") for root in _ENTRIES}
    return [(f"field {path}", _schema_text(schema)) for path, schema in found.items() if schema is not None]


def _field_schema(path: str) -> Mapping[str, Any] | None:
    """Return the schema of `exports.schedule.every`. Names of entries (`exports.orders`) may be left out."""
    found: Mapping[str, Any] | None = SCHEMA
    for part in path.split("."):
        found = _child_schema(_follow_ref(found), part) if found is not None else None
    return _follow_ref(found) if found is not None and path else None


def _follow_ref(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema that `$ref` names, with its own keys laid over it."""
    while "$ref" in schema:
        own = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], **own}
    return schema


def _child_schema(schema: Mapping[str, Any], part: str) -> Mapping[str, Any] | None:
    properties: Mapping[str, Any] = schema.get("properties") or {}
    if part in properties:
        return _mapping(properties[part])
    entry = _mapping(schema.get("additionalProperties")) or _mapping(schema.get("items"))
    if entry is None:
        return None
    inside: Mapping[str, Any] = _follow_ref(entry).get("properties") or {}
    is_name = isinstance(schema.get("additionalProperties"), Mapping)
    return _mapping(inside[part]) if part in inside else entry if not inside or is_name else None


def _mapping(schema: object) -> Mapping[str, Any] | None:
    return schema if isinstance(schema, Mapping) else None


def _schema_text(schema: Mapping[str, Any]) -> str:
    lines = [str(schema.get("description", "no description"))]
    if isinstance(schema.get("enum"), list):
        lines.append("one of: " + ", ".join(_json(value) for value in schema["enum"] if value is not None))
    if schema.get("examples"):
        lines.append("example: " + _json(schema["examples"][0]))
    if schema.get("properties"):
        lines.append("keys: " + ", ".join(schema["properties"]))
    return "\n".join(lines)


def _json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _unknown_topic(name: str) -> UsageError:
    known = {key: key for key in (*_entries_by_key(), *SCHEMA.get("properties", {}))}
    guesses = closest_names(_key(name), known, count=_MAX_SUGGESTIONS)
    note = difference_note(_key(name), guesses[0]) if guesses else ""
    hint = f"did you mean {', '.join(guesses)}? {note} ".replace("  ", " ") if guesses else ""
    return UsageError(
        f"nothing to explain has the name {name!r}",
        rule="usage",
        hint=f"{hint}docs/glossary.md lists all terms, docs/rules.md all rules; a field is written"
        " as exports.schedule.every",
    )
