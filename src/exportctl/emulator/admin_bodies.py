"""
The JSON bodies that the control interface takes, one schema per operation, and what is wrong with a body in words.

In: a body. Out: nothing, or a ValueError in our own words: no text of Python or of a library reaches a client.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from exportctl.emulator.data.rows import KINDS as KINDS_OF_DATA
from exportctl.emulator.data.schema_changes import CHANGES
from exportctl.emulator.wire import Json

if TYPE_CHECKING:
    from jsonschema import ValidationError

LAST_SECOND = 253402300799  # the end of the year 9999
MOST_SECONDS = 100 * 366 * 86400
MOST_ROWS = 10**12
TEXT: Json = {"type": "string", "minLength": 1}
ANY_TEXT: Json = {"type": "string"}
FLAG: Json = {"type": "boolean"}
OBJECT: Json = {"type": "object"}
TEXTS: Json = {"type": "array", "items": TEXT}
MOMENT: Json = {"type": "integer", "minimum": 0, "maximum": LAST_SECOND}
ROWS: Json = {"type": "integer", "minimum": 0, "maximum": MOST_ROWS}
KINDS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}


def _members(required: Mapping[str, Json], optional: Mapping[str, Json] | None = None) -> Json:
    """Return the schema of an object with these members and no other."""
    members = {**required, **(optional or {})}
    return {"type": "object", "properties": members, "required": [*required], "additionalProperties": False}


DATASET = _members(
    {"name": TEXT},
    {
        "id": TEXT,
        "eligible": FLAG,
        "kind": {"enum": [*KINDS_OF_DATA]},
        "change": {"enum": [*CHANGES]},
        "rows": ROWS,
        "spread": {"type": "integer", "minimum": 0, "maximum": MOST_SECONDS},
        "behavior": ANY_TEXT,
        "identity": {"type": "string", "pattern": "^(/.*[^/])?$"},
    },
)
FAULT = _members(
    {"effect": TEXT},
    {
        **dict.fromkeys(("method", "path", "query", "when", "retry_form"), ANY_TEXT),
        "nth": {"type": "integer", "minimum": 1},
        "count": {"type": "integer", "minimum": 0},
        "status": {"type": "integer", "minimum": 0, "maximum": 599},
        "body": {},
        "headers": {"type": "object", "additionalProperties": ANY_TEXT},
        "delay": {"type": "number", "minimum": 0, "maximum": MOST_SECONDS},
        "retry_after": {"type": ["number", "null"], "minimum": 0, "maximum": MOST_SECONDS},
    },
)
UI_OPTIONS: Json = {"sandbox": TEXT, "as_person": TEXT}
UI_VERBS: dict[str, Json] = {
    "enable": {"flow": TEXT},
    "disable": {"flow": TEXT},
    "end": {"flow": TEXT, "moment": MOMENT},
    "start": {"flow": TEXT, "moment": MOMENT},
    "state": {"flow": TEXT, "word": ANY_TEXT},
    "path": {"flow": TEXT, "path": ANY_TEXT},
    "datasets": {"flow": TEXT, "datasets": TEXTS},
    "schedule": {"flow": TEXT, "changes": OBJECT},
    "rename": {"flow": TEXT, "name": ANY_TEXT},
    "describe": {"flow": TEXT, "text": ANY_TEXT},
    "delete": {"flow": TEXT},
    "create_flow": {"name": ANY_TEXT, "sandbox": TEXT},
}
CREATE_OPTIONS: Json = {
    "datasets": TEXTS,
    "destination": TEXT,
    "schedule": {"type": ["object", "null"]},
    "params": {"type": ["object", "null"]},
    "audience": FLAG,
    "migrated": FLAG,
    "base": {"type": ["string", "null"]},
    "description": {"type": ["string", "null"]},
}
BODIES: dict[str, Json] = {
    "clock": _members(
        {},
        {
            "advance": {"type": "number", "minimum": -MOST_SECONDS, "maximum": MOST_SECONDS},
            "set": {"type": "number", "minimum": 0, "maximum": LAST_SECOND},
        },
    ),
    "switches": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
    "faults": FAULT,
    "seed": _members(
        {},
        {
            "sandboxes": TEXTS,
            "datasets": {"type": "object", "additionalProperties": {"type": "array", "items": DATASET}},
        },
    ),
    "labels": _members({"collection": TEXT, "id": TEXT, "labels": {"type": "array", "items": ANY_TEXT}}),
    "load": _members(
        {
            "sandbox": TEXT,
            "objects": {"type": "object", "additionalProperties": {"type": "array", "items": OBJECT}},
        }
    ),
    "credentials": _members(
        {"client_id": {"type": "string", "pattern": "^[A-Za-z0-9._@-]{1,200}$"}},
        {"client_secret": TEXT, "permissions": TEXTS, "sandboxes": TEXTS},
    ),
    "reset": _members({}),
    "ingest": _members(
        {"sandbox": TEXT, "dataset": TEXT, "rows": ROWS},
        {
            "spread": {"type": "integer", "minimum": 0, "maximum": MOST_SECONDS},
            "update": ROWS,
            "remove": ROWS,
            "change": {"enum": [*CHANGES]},
        },
    ),
    "table": _members({"sandbox": TEXT, "dataset": TEXT}, {"moment": MOMENT}),
    **{
        f"ui/{verb}": _members(members, {**UI_OPTIONS, **(CREATE_OPTIONS if verb == "create_flow" else {})})
        for verb, members in UI_VERBS.items()
    },
}


def check_body(operation: str, body: Json) -> None:
    """
    Check the body of an operation.

    Raises:
        ValueError: it has an unknown or malformed member, or one is missing; the text names it and never its value.
    """
    schema = BODIES.get(operation)
    if schema is None:
        return
    from jsonschema import Draft7Validator

    for error in sorted(Draft7Validator(schema).iter_errors(body), key=lambda found: str(list(found.absolute_path))):
        raise ValueError(f"{operation}: {_describe(error)}")


def _describe(error: ValidationError) -> str:
    where = ".".join(map(str, error.absolute_path)) or "the body"
    expected: Any = error.validator_value
    if error.validator == "required":
        return f"missing member {next(name for name in expected if name not in _members_of(error))}"
    if error.validator == "additionalProperties":
        known = error.schema["properties"]  # type: ignore[index]  # only `_members` refuses members
        unknown = sorted(set(_members_of(error)) - set(known))[0]
        return f"unknown member {unknown}; it takes {', '.join(known) or 'none'}"
    if error.validator == "type":
        kinds = [expected] if isinstance(expected, str) else expected
        return f"{where} must be {' or '.join(KINDS[kind] for kind in kinds if kind in KINDS)}"
    limits = {
        "minimum": f"at least {expected}",
        "maximum": f"at most {expected}",
        "minLength": "text that is not empty",
    }
    if isinstance(expected, list):
        return f"{where} must be {' or '.join(map(str, expected))}"
    return f"{where} must be {limits.get(str(error.validator), 'letters, digits and . _ @ -')}"


def _members_of(error: ValidationError) -> Iterable[str]:
    return error.instance if isinstance(error.instance, dict) else ()
