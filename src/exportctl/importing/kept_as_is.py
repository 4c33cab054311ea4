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

from exportctl.model.schedule import ONCE
from exportctl.plan.ownership import LiveFlow
from exportctl.resources import wire
from exportctl.resources.kinds import BASE_ID, ENABLED, EVERY, SOURCE_IDS, TARGET_IDS
from exportctl.resources.service_values import FULL, INCREMENTAL

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
    flow, target, source = live_flow.flow.raw, live_flow.target.raw, live_flow.source.raw
    found = [
        *_unknown_names("", flow, _FLOW),
        *_unknown_names("scheduleParams.", flow.get("scheduleParams"), wire.known_schedule()),
        *_unknown_names("target ", target, _CONNECTION),
        *_unknown_names("target params.", target.get("params"), wire.known_params(target)),
        *_unknown_names("source ", source, _CONNECTION),
        *_unknown_names("source params.", source.get("params"), {"datasets"}),
    ]
    for entry in wire.members(source.get("params")).get("datasets") or ():
        found += _unknown_names("source params.datasets[].", entry, {"dataSetId", "name"})
    return tuple(dict.fromkeys(found))


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
    if _PLAIN_NAME.fullmatch(key):
        return key
    return ascii(key if len(key) <= _MAX_NAME_LENGTH else f"{key[:_MAX_NAME_LENGTH]}...")


def has_unstable_state(live_flow: LiveFlow) -> bool:
    """Return whether the flow is neither enabled nor disabled: all other states are temporary or unknown."""
    return live_flow.fields[ENABLED] is None


def has_unreadable_end(live_flow: LiveFlow) -> bool:
    """Return whether the flow has an end that is not a moment."""
    return live_flow.unknown_end is not None


def has_unusual_mode(live_flow: LiveFlow) -> bool:
    """Return whether the mode does not fit the schedule: repeated full exports, or a single incremental one."""
    mode = _schedule(live_flow).get("exportMode")
    usual = FULL if live_flow.fields[EVERY] == ONCE else INCREMENTAL
    return mode is not None and wire.lower_case_text(mode) != wire.lower_case_text(usual)


def has_ambiguous_datasets(live_flow: LiveFlow) -> bool:
    """Return whether the source connection names a dataset twice, or one without its id."""
    entries = wire.members(live_flow.source.raw.get("params")).get("datasets") if live_flow.source else None
    return isinstance(entries, list) and len(live_flow.dataset_names) != len(entries)


def has_two_folders(live_flow: LiveFlow) -> bool:
    """Return whether the flow has two folder templates; which one counts is not published."""
    shown = _schedule(live_flow)
    return len({str(shown[key]) for key in wire.TEMPLATES if shown.get(key)}) > 1


def _schedule(live_flow: LiveFlow) -> Mapping[str, Any]:
    return wire.members(live_flow.flow.raw.get("scheduleParams"))
