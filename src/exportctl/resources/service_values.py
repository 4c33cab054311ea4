"""
The values that the service takes and shows: intervals, modes, file types, compressions, states.

One row per value, with the source and the day on which we read it. Adobe changes these lists several times a year, so
no list is closed: a value that stands in no row is shown, kept and sent as it is, and the live specs may offer more.
Only rules ask whether a value is listed, to warn of a mistake in the YAML. The ways to authenticate differ by
destination type, so each stands in the file of its type (`AuthMethod.source`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from exportctl.frozen import dataclass

READ = "2026-11-29"
FAILED_STATE = "failed"
FULL = "DAILY_FULL_EXPORT"  # once, despite the name [D] [XD-new]
INCREMENTAL = "FIRST_FULL_THEN_INCREMENTAL"


@dataclass(frozen=True)
class ServiceValue:
    """
    One value: as the service writes it, as the YAML and our output write it, and where Adobe states it.

    A value that `is_disputed` is offered by one source and missing in another.
    """

    wire: str
    name: str
    source: str
    read: str = READ
    is_disputed: bool = False
    note: str = ""


def _by_name(*values: ServiceValue) -> Mapping[str, ServiceValue]:
    return {value.name: value for value in values}


INTERVALS = _by_name(
    ServiceValue(
        "hour 1", "1 hour", "Release notes of 2026-07-28 (UI); interval 1 is in the enum of [D]", note="assumed"
    ),
    ServiceValue("hour 3", "3 hours", "[D] [XD-new] [UI] [GR]"),
    ServiceValue("hour 6", "6 hours", "[D] [XD-new] [UI] [GR]"),
    ServiceValue("hour 8", "8 hours", "[UI] [GR]; not in [D] [XD-new]", is_disputed=True),
    ServiceValue("hour 9", "9 hours", "[D] [XD-new]; not in [UI] [GR]"),
    ServiceValue("hour 12", "12 hours", "[D] [XD-new] [UI] [GR]"),
    ServiceValue("day 1", "1 day", "[XD-new] [UI]"),
    ServiceValue("day 0", "once", "[D] [XD-new]"),
)

MODES = _by_name(
    ServiceValue(INCREMENTAL, "every N hours, every N days", "[D] [XD-new]"),
    ServiceValue(FULL, "once", "[D] [XD-new]", note="one full export, despite the name"),
)

FILE_TYPES = _by_name(
    ServiceValue("PARQUET", "parquet", "[XD-new]"),
    ServiceValue("JSON", "json", "[XD-new]", note="only compressed [XD-new] [UI] [GR]"),
)

COMPRESSIONS = _by_name(
    ServiceValue("GZIP", "gzip", "[XD-new]"),
    ServiceValue("NONE", "none", "[XD-new]"),
)


class StateMeaning(StrEnum):
    """What the state of a flow says about its runs."""

    ENABLED = "runs by its schedule"
    DISABLED = "switched off"
    TRANSITION = "the service finishes a write: read it again"
    OTHER = "neither enabled nor disabled"
    UNKNOWN = "a word that exportctl does not know"


@dataclass(frozen=True)
class ServiceState(ServiceValue):
    """One state of a flow or connection."""

    meaning: StateMeaning = StateMeaning.OTHER


def _state(word: str, meaning: StateMeaning, source: str) -> ServiceState:
    return ServiceState(word, word, source, meaning=meaning)


_ERRORS = "[FE], texts of the errors 1409 to 1458"
_SOURCES = "[F], source and target connections"
STATES: Mapping[str, ServiceState] = {
    state.name: state
    for state in (
        _state("enabled", StateMeaning.ENABLED, "[D] [F]"),
        _state("disabled", StateMeaning.DISABLED, "[D] [F]"),
        _state("initializing", StateMeaning.TRANSITION, _ERRORS),
        _state("pending", StateMeaning.TRANSITION, _ERRORS),
        _state("inprogress", StateMeaning.TRANSITION, _SOURCES),
        _state("updating", StateMeaning.TRANSITION, _SOURCES),
        _state("enabling", StateMeaning.TRANSITION, _SOURCES),
        _state("disabling", StateMeaning.TRANSITION, _SOURCES),
        _state("deleting", StateMeaning.TRANSITION, "assumed, from delete-finalizing"),
        _state("enabled-finalizing", StateMeaning.TRANSITION, _ERRORS),
        _state("delete-finalizing", StateMeaning.TRANSITION, _ERRORS),
        _state(FAILED_STATE, StateMeaning.OTHER, "assumed, from the states of runs"),
        _state("draft", StateMeaning.OTHER, "[DR], sources only"),
        _state("expired", StateMeaning.OTHER, "assumed: the state after an end is not published [EX]"),
    )
}
_FINALIZING = "-finalizing"


def state_meaning(word: object) -> StateMeaning:
    """Return what a state means, in any case of letters; every `…-finalizing` is a transition."""
    name = word.strip().lower() if isinstance(word, str) else ""
    if name in STATES:
        return STATES[name].meaning
    return StateMeaning.TRANSITION if name.endswith(_FINALIZING) else StateMeaning.UNKNOWN


def listed_names(values: Mapping[str, ServiceValue]) -> str:
    """List the undisputed names of a table for people: `parquet and json`."""
    *first, last = (name for name, value in values.items() if not value.is_disputed)
    return f"{', '.join(first)} and {last}" if first else last
