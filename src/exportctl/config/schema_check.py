"""
Check one file's tree against the config's schema. Pure.

Out: a finding at the position of each mistake, and the tree with a `BrokenNode` in place of each mistake, so that later
steps do not report it again. This module writes its own messages and never shows those of the validator. `resolve`
checks what depends on a destination's type or on other files.

jsonschema-rs answers whether there is a mistake at all. Only then jsonschema, whose import alone costs more than all of
the rest, finds which. A test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from exportctl.config.schema.destinations import secrecy
from exportctl.config.schema.root import SCHEMA
from exportctl.config.yaml_nodes import BrokenNode, ListNode, MapEntry, MapNode, Node, plain_value
from exportctl.errors import Finding, SourcePosition
from exportctl.model.secret import Secrecy
from exportctl.model.similar_names import closest_names, did_you_mean
from exportctl.patterns import compile_on_use
from exportctl.resources.destinations.table import TYPES

KeyPath = tuple[str | int, ...]

SINGULAR_NAMES = {  # of the sections that declare names
    "formats": "format",
    "schedules": "schedule",
    "destinations": "destination",
    "datasets": "dataset",
    "exports": "export",
    "environments": "environment",
    "rules": "rule",
}
_AUTH_FIELDS = [f for kind in TYPES.values() for f in kind.auth_fields.values()]
_ACCOUNT_FIELDS = [f for f in _AUTH_FIELDS if f.secrecy is Secrecy.PLAIN]  # those that stand beside `auth`
_PLAIN_ACCOUNT_KEYS = [k for kind in TYPES.values() if kind.composed_key is None for k in kind.account_key_names]
_KNOWN_ELSEWHERE = {  # keys of the service, of other tools and of habit -> the key of this config
    **{f.wire: f"`{f.name}` under `auth`" for f in _AUTH_FIELDS if f.secrecy is not Secrecy.PLAIN},
    **{f.wire: f"`{f.name}`" for t in TYPES.values() for f in t.location if f.wire != f.name},
    **{f.wire: f"`{f.name}` of the destination" for f in _ACCOUNT_FIELDS if f.wire != f.name},
    **{name: f"`{name}` of the destination, beside `auth`" for name in _PLAIN_ACCOUNT_KEYS},
    "datasetFileType": "`format: {type: …}`",
    "fileType": "`format: {type: …}`",
    "includeFileManifest": "`format: {manifest: true}`",
    "exportMode": "`every: once` or a repeating `every` of a schedule",
    "interval": "`every` of a schedule, for example `every: 3 hours`",
    "timeUnit": "`every` of a schedule, for example `every: 3 hours`",
    "frequency": "`every` of a schedule, for example `every: 3 hours`",
    "startTime": "`start` of a schedule",
    "endTime": "`end`",
    "end_date": "`end`",
    "foldernameTemplate": "`folder`",
    "folderNameTemplate": "`folder`",
    "dataSetId": "`{id: …}` under `datasets`",
    "dataset": "`datasets`, a list",
    "name": "`title`",
    "env": "`environments`",
    "envs": "`environments`",
    "state": "`enabled`",
    "prevent_destroy": "`protect: true`",
    "lifecycle": "`protect: true`",
    "secrets": "`auth`",
    "credentials": "`auth`",
    **{alias: f"`{f.name}`" for f in _AUTH_FIELDS for alias in f.aliases},
    "cron": "`every` of a schedule",
}
_TYPE_ALIASES = {alias: kind.name for kind in TYPES.values() for alias in kind.aliases}
_CRON = compile_on_use(r"@[a-z]+|[\d*/,?L#-]+(\s+[\w*/,?#-]+){4,6}")
_UNKNOWN_KEY_RULES = ("unknown-key", "zone-key", "cron")
_ZONE_KEYS = ("tz", "timezone", "time_zone", "zone", "timeZone")
TYPE_WORDS = {
    "string": "text",
    "object": "a map",
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
}


def check_schema(root: MapNode) -> tuple[MapNode, tuple[Finding, ...]]:
    """Replace each mistake in the tree by a `BrokenNode`, and report it."""
    values = plain_value(root)
    if is_schema_met(values):
        return root, ()
    findings: list[Finding] = []
    # Path above -> keys: those with a mistake, and those that an unknown key probably means.
    broken: dict[KeyPath, list[str | int]] = {}
    for error in _validator().iter_errors(values):
        if "then" in error.absolute_schema_path or isinstance(_node(root, tuple(error.absolute_path)), BrokenNode):
            continue
        for path, finding in _explain_error(root, error):
            findings.append(finding)
            if path:
                broken.setdefault(path[:-1], []).append(path[-1])
    if not findings:
        return root, ()
    unknown = {f.at for f in findings if f.at and f.rule in _UNKNOWN_KEY_RULES}
    cut = _replace_broken(root, broken, unknown, ())
    assert isinstance(cut, MapNode)
    return cut, tuple(findings)


def is_schema_met(values: Any) -> bool:
    """Return whether jsonschema-rs finds no mistake. False for values that JSON lacks: jsonschema looks at them."""
    try:
        return bool(_fast_validator().is_valid(values))
    except ValueError:
        return False


@cache
def _fast_validator() -> Any:
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator(dict(SCHEMA))


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(SCHEMA)


def schema_errors(schema: Mapping[str, Any], value: object) -> Iterable[Any]:
    """Return the errors of a value of another schema than that of the config, as jsonschema makes them."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema).iter_errors(value)


def closest_match(word: str, known: Iterable[str]) -> str | None:
    """Return the closest known word, or None; among more than 100 it compares only those with the same first letter."""
    words = list(known)
    if len(words) > 100:
        words = [other for other in words if other[:1] == word[:1].lower()]
    return next(iter(closest_names(word.lower(), words)), None)


def unknown_key(key: str, at: SourcePosition, known: Sequence[str], owner: str) -> Finding:
    """Make the finding for an unknown key, with the closest known key."""
    if key in _ZONE_KEYS:
        message = f'"{key}" does not exist: schedules are in UTC, the service knows no time zones'
        return Finding("zone-key", message, at, 'convert the time to UTC and write it as `at: "02:00"`')
    if key == "cron":
        return cron(at)
    if key == "<<":
        hint = "declare the value once under `schedules`, `formats` or `defaults` and use its name"
        return Finding("unknown-key", "merge keys are not supported here: <<", at, hint)
    return Finding("unknown-key", f'{owner} has no key "{key}"', at, _key_hint(key, known))


def is_cron(text: str) -> bool:
    return bool(_CRON.fullmatch(text.strip()))


def cron(at: SourcePosition) -> Finding:
    hint = 'write `every: 3 hours` (or 1, 6, 9, 12 hours, 1 day, once) and `at: "02:00"`'
    return Finding("cron", "the service knows no cron expressions", at, hint)


def _equivalent_key(key: str) -> str | None:
    found = re.match(r"`(\w+)", _KNOWN_ELSEWHERE.get(key, ""))
    return found.group(1) if found else None


def _key_hint(key: str, known: Sequence[str]) -> str:
    elsewhere = _KNOWN_ELSEWHERE.get(key, "")
    if elsewhere and (_equivalent_key(key) in known or " " in elsewhere):
        return f"in this config, write {elsewhere}"
    guess = closest_match(key, known)
    if guess:
        return did_you_mean(key, guess)
    return "its keys are " + ", ".join(known)


def _explain_error(root: MapNode, error: Any) -> list[tuple[KeyPath | None, Finding]]:
    path: KeyPath = tuple(error.absolute_path)
    match error.validator:
        case "additionalProperties":
            return _unknown_keys(root, path, error)
        case "propertyNames" | "pattern" if _is_name(error):
            return [((*path, str(error.instance)), _bad_name(root, path, str(error.instance)))]
        case "pattern":
            return []  # `resolve` reports it with a better message, after references are filled in
        case "required":
            return _missing_keys(root, path, error)
        case "enum":
            return [] if _is_wrong_type(error) else [(path, _unknown_value(root, path, error))]
        case "type":
            return [(path, _wrong_type(root, path, error))]
        case _:
            return [(path, _bounds_violation(root, path, error))]


def _is_wrong_type(error: Any) -> bool:
    """Return whether the value has the wrong type: the validator then reports the type as well."""
    kinds = error.schema["type"]
    return not any(_validator().is_type(error.instance, k) for k in ([kinds] if isinstance(kinds, str) else kinds))


def _is_name(error: Any) -> bool:
    return "propertyNames" in error.absolute_schema_path


def _unknown_keys(root: MapNode, path: KeyPath, error: Any) -> list[tuple[KeyPath | None, Finding]]:
    known = list(error.schema.get("properties", ()))
    owner = _path_label(path)
    return [
        (_meant_path(path, key, known), unknown_key(key, entry.key_at, known, owner))
        for key, entry in _map_node(root, path).entries.items()
        if key not in known
    ]


def _meant_path(path: KeyPath, key: str, known: Sequence[str]) -> KeyPath | None:
    """Return the path of the known key that an unknown key probably means: it is not reported as missing too."""
    elsewhere = _equivalent_key(key)
    guess = elsewhere if elsewhere in known else closest_match(key, known)
    return (*path, guess) if guess else None


def _missing_keys(root: MapNode, path: KeyPath, error: Any) -> list[tuple[KeyPath | None, Finding]]:
    node, owner = _map_node(root, path), _path_label(path)
    found: list[tuple[KeyPath | None, Finding]] = []
    for key in error.validator_value:
        if key not in node.entries:
            described = error.schema["properties"][key]["description"]
            finding = Finding("missing-key", f'{owner} needs "{key}"', node.at, f"write `{key}: …`. {described}")
            found.append(((*path, key), finding))
    return found


def _bad_name(root: MapNode, path: KeyPath, name: str) -> Finding:
    message = f'"{name}" is not a name: use lower-case letters, digits and hyphens, at most 48, no hyphen first'
    hint = "write a text with other characters as `title`"
    return Finding("bad-name", message, _map_node(root, path).entries[name].key_at, hint)


def _unknown_value(root: MapNode, path: KeyPath, error: Any) -> Finding:
    names = [str(n).lower() if isinstance(n, bool) else str(n) for n in error.validator_value if n is not None]
    value = error.instance
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    guess = closest_match(_TYPE_ALIASES.get(shown.lower(), shown), names)
    hint = did_you_mean(shown, guess) if guess else f"write one of {', '.join(names)}"
    if path[-1] == "version":
        hint = "write `version: 1`"
    elif isinstance(value, str) and "${" in value:
        hint = f"this key takes no reference; write one of {', '.join(names)}"
    return Finding("unknown-value", f'{_path_label(path)} cannot be "{shown}"', _node(root, path).at, hint)


def _wrong_type(root: MapNode, path: KeyPath, error: Any) -> Finding:
    node = _node(root, path)
    if isinstance(error.instance, str) and path[-2:-1] == ("schedules",) and is_cron(error.instance):
        return cron(node.at)
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    words = [TYPE_WORDS[w] for w in wanted if w != "null"]
    given = _describe_value(error.instance)
    if secrecy(path) is not Secrecy.PLAIN:
        message = f"{_path_label(path)} must be {' or '.join(words)}"
        return Finding("wrong-type", message, node.at, 'write a reference, for example "${env:NAME}"')
    message = f"{_path_label(path)} must be {' or '.join(words)}, not {given}"
    return Finding("wrong-type", message, node.at, _type_hint(error, wanted))


def _type_hint(error: Any, wanted: Sequence[str]) -> str | None:
    value = error.instance
    if "string" in wanted and isinstance(value, bool | int):
        return f'put it in quotes: "{str(value).lower()}"'
    if "boolean" in wanted and isinstance(value, str):
        if "${" in value:
            return "this key takes no reference; write true or false"
        return "write true or false, in lower case and without quotes"
    if "integer" in wanted and isinstance(value, str) and value.isdigit():
        return f"remove the quotes: {int(value)}" if len(value) < 18 else None
    if "array" in wanted and isinstance(value, str):
        return f"write a list in brackets: [{value}]" if len(value) < 40 else "write a list in brackets: […]"
    examples = error.schema.get("examples")
    return f"for example {_inline_yaml(examples[0])}" if examples else None


def _inline_yaml(value: object) -> str:
    """Write a value as YAML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_inline_yaml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline_yaml(v) for v in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return f'"{text}"' if any(c in text for c in ":%${}") else text


def _describe_value(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"the number {value}"
    return "a map" if isinstance(value, dict) else "a list" if isinstance(value, list) else "text"


def _bounds_violation(root: MapNode, path: KeyPath, error: Any) -> Finding:
    owner = _path_label(path)
    wanted = error.validator_value
    words = {
        "minItems": f"{owner} needs at least one entry",
        "minLength": f"{owner} cannot be empty",
        "minProperties": f"{owner} cannot be empty",
        "maxProperties": f"{owner} can have only one of the keys {', '.join(error.schema.get('properties', ()))}",
        "minimum": f"{owner} must be at least {wanted}",
        "maximum": f"{owner} must be at most {wanted}",
    }
    examples = error.schema.get("examples")
    hint = f"for example {_inline_yaml(examples[0])}" if examples else None
    return Finding("bad-value", words[error.validator], _node(root, path).at, hint)


def _path_label(path: KeyPath) -> str:
    """Name what a path leads to, for messages: `export "web"`, `"folder" of export "web"`."""
    names = [str(p) for p in path if not isinstance(p, int)]
    if len(names) > 2 and names[0] == "environments":
        names = names[2:]
    if not names:
        return "the config"
    if len(names) > 1 and names[0] in SINGULAR_NAMES:
        head, rest = f'{SINGULAR_NAMES[names[0]]} "{names[1]}"', names[2:]
    else:
        head, rest = f'"{names[0]}"', names[1:]
    if path and isinstance(path[-1], int):
        head, rest = (f'an entry of "{rest[-1]}" of {head}' if rest else f"an entry of {head}"), []
    return f'"{".".join(rest)}" of {head}' if rest else head


def _node(root: Node, path: KeyPath) -> Node:
    for step in path:
        if isinstance(root, MapNode) and isinstance(step, str):
            root = root.entries[step].node
        else:
            assert isinstance(root, ListNode) and isinstance(step, int)
            root = root.items[step]
    return root


def _map_node(root: Node, path: KeyPath) -> MapNode:
    node = _node(root, path)
    assert isinstance(node, MapNode)
    return node


def _replace_broken(
    node: Node, broken: Mapping[KeyPath, list[str | int]], unknown: set[SourcePosition], path: KeyPath
) -> Node:
    """Replace the `broken` keys (by the path above) by a `BrokenNode`, even if missing; drop the keys at `unknown`."""
    if path and path[-1] in broken.get(path[:-1], ()):
        return BrokenNode(node.at)
    if isinstance(node, MapNode):
        kept = {k: e for k, e in node.entries.items() if e.key_at not in unknown}
        entries = {k: MapEntry(e.key_at, _replace_broken(e.node, broken, unknown, (*path, k))) for k, e in kept.items()}
        missing = [key for key in broken.get(path, ()) if key not in entries]
        return MapNode(entries | {str(key): MapEntry(node.at, BrokenNode(node.at)) for key in missing}, node.at)
    if isinstance(node, ListNode):
        items = (_replace_broken(item, broken, unknown, (*path, i)) for i, item in enumerate(node.items))
        return ListNode(tuple(items), node.at)
    return node
