"""
Which bodies the service accepts: whole documents are judged, after a create as after a patch.

In: a document as it would be stored, and the one before a patch. Out: nothing, or a refusal. By default what a patch
leaves as it was is not judged again: a service that shows a value knows it. Reads no store: that what is named exists
is checked in `writes.py`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from exportctl.emulator import specs
from exportctl.emulator.switches import Switches
from exportctl.emulator.wire import Json, RequestRefused, flow_error, invalid_body_error, message_error

if TYPE_CHECKING:
    from jsonschema import ValidationError

COMMON = {"name", "description", "labels"}
FLOW_FIELDS = {"flowSpec", "sourceConnectionIds", "targetConnectionIds", "scheduleParams", "transformations", "policy"}
FIELDS = {
    "connections": COMMON | {"connectionSpec", "auth", "encryptionSpecs", "encryption"},
    "sourceConnections": COMMON | {"connectionSpec", "params", "data", "baseConnectionId"},
    "targetConnections": COMMON | {"connectionSpec", "params", "data", "baseConnectionId", "encryptionSpecs"},
    "flows": COMMON | FLOW_FIELDS,
}
TEMPLATE_KEYS = ("foldernameTemplate", "folderNameTemplate")
SCHEDULE_FIELDS = {"exportMode", "timeUnit", "interval", "startTime", "endTime", "frequency", *TEMPLATE_KEYS}
HOURS = (3, 6, 12)  # every source has them
MAX_INTERVAL = 10_000
_FULL, _INCREMENTAL = "DAILY_FULL_EXPORT", "FIRST_FULL_THEN_INCREMENTAL"
_MODES_AND_UNITS = ((_FULL, "day"), (_INCREMENTAL, "day"), (_INCREMENTAL, "hour"))
TIMES = ("startTime", "endTime")
ENUM_PARAMS = ("datasetFileType", "compression")
LAST_SECOND = 253402300799  # the end of the year 9999


def check_document(
    collection: str, doc: Mapping[str, Any], switches: Switches, stored: Mapping[str, Any] | None = None
) -> None:
    """
    Judge the part of a document that clients write; the refusal says what is wrong first.

    `stored` is the document before a patch, of which nothing is judged again; empty: all is judged.
    """
    # rule: unknown-field
    unknown = sorted(set(doc) - FIELDS[collection])
    if unknown:
        raise invalid_body_error(f"Unrecognized field '{unknown[0]}' in {collection}")
    _check_texts(doc)
    _CHECKS[collection](doc, switches, stored or {})


def check_demanded(collection: str, doc: Mapping[str, Any], switches: Switches) -> None:
    """Judge what only the document of sources demands of a new connection: `data`."""
    # rule: connection-data
    demanded = {"sourceConnections": switches.source_data, "targetConnections": switches.target_data}
    if demanded.get(collection) == "required" and not isinstance(doc.get("data"), dict):
        raise invalid_body_error("data is required")


def _check_texts(doc: Mapping[str, Any]) -> None:
    # rule: name-required
    name = doc.get("name")
    if not isinstance(name, str) or not name.strip():
        raise invalid_body_error("name is required")
    if not isinstance(doc.get("description", ""), str):
        raise invalid_body_error("description must be a string")
    labels = doc.get("labels", [])
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise invalid_body_error("labels must be an array of strings")


def _changed_keys(doc: Mapping[str, Any], stored: Mapping[str, Any], keys: Iterable[str]) -> set[str]:
    """Return the members that a write brings, changes or takes away: of a new document all."""
    return {key for key in keys if not stored or (key in doc, doc.get(key)) != (key in stored, stored.get(key))}


def _check_base(doc: Mapping[str, Any], switches: Switches, stored: Mapping[str, Any]) -> None:
    changed = _changed_keys(doc, stored, ("auth", "encryptionSpecs"))
    if not changed:
        return
    card = specs.offered_card(_card(doc), switches)
    if "encryptionSpecs" in changed:
        _check_encryption(doc.get("encryptionSpecs"), card)
    if "auth" in changed:
        _check_auth(doc.get("auth"), card, switches)


def _check_auth(auth: object, card: specs.DestinationSpec, switches: Switches) -> None:
    if not card.auths:
        # rule: landing-zone-no-auth
        if auth is not None:
            raise flow_error(1415, 400, f"{card.name} takes no auth")
        return
    if not isinstance(auth, dict) or set(auth) - {"specName", "params"}:
        raise invalid_body_error("auth with specName and params is required")
    # rule: auth-spec-name
    known = {way.name: way for way in card.auths}
    if not isinstance(auth.get("specName"), str) or auth["specName"] not in known:
        raise flow_error(1415, 400, f"Auth spec name [{auth.get('specName')}] is not known for {card.name}")
    params = auth.get("params")
    if not isinstance(params, dict):
        raise invalid_body_error("auth.params is required")
    if switches.sftp_port == "refused" and "port" in params:
        raise invalid_body_error("auth.params: Unrecognized field 'port'")
    _check_schema(_auth_validator(known[auth["specName"]]), params, "auth.params")


def _check_encryption(encryption: object, card: specs.DestinationSpec) -> None:
    """Judge the encryption of a new account: an object, although the spec has a list (flow-service.md 5.8)."""
    # rule: encryption-specs
    if encryption is None:
        return
    if card.encryption is None:
        raise flow_error(1415, 400, f"{card.name} takes no encryptionSpecs")
    names = (card.encryption.name, "Encryption spec")  # the second is that of the published sample
    if not isinstance(encryption, dict) or encryption.get("specName") not in names:
        raise invalid_body_error("encryptionSpecs.specName is not one that the connection spec lists")
    params = encryption.get("params")
    if not isinstance(params, dict):
        raise invalid_body_error("encryptionSpecs.params is required")
    properties = specs.encryption_params(card.encryption)
    _check_schema(_validator(properties, list(properties)), params, "encryptionSpecs.params")


def _check_source(doc: Mapping[str, Any], switches: Switches, stored: Mapping[str, Any]) -> None:
    if stored and not _changed_keys(doc, stored, ("params",)):
        return
    spec = _spec_id(doc, "connectionSpec")
    if spec not in (specs.DATA_LAKE, specs.PROFILE_STORE):
        raise message_error(400, "Please provide a valid spec id")
    if not isinstance(doc.get("baseConnectionId", ""), str):
        raise invalid_body_error("baseConnectionId must be a string")
    if spec == specs.PROFILE_STORE:
        return
    # rule: source-datasets
    params = doc.get("params")
    if not isinstance(params, dict) or set(params) != {"datasets"}:
        raise invalid_body_error("params.datasets is required and all that params may hold")
    datasets = params["datasets"]
    if not isinstance(datasets, list) or not datasets:
        raise invalid_body_error("params.datasets must be a non-empty array")
    ids = [_dataset_id(entry) for entry in datasets]
    if len(set(ids)) != len(ids):
        raise invalid_body_error("params.datasets names a dataset twice")


def _dataset_id(entry: object) -> str:
    if not isinstance(entry, dict) or set(entry) - {"dataSetId", "name"}:
        raise invalid_body_error("params.datasets[] takes dataSetId and name")
    id = entry.get("dataSetId")
    if not isinstance(id, str) or not isinstance(entry.get("name", ""), str):
        raise invalid_body_error("params.datasets[].dataSetId is required")
    return id


def _check_target(doc: Mapping[str, Any], switches: Switches, stored: Mapping[str, Any]) -> None:
    if not stored:
        _card(doc)
    # rule: target-needs-base
    if not isinstance(doc.get("baseConnectionId"), str):
        raise invalid_body_error("baseConnectionId is required")
    if not isinstance(doc.get("params"), dict):
        raise invalid_body_error("params is required")
    # rule: invalid-params
    if switches.invalid_params == "write":
        check_target_params(doc, switches, stored)


def check_target_params(doc: Mapping[str, Any], switches: Switches, stored: Mapping[str, Any] | None = None) -> None:
    """Judge the params of a target connection; `stored` is the document before a patch."""
    params, before = doc["params"], (stored or {}).get("params") or {}
    changed = _changed_keys(params, before, params)
    removed = before.keys() - params.keys()
    if before and not changed and not removed:
        return
    card, judged = _card(doc), {key: params[key] for key in params if key in changed}
    # rule: lower-case-enums
    if switches.lower_case_enums == "accepted" or switches.normalise == "case":
        judged |= {key: judged[key].upper() for key in ENUM_PARAMS if isinstance(judged.get(key), str)}
    # rule: manifest-parameter
    if switches.manifest == "rejected" and "includeFileManifest" in judged:
        raise invalid_body_error("params: Unrecognized field 'includeFileManifest'")
    audience = "fileType" in params and "datasetFileType" not in params
    left = params.keys() - changed
    _check_schema(_target_validator(card.id, audience), judged, "params", left)
    # rule: json-needs-compression
    plain = tuple(str(params.get(key)).upper() for key in ENUM_PARAMS) == ("JSON", "NONE")
    if plain and switches.json_uncompressed == "rejected" and not left.issuperset(ENUM_PARAMS):
        raise invalid_body_error("params: JSON is only supported with a compression")


def _check_flow(doc: Mapping[str, Any], switches: Switches, stored: Mapping[str, Any]) -> None:
    spec = _spec_id(doc, "flowSpec")
    if spec not in specs.flow_specs() and not stored:
        raise flow_error(1413, 400, f"Flow spec id [{spec}] is not valid")
    # rule: flow-ends
    for key in ("sourceConnectionIds", "targetConnectionIds"):
        ids = doc.get(key)
        if not isinstance(ids, list) or not ids or not all(isinstance(id, str) for id in ids):
            raise invalid_body_error(f"{key} must be a non-empty array of ids")
        if spec in specs.DATASET_FLOWS and len(ids) != 1:
            raise invalid_body_error(f"{key} must hold exactly one id")
    if not isinstance(doc.get("transformations", []), list):
        raise invalid_body_error("transformations must be an array")


def check_contents(
    doc: Mapping[str, Any], switches: Switches, has_datasets: bool, stored: Mapping[str, Any] | None = None
) -> None:
    """
    Judge what a flow does with its source: with datasets, or with audiences.

    `stored` is its schedule before a patch: what stays as it was is not judged again.
    """
    if has_datasets:
        # rule: dataset-flow-no-transformations
        if doc.get("transformations"):
            raise invalid_body_error("transformations must be empty for a dataset export")
        if stored is None or doc.get("scheduleParams") != stored:
            _check_schedule(doc.get("scheduleParams"), switches, stored or {})
    elif not isinstance(doc.get("scheduleParams", {}), dict):
        raise invalid_body_error("scheduleParams must be an object")


def _check_schedule(schedule: object, switches: Switches, stored: Mapping[str, Any]) -> None:
    if not isinstance(schedule, dict):
        raise invalid_body_error("scheduleParams is required")
    left = stored if switches.patch_checks == "changed" else {}
    unknown = sorted(_changed_keys(schedule, left, schedule) - SCHEDULE_FIELDS)
    if unknown:
        raise invalid_body_error(f"Unrecognized field '{unknown[0]}' in scheduleParams")
    if not stored or any(schedule.get(key) != stored.get(key) for key in ("exportMode", "timeUnit", "interval")):
        _check_interval(schedule, switches)
    _check_times(schedule, stored)
    # rule: template-either-spelling
    templates = [schedule[key] for key in TEMPLATE_KEYS if key in schedule]
    if len(templates) > 1:
        raise invalid_body_error("scheduleParams: two folder templates")
    if templates and (not isinstance(templates[0], str) or not templates[0]):
        raise invalid_body_error("scheduleParams: the folder template must be a non-empty string")


def _check_interval(schedule: Json, switches: Switches) -> None:
    # rule: schedule-combinations
    mode, unit = str(schedule.get("exportMode", "FIRST_FULL_THEN_INCREMENTAL")), str(schedule.get("timeUnit"))
    if switches.lower_case_enums == "accepted":
        mode, unit = mode.upper(), unit.lower()
    if (mode, unit) not in _MODES_AND_UNITS:
        raise invalid_body_error(f"scheduleParams: exportMode {mode} with timeUnit {unit} is not supported")
    interval = whole_number(schedule.get("interval"))
    if interval is None or not _is_interval(mode, unit, interval, switches):
        raise invalid_body_error(
            f"scheduleParams: interval {schedule.get('interval')} is not supported for {mode}, {unit}"
        )


def _is_interval(mode: str, unit: str, interval: int, switches: Switches) -> bool:
    """Say whether the service knows an interval of this mode and unit."""
    if mode == _FULL:
        return interval == 0
    if (unit == "day" and interval == 1) or (unit == "hour" and interval in HOURS):
        return True
    asked = {("hour", 1): switches.one_hour, ("hour", 8): switches.eight_hours, ("hour", 9): switches.nine_hours}
    setting = asked.get((unit, interval), switches.other_intervals)
    return setting == "accepted" and 0 < interval <= MAX_INTERVAL


def whole_number(value: object) -> int | None:
    """Return a number sent as a number or as text of digits."""
    # rule: numbers-as-text
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}", value):
        return int(value)
    return value if type(value) is int else None


def _check_times(schedule: Json, stored: Mapping[str, Any]) -> None:
    # rule: schedule-times
    times = {key: whole_number(schedule[key]) for key in TIMES if key in schedule}
    for key, moment in times.items():
        if key in stored and schedule[key] == stored[key]:
            continue
        if moment is None:
            raise invalid_body_error(f"scheduleParams: {key} must be an integer, seconds since 1970 UTC")
        if not 0 <= moment <= LAST_SECOND:
            raise invalid_body_error("scheduleParams: time out of range")
    start, end = times.get("startTime"), times.get("endTime")
    if "startTime" not in times:
        raise invalid_body_error("scheduleParams: startTime is required")
    if start is not None and end is not None and 0 <= end <= start:
        raise invalid_body_error("scheduleParams: endTime must be after startTime")


def _spec_id(doc: Mapping[str, Any], key: str) -> str:
    """Return the id of the spec a document names."""
    spec = doc.get(key)
    if not isinstance(spec, dict) or not isinstance(spec.get("id"), str):
        raise message_error(400, "Please provide a valid spec id")
    # rule: spec-version-required
    if "version" not in spec:
        raise invalid_body_error(f"{key}.version is required", 422)
    if spec["version"] != specs.VERSION or set(spec) != {"id", "version"}:
        raise invalid_body_error(f"{key} takes id and version {specs.VERSION}")
    return str(spec["id"])


def _card(doc: Mapping[str, Any]) -> specs.DestinationSpec:
    # rule: bad-connection-spec
    card = specs.BY_CONNECTION_SPEC.get(_spec_id(doc, "connectionSpec"))
    if card is None:
        raise message_error(400, "Please provide a valid spec id")
    return card


_CHECKS = {
    "connections": _check_base,
    "sourceConnections": _check_source,
    "targetConnections": _check_target,
    "flows": _check_flow,
}


def _check_pattern(_: object, pattern: str, value: object, __: object) -> Iterator[ValidationError]:
    safe = specs.SAFE_PATTERNS.get(pattern, pattern)
    if isinstance(value, str) and re.search(safe, value) is None:
        from jsonschema import ValidationError

        yield ValidationError(f"{value!r} does not match {pattern!r}")


@cache
def _strict_validator() -> Any:
    from jsonschema import Draft7Validator, validators  # only a write is checked

    return validators.extend(Draft7Validator, {"pattern": _check_pattern})  # type: ignore[no-untyped-call]


def _auth_validator(way: specs.Auth) -> Any:
    properties = {**dict(way.params), "authorizedDate": {"type": "string"}}
    if way.type == "SFTP":
        # rule: sftp-port
        properties["port"] = {"type": ["string", "integer"]}
    required = [param for param, _ in way.params]
    return _validator(properties, required)


@cache
def _target_validator(spec: str, audience: bool) -> Any:
    card = specs.BY_CONNECTION_SPEC[spec]
    # rule: target-mode
    properties = {
        **dict(card.location),
        "mode": {"enum": ["Server-to-server", "FTP"]},
        "datasetFileType": {"enum": ["JSON", "PARQUET"]},
        "compression": {"enum": ["NONE", "GZIP"]},
        "includeFileManifest": {"type": "boolean"},
        "fileType": {"enum": ["CSV", "JSON", "PARQUET"]},
        "csvOptions": {"type": "object"},
        "appendSegmentId": {"type": "boolean"},
    }
    # rule: file-type-not-demanded
    place = [name for name, _ in card.location]
    return _validator(properties, [*place, "compression", "fileType" if audience else "datasetFileType"])


def _validator(properties: Json, required: list[str]) -> Any:
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return _strict_validator()(schema)


def _check_schema(validator: Any, value: Json, where: str, left: Collection[str] = ()) -> None:
    """Judge params; `left` names those that a patch leaves as they were, which `value` does not hold."""
    for error in validator.iter_errors(value):
        if error.validator != "required" or set(_missing_names(error)) - set(left):
            raise _schema_refusal(error, where, left)


def _missing_names(error: ValidationError) -> list[str]:
    return [name for name in error.validator_value if name not in error.instance]  # type: ignore[operator,union-attr]


def _schema_refusal(error: ValidationError, where: str, left: Collection[str]) -> RequestRefused:
    """Says which field and which keyword, never the value: it may be a secret."""
    # rule: schema-violation
    if error.validator == "required":
        missing = [name for name in _missing_names(error) if name not in left]
        return invalid_body_error(f"{where}: '{missing[0]}' is required")
    if error.validator == "additionalProperties":
        unknown = sorted(set(error.instance) - set(error.schema["properties"]))  # type: ignore[arg-type,index]
        return invalid_body_error(f"{where}: Unrecognized field '{unknown[0]}'")
    return invalid_body_error(
        f"{where}: '{'.'.join(str(part) for part in error.path)}' breaks the rule {error.validator}"
    )
