"""
What `explain` knows: rules, gates, exit codes, causes of differences, fields of the config. Pure.

In: a topic as somebody typed it. Out: a title and words, or a UsageError that names what was probably meant.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from exportctl.cli import exit_codes
from exportctl.config.schema.root import SCHEMA
from exportctl.errors import UsageError
from exportctl.model.plan import Cause
from exportctl.rules.engine import BY_ID
from exportctl.rules.rule import Rule, closest_match
from exportctl.rules.safety_check_texts import BY_NAME as GATES
from exportctl.rules.safety_check_texts import SafetyCheck

CAUSES: Mapping[Cause, str] = {
    Cause.CREATE: "The object does not exist yet. Apply creates it.",
    Cause.PENDING: "The YAML changed since the last apply, the sandbox did not. Apply writes it; drift only counts it.",
    Cause.DRIFT: "Somebody changed the sandbox, the YAML is as it was last applied. Apply puts it back; drift fails.\n"
    "To keep what they did, write it into the YAML; to leave it for a while, add an `accept` entry.",
    Cause.CONFLICT: "The YAML and the sandbox both changed since the last apply, to different values.\n"
    "Apply writes the YAML's value; drift fails. Decide which is right before you apply.",
    Cause.UNKNOWN_ORIGIN: "Both sides differ and nobody knows what was last applied, because the marker "
    "says nothing of it.\n"
    "Apply writes the YAML's value; drift fails.",
    Cause.ALREADY_MATCHES: "Both sides are equal, but not what was last applied. Only the marker is "
    "written; no change.",
    Cause.NORMALISED: "The service keeps another spelling of what was sent. Nothing is written, it is no drift.",
    Cause.PAUSED: "Somebody switched the flow off or moved its end earlier. It is held: never undone by itself.\n"
    "To undo it: apply --put-back ADDRESS. To agree: write `enabled: false` or the end into the YAML.",
    Cause.RENEWAL: "A rolling end is due and is moved on. Outside exit code 2 and the digest of a plan.",
    Cause.EXPIRED: "A rolling end is over: the flow exports nothing. Apply moves it on, as a change that is reviewed.\n"
    "renew does not: what a revived flow sends first is not documented, and may be every dataset in full.",
    Cause.ACCEPTED: "An `accept` entry of the config covers it until its date: neither reported nor put back.",
}


def explain_topic(topic: str) -> tuple[str, str]:
    """
    Title and words of a topic.

    Raises:
        UsageError: nothing is called so.
    """
    name = topic.strip().strip("[]`")
    number = name.lower().removeprefix("exit").removeprefix(" code").strip()
    if number.isdigit() and int(number) in exit_codes.TEXTS:
        return f"exit {number}", exit_codes.TEXTS[int(number)]
    if name in BY_ID:
        return f"rule {name}", "\n".join((_rule_text(BY_ID[name]), *_safety_check_of_rule(name)))
    if name in GATES:
        return f"gate {name}", "\n".join(_safety_check_lines(GATES[name]))
    if name in CAUSES:
        return f"cause {name}", CAUSES[Cause(name)]
    field = _field_schema(name)
    if field is not None:
        return f"field {name}", _schema_text(field)
    raise _unknown_topic(name)


def _rule_text(rule: Rule) -> str:
    level = f"{rule.level}, fixed: it can be raised, not lowered or allowed" if rule.fixed else str(rule.level)
    lines = [rule.title, f"level: {level}", f"why: {rule.why}", f"mend: {rule.how_to_fix}"]
    lines += ["not:", *_indented_lines(rule.bad_example)] if rule.bad_example else []
    lines += ["but:", *_indented_lines(rule.good_example)] if rule.good_example else []
    return "\n".join(lines)


def _safety_check_lines(gate: SafetyCheck) -> tuple[str, ...]:
    return f"refuses: {gate.blocks}", f"to allow exactly this: {gate.allow}"


def _safety_check_of_rule(name: str) -> tuple[str, ...]:
    """The gate that goes by the name of a rule."""
    return ("also a gate:", *_safety_check_lines(GATES[name])) if name in GATES else ()


def _indented_lines(yaml: str) -> Iterator[str]:
    return (f"  {line}" for line in yaml.splitlines())


def _field_schema(path: str) -> Mapping[str, Any] | None:
    """The schema of `exports.schedule.every`: names of entries (`exports.orders`) may be written or left out."""
    found: Mapping[str, Any] | None = SCHEMA
    for part in path.split("."):
        found = _child_schema(_follow_ref(found), part) if found is not None else None
    return _follow_ref(found) if found is not None and path else None


def _follow_ref(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """With its `$ref` followed."""
    while "$ref" in schema:
        schema = {**SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], **_drop_ref(schema)}
    return schema


def _drop_ref(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "$ref"}


def _child_schema(schema: Mapping[str, Any], part: str) -> Mapping[str, Any] | None:
    properties: Mapping[str, Any] = schema.get("properties") or {}
    if part in properties:
        return _mapping(properties[part])
    entry = _mapping(schema.get("additionalProperties")) or _mapping(schema.get("items"))
    if entry is None:
        return None
    inside: Mapping[str, Any] = _follow_ref(entry).get("properties") or {}
    return _mapping(inside[part]) if part in inside else entry if not inside or _is_name(schema) else None


def _is_name(schema: Mapping[str, Any]) -> bool:
    return isinstance(schema.get("additionalProperties"), Mapping)


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
    known = [*BY_ID, *GATES, *CAUSES, *SCHEMA.get("properties", {})]
    guess = closest_match(name, known)
    hint = f"did you mean {guess}? " if guess else ""
    return UsageError(
        f"nothing to explain is called {name!r}",
        rule="usage",
        hint=f"{hint}Name a rule, a gate, an exit code, a cause ({', '.join(CAUSES)}) or a field like"
        " exports.schedule.every",
    )
