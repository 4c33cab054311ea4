"""
The building blocks of the config's schema: each function returns a small JSON Schema with description and examples.

At the end are the values that several maps have: schedules, ends and file formats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exportctl.config.scalars import NAME
from exportctl.resources.destinations.table import storage_fields
from exportctl.resources.service_values import COMPRESSIONS, FILE_TYPES

EXAMPLE_ID = "6b3f9c1e-0000-4000-8000-000000000001"
WHOLE_NOTE = "An overlay replaces it as a whole."
DURATION = r"\d{1,5}\s*[A-Za-z]+"
_CLOCK = r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?"
Schema = dict[str, Any]  # a JSON Schema is any JSON object


def text(description: str, *examples: str, pattern: str | None = None, min_length: int = 0) -> Schema:
    """Return the schema of a text; a text with a reference need not match `pattern`."""
    schema: Schema = {"description": description, "type": "string", "examples": list(examples)}
    if pattern:
        schema["pattern"] = rf"^({pattern})$|\$\{{"
    if min_length:
        schema["minLength"] = min_length
    return schema


def choice(description: str, *names: str) -> Schema:
    return {"description": description, "type": "string", "enum": list(names), "examples": [names[0]]}


def flag(description: str) -> Schema:
    return {"description": description, "type": "boolean", "examples": [True]}


def whole_number(description: str, example: int) -> Schema:
    return {"description": description, "type": "integer", "minimum": 0, "examples": [example]}


def ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def list_schema(
    description: str, items: Schema, *, minimum: int = 0, example: Sequence[object] | None = None
) -> Schema:
    schema: Schema = {"description": description, "type": "array", "items": items}
    if minimum:
        schema["minItems"] = minimum
    schema["examples"] = [list(example) if example else [items["examples"][0]]]
    return schema


def map_schema(
    title: str,
    description: str,
    keys: Mapping[str, Schema],
    *,
    example: Mapping[str, object] | None = None,
    required: tuple[str, ...] = (),
    min_properties: int = 0,
) -> Schema:
    """Return the schema of a map of known keys; without `example`, the first examples of all keys are one."""
    first_examples = {key: schema["examples"][0] for key, schema in keys.items() if "examples" in schema}
    schema: Schema = {
        "title": title,
        "description": description,
        "type": "object",
        "properties": dict(keys),
        "additionalProperties": False,
        "examples": [dict(example or first_examples)],
    }
    if required:
        schema["required"] = list(required)
    if min_properties:
        schema["minProperties"] = min_properties
    return schema


def named_map_schema(
    title: str, description: str, value: Schema, *, pattern: str = NAME, example: Mapping[str, object] | None = None
) -> Schema:
    """Return the schema of a map with free names as keys."""
    schema: Schema = {
        "title": title,
        "description": description,
        "type": "object",
        "propertyNames": {"pattern": f"^({pattern})$"},
        "additionalProperties": _allow_null(value),
    }
    if example:
        schema["examples"] = [dict(example)]
    return schema


def name_or_map_schema(inline: Schema, described: str, *examples: object) -> Schema:
    """Return the schema of a key that takes a name, or a map in place."""
    return {**inline, "type": ["string", "object"], "description": described, "examples": list(examples)}


def overlay(keys: Mapping[str, Schema]) -> Schema:
    """Return the same keys, each of which may also be `null` (remove)."""
    return {key: _allow_null(schema) for key, schema in keys.items()}


def _allow_null(schema: Schema) -> Schema:
    if "$ref" in schema:
        return schema  # the definition itself allows null
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if "null" in kinds:
        return schema
    schema = {**schema, "type": [*kinds, "null"]}
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    if "properties" in schema:
        schema["properties"] = overlay(schema["properties"])
    return schema


def schedule() -> Schema:
    return map_schema(
        "Schedule",
        f"When an export runs, in UTC. The service knows neither cron nor time zones. {WHOLE_NOTE}",
        {
            "every": text(
                "The interval: 1, 3, 6, 9 or 12 hours, 1 day, or `once` for one full export. Any other whole number of "
                "hours or days gets a warning.",
                "1 day",
                "3 hours",
                "once",
            ),
            "at": text(
                "The time of day in UTC of one of the runs, to the minute or to the second.",
                "02:00",
                "08:00:17",
                pattern=_CLOCK,
            ),
            "start": text("The date or moment before which there is no run.", "2026-12-01", "2026-12-01T06:00:00Z"),
            "end": ref("end"),
        },
        example={"every": "1 day", "at": "02:00"},
    )


def end() -> Schema:
    described = (
        "The last day (inclusive) or moment; a rolling end, which `renew` and `apply` move on; or `none`: no end, "
        "even if the schedule or `defaults` has one."
    )
    schema = map_schema(
        "End",
        f"{described} {WHOLE_NOTE}",
        {
            "rolling": text("The time from now to the new end at each renewal.", "180 days", pattern=DURATION),
            "renew_before": text(
                "exportctl renews the end when less than this time remains.", "30 days", pattern=DURATION
            ),
        },
        required=("rolling",),
    )
    return {**schema, "type": ["string", "object"], "examples": ["2027-06-30", *schema["examples"], "none"]}


def file_format() -> Schema:
    return map_schema(
        "Format",
        f"The files of an export. {WHOLE_NOTE}",
        {
            "type": text("The file type: parquet or json. Any other gets a warning.", *FILE_TYPES),
            "compression": text(
                "The compression: gzip or none. JSON must be compressed. Any other gets a warning.", *COMPRESSIONS
            ),
            "manifest": {
                "description": "Ask the service to write a manifest file beside each run. `force` sends the parameter "
                "even if the service does not offer it.",
                "type": ["boolean", "string"],
                "enum": [True, False, "force"],
                "examples": [True],
            },
        },
        required=("type",),
    )


def backup_policy() -> Schema:
    return map_schema(
        "Backup policy",
        "What `backup check` expects of the chain of each dataset.",
        {
            "max_age": text("The newest complete run was due within this time.", "26 hours", pattern=DURATION),
            "covered_from": text("The first complete run was due on this day (inclusive), or before.", "2026-01-01"),
            "drilled_within": text(
                "A drill restored it within this time. `backup check` then needs --audit.", "8 days", pattern=DURATION
            ),
        },
        min_properties=1,
    )


def expectation() -> Schema:
    return map_schema(
        "Expectation",
        "What `verify` expects of each run, and `backup check` of all runs together.",
        {
            "within": text("A run is late after this time.", "2 hours", pattern=DURATION),
            "non_empty": flag("A run without rows is a failure."),
            "backup": backup_policy(),
        },
        example={"within": "2 hours", "non_empty": True},
    )


def _former_schedule() -> Schema:
    keys = schedule()["properties"]
    return map_schema(
        "Former schedule",
        "A schedule of the past. The first entry begins when the flow was made, each other one where the entry before "
        "it ends.",
        {
            "until": text(
                "The last day (inclusive) or the moment at which it was changed: runs that were due before had it.",
                "2026-03-01T02:00:00Z",
            ),
            **{key: keys[key] for key in ("every", "at", "start")},
        },
        example={"until": "2026-03-01T02:00:00Z", "every": "1 day", "at": "02:00"},
        required=("until", "every"),
    )


def _former_location() -> Schema:
    return map_schema(
        "Former location",
        "A location of the past, on the same account as now. What it does not state was as in the entry after it; in "
        "the last entry, as now.",
        {
            "until": text(
                "The last day (inclusive) or the moment at which it was changed: runs that were due before wrote here.",
                "2026-03-01T02:00:00Z",
            ),
            "path": text("The whole path: the destination's `path` and the `subpath` of the export.", "aep/orders"),
            "folder": text("The folder of each run, with macros.", "%DATASET_ID%/%EXPORT_TIME%", min_length=1),
            **{name: text(f"The {name}.", "acme-lake", min_length=1) for name in storage_fields()},
        },
        example={"until": "2026-03-01T02:00:00Z", "path": "aep/orders"},
        required=("until",),
    )


def former_values() -> dict[str, Schema]:
    """Return what the service does not keep when an export is changed."""
    return {
        "former_locations": list_schema(
            "Where it wrote before its location was changed, oldest first. `verify` and `backup` look there for "
            "the files of earlier runs. The service does not get it.",
            _former_location(),
        ),
        "former_schedules": list_schema(
            "When it ran before its schedule was changed, oldest first. `backup` then knows which runs were due. "
            "The service does not get it.",
            _former_schedule(),
        ),
    }
