"""
The keys of a flow that no config describes. Every update keeps them, so an import only names them. Pure.

In: one flow with its connections, as the service lists them. Out: names, but never values, because these could be
sensitive. Keys that the service sets itself, and empty values (`[]`, `{}`, `null`), are left out.

    labels, policy, transformations            of the flow
    scheduleParams.frequency                   of its schedule
    target labels, target params.csvOptions    of its target connection
    source data, source params.datasets[].x    of its source connection, which a change of the datasets replaces
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from exportctl.model.plan import LiveObject
from exportctl.model.schedule import ONCE
from exportctl.plan.ownership import LiveFlow
from exportctl.resources import wire
from exportctl.resources.kinds import BASE_ID, EVERY, FLOW, SOURCE_CONNECTION, SOURCE_IDS, TARGET_IDS

_BY_SERVICE = frozenset(  # flow-service.md 2.1, 2.3 to 2.5; the last two are of flows in [D]
    (
        *("id", "createdAt", "updatedAt", "createdBy", "updatedBy", "createdClient", "updatedClient"),
        *("sandboxId", "sandboxName", "imsOrgId", "state", "version", "etag", "inheritedAttributes", "providerRefId"),
        *("runs", "lastOperation", "lastRunDetails", "namespace", "systemSegmentId"),
    )
)
_NAMED_KEYS = _BY_SERVICE | {"name", "description"}
_FLOW = _NAMED_KEYS | {"flowSpec", SOURCE_IDS, TARGET_IDS, "scheduleParams"}
_CONNECTION = _NAMED_KEYS | {"connectionSpec", BASE_ID, "params"}
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_$-]{1,40}")
_MAX_NAME_LENGTH = 40  # characters of a name that is shown in quotes


def unmodelled_names(live_flow: LiveFlow) -> tuple[str, ...]:
    """Return the names of all keys of a flow and its two connections that no config describes, each once."""
    assert live_flow.source is not None and live_flow.target is not None
    return tuple(
        dict.fromkeys(
            (
                *_unknown_names("", live_flow.flow.raw, _FLOW),
                *_unknown_names("scheduleParams.", live_flow.flow.raw.get("scheduleParams"), wire.known_schedule()),
                *_unknown_names("target ", live_flow.target.raw, _CONNECTION),
                *_unknown_names(
                    "target params.", live_flow.target.raw.get("params"), wire.known_params(live_flow.target.raw)
                ),
                *_unknown_names("source ", live_flow.source.raw, _CONNECTION),
                *_source_names(wire.members(live_flow.source.raw.get("params"))),
            )
        )
    )


def _source_names(params: Mapping[str, Any]) -> Iterator[str]:
    yield from _unknown_names("source params.", params, {"datasets"})
    for entry in params.get("datasets") or ():
        yield from _unknown_names("source params.datasets[].", entry, {"dataSetId", "name"})


def _unknown_names(before: str, shown: object, known: Collection[str]) -> Iterator[str]:
    for key, value in sorted(wire.members(shown).items()):
        if key not in known and not _is_empty(value):
            yield before + _name(key)


def _is_empty(value: object) -> bool:
    """Return whether the value is empty at every level: `{"enforcementRefs": []}` is not a policy."""
    if isinstance(value, Mapping):
        return all(_is_empty(one) for one in value.values())
    if isinstance(value, list):
        return all(_is_empty(one) for one in value)
    return value is None or value == ""


def _name(key: str) -> str:
    """Write a foreign key so that every output can show it: in quotes and ASCII if it is not a plain word."""
    return (
        key
        if _PLAIN_NAME.fullmatch(key)
        else ascii(key if len(key) <= _MAX_NAME_LENGTH else f"{key[:_MAX_NAME_LENGTH]}...")
    )


_STABLE_STATES = ("enabled", "disabled")  # all other states are temporary or unknown


def has_unstable_state(flow: LiveObject) -> bool:
    """Return whether the flow is neither enabled nor disabled."""
    return flow.raw.get("state") not in _STABLE_STATES


def has_unreadable_end(flow: LiveObject) -> bool:
    """Return whether the flow has an end that is not a moment."""
    shown = wire.members(flow.raw.get("scheduleParams"))
    return shown.get("endTime") is not None and wire.read_fields(FLOW.name, flow.raw)["end"] is None


def has_unusual_mode(flow: LiveObject) -> bool:
    """Return whether the mode does not fit the schedule: repeated full exports, or a single incremental one."""
    mode = wire.members(flow.raw.get("scheduleParams")).get("exportMode")
    usual = wire.FULL if wire.read_fields(FLOW.name, flow.raw)[EVERY] == ONCE else wire.INCREMENTAL
    return mode is not None and wire.lower_case_text(mode) != wire.lower_case_text(usual)


def has_ambiguous_datasets(content: LiveObject) -> bool:
    """Return whether the source connection names a dataset twice, or one without its id."""
    entries = wire.members(content.raw.get("params")).get("datasets")
    ids = wire.read_fields(SOURCE_CONNECTION.name, content.raw)["datasets"]
    return isinstance(entries, list) and len(set(ids)) != len(entries)


def has_two_folders(flow: LiveObject) -> bool:
    """Return whether the flow has two folder templates; which one counts is not published."""
    shown = wire.members(flow.raw.get("scheduleParams"))
    return len({str(shown[key]) for key in wire.TEMPLATES if shown.get(key)}) > 1


def loses_its_end(flow: LiveObject) -> bool:
    """Return whether the description ends in a carriage return, which the line break before a marker would lose."""
    return flow.text.endswith("\r")
