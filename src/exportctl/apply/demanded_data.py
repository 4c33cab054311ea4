"""
POST objects to a service that may demand `data` of source and target connections.

flow-service.yaml calls `data` required, the tutorial for dataset exports and destinations.yaml leave it out (C11). So
it is sent only to a service that asks for it by name: one request more, once in a run for each kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from exportctl.client.client import Client
from exportctl.errors import ServiceError
from exportctl.resources import wire
from exportctl.resources.kinds import SOURCE_CONNECTION, TARGET_CONNECTION, Kind

_NAMED = re.compile(r"\bdata\b")


def _with_data(kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a source or target connection with `data`, as flow-service.yaml has it; others unchanged."""
    if kind not in (SOURCE_CONNECTION, TARGET_CONNECTION):
        return {**body}
    written = wire.lower_case_text(wire.members(body.get("params")).get("datasetFileType"))
    return {**body, "data": {"format": written or "parquet"}}


def create_object(client: Client, kind: Kind, body: Mapping[str, Any], demanded: set[str]) -> str:
    """POST an object and return its id. `demanded` are the kinds that need `data`; it may grow."""
    if kind.name in demanded:
        return client.create(kind.path, _with_data(kind, body)).id
    try:
        return client.create(kind.path, {**body}).id
    except ServiceError as error:
        complete = _with_data(kind, body)
        if error.wrote or complete == body or error.status not in (400, 422) or not _NAMED.search(error.message):
            raise
        made = _create_again(client, kind, complete, error)
    demanded.add(kind.name)
    return made


def _create_again(client: Client, kind: Kind, body: dict[str, Any], first: ServiceError) -> str:
    """Send the complete body; a service that refuses this too meant something else: then the first refusal counts."""
    try:
        return client.create(kind.path, body).id
    except ServiceError as again:
        if again.wrote:
            raise
        raise first from again
