"""
What former drills found, as the audit file says. Values, and the reader of its lines. Pure.

The file may hold lines of other commands, of other sandboxes, and text that is no JSON. What is not exactly a line of a
drill of this sandbox is left out. Nothing here proves who wrote a line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Any

from exportctl.frozen import dataclass
from exportctl.model.plan import Address, PlanHeader
from exportctl.model.schedule import HOUR

EVENT = "drill"
_OWNER = ("platform", "organization", "sandbox", "project")  # a line counts only where all of them are equal
_AHEAD = HOUR  # a line of a machine whose clock is ahead still counts
_LAST_MOMENT = 253402300799  # the last second of the year 9999: later ones have no date


class DrillResult(StrEnum):
    RESTORED = "RESTORED"
    FAILED = "FAILED"
    ERROR = "ERROR"
    INTERRUPTED = "INTERRUPTED"


DRILL_RESULTS: Mapping[DrillResult, str] = {
    DrillResult.RESTORED: "The backup is WHOLE. Its table was written, read back, and is what the runs say.",
    DrillResult.FAILED: "The backup is not WHOLE, or its table is not what the runs say.",
    DrillResult.ERROR: "It was not found out, such as because the disk was full.",
    DrillResult.INTERRUPTED: "A signal ended the drill before.",
}


@dataclass(frozen=True)
class PastDrill:
    """
    One dataset in one drill.

    `as_of` is when it was, in seconds, and `moment` that of the table. `run` is the same in all lines of one run.
    """

    as_of: int
    run: str
    result: DrillResult
    address: str
    flow: str
    dataset_id: str
    moment: int | None
    restored: int | None  # rows of the table; None: it could not be read


@dataclass(frozen=True)
class DatasetDrills:
    """
    The newest drill of one dataset, and the newest one that restored it. None: there is none.

    `former` is the newest drill of a flow that the export had before: it says nothing of the chain of now.
    """

    last: PastDrill | None = None
    restored: PastDrill | None = None
    former: PastDrill | None = None


@dataclass(frozen=True)
class AuditFile:
    """An audit file that was read: its name, as the command has it, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True)
class DrillLog:
    """The drills of one sandbox that an audit file holds, oldest first."""

    drills: tuple[PastDrill, ...]

    def of_dataset(self, address: Address, flow: str | None, dataset_id: str) -> DatasetDrills:
        """Return those of a dataset at a flow, also before its export was renamed; and of the flows before it."""
        same = [one for one in self.drills if one.dataset_id == dataset_id]
        own = [one for one in same if one.flow == flow]
        restored = [one for one in own if one.result is DrillResult.RESTORED]
        former = [one for one in same if one.flow != flow and one.address == str(address)]
        return DatasetDrills(*(found[-1] if found else None for found in (own, restored, former)))


def read_drill_log(data: bytes, header: PlanHeader, as_of: int) -> DrillLog:
    """Return the drills of a sandbox up to a moment that an audit file tells of."""
    lines = data.split(b"\n")
    found = [drill for line in lines for drill in _line_drills(line, header) if drill.as_of <= as_of + _AHEAD]
    return DrillLog(tuple(sorted(found, key=lambda drill: drill.as_of)))


def _line_drills(line: bytes, header: PlanHeader) -> Iterator[PastDrill]:
    if b'"drill"' not in line:  # most lines are of other commands
        return
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return
    if not isinstance(found, dict) or any(found.get(name) != getattr(header, name) for name in _OWNER):
        return
    datasets = found.get("datasets")
    if found.get("event") == EVENT and isinstance(datasets, list):
        yield from (drill for one in datasets if (drill := _past_drill(found, one)))


def _past_drill(line: Mapping[str, Any], dataset: object) -> PastDrill | None:
    """Return one dataset of a line, or None: it does not have the form that `drill` writes."""
    if not isinstance(dataset, Mapping):
        return None
    found: dict[str, Any] = {
        one.name: (line if one.name in _OF_THE_LINE else dataset).get(one.name) for one in fields(PastDrill)
    }
    if not all(_CHECKS[str(one.type)](found[one.name]) for one in fields(PastDrill)):
        return None
    return PastDrill(**{**found, "result": DrillResult(found["result"])})


def _is_count(value: object) -> bool:
    """Check for a whole number that can be a moment, or a number of rows."""
    return type(value) is int and 0 <= value <= _LAST_MOMENT


_OF_THE_LINE = ("as_of", "run")  # the other members are those of the dataset
_CHECKS: Mapping[str, Callable[[object], bool]] = {
    "int": _is_count,
    "int | None": lambda value: value is None or _is_count(value),
    "str": lambda value: isinstance(value, str),
    "DrillResult": lambda value: value in list(DrillResult),
}
