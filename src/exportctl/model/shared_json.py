"""
Parse JSON so that equal texts, and equal small objects made of them, are one value in memory. Pure.

The lists of a sandbox repeat the names of people, states, ids of specs and whole schedules in each object: shared, they
take half the memory. So no code may change a parsed value.
"""

from __future__ import annotations

import json
from typing import Any

_MOST_MEMBERS = 8  # of an object that is shared: larger ones have an id of their own


def load_shared(text: str) -> Any:
    """
    Return what `json.loads` returns.

    Raises:
        ValueError, RecursionError: as `json.loads` does.
    """
    texts: dict[str, str] = {}
    objects: dict[tuple[Any, ...], dict[str, Any]] = {}
    empty: list[Any] = []
    shared = {id(empty)}  # ids of the shared objects, all of which `objects` keeps alive

    def share(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        repeats = len(pairs) <= _MOST_MEMBERS  # an object with a text that was never seen before cannot be equal to one
        for name, value in pairs:
            if type(value) is str:
                repeats = repeats and value in texts
                made[name] = texts.setdefault(value, value)
            else:
                value = empty if value == [] else value
                repeats = repeats and (isinstance(value, int) or value is None or id(value) in shared)
                made[name] = value
        if not repeats:
            return made
        key = tuple((name, value if type(value) is int else (id(value),)) for name, value in made.items())
        found = objects.setdefault(key, made)
        shared.add(id(found))
        return found

    return json.loads(text, object_pairs_hook=share)
