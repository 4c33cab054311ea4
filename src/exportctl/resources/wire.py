"""
Managed fields <-> the service's JSON, for each kind: renames only, nothing is decided here.

`read_fields` gives the managed fields of one live object. `create_body` builds a POST, `patch_operations` a JSON Patch
(RFC 6902) for one object that was just read. A patch sends whole objects: our keys are laid over the live ones and
unknown keys are kept, because Adobe does not publish whether the service merges or replaces (flow-service.md 4.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple
from typing import Any

from exportctl.model import schedule as schedules
from exportctl.model.digests import full_digest
from exportctl.model.plan import MAX_TIMESTAMP, Fields, LiveObject, SensitiveValue, UnknownValue
from exportctl.model.secret import Secrecy
from exportctl.resources import flow_states, kinds
from exportctl.resources.destinations.table import TYPES, type_by_connection_spec, type_by_flow_spec
from exportctl.resources.destinations.type import DATA_LAKE_SPEC, SPEC_VERSION, AuthMethod, DestinationType
from exportctl.resources.kinds import FieldRule, Kind
from exportctl.resources.service_values import FULL, INCREMENTAL
from exportctl.resources.spec_names import (
    auth_params,
    name_by_roles,
    published_encryption,
    sent_method,
    shown_value,
)

Json = dict[str, Any]

TEMPLATE = "foldernameTemplate"  # tutorial and aepp; the OpenAPI file says folderNameTemplate (known conflict)
TEMPLATES = (TEMPLATE, "folderNameTemplate")
SCHEDULE = frozenset({"exportMode", "timeUnit", "interval", "startTime", "endTime", *TEMPLATES})
MODE = "Server-to-server"  # of every dataset export [D]
MANIFEST = "includeFileManifest"  # [BD]; not published for dataset targets
FORMAT_PATHS = {"datasetFileType": "format.type", "compression": "format.compression", MANIFEST: "format.manifest"}
_WORDS = FORMAT_PATHS.keys() - {MANIFEST}
DEFAULT_FOLDER = str(kinds.FLOW.field_rule(kinds.FOLDER).default)


# -- from the wire ----------------------------------------------------------------------------------------------------


def read_fields(kind: str, raw: Mapping[str, Any]) -> Json:
    """Return the managed fields one live object shows; missing or odd values are None, never an error."""
    return _READ[kind](raw) | {rule.name: _plain_value(rule, raw) for rule in kinds.KINDS[kind].plain_fields}


def _plain_value(rule: FieldRule, raw: Mapping[str, Any]) -> object:
    """Return what a live object shows of a plain field, whose value stands in the JSON as in the YAML."""
    holder, member = rule.pointer_keys
    value = members(raw.get(holder)).get(member)
    return rule.default if value is None else value


def destination_type(raw: Mapping[str, Any]) -> DestinationType | None:
    """Return the destination type of a connection, target connection or dataset flow; None for any other object."""
    return (
        _dataset_flow_type(raw) if "flowSpec" in raw else type_by_connection_spec(_spec_id(raw.get("connectionSpec")))
    )


def _dataset_flow_type(flow: Mapping[str, Any]) -> DestinationType | None:
    # Migrated audience flows have flow specs of datasets too. The target tells where the flow spec is not known.
    sources = inherited_specs(flow, "sourceConnections")
    if sources and DATA_LAKE_SPEC not in sources:
        return None
    by_target = (type_by_connection_spec(spec) for spec in sorted(inherited_specs(flow, "targetConnections")))
    return type_by_flow_spec(_spec_id(flow.get("flowSpec"))) or (next(by_target, None) if sources else None)


def inherited_specs(flow: Mapping[str, Any], end: str) -> set[str]:
    """Return the ids of the connection specs that a flow shows for its `sourceConnections` or `targetConnections`."""
    shown = members(flow.get("inheritedAttributes")).get(end)
    return {_spec_id(members(one).get("connectionSpec")) for one in shown} if isinstance(shown, list) else set()


def _spec_id(spec: object) -> str:
    return str(members(spec).get("id"))


def known_params(raw: Mapping[str, Any]) -> frozenset[str]:
    """Return the params of a target that a config describes, and the usual `mode` [D]; a migrated target has FTP."""
    kind = destination_type(raw)
    location = (field.wire for field in (kind.location if kind else ()))
    plain = _plain_members(kinds.TARGET_CONNECTION, "params")
    usual = {"mode"} if members(raw.get("params")).get("mode") in (None, MODE) else ()
    return frozenset({*location, *FORMAT_PATHS, *usual, *plain})


def known_schedule() -> frozenset[str]:
    """Return the members of scheduleParams that a config describes."""
    return SCHEDULE | _plain_members(kinds.FLOW, "scheduleParams")


def _plain_members(kind: Kind, holder: str) -> set[str]:
    return {rule.pointer_keys[1] for rule in kind.plain_fields if rule.pointer_keys[0] == holder}


def auth_method(raw: Mapping[str, Any]) -> AuthMethod | None:
    """Return the way to authenticate of an account; one that the live spec names is found by its parameters."""
    kind, auth = destination_type(raw), members(raw.get("auth"))
    spec_name, methods = str(auth.get("specName")), kind.methods if kind else ()
    known = next((m for m in methods if m.spec_name == spec_name and not m.is_named_by_spec), None)
    named = (name_by_roles(m, spec_name, members(auth.get("params"))) for m in methods if m.is_named_by_spec)
    return known or next(filter(None, named), None)


def unknown_auth(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Live auth keys that no field of the method stands for; what the service adds itself is left out."""
    method = auth_method(raw)
    known = {f.wire for f in method.fields} if method else set()
    params = members(members(raw.get("auth")).get("params"))
    return tuple(sorted(k for k in params if k not in known and k != "authorizedDate"))  # server-set [D samples]


def _read_base_connection(raw: Mapping[str, Any]) -> Json:
    method = auth_method(raw)
    params = members(members(raw.get("auth")).get("params"))
    auth: Json = {}
    for rule in method.fields if method else ():
        if rule.secrecy is Secrecy.SECRET:
            continue
        value = params.get(rule.wire)
        masked = rule.hidden and not (isinstance(value, str) and rule.form and re.match(rule.form, value))
        if masked or value == UnknownValue.HIDDEN:  # the latter as snapshots have it
            auth[rule.name] = UnknownValue.HIDDEN
        elif value is not None:
            shown = shown_value(rule, str(value))
            auth[rule.name] = shown if rule.secrecy is Secrecy.PLAIN else SensitiveValue(shown)
    return {kinds.AUTH: auth}


def _read_source_connection(raw: Mapping[str, Any]) -> Json:
    entries = members(raw.get("params")).get("datasets")
    listed = [members(e) for e in entries] if isinstance(entries, list) else []
    pairs = [(e["dataSetId"], e.get("name")) for e in listed if isinstance(e.get("dataSetId"), str)]
    return {kinds.DATASETS: sorted(i for i, _ in pairs), "names": {i: n for i, n in pairs if n and isinstance(n, str)}}


def _read_target_connection(raw: Mapping[str, Any]) -> Json:
    kind = destination_type(raw)
    params = members(raw.get("params"))
    location = {
        f.name: str(params[f.wire]) for f in (kind.location if kind else ()) if params.get(f.wire) not in (None, "")
    }
    return {
        kinds.LOCATION: location,
        kinds.FORMAT: {
            "type": str(params.get("datasetFileType") or "").lower(),
            "compression": str(params.get("compression") or "").lower(),
            "manifest": params.get(MANIFEST) is True,
        },
    }


def _read_flow(raw: Mapping[str, Any]) -> Json:
    schedule = members(raw.get("scheduleParams"))
    every = live_every(schedule)
    start = moment(schedule.get("startTime"))
    return {
        kinds.TITLE: str(raw.get("name") or ""),
        kinds.EVERY: every,
        kinds.AT: schedules.grid_offset(start, every) if start is not None and every else None,
        kinds.START: start,
        kinds.END: moment(schedule.get("endTime")),
        kinds.FOLDER: next((str(schedule[k]) for k in TEMPLATES if schedule.get(k)), DEFAULT_FOLDER),
        kinds.ENABLED: flow_states.is_enabled(raw),
    }


def live_every(schedule: Mapping[str, Any]) -> str | None:
    """Mode is not needed: interval 0 is once, a missing exportMode is incremental (flow-service.md 7.1, inferred)."""
    interval, unit = _interval(schedule), lower_case_text(schedule.get("timeUnit"))
    if interval is None or unit not in ("hour", "day") or not 0 <= interval <= schedules.MAX_INTERVAL:
        return None
    if not is_known_mode(schedule.get("exportMode")):
        return None
    return schedules.format_every(unit, interval)


def is_known_mode(mode: object) -> bool:
    """Check whether exportctl knows the mode, so that the interval says when the flow runs and what it sends."""
    return mode is None or lower_case_text(mode) in (FULL.lower(), INCREMENTAL.lower())


def _interval(schedule: Mapping[str, Any]) -> int | None:
    """Return the interval; a service may leave out the zero of a one-time export."""
    if schedule.get("interval") is None and lower_case_text(schedule.get("exportMode")) == FULL.lower():
        return 0
    return integer(schedule.get("interval"))


def lower_case_text(value: object) -> str | None:
    """Return a word of one of the service's enums in lower case: scripts write either [AE]."""
    return value.lower() if isinstance(value, str) else None


def integer(value: object) -> int | None:
    """Return a whole number, also when the service shows it as text (aepp sends `interval` as text)."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return int(value) if re.fullmatch(r"-?[0-9]{1,18}", str(value)) else None


def moment(value: object) -> int | None:
    """Return seconds since 1970 that a calendar can show, else None."""
    number = integer(value)
    return number if number is not None and 0 <= number <= MAX_TIMESTAMP else None


def members(value: object) -> Mapping[str, Any]:
    """Return the value if it is a JSON object, else an empty one: no value that a service shows stops a reading."""
    return value if isinstance(value, Mapping) else {}


_READ: Mapping[str, Callable[[Mapping[str, Any]], Json]] = {
    kinds.BASE_CONNECTION.name: _read_base_connection,
    kinds.SOURCE_CONNECTION.name: _read_source_connection,
    kinds.TARGET_CONNECTION.name: _read_target_connection,
    kinds.FLOW.name: _read_flow,
}


# -- to the wire ------------------------------------------------------------------------------------------------------


def create_body(
    kind: str, type_name: str, fields: Fields, refs: Mapping[str, Any], *, title: str, description: str, now: int
) -> Json:
    """
    Return a POST body.

    `refs` are ids by reference field; `now` fixes the start of a flow. Every auth field has its value, secrets too:
    they go into the request and nowhere else.
    """
    head = {"name": title, "description": description}
    body: Json = head | _BODY[kind](TYPES.get(type_name), fields, refs, now)
    for holder, plain in _plain_params(kinds.KINDS[kind], fields).items():
        sent = {key: value for key, value in plain.items() if value is not None}
        body[holder] = {**members(body.get(holder)), **sent}
    return body


def _plain_params(kind: Kind, fields: Fields) -> dict[str, Json]:
    """Return the plain fields among `fields` as the service has them: object -> member -> value."""
    found: dict[str, Json] = {}
    for rule in kind.plain_fields:
        if rule.name in fields:
            holder, member = rule.pointer_keys
            found.setdefault(holder, {})[member] = fields[rule.name]
    return found


def _spec(spec_id: str) -> Json:
    return {"id": spec_id, "version": SPEC_VERSION}


def _base_connection_body(kind: DestinationType | None, fields: Fields, refs: Mapping[str, Any], now: int) -> Json:
    assert kind is not None
    sent: Json = {"connectionSpec": _spec(kind.connection_spec)}
    if fields.get("method"):
        method = sent_method(kind, fields)
        sent["auth"] = {"specName": method.spec_name, "params": auth_params(method, fields[kinds.AUTH])}
    if fields.get("encryption"):
        # An object on create, an array in the spec [AS] flow-service.md 5.8
        spec_name, key, others = fields.get("encryption_names") or astuple(published_encryption())
        sent["encryptionSpecs"] = {"specName": spec_name, "params": {**others, key: fields["encryption"]}}
    return sent


def _source_connection_body(kind: DestinationType | None, fields: Fields, refs: Mapping[str, Any], now: int) -> Json:
    entries = [{"dataSetId": i, "name": n} for i, n in fields[kinds.DATASETS]]
    return {"connectionSpec": _spec(DATA_LAKE_SPEC), "params": {"datasets": entries}}


def _target_connection_body(kind: DestinationType | None, fields: Fields, refs: Mapping[str, Any], now: int) -> Json:
    assert kind is not None
    params = {"mode": MODE} | {k: v for k, v in target_params(kind, fields).items() if v is not None}
    return dict(refs) | {"connectionSpec": _spec(kind.connection_spec), "params": params}


def target_params(kind: DestinationType, fields: Fields) -> Json:
    """Return our part of a target's params; a value of None stands for a key that must not be there."""
    params: Json = {}
    if kinds.LOCATION in fields:
        params |= {f.wire: fields[kinds.LOCATION].get(f.name, "" if f.is_sent_empty else None) for f in kind.location}
    if kinds.FORMAT in fields:
        form = fields[kinds.FORMAT]
        params |= {"datasetFileType": form["type"].upper(), "compression": form["compression"].upper()}
        params[MANIFEST] = True if form["manifest"] else None
    return params


def _flow_body(kind: DestinationType | None, fields: Fields, refs: Mapping[str, Any], now: int) -> Json:
    assert kind is not None
    return dict(refs) | {
        "flowSpec": _spec(kind.flow_spec),
        "transformations": [],
        "scheduleParams": schedule_params({}, fields, now),
    }


_BODY: Mapping[str, Callable[[DestinationType | None, Fields, Mapping[str, Any], int], Json]] = {
    kinds.BASE_CONNECTION.name: _base_connection_body,
    kinds.SOURCE_CONNECTION.name: _source_connection_body,
    kinds.TARGET_CONNECTION.name: _target_connection_body,
    kinds.FLOW.name: _flow_body,
}


def schedule_params(live: Mapping[str, Any], fields: Fields, now: int) -> Json:
    """
    Return `live` with our fields laid over it.

    START ({every, at, not_before}) becomes a moment here, at the write; every other patch sends the live start
    unchanged. Numbers shown as text are sent as numbers.
    """
    sent = {k: v for k, v in live.items() if v is not None}
    numbers = {"interval": _interval(sent)} | {key: integer(sent.get(key)) for key in ("startTime", "endTime")}
    sent |= {key: number for key, number in numbers.items() if number is not None}
    if kinds.EVERY in fields:
        interval = schedules.interval_seconds(fields[kinds.EVERY])
        unit, number = schedules.split_interval(interval)
        sent |= {"exportMode": INCREMENTAL if interval else FULL, "timeUnit": unit, "interval": number}
    if kinds.START in fields:
        rule = fields[kinds.START]
        sent["startTime"] = schedules.first_start(rule["every"], rule["at"], rule["not_before"], now)
    if fields.get(kinds.END) is not None:
        sent["endTime"] = fields[kinds.END]
    if kinds.FOLDER in fields:
        spellings = [k for k in TEMPLATES if k in sent] or [TEMPLATE]  # both: an earlier patch that was merged
        sent |= dict.fromkeys(spellings, fields[kinds.FOLDER])
    return sent


def patch_operations(
    kind: str,
    type_name: str,
    fields: Fields,
    refs: Mapping[str, Any],
    raw: Mapping[str, Any],
    *,
    description: str | None,
    now: int,
) -> list[Json]:
    """
    Return the JSON Patch that writes `fields`, `refs` and, unless None, `description` over the live object `raw`.

    `remove` is never needed: objects are sent whole, and False switches off. `add` where the key is new (FLOW 1455).
    """
    values: Json = {}
    if kinds.TITLE in fields:
        values["name"] = fields[kinds.TITLE]
    if description is not None:
        values["description"] = description
    values |= dict(refs)
    plain_params = _plain_params(kinds.KINDS[kind], fields)
    if fields.keys() & {kinds.EVERY, kinds.START, kinds.END, kinds.FOLDER} or "scheduleParams" in plain_params:
        values["scheduleParams"] = schedule_params(members(raw.get("scheduleParams")), fields, now)
    if fields.keys() & {kinds.LOCATION, kinds.FORMAT}:
        values["params"] = _overlay_params(members(raw.get("params")), target_params(TYPES[type_name], fields))
    for holder, plain in plain_params.items():
        values[holder] = _overlay_params(members(values.get(holder) or raw.get(holder)), plain)
    ops = [
        {"op": "replace" if raw.get(key) is not None else "add", "path": f"/{key}", "value": value}
        for key, value in values.items()
    ]
    if kinds.AUTH in fields:
        method = sent_method(TYPES[type_name], fields)
        ops.append({"op": "replace", "path": "/auth/params", "value": auth_params(method, fields[kinds.AUTH])})
    return ops


def _overlay_params(live: Mapping[str, Any], ours: Mapping[str, Any]) -> Json:
    """Lay our params over the live ones; a word that differs in case only stays: a service may know no other."""
    kept = {k: False for k, v in ours.items() if v is None and live.get(k) is True}  # left out, a merge would keep it
    kept |= {k: live[k] for k in ours.keys() & _WORDS if lower_case_text(live.get(k)) == lower_case_text(ours[k])}
    return {k: v for k, v in {**live, **ours, **kept}.items() if not (v is None and k in ours)}


def ids(raw: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return the ids in one reference field, list or not."""
    values = [raw[name]] if isinstance(raw.get(name), str) else raw.get(name)
    return tuple(str(v) for v in values) if isinstance(values, Sequence) else ()


def object_digests(live: LiveObject) -> dict[str, str]:
    """Return full digests of what was read of one object: of values, not of etags, which change with every run."""
    fields = read_fields(live.kind, live.raw)
    read = {name: full_digest(fields[name]) for name in sorted(fields)}
    read |= {name: full_digest(list(ids(live.raw, name))) for name in kinds.KINDS[live.kind].refs}
    if fields.get(kinds.END, 0) is None:  # none, or one that cannot be read
        read[kinds.END] = full_digest(members(live.raw.get("scheduleParams")).get("endTime"))
    return read | {kinds.TITLE: full_digest(live.name), "description": full_digest(live.raw.get("description") or "")}
