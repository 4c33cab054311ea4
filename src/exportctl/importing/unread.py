"""What a flow holds in a form that cannot be read, or that more than one thing could be read of. Pure."""

from __future__ import annotations

from exportctl.model.plan import LiveObject
from exportctl.model.schedule import ONCE
from exportctl.resources import wire
from exportctl.resources.kinds import FLOW, SOURCE_CONNECTION

_STABLE_STATES = ("enabled", "disabled")  # all other states are on the way to one of these, or nobody knows where


def has_unstable_state(flow: LiveObject) -> bool:
    """Neither on nor off."""
    return flow.raw.get("state") not in _STABLE_STATES


def has_unreadable_end(flow: LiveObject) -> bool:
    """It has an end, and that is no moment."""
    shown = wire.members(flow.raw.get("scheduleParams"))
    return shown.get("endTime") is not None and wire.read_fields(FLOW.name, flow.raw)["end"] is None


def has_unusual_mode(flow: LiveObject) -> bool:
    """Its mode is that of another rhythm: a full export again and again, or a single one of what is new."""
    mode = wire.members(flow.raw.get("scheduleParams")).get("exportMode")
    usual = wire.FULL if wire.read_fields(FLOW.name, flow.raw)["cadence"] == ONCE else wire.INCREMENTAL
    return mode is not None and wire.lower_case_text(mode) != wire.lower_case_text(usual)


def has_ambiguous_datasets(content: LiveObject) -> bool:
    """It names a dataset twice, or one without its id."""
    entries = wire.members(content.raw.get("params")).get("datasets")
    ids = wire.read_fields(SOURCE_CONNECTION.name, content.raw)["datasets"]
    return isinstance(entries, list) and len(set(ids)) != len(entries)


def has_two_folders(flow: LiveObject) -> bool:
    """Its template stands under two keys, with two texts; which one counts is not published."""
    shown = wire.members(flow.raw.get("scheduleParams"))
    return len({str(shown[key]) for key in wire.TEMPLATES if shown.get(key)}) > 1


def loses_its_end(flow: LiveObject) -> bool:
    """Its description ends in a carriage return: above a marker that is part of a line break, and would be lost."""
    return flow.text.endswith("\r")
