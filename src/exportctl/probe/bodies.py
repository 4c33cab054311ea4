"""
The request bodies of a probe, in wire form. Pure.

They do not come from `resources/wire`: a probe also sends what exportctl never sends, such as a part of an object or an
interval as text. Each name starts with PREFIX, so that a later run finds what a killed one left behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exportctl.resources.destinations.amazon_s3 import AMAZON_S3
from exportctl.resources.destinations.data_landing_zone import DATA_LANDING_ZONE
from exportctl.resources.destinations.type import DATA_LAKE_SPEC, SPEC_VERSION
from exportctl.resources.kinds import BASE_CONNECTION, FLOW, SOURCE_CONNECTION, TARGET_CONNECTION

Json = dict[str, Any]

PREFIX = "exportctl-probe-"
LONG_TAIL = "x" * 2000
TEXT = "Made by exportctl probe, which deletes it at its end. It can be deleted at any time."
BASES, SOURCES, TARGETS, FLOWS = (kind.path for kind in (BASE_CONNECTION, SOURCE_CONNECTION, TARGET_CONNECTION, FLOW))
COLLECTIONS = (FLOWS, SOURCES, TARGETS, BASES)  # in the order in which they can be deleted
TEMPLATES = ("foldernameTemplate", "folderNameTemplate")
FOLDER = "%DATASET_ID%/%EXPORT_TIME%"
MANIFEST = "includeFileManifest"
ROLE = "arn:aws:iam::000000000000:role/exportctl-probe"  # of no account: AWS gives out no account with this number
ROLE_PARAM = "s3Role"


@dataclass(frozen=True)
class ProbeNames:
    """The names of the objects of one run. `run` is random, so that two runs never have an equal name."""

    run: str

    def of(self, word: str) -> str:
        return f"{PREFIX}{self.run}-{word}"


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


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _spec(id: str) -> Json:
    return {"id": id, "version": SPEC_VERSION}
