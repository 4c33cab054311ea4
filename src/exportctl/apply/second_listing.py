"""List a kind once more in a run, right before it creates something: a list of the plan may have missed an object."""

from __future__ import annotations

import threading

from exportctl.client.client import Client
from exportctl.client.inventory import list_objects
from exportctl.model.plan import LiveObject
from exportctl.resources.kinds import KINDS, Kind


class SecondListing:
    """The second lists of a run; safe to use from several threads."""

    def __init__(self, client: Client):
        self._client = client
        self._found: dict[str, tuple[LiveObject, ...]] = {}
        self._locks = {name: threading.Lock() for name in KINDS}

    def objects_of_kind(self, kind: Kind) -> tuple[LiveObject, ...]:
        """List the kind at the first call; the other threads wait for this list."""
        with self._locks[kind.name]:
            if kind.name not in self._found:
                self._found[kind.name] = list_objects(self._client, kind)
            return self._found[kind.name]
