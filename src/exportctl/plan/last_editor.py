"""
Find the last editor of a live field, as far as the service still records it. Pure.

    field               created/updated of
    datasets            the live source connection, which is new whenever the list changes
    location, format    the target connection
    other fields        the flow; "not recorded" if the background client wrote last (with the time of `lastOperation`
                        if its ops name the field), or if exportctl wrote last and did not change the field

Source: flow-service.md 2.1 and 2.6. The background client of the service writes after most runs. A write of exportctl
has the marker in the `ops` of `lastOperation`, which repeat the last PATCH [D].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exportctl.model.plan import MAX_TIMESTAMP, Actor, LiveObject
from exportctl.resources import marker, wire
from exportctl.resources.kinds import KINDS, FieldRule, Kind, Treat

BACKGROUND = "acp_foundation_connectors"  # [D samples]
UI = "exc_app"  # [D]


def actor(rule: FieldRule, kind: Kind, live: LiveObject, source: LiveObject | None) -> Actor:
    """Return the last editor of one managed field."""
    if rule.treat is Treat.REPOINT and source is not None:
        return _recorded_actor(source.raw, "created", None)
    last = wire.members(live.raw.get("lastOperation"))
    if not _is_own_write(last, kind):
        return _recorded_actor(live.raw, "updated", _operation_time(last, rule.pointer))
    if live.raw.get("updatedClient") in (UI, BACKGROUND) or _has_later_update(
        live.raw.get("updatedAt"), last.get("updated")
    ):
        return _recorded_actor(live.raw, "updated", None)
    return Actor(None, None, None, "not recorded: exportctl wrote last and did not change this field")


def is_last_write_with_marker(live: LiveObject) -> bool:
    """Check that no client wrote a flow after the creation or the PATCH that wrote its marker, as far as is known."""
    last = wire.members(live.raw.get("lastOperation"))
    markers = [marker.parse_marker(text, KINDS[live.kind])[1] for text in sent_descriptions(last)]
    if live.marker not in markers and (_ops(last) or last.get("operation") != "create"):
        return False
    is_background = live.raw.get("updatedClient") == BACKGROUND
    return is_background or not _has_later_update(live.raw.get("updatedAt"), last.get("updated"))


def is_ui_action(live: LiveObject) -> bool:
    """Check whether the last write of a flow was an action in the UI: one without operations of a PATCH."""
    last = wire.members(live.raw.get("lastOperation"))
    return live.raw.get("updatedClient") == UI and (not _ops(last) or _is_own_write(last, KINDS[live.kind]))


def _is_own_write(last: Mapping[str, Any], kind: Kind) -> bool:
    """Check whether the last PATCH wrote a marker; people also do so when they edit the text before it in the UI."""
    return any(marker.parse_marker(text, kind)[1] for text in sent_descriptions(last))


def sent_descriptions(last: Mapping[str, Any]) -> list[str]:
    """Return the descriptions that the last PATCH sent, as `lastOperation` repeats them."""
    texts = [op.get("value") for op in _ops(last) if op.get("path") == "/description"]
    return [text for text in texts if isinstance(text, str)]


def _has_later_update(update: object, operation: object) -> bool:
    """Check for a later update without ops, such as an action; times in milliseconds, one second is the same write."""
    return type(update) is int and type(operation) is int and update > operation + 1000


def _recorded_actor(raw: Mapping[str, Any], when: str, operation: int | None) -> Actor:
    client = raw.get(f"{when}Client")
    if client == BACKGROUND or not client:
        return Actor(None, None, operation, "not recorded: a background client of the service wrote last")
    who = raw.get(f"{when}By")
    return Actor(who if isinstance(who, str) else None, str(client), _seconds(raw.get(f"{when}At")))


def _operation_time(last: Mapping[str, Any], pointer: str) -> int | None:
    """Return the time of the last PATCH if one of its operations names the field."""
    named = any(str(op.get("path")).startswith(pointer) for op in _ops(last))
    return _seconds(last.get("updated")) if named else None


def _ops(last: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    ops = last.get("ops")
    return [op for op in ops if isinstance(op, Mapping)] if isinstance(ops, list) else []


def _seconds(milliseconds: object) -> int | None:
    return milliseconds // 1000 if type(milliseconds) is int and 0 <= milliseconds < MAX_TIMESTAMP * 1000 else None
