"""
Who moved the live side of a field, as far as the service still says it.

    field                created/updated of
    datasets             the live source connection, which is new whenever the list changes
    place, format        the target connection
    all else             the flow, unless the background client wrote last: then "not recorded", with the time of
                         `lastOperation` if its ops name the field

Source: flow-service.md 2.1 and 2.6. Most runs leave the background client behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exportctl.kinds import FieldRule, Kind, Treat
from exportctl.model import LATEST, Actor, LiveObject

BACKGROUND = "acp_foundation_connectors"  # [D samples]
UI = "exc_app"  # [D]


def actor(rule: FieldRule, kind: Kind, live: LiveObject, content: LiveObject | None) -> Actor:
    """The actor behind the live value of one managed field."""
    if rule.treat is Treat.REPOINT and content is not None:
        return _recorded(content.raw, "created", None)
    return _recorded(live.raw, "updated", _operation(live.raw, rule.pointer))


def _recorded(raw: Mapping[str, Any], when: str, operation: int | None) -> Actor:
    client = raw.get(f"{when}Client")
    if client == BACKGROUND or not client:
        return Actor(None, None, operation, "not recorded: the service's own background client wrote last")
    who = raw.get(f"{when}By")
    return Actor(who if isinstance(who, str) else None, str(client), _seconds(raw.get(f"{when}At")))


def _operation(raw: Mapping[str, Any], pointer: str) -> int | None:
    """When the last PATCH was, if one of its operations names the field."""
    last = raw.get("lastOperation")
    if not isinstance(last, Mapping):
        return None
    ops = last.get("ops")
    paths = [str(op.get("path")) for op in ops if isinstance(op, Mapping)] if isinstance(ops, list) else []
    named = any(path.startswith(pointer) for path in paths)
    return _seconds(last.get("updated")) if named else None


def _seconds(milliseconds: object) -> int | None:
    return milliseconds // 1000 if type(milliseconds) is int and 0 <= milliseconds < LATEST * 1000 else None
