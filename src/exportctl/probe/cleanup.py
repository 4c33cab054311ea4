"""
Delete the objects of probes: those of this run, and those that a killed run left behind.

Only objects with a name that starts with PREFIX are deleted: flows first, then what they use. Lists may show a new
object late, so the ids that are known are deleted too, and lists are read again after `settle` seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from exportctl.client.client import Client
from exportctl.clock import Clock
from exportctl.errors import NotFound, ServiceError
from exportctl.probe.bodies import COLLECTIONS, PREFIX, Json
from exportctl.probe.session import IN_TRANSITION, IN_USE, LIMIT, LONG_STEP, SHORT_STEP, SHORT_WAIT, ProbeSession

LISTED_SECONDS = 60  # lists are assumed to show a new object within a minute (design 1, promise 3)

Remaining = dict[str, int]


def list_probe_objects(client: Client) -> dict[str, list[Json]]:
    """List the objects of all probes in the sandbox by collection, in the order in which they can be deleted."""
    return {path: [doc for doc in client.list(path) if _is_probe_object(doc)] for path in COLLECTIONS}


def _is_probe_object(doc: Mapping[str, Any]) -> bool:
    return str(doc.get("name") or "").startswith(PREFIX)


def delete_session_objects(session: ProbeSession, limit: float = LIMIT) -> Remaining:
    """Delete what a session created, and what earlier probes left behind; return how many remain by collection."""
    known: dict[str, set[str]] = {}
    for one in session.created:
        known.setdefault(one.collection, set()).add(one.id)
    settle = LISTED_SECONDS if session.has_lost_answer else 0
    return delete_probe_objects(session.client, session.clock, known, settle=settle, limit=limit)


def delete_probe_objects(
    client: Client,
    clock: Clock,
    known: Mapping[str, set[str]] | None = None,
    *,
    settle: float = 0,
    limit: float = LIMIT,
) -> Remaining:
    """
    Delete all objects of probes, and return how many remain by collection.

    `known` are ids by collection that lists may not show yet. It ends after `limit` seconds.
    """
    started, waited = clock.monotonic(), 0.0
    while True:
        remaining = _delete_once(client, known or {})
        states = {state for found in remaining.values() for state in found}
        if waited >= limit or (_Deletion.LATER not in states and (_Deletion.REFUSED in states or waited >= settle)):
            return {name: len(found) for name, found in remaining.items() if found}
        clock.sleep(SHORT_STEP if waited < SHORT_WAIT else LONG_STEP)
        waited = clock.monotonic() - started


class _Deletion(Enum):
    """What became of one object: it is gone, it may be gone later, or the service does not allow it."""

    DONE = "done"
    LATER = "later"
    REFUSED = "refused"


def _delete_once(client: Client, known: Mapping[str, set[str]]) -> dict[str, list[_Deletion]]:
    """Try to delete every object once, in an order that can succeed, and return the states of what is still there."""
    remaining: dict[str, list[_Deletion]] = {}
    for collection, docs in list_probe_objects(client).items():
        ids = {str(doc["id"]) for doc in docs} | known.get(collection, set())
        states = [_delete_object(client, f"{collection}/{id}") for id in sorted(ids)]
        remaining[collection] = [state for state in states if state is not _Deletion.DONE]
    return remaining


def _delete_object(client: Client, path: str) -> _Deletion:
    """Send a DELETE. The object is gone when a GET answers 404."""
    try:
        client.delete(path)
        client.get(path)
    except NotFound:
        return _Deletion.DONE
    except ServiceError as error:
        is_passing = error.number in IN_TRANSITION | IN_USE or error.status is None or error.status >= 500
        return _Deletion.LATER if is_passing else _Deletion.REFUSED
    return _Deletion.LATER
