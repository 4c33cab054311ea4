"""Find what a POST without an answer, or an interrupted run, has created, so that nothing is created twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exportctl.apply.retry import Retry
from exportctl.client.client import Client
from exportctl.errors import ServiceError
from exportctl.model.plan import LiveObject
from exportctl.resources import wire
from exportctl.resources.kinds import FLOW, TARGET_IDS, Kind

CREATE_UNCERTAIN = "create-uncertain"


def find_existing_flow(client: Client, known_objects: Mapping[str, LiveObject], ids: Mapping[str, Any]) -> str | None:
    """Look for the flow of a target that an interrupted run created: lists may show that flow late."""
    for target in ids.get(TARGET_IDS, ()):
        if target in known_objects:
            listed = client.list(FLOW.path, params=[("property", f"{TARGET_IDS}[]=={target}")])
            found = [raw for raw in listed if target in wire.ids(raw, TARGET_IDS)]  # the filter may not filter
            if found:
                return str(found[0]["id"])
    return None


def find_created(
    client: Client,
    retry: Retry,
    known_objects: Mapping[str, LiveObject],
    kind: Kind,
    description: str,
    error: ServiceError,
) -> str:
    """
    Return the id of the new object with this description, after a POST that ended with `error`.

    Raises:
        ServiceError: no list shows it before the wait ends.
    """
    for _ in retry.delays():
        for raw in client.list(kind.path, params=kind.filters):
            if raw.get("id") not in known_objects and raw.get("description") == description:
                return str(raw["id"])
    raise ServiceError(
        f"the answer to the creation was lost, and no list shows the {kind.label} after {retry.settle:.0f} s",
        status=error.status,
        request_id=error.request_id,
        wrote=True,
        rule=CREATE_UNCERTAIN,
        hint="run apply again: it uses the object if it exists, or creates it",
    ) from None
