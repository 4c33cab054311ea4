"""
The config as a JSON Schema (draft 2020-12): every key with what it means, its form and an example.

`SCHEMA` describes one file, which may be a part of a project or an overlay: keys that another file or an environment
may add are therefore not required here, and `null` (remove, in an overlay) is allowed everywhere. What must be there
once all files are laid over each other is checked by the modules that read the tree. Forms are told apart by type
alone, never by `oneOf`, so that every error has one place and one reason. Patterns let a text with a reference
through.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exportctl.config.scalars import VERSION
from exportctl.config.schema.destinations import account, auth, destination
from exportctl.config.schema.parts import (
    EXAMPLE_ID,
    WHOLE_NOTE,
    Schema,
    choice,
    entries,
    flag,
    list_schema,
    map_schema,
    name_or_map_schema,
    named_map_schema,
    overlay,
    ref,
    text,
    whole_number,
)

_DURATION = r"\d{1,5}\s*[A-Za-z]+"
_CLOCK = r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?"


def _schedule() -> Schema:
    return map_schema(
        "Schedule",
        f"When an export runs, in UTC; the service knows no cron and no time zones. {WHOLE_NOTE}",
        {
            "every": text(
                "How often: 3, 6, 9 or 12 hours, 1 day, or `once` for one full export.", "1 day", "3 hours", "once"
            ),
            "at": text(
                "Time of day in UTC of one of the runs, to the minute or to the second: the phase of the grid.",
                "02:00",
                "08:00:17",
                pattern=_CLOCK,
            ),
            "start": text("No run before this date or moment.", "2026-12-01", "2026-12-01T06:00:00Z"),
            "end": ref("end"),
        },
        example={"every": "1 day", "at": "02:00"},
    )


def _end() -> Schema:
    described = (
        "The last day (inclusive) or moment; a rolling end that `renew` and `apply` move on; or `none`: no end, "
        "although a schedule or `defaults` would give one."
    )
    schema = map_schema(
        "End",
        f"{described} {WHOLE_NOTE}",
        {
            "rolling": text("How far ahead the end is kept.", "180 days", pattern=_DURATION),
            "renew_before": text("It is moved on once less than this is left.", "30 days", pattern=_DURATION),
        },
        example={"rolling": "180 days", "renew_before": "30 days"},
        required=("rolling",),
    )
    return {**schema, "type": ["string", "object"], "examples": ["2027-06-30", *schema["examples"], "none"]}


def _format() -> Schema:
    return map_schema(
        "Format",
        f"The files of an export. {WHOLE_NOTE}",
        {
            "type": choice("File type; there is no CSV for datasets.", "parquet", "json"),
            "compression": choice("Compression; JSON must be compressed.", "gzip", "none"),
            "manifest": {
                "description": "Ask the service to write a manifest file beside each run; `force` sends the parameter "
                "even where the service does not offer it.",
                "type": ["boolean", "string"],
                "enum": [True, False, "force"],
                "examples": [True],
            },
        },
        example={"type": "parquet", "compression": "gzip", "manifest": True},
        required=("type",),
    )


def _dataset() -> Schema:
    return {
        "title": "Dataset",
        "description": "A dataset by alias, group or exact name; or as a map by `id`, by `name`, or both.",
        "type": ["string", "object"],
        "minLength": 1,
        "properties": _dataset_keys(),
        "additionalProperties": False,
        "minProperties": 1,
        "examples": ["App Events", {"id": "5ef3e3259ad2a1191ab7dd7d"}],
    }


def _dataset_keys() -> Schema:
    return {
        "id": text("The dataset's id.", "5ef3e3259ad2a1191ab7dd7d", min_length=1),
        "name": text("The dataset's exact name.", "App Events", min_length=1),
    }


def _declared_dataset() -> Schema:
    return {
        **_dataset(),
        "title": "Dataset alias or group",
        "description": "An alias of one dataset (its exact name, or a map with `id`), or a list: a "
        f"group. {WHOLE_NOTE}",
        "type": ["string", "object", "array", "null"],
        "items": ref("dataset"),
        "minItems": 1,
        "examples": [{"id": "5ef3e3259ad2a1191ab7dd7d"}, ["Orders", "Order Lines"]],
    }


def _part_ids(described: str) -> Schema:
    return {
        "description": f"{described} With `split_by`, a map of PART to flow id.",
        "type": ["string", "object"],
        "additionalProperties": text("A flow id.", EXAMPLE_ID),
        "examples": [EXAMPLE_ID],
    }


def _former_key() -> Schema:
    described = "The key it had before, so that it is renamed and not made again."
    parts = "With `split_by`, the key the whole had, or a map of PART to the KEY or KEY/PART it goes on from."
    return {
        "description": f"{described} {parts}",
        "type": ["string", "object"],
        "additionalProperties": text("The KEY or KEY/PART it had.", "web"),
        "examples": ["web"],
    }


def _export() -> Schema:
    return map_schema(
        "Export",
        "Datasets, written to a destination on a schedule: one flow, or one per dataset.",
        {
            "datasets": list_schema(
                "What is exported; a set. Names are exact: there are no patterns.",
                ref("dataset"),
                minimum=1,
                example=["web", "App Events"],
            ),
            "destination": text("The destination's key.", "lake"),
            "schedule": name_or_map_schema(
                _schedule(), "When, by name or in place.", "nightly", {"every": "3 hours", "at": "00:00"}
            ),
            "end": ref("end"),
            "format": name_or_map_schema(_format(), "The files, by name or in place.", "parquet"),
            "folder": text("Folder of each run, with macros.", "%DATASET_ID%/%EXPORT_TIME%", min_length=1),
            "subpath": text("A folder below the destination's path.", "web"),
            "title": text(
                "The flow's name in the AEP UI; the key if left out.", "Web events to the lake", min_length=1
            ),
            "description": text("For people; shown in the AEP UI.", "Feeds the attribution model"),
            "enabled": flag("Whether the flow is switched on; left out, it is not touched."),
            "protect": flag("Refuse whatever would stop its data."),
            "split_by": choice("One flow for each dataset.", "dataset"),
            "environments": list_schema("Only in these environments.", text("An environment.", "prod"), minimum=1),
            "expect": map_schema(
                "Expectation",
                "What `verify` holds a run to.",
                {
                    "within": text("A run is late after this time.", "2 hours", pattern=_DURATION),
                    "non_empty": flag("A run without rows is a failure."),
                },
                example={"within": "2 hours", "non_empty": True},
            ),
            "adopt": _part_ids("A live flow that becomes ours, unchanged: its id."),
            "allow_replace": _part_ids("Consent to replace this very flow, which sends everything again: its id."),
            "keep": _part_ids("Of two flows for this export, the one to keep: its id."),
            "renamed_from": _former_key(),
            "allow": list_schema("Rules that this export may break, each with the reason.", _allow()),
        },
        example={"datasets": ["web", "App Events"], "destination": "lake", "schedule": "nightly"},
    )


def _allow() -> Schema:
    keys = {
        "rule": text("The rule's id.", "json-uncompressed"),
        "reason": text("Why.", "the reader cannot unzip", min_length=1),
    }
    example = {"rule": "json-uncompressed", "reason": "the reader cannot unzip"}
    return map_schema(
        "Allowance", "A rule and the reason to break it.", keys, example=example, required=("rule", "reason")
    )


def _removed_entry() -> Schema:
    return map_schema(
        "Removal",
        "Reviewed consent to a deletion or a hand-over; has no effect afterwards.",
        {
            "export": text("KEY or KEY/PART of an export.", "web-to-lake"),
            "destination": text("KEY of a destination.", "partner"),
            "do": choice(
                "`delete` it, or `release` it: take our marker off and leave it running.", "delete", "release"
            ),
            "reason": text("Why.", "the partner left", min_length=1),
        },
        example={"export": "web-to-lake", "do": "delete", "reason": "nobody reads it"},
        required=("do", "reason"),
    )


def _accept_entry() -> Schema:
    return map_schema(
        "Accepted difference",
        "A difference that is neither reported nor put back until a day.",
        {
            "address": text("The object.", "exports.web-to-lake"),
            "field": text("The field, as the plan names it.", "folder"),
            "reason": text("Why.", "trial of the morning run", min_length=1),
            "owner": text("Who answers for it.", "data-team", min_length=1),
            "until": text("The last day, or a moment.", "2026-12-31"),
        },
        example={
            "address": "exports.web-to-lake",
            "field": "folder",
            "reason": "trial of the morning run",
            "owner": "data-team",
            "until": "2026-12-31",
        },
        required=("address", "field", "reason", "owner", "until"),
    )


def _rules() -> Schema:
    keys = {
        "level": choice("How it is reported.", "off", "warning", "error"),
        "reason": text("Why it is set.", "agreed with the lake team"),
        "only": list_schema("Only for these addresses, `*` stands for anything.", text("An address.", "exports.web-*")),
    }
    setting = map_schema(
        "Rule setting", "How one rule is reported.", keys, example={"level": "off", "reason": "agreed"}
    )
    described = "How findings are reported, by rule id."
    return entries(
        "Rules", described, setting, pattern=r"[a-z0-9][a-z0-9-]*", example={"folder-without-time": {"level": "off"}}
    )


def _platform() -> Schema:
    return map_schema(
        "Platform",
        "The organisation, the sandbox and where they are.",
        {
            "organization": text("The IMS organisation.", "0123456789ABCDEF01234567@AdobeOrg"),
            "sandbox": text("The sandbox; belongs under `environments` once there are any.", "prod"),
            "url": text(
                "`https://platform.adobe.io` if left out; `embedded` is the emulator, without a network.", "embedded"
            ),
            "credentials": map_schema(
                "Credentials",
                f"Of the API client, as references; left out, AEP_CLIENT_ID and its like are read. {WHOLE_NOTE}",
                {
                    "client_id": text("The client's id.", "${env:AEP_CLIENT_ID}"),
                    "client_secret": text("The client's secret.", "${env:AEP_CLIENT_SECRET}"),
                    "scopes": text("The scopes to ask for.", "${env:AEP_SCOPES}"),
                    "access_token": text("A token, instead of the secret.", "${env:AEP_ACCESS_TOKEN}"),
                },
                example={"client_id": "${env:AEP_CLIENT_ID}", "client_secret": "${env:AEP_CLIENT_SECRET}"},
                min_properties=1,
            ),
        },
        example={"organization": "0123456789ABCDEF01234567@AdobeOrg", "sandbox": "dev"},
    )


def _defaults() -> Schema:
    return map_schema(
        "Defaults",
        "What an export has that does not say otherwise.",
        {
            "destination": text("A destination's key.", "lake"),
            "schedule": name_or_map_schema(_schedule(), "A schedule, by name or in place.", "nightly"),
            "format": name_or_map_schema(_format(), "A format, by name or in place.", "parquet"),
            "end": ref("end"),
        },
        example={"destination": "lake", "schedule": "nightly"},
    )


def _policy() -> Schema:
    return map_schema(
        "Policy",
        "How careful plan and apply are.",
        {
            "max_deletes": whole_number("Deletions that need no entry under `removed`.", 0),
            "end_warning": text("Exports that end sooner are pointed out.", "30 days", pattern=_DURATION),
            "lease": flag("Only one apply at a time, by a lock kept in the sandbox; not available in this version."),
        },
        example={"max_deletes": 0, "end_warning": "30 days"},
    )


def _sections() -> Schema:
    """The keys of a file that an overlay has too."""
    return {
        "minimum_version": text(
            "The oldest exportctl that may read this config: an older one says so and stops. Of several, in other "
            "files or in environments, the highest counts.",
            "0.2",
            "0.2.0",
            pattern=VERSION,
        ),
        "platform": _platform(),
        "defaults": _defaults(),
        "formats": named_map_schema(
            "Formats", "By name; `parquet` and `json` (both gzip) exist without being declared.", ref("format")
        ),
        "schedules": named_map_schema("Schedules", "By name.", ref("schedule")),
        "destinations": named_map_schema(
            "Destinations", "By key, which is their address: `destinations.KEY`.", ref("destination")
        ),
        "datasets": named_map_schema("Datasets", "Aliases and groups, optional.", ref("declared-dataset")),
        "exports": named_map_schema("Exports", "By key, which is their address: `exports.KEY`.", ref("export")),
        "removed": list_schema(
            "Reviewed consent to deletions and hand-overs.", ref("removal"), example=_removed_entry()["examples"]
        ),
        "accept": list_schema("Differences accepted for a time.", ref("accepted"), example=_accept_entry()["examples"]),
        "policy": _policy(),
        "rules": _rules(),
    }


def _schema() -> Schema:
    top: Schema = {
        "version": {"description": "The version of this language: 1.", "type": "integer", "enum": [1], "examples": [1]},
        "project": text(
            "The owner's name, written on what we create; at most 32 letters, digits and hyphens.",
            "acme-exports",
            pattern=r"[a-z0-9][a-z0-9-]{0,31}",
        ),
        "repository": text("Where this config lives; shown in the AEP UI.", "https://github.com/acme/aep-exports"),
        "extends": list_schema(
            "Files that this one is laid over, relative to it.", text("A path.", "../exports.yaml", min_length=1)
        ),
        **_sections(),
        "environments": named_map_schema(
            "Environments", "Overlays, one of which is chosen by --env or EXPORTCTL_ENV.", ref("environment")
        ),
    }
    environment = map_schema(
        "Environment", "An overlay.", overlay(_sections()), example={"platform": {"sandbox": "dev"}}
    )
    definitions: dict[str, Schema] = {
        "schedule": _schedule(),
        "end": _end(),
        "format": _format(),
        "auth": auth(),
        "account": account(),
        "destination": destination(
            name_or_map_schema(_format(), "The format of its exports, by name or in place.", "parquet")
        ),
        "export": _export(),
        "environment": environment,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "exportctl config",
        "description": "Adobe Experience Platform dataset exports as code.",
        "type": "object",
        "properties": overlay(top),
        "additionalProperties": False,
        "$defs": {
            **overlay(definitions),
            "dataset": _dataset(),
            "declared-dataset": _declared_dataset(),
            "removal": _removed_entry(),
            "accepted": _accept_entry(),
        },
    }


SCHEMA: Mapping[str, Any] = _schema()
