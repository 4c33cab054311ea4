"""
Delete the objects of probes: those of this run, and those that a killed run left behind.

Only objects that `bodies.is_probe_object` recognises are deleted: flows first, then what they use. Lists may show a new
object late, so the ids that this run created are deleted too, and lists are read again after `settle` seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from exportctl.client.client import Client
from exportctl.clock import Clock
from exportctl.errors import NotFound, ServiceError
from exportctl.probe.bodies import COLLECTIONS, Json, is_probe_object
from exportctl.probe.session import (
    IN_TRANSITION,
    IN_USE,
    LIMIT,
    LONG_STEP,
    SHORT_STEP,
    SHORT_WAIT,
    ProbeObject,
    ProbeSession,
)

LISTED_SECONDS = 60  # lists are assumed to show a new object within a minute (design 1, promise 3)
REFUSED_SECONDS = 20  # how long to repeat a deletion that the service does not allow

Remaining = dict[str, int]


def list_probe_objects(client: Client) -> dict[str, list[Json]]:
    """List the objects of all probes in the sandbox by collection, in the order in which they can be deleted."""
    return {path: [doc for doc in client.list(path) if is_probe_object(path, doc)] for path in COLLECTIONS}


def delete_session_objects(session: ProbeSession, limit: float = LIMIT) -> Remaining:
    """Delete what a session created, and what earlier probes left behind; return how many remain by collection."""
    known: dict[str, set[str]] = {}
    for one in session.created:
        known.setdefault(one.collection, set()).add(one.id)
    # A new object may answer 404 for a time. That is not the 404 of a deleted object.
    unseen = [one for one in session.created if not one.is_seen]
    all_seen = session.wait_for(lambda: all(_is_known(session, one) for one in unseen), LISTED_SECONDS)
    settle = 0 if all_seen and not session.has_lost_answer else LISTED_SECONDS
    return delete_probe_objects(session.client, session.clock, known, settle=settle, limit=limit)


def _is_known(session: ProbeSession, one: ProbeObject) -> bool:
    try:
        session.client.get(one.path)
    except NotFound:
        return False
    except ServiceError:
        return True  # the deletion will meet the same error
    return True


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
    deletion = _Deletion(client, known or {})
    started, waited = clock.monotonic(), 0.0
    while True:
        remaining = deletion.delete_once()
        states = {state for found in remaining.values() for state in found}
        longest = REFUSED_SECONDS if _State.REFUSED in states else limit
        if waited >= longest or (not states and waited >= settle):
            return {name: len(found) for name, found in remaining.items() if found}
        clock.sleep(SHORT_STEP if waited < SHORT_WAIT else LONG_STEP)
        waited = clock.monotonic() - started


class _State(Enum):
    """What became of one object: it is gone, it may be gone later, or the service does not allow it."""

    GONE = "gone"
    LATER = "later"
    REFUSED = "refused"


class _Deletion:
    """The deletion of all objects of probes. `_accepted` are the paths of accepted DELETEs."""

    def __init__(self, client: Client, known: Mapping[str, set[str]]) -> None:
        self._client = client
        self._known = known
        self._accepted: set[str] = set()

    def delete_once(self) -> dict[str, list[_State]]:
        """Try to delete every object once, in an order that can succeed; return the states of what is still there."""
        remaining: dict[str, list[_State]] = {}
        for collection, docs in list_probe_objects(self._client).items():
            listed = {str(doc["id"]) for doc in docs}
            ids = sorted(listed | self._known.get(collection, set()))
            states = [self._delete(f"{collection}/{id}", is_listed=id in listed) for id in ids]
            remaining[collection] = [state for state in states if state is not _State.GONE]
        return remaining

    def _delete(self, path: str, *, is_listed: bool) -> _State:
        """
        Send a DELETE. The object is gone when a GET answers 404 after that.

        A 404 without an accepted DELETE can mean that the service does not know a listed object by id yet.
        """
        try:
            if path not in self._accepted:
                self._client.delete(path)
                self._accepted.add(path)
            self._client.get(path)
        except NotFound:
            return _State.LATER if is_listed and path not in self._accepted else _State.GONE
        except ServiceError as error:
            is_passing = error.number in IN_TRANSITION | IN_USE or error.status is None or error.status >= 500
            return _State.LATER if is_passing else _State.REFUSED
        return _State.LATER
