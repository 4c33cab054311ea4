"""
The config as a JSON Schema (draft 2020-12): every key with its meaning, its form and an example.

`SCHEMA` describes one file, which may be a part of a project or an overlay. So it does not require keys that another
file or an environment can add, and it allows `null` (remove, in an overlay) everywhere. `resolve` checks after the
merge that nothing is missing. The type alone decides between two forms of a value, never `oneOf`, so that every error
has one position and one reason. A text with a reference matches every pattern.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from exportctl.config.scalars import VERSION
from exportctl.config.schema.destinations import account, auth, destination
from exportctl.config.schema.parts import (
    EXAMPLE_ID,
    WHOLE_NOTE,
    Schema,
    backup_policy,
    choice,
    end,
    expectation,
    file_format,
    flag,
    former_values,
    list_schema,
    map_schema,
    name_or_map_schema,
    named_map_schema,
    overlay,
    ref,
    schedule,
    text,
)
from exportctl.config.schema.policy import policy
from exportctl.model.combine import Combine
from exportctl.resources.kinds import plain_fields


def _dataset() -> Schema:
    return {
        "title": "Dataset",
        "description": "A dataset: an alias, a group or an exact name; or a map with `id`, `name` or both.",
        "type": ["string", "object"],
        "minLength": 1,
        "properties": {
            "id": text("The dataset's id.", "5ef3e3259ad2a1191ab7dd7d", min_length=1),
            "name": text("The dataset's exact name.", "App Events", min_length=1),
            "key": text(
                "The column that identifies a row, with dots between levels; the default is the primary identity of "
                "its schema. `backup` and `restore` read it. It counts wherever the dataset is used.",
                "_id",
                "_acme.crm.id",
                min_length=1,
            ),
            "combine": choice(
                "How the runs make up one table: `append` (all rows), `upsert` (the newest row of each key) or "
                "`snapshot` (the newest run). The default is what the Catalog says. It counts wherever the dataset is "
                "used.",
                *(one.value for one in Combine if one is not Combine.UNKNOWN),
            ),
        },
        "additionalProperties": False,
        "minProperties": 1,
        "examples": ["App Events", {"id": "5ef3e3259ad2a1191ab7dd7d"}],
    }


def _declared_dataset() -> Schema:
    return {
        **_dataset(),
        "title": "Dataset alias or group",
        "description": "An alias of one dataset (its exact name, or a map with `id`), or a group: a list. "
        f"{WHOLE_NOTE}",
        "type": ["string", "object", "array", "null"],
        "items": ref("dataset"),
        "minItems": 1,
        "examples": [{"id": "5ef3e3259ad2a1191ab7dd7d"}, ["Orders", "Order Lines"]],
    }


def _value_or_map_by_part(described: str, value: Schema) -> Schema:
    return {
        "description": described,
        "type": ["string", "object"],
        "additionalProperties": value,
        "examples": value["examples"],
    }


def _part_ids(described: str) -> Schema:
    described = f"{described} With `split_by`, write a map of PART to flow id."
    return _value_or_map_by_part(described, text("A flow id.", EXAMPLE_ID))


def _export() -> Schema:
    return map_schema(
        "Export",
        "Datasets that are written to a destination on a schedule: one flow, or one flow per dataset.",
        {
            "datasets": list_schema(
                "The datasets to export. Names are exact: there are no patterns. The order has no meaning.",
                ref("dataset"),
                minimum=1,
                example=["web", "App Events"],
            ),
            "destination": text("The destination's key.", "lake"),
            "schedule": name_or_map_schema(
                schedule(), "The schedule: a name, or a map in place.", "nightly", {"every": "3 hours", "at": "00:00"}
            ),
            "end": ref("end"),
            "format": name_or_map_schema(file_format(), "The file format: a name, or a map in place.", "parquet"),
            "folder": text("The folder of each run, with macros.", "%DATASET_ID%/%EXPORT_TIME%", min_length=1),
            "subpath": text("A folder below the destination's path.", "web"),
            "title": text(
                "The flow's name in the AEP UI; the default is the key.", "Web events to the lake", min_length=1
            ),
            "description": text("A note for people, shown in the AEP UI.", "Input of the attribution model"),
            "enabled": flag(
                "Enable (`true`) or disable (`false`) the flow. Without it, exportctl only enables what it disabled "
                "itself."
            ),
            **{rule.name: dict(rule.schema or {}) for rule in plain_fields()},
            "protect": flag("Block every change that would stop its data."),
            "readers": list_schema(
                "Who reads its files, in any words. A plan names them if it changes the location or the format.",
                text("A reader.", "Finance dashboard", min_length=1),
            ),
            "split_by": choice("Make one flow for each dataset.", "dataset"),
            "environments": list_schema(
                "The environments that have this export; the default is all.",
                text("An environment.", "prod"),
                minimum=1,
            ),
            "expect": expectation(),
            "adopt": _part_ids("The id of a live flow that this export takes over unchanged."),
            "allow_replace": _part_ids(
                "The id of the flow that exportctl may replace. The new flow starts with a full re-export."
            ),
            "keep": _part_ids(
                "The id of the flow to keep, if this export has duplicates or an unfinished replacement."
            ),
            "renamed_from": _value_or_map_by_part(
                "Its former key: exportctl then renames it instead of creating it again. With `split_by`, write the "
                "former key of the whole, or a map of PART to its former KEY or KEY/PART.",
                text("The former KEY or KEY/PART.", "web"),
            ),
            **former_values(),
            "allow": list_schema("Rules that this export may break, each with a reason.", _allow()),
        },
        example={"datasets": ["web", "App Events"], "destination": "lake", "schedule": "nightly"},
    )


def _allow() -> Schema:
    keys = {
        "rule": text("The rule's id.", "json-uncompressed"),
        "reason": text("Why the export may break it.", "the reader cannot unzip", min_length=1),
    }
    return map_schema("Allowance", "A rule, and the reason to break it.", keys, required=("rule", "reason"))


def _removed_entry() -> Schema:
    return map_schema(
        "Removal",
        "Reviewed consent to delete or release an object. Afterwards the entry has no effect.",
        {
            "export": text("KEY or KEY/PART of an export.", "web-to-lake"),
            "destination": text("KEY of a destination.", "partner"),
            "do": choice(
                "`delete` it, or `release` it: remove the ownership marker and leave it running.", "delete", "release"
            ),
            "reason": text("Why it is removed.", "the partner left", min_length=1),
        },
        example={"export": "web-to-lake", "do": "delete", "reason": "no longer needed"},
        required=("do", "reason"),
    )


def _move_entry() -> Schema:
    return map_schema(
        "Move",
        "A flow that this project takes over from another project, or from its own former name. Apply writes only "
        "ownership markers. Afterwards the entry has no effect.",
        {
            "project": text("The project that owns the flow now.", "acme", pattern=r"[a-z0-9][a-z0-9-]{0,31}"),
            "export": text("KEY or KEY/PART of the export in that project.", "web-to-lake"),
            "flow": text("The id of the flow.", EXAMPLE_ID, min_length=1),
            "to": text("KEY or KEY/PART of the export in this project; the default is the same.", "web-events"),
            "reason": text("Why it moves.", "the project was renamed", min_length=1),
        },
        example={"project": "acme", "export": "web-to-lake", "flow": EXAMPLE_ID, "reason": "the project was renamed"},
        required=("project", "export", "flow", "reason"),
    )


def _accept_entry() -> Schema:
    return map_schema(
        "Accepted difference",
        "A difference that exportctl neither reports nor reverts, until a date or for good.",
        {
            "address": text("The address of the export or destination.", "exports.web-to-lake"),
            "field": text("The field, as the plan names it.", "folder"),
            "reason": text("Why it is accepted.", "trial of the morning run", min_length=1),
            "owner": text("The person or team responsible for it.", "data-team", min_length=1),
            "until": text("The last day (inclusive), or a moment, or `never`.", "2026-12-31", "never"),
        },
        required=("address", "field", "reason", "owner", "until"),
    )


def _rules() -> Schema:
    keys = {
        "level": choice("The level of its findings.", "off", "warning", "error"),
        "reason": text("Why it is set.", "agreed with the lake team"),
        "only": list_schema("Only for these addresses; `*` matches any text.", text("An address.", "exports.web-*")),
    }
    setting = map_schema("Rule setting", "The setting of one rule.", keys, example={"level": "off", "reason": "agreed"})
    example = {"folder-without-time": {"level": "off"}}
    described = "Settings of rules, by rule id."
    return named_map_schema("Rules", described, setting, pattern=r"[a-z0-9][a-z0-9-]*", example=example)


def _platform() -> Schema:
    return map_schema(
        "Platform",
        "The organization, the sandbox and the address of the service.",
        {
            "organization": text("The id of the IMS organization.", "0123456789ABCDEF01234567@AdobeOrg"),
            "sandbox": text("The sandbox's name. A config with `environments` sets it in each environment.", "prod"),
            "url": text(
                "The service's URL; the default is `https://platform.adobe.io`. `embedded` is the emulator, which "
                "needs no network.",
                "embedded",
            ),
            "credentials": map_schema(
                "Credentials",
                "The credentials of the API client, as references. The default is AEP_CLIENT_ID, AEP_CLIENT_SECRET, "
                f"AEP_SCOPES and AEP_ACCESS_TOKEN. {WHOLE_NOTE}",
                {
                    "client_id": text("The client's id.", "${env:AEP_CLIENT_ID}"),
                    "client_secret": text("The client's secret.", "${env:AEP_CLIENT_SECRET}"),
                    "scopes": text("The scopes of the access token.", "${env:AEP_SCOPES}"),
                    "access_token": text("An access token, instead of the secret.", "${env:AEP_ACCESS_TOKEN}"),
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
        "Values for exports that do not set them.",
        {
            "destination": text("A destination's key.", "lake"),
            "schedule": name_or_map_schema(schedule(), "A schedule: a name, or a map in place.", "nightly"),
            "format": name_or_map_schema(file_format(), "A format: a name, or a map in place.", "parquet"),
            "end": ref("end"),
            "expect": map_schema(
                "Default expectation", "What `backup check` expects of every export.", {"backup": backup_policy()}
            ),
        },
        example={"destination": "lake", "schedule": "nightly"},
    )


def _sections() -> Schema:
    """Return the keys that both a file and an overlay can have."""
    return {
        "minimum_version": text(
            "The oldest exportctl that can read this config; an older one stops with an error. If several files or "
            "environments set it, the highest version counts.",
            "0.2",
            "0.2.0",
            pattern=VERSION,
        ),
        "platform": _platform(),
        "defaults": _defaults(),
        "formats": named_map_schema(
            "Formats", "File formats by name. `parquet` and `json` (both gzip) are built in.", ref("format")
        ),
        "schedules": named_map_schema("Schedules", "Schedules by name.", ref("schedule")),
        "destinations": named_map_schema(
            "Destinations", "Destinations by key. The address is `destinations.KEY`.", ref("destination")
        ),
        "datasets": named_map_schema("Datasets", "Aliases and groups of datasets (optional).", ref("declared-dataset")),
        "exports": named_map_schema("Exports", "Exports by key. The address is `exports.KEY`.", ref("export")),
        "removed": list_schema(
            "Reviewed consent to deletions and releases.", ref("removal"), example=_removed_entry()["examples"]
        ),
        "move_from": list_schema(
            "Flows that this project takes over from other projects, or from its own former name.",
            ref("move"),
            example=_move_entry()["examples"],
        ),
        "accept": list_schema(
            "Differences that are accepted, until a date or for good.",
            ref("accepted"),
            example=_accept_entry()["examples"],
        ),
        "policy": policy(),
        "rules": _rules(),
    }


def _schema() -> Schema:
    top: Schema = {
        "version": {
            "description": "The version of the config format: 1.",
            "type": "integer",
            "enum": [1],
            "examples": [1],
        },
        "project": text(
            "The owner's name, which exportctl writes on everything it creates: at most 32 letters, digits, hyphens.",
            "acme-exports",
            pattern=r"[a-z0-9][a-z0-9-]{0,31}",
        ),
        "repository": text(
            "The URL of the repository of this config, shown in the AEP UI.", "https://github.com/acme/aep-exports"
        ),
        "extends": list_schema(
            "Files that this file is an overlay on, relative to it.",
            text("A path.", "../exports.yaml", min_length=1),
        ),
        **_sections(),
        "environments": named_map_schema(
            "Environments", "Overlays by name; choose one with --env or EXPORTCTL_ENV.", ref("environment")
        ),
    }
    environment = map_schema(
        "Environment", "The overlay of one environment.", overlay(_sections()), example={"platform": {"sandbox": "dev"}}
    )
    definitions: dict[str, Schema] = {
        "schedule": schedule(),
        "end": end(),
        "format": file_format(),
        "auth": auth(),
        "account": account(),
        "destination": destination(
            name_or_map_schema(file_format(), "The format of its exports: a name, or a map in place.", "parquet")
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
            "move": _move_entry(),
            "accepted": _accept_entry(),
        },
    }


SCHEMA: Mapping[str, Any] = _schema()


def schema_files() -> dict[str, str]:
    """Return the file that editors read (`schemas/exports.schema.json`) as text, by its name."""
    return {"exports.schema.json": json.dumps(SCHEMA, indent=2, ensure_ascii=False) + "\n"}
