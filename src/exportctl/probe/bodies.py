"""
The request bodies of a probe, in wire form. Pure.

They do not come from `resources/wire`: a probe also sends what exportctl never sends, such as a part of an object or an
interval as text. Each name has the form of ProbeNames, so that a later run finds what a killed one left behind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from exportctl.frozen import dataclass
from exportctl.resources.destinations.amazon_s3 import AMAZON_S3
from exportctl.resources.destinations.data_landing_zone import DATA_LANDING_ZONE
from exportctl.resources.destinations.sftp import SFTP
from exportctl.resources.destinations.type import DATA_LAKE_SPEC, SPEC_VERSION
from exportctl.resources.kinds import BASE_CONNECTION, FLOW, SOURCE_CONNECTION, TARGET_CONNECTION, Kind
from exportctl.resources.marker import parse_marker
from exportctl.resources.service_values import FULL

Json = dict[str, Any]

PREFIX = "exportctl-probe-"
LONG_TAIL = "x" * 2000
TEXT = "Made by exportctl probe, which deletes it at its end. It can be deleted at any time."
BASES, SOURCES, TARGETS, FLOWS = (kind.path for kind in (BASE_CONNECTION, SOURCE_CONNECTION, TARGET_CONNECTION, FLOW))
COLLECTIONS: Mapping[str, Kind] = {
    kind.path: kind for kind in (FLOW, SOURCE_CONNECTION, TARGET_CONNECTION, BASE_CONNECTION)
}  # in the order in which they can be deleted
# The last part of a name. A word that no probe uses any more stays: an earlier version may have left such an object.
WORDS = frozenset(
    (
        *("account", "made-up", "with-port", "without-port"),
        *("source", "other-source", "renamed-source", "export-source", "kept-source"),
        *("target", "other-target", "export-target", "renamed-1", "renamed-2", "renamed-3"),
        *(
            "runs-target",
            "wrong",
            "lower-case",
            "manifest",
            "json",
            "export",
            "other-export",
            "once",
            "runs",
            "stopped",
            *("late-source", "late-target", "late", "reference-target", "reference"),
        ),
    )
)
NAME = re.compile(rf"{re.escape(PREFIX)}[0-9a-f]{{8}}-(?:{'|'.join(sorted(WORDS))})", re.IGNORECASE)
TEMPLATES = ("foldernameTemplate", "folderNameTemplate")
FOLDER = "%DATASET_ID%/%EXPORT_TIME%"
MANIFEST = "includeFileManifest"
ROLE = "arn:aws:iam::000000000000:role/exportctl-probe"  # of no account: AWS gives out no account with this number
ROLE_PARAM = "s3Role"
NO_HOST = "exportctl-probe.invalid"  # RFC 2606: no host ever has a name that ends in .invalid
PORT, PORT_PARAM = 2222, "port"
WRONG_WORD = "EXPORTCTL"  # a compression that does not exist


@dataclass(frozen=True)
class ProbeNames:
    """The names of the objects of one run. `run` is random, so that two runs never have an equal name."""

    run: str  # 8 hex digits

    def of(self, word: str) -> str:
        """Return a name that a later probe recognises: `word` is one of WORDS."""
        name = f"{PREFIX}{self.run}-{word}"
        if not is_probe_name(name):
            raise ValueError(f"a later probe would not recognise {name}")
        return name


def is_probe_name(name: object) -> bool:
    """Say whether a probe gave this name. The service may trim a name, or store it in other letters."""
    return isinstance(name, str) and NAME.fullmatch(name.strip()) is not None


def is_probe_object(collection: str, doc: Mapping[str, Any]) -> bool:
    """
    Say whether a probe made an object.

        name of a probe | spec that a probe uses | marker of a project | result
        no              | any                    | any                 | no: a name may merely begin like ours
        yes             | no, or not shown       | any                 | no: a person made it
        yes             | yes                    | yes                 | no: a project owns it
        yes             | yes                    | no                  | yes
    """
    spec = _object(doc.get("flowSpec" if collection == FLOWS else "connectionSpec")).get("id")
    description = doc.get("description")
    _, marker = parse_marker(description if isinstance(description, str) else None, COLLECTIONS[collection])
    return is_probe_name(doc.get("name")) and spec in _SPECS[collection] and marker is None


_SPECS: Mapping[str, frozenset[str]] = {
    FLOWS: frozenset({DATA_LANDING_ZONE.flow_spec}),
    SOURCES: frozenset({DATA_LAKE_SPEC}),
    TARGETS: frozenset({DATA_LANDING_ZONE.connection_spec}),
    BASES: frozenset({one.connection_spec for one in (DATA_LANDING_ZONE, AMAZON_S3, SFTP)}),
}  # the specs of the objects that a probe creates


def landing_zone(name: str) -> Json:
    """Return the body of an account on the landing zone. It takes no credentials (flow-service.md 5.4)."""
    return {"name": name, "description": TEXT, "connectionSpec": _spec(DATA_LANDING_ZONE.connection_spec)}


def made_up_account(name: str) -> Json:
    """Return the body of an account with a role that does not exist, to see what GET shows of it."""
    return {
        "name": name,
        "description": TEXT,
        "connectionSpec": _spec(AMAZON_S3.connection_spec),
        "auth": {"specName": "Assumed Role", "params": {ROLE_PARAM: ROLE}},
    }


def sftp_account(name: str, *, has_port: bool = True) -> Json:
    """Return the body of an account on a server that cannot exist. What it holds as a password opens nothing."""
    params: Json = {"domain": NO_HOST, "username": "exportctl-probe", "password": "made-up"}
    return {
        "name": name,
        "description": TEXT,
        "connectionSpec": _spec(SFTP.connection_spec),
        "auth": {"specName": "SFTP with Password", "params": params | ({PORT_PARAM: PORT} if has_port else {})},
    }


def source(name: str, datasets: Sequence[Mapping[str, str]]) -> Json:
    """Return the body of a source connection; each dataset has an id and a name."""
    listed = [{"dataSetId": one["id"], "name": one["name"]} for one in datasets]
    return {
        "name": name,
        "description": TEXT,
        "connectionSpec": _spec(DATA_LAKE_SPEC),
        "params": {"datasets": listed},
    }


def target(name: str, base: str, folder: str, **params: object) -> Json:
    """Return the body of a target connection: Parquet with gzip, unless `params` say otherwise."""
    return {
        "name": name,
        "description": TEXT,
        "connectionSpec": _spec(DATA_LANDING_ZONE.connection_spec),
        "baseConnectionId": base,
        "params": {"path": folder, "datasetFileType": "PARQUET", "compression": "GZIP", **params},
    }


def flow(name: str, source_id: str, target_id: str, schedule: Mapping[str, object]) -> Json:
    """Return the body of a flow."""
    return {
        "name": name,
        "description": TEXT,
        "flowSpec": _spec(DATA_LANDING_ZONE.flow_spec),
        "sourceConnectionIds": [source_id],
        "targetConnectionIds": [target_id],
        "transformations": [],
        "scheduleParams": dict(schedule),
    }


def flow_with_texts(body: Json) -> Json:
    """Return the body of a flow with a blank after its name, and a long description in lines that are not all ASCII."""
    return {**body, "name": f"{body['name']} ", "description": f"{TEXT}\n\u00c4\n{LONG_TAIL}"}


def schedule(start: int, **params: object) -> Json:
    """Return scheduleParams: incremental every three hours, unless `params` say otherwise."""
    return {
        "exportMode": "FIRST_FULL_THEN_INCREMENTAL",
        "timeUnit": "hour",
        "interval": 3,
        "startTime": start,
        **params,
    }


def one_time_schedule(start: int) -> Json:
    """Return scheduleParams of a one-time export: a full export with the interval 0 (dataset-exports.md 5)."""
    return {"exportMode": FULL, "timeUnit": "day", "interval": 0, "startTime": start, TEMPLATES[0]: FOLDER}


def with_data(body: Json) -> Json:
    """Return a body with the member that the document of sources demands of connections (C11)."""
    return {**body, "data": {"format": "parquet"}}


def in_lower_case(params: Mapping[str, Any]) -> Json:
    """Return params of a target or a schedule with their fixed words in lower case."""
    words = ("datasetFileType", "compression", "exportMode", "timeUnit")
    return {key: str(value).lower() if key in words else value for key, value in params.items()}


def replace_operation(pointer: str, value: object) -> Json:
    """Return one operation of a JSON Patch."""
    return {"op": "replace", "path": pointer, "value": value}


def dataset_ids_of(doc: Mapping[str, Any]) -> list[str]:
    """Return the ids of the datasets of a source connection."""
    listed = params_of(doc).get("datasets")
    return [str(_object(one).get("dataSetId")) for one in listed] if isinstance(listed, list) else []


def source_ids_of(doc: Mapping[str, Any]) -> list[str]:
    """Return the ids of the source connections of a flow."""
    listed = doc.get("sourceConnectionIds")
    return [str(one) for one in listed] if isinstance(listed, list) else []


def params_of(doc: Mapping[str, Any]) -> Json:
    return _object(doc.get("params"))


def schedule_of(doc: Mapping[str, Any]) -> Json:
    return _object(doc.get("scheduleParams"))


def auth_params_of(doc: Mapping[str, Any]) -> Json:
    return _object(_object(doc.get("auth")).get("params"))


def metrics_of(run: Mapping[str, Any]) -> Mapping[str, Json]:
    """Return the summaries in the metrics of a run that are objects."""
    return {key: value for key, value in _object(run.get("metrics")).items() if isinstance(value, dict)}


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _spec(id: str) -> Json:
    return {"id": id, "version": SPEC_VERSION}
