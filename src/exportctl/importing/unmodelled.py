"""
What a flow has that no config describes: every patch keeps it, so it is only named. Pure.

In: one flow with its connections, as the service lists them. Out: names, never values: nobody said who may see them.
What the service sets by itself is not named, and neither is what holds nothing (`[]`, `{}`, `null`).

    labels, policy, transformations            of the flow
    scheduleParams.frequency                   of its schedule
    target labels, target params.csvOptions    of its target connection
    source data, source params.datasets[].x    of its source connection, which a change of the datasets replaces
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from exportctl import wire
from exportctl.kinds import BASE, SOURCES, TARGETS
from exportctl.planning.ownership import Holding

_BY_SERVICE = frozenset(  # flow-service.md 2.1, 2.3 to 2.5; the last two are of flows in [D]
    (
        *("id", "createdAt", "updatedAt", "createdBy", "updatedBy", "createdClient", "updatedClient"),
        *("sandboxId", "sandboxName", "imsOrgId", "state", "version", "etag", "inheritedAttributes", "providerRefId"),
        *("runs", "lastOperation", "lastRunDetails", "namespace", "systemSegmentId"),
    )
)
_NAMED = _BY_SERVICE | {"name", "description"}
_FLOW = _NAMED | {"flowSpec", SOURCES, TARGETS, "scheduleParams"}
_CONNECTION = _NAMED | {"connectionSpec", BASE, "params"}
_PLAIN = re.compile(r"[A-Za-z0-9_$-]{1,40}")
_LONGEST = 40  # characters of a name that is shown in quotes


def unmodelled(holding: Holding) -> tuple[str, ...]:
    """Names of everything in a flow and its two connections that the config has no words for, each once."""
    assert holding.content is not None and holding.place is not None
    return tuple(
        dict.fromkeys(
            (
                *_unknown("", holding.flow.raw, _FLOW),
                *_unknown("scheduleParams.", holding.flow.raw.get("scheduleParams"), wire.SCHEDULE),
                *_unknown("target ", holding.place.raw, _CONNECTION),
                *_unknown("target params.", holding.place.raw.get("params"), wire.known_params(holding.place.raw)),
                *_unknown("source ", holding.content.raw, _CONNECTION),
                *_content(wire.members(holding.content.raw.get("params"))),
            )
        )
    )


def _content(params: Mapping[str, Any]) -> Iterator[str]:
    yield from _unknown("source params.", params, {"datasets"})
    for entry in params.get("datasets") or ():
        yield from _unknown("source params.datasets[].", entry, {"dataSetId", "name"})


def _unknown(before: str, shown: object, known: Collection[str]) -> Iterator[str]:
    for key, value in sorted(wire.members(shown).items()):
        if key not in known and not _empty(value):
            yield before + _name(key)


def _empty(value: object) -> bool:
    """Nothing, however deep: `{"enforcementRefs": []}` is no policy."""
    if isinstance(value, Mapping):
        return all(_empty(one) for one in value.values())
    if isinstance(value, list):
        return all(_empty(one) for one in value)
    return value is None or value == ""


def _name(key: str) -> str:
    """A key by anybody, safe wherever it is shown: what is no plain word stands in quotes, spelled out in ASCII."""
    return key if _PLAIN.fullmatch(key) else ascii(key if len(key) <= _LONGEST else f"{key[:_LONGEST]}...")
